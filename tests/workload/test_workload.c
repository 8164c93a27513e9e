/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_workload.c - the client against an agent that does as it is told
 */
#include "workload/workload.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <grpc/status.h>

#include "base/clock.h"
#include "fake_agent.h"
#include "testing.h"
#include "tokens.h"
#include "wire.h"

#define ID "spiffe://home.test/a"
enum { GENEROUS_MS = 20 * 1000, QUICK_MS = 10, MANY = 200 };

static struct cert home, leaf, next;
static struct fake_agent *agent;
static struct workload *w;
static struct source *source;
static struct buf message;
static char path[64];

static void
setup(void)
{
	home = cert_make_authority("home.test");
	leaf = cert_make_leaf(ID, &home);
	next = cert_make_leaf(ID, &home);
	buf_init(&message, 16 * 1024 * 1024);
	(void)snprintf(
	    path, sizeof(path), "/tmp/test-workload-%d", (int)getpid());
	agent = fake_start(path);
}

static void
teardown(void)
{
	workload_close(w);
	if (agent != NULL)
		fake_stop(agent);
	w = NULL;
	agent = NULL;
	buf_release(&message);
	cert_free(&home);
	cert_free(&leaf);
	cert_free(&next);
}

static struct str
svid_message(const struct cert *c)
{
	buf_clear(&message);
	wire_put_leaf(&message, ID, c, &home, "");
	return buf_str(&message);
}

static void
set(enum fake_method method, struct str m)
{
	fake_set(agent, method, (struct fake_answer){ .message = m });
}

static void
set_status(enum fake_method method, int status)
{
	fake_set(agent, method,
	    (struct fake_answer){
		.ends = true, .status = status, .text = "so it is told" });
}

static void
open_client_at(const char *endpoint, unsigned streams)
{
	struct workload_options options = { endpoint, streams, QUICK_MS,
		4L * QUICK_MS };
	struct err err = { 0 };

	ck_assert_msg(
	    workload_open(&w, &options, &err) == ERR_OK, "%s", err.msg);
	source = workload_source(w);
}

static void
open_client(unsigned streams)
{
	open_client_at(fake_endpoint(agent), streams);
}

static void
wait_for(unsigned what)
{
	struct err err = { 0 };

	ck_assert_msg(
	    source_wait(source, what, GENEROUS_MS, &err) == ERR_OK, "%s",
	    err.msg);
}

static struct workload_status
status_of(enum workload_stream stream)
{
	struct workload_status status;

	workload_status(&status, w, stream);
	return status;
}

/* Until the source or a status has changed to what is wanted. */
#define UNTIL(condition) \
	do { \
		int64_t end_ = clock_ms() + GENEROUS_MS; \
		while (!(condition)) { \
			ck_assert_msg(clock_ms() < end_, "%s", #condition); \
			(void)usleep(1000); \
		} \
	} while (0)

static bool
holds(const struct cert *c)
{
	const struct snapshot *s = source_get(source);
	const struct svid *svid = svid_set_find(s->svids, NULL);
	bool same = svid != NULL && X509_cmp(svid->leaf, c->cert) == 0;

	snapshot_unref(s);
	return same;
}

static bool
holds_svids(void)
{
	const struct snapshot *s = source_get(source);
	bool any = s->svids != NULL;

	snapshot_unref(s);
	return any;
}

START_TEST(fetches_an_svid_and_its_bundle)
{
	const struct snapshot *s;
	struct workload_status status;

	set(FAKE_SVIDS, svid_message(&leaf));
	open_client(0);
	wait_for(SOURCE_SVIDS | SOURCE_BUNDLES);
	ck_assert(holds(&leaf));
	s = source_get(source);
	ck_assert_ptr_nonnull(bundle_set_find(s->bundles, STR("home.test")));
	ck_assert_ptr_null(s->jwks);
	snapshot_unref(s);
	UNTIL(status_of(WORKLOAD_SVIDS).updates == 1);
	status = status_of(WORKLOAD_SVIDS);
	ck_assert(status.connected && !status.is_final);
	ck_assert_int_eq(status.error.code, ERR_OK);
	ck_assert_int_ge(status.updated, time(NULL) - 60);
	ck_assert_int_ge(status.since, time(NULL) - 60);
	ck_assert_int_le(status.expires, time(NULL) + HOUR_S);
	ck_assert_int_ge(status.expires, time(NULL) + HOUR_S - 60);
	ck_assert_uint_eq(fake_calls(agent, FAKE_BUNDLES), 0);
	ck_assert_uint_eq(fake_calls(agent, FAKE_JWKS), 0);
}
END_TEST

/* Who sees an identity must not hear that there is no connection. */
START_TEST(a_status_is_not_behind_its_source)
{
	int i;

	set(FAKE_SVIDS, svid_message(&leaf));
	for (i = 0; i < MANY; i++) {
		int64_t end = clock_ms() + GENEROUS_MS;
		struct workload_status status;

		open_client(0);
		while (!holds_svids())
			ck_assert(clock_ms() < end);
		status = status_of(WORKLOAD_SVIDS);
		ck_assert_msg(status.connected && status.updates == 1,
		    "%d: %d, %d updates", i, status.connected,
		    (int)status.updates);
		workload_close(w);
		w = NULL;
	}
}
END_TEST

START_TEST(works_over_tcp_and_by_the_environment)
{
	struct workload_options options = { 0 };

	fake_stop(agent);
	agent = fake_start(NULL);
	set(FAKE_SVIDS, svid_message(&leaf));
	ck_assert_int_eq(
	    setenv("SPIFFE_ENDPOINT_SOCKET", fake_endpoint(agent), 1), 0);
	/* a proxy is not for the Workload API */
	ck_assert_int_eq(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	ck_assert_int_eq(workload_open(&w, &options, NULL), ERR_OK);
	source = workload_source(w);
	wait_for(SOURCE_SVIDS);
	ck_assert(holds(&leaf));
}
END_TEST

START_TEST(refuses_an_endpoint_that_makes_no_sense)
{
	struct workload_options options = { .endpoint = "http://127.0.0.1" };
	struct err err = { 0 };

	ck_assert_int_eq(workload_open(&w, &options, &err), ERR_CONFIG);
	ck_assert_ptr_null(w);
	ck_assert_ptr_nonnull(strstr(err.msg, "unix or tcp"));
}
END_TEST

/* Endpoint 3: "every client request MUST include" workload.spiffe.io: true */
START_TEST(every_call_has_the_security_header)
{
	static const char *const audience[] = { "me", NULL };
	struct jwt_list *list;
	struct spiffe_id id;

	open_client(1U << WORKLOAD_SVIDS | 1U << WORKLOAD_BUNDLES |
		    1U << WORKLOAD_JWKS);
	set_status(FAKE_JWTS, GRPC_STATUS_PERMISSION_DENIED);
	set_status(FAKE_VALIDATE, GRPC_STATUS_PERMISSION_DENIED);
	ck_assert_int_eq(workload_fetch_jwts(&list, w, audience, NULL,
			     GENEROUS_MS, NULL),
	    ERR_POLICY);
	ck_assert_int_eq(workload_validate_jwt(&id, NULL, w, STR("t"),
			     "me", GENEROUS_MS, NULL),
	    ERR_POLICY);
	UNTIL(fake_calls(agent, FAKE_SVIDS) == 1 &&
	      fake_calls(agent, FAKE_BUNDLES) == 1 &&
	      fake_calls(agent, FAKE_JWKS) == 1);
	ck_assert_uint_eq(fake_calls(agent, FAKE_JWTS), 1);
	ck_assert_uint_eq(fake_calls(agent, FAKE_VALIDATE), 1);
	ck_assert_uint_eq(fake_without_header(agent), 0);
}
END_TEST

START_TEST(follows_rotation_with_whole_snapshots)
{
	const struct snapshot *before;

	set(FAKE_SVIDS, svid_message(&leaf));
	open_client(0);
	wait_for(SOURCE_SVIDS);
	before = source_get(source);
	ck_assert_uint_eq(
	    fake_push(agent, FAKE_SVIDS, svid_message(&next)), 1);
	UNTIL(holds(&next));
	/* who still reads the old one is not disturbed */
	ck_assert_int_eq(X509_cmp(svid_set_find(before->svids, NULL)->leaf,
			     leaf.cert),
	    0);
	snapshot_unref(before);
	ck_assert_uint_eq(fake_calls(agent, FAKE_SVIDS), 1);
}
END_TEST

START_TEST(the_descriptor_tells_of_each_update)
{
	struct pollfd fd;

	open_client(0);
	fd = (struct pollfd){ source_fd(source), POLLIN, 0 };
	ck_assert_int_eq(poll(&fd, 1, 0), 0);
	UNTIL(fake_open(agent, FAKE_SVIDS) == 1);
	fake_push(agent, FAKE_SVIDS, svid_message(&leaf));
	ck_assert_int_eq(poll(&fd, 1, GENEROUS_MS), 1);
	ck_assert(holds(&leaf));
	source_heed(source);
	ck_assert_int_eq(poll(&fd, 1, 0), 0);
	fake_push(agent, FAKE_SVIDS, svid_message(&next));
	ck_assert_int_eq(poll(&fd, 1, GENEROUS_MS), 1);
	source_heed(source);
	/* heeding nothing does not block */
	source_heed(source);
}
END_TEST

START_TEST(waiting_has_an_end)
{
	struct err err = { 0 };

	open_client(0);
	ck_assert_int_eq(
	    source_wait(source, SOURCE_SVIDS, 20, &err), ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(err.msg, "20 ms"));
}
END_TEST

/* Workload API 4.4: what a message does not say is redacted */
START_TEST(unloads_what_the_next_message_leaves_out)
{
	struct cert foreign = cert_make_authority("foreign.test");
	struct str der = cert_der(&foreign, NULL);
	const struct snapshot *s;

	(void)svid_message(&leaf);
	wire_put_entry(&message, 3, STR("spiffe://foreign.test"), der);
	set(FAKE_SVIDS, buf_str(&message));
	open_client(0);
	wait_for(SOURCE_SVIDS);
	s = source_get(source);
	ck_assert_uint_eq(bundle_set_count(s->bundles), 2);
	snapshot_unref(s);
	fake_push(agent, FAKE_SVIDS, svid_message(&next));
	UNTIL(holds(&next));
	s = source_get(source);
	ck_assert_uint_eq(bundle_set_count(s->bundles), 1);
	snapshot_unref(s);
	cert_der_free(der);
	cert_free(&foreign);
}
END_TEST

/* Workload API 4.5: "report an error and discard the message" */
START_TEST(discards_a_bad_message_and_stays_connected)
{
	struct workload_status status;

	set(FAKE_SVIDS, svid_message(&leaf));
	open_client(0);
	wait_for(SOURCE_SVIDS);
	fake_push(agent, FAKE_SVIDS, STR("garbage"));
	UNTIL(status_of(WORKLOAD_SVIDS).error.code == ERR_FORMAT);
	status = status_of(WORKLOAD_SVIDS);
	ck_assert_ptr_nonnull(strstr(status.error.msg, "discarded"));
	ck_assert(status.connected);
	ck_assert(holds(&leaf));
	/* no SVID in it: a mandatory field */
	fake_push(agent, FAKE_SVIDS, STR(""));
	UNTIL(strstr(status_of(WORKLOAD_SVIDS).error.msg, "svids") != NULL);
	ck_assert(holds(&leaf));
	fake_push(agent, FAKE_SVIDS, svid_message(&next));
	UNTIL(holds(&next));
	UNTIL(status_of(WORKLOAD_SVIDS).error.code == ERR_OK);
	ck_assert_uint_eq(fake_calls(agent, FAKE_SVIDS), 1);
}
END_TEST

START_TEST(survives_a_message_that_is_too_big)
{
	struct buf huge;
	size_t i;

	set(FAKE_SVIDS, svid_message(&leaf));
	open_client(0);
	wait_for(SOURCE_SVIDS);
	buf_init(&huge, MESSAGE_MAX + 1);
	for (i = 0; i < MESSAGE_MAX + 1; i++)
		buf_add_char(&huge, 'x');
	ck_assert_int_eq(buf_check(&huge, NULL), ERR_OK);
	set(FAKE_SVIDS, svid_message(&next));
	fake_push(agent, FAKE_SVIDS, buf_str(&huge));
	/* gRPC ends the call; the next one brings a good message */
	UNTIL(holds(&next));
	buf_release(&huge);
}
END_TEST

/* 4.2: "the client SHOULD immediately establish a new connection" */
START_TEST(opens_an_ended_stream_at_once_and_keeps_what_it_has)
{
	struct workload_options options = { fake_endpoint(agent), 0,
		10L * 60 * 1000, 20L * 60 * 1000 };

	set(FAKE_SVIDS, svid_message(&leaf));
	ck_assert_int_eq(workload_open(&w, &options, NULL), ERR_OK);
	source = workload_source(w);
	wait_for(SOURCE_SVIDS);
	set(FAKE_SVIDS, (struct str){ NULL, 0 });
	/* the backoff is ten minutes: this is at once */
	fake_end(agent, FAKE_SVIDS, GRPC_STATUS_OK);
	UNTIL(fake_calls(agent, FAKE_SVIDS) == 2);
	ck_assert(holds(&leaf));
	fake_push(agent, FAKE_SVIDS, svid_message(&next));
	UNTIL(holds(&next));
	/* a second time within the longest backoff it is not */
	fake_end(agent, FAKE_SVIDS, GRPC_STATUS_OK);
	UNTIL(!status_of(WORKLOAD_SVIDS).connected);
	(void)usleep(100 * 1000);
	ck_assert_uint_eq(fake_calls(agent, FAKE_SVIDS), 2);
	ck_assert_ptr_nonnull(
	    strstr(status_of(WORKLOAD_SVIDS).error.msg, "ended the stream"));
	ck_assert(holds(&next));
}
END_TEST

START_TEST(comes_back_to_an_agent_that_restarts)
{
	set(FAKE_SVIDS, svid_message(&leaf));
	open_client(0);
	wait_for(SOURCE_SVIDS);
	fake_stop(agent);
	agent = NULL;
	UNTIL(status_of(WORKLOAD_SVIDS).failed >= 3);
	ck_assert(!status_of(WORKLOAD_SVIDS).connected);
	ck_assert_int_eq(
	    status_of(WORKLOAD_SVIDS).error.code, ERR_UNAVAILABLE);
	ck_assert(holds(&leaf));
	agent = fake_start(path);
	set(FAKE_SVIDS, svid_message(&next));
	UNTIL(holds(&next));
	UNTIL(status_of(WORKLOAD_SVIDS).connected);
	ck_assert_uint_eq(status_of(WORKLOAD_SVIDS).failed, 0);
}
END_TEST

START_TEST(waits_for_an_agent_that_is_not_there_yet)
{
	char endpoint[96];
	struct workload_options options = { endpoint, 0, QUICK_MS,
		4L * QUICK_MS };

	fake_stop(agent);
	agent = NULL;
	(void)snprintf(endpoint, sizeof(endpoint), "unix://%s", path);
	ck_assert_int_eq(workload_open(&w, &options, NULL), ERR_OK);
	source = workload_source(w);
	UNTIL(status_of(WORKLOAD_SVIDS).failed >= 2);
	ck_assert_int_eq(status_of(WORKLOAD_SVIDS).updated, 0);
	agent = fake_start(path);
	set(FAKE_SVIDS, svid_message(&leaf));
	wait_for(SOURCE_SVIDS);
}
END_TEST

/* Endpoint 6: "Clients ... SHOULD NOT retry" */
START_TEST(invalid_argument_is_final)
{
	struct err err = { 0 };
	struct pollfd fd;

	set_status(FAKE_SVIDS, GRPC_STATUS_INVALID_ARGUMENT);
	open_client(0);
	ck_assert_int_eq(
	    source_wait(source, SOURCE_SVIDS, GENEROUS_MS, &err), ERR_CONFIG);
	ck_assert_msg(
	    strstr(err.msg, "so it is told") != NULL, "%s", err.msg);
	ck_assert(status_of(WORKLOAD_SVIDS).is_final);
	fd = (struct pollfd){ source_fd(source), POLLIN, 0 };
	ck_assert_int_eq(poll(&fd, 1, 0), 1);
	(void)usleep(20L * 1000 * QUICK_MS);
	ck_assert_uint_eq(fake_calls(agent, FAKE_SVIDS), 1);
}
END_TEST

static const int retried[] = { GRPC_STATUS_PERMISSION_DENIED,
	GRPC_STATUS_UNAVAILABLE, GRPC_STATUS_INTERNAL,
	GRPC_STATUS_UNIMPLEMENTED };

START_TEST(tries_again)
{
	set_status(FAKE_SVIDS, retried[_i]);
	open_client(0);
	UNTIL(fake_calls(agent, FAKE_SVIDS) >= 3);
	ck_assert(!status_of(WORKLOAD_SVIDS).is_final);
	ck_assert_ptr_nonnull(
	    strstr(status_of(WORKLOAD_SVIDS).error.msg, "so it is told"));
	set(FAKE_SVIDS, svid_message(&leaf));
	wait_for(SOURCE_SVIDS);
}
END_TEST

/* 5.2.1: "the client SHOULD cease using the redacted SVIDs" */
START_TEST(permission_denied_takes_the_svids_away)
{
	set(FAKE_SVIDS, svid_message(&leaf));
	open_client(0);
	wait_for(SOURCE_SVIDS);
	set_status(FAKE_SVIDS, GRPC_STATUS_PERMISSION_DENIED);
	fake_end(agent, FAKE_SVIDS, GRPC_STATUS_PERMISSION_DENIED);
	UNTIL(!holds_svids());
	ck_assert_int_eq(status_of(WORKLOAD_SVIDS).expires, 0);
	set(FAKE_SVIDS, svid_message(&next));
	UNTIL(holds(&next));
}
END_TEST

/* "after a backoff": never at once */
START_TEST(permission_denied_is_tried_after_a_pause)
{
	struct workload_options options = { fake_endpoint(agent), 0,
		10L * 60 * 1000, 20L * 60 * 1000 };

	set(FAKE_SVIDS, svid_message(&leaf));
	ck_assert_int_eq(workload_open(&w, &options, NULL), ERR_OK);
	source = workload_source(w);
	wait_for(SOURCE_SVIDS);
	fake_end(agent, FAKE_SVIDS, GRPC_STATUS_PERMISSION_DENIED);
	UNTIL(!holds_svids());
	(void)usleep(100 * 1000);
	ck_assert_uint_eq(fake_calls(agent, FAKE_SVIDS), 1);
}
END_TEST

static size_t
bundles_held(void)
{
	const struct snapshot *s = source_get(source);
	size_t n = bundle_set_count(s->bundles);

	snapshot_unref(s);
	return n;
}

START_TEST(bundles_of_their_own_stream_go_first)
{
	struct cert foreign = cert_make_authority("foreign.test");
	struct str der = cert_der(&foreign, NULL);
	const struct snapshot *s;

	set(FAKE_SVIDS, svid_message(&leaf));
	open_client(1U << WORKLOAD_SVIDS | 1U << WORKLOAD_BUNDLES);
	wait_for(SOURCE_SVIDS);
	UNTIL(fake_open(agent, FAKE_BUNDLES) == 1);
	buf_clear(&message);
	wire_put_entry(&message, 2, STR("spiffe://home.test"), der);
	wire_put_entry(&message, 2, STR("spiffe://foreign.test"), der);
	fake_push(agent, FAKE_BUNDLES, buf_str(&message));
	UNTIL(bundles_held() == 2);
	ck_assert(holds(&leaf));
	/* an update of the SVIDs does not bring theirs back */
	fake_push(agent, FAKE_SVIDS, svid_message(&next));
	UNTIL(holds(&next));
	ck_assert_uint_eq(bundles_held(), 2);
	/* taken away, the SVIDs' own are what there is */
	set_status(FAKE_BUNDLES, GRPC_STATUS_PERMISSION_DENIED);
	fake_end(agent, FAKE_BUNDLES, GRPC_STATUS_PERMISSION_DENIED);
	UNTIL(bundles_held() == 1);
	s = source_get(source);
	ck_assert_ptr_nonnull(bundle_set_find(s->bundles, STR("home.test")));
	snapshot_unref(s);
	cert_der_free(der);
	cert_free(&foreign);
}
END_TEST

START_TEST(one_can_only_verify)
{
	struct str der = cert_der(&home, NULL);

	wire_put_entry(&message, 2, STR("spiffe://home.test"), der);
	set(FAKE_BUNDLES, buf_str(&message));
	open_client(1U << WORKLOAD_BUNDLES);
	wait_for(SOURCE_BUNDLES);
	ck_assert(!holds_svids());
	ck_assert_uint_eq(fake_calls(agent, FAKE_SVIDS), 0);
	cert_der_free(der);
}
END_TEST

START_TEST(fetches_jwts_and_verifies_them_by_bundle)
{
	static const char *const audience[] = { "me", NULL };
	EVP_PKEY *key = token_key("ES256");
	const struct snapshot *s;
	struct jwt_list *list = NULL;
	struct jwt_svid *jwt = NULL;
	struct err err = { 0 };
	struct buf token, one;

	buf_init(&token, 4096);
	buf_init(&one, 4096);
	buf_add_text(&one, "{\"keys\":[");
	token_jwk(&one, key, ",\"kid\":\"k\"");
	buf_add_text(&one, "]}");
	wire_put_entry(&message, 1, STR("spiffe://home.test"), buf_str(&one));
	set(FAKE_JWKS, buf_str(&message));
	buf_clear(&message);
	buf_clear(&one);
	token_make(&token, "ES256", key, "k", ID, "me", time(NULL) + 60);
	wire_put(&one, 1, STR(ID));
	wire_put(&one, 2, buf_str(&token));
	wire_put(&message, 1, buf_str(&one));
	fake_set(agent, FAKE_JWTS,
	    (struct fake_answer){ .message = buf_str(&message),
		.ends = true });
	open_client(1U << WORKLOAD_JWKS);
	wait_for(SOURCE_JWKS);
	ck_assert_msg(workload_fetch_jwts(&list, w, audience, ID, GENEROUS_MS,
			  &err) == ERR_OK,
	    "%s", err.msg);
	ck_assert_uint_eq(list->count, 1);
	s = source_get(source);
	ck_assert_int_eq(jwt_verify(&jwt, str_of(list->at[0]->token), "me",
			     s->jwks, time(NULL), NULL),
	    ERR_OK);
	snapshot_unref(s);
	jwt_free(jwt);
	jwt_list_free(list);
	buf_clear(&one);
	fake_request(agent, FAKE_JWTS, &one);
	ck_str(buf_str(&one), "\x0a\x02me\x12\x14" ID);
	buf_release(&token);
	buf_release(&one);
	EVP_PKEY_free(key);
}
END_TEST

/* What the server answers must be what was asked for. */
START_TEST(refuses_jwts_that_were_not_asked_for)
{
	static const char *const other[] = { "you", NULL };
	static const char *const audience[] = { "me", NULL };
	EVP_PKEY *key = token_key("ES256");
	struct jwt_list *list = NULL;
	struct err err = { 0 };
	struct buf token, one;

	buf_init(&token, 4096);
	buf_init(&one, 4096);
	token_make(&token, "ES256", key, "k", ID, "me", time(NULL) + 60);
	wire_put(&one, 1, STR(ID));
	wire_put(&one, 2, buf_str(&token));
	wire_put(&message, 1, buf_str(&one));
	fake_set(agent, FAKE_JWTS,
	    (struct fake_answer){ .message = buf_str(&message),
		.ends = true });
	open_client(0);
	ck_assert_int_eq(workload_fetch_jwts(&list, w, other, NULL,
			     GENEROUS_MS, &err),
	    ERR_UPSTREAM);
	ck_assert_msg(strstr(err.msg, "you") != NULL, "%s", err.msg);
	ck_assert_int_eq(workload_fetch_jwts(&list, w, audience,
			     "spiffe://home.test/b", GENEROUS_MS, NULL),
	    ERR_UPSTREAM);
	ck_assert_ptr_null(list);
	buf_release(&token);
	buf_release(&one);
	EVP_PKEY_free(key);
}
END_TEST

static const struct {
	int status, want;
} statuses[] = {
	{ GRPC_STATUS_OK, ERR_UPSTREAM }, /* without a message */
	{ GRPC_STATUS_PERMISSION_DENIED, ERR_POLICY },
	{ GRPC_STATUS_INVALID_ARGUMENT, ERR_CONFIG },
	{ GRPC_STATUS_UNAVAILABLE, ERR_UNAVAILABLE },
	{ GRPC_STATUS_UNIMPLEMENTED, ERR_UNIMPLEMENTED },
	{ GRPC_STATUS_INTERNAL, ERR_UPSTREAM },
};

START_TEST(says_why_there_is_no_jwt)
{
	static const char *const audience[] = { "me", NULL };
	struct jwt_list *list = NULL;
	struct err err = { 0 };

	set_status(FAKE_JWTS, statuses[_i].status);
	open_client(0);
	ck_assert_int_eq(workload_fetch_jwts(&list, w, audience, NULL,
			     GENEROUS_MS, &err),
	    statuses[_i].want);
	ck_assert_str_ne(err.msg, "");
	ck_assert_ptr_null(list);
}
END_TEST

START_TEST(a_call_has_a_deadline)
{
	static const char *const audience[] = { "me", NULL };
	struct jwt_list *list = NULL;
	int64_t before = clock_ms();

	open_client(0);
	ck_assert_int_eq(
	    workload_fetch_jwts(&list, w, audience, NULL, 50, NULL),
	    ERR_TIMEOUT);
	ck_assert_int_ge(clock_ms() - before, 40);
	fake_stop(agent);
	agent = NULL;
	ck_assert_int_ne(
	    workload_fetch_jwts(&list, w, audience, NULL, 50, NULL), ERR_OK);
}
END_TEST

static void *
wait_for_a_jwt(void *arg)
{
	static const char *const audience[] = { "me", NULL };
	struct jwt_list *list = NULL;

	*(int *)arg = workload_fetch_jwts(
	    &list, w, audience, NULL, GENEROUS_MS, NULL);
	return NULL;
}

START_TEST(a_call_can_be_interrupted)
{
	pthread_t threads[2];
	int results[3] = { 0 };
	int64_t before;
	size_t i;

	open_client(0);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
				     wait_for_a_jwt, &results[i]),
		    0);
	UNTIL(fake_open(agent, FAKE_JWTS) == 2);
	before = clock_ms();
	workload_interrupt(w);
	for (i = 0; i < 2; i++)
		(void)pthread_join(threads[i], NULL);
	/* nor does a later one begin to wait */
	(void)wait_for_a_jwt(&results[2]);
	ck_assert_int_lt(clock_ms() - before, GENEROUS_MS / 2);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(results[i], ERR_CANCELLED);
}
END_TEST

/* Whether the other end hangs up in that time. */
static bool
hangs_up(int fd, int64_t within_ms)
{
	const int64_t end = clock_ms() + within_ms;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char bytes[1024];

	for (;;) {
		const int64_t left = end - clock_ms();

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return false;
		if (read(fd, bytes, sizeof(bytes)) <= 0)
			return true;
	}
}

/* A busy host: who connects waits longer than for the next attempt. */
START_TEST(an_agent_may_be_slow_to_greet)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int connected, result = 0;
	char endpoint[80];
	pthread_t thread;

	fake_stop(agent);
	agent = NULL;
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	(void)snprintf(endpoint, sizeof(endpoint), "unix:%s", path);
	open_client_at(endpoint, 0);
	ck_assert_int_eq(
	    pthread_create(&thread, NULL, wait_for_a_jwt, &result), 0);
	connected = accept(fd, NULL, NULL);
	ck_assert(!hangs_up(connected, 1500));
	workload_interrupt(w);
	(void)pthread_join(thread, NULL);
	ck_assert_int_eq(result, ERR_CANCELLED);
	(void)close(connected);
	(void)close(fd);
	(void)unlink(path);
}
END_TEST

START_TEST(validates_a_jwt)
{
	struct err err = { 0 };
	struct buf claims;
	struct spiffe_id id;

	wire_put(&message, 1, STR(ID));
	wire_put(&message, 2, STR("\x0a\x07\x0a\x01k\x12\x02\x20\x01"));
	fake_set(agent, FAKE_VALIDATE,
	    (struct fake_answer){ .message = buf_str(&message),
		.ends = true });
	open_client(0);
	buf_init(&claims, CLAIMS_MAX);
	ck_assert_int_eq(workload_validate_jwt(&id, &claims, w, STR("t"),
			     "me", GENEROUS_MS, NULL),
	    ERR_OK);
	ck_str(spiffe_id_text(&id), ID);
	ck_assert_str_eq(buf_text(&claims), "{\"k\":true}");
	buf_clear(&claims);
	fake_request(agent, FAKE_VALIDATE, &claims);
	ck_str(buf_str(&claims), "\x0a\x02me\x12\x01t");
	buf_release(&claims);
	/* what SPIRE says of a token it does not believe */
	set_status(FAKE_VALIDATE, GRPC_STATUS_INVALID_ARGUMENT);
	ck_assert_int_eq(workload_validate_jwt(&id, NULL, w, STR("t"),
			     "me", GENEROUS_MS, &err),
	    ERR_POLICY);
	ck_assert_int_eq(err.code, ERR_POLICY);
	ck_str(spiffe_id_text(&id), ID);
}
END_TEST

static atomic_bool reading;

/* As handshakes do: take, look, give back. */
static void *
read_on(void *arg)
{
	(void)arg;
	while (atomic_load(&reading)) {
		const struct snapshot *s = source_get(source);
		const struct svid *svid = svid_set_find(s->svids, NULL);

		if (svid == NULL || X509_check_private_key(svid->leaf,
					svid->key) != 1)
			abort();
		snapshot_unref(s);
	}
	return NULL;
}

START_TEST(readers_never_see_half_of_a_rotation)
{
	pthread_t reader[3];
	size_t i;

	set(FAKE_SVIDS, svid_message(&leaf));
	open_client(0);
	wait_for(SOURCE_SVIDS);
	atomic_store(&reading, true);
	for (i = 0; i < COUNT_OF(reader); i++)
		ck_assert_int_eq(
		    pthread_create(&reader[i], NULL, read_on, NULL), 0);
	for (i = 0; i < 40; i++)
		fake_push(agent, FAKE_SVIDS,
		    svid_message(i % 2 == 0 ? &next : &leaf));
	UNTIL(status_of(WORKLOAD_SVIDS).updates == 41);
	atomic_store(&reading, false);
	for (i = 0; i < COUNT_OF(reader); i++)
		ck_assert_int_eq(pthread_join(reader[i], NULL), 0);
	ck_assert(holds(&leaf));
}
END_TEST

START_TEST(closes_in_any_state)
{
	int i;

	set(FAKE_SVIDS, svid_message(&leaf));
	for (i = 0; i < 20; i++) {
		open_client(1U << WORKLOAD_SVIDS | 1U << WORKLOAD_JWKS);
		if (i % 4 == 1)
			wait_for(SOURCE_SVIDS);
		if (i % 4 == 2)
			(void)usleep(500);
		if (i % 4 == 3)
			fake_end(agent, FAKE_SVIDS, GRPC_STATUS_UNAVAILABLE);
		workload_close(w);
		w = NULL;
	}
}
END_TEST

START_TEST(a_snapshot_outlives_the_client)
{
	const struct snapshot *s;

	set(FAKE_SVIDS, svid_message(&leaf));
	open_client(0);
	wait_for(SOURCE_SVIDS);
	s = source_get(source);
	workload_close(w);
	w = NULL;
	ck_str(spiffe_id_text(&svid_set_at(s->svids, 0)->id), ID);
	snapshot_unref(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("workload");
	TCase *tc = tcase_create("workload");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, fetches_an_svid_and_its_bundle);
	tcase_add_test(tc, a_status_is_not_behind_its_source);
	tcase_add_test(tc, works_over_tcp_and_by_the_environment);
	tcase_add_test(tc, refuses_an_endpoint_that_makes_no_sense);
	tcase_add_test(tc, every_call_has_the_security_header);
	tcase_add_test(tc, follows_rotation_with_whole_snapshots);
	tcase_add_test(tc, the_descriptor_tells_of_each_update);
	tcase_add_test(tc, waiting_has_an_end);
	tcase_add_test(tc, unloads_what_the_next_message_leaves_out);
	tcase_add_test(tc, discards_a_bad_message_and_stays_connected);
	tcase_add_test(tc, survives_a_message_that_is_too_big);
	tcase_add_test(tc, opens_an_ended_stream_at_once_and_keeps_what_it_has);
	tcase_add_test(tc, comes_back_to_an_agent_that_restarts);
	tcase_add_test(tc, waits_for_an_agent_that_is_not_there_yet);
	tcase_add_test(tc, invalid_argument_is_final);
	ck_table(tc, tries_again, retried);
	tcase_add_test(tc, permission_denied_takes_the_svids_away);
	tcase_add_test(tc, permission_denied_is_tried_after_a_pause);
	tcase_add_test(tc, bundles_of_their_own_stream_go_first);
	tcase_add_test(tc, one_can_only_verify);
	tcase_add_test(tc, fetches_jwts_and_verifies_them_by_bundle);
	tcase_add_test(tc, refuses_jwts_that_were_not_asked_for);
	ck_table(tc, says_why_there_is_no_jwt, statuses);
	tcase_add_test(tc, a_call_has_a_deadline);
	tcase_add_test(tc, a_call_can_be_interrupted);
	tcase_add_test(tc, an_agent_may_be_slow_to_greet);
	tcase_add_test(tc, validates_a_jwt);
	tcase_add_test(tc, readers_never_see_half_of_a_rotation);
	tcase_add_test(tc, closes_in_any_state);
	tcase_add_test(tc, a_snapshot_outlives_the_client);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
