/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_api_service.c - api-service as its callers meet it
 */
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "stage.h"
#include "testing.h"

static struct fake_agent *agent;
static struct child *api;
static struct buf out, err;
static char why[128];

static void
setup(void)
{
	stage_setup();
	buf_init(&out, 1024 * 1024);
	buf_init(&err, 1024 * 1024);
	agent = stage_agent(API_ID);
	api = stage_api(agent);
}

static void
teardown(void)
{
	stage_teardown();
	buf_release(&out);
	buf_release(&err);
}

static const char *
body(void)
{
	const char *p = strstr(buf_text(&out), "\r\n\r\n");

	ck_assert_ptr_nonnull(p);
	return p + 4;
}

static bool
is_up(void)
{
	buf_clear(&out);
	return stage_get(api->health, "/health", &out) == 200;
}

static int
ask(const char *path, const char *id)
{
	struct cert leaf = cert_make_leaf(id, &stage_home);
	int status;

	buf_clear(&out);
	status = stage_tls_get(api->url, path, &leaf, &out, why);
	cert_free(&leaf);
	return status;
}

static const char *
get(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	ck_assert_msg(json_object_object_get_ex(o, key, &v), "%s", key);
	return json_object_get_string(v);
}

START_TEST(answers_whom_it_allows)
{
	struct json_object *o, *data = NULL;

	UNTIL(is_up());
	ck_assert_int_eq(ask("/attestation", DEMO_ID), 200);
	o = json_tokener_parse(body());
	ck_assert_ptr_nonnull(o);
	ck_assert_str_eq(get(o, "service_name"), "api-service");
	ck_assert_str_eq(get(o, "status"), "attested");
	ck_assert_uint_eq(strlen(get(o, "timestamp")), 20);
	ck_assert_uint_gt(strlen(get(o, "version")), 0);
	ck_assert(json_object_object_get_ex(o, "data", &data));
	ck_assert_str_eq(get(data, "caller"), DEMO_ID);
	ck_assert_str_eq(get(data, "spiffe_id"), API_ID);
	json_object_put(o);
	ck_assert_int_eq(ask("/health", CLI_ID), 200);
	ck_assert_ptr_nonnull(strstr(body(), "\"status\":\"ok\""));
}
END_TEST

START_TEST(names_whom_it_refuses)
{
	UNTIL(is_up());
	ck_assert_int_eq(ask("/attestation", "spiffe://home.test/other"), 403);
	ck_assert_ptr_nonnull(strstr(body(),
	    "spiffe://home.test/other is not one of the callers"));
	ck_assert_int_eq(ask("/health", "spiffe://home.test/other"), 403);
	stage_signal(api, SIGTERM);
	ck_assert_int_eq(stage_end(api, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&err),
	    "\"spiffe_id\":\"spiffe://home.test/other\""));
}
END_TEST

enum maker { NOBODY, FOREIGN, EXPIRED, TWO_URIS, AUTHORITY, NO_URI };

static const struct {
	enum maker maker;
	const char *said;   /* by our log */
	const char *alert;  /* what the peer is told */
} strangers[] = {
	{ NOBODY, "peer did not return a certificate", "certificate required" },
	{ FOREIGN, "spiffe://foreign.test/demo-app", "unknown ca" },
	{ EXPIRED, "spiffe://home.test/demo-app", "expired" },
	{ TWO_URIS, "URI", "bad certificate" },
	{ AUTHORITY, "authority", "bad certificate" },
	{ NO_URI, "URI", "bad certificate" },
};

static struct cert
make(enum maker maker)
{
	struct cert foreign, leaf;
	struct cert_spec spec = cert_leaf("URI:" DEMO_ID);

	if (maker == FOREIGN) {
		foreign = cert_make_authority("foreign.test");
		leaf = cert_make_leaf(
		    "spiffe://foreign.test/demo-app", &foreign);
		cert_free(&foreign);
		return leaf;
	}
	if (maker == EXPIRED)
		spec.to_s = -10;
	if (maker == TWO_URIS)
		spec.names = "URI:" DEMO_ID ",URI:" CLI_ID;
	if (maker == NO_URI)
		spec.names = "DNS:demo-app";
	if (maker == AUTHORITY) {
		spec.constraints = "critical,CA:TRUE";
		spec.usage = "critical,digitalSignature,keyCertSign";
	}
	return cert_make(&spec, &stage_home);
}

START_TEST(ends_the_handshake_of_a_stranger)
{
	struct cert leaf = { NULL, NULL };

	UNTIL(is_up());
	if (strangers[_i].maker != NOBODY)
		leaf = make(strangers[_i].maker);
	buf_clear(&out);
	ck_assert_int_eq(stage_tls_get(api->url, "/attestation",
			     leaf.cert == NULL ? NULL : &leaf, &out, why),
	    0);
	ck_assert_msg(strstr(why, strangers[_i].alert) != NULL, "%s", why);
	cert_free(&leaf);
	/* and goes on */
	ck_assert_int_eq(ask("/attestation", DEMO_ID), 200);
	stage_signal(api, SIGTERM);
	ck_assert_int_eq(stage_end(api, NULL, &err), 0);
	ck_assert_msg(strstr(buf_text(&err), "TLS handshake failed") != NULL &&
			  strstr(buf_text(&err), strangers[_i].said) != NULL,
	    "%s", buf_text(&err));
}
END_TEST

START_TEST(speaks_no_plain_http_where_it_speaks_tls)
{
	UNTIL(is_up());
	ck_assert_int_eq(stage_get(api->url, "/health", &out), 0);
	ck_assert_int_eq(ask("/attestation", DEMO_ID), 200);
}
END_TEST

START_TEST(on_loopback_only_health_is_plain)
{
	UNTIL(is_up());
	ck_assert_int_eq(stage_get(api->health, "/attestation", NULL), 404);
	ck_assert_int_eq(stage_get(api->health, "/", NULL), 404);
}
END_TEST

START_TEST(says_that_the_agent_is_gone_and_recovers)
{
	const char *path = stage_file("agent.sock", NULL);
	struct fake_agent *own = stage_agent_at(path);

	stage_rotate(own, API_ID);
	stage_signal(api, SIGTERM);
	ck_assert_int_eq(stage_end(api, NULL, NULL), 0);
	api = stage_api(own);
	UNTIL(is_up());
	stage_agent_stop(own);
	UNTIL(is_up() && strstr(body(), "\"degraded\"") != NULL);
	ck_assert_int_eq(ask("/attestation", DEMO_ID), 200);
	own = stage_agent_at(path);
	stage_rotate(own, API_ID);
	UNTIL(is_up() && strstr(body(), "\"ok\"") != NULL);
}
END_TEST

START_TEST(is_down_when_its_identity_has_expired)
{
	struct cert_spec spec = cert_leaf("URI:" API_ID);
	struct cert leaf;

	UNTIL(is_up());
	spec.to_s = 2;
	leaf = cert_make(&spec, &stage_home);
	stage_give(agent, API_ID, &leaf, &stage_home, true);
	cert_free(&leaf);
	UNTIL(!is_up());
	ck_assert_ptr_nonnull(strstr(body(), "\"down\""));
	ck_assert_int_eq(ask("/attestation", DEMO_ID), 0);
	stage_rotate(agent, API_ID);
	UNTIL(is_up());
	ck_assert_int_eq(ask("/attestation", DEMO_ID), 200);
}
END_TEST

static const struct {
	const char *text, *said;
} bad_settings[] = {
	{ "", "allowed_ids names nobody" },
	{ "allowed_ids = {}", "allowed_ids names nobody" },
	{ "allowed_ids = {\"demo-app\"}", "allowed_ids: " },
	{ "allowed_ids = {\"" DEMO_ID "\"", "ends too early" },
	{ "listen = 80", "listen: \"80\" is no address" },
	{ "listen = \"1.2.3.4:70000\"", "no address" },
	{ "listen = \"host:80\"", "no address" },
	{ "health_listen = \"0.0.0.0:80\"", "not on loopback" },
	{ "health_listen = \"[::]:80\"", "not on loopback" },
	{ "colour = red", "api.conf:1: no such option 'colour'" },
	{ "\n\nlisten = 127.0.0.1:1\nlisten = 127.0.0.1:2",
	    "api.conf:3: \"listen\" is set here and again" },
	{ "allowed_ids = {\"" DEMO_ID "\", \"" CLI_ID "\"}\n"
	  "allowed_ids = {\"" CLI_ID "\"}",
	    "api.conf:1: \"allowed_ids\" is set here and again" },
	{ "listen = \"127.0.0.1:80", "api.conf" },
};

START_TEST(refuses_settings)
{
	const char *args[] = { "-c",
		stage_file("api.conf", bad_settings[_i].text), NULL };
	struct child *c = stage_start("api-service", agent, args);

	ck_assert_int_eq(stage_end(c, NULL, &err), 1);
	ck_assert_msg(
	    str_starts(buf_str(&err), "api-service: ") &&
		strstr(buf_text(&err), bad_settings[_i].said) != NULL,
	    "%s", buf_text(&err));
}
END_TEST

static const struct {
	const char *args[4];
	int status;
	const char *said;
} command_lines[] = {
	{ { "--help", NULL }, 0, "allowed_ids" },
	{ { "--version", NULL }, 0, "api-service " },
	{ { "-x", NULL }, 2, "--help" },
	{ { "word", NULL }, 2, "one word too many" },
	{ { "-c", NULL }, 2, "requires an argument" },
	{ { "-c", "/nowhere/file", NULL }, 1, "/nowhere/file: No such file" },
	{ { "-c", "/", NULL }, 1, "directory" },
	{ { "--listen", "nowhere", NULL }, 1, "is no address" },
};

START_TEST(knows_its_command_line)
{
	struct child *c =
	    stage_start("api-service", agent, command_lines[_i].args);

	ck_assert_int_eq(
	    stage_end(c, &out, &err), command_lines[_i].status);
	ck_assert_msg(strstr(buf_text(command_lines[_i].status == 0 ? &out
								     : &err),
			  command_lines[_i].said) != NULL,
	    "%s", command_lines[_i].said);
}
END_TEST

START_TEST(needs_to_know_where_the_workload_api_is)
{
	const char *args[] = { "-c",
		stage_file("api.conf", "allowed_ids = {\"" DEMO_ID "\"}"),
		NULL };
	struct child *c;

	(void)unsetenv("SPIFFE_ENDPOINT_SOCKET");
	c = stage_start("api-service", NULL, args);
	ck_assert_int_eq(stage_end(c, NULL, &err), 1);
	ck_assert_ptr_nonnull(
	    strstr(buf_text(&err), "SPIFFE_ENDPOINT_SOCKET"));
}
END_TEST

START_TEST(says_that_a_port_is_taken)
{
	const char *address = strstr(api->health, "//") + 2;
	const char *args[] = { "-c", stage_file("other.conf",
	    "allowed_ids = {\"" DEMO_ID "\"}"), "--listen", address, NULL };
	struct child *c = stage_start("api-service", agent, args);

	ck_assert_int_eq(stage_end(c, NULL, &err), 1);
	ck_assert_ptr_nonnull(strstr(buf_text(&err), "cannot listen on"));
	ck_assert_ptr_nonnull(strstr(buf_text(&err), address));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("programs/api-service");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, answers_whom_it_allows);
	tcase_add_test(tc, names_whom_it_refuses);
	ck_table(tc, ends_the_handshake_of_a_stranger, strangers);
	tcase_add_test(tc, speaks_no_plain_http_where_it_speaks_tls);
	tcase_add_test(tc, on_loopback_only_health_is_plain);
	tcase_add_test(tc, says_that_the_agent_is_gone_and_recovers);
	tcase_add_test(tc, is_down_when_its_identity_has_expired);
	ck_table(tc, refuses_settings, bad_settings);
	ck_table(tc, knows_its_command_line, command_lines);
	tcase_add_test(tc, needs_to_know_where_the_workload_api_is);
	tcase_add_test(tc, says_that_a_port_is_taken);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
