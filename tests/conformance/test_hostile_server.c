/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server plugin among many, in bad company and in the middle of a change,
 * numbers 60 to 64 of the file HOSTILE.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "conformance/proof.h"
#include "conformance/tls.h"

static struct lab *lab;
static struct task_keys keys;
static struct proof p;

static void
open_lab(const struct lab_options *o)
{
	lab = lab_open(o);
	lab_task(lab, "honest", &keys);
	memset(&p, 0, sizeof(p));
}

static void
set_up(void)
{
	open_lab(&(struct lab_options){ .scenario = NULL });
}

static void
tear_down(void)
{
	lab_close(lab);
}

static bool
is_held(void *arg)
{
	return wire_held(lab->wire) >= *(size_t *)arg;
}

static void
hold(const char *operation)
{
	wire_be_honest(lab->wire);
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = operation, .hold = true });
}

static void
wait_held(size_t n)
{
	ck_assert_msg(client_until(lab->host->client, is_held, &n,
			  patience(20000)),
	    "not %zu but %zu are held", n, wire_held(lab->wire));
}

/*
 * 60: many that cannot sign
 */

enum { CROWD = 1000, PARALLEL = 64 };

static void
send_garbage(struct proof *crowd, size_t i)
{
	const char *signature = print("\"%064zx\"", i + 1);

	proof_challenged(&crowd[i], lab, &keys, NULL);
	proof_send(&crowd[i],
	    proof_response(&crowd[i], "signature", signature, NULL));
}

START_TEST(e60_thousand_garbage_signatures)
{
	struct proof *crowd = need_alloc(CROWD * sizeof(*crowd));
	size_t i, before, during;

	must_prove(lab, &keys, HONEST_ID);
	before = process_rss(lab->host->process);
	for (i = 0; i < CROWD; i++)
		send_garbage(crowd, i);
	must_prove(lab, &keys, HONEST_ID);
	during = process_rss(lab->host->process);
	for (i = 0; i < CROWD; i++) {
		proof_outcome(&crowd[i]);
		is_refused(&crowd[i], "garbage",
		    GRPC_STATUS_PERMISSION_DENIED, "AWS does not confirm");
		proof_end(&crowd[i]);
	}
	ck_assert_int_eq((int)wire_count(lab->wire, "DescribeTasks"), 2);
	ck_assert_int_le((int)wire_peak(lab->wire), PARALLEL);
	ck_assert_msg(
	    patience(1) > 1 || during < before + 128 * 1024 * 1024,
	    "%zu bytes, then %zu", before, during);
	free(crowd);
}
END_TEST

/* Nobody waits for them: the same again costs nothing more. */
START_TEST(e60_does_not_grow)
{
	struct proof *crowd = need_alloc(CROWD * sizeof(*crowd));
	size_t i, round, first = 0;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < CROWD; i++)
			send_garbage(crowd, i);
		for (i = 0; i < CROWD; i++) {
			if (i % 2 == 0)
				proof_outcome(&crowd[i]);
			proof_end(&crowd[i]);
		}
		must_prove(lab, &keys, HONEST_ID);
		if (round == 0)
			first = process_rss(lab->host->process);
	}
	ck_assert_msg(patience(1) > 1 || process_rss(lab->host->process) <
					     first + 16 * 1024 * 1024,
	    "%zu bytes, then %zu", first, process_rss(lab->host->process));
	free(crowd);
}
END_TEST

/* Those that never answer make room for one that does, the oldest first. */
START_TEST(e60_silent_crowd)
{
	enum { ROOM = 10 };
	struct proof *crowd = need_alloc(ROOM * sizeof(*crowd));
	size_t i;

	lab_configure(lab, "max_attestations = 10");
	for (i = 0; i < ROOM; i++)
		proof_challenged(&crowd[i], lab, &keys, NULL);
	must_prove(lab, &keys, HONEST_ID);
	for (i = 0; i < ROOM; i++) {
		if (i == 0) {
			proof_outcome(&crowd[i]);
			is_refused(&crowd[i], "oldest",
			    GRPC_STATUS_RESOURCE_EXHAUSTED, "");
		} else {
			proof_answer(
			    &crowd[i], proof_response(&crowd[i], NULL, NULL));
			is_granted(&crowd[i], "younger", HONEST_ID);
		}
		proof_end(&crowd[i]);
	}
	lab_configure(lab, "");
	free(crowd);
}
END_TEST

/* None of them waits for its agent: the newest has to come again. */
START_TEST(e60_no_room)
{
	enum { ROOM = 10 };
	struct proof *crowd = need_alloc(ROOM * sizeof(*crowd));
	size_t i;

	lab_configure(lab, "max_attestations = 10");
	hold("GetCallerIdentity");
	for (i = 0; i < ROOM; i++) {
		proof_challenged(&crowd[i], lab, &keys, NULL);
		proof_send(&crowd[i], proof_response(&crowd[i], NULL, NULL));
	}
	wait_held(ROOM);
	proof_start(&p, lab, &keys, NULL);
	is_refused(&p, "no room", GRPC_STATUS_RESOURCE_EXHAUSTED, "");
	proof_end(&p);
	wire_let_go(lab->wire);
	for (i = 0; i < ROOM; i++) {
		proof_outcome(&crowd[i]);
		is_granted(&crowd[i], "inside", HONEST_ID);
		proof_end(&crowd[i]);
	}
	lab_configure(lab, "");
	free(crowd);
}
END_TEST

/*
 * STS counts a call on its caller's account, whatever the caller claims: who
 * exhausts his own keeps nobody else out.
 */
START_TEST(e60_throttled_strangers)
{
	enum { STRANGERS = 5, SENDS = 3 };
	size_t i;

	must_prove(lab, &keys, HONEST_ID);
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = "GetCallerIdentity",
		.times = STRANGERS * SENDS,
		.status = 400,
		.type = "application/json",
		.body = "{\"Error\":{\"Code\":\"Throttling\"}}" });
	for (i = 0; i < STRANGERS; i++)
		must_fail_to_prove(lab, &keys, "throttled",
		    GRPC_STATUS_UNAVAILABLE, "");
	ck_assert_int_eq((int)wire_count(lab->wire, "GetCallerIdentity"),
	    STRANGERS * SENDS + 1);
	must_prove(lab, &keys, HONEST_ID);
}
END_TEST

/*
 * 61: trust on first use; more of it is in test_host_services.c
 */

#define FIRST_USE "reattest = false"

START_TEST(e61_second_use)
{
	struct broker *b = lab->host->broker;

	lab_configure(lab, FIRST_USE);
	prove(&p, lab, &keys);
	is_granted(&p, "first", HONEST_ID);
	ck_assert(!p.out.can_reattest);
	proof_end(&p);
	services_know(broker_services(b), HONEST_ID);
	must_fail_to_prove(lab, &keys, "second",
	    GRPC_STATUS_PERMISSION_DENIED, "only once");
	ck_assert_str_eq(broker_last_agent(b), HONEST_ID);
	ck_assert_int_eq((int)broker_lookups(b), 2);
	lab_configure(lab, "");
}
END_TEST

/* Both get as far as SPIRE's answer, which is that it knows neither. */
START_TEST(e61_two_at_once)
{
	struct broker *b = lab->host->broker;
	struct proof *two = need_alloc(2 * sizeof(*two));
	size_t i, granted = 0;

	lab_configure(lab, FIRST_USE);
	broker_hold_agent_store(b, true);
	for (i = 0; i < 2; i++) {
		proof_challenged(&two[i], lab, &keys, NULL);
		proof_send(&two[i], proof_response(&two[i], NULL, NULL));
		call_read(two[i].call);
	}
	while (broker_lookups(b) < 2)
		ck_assert(client_pump(lab->host->client, CALL_MS));
	broker_hold_agent_store(b, false);
	for (i = 0; i < 2; i++) {
		proof_outcome(&two[i]);
		if (two[i].out.answer.code == GRPC_STATUS_OK)
			granted++;
		else
			is_refused(&two[i], "the other",
			    GRPC_STATUS_UNAVAILABLE, "");
		proof_end(&two[i]);
	}
	ck_assert_int_eq((int)granted, 1);
	must_fail_to_prove(lab, &keys, "before SPIRE has stored it",
	    GRPC_STATUS_UNAVAILABLE, "");
	lab_configure(lab, "");
	free(two);
}
END_TEST

START_TEST(e61_no_answer_of_the_store)
{
	static const grpc_status_code codes[] = { GRPC_STATUS_UNAVAILABLE,
		GRPC_STATUS_FAILED_PRECONDITION, GRPC_STATUS_INTERNAL,
		GRPC_STATUS_UNIMPLEMENTED, GRPC_STATUS_PERMISSION_DENIED };
	struct broker *b = lab->host->broker;
	size_t i;

	lab_configure(lab, FIRST_USE);
	for (i = 0; i < COUNT_OF(codes); i++) {
		broker_set_agent_store(b, codes[i]);
		must_fail_to_prove(
		    lab, &keys, "no answer", GRPC_STATUS_UNAVAILABLE, "");
	}
	broker_set_agent_store(b, GRPC_STATUS_NOT_FOUND);
	must_prove(lab, &keys, HONEST_ID);
	lab_configure(lab, "");
}
END_TEST

/*
 * 62: in the middle of it
 */

#define STRANGERS "allowed_accounts = [\"" OTHER_ACCOUNT "\"]"

/* At each wait; the policy of the stream is that of its beginning. */
static const char *const waits[] = { "GetCallerIdentity", "whoami",
	"DescribeTasks", "DescribeTaskDefinition" };

START_TEST(e62_configure_while_aws_is_asked)
{
	hold(waits[_i]);
	proof_challenged(&p, lab, &keys, NULL);
	proof_send(&p, proof_response(&p, NULL, NULL));
	call_read(p.call);
	wait_held(1);
	lab_configure(lab, STRANGERS);
	wire_let_go(lab->wire);
	proof_outcome(&p);
	is_granted(&p, "begun before", HONEST_ID);
	proof_end(&p);
	must_fail_to_prove(lab, &keys, "begun after",
	    GRPC_STATUS_PERMISSION_DENIED,
	    "account ID " ACCOUNT " is not allowed");
	lab_configure(lab, "");
}
END_TEST

START_TEST(e62_configure_while_the_agent_signs)
{
	proof_challenged(&p, lab, &keys, NULL);
	lab_configure(lab, STRANGERS "\nserver_id = \"blue\"");
	proof_answer(&p, proof_response(&p, NULL, NULL));
	is_granted(&p, "begun before", HONEST_ID);
	proof_end(&p);
	must_configure(lab->host, METADATA_MODE);
	proof_start(&p, lab, &keys, NULL);
	ck_assert(!p.out.challenged);
	proof_end(&p);
	lab_configure(lab, "");
}
END_TEST

/* Again and again, with proofs under way. */
START_TEST(e62_configure_all_the_time)
{
	enum { ROUNDS = 20 };
	struct proof *all = need_alloc(ROUNDS * sizeof(*all));
	size_t i;

	for (i = 0; i < ROUNDS; i++) {
		lab_configure(lab,
		    i % 2 == 0 ? "" : "server_id = \"blue\"\n" STRANGERS);
		lab_configure(lab, "");
		proof_challenged(&all[i], lab, &keys, NULL);
		lab_configure(lab, "server_id = \"green\"");
		proof_send(&all[i], proof_response(&all[i], NULL, NULL));
		call_read(all[i].call);
	}
	for (i = 0; i < ROUNDS; i++) {
		proof_outcome(&all[i]);
		is_granted(&all[i], "each by its own", HONEST_ID);
		proof_end(&all[i]);
	}
	lab_configure(lab, "");
	free(all);
}
END_TEST

START_TEST(e62_store_fails_in_the_middle)
{
	struct broker *b = lab->host->broker;

	lab_configure(lab, FIRST_USE);
	broker_hold_agent_store(b, true);
	proof_challenged(&p, lab, &keys, NULL);
	proof_send(&p, proof_response(&p, NULL, NULL));
	call_read(p.call);
	while (broker_lookups(b) < 1)
		ck_assert(client_pump(lab->host->client, CALL_MS));
	broker_set_agent_store(b, GRPC_STATUS_UNAVAILABLE);
	broker_hold_agent_store(b, false);
	proof_outcome(&p);
	is_refused(&p, "store", GRPC_STATUS_UNAVAILABLE, "");
	proof_end(&p);
	broker_set_agent_store(b, GRPC_STATUS_NOT_FOUND);
	lab_configure(lab, "");
}
END_TEST

static bool
has_asked(void *arg)
{
	const size_t *n = arg;

	return wire_count(lab->wire, NULL) >= *n;
}

/* What is asked on behalf of many is asked once; then the step before it. */
static void
wait_asked(size_t more)
{
	size_t n = wire_count(lab->wire, NULL) + more;

	proof_send(&p, proof_response(&p, NULL, NULL));
	call_read(p.call);
	ck_assert_msg(client_until(lab->host->client, has_asked, &n,
			  patience(20000)),
	    "AWS is not asked");
}

/* Agents that go in the middle, again and again: nothing stays of them. */
START_TEST(e62_agents_go_while_aws_is_asked)
{
	enum { ROUNDS = 20 };
	static const size_t steps[] = { 1, 1, 2, 2 };
	size_t i;

	lab_configure(lab, "max_attestations = 5");
	if (strcmp(waits[_i], "whoami") != 0)
		must_prove(lab, &keys, HONEST_ID);
	if (strcmp(waits[_i], "DescribeTaskDefinition") == 0)
		lab_configure(lab, "max_attestations = 5\ntimeout = \"19s\"");
	hold(waits[_i]);
	for (i = 0; i < ROUNDS; i++) {
		proof_challenged(&p, lab, &keys, NULL);
		wait_asked(steps[_i]);
		proof_end(&p);
		host_is_alive(lab->host);
	}
	wire_be_honest(lab->wire);
	must_prove(lab, &keys, HONEST_ID);
	lab_configure(lab, "");
}
END_TEST

static void
go_away(struct httpd_request *r)
{
	(void)r;
}

START_TEST(e62_aws_hangs_up_in_the_middle)
{
	size_t i;

	for (i = 0; i < COUNT_OF(waits); i++) {
		lab_configure(lab, "timeout = \"2s\"");
		wire_be_honest(lab->wire);
		wire_add(lab->wire,
		    &(struct wire_rule){ .operation = waits[i],
			.handler = go_away });
		must_fail_to_prove(
		    lab, &keys, waits[i], GRPC_STATUS_UNAVAILABLE, "");
	}
	lab_configure(lab, "");
}
END_TEST

/* The plugin's end does not wait for AWS, nor for SPIRE's store. */
START_TEST(e62_unloads_in_the_middle)
{
	set_up();
	hold(waits[_i]);
	proof_challenged(&p, lab, &keys, NULL);
	proof_send(&p, proof_response(&p, NULL, NULL));
	call_read(p.call);
	wait_held(1);
	lab_unload(lab);
	lab_free(lab);
}
END_TEST

START_TEST(e62_unloads_while_the_store_is_asked)
{
	set_up();
	lab_configure(lab, FIRST_USE);
	broker_hold_agent_store(lab->host->broker, true);
	proof_challenged(&p, lab, &keys, NULL);
	proof_send(&p, proof_response(&p, NULL, NULL));
	call_read(p.call);
	while (broker_lookups(lab->host->broker) < 1)
		ck_assert(client_pump(lab->host->client, CALL_MS));
	lab_unload(lab);
	lab_free(lab);
}
END_TEST

/*
 * 63: the environment
 */

static void
trap(struct httpd_request *r)
{
	httpd_reply(r, 200, "{}");
}

START_TEST(e63_environment)
{
	struct httpd *s = httpd_start(0, trap, NULL);
	const char *url = httpd_url(s);
	const char *env[] = {
		print("AWS_ENDPOINT_URL=%s", url),
		print("AWS_ENDPOINT_URL_STS=%s", url),
		print("AWS_ENDPOINT_URL_ECS=%s", url),
		print("http_proxy=%s", url),
		print("HTTP_PROXY=%s", url),
		print("https_proxy=%s", url),
		print("ALL_PROXY=%s", url),
		print("all_proxy=%s", url),
		"SSL_CERT_FILE=/nonexistent",
		"CURL_CA_BUNDLE=/nonexistent",
		"AWS_PROFILE=none",
		"AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE99",
		"AWS_SECRET_ACCESS_KEY=of/somebody/else",
		"AWS_REGION=eu-west-1",
		NULL,
	};
	char head[8192];

	open_lab(&(struct lab_options){ .env = env });
	must_prove(lab, &keys, HONEST_ID);
	ck_assert(wire_last(lab->wire, "DescribeTasks", head, sizeof(head)));
	ck_assert_msg(strstr(head, "Credential=" SERVER_KEY "/") != NULL, "%s",
	    head);
	ck_assert_msg(strstr(head, "/us-east-1/ecs/") != NULL, "%s", head);
	host_wait_line(
	    lab->host, "warn", "in the environment is ignored", 5000);
	ck_assert_int_eq((int)httpd_requests(s), 0);
	lab_close(lab);
	ck_assert_int_eq((int)httpd_requests(s), 0);
	httpd_stop(s);
}
END_TEST

/* Whoever vouches for AWS stands in the configuration, and nowhere else. */
START_TEST(e63_authorities)
{
	char ours[96], theirs[96];
	const char *env[] = { NULL, NULL, NULL, NULL };
	struct tls *good, *other;

	snprintf(ours, sizeof(ours), "/tmp/ours-%d.pem", (int)getpid());
	snprintf(theirs, sizeof(theirs), "/tmp/theirs-%d.pem", (int)getpid());
	other = tls_start(theirs, CERT_GOOD);
	good = tls_start(ours, CERT_GOOD);
	env[0] = print("SSL_CERT_FILE=%s", theirs);
	env[1] = print("CURL_CA_BUNDLE=%s", theirs);
	env[2] = print("AWS_CA_BUNDLE=%s", theirs);
	open_lab(&(struct lab_options){ .env = env });
	lab_configure(lab,
	    print("sts_endpoint = \"https://127.0.0.1:%d\"\n"
		  "ca_bundle_path = \"%s\"\ntimeout = \"3s\"",
		tls_port(other), ours));
	must_fail_to_prove(
	    lab, &keys, "theirs", GRPC_STATUS_UNAVAILABLE, "");
	ck_assert_int_gt((int)tls_connections(other), 0);
	ck_assert_int_eq((int)tls_told(other), 0);
	lab_configure(lab,
	    print("sts_endpoint = \"https://127.0.0.1:%d\"\n"
		  "ca_bundle_path = \"%s\"\ntimeout = \"3s\"",
		tls_port(good), ours));
	must_fail_to_prove(lab, &keys, "ours", GRPC_STATUS_UNAVAILABLE, "");
	ck_assert_int_gt((int)tls_told(good), 0);
	lab_configure(lab, "");
	lab_close(lab);
	tls_stop(good);
	tls_stop(other);
	unlink(ours);
	unlink(theirs);
}
END_TEST

/*
 * 64: the configuration
 */

static const struct {
	const char *more, *says;
} configs[] = {
	{ "verification = \"sts\"\nno agent_path_template\n"
	  "no allowed_accounts",
	    "allowed_accounts" },
	{ "verification = \"sts\"\nno agent_path_template\n"
	  "allowed_accounts = []",
	    "allowed_accounts" },
	{ "assume_role = \"reader\"\nno allowed_accounts",
	    "allowed_accounts" },
	{ "assume_role = \"reader\"\nallowed_accounts = []",
	    "allowed_accounts" },
	{ "allowed_accounts = [\"*\"]", "12 digits" },
	{ "allowed_accounts = [\"12345678901\"]", "12 digits" },
	{ "allowed_accounts = [\"1234567890123\"]", "12 digits" },
	{ "allowed_accounts = \"" ACCOUNT "\"", "allowed_accounts" },
	{ "allowed_acounts = [\"" ACCOUNT "\"]", "allowed_acounts" },
	{ "Allowed_Accounts = [\"" ACCOUNT "\"]", "Allowed_Accounts" },
	{ "timeout = \"1s\"\ntimeout = \"2s\"", "timeout" },
	{ "sts_endpoint = \"http://sts.us-east-1.amazonaws.com\"",
	    "sts_endpoint" },
	{ "ecs_endpoint = \"http://192.0.2.1:8090\"", "ecs_endpoint" },
	{ "sts_endpoint = \"http://127.0.0.1.example.org\"", "sts_endpoint" },
	{ "sts_endpoint = \"https://user:pw@127.0.0.1\"", "sts_endpoint" },
	{ "sts_endpoint = \"ftp://127.0.0.1\"", "sts_endpoint" },
	{ "ca_bundle_path = \"/nonexistent\"", "/nonexistent" },
	{ "no secret_access_key", "secret_access_key" },
	{ "override_policy = \"deny\"", "override_policy" },
	{ "verify_role_trust = \"enforce\"", "verify_role_trust" },
};

/* The first: nobody attests.  A later one: the one before stays. */
START_TEST(e64_configuration)
{
	const struct process_options o = plugin_options(&plugins[0]);
	struct host *fresh = host_open(&o);
	const char *text = claim_of(TASK_ARN);
	size_t i;

	host_init(fresh, true);
	for (i = 0; i < COUNT_OF(configs); i++) {
		const char *config = lab_config(lab, configs[i].more);

		must_not_configure(fresh, config, configs[i].says);
		must_refuse(fresh, text, strlen(text),
		    GRPC_STATUS_FAILED_PRECONDITION, "not configured");
		must_not_configure(lab->host, config, configs[i].says);
	}
	must_prove(lab, &keys, HONEST_ID);
	ck_assert(!process_said(fresh->process, SERVER_SECRET));
	host_unload(fresh);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile surroundings");
	TCase *tc = new_case(s, "server", 120);
	TCase *own = new_case(s, "own labs", 120);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, e60_thousand_garbage_signatures);
	tcase_add_test(tc, e60_does_not_grow);
	tcase_add_test(tc, e60_silent_crowd);
	tcase_add_test(tc, e60_no_room);
	tcase_add_test(tc, e60_throttled_strangers);
	tcase_add_test(tc, e61_second_use);
	tcase_add_test(tc, e61_two_at_once);
	tcase_add_test(tc, e61_no_answer_of_the_store);
	tcase_add_test(tc, e62_configure_while_the_agent_signs);
	tcase_add_test(tc, e62_configure_all_the_time);
	tcase_add_test(tc, e62_store_fails_in_the_middle);
	tcase_add_test(tc, e62_aws_hangs_up_in_the_middle);
	tcase_add_test(tc, e64_configuration);
	ck_table(tc, e62_configure_while_aws_is_asked, waits);
	ck_table(tc, e62_agents_go_while_aws_is_asked, waits);
	ck_table(own, e62_unloads_in_the_middle, waits);
	tcase_add_test(own, e62_unloads_while_the_store_is_asked);
	tcase_add_test(own, e63_environment);
	tcase_add_test(own, e63_authorities);
	return run_tests(s);
}
