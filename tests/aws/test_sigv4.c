/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/sigv4.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>

#include <json-c/json.h>

#include "testing.h"
#include "vector.h"

#define DATE   "20150830T123600Z"
#define KEY_ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define EMPTY_HASH \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct sigv4_scope scope = { { DATE, 16 }, { "us-east-1", 9 },
	{ "service", 7 } };
static const struct sigv4_credentials cred = { { KEY_ID, 11 }, { SECRET, 40 },
	{ NULL, 0 } };

static void
read_data(struct buf *out, const char *name, const char *file)
{
	const char *top = getenv("abs_top_srcdir");
	char path[4096], part[4096];
	size_t n;
	FILE *f;

	ck_assert_ptr_nonnull(top);
	(void)snprintf(path, sizeof(path), "%s/tests/data/sigv4/%s%s%s", top,
	    name, name[0] == '\0' ? "" : "/", file);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "no %s", path);
	buf_init(out, 1024 * 1024);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, (struct str){ part, n });
	(void)fclose(f);
	ck_assert_ptr_nonnull(buf_text(out));
}

static void
check_text(const char *name, const char *step, struct str got, const char *file)
{
	struct buf want;

	read_data(&want, name, file);
	ck_assert_msg(str_eq(got, buf_str(&want)),
	    "%s: the %s differs, got\n%.*s\nwant\n%s", name, step, STR_FMT(got),
	    buf_text(&want));
	buf_release(&want);
}

/* A case's request and context, signed. */
struct signed_case {
	struct buf context_text, request_text;
	struct vector_context context;
	struct sigv4_request req;
	struct sigv4_signed out;
};

static void
sign_case(struct signed_case *c, const char *name)
{
	struct err err = { 0 };
	int r;

	read_data(&c->context_text, name, "context.json");
	read_data(&c->request_text, name, "request.txt");
	r = vector_context(&c->context, c->context_text.p, &err);
	if (r == ERR_OK)
		r = vector_request(&c->req, buf_str(&c->request_text), &err);
	ck_assert_msg(r == ERR_OK, "%s: %s", name, err.msg);
	c->req.keep_path = c->context.keep_path;
	sigv4_signed_init(&c->out);
	r = sigv4_sign(&c->out, &c->req, &c->context.credentials,
	    &c->context.scope, c->context.flags, &err);
	ck_assert_msg(r == ERR_OK, "%s: %s", name, err.msg);
}

static void
release_case(struct signed_case *c)
{
	sigv4_signed_release(&c->out);
	vector_context_release(&c->context);
	buf_release(&c->context_text);
	buf_release(&c->request_text);
}

/* As a receiver does: all it has is the request and the secret. */
static int
verify(const struct sigv4_request *req, const char *secret, struct err *err)
{
	struct sigv4_authorization auth;
	struct str value;
	int r = sigv4_find_header(&value, req, "authorization", err);

	if (r == ERR_OK)
		r = sigv4_authorization_parse(&auth, value, err);
	if (r == ERR_OK && !str_is(auth.access_key_id, KEY_ID))
		r = err_set(err, ERR_POLICY, "whose key is that?");
	return r == ERR_OK ? sigv4_verify(req, &auth, str_of(secret), err) : r;
}

static void
check_verified(const char *name, const struct signed_case *c)
{
	struct err err = { 0 };
	int r = verify(&c->req, SECRET, &err);

	if ((c->context.flags & SIGV4_TOKEN_UNSIGNED) != 0)
		ck_assert_msg(r == ERR_FORMAT, "%s: %d", name, r);
	else
		ck_assert_msg(r == ERR_OK, "%s: %s", name, err.msg);
}

static void
check_case(const char *name)
{
	struct signed_case c;

	sign_case(&c, name);
	check_text(name, "canonical request", buf_str(&c.out.canonical_request),
	    "canonical-request.txt");
	check_text(name, "string to sign", buf_str(&c.out.string_to_sign),
	    "string-to-sign.txt");
	check_text(name, "signature", str_of(c.out.signature), "signature.txt");
	check_verified(name, &c);
	release_case(&c);
}

START_TEST(signs_and_verifies_every_case)
{
	const char *top = getenv("abs_top_srcdir");
	char path[4096];
	struct dirent *e;
	int public = 0, own = 0;
	DIR *d;

	ck_assert_ptr_nonnull(top);
	(void)snprintf(path, sizeof(path), "%s/tests/data/sigv4", top);
	d = opendir(path);
	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || strchr(e->d_name, '.') != NULL ||
		    strcmp(e->d_name, "README") == 0)
			continue;
		check_case(e->d_name);
		if (strncmp(e->d_name, "own-", 4) == 0)
			own++;
		else
		public++;
	}
	(void)closedir(d);
	ck_assert_int_eq(public, 38);
	ck_assert_int_eq(own, 7);
}
END_TEST

static struct str
member(struct json_object *doc, const char *name)
{
	struct json_object *v = NULL;

	ck_assert_msg(json_object_object_get_ex(doc, name, &v), "no %s", name);
	return str_of(json_object_get_string(v));
}

/* Headers but those that signing adds. */
static void
add_headers(struct sigv4_request *req, struct json_object *headers)
{
	json_object_object_foreach(headers, name, value)
	{
		if (strcmp(name, "Authorization") == 0 ||
		    strcmp(name, "X-Amz-Date") == 0 ||
		    strcmp(name, "X-Amz-Security-Token") == 0)
			continue;
		/* the vector has it, unsigned headers it has not */
		ck_assert_int_eq(
		    sigv4_add_header(req, str_of(name),
			str_of(json_object_get_string(value)), NULL),
		    ERR_OK);
	}
}

static void
check_aws_call(struct json_object *v, const struct sigv4_credentials *keys)
{
	struct sigv4_scope s = { STR("20260115T102030Z"), member(v, "region"),
		member(v, "service") };
	struct sigv4_request req = { .method = member(v, "method"),
		.path = STR("/"),
		.body = member(v, "body") };
	struct json_object *headers = NULL;
	struct err err = { 0 };
	struct sigv4_signed out;
	int r;

	ck_assert(json_object_object_get_ex(v, "headers", &headers));
	add_headers(&req, headers);
	sigv4_signed_init(&out);
	r = sigv4_sign(&out, &req, keys, &s, 0, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(
	    buf_str(&out.canonical_request), member(v, "canonical_request").p);
	ck_str(buf_str(&out.string_to_sign), member(v, "string_to_sign").p);
	ck_str(buf_str(&out.authorization), member(v, "authorization").p);
	sigv4_signed_release(&out);
}

START_TEST(signs_the_calls_of_the_plugins)
{
	struct json_object *doc, *vectors = NULL, *keys = NULL;
	struct sigv4_credentials k;
	struct buf text;
	size_t i;

	read_data(&text, "", "aws-calls.json");
	doc = json_tokener_parse(text.p);
	ck_assert(json_object_object_get_ex(doc, "credentials", &keys));
	ck_assert(json_object_object_get_ex(doc, "vectors", &vectors));
	k.access_key_id = member(keys, "access_key_id");
	k.secret = member(keys, "secret_access_key");
	k.token = member(keys, "session_token");
	ck_assert_uint_eq(json_object_array_length(vectors), 3);
	for (i = 0; i < 3; i++)
		check_aws_call(json_object_array_get_idx(vectors, i), &k);
	json_object_put(doc);
	buf_release(&text);
}
END_TEST

static const struct {
	const char *path, *normal, *kept;
} paths[] = {
	{ "", "/", "/" },
	{ "/", "/", "/" },
	{ "///", "/", "///" },
	{ "/a/b", "/a/b", "/a/b" },
	{ "/a/b/", "/a/b/", "/a/b/" },
	{ "/a//b//", "/a/b/", "/a//b//" },
	{ "/a/./b/.", "/a/b", "/a/./b/." },
	{ "/a/b/..", "/a", "/a/b/.." },
	{ "/a/b/../", "/a/", "/a/b/../" },
	{ "/..", "/", "/.." },
	{ "/../../a", "/a", "/../../a" },
	{ "/a/../..", "/", "/a/../.." },
	{ "/...", "/...", "/..." },
	{ "/%2e%2E/ \xe1\x88\xb4~", "/%252e%252E/%20%E1%88%B4~",
	    "/%252e%252E/%20%E1%88%B4~" },
	{ "/+*:@\"%", "/%2B%2A%3A%40%22%25", "/%2B%2A%3A%40%22%25" },
	{ "/\xff", "/%FF", "/%FF" },
};

START_TEST(makes_a_path_canonical)
{
	struct buf b;

	buf_init(&b, SIGV4_TEXT_MAX);
	ck_assert_int_eq(
	    sigv4_canonical_path(&b, str_of(paths[_i].path), false, NULL),
	    ERR_OK);
	ck_str(buf_str(&b), paths[_i].normal);
	buf_clear(&b);
	ck_assert_int_eq(
	    sigv4_canonical_path(&b, str_of(paths[_i].path), true, NULL),
	    ERR_OK);
	ck_str(buf_str(&b), paths[_i].kept);
	buf_release(&b);
}
END_TEST

static const struct {
	const char *query, *canonical;
} queries[] = {
	{ "", "" },
	{ "a", "a=" },
	{ "a=", "a=" },
	{ "=", "=" },
	{ "=v", "=v" },
	{ "&&", "" },
	{ "a&&b&", "a=&b=" },
	{ "b=2&a=1", "a=1&b=2" },
	{ "a=2&a=1&a=10", "a=1&a=10&a=2" },
	{ "a=1&a=1", "a=1&a=1" },
	{ "ab=1&a=2&a-=3", "a=2&a-=3&ab=1" },
	{ "a=b=c", "a=b%3Dc" },
	{ "b=1&B=2", "B=2&b=1" },
	{ "a=%7e%41+%2f%C3%a9 \xc3\xa9", "a=~A%2B%2F%C3%A9%20%C3%A9" },
	{ "%61=%00", "a=%00" },
	/* by the encoded name: '%' comes before letters */
	{ "a=1&%E1=2&-=3", "%E1=2&-=3&a=1" },
	{ "a=?/&c=#", "a=%3F%2F&c=%23" },
};

START_TEST(makes_a_query_canonical)
{
	struct buf b;
	struct err err = { 0 };
	int r;

	buf_init(&b, SIGV4_TEXT_MAX);
	r = sigv4_canonical_query(&b, str_of(queries[_i].query), &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(buf_str(&b), queries[_i].canonical);
	buf_release(&b);
}
END_TEST

/* get-vanilla */
static struct sigv4_request
vanilla(void)
{
	struct sigv4_request req = { .method = STR("GET"), .path = STR("/") };

	ck_assert_int_eq(sigv4_add_header(&req, STR("Host"),
			     STR("example.amazonaws.com"), NULL),
	    ERR_OK);
	return req;
}

static void
add(struct sigv4_request *req, const char *name, const char *value)
{
	ck_assert_int_eq(
	    sigv4_add_header(req, str_of(name), str_of(value), NULL), ERR_OK);
}

START_TEST(makes_headers_canonical)
{
	struct sigv4_request req = vanilla();
	struct buf b;

	add(&req, "b", "2");
	add(&req, "X_y", "\t a \t b\xc3\xa9  \"c  d\" ");
	add(&req, "x-Y", "");
	add(&req, "B", " 1 ,  0 ");
	add(&req, "User-Agent", "never signed");
	buf_init(&b, SIGV4_TEXT_MAX);
	ck_assert_int_eq(sigv4_canonical_headers(&b, &req, NULL), ERR_OK);
	ck_str(buf_str(&b), "b:2,1 , 0\nhost:example.amazonaws.com\nx-y:\n"
			    "x_y:a b\xc3\xa9 \"c d\"\n");
	buf_clear(&b);
	ck_assert_int_eq(sigv4_signed_headers(&b, &req, NULL), ERR_OK);
	ck_str(buf_str(&b), "b;host;x-y;x_y");
	buf_clear(&b);
	req.signed_headers = STR("host;user-agent");
	ck_assert_int_eq(sigv4_canonical_headers(&b, &req, NULL), ERR_OK);
	ck_str(buf_str(&b),
	    "host:example.amazonaws.com\nuser-agent:never signed\n");
	buf_release(&b);
}
END_TEST

/* The example key of AWS's page "Deriving a signing key". */
START_TEST(derives_a_signing_key)
{
	static const unsigned char want[SIGV4_KEY_BYTES] = { 0xc4, 0xaf, 0xb1,
		0xcc, 0x57, 0x71, 0xd8, 0x71, 0x76, 0x3a, 0x39, 0x3e, 0x44,
		0xb7, 0x03, 0x57, 0x1b, 0x55, 0xcc, 0x28, 0x42, 0x4d, 0x1a,
		0x5e, 0x86, 0xda, 0x6e, 0xd3, 0xc1, 0x54, 0xa4, 0xb9 };
	struct sigv4_scope iam = { STR("20150830T000000Z"), STR("us-east-1"),
		STR("iam") };
	unsigned char key[SIGV4_KEY_BYTES];

	ck_assert_int_eq(
	    sigv4_signing_key(key, STR(SECRET), &iam, NULL), ERR_OK);
	ck_assert_mem_eq(key, want, sizeof(want));
}
END_TEST

START_TEST(takes_a_hash_for_the_body)
{
	struct sigv4_request req = vanilla();
	struct buf b;

	req.payload_hash = STR(EMPTY_HASH);
	req.body = STR("not read");
	buf_init(&b, SIGV4_TEXT_MAX);
	ck_assert_int_eq(sigv4_canonical_request(&b, &req, NULL), ERR_OK);
	ck_assert(str_ends(buf_str(&b), "\nhost\n" EMPTY_HASH));
	buf_release(&b);
}
END_TEST

/*
 * Refusals
 */

#define NUMBERS_50 "12345678901234567890123456789012345678901234567890"
#define LABEL_64   NUMBERS_50 "12345678901234"

static const struct {
	const char *says, *date, *region, *service;
} bad_scopes[] = {
	{ "date", "", "r", "s" },
	{ "date", "20150830T123600", "r", "s" },
	{ "date", "20150830T123600Z\n", "r", "s" },
	{ "date", "20150830 123600Z", "r", "s" },
	{ "date", "20150830T123600z", "r", "s" },
	{ "date", "2015-08-30T12:36", "r", "s" },
	{ "date", "20150229T000000Z", "r", "s" },
	{ "date", "21000229T000000Z", "r", "s" },
	{ "date", "20150431T000000Z", "r", "s" },
	{ "date", "20151301T000000Z", "r", "s" },
	{ "date", "20150001T000000Z", "r", "s" },
	{ "date", "20150800T000000Z", "r", "s" },
	{ "date", "19691231T235959Z", "r", "s" },
	{ "date", "20150830T240000Z", "r", "s" },
	{ "date", "20150830T006000Z", "r", "s" },
	{ "date", "20150830T000060Z", "r", "s" },
	{ "date", "2015083+T000000Z", "r", "s" },
	{ "region", DATE, "", "s" },
	{ "region", DATE, "us-east-1\n", "s" },
	{ "region", DATE, "us-east-1/", "s" },
	{ "region", DATE, "us.east", "s" },
	{ "region", DATE, "US-EAST-1", "s" },
	{ "region", DATE, "-us", "s" },
	{ "region", DATE, "us-", "s" },
	{ "region", DATE, "us east", "s" },
	{ "region", DATE, "\xc3\xa9", "s" },
	{ "region", DATE, LABEL_64, "s" },
	{ "service", DATE, "r", "" },
	{ "service", DATE, "r", "s\r\n" },
	{ "service", DATE, "r", "STS" },
	{ "service", DATE, "r", "sts/aws4_request" },
	{ "service", DATE, "r", LABEL_64 },
};

START_TEST(refuses_a_scope)
{
	struct sigv4_scope s = { str_of(bad_scopes[_i].date),
		str_of(bad_scopes[_i].region), str_of(bad_scopes[_i].service) };
	unsigned char key[SIGV4_KEY_BYTES] = { 7 };
	struct err err = { 0 };
	struct buf b;

	buf_init(&b, SIGV4_TEXT_MAX);
	ck_assert_int_eq(sigv4_credential_scope(&b, &s, &err), ERR_FORMAT);
	ck_assert_msg(
	    strstr(err.msg, bad_scopes[_i].says) != NULL, "%s", err.msg);
	ck_assert(str_is_printable(str_of(err.msg)));
	ck_assert_int_eq(
	    sigv4_string_to_sign(&b, &s, STR("x"), NULL), ERR_FORMAT);
	ck_assert_int_eq(
	    sigv4_signing_key(key, STR("x"), &s, NULL), ERR_FORMAT);
	ck_assert_int_eq(key[0], 7);
	ck_assert_uint_eq(b.n, 0);
	buf_release(&b);
}
END_TEST

START_TEST(takes_the_29th_of_february)
{
	ck_assert(sigv4_is_amz_date(STR("20160229T235959Z")));
	ck_assert(sigv4_is_amz_date(STR("20000229T000000Z")));
	ck_assert(sigv4_is_label(str_sub(STR(LABEL_64), 0, 63)));
}
END_TEST

static const struct {
	const char *says, *id, *secret, *token;
} bad_credentials[] = {
	{ "access key ID", "", "s", "" },
	{ "access key ID", "AKID/EXAMPLE", "s", "" },
	{ "access key ID", "AKID EXAMPLE", "s", "" },
	{ "access key ID", "AKID\n", "s", "" },
	{ "access key ID", LABEL_64 LABEL_64 "1", "s", "" },
	{ "secret access key", "A", "", "" },
	{ "secret access key", "A", "hush hush", "" },
	{ "secret access key", "A", "hush\n", "" },
	{ "secret access key", "A", "hush\x80", "" },
	{ "secret access key", "A", "hush" LABEL_64 LABEL_64 LABEL_64 LABEL_64,
	    "" },
	{ "session token", "A", "s", "hush\r\nX-Evil: 1" },
	{ "session token", "A", "s", " " },
	{ "session token", "A", "s", "hush\x7f" },
};

START_TEST(refuses_credentials)
{
	struct sigv4_credentials c = { str_of(bad_credentials[_i].id),
		str_of(bad_credentials[_i].secret),
		str_of(bad_credentials[_i].token) };
	struct sigv4_request req = vanilla();
	struct sigv4_signed out;
	struct err err = { 0 };

	sigv4_signed_init(&out);
	ck_assert_int_eq(
	    sigv4_sign(&out, &req, &c, &scope, 0, &err), ERR_FORMAT);
	ck_assert_msg(
	    strstr(err.msg, bad_credentials[_i].says) != NULL, "%s", err.msg);
	ck_assert_ptr_null(strstr(err.msg, "hush"));
	ck_assert_uint_eq(req.header_count, 1);
	sigv4_signed_release(&out);
}
END_TEST

#define B(text)                        \
	{                              \
		text, sizeof(text) - 1 \
	}

static const struct {
	const char *says;
	struct str name, value;
} bad_headers[] = {
	{ "is not the name", B(""), B("v") },
	{ "is not the name", B("a b"), B("v") },
	{ "is not the name", B("a:b"), B("v") },
	{ "is not the name", B(" a"), B("v") },
	{ "is not the name", B("a\n"), B("v") },
	{ "is not the name", B("a\0"), B("v") },
	{ "is not the name", B("\xc3\xa9"), B("v") },
	{ "is not the name", B(LABEL_64 LABEL_64 "1"), B("v") },
	{ "control character at byte 1", B("a"), B("v\n") },
	{ "control character at byte 1", B("a"), B("v\r\nx-evil:1") },
	{ "control character at byte 1", B("a"), B("v\0v") },
	{ "control character at byte 0", B("a"), B("\x7f") },
	{ "control character at byte 0", B("a"), B("\v") },
};

START_TEST(refuses_a_header)
{
	struct sigv4_request req = vanilla();
	struct sigv4_signed out;
	struct err err = { 0 };

	ck_assert_int_eq(sigv4_add_header(&req, bad_headers[_i].name,
			     bad_headers[_i].value, &err),
	    ERR_FORMAT);
	ck_assert_msg(
	    strstr(err.msg, bad_headers[_i].says) != NULL, "%s", err.msg);
	ck_assert(str_is_printable(str_of(err.msg)));
	ck_assert_uint_eq(req.header_count, 1);
	/* past the door of sigv4_add_header() */
	req.headers[1].name = bad_headers[_i].name;
	req.headers[1].value = bad_headers[_i].value;
	req.header_count = 2;
	sigv4_signed_init(&out);
	ck_assert_int_eq(
	    sigv4_sign(&out, &req, &cred, &scope, 0, NULL), ERR_FORMAT);
	ck_assert_uint_eq(req.header_count, 2);
	sigv4_signed_release(&out);
}
END_TEST

static const struct {
	const char *says, *method, *path, *query, *name, *value;
	unsigned flags;
} bad_requests[] = {
	{ "method", "", "/", "", "Host", "h", 0 },
	{ "method", "get", "/", "", "Host", "h", 0 },
	{ "method", "GET\n", "/", "", "Host", "h", 0 },
	{ "method", "ABCDEFGHIJKLMNOPQ", "/", "", "Host", "h", 0 },
	{ "does not begin with /", "GET", "a", "", "Host", "h", 0 },
	{ "does not begin with /", "GET", "*", "", "Host", "h", 0 },
	{ "path has a control", "GET", "/\n", "", "Host", "h", 0 },
	{ "path has a control", "GET", "/\x7f", "", "Host", "h", 0 },
	{ "query has a control", "GET", "/", "a=\r", "Host", "h", 0 },
	{ "two hex digits", "GET", "/", "a=%", "Host", "h", 0 },
	{ "two hex digits", "GET", "/", "a=%4", "Host", "h", 0 },
	{ "two hex digits", "GET", "/", "a=%4&b", "Host", "h", 0 },
	{ "two hex digits", "GET", "/", "%g0=1", "Host", "h", 0 },
	{ "holds a signature", "GET", "/", "a&x-amz-signature=1", "Host", "h",
	    0 },
	{ "no header host", "GET", "/", "", "Hosts", "h", 0 },
	{ "has header authorization", "GET", "/", "", "authorization", "h", 0 },
	{ "has header x-amz-date", "GET", "/", "", "X-AMZ-Date", DATE, 0 },
	{ "has header x-amz-security-token", "GET", "/", "",
	    "X-Amz-Security-Token", "t", 0 },
	{ "has header x-amz-content-sha256", "GET", "/", "",
	    "X-Amz-Content-Sha256", EMPTY_HASH, SIGV4_SIGN_BODY },
};

START_TEST(refuses_to_sign)
{
	struct sigv4_request req = { .method = str_of(bad_requests[_i].method),
		.path = str_of(bad_requests[_i].path),
		.query = str_of(bad_requests[_i].query) };
	struct sigv4_signed out;
	struct err err = { 0 };
	int r;

	add(&req, bad_requests[_i].name, bad_requests[_i].value);
	sigv4_signed_init(&out);
	r = sigv4_sign(&out, &req, &cred, &scope, bad_requests[_i].flags, &err);
	ck_assert_msg(r == ERR_FORMAT || r == ERR_MISSING, "%d", r);
	ck_assert_msg(
	    strstr(err.msg, bad_requests[_i].says) != NULL, "%s", err.msg);
	ck_assert(str_is_printable(str_of(err.msg)));
	ck_assert_uint_eq(req.header_count, 1);
	sigv4_signed_release(&out);
}
END_TEST

START_TEST(refuses_a_false_content_hash)
{
	struct sigv4_request req = vanilla();
	struct sigv4_signed out;
	struct err err = { 0 };

	add(&req, "X-Amz-Content-Sha256", EMPTY_HASH);
	req.body = STR("x");
	sigv4_signed_init(&out);
	ck_assert_int_eq(
	    sigv4_sign(&out, &req, &cred, &scope, 0, &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "is not the payload's hash"));
	req.body = STR("");
	ck_assert_int_eq(
	    sigv4_sign(&out, &req, &cred, &scope, 0, NULL), ERR_OK);
	ck_assert_int_eq(verify(&req, SECRET, NULL), ERR_OK);
	sigv4_signed_release(&out);
}
END_TEST

START_TEST(refuses_too_much)
{
	static char big[SIGV4_TARGET_MAX + 2];
	struct sigv4_request req = vanilla();
	struct str s = { big, SIGV4_TARGET_MAX };
	struct buf b;
	size_t i;

	buf_init(&b, SIGV4_TEXT_MAX);
	memset(big, '/', sizeof(big));
	ck_assert_int_eq(sigv4_canonical_path(&b, s, false, NULL), ERR_OK);
	memset(big + 1, ' ', sizeof(big) - 1);
	ck_assert_int_eq(sigv4_canonical_path(&b, s, false, NULL), ERR_OK);
	ck_assert_int_eq(sigv4_canonical_query(&b, s, NULL), ERR_OK);
	ck_assert_int_eq(sigv4_add_header(&req, STR("a"), s, NULL), ERR_OK);
	s.n++;
	ck_assert_int_eq(sigv4_canonical_path(&b, s, false, NULL), ERR_TOOBIG);
	ck_assert_int_eq(sigv4_canonical_query(&b, s, NULL), ERR_TOOBIG);
	ck_assert_int_eq(sigv4_add_header(&req, STR("a"), s, NULL), ERR_TOOBIG);
	for (i = 0; i < sizeof(big); i++)
		big[i] = i % 2 == 0 ? 'a' : '&';
	buf_clear(&b);
	s.n = 2 * SIGV4_PARAMS_MAX;
	ck_assert_int_eq(sigv4_canonical_query(&b, s, NULL), ERR_OK);
	s.n++;
	ck_assert_int_eq(sigv4_canonical_query(&b, s, NULL), ERR_TOOBIG);
	while (req.header_count < SIGV4_HEADERS_MAX)
		add(&req, "a", "v");
	ck_assert_int_eq(
	    sigv4_add_header(&req, STR("a"), STR("v"), NULL), ERR_TOOBIG);
	req.header_count++;
	ck_assert_int_eq(sigv4_canonical_request(&b, &req, NULL), ERR_TOOBIG);
	ck_assert_int_eq(verify(&req, SECRET, NULL), ERR_TOOBIG);
	buf_release(&b);
}
END_TEST

#define CRED     "Credential=" KEY_ID "/20150830/us-east-1/service/aws4_request"
#define NAMES    "SignedHeaders=host;x-amz-date"
#define SIG      "Signature=" EMPTY_HASH
#define ALG      "AWS4-HMAC-SHA256 "
#define BAD_PART "bad, repeated or unknown part"

static const struct {
	const char *says, *value;
} bad_authorizations[] = {
	{ "does not begin", "" },
	{ "does not begin", "Basic eDp5" },
	{ "does not begin", "AWS4-HMAC-SHA256" },
	{ "does not begin", "aws4-hmac-sha256 " CRED ", " NAMES ", " SIG },
	{ "does not begin", "AWS4-HMAC-SHA512 " CRED ", " NAMES ", " SIG },
	{ "lacks Credential", ALG },
	{ "lacks Credential", ALG NAMES ", " SIG },
	{ "lacks SignedHeaders", ALG CRED ", " SIG },
	{ "lacks Signature", ALG CRED ", " NAMES },
	{ BAD_PART, ALG CRED ", " NAMES ", " SIG ", " SIG },
	{ BAD_PART, ALG CRED ", " CRED ", " NAMES ", " SIG },
	{ BAD_PART, ALG CRED ", " NAMES ", " NAMES ", " SIG },
	{ BAD_PART, ALG CRED ", " NAMES ", " SIG ", x=1" },
	{ BAD_PART, ALG CRED ", , " NAMES ", " SIG },
	{ BAD_PART, ALG CRED ", " NAMES ", " SIG "0" },
	{ BAD_PART, ALG CRED ", " NAMES ", Signature=" },
	{ BAD_PART, ALG CRED ", " NAMES " x, " SIG },
	{ BAD_PART, ALG CRED ", SignedHeaders=, " SIG },
	{ BAD_PART,
	    ALG CRED ", " NAMES
		     ", Signature=E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B9"
		     "34CA495991B7852B855" },
	{ "Credential is not", ALG "Credential=, " NAMES ", " SIG },
	{ "Credential is not", ALG CRED "/x, " NAMES ", " SIG },
	{ "Credential is not",
	    ALG "Credential=A/20150832/r/s/aws4_request, " NAMES ", " SIG },
	{ "Credential is not",
	    ALG "Credential=A/20150830/R/s/aws4_request, " NAMES ", " SIG },
	{ "Credential is not",
	    ALG "Credential=A/20150830/r//aws4_request, " NAMES ", " SIG },
	{ "Credential is not",
	    ALG "Credential=A/20150830/r/s/aws4, " NAMES ", " SIG },
	{ "Credential is not",
	    ALG "Credential=/20150830/r/s/aws4_request, " NAMES ", " SIG },
};

START_TEST(refuses_an_authorization)
{
	struct sigv4_authorization auth = { .day = STR("untouched") };
	struct err err = { 0 };

	ck_assert_int_eq(sigv4_authorization_parse(
			     &auth, str_of(bad_authorizations[_i].value), &err),
	    ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, bad_authorizations[_i].says) != NULL,
	    "%s: %s", bad_authorizations[_i].value, err.msg);
	ck_str(auth.day, "untouched");
}
END_TEST

START_TEST(reads_an_authorization)
{
	struct sigv4_authorization auth;

	ck_assert_int_eq(sigv4_authorization_parse(
			     &auth, STR(ALG SIG "," NAMES ",  " CRED), NULL),
	    ERR_OK);
	ck_str(auth.access_key_id, KEY_ID);
	ck_str(auth.day, "20150830");
	ck_str(auth.region, "us-east-1");
	ck_str(auth.service, "service");
	ck_str(auth.signed_headers, "host;x-amz-date");
	ck_str(auth.signature, EMPTY_HASH);
}
END_TEST

/*
 * Verification
 */

/* A request with something of everything. */
static struct sigv4_request
full(struct sigv4_signed *out)
{
	static const struct sigv4_credentials with_token = { { KEY_ID, 11 },
		{ SECRET, 40 }, { "token/+==", 9 } };
	struct sigv4_request req = vanilla();
	struct err err = { 0 };
	int r;

	req.method = STR("POST");
	req.path = STR("/a/b");
	req.query = STR("k=v&l=w");
	req.body = STR("Action=GetCallerIdentity&Version=2011-06-15");
	add(&req, "Content-Type", "text/plain");
	sigv4_signed_init(out);
	r = sigv4_sign(out, &req, &with_token, &scope, SIGV4_SIGN_BODY, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(verify(&req, SECRET, &err), ERR_OK);
	return req;
}

/* One bit of one byte of a part, and of its copy only. */
static void
tamper(struct sigv4_request *req, struct str *part, const char *what)
{
	struct str was = *part;
	char copy[1024];
	size_t i;

	ck_assert_uint_le(was.n, sizeof(copy));
	for (i = 0; i < was.n; i++) {
		memcpy(copy, was.p, was.n);
		copy[i] ^= 1;
		*part = (struct str){ copy, was.n };
		ck_assert_msg(verify(req, SECRET, NULL) != ERR_OK,
		    "byte %zu of the %s", i, what);
	}
	*part = was;
	ck_assert_int_eq(verify(req, SECRET, NULL), ERR_OK);
}

START_TEST(notices_each_changed_byte)
{
	struct sigv4_signed out;
	struct sigv4_request req = full(&out);
	size_t i;

	tamper(&req, &req.method, "method");
	tamper(&req, &req.path, "path");
	tamper(&req, &req.query, "query");
	tamper(&req, &req.body, "body");
	ck_assert_uint_eq(req.header_count, 6);
	for (i = 0; i < req.header_count; i++) {
		tamper(&req, &req.headers[i].name, "header's name");
		tamper(&req, &req.headers[i].value, "header's value");
	}
	sigv4_signed_release(&out);
}
END_TEST

START_TEST(needs_the_secret)
{
	static const char *const wrong[] = { "", "x", SECRET "x",
		"WJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEy" };
	struct sigv4_signed out;
	struct sigv4_request req = full(&out);
	struct err err = { 0 };
	size_t i;
	int r;

	for (i = 0; i < COUNT_OF(wrong); i++) {
		r = verify(&req, wrong[i], NULL);
		ck_assert_int_eq(r, i == 0 ? ERR_FORMAT : ERR_POLICY);
	}
	(void)verify(&req, "x", &err);
	ck_assert_str_eq(
	    err.msg, "the signature is not the one this request has");
	sigv4_signed_release(&out);
}
END_TEST

/* What is added behind the signer's back. */
static const struct {
	const char *name, *value;
	int want;
} added[] = {
	{ "X-Amz-Target", "Evil", ERR_FORMAT },
	{ "Host", "example.amazonaws.com", ERR_FORMAT },
	{ "X-Amz-Date", DATE, ERR_FORMAT },
	{ "X-Amz-Content-Sha256", EMPTY_HASH, ERR_FORMAT },
	{ "Authorization", "x", ERR_FORMAT },
	{ "Content-Type", "text/html", ERR_POLICY },
	{ "X-Amz-Security-Token", "more", ERR_POLICY },
	{ "Accept", "application/json", ERR_OK },
	{ "User-Agent", "x", ERR_OK },
};

START_TEST(judges_added_headers)
{
	struct sigv4_signed out;
	struct sigv4_request req = full(&out);
	int r;

	add(&req, added[_i].name, added[_i].value);
	r = verify(&req, SECRET, NULL);
	ck_assert_msg(r == added[_i].want, "%s: %d", added[_i].name, r);
	sigv4_signed_release(&out);
}
END_TEST

/* Lists that a good signature would not save. */
static const struct {
	const char *says, *list;
} bad_lists[] = {
	{ "host is not signed", "x-amz-date" },
	{ "X-Amz-Date is not signed", "host" },
	{ "not in order", "x-amz-date;host" },
	{ "not in order", "host;host;x-amz-date" },
	{ "not in lower case", "Host;x-amz-date" },
	{ "is not there", "accept;host;x-amz-date" },
	{ "is not the name", "host;x-amz-date;" },
	{ "is not the name", ";host;x-amz-date" },
	{ "is not the name", "host;;x-amz-date" },
	{ "authorization cannot be signed", "authorization;host;x-amz-date" },
};

START_TEST(refuses_a_list_of_signed_headers)
{
	struct sigv4_authorization auth = { STR(KEY_ID), STR("20150830"),
		STR("us-east-1"), STR("service"), str_of(bad_lists[_i].list),
		STR(EMPTY_HASH) };
	struct sigv4_request req = vanilla();
	struct err err = { 0 };

	add(&req, "X-Amz-Date", DATE);
	add(&req, "Authorization", "x");
	ck_assert_int_eq(
	    sigv4_verify(&req, &auth, STR(SECRET), &err), ERR_FORMAT);
	ck_assert_msg(
	    strstr(err.msg, bad_lists[_i].says) != NULL, "%s", err.msg);
}
END_TEST

START_TEST(wants_a_date_of_the_day)
{
	struct sigv4_authorization auth = { STR(KEY_ID), STR("20150831"),
		STR("us-east-1"), STR("service"), STR("host;x-amz-date"),
		STR(EMPTY_HASH) };
	struct sigv4_request req = vanilla();
	struct err err = { 0 };

	ck_assert_int_eq(
	    sigv4_verify(&req, &auth, STR(SECRET), NULL), ERR_MISSING);
	add(&req, "X-Amz-Date", DATE);
	ck_assert_int_eq(
	    sigv4_verify(&req, &auth, STR(SECRET), &err), ERR_FORMAT);
	ck_assert_str_eq(err.msg,
	    "the credential is of 20150831, header x-amz-date of " DATE);
	auth.day = STR("20150830");
	ck_assert_int_eq(
	    sigv4_verify(&req, &auth, STR(SECRET), NULL), ERR_POLICY);
}
END_TEST

START_TEST(verifies_by_a_key_that_was_kept)
{
	struct sigv4_request req = vanilla();
	struct sigv4_authorization auth;
	struct sigv4_signed out;
	unsigned char key[SIGV4_KEY_BYTES];

	sigv4_signed_init(&out);
	ck_assert_int_eq(
	    sigv4_sign(&out, &req, &cred, &scope, 0, NULL), ERR_OK);
	ck_assert_int_eq(
	    sigv4_authorization_parse(&auth, buf_str(&out.authorization), NULL),
	    ERR_OK);
	ck_assert_int_eq(
	    sigv4_signing_key(key, STR(SECRET), &scope, NULL), ERR_OK);
	ck_assert_int_eq(sigv4_verify_by_key(&req, &auth, key, NULL), ERR_OK);
	key[0] ^= 1;
	ck_assert_int_eq(
	    sigv4_verify_by_key(&req, &auth, key, NULL), ERR_POLICY);
	sigv4_signed_release(&out);
}
END_TEST

START_TEST(compares_whole_strings)
{
	ck_assert(sigv4_equal(STR(""), STR("")));
	ck_assert(sigv4_equal(STR("abc"), STR("abc")));
	ck_assert(!sigv4_equal(STR("abc"), STR("abd")));
	ck_assert(!sigv4_equal(STR("abc"), STR("ab")));
	ck_assert(!sigv4_equal(STR(""), STR("a")));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sigv4");
	TCase *tc = tcase_create("sigv4");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, signs_and_verifies_every_case);
	tcase_add_test(tc, signs_the_calls_of_the_plugins);
	ck_table(tc, makes_a_path_canonical, paths);
	ck_table(tc, makes_a_query_canonical, queries);
	tcase_add_test(tc, makes_headers_canonical);
	tcase_add_test(tc, derives_a_signing_key);
	tcase_add_test(tc, takes_a_hash_for_the_body);
	ck_table(tc, refuses_a_scope, bad_scopes);
	tcase_add_test(tc, takes_the_29th_of_february);
	ck_table(tc, refuses_credentials, bad_credentials);
	ck_table(tc, refuses_a_header, bad_headers);
	ck_table(tc, refuses_to_sign, bad_requests);
	tcase_add_test(tc, refuses_a_false_content_hash);
	tcase_add_test(tc, refuses_too_much);
	ck_table(tc, refuses_an_authorization, bad_authorizations);
	tcase_add_test(tc, reads_an_authorization);
	tcase_add_test(tc, notices_each_changed_byte);
	tcase_add_test(tc, needs_the_secret);
	ck_table(tc, judges_added_headers, added);
	ck_table(tc, refuses_a_list_of_signed_headers, bad_lists);
	tcase_add_test(tc, wants_a_date_of_the_day);
	tcase_add_test(tc, verifies_by_a_key_that_was_kept);
	tcase_add_test(tc, compares_whole_strings);
	return run_suite(s);
}
