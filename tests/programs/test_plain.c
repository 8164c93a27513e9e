/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plain.c - the programs behind a sidecar: plain HTTP, no identity
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "programs/xfcc.h"
#include "stage.h"
#include "testing.h"

#define HEX16 "0123456789abcdef"
#define HASH HEX16 HEX16 HEX16 HEX16
#define FROM(id) \
	XFCC_NAME ": By=" API_ID ";Hash=" HASH ";Subject=\"\";URI=" id "\r\n"
#define ALLOWED "allowed_ids = {\"" DEMO_ID "\", \"" CLI_ID "\"}\n"

static struct child *api, *demo;
static struct buf out, err;

static void
setup(void)
{
	stage_setup();
	buf_init(&out, 1024 * 1024);
	buf_init(&err, 1024 * 1024);
	(void)unsetenv("SPIFFE_ENDPOINT_SOCKET");
	(void)unsetenv("ECS_CONTAINER_METADATA_URI_V4");
}

static void
teardown(void)
{
	stage_teardown();
	buf_release(&out);
	buf_release(&err);
}

static bool
has(const char *text)
{
	return strstr(buf_text(&out), text) != NULL;
}

static void
start_api(void)
{
	const char *args[] = { "-c", stage_file("api.conf", ALLOWED), "--plain",
		"--listen", "127.0.0.1:0", NULL };

	api = stage_start("api-service", NULL, args);
	stage_ready(api, false);
}

/* at: what its API is. */
static void
start_demo(const char *at)
{
	char text[256];
	const char *args[] = { "-c", NULL, NULL };

	(void)snprintf(text, sizeof(text),
	    "plain = yes\nlisten = \"127.0.0.1:0\"\n"
	    "api_url = \"%s/attestation\"\n",
	    at);
	args[1] = stage_file("demo.conf", text);
	demo = stage_start("demo-app", NULL, args);
	stage_ready(demo, false);
}

static int
ask(struct child *c, const char *path, const char *headers)
{
	char request[4096];

	(void)snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: here\r\n%s\r\n", path, headers);
	buf_clear(&out);
	return stage_ask(c->url, request, &out);
}

START_TEST(says_whom_the_sidecar_has_let_in)
{
	struct json_object *o;

	start_api();
	ck_assert_int_eq(ask(api, "/attestation", FROM(DEMO_ID)), 200);
	ck_assert(has("\"caller\":\"" DEMO_ID "\""));
	ck_assert(has("\"spiffe_id\":\"" API_ID "\""));
	ck_assert(has("\"uri\":\"" DEMO_ID "\"") && has("\"hash\":\"" HASH));
	ck_assert(has("\"by\":\"" API_ID "\"") && has("\"mode\":\"plain\""));
	ck_assert(!has("\"tls\""));
	o = json_tokener_parse(strstr(buf_text(&out), "\r\n\r\n") + 4);
	ck_assert_ptr_nonnull(o);
	json_object_put(o);
	ck_assert_int_eq(ask(api, "/attestation",
			     "X-Forwarded-Client-Cert: URI=" CLI_ID "\r\n"),
	    200);
	ck_assert(has("\"caller\":\"" CLI_ID "\""));
}
END_TEST

static const struct {
	const char *headers, *said;
} refused[] = {
	{ "", "no " XFCC_NAME " came with the request" },
	{ "x-forwarded-for: 127.0.0.1\r\n", "no " XFCC_NAME " came" },
	{ XFCC_NAME ":\r\n", "is no part that is known" },
	{ FROM("spiffe://home.test/other"),
	    "spiffe://home.test/other is not one of the callers" },
	{ FROM("spiffe://other.test/demo-app"),
	    "spiffe://other.test/demo-app is not one of the callers" },
	{ FROM(DEMO_ID "/x"), DEMO_ID "/x is not one of the callers" },
	{ FROM(DEMO_ID) FROM(DEMO_ID), "it stands there 2 times" },
	{ FROM(DEMO_ID) FROM("spiffe://home.test/other"), "2 times" },
	{ FROM(DEMO_ID ";URI=" CLI_ID), "URI stands there twice" },
	{ FROM(DEMO_ID ",URI=" CLI_ID), "more than one certificate" },
	{ XFCC_NAME ": By=" API_ID ";Hash=" HASH "\r\n", "has no URI" },
	{ XFCC_NAME ": URI=demo-app\r\n", "does not begin with spiffe://" },
};

START_TEST(refuses_whom_it_does_not_know)
{
	start_api();
	ck_assert_int_eq(
	    ask(api, "/attestation", refused[_i].headers), 403);
	ck_assert_msg(has(refused[_i].said), "%s", buf_text(&out));
	/* a caller of the sidecar is no health check */
	ck_assert_int_eq(ask(api, "/health", refused[_i].headers),
	    strstr(refused[_i].headers, XFCC_NAME) == NULL ? 200 : 403);
	ck_assert_int_eq(ask(api, "/attestation", FROM(DEMO_ID)), 200);
	stage_signal(api, SIGTERM);
	ck_assert_int_eq(stage_end(api, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&err), "caller refused"));
}
END_TEST

START_TEST(answers_the_health_check_of_its_task)
{
	start_api();
	ck_assert_int_eq(ask(api, "/health", ""), 200);
	ck_assert(has("\"status\":\"ok\"") && has("\"mode\":\"plain\""));
	ck_assert_int_eq(ask(api, "/health", FROM(CLI_ID)), 200);
	ck_assert_int_eq(ask(api, "/", ""), 404);
}
END_TEST

/* Over TLS the certificate counts and nothing else. */
START_TEST(believes_no_header_without_plain)
{
	static const char path[] =
	    "/attestation HTTP/1.1\r\n" FROM(DEMO_ID) "X-Rest:";
	struct cert leaf =
	    cert_make_leaf("spiffe://home.test/other", &stage_home);
	char why[128];

	api = stage_api(stage_agent(API_ID));
	UNTIL(stage_get(api->health, "/health", NULL) == 200);
	ck_assert_int_eq(
	    stage_tls_get(api->url, path, &leaf, &out, why), 403);
	ck_assert(has("spiffe://home.test/other is not one of the callers"));
	ck_assert_int_eq(ask(api, "/attestation", FROM(DEMO_ID)), 0);
	cert_free(&leaf);
}
END_TEST

#define JSON_ANSWER(body) \
	"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" \
	"server: envoy\r\nconnection: close\r\n\r\n" body

static const char seen[] =
    JSON_ANSWER("{\"data\":{\"caller\":\"" DEMO_ID "\"}}");

START_TEST(shows_that_the_identity_is_the_sidecars)
{
	start_demo(stage_serve(NULL, seen));
	ck_assert_int_eq(ask(demo, "/", ""), 200);
	ck_assert(has("the sidecar's</span>") && has("no certificate"));
	ck_assert(has("ECS metadata") && has("(by the sidecar)"));
	ck_assert(!has("SVID") && !has("Trust bundle") && !has("mTLS"));
	ck_assert_int_eq(ask(demo, "/json", ""), 200);
	ck_assert(has("\"mode\":\"plain\"") && !has("svid"));
	ck_assert_int_eq(ask(demo, "/health", ""), 200);
	ck_assert(has("\"status\":\"ok\""));
}
END_TEST

START_TEST(shows_as_whom_the_api_has_seen_it)
{
	start_demo(stage_serve(NULL, seen));
	ck_assert_int_eq(ask(demo, "/api-call", ""), 200);
	ck_assert(has("\"ok\":true") && has("\"seen_as\":\"" DEMO_ID "\""));
	ck_assert(!has("\"peer\"") && !has("expected_peer"));
	ck_assert_int_eq(
	    ask(demo, "/api-call", "Accept: text/html\r\n"), 200);
	ck_assert(has("<dt>Seen as</dt><dd class=\"id\">" DEMO_ID "</dd>"));
}
END_TEST

static const struct {
	const char *answer, *said;
} answers[] = {
	{ "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\n"
	  "content-length: 21\r\nserver: envoy\r\n\r\nno healthy upstream\r\n",
	    "a proxy, not the API, answered with status 503: no healthy"
	    " upstream\"" },
	{ "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\n"
	  "content-length: 19\r\nserver: envoy\r\n\r\nRBAC: access denied",
	    "a proxy, not the API, answered with status 403: RBAC: access"
	    " denied\"" },
	{ "HTTP/1.1 504 Gateway Timeout\r\ncontent-length: 0\r\n\r\n",
	    "a proxy, not the API, answered with status 504\"" },
	{ "HTTP/1.1 403 Forbidden\r\n\r\n{\"error\":\"go\\u202e\"}",
	    "the API answered with status 403: go?" },
	{ "HTTP/1.1 403 Forbidden\r\ncontent-length: 14\r\n\r\n"
	  "{\"error\":\"no\"}",
	    "the API answered with status 403: no\"" },
	{ "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
	    "the answer ends before its end" },
	{ "", "closed the connection" },
};

START_TEST(shows_a_refusal_as_what_it_is)
{
	start_demo(stage_serve(NULL, answers[_i].answer));
	ck_assert_int_eq(ask(demo, "/api-call", ""), 502);
	ck_assert_msg(has(answers[_i].said), "%s", buf_text(&out));
	ck_assert(has("\"ok\":false") && !has("seen_as"));
	ck_assert_int_eq(
	    ask(demo, "/api-call", "Accept: text/html\r\n"), 200);
	ck_assert(has("role=\"alert\""));
}
END_TEST

START_TEST(shows_the_task_without_an_identity)
{
	static const char metadata[] = JSON_ANSWER(
	    "{\"Cluster\":\"test-cluster\",\"TaskARN\":\"arn:aws:ecs:us-east-1:"
	    "123456789012:task/test-cluster/" HEX16 HEX16 "\",\"Family\":"
	    "\"demo\",\"Revision\":\"1\",\"Containers\":[]}");

	(void)setenv(
	    "ECS_CONTAINER_METADATA_URI_V4", stage_serve(NULL, metadata), 1);
	start_demo("http://127.0.0.1:1");
	UNTIL(ask(demo, "/", "") == 200 && has("task/test-cluster/" HEX16));
	ck_assert(has("<code>aws_fargate_task:family:demo</code>"));
	ck_assert(!has("entry create"));
}
END_TEST

static int
cli(const char *const *args)
{
	struct child *c = stage_start("spire-cli", NULL, args);

	buf_clear(&out);
	buf_clear(&err);
	return stage_end(c, &out, &err);
}

START_TEST(queries_by_the_sidecar)
{
	const char *at = stage_serve(NULL, seen);

	ck_assert_msg(cli((const char *[]){ "--plain", "-query", "-endpoint",
			  at, NULL }) == 0,
	    "%s", buf_text(&err));
	ck_assert(has("  Seen as            " DEMO_ID "\n"));
	ck_assert(!has("Peer") && !has("TLS"));
	ck_assert_int_eq(cli((const char *[]){ "-plain", "-json", "-endpoint",
			     at, NULL }),
	    0);
	ck_assert(has("\"seen_as\":\"" DEMO_ID "\""));
	at = stage_serve(NULL, answers[0].answer);
	ck_assert_int_eq(
	    cli((const char *[]){ "-plain", "-endpoint", at, NULL }), 1);
	ck_assert_str_eq(buf_text(&err),
	    "spire-cli: a proxy, not the API, answered with status 503: no"
	    " healthy upstream\n");
	start_api();
	ck_assert_int_eq(
	    cli((const char *[]){ "-plain", "-endpoint", api->url, NULL }), 1);
	ck_assert_ptr_nonnull(strstr(buf_text(&err),
	    "the API answered with status 403: no " XFCC_NAME " came"));
}
END_TEST

static const struct {
	const char *program, *text, *said;
} bad_settings[] = {
	{ "api-service", "plain = maybe",
	    "plain: \"maybe\" is neither yes nor no" },
	{ "api-service", "plain = 2", "neither yes nor no" },
	{ "api-service", "plain = yes\nplain = no", "set here and again" },
	{ "api-service", "plain = yes\n" ALLOWED "listen = \"0.0.0.0:0\"",
	    "plain and listen do not go together: \"0.0.0.0:0\" is not on"
	    " loopback" },
	{ "api-service", "plain = yes\n" ALLOWED "listen = \"[::]:0\"",
	    "plain and listen do not go together" },
	{ "api-service", "plain = yes\n" ALLOWED "listen = \"10.1.2.3:0\"",
	    "plain and listen do not go together" },
	{ "api-service",
	    "plain = true\n" ALLOWED "health_listen = \"127.0.0.1:0\"",
	    "plain and health_listen do not go together" },
	{ "api-service", "plain = on", "allowed_ids names nobody" },
	{ "demo-app", "plain = yes\napi_url = \"https://127.0.0.1:1/\"",
	    "plain and api_url do not go together: \"https://127.0.0.1:1/\""
	    " does not begin with http://" },
	{ "demo-app", "plain = yes\napi_url = \"http://10.1.2.3:1/\"",
	    "plain and api_url do not go together: \"http://10.1.2.3:1/\" is"
	    " not on loopback" },
	{ "demo-app", "plain = yes\napi_url = \"http://localhost:1/\"",
	    "plain and api_url do not go together" },
	{ "demo-app", "plain = yes\napi_url = \"http://[2001:db8::1]:1/\"",
	    "plain and api_url do not go together" },
	{ "demo-app", "plain = yes\napi_id = \"" API_ID "\"",
	    "plain and api_id do not go together" },
	{ "demo-app", "plain = yes\njwt_audience = a",
	    "plain and jwt_audience do not go together" },
	{ "demo-app", "plain = no\napi_url = \"http://127.0.0.1:1/\"",
	    "api_url: \"http://127.0.0.1:1/\" does not begin with https://" },
};

START_TEST(refuses_settings)
{
	const char *args[] = { "-c",
		stage_file("bad.conf", bad_settings[_i].text), NULL };
	struct child *c = stage_start(bad_settings[_i].program, NULL, args);

	ck_assert_int_eq(stage_end(c, NULL, &err), 1);
	ck_assert_msg(strstr(buf_text(&err), bad_settings[_i].said) != NULL,
	    "%s", buf_text(&err));
}
END_TEST

static const struct {
	const char *program, *args[5];
	int status;
	const char *said;
} command_lines[] = {
	{ "api-service", { "--plain", "--listen", "0.0.0.0:0", NULL }, 1,
	    "plain and listen do not go together" },
	{ "api-service", { "--plain=yes", NULL }, 2, "doesn't allow" },
	{ "demo-app", { "-p", "--listen", "nowhere", NULL }, 1, "listen: " },
	{ "spire-cli", { "--plain", "-self", NULL }, 2,
	    "-plain and -self do not go together: what it shows comes from"
	    " the Workload API" },
	{ "spire-cli", { "-query", "-self", "--plain", NULL }, 2,
	    "-plain and -self" },
	{ "spire-cli", { "-plain", "-jwt", "a", NULL }, 2, "-plain and -jwt" },
	{ "spire-cli", { "-plain", "-validate", "a", NULL }, 2,
	    "-plain and -validate" },
	{ "spire-cli", { "-plain", "-audience", "a", NULL }, 2,
	    "-plain and -audience" },
	{ "spire-cli", { "-plain", "-watch", NULL }, 2, "-plain and -watch" },
	{ "spire-cli", { "-plain", "-id", API_ID, NULL }, 2,
	    "-plain and -id do not go together: the sidecar verifies" },
	{ "spire-cli", { "-plain", "-endpoint", "https://127.0.0.1/", NULL },
	    2,
	    "-plain and -endpoint do not go together: \"https://127.0.0.1/\""
	    " does not begin with http://" },
	{ "spire-cli", { "-plain", "-endpoint", "http://10.1.2.3/", NULL }, 2,
	    "is not on loopback" },
	{ "spire-cli", { "-query", "-endpoint", "http://127.0.0.1/", NULL }, 2,
	    "-endpoint: \"http://127.0.0.1/\" does not begin with https://" },
};

START_TEST(knows_its_command_line)
{
	struct child *c = stage_start(
	    command_lines[_i].program, NULL, command_lines[_i].args);

	ck_assert_int_eq(
	    stage_end(c, NULL, &err), command_lines[_i].status);
	ck_assert_msg(strstr(buf_text(&err), command_lines[_i].said) != NULL,
	    "%s", buf_text(&err));
}
END_TEST

/* If it begins, it opens its configuration, and waits for a writer. */
static bool
openssl_has_begun(const char *fifo)
{
	int fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	ck_assert(fd >= 0 || errno == ENXIO);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

START_TEST(runs_neither_tls_nor_grpc)
{
	const char *fifo = stage_file("openssl.cnf", NULL);
	struct fake_agent *agent = stage_agent_at(NULL);
	struct child *own;

	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	(void)setenv("OPENSSL_CONF", fifo, 1);
	(void)setenv("GRPC_VERBOSITY", "DEBUG", 1);
	(void)setenv("GRPC_TRACE", "api", 1);
	start_api();
	start_demo(api->url);
	ck_assert_int_eq(ask(api, "/attestation", FROM(DEMO_ID)), 200);
	ck_assert_int_eq(ask(demo, "/", ""), 200);
	ck_assert_int_eq(ask(demo, "/api-call", ""), 502);
	ck_assert_int_eq(
	    cli((const char *[]){ "-plain", "-endpoint", api->url, NULL }), 1);
	ck_assert_ptr_null(strstr(buf_text(&err), "grpc"));
	ck_assert_int_eq(stage_memory_kb(api, "Threads:"), 1);
	stage_signal(api, SIGTERM);
	ck_assert_int_eq(stage_end(api, NULL, &err), 0);
	stage_signal(demo, SIGTERM);
	ck_assert_int_eq(stage_end(demo, NULL, &err), 0);
	ck_assert_ptr_null(strstr(buf_text(&err), "grpc"));
	ck_assert(!openssl_has_begun(fifo));

	/* what would show */
	own = stage_start("api-service", agent,
	    (const char *[]){ "-c", stage_file("api.conf", ALLOWED), "-l",
		"127.0.0.1:0", NULL });
	UNTIL(openssl_has_begun(fifo));
	stage_ready(own, false);
	stage_signal(own, SIGTERM);
	buf_clear(&err);
	ck_assert_int_eq(stage_end(own, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&err), "grpc_init"));
}
END_TEST

START_TEST(is_small)
{
	int i;

	start_api();
	start_demo(api->url);
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(ask(api, "/attestation", FROM(CLI_ID)), 200);
		ck_assert_int_eq(ask(demo, "/", ""), 200);
		ck_assert_int_eq(ask(demo, "/api-call", ""), 502);
	}
	(void)printf("resident, plain: demo-app %ld KB, %ld KB its own; "
		     "api-service %ld KB, %ld KB its own\n",
	    stage_memory_kb(demo, "VmRSS:"), stage_memory_kb(demo, "RssAnon:"),
	    stage_memory_kb(api, "VmRSS:"), stage_memory_kb(api, "RssAnon:"));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ck_assert_int_lt(stage_memory_kb(demo, "VmRSS:"), 12 * 1024);
	ck_assert_int_lt(stage_memory_kb(api, "VmRSS:"), 12 * 1024);
	ck_assert_int_lt(stage_memory_kb(demo, "RssAnon:"), 2 * 1024);
	ck_assert_int_lt(stage_memory_kb(api, "RssAnon:"), 2 * 1024);
#endif
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("programs/plain");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, says_whom_the_sidecar_has_let_in);
	ck_table(tc, refuses_whom_it_does_not_know, refused);
	tcase_add_test(tc, answers_the_health_check_of_its_task);
	tcase_add_test(tc, believes_no_header_without_plain);
	tcase_add_test(tc, shows_that_the_identity_is_the_sidecars);
	tcase_add_test(tc, shows_as_whom_the_api_has_seen_it);
	ck_table(tc, shows_a_refusal_as_what_it_is, answers);
	tcase_add_test(tc, shows_the_task_without_an_identity);
	tcase_add_test(tc, queries_by_the_sidecar);
	ck_table(tc, refuses_settings, bad_settings);
	ck_table(tc, knows_its_command_line, command_lines);
	tcase_add_test(tc, runs_neither_tls_nor_grpc);
	tcase_add_test(tc, is_small);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
