/* SPDX-License-Identifier: Apache-2.0 */
#include "asking.h"

#include "mock/error.h"

#define IDENTITY "Action=GetCallerIdentity&Version=2011-06-15"
#define ASSUME   "Action=AssumeRole&Version=2011-06-15"
#define WEB      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
#define VERIFIER \
	"arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2Fops%2Fspire-verifier"
#define WEB_ROLE "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fweb"
#define BLIND    "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fblind"

#define SECRET(n) "not/a/secret/only/for/the/fargate/mock0" n

static struct asker k;

static const struct signer user = { .service = "sts",
	.region = "eu-west-1",
	.key_id = "AKIAEXAMPLEEXAMPLE01",
	.secret = SECRET("1") };
static const struct signer verifier = { .service = "sts",
	.region = "eu-west-1",
	.key_id = "ASIAEXAMPLEEXAMPLE02",
	.secret = SECRET("2"),
	.token = "token+of/a=session" };

static void
setup(void)
{
	asker_init(&k, FULL);
}

static void
teardown(void)
{
	asker_release(&k);
}

static struct signer
task_signer(const char *name)
{
	const struct session *s = NULL;

	ck_assert_int_eq(
	    sessions_of_task(&s, k.m.sessions,
		scenario_task_find(k.m.scenario, str_of(name)), k.now_us, NULL),
	    ERR_OK);
	return signer_of(s, "sts", "eu-west-1");
}

static const char *
form(const struct signer *by, const char *body, bool json)
{
	asker_header(&k, "Content-Type", STS_FORM);
	if (json)
		asker_header(&k, "Accept", "application/json");
	return ask_signed(&k, by, body);
}

static void
check_refusal(int status, const char *code, const char *says)
{
	const char *body = buf_text(&k.a.body);

	ck_assert_msg(k.a.status == status, "%d: %s", k.a.status, body);
	ck_assert_str_eq(k.a.code, code);
	ck_has(body, code);
	ck_has(body, says);
}

START_TEST(says_who_a_task_is)
{
	struct signer by = task_signer("web");
	const char *body = form(&by, IDENTITY, false);
	char *id, *user_id, want[1024];

	ck_assert_int_eq(k.a.status, 200);
	ck_assert_str_eq(k.a.type, "text/xml");
	ck_assert_str_eq(k.a.operation, "GetCallerIdentity");
	ck_assert_str_eq(k.a.access_key_id, by.key_id);
	ck_assert_str_eq(k.a.code, "");
	id = value_of(body, "RequestId");
	user_id = value_of(body, "UserId");
	ck_assert_str_eq(k.a.headers[0].name, "x-amzn-RequestId");
	ck_assert_str_eq(k.a.headers[0].value, id);
	snprintf(want, sizeof(want),
	    "<GetCallerIdentityResponse "
	    "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
	    "  <GetCallerIdentityResult>\n"
	    "    <Arn>arn:aws:sts::111122223333:assumed-role/checkout-task/"
	    "4f8e7d6c5b4a39281706f5e4d3c2b1a0</Arn>\n"
	    "    <UserId>%s</UserId>\n"
	    "    <Account>111122223333</Account>\n"
	    "  </GetCallerIdentityResult>\n"
	    "  <ResponseMetadata>\n"
	    "    <RequestId>%s</RequestId>\n"
	    "  </ResponseMetadata>\n"
	    "</GetCallerIdentityResponse>\n",
	    user_id, id);
	ck_assert_str_eq(body, want);
	free(id);
	free(user_id);
}
END_TEST

START_TEST(says_it_in_json)
{
	struct signer by = task_signer("web");
	const char *body;
	char *id, *user_id, want[1024];

	asker_header(&k, "x-spire-fargate-binding", "v1.signed");
	body = form(&by, IDENTITY, true);
	ck_assert_int_eq(k.a.status, 200);
	ck_assert_str_eq(k.a.type, "application/json");
	id = value_of(body, "RequestId");
	user_id = value_of(body, "UserId");
	snprintf(want, sizeof(want),
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{"
	    "\"Account\":\"111122223333\",\"Arn\":\"arn:aws:sts::111122223333:"
	    "assumed-role/checkout-task/4f8e7d6c5b4a39281706f5e4d3c2b1a0\","
	    "\"UserId\":\"%s\"},\"ResponseMetadata\":{\"RequestId\":\"%s\"}}}",
	    user_id, id);
	ck_assert_str_eq(body, want);
	free(id);
	free(user_id);
}
END_TEST

START_TEST(says_who_a_server_is)
{
	ck_has(form(&user, IDENTITY, false),
	    "<Arn>arn:aws:iam::111122223333:user/mallory</Arn>");
	ck_has(form(&user, IDENTITY, false), "<UserId>AIDA");
	ck_has(form(&verifier, IDENTITY, false),
	    "<Arn>arn:aws:sts::444455556666:assumed-role/spire-verifier/"
	    "spire-server</Arn>");
}
END_TEST

/*
 * Signatures
 */

static void
drop_authorization(struct sigv4_request *req)
{
	req->header_count--;
}

static void
repeat_authorization(struct sigv4_request *req)
{
	req->headers[req->header_count] = req->headers[req->header_count - 1];
	req->header_count++;
}

static void
cut_authorization(struct sigv4_request *req)
{
	req->headers[req->header_count - 1].value.n -= 1;
}

static void
change_body(struct sigv4_request *req)
{
	req->body = STR(IDENTITY "&x=y");
}

static void
change_host(struct sigv4_request *req)
{
	req->headers[0].value = STR("127.0.0.1:8091");
}

static void
change_header(struct sigv4_request *req)
{
	for (size_t i = 0; i < req->header_count; i++) {
		if (str_eq_nocase(req->headers[i].name, STR("Content-Type")))
			req->headers[i].value = STR("text/plain");
	}
}

static void
add_amz_header(struct sigv4_request *req)
{
	req->headers[req->header_count++] =
	    (struct sigv4_header){ STR("X-Amz-Meta"), STR("not signed") };
}

static void
add_token(struct sigv4_request *req)
{
	req->headers[req->header_count++] =
	    (struct sigv4_header){ STR("X-Amz-Security-Token"), STR("token") };
}

static void
drop_date(struct sigv4_request *req)
{
	for (size_t i = 0; i < req->header_count; i++) {
		if (str_eq_nocase(req->headers[i].name, STR("X-Amz-Date")))
			req->headers[i].name = STR("X-Date");
	}
}

static void
drop_token(struct sigv4_request *req)
{
	for (size_t i = 0; i < req->header_count; i++) {
		if (str_eq_nocase(
			req->headers[i].name, STR("X-Amz-Security-Token")))
			req->headers[i].name = STR("X-Token");
	}
}

#define MINUTE_US ((int64_t)60 * 1000 * 1000)
#define BY_USER                                  \
	.service = "sts", .region = "eu-west-1", \
	.key_id = "AKIAEXAMPLEEXAMPLE01", .secret = SECRET("1")
#define BY_VERIFIER                              \
	.service = "sts", .region = "eu-west-1", \
	.key_id = "ASIAEXAMPLEEXAMPLE02", .secret = SECRET("2")

static const struct {
	struct signer by;
	int status;
	const char *code, *says;
} unproven[] = {
	{ { BY_USER, .spoil = drop_authorization }, 403,
	    "MissingAuthenticationToken", "missing Authentication Token" },
	{ { BY_USER, .spoil = repeat_authorization }, 400,
	    "IncompleteSignature", "repeated" },
	{ { BY_USER, .spoil = cut_authorization }, 400, "IncompleteSignature",
	    "Signature" },
	{ { BY_USER, .spoil = drop_date }, 400, "IncompleteSignature",
	    "X-Amz-Date" },
	{ { BY_USER, .spoil = change_body }, 403, "SignatureDoesNotMatch",
	    "does not match" },
	{ { BY_USER, .spoil = change_host }, 403, "SignatureDoesNotMatch",
	    "does not match" },
	{ { BY_USER, .spoil = change_header }, 403, "SignatureDoesNotMatch",
	    "does not match" },
	{ { BY_USER, .spoil = add_amz_header }, 403, "SignatureDoesNotMatch",
	    "X-Amz-Meta is not signed" },
	{ { BY_USER, .spoil = change_body, .flags = SIGV4_SIGN_BODY }, 403,
	    "SignatureDoesNotMatch", "x-amz-content-sha256" },
	{ { BY_USER, .spoil = add_token }, 403, "InvalidClientTokenId",
	    "is invalid." },
	{ { "sts", "eu-west-1", "AKIAEXAMPLEEXAMPLE99", SECRET("1"), NULL, NULL,
	      0, 0, NULL },
	    403, "InvalidClientTokenId", "is invalid." },
	{ { "sts", "eu-west-1", "AKIAEXAMPLEEXAMPLE01", SECRET("2"), NULL, NULL,
	      0, 0, NULL },
	    403, "SignatureDoesNotMatch", "does not match" },
	{ { BY_VERIFIER }, 403, "InvalidClientTokenId", "is invalid." },
	{ { BY_VERIFIER, .token = "token+of/a=sessioN" }, 403,
	    "InvalidClientTokenId", "is invalid." },
	{ { BY_VERIFIER, .token = "token+of/a=session", .spoil = drop_token },
	    403, "InvalidClientTokenId", "is invalid." },
	{ { BY_VERIFIER, .token = "token+of/a=session",
	      .flags = SIGV4_TOKEN_UNSIGNED },
	    403, "SignatureDoesNotMatch", "Security-Token is not signed" },
	{ { "sts", "eu-west-1", "ASIAEXAMPLEEXAMPLE03", SECRET("3"),
	      "token+of/an=old/session", NULL, 0, 0, NULL },
	    403, "ExpiredToken", "is expired" },
	{ { "ecs", "eu-west-1", "AKIAEXAMPLEEXAMPLE01", SECRET("1"), NULL, NULL,
	      0, 0, NULL },
	    403, "SignatureDoesNotMatch", "correct service: 'sts'" },
	{ { "sts", "eu-west-9", "AKIAEXAMPLEEXAMPLE01", SECRET("1"), NULL, NULL,
	      0, 0, NULL },
	    403, "SignatureDoesNotMatch", "valid region, not 'eu-west-9'" },
	{ { BY_USER, .host = "sts.eu-west-2.amazonaws.com" }, 403,
	    "SignatureDoesNotMatch", "valid region, not 'eu-west-1'" },
	{ { BY_USER, .host = "sts.amazonaws.com" }, 403,
	    "SignatureDoesNotMatch", "valid region, not 'eu-west-1'" },
	{ { BY_USER, .host = "ecs.eu-west-1.amazonaws.com" }, 403,
	    "SignatureDoesNotMatch", "valid region" },
	{ { BY_USER, .at_us = NOW_US - 15 * MINUTE_US - 1000 * 1000 }, 403,
	    "SignatureDoesNotMatch",
	    "Signature expired: 20260115T100529Z is now earlier than "
	    "20260115T100530Z (20260115T102030Z - 15 min.)" },
	{ { BY_USER, .at_us = NOW_US + 15 * MINUTE_US + 1000 * 1000 }, 403,
	    "SignatureDoesNotMatch",
	    "Signature not yet current: 20260115T103531Z is still later than "
	    "20260115T103530Z (20260115T102030Z + 15 min.)" },
};

START_TEST(refuses_what_is_not_proven)
{
	form(&unproven[_i].by, IDENTITY, _i % 2 == 1);
	check_refusal(
	    unproven[_i].status, unproven[_i].code, unproven[_i].says);
	ck_assert_ptr_nonnull(k.a.operation);
	ck_lacks(buf_text(&k.a.body), "not/a/secret");
}
END_TEST

static const struct signer proven[] = {
	{ BY_USER, .at_us = NOW_US - 15 * MINUTE_US },
	{ BY_USER, .at_us = NOW_US + 15 * MINUTE_US },
	{ BY_USER, .flags = SIGV4_SIGN_BODY },
	{ BY_USER, .host = "sts.eu-west-1.amazonaws.com" },
	{ BY_USER, .host = "sts-fips.eu-west-1.api.aws" },
	{ BY_USER, .host = "sts.eu-west-1.amazonaws.com.cn:443" },
	{ "sts", "us-east-1", "AKIAEXAMPLEEXAMPLE01", SECRET("1"), NULL,
	    "sts.amazonaws.com", 0, 0, NULL },
	{ "sts", "us-east-1", "AKIAEXAMPLEEXAMPLE01", SECRET("1"), NULL,
	    "localhost", 0, 0, NULL },
	{ BY_VERIFIER, .token = "token+of/a=session" },
};

START_TEST(takes_what_is_proven)
{
	const char *body = form(&proven[_i], IDENTITY, false);

	ck_assert_msg(k.a.status == 200, "%s", body);
}
END_TEST

/* A kept key is of one day, and the next day's is another. */
START_TEST(takes_one_key_for_many_days)
{
	for (int i = 0; i < 5; i++) {
		form(&user, IDENTITY, false);
		ck_assert_int_eq(k.a.status, 200);
		form(&proven[6], IDENTITY, false);
		ck_assert_int_eq(k.a.status, 200);
		k.now_us += 24 * 60 * MINUTE_US;
	}
}
END_TEST

START_TEST(ends_with_the_session)
{
	struct signer by = task_signer("web");

	sessions_expire(k.m.sessions,
	    scenario_task_find(k.m.scenario, STR("web")), k.now_us);
	form(&by, IDENTITY, true);
	check_refusal(403, "ExpiredToken", "{\"Error\":{\"Type\":\"Sender\",");
}
END_TEST

/*
 * Roles
 */

static void
check_works(const char *body, const char *arn)
{
	char *id = value_of(body, "AccessKeyId");
	char *secret = value_of(body, "SecretAccessKey");
	char *token = value_of(body, "SessionToken");
	struct signer by = { .service = "sts",
		.region = "eu-west-1",
		.key_id = id,
		.secret = secret,
		.token = token };

	ck_has(form(&by, IDENTITY, false), arn);
	free(id);
	free(secret);
	free(token);
}

START_TEST(assumes_a_role)
{
	const char *body = form(&user,
	    ASSUME "&RoleArn=" VERIFIER "&RoleSessionName=spire-server"
		   "&ExternalId=example.org%2Fspire&DurationSeconds=900",
	    false);

	ck_assert_msg(k.a.status == 200, "%s", body);
	ck_assert_str_eq(k.a.operation, "AssumeRole");
	ck_has(body, "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/"
		     "doc/2011-06-15/\">\n  <AssumeRoleResult>\n"
		     "    <AssumedRoleUser>\n      <Arn>arn:aws:sts::"
		     "444455556666:assumed-role/spire-verifier/spire-server"
		     "</Arn>\n      <AssumedRoleId>AROA");
	ck_has(body, ":spire-server</AssumedRoleId>\n    </AssumedRoleUser>\n"
		     "    <Credentials>\n      <AccessKeyId>ASIA");
	ck_has(body, "<Expiration>2026-01-15T10:35:30Z</Expiration>\n"
		     "    </Credentials>\n  </AssumeRoleResult>\n");
	check_works(body, "444455556666:assumed-role/spire-verifier/spire-");
}
END_TEST

START_TEST(assumes_a_role_in_json)
{
	const char *body = form(&user,
	    ASSUME "&RoleArn=" VERIFIER "&RoleSessionName=spire-server"
		   "&ExternalId=example.org%2Fspire",
	    true);

	ck_assert_msg(k.a.status == 200, "%s", body);
	ck_has(body, "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{"
		     "\"AssumedRoleUser\":{\"Arn\":\"arn:aws:sts::");
	/* 2026-01-15T11:20:30Z */
	ck_has(body, "\"Expiration\":1.76847603E9},");
	ck_has(body, "\"PackedPolicySize\":null,\"SourceIdentity\":null},"
		     "\"ResponseMetadata\":{\"RequestId\":\"");
	check_works(body, "444455556666:assumed-role/spire-verifier/spire-");
}
END_TEST

START_TEST(assumes_a_role_from_a_role)
{
	const char *body;

	form(&verifier,
	    ASSUME "&RoleArn=" WEB_ROLE "&RoleSessionName=x."
		   "&DurationSeconds=3601",
	    false);
	check_refusal(400, "ValidationError", "role chaining");
	body = form(&verifier,
	    ASSUME "&RoleArn=" WEB_ROLE
		   "&RoleSessionName=4f8e7d6c5b4a39281706f5e4d3c2b1a0",
	    false);
	check_works(body, "assumed-role/web/4f8e7d6c5b4a39281706f5e4d3c2b1a0");
}
END_TEST

START_TEST(assumes_a_role_with_a_web_identity)
{
	const char *body;

	asker_header(&k, "Content-Type", STS_FORM);
	body = ask(&k, METHOD_POST, "/",
	    WEB "&RoleArn=" WEB_ROLE "&RoleSessionName=spire-server"
		"&WebIdentityToken=eyJhbGciOiJub25lIn0.e30.web");
	ck_assert_msg(k.a.status == 200, "%s", body);
	ck_assert_str_eq(k.a.operation, "AssumeRoleWithWebIdentity");
	ck_has(body, "<AssumeRoleWithWebIdentityResult>");
	ck_has(body, "<SubjectFromWebIdentityToken>");
	check_works(body, "111122223333:assumed-role/web/spire-server");
}
END_TEST

#define NAMED "&RoleSessionName=spire-server"

static const struct {
	const struct signer *by; /* NULL: not signed */
	const char *body;
	int status;
	const char *code, *says;
} refused[] = {
	{ NULL, "", 400, "MissingAction", "Action" },
	{ NULL, "Version=2011-06-15", 400, "MissingAction", "Action" },
	{ NULL, "Action=GetCallerIdentity", 400, "NoSuchVersion", "" },
	{ NULL, "Action=GetCallerIdentity&Version=2010-05-08", 400,
	    "NoSuchVersion", "2010-05-08" },
	{ NULL, "Action=GetSessionToken&Version=2011-06-15", 400,
	    "InvalidAction", "GetSessionToken" },
	{ NULL, "Action=getcalleridentity&Version=2011-06-15", 400,
	    "InvalidAction", "getcalleridentity" },
	{ NULL, "Action=%3Cb%3E&Version=2011-06-15", 400, "InvalidAction",
	    "&lt;b&gt;" },
	{ NULL, IDENTITY "&Action=AssumeRole", 400, "MalformedQueryString",
	    "\"Action\" is repeated" },
	{ NULL, IDENTITY "&", 400, "MalformedQueryString", "Name=Value" },
	{ NULL, IDENTITY "&x", 400, "MalformedQueryString", "Name=Value" },
	{ NULL, IDENTITY "&=x", 400, "MalformedQueryString", "Name=Value" },
	{ NULL, IDENTITY "&x=%", 400, "MalformedQueryString", "encoded" },
	{ NULL, IDENTITY "&x=%4", 400, "MalformedQueryString", "encoded" },
	{ NULL, IDENTITY "&x=%4g", 400, "MalformedQueryString", "encoded" },
	{ NULL, IDENTITY "&x=\xc3\xa9", 400, "MalformedQueryString", "enc" },
	{ NULL, IDENTITY "&x=a b", 400, "MalformedQueryString", "encoded" },
	{ NULL, IDENTITY "&x=%00", 400, "MalformedQueryString", "UTF-8" },
	{ NULL, IDENTITY "&x=%ff", 400, "MalformedQueryString", "UTF-8" },
	{ NULL, IDENTITY "\r\n", 400, "MalformedQueryString", "encoded" },
	{ NULL, IDENTITY, 403, "MissingAuthenticationToken", "missing" },
	{ &user, ASSUME, 400, "ValidationError", "null at 'RoleArn'" },
	{ &user, ASSUME "&RoleArn=x" NAMED, 400, "ValidationError",
	    "from 20 to 2048" },
	{ &user, ASSUME "&RoleArn=" VERIFIER, 400, "ValidationError",
	    "null at 'RoleSessionName'" },
	{ &user, ASSUME "&RoleArn=" VERIFIER "&RoleSessionName=x", 400,
	    "ValidationError", "from 2 to 64" },
	{ &user, ASSUME "&RoleArn=" VERIFIER "&RoleSessionName=a%2Fb", 400,
	    "ValidationError", "Value 'a/b' at 'roleSessionName'" },
	{ &user, ASSUME "&RoleArn=" VERIFIER NAMED "&DurationSeconds=899", 400,
	    "ValidationError", "from 900 to 43200" },
	{ &user, ASSUME "&RoleArn=" VERIFIER NAMED "&DurationSeconds=43201",
	    400, "ValidationError", "from 900 to 43200" },
	{ &user, ASSUME "&RoleArn=" VERIFIER NAMED "&DurationSeconds=1h", 400,
	    "ValidationError", "from 900 to 43200" },
	{ &user, ASSUME "&RoleArn=" VERIFIER NAMED "&ExternalId=x", 400,
	    "ValidationError", "from 2 to 1224" },
	{ &user, ASSUME "&RoleArn=" VERIFIER NAMED, 403, "AccessDenied",
	    "User: arn:aws:iam::111122223333:user/mallory is not authorized "
	    "to perform: sts:AssumeRole on resource: arn:aws:iam::"
	    "444455556666:role/ops/spire-verifier" },
	{ &user, ASSUME "&RoleArn=" VERIFIER NAMED "&ExternalId=other", 403,
	    "AccessDenied", "not authorized" },
	{ &user,
	    ASSUME "&RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2F"
		   "spire-verifier" NAMED "&ExternalId=example.org%2Fspire",
	    403, "AccessDenied", "not authorized" },
	{ &user,
	    ASSUME "&RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2F"
		   "nobody" NAMED,
	    403, "AccessDenied", "not authorized" },
	{ &verifier,
	    ASSUME "&RoleArn=" VERIFIER NAMED "&ExternalId=example.org%2Fspire",
	    403, "AccessDenied", "not authorized" },
	{ NULL, ASSUME "&RoleArn=" VERIFIER NAMED, 403,
	    "MissingAuthenticationToken", "missing" },
	{ NULL, WEB "&RoleArn=" WEB_ROLE NAMED, 400, "ValidationError",
	    "null at 'WebIdentityToken'" },
	{ NULL, WEB "&RoleArn=" WEB_ROLE NAMED "&WebIdentityToken=abc", 400,
	    "ValidationError", "from 4 to 20000" },
	{ NULL, WEB "&RoleArn=" WEB_ROLE NAMED "&WebIdentityToken=abcd", 400,
	    "InvalidIdentityToken", "token" },
	{ NULL, WEB "&RoleArn=" VERIFIER NAMED "&WebIdentityToken=abcd", 403,
	    "AccessDenied", "Not authorized" },
};

START_TEST(refuses)
{
	if (refused[_i].by != NULL) {
		form(refused[_i].by, refused[_i].body, false);
	} else {
		asker_header(&k, "Content-Type", STS_FORM);
		ask(&k, METHOD_POST, "/", refused[_i].body);
	}
	check_refusal(refused[_i].status, refused[_i].code, refused[_i].says);
}
END_TEST

START_TEST(lets_a_role_be_assumed_that_may_assume_none)
{
	const char *body =
	    form(&user, ASSUME "&RoleArn=" BLIND "&RoleSessionName=me", false);
	char *id = value_of(body, "AccessKeyId");
	char *secret = value_of(body, "SecretAccessKey");
	char *token = value_of(body, "SessionToken");
	struct signer by = { .service = "sts",
		.region = "eu-west-1",
		.key_id = id,
		.secret = secret,
		.token = token };

	form(&by, ASSUME "&RoleArn=" BLIND "&RoleSessionName=me", false);
	check_refusal(403, "AccessDenied", "assumed-role/blind/me");
	form(&by, IDENTITY, false);
	ck_assert_int_eq(k.a.status, 200);
	free(id);
	free(secret);
	free(token);
}
END_TEST

START_TEST(takes_no_parameters_in_the_url)
{
	asker_header(&k, "Content-Type", STS_FORM);
	ask(&k, METHOD_POST, "/?Action=AssumeRole", IDENTITY);
	check_refusal(400, "MalformedQueryString", "in the body alone");
}
END_TEST

static const struct {
	const char *accept;
	bool json;
} accepts[] = {
	{ "application/json", true },
	{ "Application/JSON", true },
	{ "text/xml, application/json;q=0.5", true },
	{ "application/json-seq", false },
	{ "text/xml", false },
	{ "*/*", false },
	{ "", false },
	{ ",", false },
};

START_TEST(answers_as_accepted)
{
	asker_header(&k, "Content-Type", STS_FORM);
	asker_header(&k, "aCCEPT", accepts[_i].accept);
	ask(&k, METHOD_POST, "/", "");
	ck_assert_str_eq(
	    k.a.type, accepts[_i].json ? "application/json" : "text/xml");
}
END_TEST

START_TEST(spells_errors_as_aws_does)
{
	char *id, want[512];
	const char *body;

	asker_header(&k, "Content-Type", STS_FORM);
	body = ask(&k, METHOD_POST, "/", IDENTITY);
	id = value_of(body, "RequestId");
	snprintf(want, sizeof(want),
	    "<ErrorResponse "
	    "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
	    "  <Error>\n"
	    "    <Type>Sender</Type>\n"
	    "    <Code>MissingAuthenticationToken</Code>\n"
	    "    <Message>Request is missing Authentication Token</Message>\n"
	    "  </Error>\n"
	    "  <RequestId>%s</RequestId>\n"
	    "</ErrorResponse>\n",
	    id);
	ck_assert_str_eq(body, want);
	free(id);
}
END_TEST

START_TEST(serves_nothing_without_sessions)
{
	struct sessions *mine = k.m.sessions;

	k.m.sessions = NULL;
	ask(&k, METHOD_POST, "/", IDENTITY);
	ck_assert_int_eq(k.a.status, 500);
	k.m.sessions = mine;
	ask(&k, METHOD_POST, "/other", IDENTITY);
	ck_assert_int_eq(k.a.status, 404);
}
END_TEST

static TCase *
signatures(void)
{
	TCase *tc = tcase_create("signatures");

	tcase_add_checked_fixture(tc, setup, teardown);
	ck_table(tc, refuses_what_is_not_proven, unproven);
	ck_table(tc, takes_what_is_proven, proven);
	tcase_add_test(tc, takes_one_key_for_many_days);
	tcase_add_test(tc, ends_with_the_session);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("sts");
	TCase *tc = tcase_create("sts");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, says_who_a_task_is);
	tcase_add_test(tc, says_it_in_json);
	tcase_add_test(tc, says_who_a_server_is);
	tcase_add_test(tc, assumes_a_role);
	tcase_add_test(tc, assumes_a_role_in_json);
	tcase_add_test(tc, assumes_a_role_from_a_role);
	tcase_add_test(tc, assumes_a_role_with_a_web_identity);
	tcase_add_test(tc, lets_a_role_be_assumed_that_may_assume_none);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, takes_no_parameters_in_the_url);
	ck_table(tc, answers_as_accepted, accepts);
	tcase_add_test(tc, spells_errors_as_aws_does);
	tcase_add_test(tc, serves_nothing_without_sessions);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, signatures());
	return run_suite(suite);
}
