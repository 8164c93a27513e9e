/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rotation.c - no call fails while both ends rotate, and what a call costs
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "programs/client.h"
#include "stage.h"
#include "testing.h"
#include "workload/tls.h"
#include "workload/workload.h"

enum {
	CALL_MS = 10 * 1000,
	ROTATING_MS = 60 * 1000,
	SHORT_S = 4,
	MANY = 4000,
};

static struct fake_agent *api_agent, *cli_agent;
static struct child *api;
static struct workload *w;
static struct tls *tls;
static SSL_CTX *ctx;
static char url[128];

static void
setup(void)
{
	static const char *const ids[] = { API_ID, NULL };
	struct workload_options options = { 0 };
	struct tls_config config = { .expected = { .kind = MATCH_IDS,
					 .ids = ids } };

	stage_setup();
	api_agent = stage_agent(API_ID);
	cli_agent = stage_agent(CLI_ID);
	api = stage_api(api_agent);
	UNTIL(stage_get(api->health, "/health", NULL) == 200);
	options.endpoint = fake_endpoint(cli_agent);
	ck_assert_int_eq(workload_open(&w, &options, NULL), ERR_OK);
	ck_assert_int_eq(source_wait(workload_source(w), SOURCE_SVIDS,
			     STAGE_WAIT_MS, NULL),
	    ERR_OK);
	config.source = workload_source(w);
	ck_assert_int_eq(tls_new(&tls, &config, NULL), ERR_OK);
	ck_assert_int_eq(tls_client_ctx(&ctx, tls, NULL), ERR_OK);
	(void)snprintf(url, sizeof(url), "%s/attestation", api->url);
}

static void
teardown(void)
{
	SSL_CTX_free(ctx);
	tls_free(tls);
	workload_close(w);
	stage_teardown();
}

struct caller {
	pthread_t thread;
	bool keeps;
	atomic_uint calls;
	atomic_uint fresh; /* of them over a new connection */
	struct err err;    /* the first failure */
};

static atomic_bool is_over;

static void *
call(void *arg)
{
	struct caller *caller = arg;
	struct client *c = NULL;
	struct client_answer a;

	while (!atomic_load(&is_over) && caller->err.code == ERR_OK) {
		if (c == NULL && client_new(&c, CLIENT_TLS, ctx,
				     &caller->err) != ERR_OK)
			break;
		client_answer_init(&a);
		if (client_get(&a, c, url, CALL_MS, &caller->err) == ERR_OK &&
		    a.status != 200)
			(void)err_set(&caller->err, ERR_UPSTREAM, "status %d",
			    a.status);
		atomic_fetch_add(&caller->calls, 1);
		atomic_fetch_add(&caller->fresh, a.kept ? 0 : 1);
		client_answer_release(&a);
		if (!caller->keeps) {
			client_free(c);
			c = NULL;
		}
	}
	client_free(c);
	return NULL;
}

/* Certificates that live for seconds, so that kept connections end with them */
static void
give_short(struct fake_agent *agent, const char *id)
{
	struct cert_spec spec = cert_leaf(NULL);
	struct cert leaf;
	char names[128];

	(void)snprintf(names, sizeof(names), "URI:%s", id);
	spec.names = names;
	spec.to_s = SHORT_S;
	leaf = cert_make(&spec, &stage_home);
	stage_give(agent, id, &leaf, &stage_home, true);
	cert_free(&leaf);
}

/* Whether a new connection is with a certificate that was given so. */
static bool
is_short(void)
{
	struct client_answer a;
	struct client *c = NULL;
	bool is;

	client_answer_init(&a);
	ck_assert_int_eq(client_new(&c, CLIENT_TLS, ctx, NULL), ERR_OK);
	is = client_get(&a, c, url, CALL_MS, NULL) == ERR_OK &&
	     a.peer_expires <= (int64_t)time(NULL) + SHORT_S;
	client_answer_release(&a);
	client_free(c);
	if (!is)
		give_short(api_agent, API_ID);
	return is;
}

START_TEST(no_call_fails_while_both_ends_rotate)
{
	struct caller callers[] = { { .keeps = false }, { .keeps = true } };
	int64_t end = clock_ms() + ROTATING_MS;
	unsigned rotations = 0;
	size_t i;

	UNTIL(is_short());
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&callers[i].thread, NULL, call,
				     &callers[i]),
		    0);
	/* renewed at three quarters of four seconds, not at each call */
	while (atomic_load(&callers[1].fresh) < 3 && clock_ms() < end) {
		(void)usleep(200 * 1000);
		give_short(rotations % 2 == 0 ? api_agent : cli_agent,
		    rotations % 2 == 0 ? API_ID : CLI_ID);
		rotations++;
	}
	atomic_store(&is_over, true);
	for (i = 0; i < 2; i++)
		(void)pthread_join(callers[i].thread, NULL);
	for (i = 0; i < 2; i++)
		ck_assert_msg(callers[i].err.code == ERR_OK,
		    "after %u calls: %s", atomic_load(&callers[i].calls),
		    callers[i].err.msg);
	(void)printf("%u rotations; %u calls over new connections; %u over "
		     "%u kept ones\n",
	    rotations, atomic_load(&callers[0].calls),
	    atomic_load(&callers[1].calls), atomic_load(&callers[1].fresh));
	ck_assert_uint_gt(atomic_load(&callers[0].calls), 20);
	ck_assert_uint_ge(atomic_load(&callers[1].fresh), 3);
	ck_assert_uint_lt(atomic_load(&callers[1].fresh),
	    atomic_load(&callers[1].calls) / 2);
}
END_TEST

START_TEST(no_call_fails_when_the_authority_changes)
{
	struct cert next = cert_make_authority(HOME), leaf;
	struct caller caller = { .keeps = true };

	ck_assert_int_eq(
	    pthread_create(&caller.thread, NULL, call, &caller), 0);
	UNTIL(atomic_load(&caller.calls) > 0);
	/* what is kept goes on */
	leaf = cert_make_leaf(API_ID, &next);
	stage_give(api_agent, API_ID, &leaf, &next, true);
	cert_free(&leaf);
	(void)usleep(300 * 1000);
	atomic_store(&is_over, true);
	(void)pthread_join(caller.thread, NULL);
	ck_assert_msg(caller.err.code == ERR_OK, "%s", caller.err.msg);
	ck_assert_uint_eq(atomic_load(&caller.fresh), 1);
	cert_free(&next);
}
END_TEST

static double
cpu_s(const struct child *c)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)c->pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f,
			     "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
			     "%*u %lu %lu",
			     &user, &system),
	    2);
	(void)fclose(f);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

START_TEST(serves_a_thousand_calls_with_less_than_a_second_of_one_core)
{
	struct client *c = NULL;
	struct client_answer a;
	struct err err = { 0 };
	double before, used;
	int i;

	ck_assert_int_eq(client_new(&c, CLIENT_TLS, ctx, NULL), ERR_OK);
	before = cpu_s(api);
	for (i = 0; i < MANY; i++) {
		client_answer_init(&a);
		ck_assert_msg(client_get(&a, c, url, CALL_MS, &err) == ERR_OK,
		    "%s", err.msg);
		ck_assert_int_eq(a.status, 200);
		client_answer_release(&a);
	}
	used = cpu_s(api) - before;
	client_free(c);
	(void)printf("%d calls: %.2f s of one core\n", MANY, used);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ck_assert(used < MANY / 1000.0);
#endif
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("programs/rotation");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, no_call_fails_while_both_ends_rotate);
	tcase_add_test(tc, no_call_fails_when_the_authority_changes);
	tcase_add_test(tc,
	    serves_a_thousand_calls_with_less_than_a_second_of_one_core);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
