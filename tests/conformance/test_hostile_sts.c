/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile STS, or one in trouble, numbers 30 to 45 of the file HOSTILE: only
 * the one answer that AWS gives is believed, and only of the task's session.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "conformance/proof.h"
#include "conformance/tls.h"

#define JSON_TYPE "application/json"
#define LEAK      "what-no-agent-may-read"

#define STS_ARN(account, role, session) \
	"arn:aws:sts::" account ":assumed-role/" role "/" session
#define GOOD_ARN  STS_ARN(ACCOUNT, ROLE, TASK_ID)
#define GOOD_USER "AROAEXAMPLEEXAMPLE123:" TASK_ID
#define RESULT(account, arn, user)                                     \
	"{\"Account\":" account ",\"Arn\":" arn ",\"UserId\":" user "}"
#define GOOD_RESULT \
	RESULT("\"" ACCOUNT "\"", "\"" GOOD_ARN "\"", "\"" GOOD_USER "\"")
#define ANSWER(response, result, body)                            \
	"{\"" response "\":{\"" result "\":" body                 \
	",\"ResponseMetadata\":{\"RequestId\":\"0-1-2\"}}}"
#define IDENTITY(body) \
	ANSWER("GetCallerIdentityResponse", "GetCallerIdentityResult", body)
#define ARN_OF(arn) \
	IDENTITY(RESULT( \
	    "\"" ACCOUNT "\"", "\"" arn "\"", "\"" GOOD_USER "\""))

static struct lab *lab;
static struct task_keys keys;

static void
set_up(void)
{
	lab = lab_plain();
	lab_task(lab, "honest", &keys);
}

static void
tear_down(void)
{
	lab_close(lab);
}

static void
sts_says(int status, const char *type, const char *body)
{
	wire_be_honest(lab->wire);
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = "GetCallerIdentity",
		.status = status,
		.type = type,
		.body = body });
}

static void
sts_does(httpd_fn *handler, void *arg)
{
	wire_be_honest(lab->wire);
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = "GetCallerIdentity",
		.handler = handler,
		.arg = arg });
}

static void
fails(const char *why, grpc_status_code code, const char *says)
{
	const size_t before = wire_count(lab->wire, "DescribeTasks");

	must_fail_to_prove(lab, &keys, why, code, says);
	ck_assert_msg(wire_count(lab->wire, "DescribeTasks") == before,
	    "%s: ECS was asked", why);
}

/* What AWS would not say: not the agent's fault, and somebody must look. */
static void
is_not_understood(const char *why, const char *type, const char *body)
{
	sts_says(200, type, body);
	fails(why, GRPC_STATUS_UNAVAILABLE, "");
	host_wait_line(lab->host, "error", "AWS cannot be asked", 5000);
	lab_configure(lab, "");
}

static void
is_denied(const char *why, const char *body)
{
	sts_says(200, JSON_TYPE, body);
	fails(why, GRPC_STATUS_PERMISSION_DENIED, "");
}

/* Without this the refusals below would prove nothing. */
START_TEST(takes_the_answer_that_the_others_are_made_of)
{
	sts_says(200, JSON_TYPE, IDENTITY(GOOD_RESULT));
	must_prove(lab, &keys, HONEST_ID);
}
END_TEST

static void
trap(struct httpd_request *r)
{
	httpd_reply(r, 200, IDENTITY(GOOD_RESULT));
}

static void
redirect(struct httpd_request *r)
{
	httpd_print(r,
	    "HTTP/1.1 307 Go\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n",
	    httpd_url(r->arg));
}

static void
redirect_found(struct httpd_request *r)
{
	httpd_print(r,
	    "HTTP/1.1 302 Go\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n",
	    httpd_url(r->arg));
}

START_TEST(e30_redirect)
{
	struct httpd *other = httpd_start(0, trap, NULL);
	static httpd_fn *const handlers[] = { redirect, redirect_found };
	size_t i;

	for (i = 0; i < COUNT_OF(handlers); i++) {
		sts_does(handlers[i], other);
		fails("redirect", GRPC_STATUS_UNAVAILABLE, "");
		lab_configure(lab, "");
	}
	ck_assert_int_eq((int)httpd_requests(other), 0);
	httpd_stop(other);
}
END_TEST

#define XML                                                             \
	"<GetCallerIdentityResponse xmlns=\\\"https://sts.amazonaws.com/" \
	"doc/2011-06-15/\\\"><GetCallerIdentityResult><Arn>" GOOD_ARN     \
	"</Arn><UserId>" GOOD_USER "</UserId><Account>" ACCOUNT           \
	"</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"

START_TEST(e31_other_content_type)
{
	is_not_understood("XML", "text/xml", XML);
	is_not_understood("HTML", "text/html", "<html><body>" LEAK);
	is_not_understood("JSON as XML", "text/xml", IDENTITY(GOOD_RESULT));
	is_not_understood("JSON as text", "text/plain", IDENTITY(GOOD_RESULT));
	is_not_understood(
	    "like JSON", "application/jsonp", IDENTITY(GOOD_RESULT));
	is_not_understood("none", NULL, IDENTITY(GOOD_RESULT));
	is_not_understood("empty", "", IDENTITY(GOOD_RESULT));
}
END_TEST

START_TEST(e32_xml_within_json)
{
	is_not_understood("a string", JSON_TYPE, "\"" XML "\"");
	is_not_understood("a member", JSON_TYPE, "{\"x\":\"" XML "\"}");
	is_not_understood("beside it", JSON_TYPE,
	    "{\"x\":\"" XML "\",\"GetCallerIdentityResponse\":{"
	    "\"GetCallerIdentityResult\":" GOOD_RESULT "}}");
	is_not_understood("XML itself", JSON_TYPE, "<a>" XML "</a>");
	is_denied("in the Arn", ARN_OF(XML));
}
END_TEST

START_TEST(e33_answer_to_another_question)
{
	is_not_understood("AssumeRoleWithWebIdentity", JSON_TYPE,
	    ANSWER("AssumeRoleWithWebIdentityResponse",
		"AssumeRoleWithWebIdentityResult", GOOD_RESULT));
	is_not_understood("response of another", JSON_TYPE,
	    ANSWER("GetSessionTokenResponse", "GetCallerIdentityResult",
		GOOD_RESULT));
	is_not_understood("result of another", JSON_TYPE,
	    ANSWER("GetCallerIdentityResponse", "GetSessionTokenResult",
		GOOD_RESULT));
	is_not_understood("ErrorResponse", JSON_TYPE,
	    "{\"ErrorResponse\":{\"Error\":{\"Code\":\"" LEAK "\"}}}");
	is_not_understood("the bare result", JSON_TYPE, GOOD_RESULT);
	is_not_understood("in another case", JSON_TYPE,
	    ANSWER("getCallerIdentityResponse", "getCallerIdentityResult",
		GOOD_RESULT));
}
END_TEST

#define STRANGE(arn) \
	IDENTITY(RESULT("\"" ACCOUNT "\"", arn, "\"" GOOD_USER "\""))
#define Q(text) "\"" text "\""

START_TEST(e34_another_shape)
{
	static const struct {
		const char *why, *body;
	} rows[] = {
		{ "Arn twice", STRANGE(Q(GOOD_ARN) ",\"Arn\":" Q(GOOD_ARN)) },
		{ "Arn twice, escaped",
		    STRANGE(Q(GOOD_ARN) ",\"\\u0041rn\":" Q(GOOD_ARN)) },
		{ "Arn as a list", STRANGE("[" Q(GOOD_ARN) "]") },
		{ "Arn as a number", STRANGE("1") },
		{ "Arn null", STRANGE("null") },
		{ "Account as a number",
		    IDENTITY(RESULT(ACCOUNT, Q(GOOD_ARN), Q(GOOD_USER))) },
		{ "two results",
		    ANSWER("GetCallerIdentityResponse",
			"GetCallerIdentityResult",
			GOOD_RESULT
			",\"GetCallerIdentityResult\":" GOOD_RESULT) },
		{ "a list of results", IDENTITY("[" GOOD_RESULT "]") },
		{ "two documents",
		    IDENTITY(GOOD_RESULT) IDENTITY(GOOD_RESULT) },
		{ "trailing bytes", IDENTITY(GOOD_RESULT) "x" },
		{ "a list", "[" IDENTITY(GOOD_RESULT) "]" },
		{ "cut", "{\"GetCallerIdentityResponse\":{" },
		{ "empty", "" },
		{ "no UserId",
		    IDENTITY("{\"Account\":" Q(ACCOUNT) ",\"Arn\":" Q(
			GOOD_ARN) "}") },
		{ "broken UTF-8", STRANGE(Q(GOOD_ARN "\xff")) },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++)
		is_not_understood(rows[i].why, JSON_TYPE, rows[i].body);
}
END_TEST

static void
gibibyte(struct httpd_request *r)
{
	static const char part[64 * 1024] = "{";
	size_t i;

	if (!httpd_print(r, "HTTP/1.1 200 OK\r\nContent-Type: " JSON_TYPE
			    "\r\nContent-Length: 1073741824\r\n\r\n"))
		return;
	for (i = 0; i < 16 * 1024 && httpd_write(r, part, sizeof(part)); i++)
		;
	ck_assert_int_lt((int)i, 1024);
}

static void
endless(struct httpd_request *r)
{
	static const char part[64 * 1024] = "{";
	size_t i;

	if (!httpd_print(
		r, "HTTP/1.1 200 OK\r\nContent-Type: " JSON_TYPE "\r\n\r\n"))
		return;
	for (i = 0; i < 16 * 1024 && httpd_write(r, part, sizeof(part)); i++)
		;
	ck_assert_int_lt((int)i, 1024);
}

static void
drip(struct httpd_request *r)
{
	const char *text = IDENTITY(GOOD_RESULT);
	const size_t n = strlen(text);
	size_t i;

	if (!httpd_print(r,
		"HTTP/1.1 200 OK\r\nContent-Type: " JSON_TYPE
		"\r\nContent-Length: %zu\r\n\r\n",
		n))
		return;
	for (i = 0; i < n; i++)
		if (!httpd_write(r, text + i, 1) || !httpd_pause(r, 1000))
			return;
}

/* It was not asked for, so it is not unpacked. */
static void
packed(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\nContent-Type: " JSON_TYPE
		       "\r\nContent-Encoding: gzip\r\n"
		       "Content-Length: 4\r\n\r\n\x1f\x8b\x08");
}

static void
hang(struct httpd_request *r)
{
	httpd_hang(r);
}

static void
hang_up(struct httpd_request *r)
{
	httpd_print(r, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
}

START_TEST(e35_endless_slow_or_packed)
{
	static const struct {
		const char *why;
		httpd_fn *handler;
	} rows[] = {
		{ "1 GiB", gibibyte },
		{ "no end", endless },
		{ "drip", drip },
		{ "packed", packed },
		{ "silence", hang },
		{ "half", hang_up },
	};
	const size_t rss = process_rss(lab->host->process);
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		const int64_t from = now_ms();

		lab_configure(lab, "timeout = \"2s\"");
		sts_does(rows[i].handler, NULL);
		fails(rows[i].why, GRPC_STATUS_UNAVAILABLE, "");
		ck_assert_msg(now_ms() - from < patience(10000), "%s: %d ms",
		    rows[i].why, (int)(now_ms() - from));
	}
	ck_assert_msg(patience(1) > 1 || process_rss(lab->host->process) <
					     rss + 32 * 1024 * 1024,
	    "%zu bytes, then %zu", rss, process_rss(lab->host->process));
	lab_configure(lab, "");
}
END_TEST

/* Nothing is said to a server that AWS's authorities do not vouch for. */
START_TEST(e36_certificates)
{
	static const struct {
		const char *why;
		enum cert cert;
		bool is_trusted;
	} rows[] = {
		{ "good", CERT_GOOD, true },
		{ "expired", CERT_EXPIRED, false },
		{ "not valid yet", CERT_EARLY, false },
		{ "another name", CERT_OTHER_NAME, false },
		{ "self-signed", CERT_SELF_SIGNED, false },
		{ "old TLS", CERT_OLD_TLS, false },
	};
	char ca[96];
	size_t i;

	snprintf(ca, sizeof(ca), "%s/ca.pem", lab->dir);
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct tls *t = tls_start(ca, rows[i].cert);

		lab_configure(lab,
		    print("sts_endpoint = \"https://127.0.0.1:%d\"\n"
			  "ca_bundle_path = \"%s\"\ntimeout = \"3s\"",
			tls_port(t), ca));
		fails(rows[i].why, GRPC_STATUS_UNAVAILABLE, "");
		ck_assert_msg(tls_connections(t) > 0, "%s: not asked",
		    rows[i].why);
		ck_assert_msg((tls_told(t) > 0) == rows[i].is_trusted,
		    "%s: was told %zu bytes", rows[i].why, tls_told(t));
		tls_stop(t);
	}
	ck_assert_int_eq(unlink(ca), 0);
	lab_configure(lab, "");
}
END_TEST

#define ERROR_JSON(code)                                                  \
	"{\"Error\":{\"Code\":\"" code "\",\"Message\":\"" LEAK "\","     \
	"\"Type\":\"Sender\"},\"RequestId\":\"0-1-2\"}"
#define ERROR_XML(code)                                                   \
	"<ErrorResponse><Error><Type>Sender</Type><Code>" code            \
	"</Code><Message>" LEAK "</Message></Error></ErrorResponse>"

/* An agent exits for good on PERMISSION_DENIED: fresh credentials may help. */
START_TEST(e37_sts_refuses)
{
	static const struct {
		const char *body;
		grpc_status_code code;
	} rows[] = {
		{ ERROR_JSON("SignatureDoesNotMatch"),
		    GRPC_STATUS_PERMISSION_DENIED },
		{ ERROR_JSON("InvalidClientTokenId"),
		    GRPC_STATUS_PERMISSION_DENIED },
		{ ERROR_XML("SignatureDoesNotMatch"),
		    GRPC_STATUS_PERMISSION_DENIED },
		{ ERROR_XML("InvalidClientTokenId"),
		    GRPC_STATUS_PERMISSION_DENIED },
		{ ERROR_JSON("ExpiredToken"), GRPC_STATUS_UNAVAILABLE },
		{ ERROR_XML("ExpiredToken"), GRPC_STATUS_UNAVAILABLE },
	};
	struct proof *p = need_alloc(sizeof(*p));
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		const size_t asked =
		    wire_count(lab->wire, "GetCallerIdentity");

		sts_says(403, rows[i].body[0] == '{' ? JSON_TYPE : "text/xml",
		    rows[i].body);
		prove(p, lab, &keys);
		is_refused(p, rows[i].body, rows[i].code, "");
		ck_assert_msg(strstr(p->out.answer.text, LEAK) == NULL, "%s",
		    p->out.answer.text);
		ck_assert_msg(
		    wire_count(lab->wire, "GetCallerIdentity") == asked + 1,
		    "%s: asked again", rows[i].body);
		proof_end(p);
	}
	ck_assert(!process_said(lab->host->process, LEAK));
	free(p);
}
END_TEST

/* What the mock says of a session that has ended, as STS does. */
START_TEST(e37_ended_session)
{
	struct task_keys old = keys;

	lab_post(lab, "/mock/tasks/honest", "{\"credentials\":\"expire\"}");
	must_fail_to_prove(
	    lab, &old, "ended", GRPC_STATUS_UNAVAILABLE, "");
	lab_task(lab, "honest", &keys);
	ck_assert_str_ne(keys.token, old.token);
	must_prove(lab, &keys, HONEST_ID);
}
END_TEST

/* Faults of the mock itself: what comes of each is the same. */
START_TEST(e38_sts_is_broken)
{
	static const char *const faults[] = { "\"drop\":true",
		"\"truncate\":true", "\"garbage\":true", "\"throttle\":true",
		"\"status\":503", "\"flood\":100000", "\"drip_ms\":1000",
		"\"latency_ms\":5000", "\"body\":\"\"" };
	size_t i;

	for (i = 0; i < COUNT_OF(faults); i++) {
		lab_configure(lab, "timeout = \"1500ms\"");
		lab_post(lab, "/mock/faults",
		    print("{\"operation\":\"GetCallerIdentity\",%s,"
			  "\"count\":3}",
			faults[i]));
		fails(faults[i], GRPC_STATUS_UNAVAILABLE, "");
		ck_assert_int_le((int)lab_asked(lab, "GetCallerIdentity"),
		    3 * (int)(i + 1));
	}
	lab_configure(lab, "");
}
END_TEST

START_TEST(e38_sts_is_busy)
{
	static const struct {
		int status;
		const char *body;
	} rows[] = {
		{ 429, "" },
		{ 503, ERROR_XML("ServiceUnavailable") },
		{ 500, "" },
		{ 400, ERROR_JSON("Throttling") },
		{ 502, "<html>" LEAK },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		const size_t asked =
		    wire_count(lab->wire, "GetCallerIdentity");
		const int64_t from = now_ms();

		lab_configure(lab, "");
		sts_says(rows[i].status, JSON_TYPE, rows[i].body);
		fails(rows[i].body, GRPC_STATUS_UNAVAILABLE, "");
		ck_assert_int_le((int)(wire_count(lab->wire,
				     "GetCallerIdentity") -
				     asked),
		    3);
		ck_assert_int_le((int)(now_ms() - from), patience(20000));
	}
	lab_configure(lab, "");
	sts_says(503, JSON_TYPE, "");
	wire_be_honest(lab->wire);
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = "GetCallerIdentity",
		.times = 2,
		.status = 503 });
	must_prove(lab, &keys, HONEST_ID);
}
END_TEST

START_TEST(e39_no_session_of_a_role)
{
	static const char *const arns[] = {
		"arn:aws:iam::" ACCOUNT ":user/" TASK_ID,
		"arn:aws:iam::" ACCOUNT ":root",
		"arn:aws:sts::" ACCOUNT ":federated-user/" TASK_ID,
		"arn:aws:iam::" ACCOUNT ":role/" ROLE,
		"arn:aws:iam::" ACCOUNT ":assumed-role/" ROLE "/" TASK_ID,
		"arn:aws:sts::" ACCOUNT ":assumed-role/" ROLE,
		"arn:aws:sts::" ACCOUNT ":assumed-role/" TASK_ID,
		"arn:aws:sts:us-east-1:" ACCOUNT ":assumed-role/" ROLE
		"/" TASK_ID,
		"arn:aws:sts::" ACCOUNT ":Assumed-Role/" ROLE "/" TASK_ID,
		GOOD_ARN ":x", " " GOOD_ARN, GOOD_ARN "\\n", "" };
	size_t i;

	for (i = 0; i < COUNT_OF(arns); i++)
		is_denied(arns[i],
		    print(IDENTITY(RESULT(Q(ACCOUNT), Q("%s"), Q(GOOD_USER))),
			arns[i]));
}
END_TEST

START_TEST(e40_contradictions)
{
	static const struct {
		const char *account, *user;
	} rows[] = {
		{ OTHER_ACCOUNT, GOOD_USER },
		{ "12345678901", GOOD_USER },
		{ "", GOOD_USER },
		{ ACCOUNT, "AROAEXAMPLEEXAMPLE123:" OTHER_ID },
		{ ACCOUNT, "AROAEXAMPLEEXAMPLE123" },
		{ ACCOUNT, "AROAEXAMPLEEXAMPLE123:" },
		{ ACCOUNT, ":" TASK_ID },
		{ ACCOUNT, "AIDAEXAMPLEEXAMPLE123:" TASK_ID },
		{ ACCOUNT, "AROA:" TASK_ID },
		{ ACCOUNT, "AROAexample:" TASK_ID },
		{ ACCOUNT, "AROAEXAMPLEEXAMPLE123:" TASK_ID ":x" },
		{ ACCOUNT, "AROAEXAMPLEEXAMPLE123:" TASK_ID "\\u0000" },
		{ ACCOUNT, "" },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++)
		is_denied(print("%s %s", rows[i].account, rows[i].user),
		    print(IDENTITY(RESULT(Q("%s"), Q(GOOD_ARN), Q("%s"))),
			rows[i].account, rows[i].user));
}
END_TEST

static void
denied_session(const char *session)
{
	is_denied(session,
	    print(IDENTITY(RESULT(Q(ACCOUNT), Q(STS_ARN(ACCOUNT, ROLE, "%s")),
		      Q("AROAEXAMPLEEXAMPLE123:%s"))),
		session, session));
}

START_TEST(e41_session_of_somebody_else)
{
	static const char *const sessions[] = { "alice", OTHER_ID,
		TASK_ID "-x", TASK_ID "0", "x" TASK_ID, TASK_ID "\\n",
		TASK_ID "\\u0000", "0123456789ABCDEF0123456789ABCDEF",
		"0123456789abcdef0123456789abcde", " " TASK_ID, TASK_ID "/x" };
	size_t i;

	for (i = 0; i < COUNT_OF(sessions); i++)
		denied_session(sessions[i]);
}
END_TEST

START_TEST(e42_role_and_partition)
{
	static const char *const arns[] = {
		STS_ARN(ACCOUNT, "team/" ROLE, TASK_ID),
		STS_ARN(ACCOUNT, "", TASK_ID),
		STS_ARN(ACCOUNT, "web role", TASK_ID),
		"arn:aws-us-gov:sts::" ACCOUNT ":assumed-role/" ROLE
		"/" TASK_ID,
		"arn:aws-cn:sts::" ACCOUNT ":assumed-role/" ROLE "/" TASK_ID,
		"arn::sts::" ACCOUNT ":assumed-role/" ROLE "/" TASK_ID,
	};
	size_t i;

	for (i = 0; i < COUNT_OF(arns); i++)
		is_denied(arns[i],
		    print(IDENTITY(RESULT(Q(ACCOUNT), Q("%s"), Q(GOOD_USER))),
			arns[i]));
	is_denied("65 letters",
	    print(IDENTITY(RESULT(Q(ACCOUNT),
		      Q(STS_ARN(ACCOUNT, "%s", TASK_ID)), Q(GOOD_USER))),
		run_of('r', 65)));
}
END_TEST

#define BOTH_ACCOUNTS \
	"allowed_accounts = [\"" ACCOUNT "\", \"" OTHER_ACCOUNT "\"]"

/* CVE-2025-11621: what is known of one account answers for no other. */
START_TEST(e43_same_role_in_another_account)
{
	struct task_keys alien;
	struct proof *p = need_alloc(sizeof(*p));
	const size_t before = wire_count(lab->wire, NULL);

	lab_task(lab, "alien", &alien);
	must_prove(lab, &keys, HONEST_ID);
	must_fail_to_prove(lab, &alien, "its own task",
	    GRPC_STATUS_PERMISSION_DENIED,
	    "account ID " OTHER_ACCOUNT " is not allowed");
	proof_challenged(p, lab, &alien, claim_of(keys.arn));
	snprintf(p->signer.task_arn, sizeof(p->signer.task_arn), "%s",
	    keys.arn);
	proof_answer(p, proof_response(p, NULL, NULL));
	is_refused(p, "our task", GRPC_STATUS_PERMISSION_DENIED, "");
	proof_end(p);
	ck_assert_msg(wire_count(lab->wire, "DescribeTasks") == 1,
	    "ECS was asked after %zu", before);
	/* and where both the session and the task are as claimed */
	sts_says(200, JSON_TYPE,
	    IDENTITY(RESULT(Q(OTHER_ACCOUNT),
		Q(STS_ARN(OTHER_ACCOUNT, ROLE, TASK_ID)), Q(GOOD_USER))));
	fails("account of STS", GRPC_STATUS_PERMISSION_DENIED, "");
	lab_configure(lab, BOTH_ACCOUNTS);
	fails("account of STS, listed", GRPC_STATUS_PERMISSION_DENIED,
	    "the credentials are of account " OTHER_ACCOUNT);
	lab_configure(lab, "");
	free(p);
}
END_TEST

/* The server has keys of one account, and no role in the other. */
START_TEST(e44_no_keys_for_the_account)
{
	struct task_keys alien;

	lab_task(lab, "alien", &alien);
	lab_configure(lab, BOTH_ACCOUNTS);
	must_prove(lab, &keys, HONEST_ID);
	must_fail_to_prove(lab, &alien, "no keys", GRPC_STATUS_UNAVAILABLE,
	    "");
	ck_assert_int_eq((int)wire_count(lab->wire, "DescribeTasks"), 1);
	host_wait_line(lab->host, "error", "", 5000);
	must_prove(lab, &keys, HONEST_ID);
}
END_TEST

/* One session name, two places: only where ECS knows the task is it one. */
START_TEST(e45_task_of_another_place)
{
	static const char *const places[] = {
		"arn:aws:ecs:us-east-1:" ACCOUNT ":task/next/" TASK_ID,
		"arn:aws:ecs:us-east-1:" ACCOUNT ":task/no-such/" TASK_ID,
		"arn:aws:ecs:eu-west-1:" ACCOUNT ":task/my-cluster/" TASK_ID,
	};
	struct task_keys there = keys;
	size_t i;

	for (i = 0; i < COUNT_OF(places); i++) {
		snprintf(there.arn, sizeof(there.arn), "%s", places[i]);
		must_fail_to_prove(lab, &there, places[i],
		    GRPC_STATUS_PERMISSION_DENIED, "");
	}
	ck_assert_int_ge((int)wire_count(lab->wire, "DescribeTasks"), 3);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile STS");
	TCase *tc = new_case(s, "sts", 120);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, takes_the_answer_that_the_others_are_made_of);
	tcase_add_test(tc, e30_redirect);
	tcase_add_test(tc, e31_other_content_type);
	tcase_add_test(tc, e32_xml_within_json);
	tcase_add_test(tc, e33_answer_to_another_question);
	tcase_add_test(tc, e34_another_shape);
	tcase_add_test(tc, e35_endless_slow_or_packed);
	tcase_add_test(tc, e36_certificates);
	tcase_add_test(tc, e37_sts_refuses);
	tcase_add_test(tc, e37_ended_session);
	tcase_add_test(tc, e38_sts_is_broken);
	tcase_add_test(tc, e38_sts_is_busy);
	tcase_add_test(tc, e39_no_session_of_a_role);
	tcase_add_test(tc, e40_contradictions);
	tcase_add_test(tc, e41_session_of_somebody_else);
	tcase_add_test(tc, e42_role_and_partition);
	tcase_add_test(tc, e43_same_role_in_another_account);
	tcase_add_test(tc, e44_no_keys_for_the_account);
	tcase_add_test(tc, e45_task_of_another_place);
	return run_tests(s);
}
