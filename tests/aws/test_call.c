/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/call.h"

#include <stdio.h>

#include "aws/sigv4.h"
#include "base/clock.h"
#include "fake_aws.h"
#include "lab.h"
#include "testing.h"

#define OP      "DescribeTasks"
#define TARGET  "AmazonEC2ContainerServiceV20141113." OP
#define SECRET  "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN   "IQoJb3JpZ2luX2VjEXAMPLE//token=="
#define ERROR(code) "{\"__type\":\"" code "\",\"message\":\"no\"}"

enum { ASKS_MAX = 8, BODY_MAX = 4096 };

/* One call and what became of it. */
struct ask {
	struct aws_call *call;
	unsigned answers;
	int r;
	long status;
	unsigned sends;
	char body[BODY_MAX + 1], code[80], request_id[80], type[80];
	struct err err;
};

static struct fake_aws *fake, *other;
static struct endpoint endpoint;
static struct aws_caller caller;
static struct aws_keys *keys;
static struct ask asks[ASKS_MAX];
static bool starting;

static const struct http_header headers[] = {
	{ { "Content-Type", 12 }, { "application/x-amz-json-1.1", 26 } },
	{ { "X-Amz-Target", 12 }, { TARGET, sizeof(TARGET) - 1 } },
};

static void
take(char *out, size_t size, struct str s)
{
	ck_assert_uint_lt(s.n, size);
	(void)snprintf(out, size, "%.*s", STR_FMT(s));
}

static void
on_answer(
    void *arg, int r, const struct aws_answer *answer, const struct err *err)
{
	struct ask *a = arg;

	ck_assert(!starting);
	a->answers++;
	a->r = r;
	a->status = answer->status;
	a->sends = answer->sends;
	take(a->body, sizeof(a->body), answer->body);
	take(a->code, sizeof(a->code), answer->code);
	take(a->request_id, sizeof(a->request_id), answer->request_id);
	take(a->type, sizeof(a->type), answer->content_type);
	a->err = *err;
	ck_assert_int_eq(err->code, r);
	if (r != ERR_OK)
		ck_assert_ptr_nonnull(strstr(err->msg, OP ": "));
}

static void
make_keys(void)
{
	const struct aws_keys value = {
		.access_key_id = STR("ASIAEXAMPLEEXAMPLE01"),
		.secret = STR(SECRET),
		.token = STR(TOKEN),
		.source = "test",
	};

	ck_assert_int_eq(aws_keys_new(&keys, &value, NULL), ERR_OK);
}

static void
set_up_without_http(void)
{
	lab_set_up();
	memset(asks, 0, sizeof(asks));
	fake = fake_aws_start();
	other = fake_aws_start();
	ck_assert_int_eq(
	    endpoint_of_url(&endpoint, str_of(fake_aws_url(fake)), false, NULL),
	    ERR_OK);
	caller = (struct aws_caller){ .loop = lab_loop, .http = &lab_http };
	make_keys();
}

static void
set_up(void)
{
	set_up_without_http();
	lab_open_http();
}

static void
tear_down(void)
{
	lab_end_http();
	fake_aws_stop(fake);
	fake_aws_stop(other);
	aws_keys_unref(keys);
	lab_tear_down();
}

static struct aws_request
request(void)
{
	return (struct aws_request){
		.operation = OP,
		.service = "ecs",
		.region = STR("us-east-1"),
		.endpoint = &endpoint,
		.headers = headers,
		.header_count = COUNT_OF(headers),
		.body = STR("{\"cluster\":\"c\"}"),
		.keys = keys,
		.body_max = BODY_MAX,
		.deadline_ms = lab_in(15000),
		.send_ms = 5000,
		.sends = 3,
	};
}

static int
try_to_start(struct ask *a, const struct aws_request *req)
{
	int r;

	starting = true;
	r = aws_call_start(&a->call, &caller, req, on_answer, a, &a->err);
	starting = false;
	ck_assert_uint_eq(a->answers, 0);
	return r;
}

static struct ask *
start(const struct aws_request *req)
{
	int r = try_to_start(&asks[0], req);

	ck_assert_msg(r == ERR_OK, "%s", asks[0].err.msg);
	return &asks[0];
}

static struct ask *
ask(const struct aws_request *req)
{
	struct ask *a = start(req);

	lab_until_number(&a->answers, 1);
	return a;
}

/* As AWS does with what has come. */
static int
verify(const struct fake_request *got, const char *secret, struct err *err)
{
	struct sigv4_request req = {
		.method = STR("POST"), .path = STR("/"), .body = got->body
	};
	struct sigv4_authorization auth;
	struct str line, value, rest = got->head;
	int r = ERR_OK;

	(void)str_cut(&rest, rest, '\n');
	while (r == ERR_OK && rest.n > 2) {
		line = str_cut(&rest, rest, '\n');
		line = str_cut(&value, line, ':');
		r = sigv4_add_header(&req, line, str_trim(value), err);
	}
	if (r == ERR_OK)
		r = sigv4_authorization_parse(
		    &auth, fake_header(got, "Authorization"), err);
	if (r != ERR_OK)
		return r;
	ck_str(auth.access_key_id, "ASIAEXAMPLEEXAMPLE01");
	ck_str(auth.region, "us-east-1");
	ck_str(auth.service, "ecs");
	return sigv4_verify(&req, &auth, str_of(secret), err);
}

START_TEST(signs_as_aws_verifies)
{
	const struct aws_request req = request();
	const struct fake_request *got;
	struct err err = { 0 };

	FAKE_REPLY(fake, OP, .body = "{}");
	ck_assert_int_eq(ask(&req)->r, ERR_OK);
	got = fake_aws_request(fake, OP, 1);
	ck_assert_msg(verify(got, SECRET, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(verify(got, "another", NULL), ERR_POLICY);
	ck_str(fake_header(got, "X-Amz-Security-Token"), TOKEN);
	ck_str(fake_header(got, "X-Amz-Target"), TARGET);
	ck_str(fake_header(got, "Host"), endpoint.host);
	ck_str(got->body, "{\"cluster\":\"c\"}");
	ck_assert(str_starts(got->head, "POST / HTTP/1.1\r\n"));
}
END_TEST

START_TEST(sends_what_another_has_signed_as_it_stands)
{
	const struct http_header theirs[] = {
		{ STR("X-Amz-Target"), STR(TARGET) },
		{ STR("X-Amz-Date"), STR("20261122T030405Z") },
		{ STR("Authorization"), STR("AWS4-HMAC-SHA256 of theirs") },
	};
	struct aws_request req = request();
	const struct fake_request *got;

	req.keys = NULL;
	req.headers = theirs;
	req.header_count = COUNT_OF(theirs);
	FAKE_REPLY(fake, OP, .times = 1, .status = 503);
	FAKE_REPLY(fake, OP, .body = "{}");
	ck_assert_int_eq(ask(&req)->r, ERR_OK);
	got = fake_aws_request(fake, OP, 2);
	ck_str(fake_header(got, "Authorization"), "AWS4-HMAC-SHA256 of theirs");
	ck_str(fake_header(got, "X-Amz-Date"), "20261122T030405Z");
	ck_assert_ptr_null(fake_header(got, "X-Amz-Security-Token").p);
	ck_assert_ptr_null(fake_header(got, "Content-Type").p);
	ck_str(got->body, "{\"cluster\":\"c\"}");
}
END_TEST

START_TEST(expects_no_interim_answer)
{
	static char body[60 * 1024];
	struct aws_request req = request();

	memset(body, 'x', sizeof(body));
	req.body = (struct str){ body, sizeof(body) };
	FAKE_REPLY(fake, OP, .body = "{}");
	ck_assert_int_eq(ask(&req)->r, ERR_OK);
	ck_assert_ptr_null(
	    fake_header(fake_aws_request(fake, OP, 1), "Expect").p);
}
END_TEST

START_TEST(gives_the_answer_with_its_request_id)
{
	const struct aws_request req = request();
	struct ask *a;

	FAKE_REPLY(fake, OP, .body = "{\"tasks\":[]}",
	    .headers = "Content-Type: application/x-amz-json-1.1\r\n"
		       "x-amzn-RequestId: 7b3f-21_A\r\n");
	a = ask(&req);
	ck_assert_int_eq(a->r, ERR_OK);
	ck_assert_int_eq(a->status, 200);
	ck_assert_uint_eq(a->sends, 1);
	ck_assert_str_eq(a->body, "{\"tasks\":[]}");
	ck_assert_str_eq(a->type, "application/x-amz-json-1.1");
	ck_assert_str_eq(a->request_id, "7b3f-21_A");
	ck_assert_str_eq(a->code, "");
}
END_TEST

START_TEST(keeps_no_words_of_an_earlier_answer)
{
	const struct aws_request req = request();
	struct ask *a;

	FAKE_REPLY(fake, OP, .times = 1, .status = 503,
	    .headers = "x-amzn-RequestId: first\r\n",
	    .body = ERROR("ServerException"));
	FAKE_REPLY(fake, OP, .body = "{}",
	    .headers = "x-amzn-RequestId: not\tclean\r\n");
	a = ask(&req);
	ck_assert_int_eq(a->r, ERR_OK);
	ck_assert_uint_eq(a->sends, 2);
	ck_assert_str_eq(a->code, "");
	ck_assert_str_eq(a->request_id, "");
}
END_TEST

/* What AWS may say, and what becomes of it. */
static const struct verdict {
	int status;
	const char *headers, *body;
	int r;
	unsigned sends;
	const char *code;
} verdicts[] = {
	{ 400, NULL, ERROR("ThrottlingException"), ERR_UNAVAILABLE, 3,
	    "ThrottlingException" },
	{ 400, "x-amzn-ErrorType: Throttling:http://x/\r\n", "{}",
	    ERR_UNAVAILABLE, 3, "Throttling" },
	{ 400, NULL, "<ErrorResponse><Error><Code>Throttling</Code></Error>",
	    ERR_UNAVAILABLE, 3, "Throttling" },
	{ 400, NULL, "{\"Error\":{\"Code\":\"Throttling\"}}", ERR_UNAVAILABLE,
	    3, "Throttling" },
	{ 429, NULL, "slow", ERR_UNAVAILABLE, 3, "" },
	{ 500, NULL, "", ERR_UNAVAILABLE, 3, "" },
	{ 502, NULL, "<html>", ERR_UNAVAILABLE, 3, "" },
	{ 503, NULL, ERROR("ServiceUnavailable"), ERR_UNAVAILABLE, 3,
	    "ServiceUnavailable" },
	{ 503, NULL, ERROR("SlowDown"), ERR_UNAVAILABLE, 3, "SlowDown" },
	{ 400, NULL, ERROR("a.b#ClusterNotFoundException"), ERR_POLICY, 1,
	    "ClusterNotFoundException" },
	{ 403, NULL, ERROR("ExpiredTokenException"), ERR_POLICY, 1,
	    "ExpiredTokenException" },
	{ 403, NULL, "<html>a proxy's page</html>", ERR_UPSTREAM, 1, "" },
	{ 404, NULL, "", ERR_UPSTREAM, 1, "" },
	{ 204, NULL, "", ERR_UPSTREAM, 1, "" },
	{ 301, "Location: /x\r\n", ERROR("MovedPermanently"), ERR_UPSTREAM, 1,
	    "MovedPermanently" },
};

START_TEST(understands)
{
	const struct verdict *v = &verdicts[_i];
	const struct aws_request req = request();
	struct ask *a;

	FAKE_REPLY(fake, OP, .status = v->status, .headers = v->headers,
	    .body = v->body);
	a = ask(&req);
	ck_assert_int_eq(a->r, v->r);
	ck_assert_uint_eq(a->sends, v->sends);
	ck_assert_uint_eq(fake_aws_count(fake, OP), v->sends);
	ck_assert_int_eq(a->status, v->status);
	ck_assert_str_eq(a->code, v->code);
	ck_assert_str_eq(a->body, "");
	ck_assert_ptr_null(strstr(a->err.msg, "page"));
}
END_TEST

START_TEST(asks_again_until_there_is_an_answer)
{
	const struct aws_request req = request();
	struct ask *a;
	struct err err = { 0 };

	FAKE_REPLY(fake, OP, .times = 1, .how = FAKE_DROPS);
	FAKE_REPLY(fake, OP, .times = 1, .status = 400,
	    .body = ERROR("ThrottlingException"));
	FAKE_REPLY(fake, OP, .body = "{}");
	a = ask(&req);
	ck_assert_int_eq(a->r, ERR_OK);
	ck_assert_uint_eq(a->sends, 3);
	/* each is signed anew */
	ck_assert_int_eq(
	    verify(fake_aws_request(fake, OP, 3), SECRET, &err), ERR_OK);
}
END_TEST

START_TEST(ends_by_its_deadline)
{
	struct aws_request req = request();
	int64_t began = clock_ms();

	req.deadline_ms = lab_in(60);
	req.sends = 1000;
	FAKE_REPLY(fake, OP, .status = 503);
	ck_assert_int_eq(ask(&req)->r, ERR_UNAVAILABLE);
	ck_assert_int_lt(clock_ms() - began, 3000);
	ck_assert_uint_lt(asks[0].sends, 1000);
}
END_TEST

START_TEST(gives_up_on_one_send_and_tries_another)
{
	struct aws_request req = request();

	req.send_ms = 1000;
	FAKE_REPLY(fake, OP, .times = 1, .how = FAKE_HOLDS);
	FAKE_REPLY(fake, OP, .body = "{}");
	ck_assert_int_eq(ask(&req)->r, ERR_OK);
	ck_assert_uint_eq(asks[0].sends, 2);
}
END_TEST

START_TEST(says_so_when_nobody_is_there)
{
	const struct aws_request req = request();
	struct ask *a;

	fake_aws_stop(fake);
	fake = NULL;
	a = ask(&req);
	ck_assert_int_eq(a->r, ERR_UNAVAILABLE);
	ck_assert_uint_eq(a->sends, 3);
	ck_assert_int_eq(a->status, 0);
}
END_TEST

START_TEST(never_follows_a_redirect)
{
	static const int statuses[] = { 301, 302, 303, 307, 308 };
	const struct aws_request req = request();
	char location[128];

	(void)snprintf(location, sizeof(location), "Location: %s/\r\n",
	    fake_aws_url(other));
	FAKE_REPLY(fake, OP, .status = statuses[_i], .headers = location);
	FAKE_REPLY(other, OP, .body = "{}");
	ck_assert_int_eq(ask(&req)->r, ERR_UPSTREAM);
	ck_assert_uint_eq(asks[0].sends, 1);
	ck_assert_uint_eq(fake_aws_connections(other), 0);
}
END_TEST

START_TEST(reads_no_more_than_it_may)
{
	struct aws_request req = request();

	req.body_max = 1000;
	FAKE_REPLY(fake, OP, .how = FAKE_ENDLESS);
	ck_assert_int_eq(ask(&req)->r, ERR_TOOBIG);
	ck_assert_uint_eq(asks[0].sends, 1);
}
END_TEST

/*
 * Cancels
 */

static void
cancel(struct ask *a)
{
	starting = true;
	aws_call_cancel(a->call);
	aws_call_cancel(a->call); /* once more is fine */
	starting = false;
	ck_assert_uint_eq(a->answers, 0);
	lab_until_number(&a->answers, 1);
	ck_assert_int_eq(a->r, ERR_CANCELLED);
	lab_step();
	ck_assert_uint_eq(a->answers, 1);
}

START_TEST(can_be_cancelled_before_it_is_sent)
{
	const struct aws_request req = request();

	FAKE_REPLY(fake, OP, .body = "{}");
	cancel(start(&req));
}
END_TEST

START_TEST(can_be_cancelled_while_it_waits_for_an_answer)
{
	const struct aws_request req = request();
	struct ask *a;

	FAKE_REPLY(fake, OP, .how = FAKE_HOLDS);
	a = start(&req);
	fake_aws_until(fake, OP, 1);
	cancel(a);
}
END_TEST

START_TEST(can_be_cancelled_when_its_answer_is_under_way)
{
	const struct aws_request req = request();
	struct ask *a;

	FAKE_REPLY(fake, OP, .body = "{}");
	a = start(&req);
	fake_aws_until(fake, OP, 1);
	/* it may be here already */
	if (a->answers == 0)
		cancel(a);
}
END_TEST

/* Nothing has come for a while: it rests between two sends. */
static bool
is_quiet(const void *arg)
{
	static unsigned seen;
	static int64_t since;
	unsigned n = fake_aws_count(fake, arg);

	if (n < 3 || n != seen) {
		seen = n;
		since = clock_ms();
	}
	return clock_ms() - since > 50;
}

START_TEST(can_be_cancelled_in_a_pause)
{
	struct aws_request req = request();
	unsigned sent;

	req.sends = 1000;
	FAKE_REPLY(fake, OP, .status = 503);
	(void)start(&req);
	lab_until(is_quiet, OP);
	sent = fake_aws_count(fake, OP);
	cancel(&asks[0]);
	ck_assert_uint_eq(fake_aws_count(fake, OP), sent);
}
END_TEST

static struct aws_gate *
empty_gate(int64_t rate)
{
	struct aws_gate *gate = NULL;
	struct gate_wait wait = { .deadline_ms = lab_in(1000) };

	ck_assert_int_eq(
	    aws_gate_new(&gate, lab_loop, rate, 1, NULL), ERR_OK);
	ck_assert_int_eq(gate_enter(gate, &wait, NULL), ERR_OK);
	return gate;
}

START_TEST(can_be_cancelled_while_it_waits_for_a_token)
{
	struct aws_request req = request();

	req.gate = empty_gate(1);
	cancel(start(&req));
	ck_assert_uint_eq(fake_aws_count(fake, OP), 0);
	aws_gate_free(req.gate);
}
END_TEST

START_TEST(is_answered_when_http_ends)
{
	const struct aws_request req = request();
	struct ask *a;

	FAKE_REPLY(fake, OP, .how = FAKE_HOLDS);
	a = start(&req);
	fake_aws_until(fake, OP, 1);
	lab_end_http();
	ck_assert_uint_eq(a->answers, 1);
	ck_assert_int_eq(a->r, ERR_CANCELLED);
}
END_TEST

START_TEST(asks_nothing_once_http_is_gone)
{
	struct aws_request req = request();
	struct aws_gate *gate = empty_gate(20);
	struct ask *a;

	req.gate = gate;
	a = start(&req);
	lab_end_http();
	lab_until_number(&a->answers, 1);
	ck_assert_int_eq(a->r, ERR_CANCELLED);
	req.gate = NULL;
	ck_assert_int_eq(try_to_start(&asks[1], &req), ERR_CANCELLED);
	ck_assert_uint_eq(fake_aws_count(fake, NULL), 0);
	aws_gate_free(gate);
}
END_TEST

/*
 * Budgets
 */

START_TEST(takes_a_token_for_each_send)
{
	struct aws_request req = request();
	struct gate_wait wait = { .deadline_ms = lab_in(1) };

	ck_assert_int_eq(
	    aws_gate_new(&req.gate, lab_loop, 1, 4, NULL), ERR_OK);
	FAKE_REPLY(fake, OP, .status = 503);
	ck_assert_int_eq(ask(&req)->r, ERR_UNAVAILABLE);
	ck_assert_uint_eq(asks[0].sends, 3);
	ck_assert_int_eq(gate_enter(req.gate, &wait, NULL), ERR_OK);
	ck_assert_int_eq(gate_enter(req.gate, &wait, NULL), ERR_UNAVAILABLE);
	aws_gate_free(req.gate);
}
END_TEST

START_TEST(waits_for_a_token)
{
	struct aws_request req = request();

	req.gate = empty_gate(20);
	FAKE_REPLY(fake, OP, .body = "{}");
	ck_assert_int_eq(ask(&req)->r, ERR_OK);
	aws_gate_free(req.gate);
}
END_TEST

START_TEST(refuses_at_once_what_no_token_comes_for_in_time)
{
	struct aws_request req = request();

	req.gate = empty_gate(1);
	req.deadline_ms = lab_in(100);
	ck_assert_int_eq(try_to_start(&asks[0], &req), ERR_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(asks[0].err.msg, OP ": "));
	aws_gate_free(req.gate);
}
END_TEST

/* Throttling opens the breaker, and an answer closes it again. */
START_TEST(rests_when_aws_throttles)
{
	struct aws_request req = request();
	unsigned sends;

	ck_assert_int_eq(
	    aws_gate_new(&req.gate, lab_loop, 1000, 1000, NULL), ERR_OK);
	FAKE_REPLY(fake, OP, .times = 5, .status = 400,
	    .body = ERROR("ThrottlingException"));
	FAKE_REPLY(fake, OP, .body = "{}");
	ck_assert_int_eq(ask(&req)->r, ERR_UNAVAILABLE);
	asks[0].answers = 0;
	ck_assert_int_eq(ask(&req)->r, ERR_UNAVAILABLE);
	sends = fake_aws_count(fake, OP);
	ck_assert_uint_eq(sends, 5);
	ck_assert_int_eq(try_to_start(&asks[1], &req), ERR_UNAVAILABLE);
	lab_pass(1000);
	req.deadline_ms = lab_in(10000);
	asks[0].answers = 0;
	ck_assert_int_eq(ask(&req)->r, ERR_OK);
	ck_assert_int_eq(try_to_start(&asks[1], &req), ERR_OK);
	lab_until_number(&asks[1].answers, 1);
	ck_assert_int_eq(asks[1].r, ERR_OK);
	aws_gate_free(req.gate);
}
END_TEST

START_TEST(a_probe_that_is_cancelled_leaves_the_gate_usable)
{
	struct aws_request req = request();
	int i;

	ck_assert_int_eq(
	    aws_gate_new(&req.gate, lab_loop, 1000, 1000, NULL), ERR_OK);
	req.sends = 1;
	FAKE_REPLY(fake, OP, .times = 5, .status = 429);
	FAKE_REPLY(fake, OP, .times = 1, .how = FAKE_HOLDS);
	FAKE_REPLY(fake, OP, .body = "{}");
	for (i = 0; i < 5; i++) {
		asks[0].answers = 0;
		ck_assert_int_eq(ask(&req)->r, ERR_UNAVAILABLE);
	}
	lab_pass(1000);
	req.deadline_ms = lab_in(10000);
	asks[0].answers = 0;
	(void)start(&req);
	fake_aws_until(fake, OP, 6);
	cancel(&asks[0]);
	asks[0].answers = 0;
	ck_assert_int_eq(ask(&req)->r, ERR_OK);
	aws_gate_free(req.gate);
}
END_TEST

/*
 * Proxies
 */

START_TEST(goes_through_a_proxy_by_https_only)
{
	struct aws_request req = request();
	static const char connect[] =
	    "CONNECT sts.us-east-1.amazonaws.com:443";

	FAKE_REPLY(fake, OP, .body = "{}");
	(void)setenv("http_proxy", fake_aws_url(other), 1);
	(void)setenv("ALL_PROXY", fake_aws_url(other), 1);
	(void)setenv("HTTPS_PROXY", fake_aws_url(other), 1);
	lab_open_http();
	ck_assert_int_eq(ask(&req)->r, ERR_OK);
	ck_assert_uint_eq(fake_aws_connections(other), 0);

	ck_assert_int_eq(
	    endpoint_of_url(&endpoint,
		STR("https://sts.us-east-1.amazonaws.com"), false, NULL),
	    ERR_OK);
	FAKE_REPLY(other, connect, .status = 403);
	req.sends = 1;
	asks[0].answers = 0;
	ck_assert_int_eq(ask(&req)->r, ERR_UNAVAILABLE);
	ck_assert_uint_eq(fake_aws_count(other, connect), 1);
	ck_assert_uint_eq(fake_aws_count(other, NULL), 1);
}
END_TEST

/*
 * Figures
 */

static unsigned figures;
static char result_seen[32];

static void
on_called(void *arg, const char *operation, const char *result, int64_t ms)
{
	ck_assert_ptr_eq(arg, &figures);
	ck_assert_str_eq(operation, OP);
	ck_assert_int_ge(ms, 0);
	(void)snprintf(result_seen, sizeof(result_seen), "%s", result);
	figures++;
}

static void
expect_result(const struct aws_request *req, int r, const char *result)
{
	unsigned before = figures;

	asks[0].answers = 0;
	ck_assert_int_eq(ask(req)->r, r);
	ck_assert_uint_eq(figures, before + 1);
	ck_assert_str_eq(result_seen, result);
}

START_TEST(tells_how_each_call_ended)
{
	const struct aws_observer observer = { &figures, on_called, NULL };
	struct aws_request req = request();

	figures = 0;
	req.sends = 1;
	caller.observer = &observer;
	FAKE_REPLY(fake, OP, .times = 1, .body = "{}");
	FAKE_REPLY(fake, OP, .times = 1, .status = 400,
	    .body = ERROR("AccessDenied"));
	FAKE_REPLY(fake, OP, .times = 1, .status = 400,
	    .body = ERROR("ThrottlingException"));
	FAKE_REPLY(fake, OP, .times = 1, .status = 503);
	FAKE_REPLY(fake, OP, .status = 404);
	expect_result(&req, ERR_OK, "ok");
	expect_result(&req, ERR_POLICY, "denied");
	expect_result(&req, ERR_UNAVAILABLE, "throttled");
	expect_result(&req, ERR_UNAVAILABLE, "unavailable");
	expect_result(&req, ERR_UPSTREAM, "unusable");
}
END_TEST

/* Throttled, and then not even heard: by then it is more than throttling. */
START_TEST(tells_of_the_last_try)
{
	const struct aws_observer observer = { &figures, on_called, NULL };
	struct aws_request req = request();

	caller.observer = &observer;
	req.sends = 2;
	FAKE_REPLY(fake, OP, .times = 1, .status = 429);
	FAKE_REPLY(fake, OP, .times = 1, .how = FAKE_DROPS);
	FAKE_REPLY(fake, OP, .times = 1, .how = FAKE_DROPS);
	FAKE_REPLY(fake, OP, .status = 429);
	expect_result(&req, ERR_UNAVAILABLE, "unavailable");
	expect_result(&req, ERR_UNAVAILABLE, "throttled");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("call");
	TCase *tc = tcase_create("call"), *proxies = tcase_create("proxies");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, signs_as_aws_verifies);
	tcase_add_test(tc, sends_what_another_has_signed_as_it_stands);
	tcase_add_test(tc, expects_no_interim_answer);
	tcase_add_test(tc, gives_the_answer_with_its_request_id);
	tcase_add_test(tc, keeps_no_words_of_an_earlier_answer);
	ck_table(tc, understands, verdicts);
	tcase_add_test(tc, asks_again_until_there_is_an_answer);
	tcase_add_test(tc, ends_by_its_deadline);
	tcase_add_test(tc, gives_up_on_one_send_and_tries_another);
	tcase_add_test(tc, says_so_when_nobody_is_there);
	tcase_add_loop_test(tc, never_follows_a_redirect, 0, 5);
	tcase_add_test(tc, reads_no_more_than_it_may);
	tcase_add_test(tc, can_be_cancelled_before_it_is_sent);
	tcase_add_test(tc, can_be_cancelled_while_it_waits_for_an_answer);
	tcase_add_test(tc, can_be_cancelled_when_its_answer_is_under_way);
	tcase_add_test(tc, can_be_cancelled_in_a_pause);
	tcase_add_test(tc, can_be_cancelled_while_it_waits_for_a_token);
	tcase_add_test(tc, is_answered_when_http_ends);
	tcase_add_test(tc, asks_nothing_once_http_is_gone);
	tcase_add_test(tc, takes_a_token_for_each_send);
	tcase_add_test(tc, waits_for_a_token);
	tcase_add_test(tc, refuses_at_once_what_no_token_comes_for_in_time);
	tcase_add_test(tc, rests_when_aws_throttles);
	tcase_add_test(tc, a_probe_that_is_cancelled_leaves_the_gate_usable);
	tcase_add_test(tc, tells_how_each_call_ended);
	tcase_add_test(tc, tells_of_the_last_try);
	tcase_add_checked_fixture(proxies, set_up_without_http, tear_down);
	tcase_add_test(proxies, goes_through_a_proxy_by_https_only);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, proxies);
	return run_suite(s);
}
