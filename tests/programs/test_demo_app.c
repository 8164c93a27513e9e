/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_demo_app.c - demo-app as a browser and an operator meet it
 */
#include <arpa/inet.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <grpc/status.h>

#include "base/clock.h"
#include "stage.h"
#include "testing.h"
#include "workload/tokens.h"
#include "workload/wire.h"

#define TASK "arn:aws:ecs:us-east-1:123456789012:task/test-cluster/" \
	     "0123456789abcdef0123456789abcdef"
#define OK_ANSWER \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
	"Content-Length: 13\r\n\r\n{\"fine\":true}"

static struct fake_agent *agent;
static struct child *demo;
static struct buf out, err;

static void
setup(void)
{
	stage_setup();
	buf_init(&out, 8 * 1024 * 1024);
	buf_init(&err, 1024 * 1024);
	agent = stage_agent(DEMO_ID);
	(void)unsetenv("ECS_CONTAINER_METADATA_URI_V4");
}

static void
teardown(void)
{
	stage_teardown();
	buf_release(&out);
	buf_release(&err);
}

static int
get(const char *path)
{
	buf_clear(&out);
	return stage_get(demo->url, path, &out);
}

static bool
has(const char *text)
{
	return strstr(buf_text(&out), text) != NULL;
}

/* api: where its API is, and who should be there. */
static void
start(const char *api, const char *id)
{
	char text[512];
	const char *args[] = { "-c", NULL, NULL };

	(void)snprintf(text, sizeof(text),
	    "listen = \"127.0.0.1:0\"\napi_url = \"%s/attestation\"\n"
	    "api_id = \"%s\"\n",
	    api, id);
	args[1] = stage_file("demo.conf", text);
	demo = stage_start("demo-app", agent, args);
	stage_ready(demo, false);
	UNTIL(get("/health") == 200 && has("\"ok\""));
}

START_TEST(shows_what_there_is)
{
	start("https://127.0.0.1:1", API_ID);
	ck_assert_int_eq(get("/"), 200);
	ck_assert(has("<p class=\"id\">" DEMO_ID "</p>"));
	ck_assert(has("<span class=\"badge ok\">ok</span>"));
	ck_assert(has("<progress class=\"life\""));
	ck_assert(has("-----BEGIN CERTIFICATE-----"));
	ck_assert(has("<h3>home.test</h3>"));
	ck_assert(has("ECS_CONTAINER_METADATA_URI_V4 is not set"));
	ck_assert(has("Call API service (mTLS)"));
	ck_assert(has("width=device-width"));
}
END_TEST

START_TEST(needs_nothing_from_elsewhere)
{
	start("https://127.0.0.1:1", API_ID);
	ck_assert_int_eq(get("/"), 200);
	ck_assert(has("Content-Security-Policy: default-src 'none';"));
	ck_assert(!has("unsafe-inline"));
	ck_assert(has("X-Content-Type-Options: nosniff"));
	ck_assert(has("Referrer-Policy: no-referrer"));
	/* nothing inline that the policy would have to allow */
	ck_assert(!has("<style") && !has(" style=") && !has("onclick"));
	ck_assert(!has("src=\"http") && !has("href=\"http"));
	ck_assert_int_eq(get("/style.css"), 200);
	ck_assert(has("Content-Type: text/css"));
	ck_assert(has("prefers-color-scheme:dark"));
	ck_assert(!has("url(") && !has("@import"));
	ck_assert_int_eq(get("/script.js"), 200);
	ck_assert(has("Content-Type: text/javascript"));
	ck_assert(!has("innerHTML"));
}
END_TEST

START_TEST(says_it_all_as_json)
{
	struct json_object *o, *svids = NULL;

	start("https://127.0.0.1:1", API_ID);
	ck_assert_int_eq(get("/json"), 200);
	o = json_tokener_parse(strstr(buf_text(&out), "\r\n\r\n") + 4);
	ck_assert_ptr_nonnull(o);
	ck_assert(json_object_object_get_ex(o, "x509_svids", &svids));
	ck_assert_uint_eq(json_object_array_length(svids), 1);
	ck_assert(has("\"spiffe_id\":\"" DEMO_ID "\""));
	ck_assert(has("\"trust_domain\":\"home.test\""));
	ck_assert(has("\"expected_peer\":\"" API_ID "\""));
	json_object_put(o);
}
END_TEST

static void
give_jwt(struct buf *token)
{
	EVP_PKEY *key = token_key("ES256");
	struct buf svid, message;

	buf_init(&svid, 64 * 1024);
	buf_init(&message, 64 * 1024);
	token_make(token, "ES256", key, "k1", DEMO_ID, "spiffe://home.test",
	    (int64_t)time(NULL) + HOUR_S);
	wire_put(&svid, 1, STR(DEMO_ID));
	wire_put(&svid, 2, buf_str(token));
	wire_put(&message, 1, buf_str(&svid));
	fake_set(agent, FAKE_JWTS,
	    (struct fake_answer){ .message = buf_str(&message),
		.ends = true,
		.status = GRPC_STATUS_OK });
	buf_release(&svid);
	buf_release(&message);
	EVP_PKEY_free(key);
}

START_TEST(decodes_its_jwt_svid_and_keeps_the_token)
{
	struct buf token, asked;

	buf_init(&token, 64 * 1024);
	buf_init(&asked, 64 * 1024);
	give_jwt(&token);
	start("https://127.0.0.1:1", API_ID);
	UNTIL(get("/") == 200 && has("&quot;alg&quot;"));
	ck_assert(has("&quot;sub&quot;"));
	ck_assert(!has(buf_text(&token)));
	ck_assert_int_eq(get("/json"), 200);
	ck_assert(has("\"jwt_svid\"") && has("\"kid\":\"k1\""));
	ck_assert(!has(buf_text(&token)) &&
		  !has(strrchr(buf_text(&token), '.')));
	/* by default for the members of its own trust domain */
	fake_request(agent, FAKE_JWTS, &asked);
	ck_assert_ptr_nonnull(
	    strstr(buf_text(&asked), "spiffe://home.test"));
	buf_release(&token);
	buf_release(&asked);
}
END_TEST

static void
serve_metadata(const char *service, const char *family)
{
	static char answer[4096];
	char body[2048];
	const char *url;

	(void)snprintf(body, sizeof(body),
	    "{\"Cluster\":\"test-cluster\",\"TaskARN\":\"" TASK "\","
	    "\"Family\":\"%s\",\"Revision\":\"1\",\"ServiceName\":\"%s\","
	    "\"AvailabilityZone\":\"us-east-1a\",\"LaunchType\":\"FARGATE\","
	    "\"DesiredStatus\":\"RUNNING\",\"KnownStatus\":\"RUNNING\","
	    "\"TaskTags\":{\"Team\":\"<b>&'\\\"\"},\"Containers\":[{\"Name\":"
	    "\"app\",\"Image\":\"demo:1\",\"ImageID\":\"sha256:1\"}]}",
	    family, service);
	(void)snprintf(answer, sizeof(answer),
	    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
	    body);
	url = stage_serve(NULL, answer);
	ck_assert_int_eq(setenv("ECS_CONTAINER_METADATA_URI_V4", url, 1), 0);
}

START_TEST(shows_the_task_as_hints)
{
	serve_metadata("web", "demo");
	start("https://127.0.0.1:1", API_ID);
	UNTIL(get("/") == 200 && has(TASK));
	ck_assert(has("Hints: the endpoint signs nothing."));
	ck_assert(has("<code>aws_fargate_task:cluster:test-cluster</code>"));
	ck_assert(has("<code>aws_fargate_task:family:demo</code>"));
	ck_assert(has("app: <code>demo:1</code>"));
	ck_assert(has("spire-server entry create -node"));
	ck_assert(has("-spiffeID spiffe://home.test/aws_fargate_task/"
		      "123456789012/test-cluster/demo"));
	ck_assert(has("-parentID spiffe://home.test/aws_fargate_task/"
		      "123456789012/test-cluster/demo"));
	ck_assert(has("-selector aws_fargate_task:account:123456789012"));
}
END_TEST

START_TEST(escapes_everything)
{
	serve_metadata("<script>alert(1)</script>", "a'; rm -rf \\u0022$(x)");
	start("https://127.0.0.1:1", API_ID);
	UNTIL(get("/") == 200 && has("ecs:us-east-1"));
	ck_assert(!has("<script>alert"));
	ck_assert(has("&lt;script&gt;alert(1)&lt;/script&gt;"));
	ck_assert(!has("<b>"));
	ck_assert(has("&lt;b&gt;&amp;&#39;"));
	/* one word for the shell, then escaped for the page */
	ck_assert(has("&#39;aws_fargate_task:family:a&#39;\\&#39;&#39;; rm -rf"
		      " &quot;$(x)&#39;"));
}
END_TEST

START_TEST(says_why_there_is_no_metadata)
{
	(void)setenv("ECS_CONTAINER_METADATA_URI_V4",
	    stage_serve(NULL, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
	    1);
	start("https://127.0.0.1:1", API_ID);
	UNTIL(get("/") == 200 && has("answered with status 500"));
}
END_TEST

static int
call(const char *accept)
{
	char request[256];

	(void)snprintf(request, sizeof(request),
	    "POST /api-call HTTP/1.1\r\nHost: a\r\nAccept: %s\r\n"
	    "Content-Length: 3\r\n\r\na=b",
	    accept);
	buf_clear(&out);
	return stage_ask(demo->url, request, &out);
}

START_TEST(calls_the_api)
{
	struct child *api = stage_api(stage_agent(API_ID));

	UNTIL(stage_get(api->health, "/health", NULL) == 200);
	start(api->url, API_ID);
	ck_assert_int_eq(call("*/*"), 200);
	ck_assert(has("\"ok\":true") && has("\"peer\":\"" API_ID "\""));
	ck_assert(has("\"tls_version\":\"TLSv1.3\"") && has("\"cipher\":\""));
	ck_assert(has("\"duration_us\":") && has("\"caller\":\"" DEMO_ID));
	ck_assert(has("\"kept_connection\":false"));
	ck_assert_int_eq(call("text/html"), 200);
	ck_assert(has("<dd class=\"id\">" API_ID "</dd>"));
	ck_assert(has("&quot;caller&quot;"));
	ck_assert_int_eq(get("/api-call"), 200);
	ck_assert(has("\"kept_connection\":true"));
}
END_TEST

START_TEST(shows_the_refusal_of_the_api)
{
	struct child *api = stage_api(stage_agent(API_ID));

	stage_agent_stop(agent);
	agent = stage_agent("spiffe://home.test/other");
	UNTIL(stage_get(api->health, "/health", NULL) == 200);
	start(api->url, API_ID);
	ck_assert_int_eq(call("*/*"), 502);
	ck_assert(has("\"status\":403"));
	ck_assert(has("spiffe://home.test/other is not one of the callers"));
}
END_TEST

enum maker { GOOD, FOREIGN, EXPIRED, TWO_URIS, AUTHORITY, OTHER, PLAIN };

static const struct {
	enum maker maker;
	const char *said;
} impostors[] = {
	{ FOREIGN, "there is no bundle for its trust domain" },
	{ EXPIRED, "certificate has expired" },
	{ TWO_URIS, "URI" },
	{ AUTHORITY, "authority" },
	{ OTHER, "spiffe://home.test/other\\\" refused: it is not expected" },
	{ PLAIN, "the TLS handshake failed" },
};

static struct cert
make(enum maker maker)
{
	struct cert foreign, leaf;
	struct cert_spec spec = cert_leaf("URI:" API_ID);

	if (maker == FOREIGN) {
		foreign = cert_make_authority("foreign.test");
		leaf = cert_make_leaf(
		    "spiffe://foreign.test/api-service", &foreign);
		cert_free(&foreign);
		return leaf;
	}
	if (maker == EXPIRED)
		spec.to_s = -10;
	if (maker == TWO_URIS)
		spec.names = "URI:" API_ID ",URI:" CLI_ID;
	if (maker == OTHER)
		spec.names = "URI:spiffe://home.test/other";
	if (maker == AUTHORITY) {
		spec.constraints = "critical,CA:TRUE";
		spec.usage = "critical,digitalSignature,keyCertSign";
	}
	return cert_make(&spec, &stage_home);
}

/* A failed handshake is shown as one, and nothing is asked without TLS. */
START_TEST(shows_a_failed_handshake_as_one)
{
	enum maker maker = impostors[_i].maker;
	struct cert leaf = make(maker);
	const char *served =
	    stage_serve(maker == PLAIN ? NULL : &leaf, OK_ANSWER);
	char url[96];

	(void)snprintf(url, sizeof(url), "https%s", strstr(served, "://"));
	start(url, API_ID);
	ck_assert_int_eq(call("*/*"), 502);
	ck_assert(has("\"ok\":false") && has("the TLS handshake failed: "));
	ck_assert_msg(has(impostors[_i].said), "%s", buf_text(&out));
	ck_assert(!has("\"fine\"") && !has("\"status\":200"));
	ck_assert_int_eq(call("text/html"), 200);
	ck_assert(has("role=\"alert\">the TLS handshake failed: "));
	cert_free(&leaf);
}
END_TEST

START_TEST(takes_an_answer_over_tls)
{
	struct cert leaf = make(GOOD);
	char url[96];

	(void)snprintf(
	    url, sizeof(url), "%s", stage_serve(&leaf, OK_ANSWER));
	start(url, API_ID);
	ck_assert_int_eq(call("*/*"), 200);
	ck_assert(has("\"fine\":true"));
	cert_free(&leaf);
}
END_TEST

static const struct {
	const char *answer, *said;
} bad_answers[] = {
	{ "", "closed the connection" },
	{ "SSH-2.0-OpenSSH\r\n\r\n", "the answer is not HTTP: SSH-2.0" },
	{ "HTTP/1.1 OK\r\n\r\n", "the answer is not HTTP" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "not a number" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "over" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
	    "ends before its end" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	    "chunk has no length" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
	    "ends before its end" },
	{ "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nno\r\n",
	    "status 503" },
};

START_TEST(says_what_is_wrong_with_an_answer)
{
	struct cert leaf = make(GOOD);
	char url[96];

	(void)snprintf(url, sizeof(url), "%s",
	    stage_serve(&leaf, bad_answers[_i].answer));
	start(url, API_ID);
	ck_assert_int_eq(call("*/*"), 502);
	ck_assert_msg(has(bad_answers[_i].said), "%s", buf_text(&out));
	cert_free(&leaf);
}
END_TEST

static const char *const good_answers[] = {
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	"7\r\n{\"fine\"\r\n6;x=y\r\n:true}\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	"D\r\n{\"fine\":true}\r\n0\r\nTrailer: x\r\n\r\n",
	"HTTP/1.1 200 OK\r\n\r\n{\"fine\":true}",
	"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n{\"fine\":true}",
	"HTTP/1.1 100 Continue\r\n\r\n" OK_ANSWER,
};

START_TEST(reads_every_form_of_answer)
{
	struct cert leaf = make(GOOD);
	char url[96];

	(void)snprintf(
	    url, sizeof(url), "%s", stage_serve(&leaf, good_answers[_i]));
	start(url, API_ID);
	ck_assert_int_eq(call("*/*"), 200);
	ck_assert(has("\"fine\":true"));
	cert_free(&leaf);
}
END_TEST

START_TEST(says_that_nobody_listens)
{
	start("https://127.0.0.1:1", API_ID);
	ck_assert_int_eq(call("*/*"), 502);
	ck_assert(has(
	    "cannot connect to 127.0.0.1 port 1: Connection refused"));
}
END_TEST

/* Read events until one says "update". */
static void
await_update(int fd)
{
	struct buf b;
	char c;

	buf_init(&b, 64 * 1024);
	while (!str_ends(buf_str(&b), "event: update\ndata: now\n\n")) {
		ck_assert_int_eq(read(fd, &c, 1), 1);
		buf_add_char(&b, c);
	}
	buf_release(&b);
}

START_TEST(tells_of_a_rotation_without_reload)
{
	static const char ask[] =
	    "GET /events HTTP/1.1\r\nHost: a\r\n"
	    "Accept: text/event-stream\r\n\r\n";
	char before[128];
	int fd;

	start("https://127.0.0.1:1", API_ID);
	fd = stage_connect(demo->url);
	stage_send(fd, ask, strlen(ask));
	await_update(fd);
	ck_assert_int_eq(get("/json"), 200);
	(void)snprintf(before, sizeof(before), "%.80s",
	    strstr(buf_text(&out), "\"sha256\""));
	stage_rotate(agent, DEMO_ID);
	UNTIL(get("/json") == 200 && !has(before));
	await_update(fd);
	(void)close(fd);
}
END_TEST

START_TEST(says_that_the_agent_is_gone_and_recovers)
{
	const char *path = stage_file("agent.sock", NULL);

	stage_agent_stop(agent);
	agent = stage_agent_at(path);
	stage_rotate(agent, DEMO_ID);
	start("https://127.0.0.1:1", API_ID);
	stage_agent_stop(agent);
	UNTIL(get("/health") == 200 && has("\"degraded\""));
	ck_assert_int_eq(get("/"), 200);
	ck_assert(has("badge degraded") && has("Last error"));
	agent = stage_agent_at(path);
	stage_rotate(agent, DEMO_ID);
	UNTIL(get("/health") == 200 && has("\"ok\""));
}
END_TEST

START_TEST(says_that_it_has_no_identity)
{
	struct child *api = stage_api(stage_agent(API_ID));
	char text[256];
	const char *args[] = { "-c", NULL, "--listen", "127.0.0.1:0", NULL };

	UNTIL(stage_get(api->health, "/health", NULL) == 200);
	(void)snprintf(text, sizeof(text),
	    "api_url = \"%s/attestation\"\napi_id = \"" API_ID "\"\n",
	    api->url);
	args[1] = stage_file("demo.conf", text);
	fake_set(agent, FAKE_SVIDS,
	    (struct fake_answer){ .ends = true,
		.status = GRPC_STATUS_PERMISSION_DENIED,
		.text = "no identity issued <yet>" });
	demo = stage_start("demo-app", agent, args);
	stage_ready(demo, false);
	UNTIL(get("/health") == 503 && has("no identity issued"));
	ck_assert(has("\"down\""));
	ck_assert_int_eq(get("/"), 200);
	ck_assert(has("is there an entry for this workload?"));
	ck_assert(has("no identity issued &lt;yet&gt;"));
	ck_assert_int_eq(call("*/*"), 502);
	ck_assert(has("we hold no X.509-SVID"));
	stage_rotate(agent, DEMO_ID);
	UNTIL(get("/health") == 200);
}
END_TEST

/* Takes connections, and says nothing. */
static int
listen_mutely(char url[64], const char *scheme)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	(void)snprintf(
	    url, 64, "%s://127.0.0.1:%u", scheme, ntohs(a.sin_port));
	return fd;
}

static void
must_end_at_once(void)
{
	int64_t begin = clock_ms();

	stage_signal(demo, SIGTERM);
	ck_assert_msg(stage_end(demo, NULL, &err) == 0, "%s", buf_text(&err));
	ck_assert_int_lt(clock_ms() - begin, 2500);
}

START_TEST(ends_at_once_while_the_api_is_silent)
{
	static const char request[] =
	    "POST /api-call HTTP/1.1\r\nHost: a\r\n\r\n";
	char url[64];
	int api = listen_mutely(url, "https"), asks, called;

	start(url, API_ID);
	asks = stage_connect(demo->url);
	stage_send(asks, request, strlen(request));
	called = accept(api, NULL, NULL);
	must_end_at_once();
	(void)close(called);
	(void)close(asks);
	(void)close(api);
}
END_TEST

START_TEST(ends_at_once_while_the_metadata_endpoint_is_silent)
{
	char url[64];
	int endpoint = listen_mutely(url, "http"), called;

	ck_assert_int_eq(setenv("ECS_CONTAINER_METADATA_URI_V4", url, 1), 0);
	start("https://127.0.0.1:1", API_ID);
	called = accept(endpoint, NULL, NULL);
	must_end_at_once();
	(void)close(called);
	(void)close(endpoint);
}
END_TEST

START_TEST(ends_at_once_while_the_agent_gives_no_token)
{
	fake_set(agent, FAKE_JWTS, (struct fake_answer){ .ends = false });
	start("https://127.0.0.1:1", API_ID);
	UNTIL(fake_open(agent, FAKE_JWTS) == 1);
	must_end_at_once();
}
END_TEST

START_TEST(is_small)
{
	struct fake_agent *api_agent = stage_agent(API_ID);
	struct child *api = stage_api(api_agent);
	int i;

	UNTIL(stage_get(api->health, "/health", NULL) == 200);
	start(api->url, API_ID);
	stage_is_small(demo, "demo-app, idle");
	stage_is_small(api, "api-service, idle");
	for (i = 0; i < 50; i++) {
		if (i % 10 == 0) {
			stage_rotate(agent, DEMO_ID);
			stage_rotate(api_agent, API_ID);
		}
		ck_assert_int_eq(call("*/*"), 200);
		ck_assert_int_eq(get("/"), 200);
		ck_assert_int_eq(get("/json"), 200);
	}
	stage_is_small(demo, "demo-app, after 150 requests");
	stage_is_small(api, "api-service, after 50 calls");
}
END_TEST

static const struct {
	const char *text, *said;
} bad_settings[] = {
	{ "api_url = \"http://127.0.0.1:80/\"",
	    "api_url: \"http://127.0.0.1:80/\" does not begin with https://" },
	{ "api_url = 7", "api_url: " },
	{ "api_id = demo", "api_id: " },
	{ "listen = 8080", "listen: " },
	{ "allowed_ids = {a}", "no such option 'allowed_ids'" },
};

START_TEST(refuses_settings)
{
	const char *args[] = { "-c",
		stage_file("demo.conf", bad_settings[_i].text), NULL };
	struct child *c = stage_start("demo-app", agent, args);

	ck_assert_int_eq(stage_end(c, NULL, &err), 1);
	ck_assert_msg(strstr(buf_text(&err), bad_settings[_i].said) != NULL,
	    "%s", buf_text(&err));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("programs/demo-app");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, shows_what_there_is);
	tcase_add_test(tc, needs_nothing_from_elsewhere);
	tcase_add_test(tc, says_it_all_as_json);
	tcase_add_test(tc, decodes_its_jwt_svid_and_keeps_the_token);
	tcase_add_test(tc, shows_the_task_as_hints);
	tcase_add_test(tc, escapes_everything);
	tcase_add_test(tc, says_why_there_is_no_metadata);
	tcase_add_test(tc, calls_the_api);
	tcase_add_test(tc, shows_the_refusal_of_the_api);
	ck_table(tc, shows_a_failed_handshake_as_one, impostors);
	tcase_add_test(tc, takes_an_answer_over_tls);
	ck_table(tc, says_what_is_wrong_with_an_answer, bad_answers);
	ck_table(tc, reads_every_form_of_answer, good_answers);
	tcase_add_test(tc, says_that_nobody_listens);
	tcase_add_test(tc, tells_of_a_rotation_without_reload);
	tcase_add_test(tc, says_that_the_agent_is_gone_and_recovers);
	tcase_add_test(tc, says_that_it_has_no_identity);
	tcase_add_test(tc, ends_at_once_while_the_api_is_silent);
	tcase_add_test(
	    tc, ends_at_once_while_the_metadata_endpoint_is_silent);
	tcase_add_test(tc, ends_at_once_while_the_agent_gives_no_token);
	tcase_add_test(tc, is_small);
	ck_table(tc, refuses_settings, bad_settings);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
