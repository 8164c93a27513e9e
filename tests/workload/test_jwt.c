/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_jwt.c - the MUSTs of JWT-SVID, each with a token that breaks it
 */
#include "workload/jwt.h"

#include <stdio.h>

#include "testing.h"
#include "tokens.h"

#define SUB   "spiffe://home.test/a"
#define CLAIM "{\"sub\":\"" SUB "\",\"aud\":\"me\",\"exp\":2000}"
enum { NOW = 1000 };

static EVP_PKEY *es256, *other, *rs256;
static struct jwks_set *bundles;
static struct buf token, set;

/* keys: what is inside "keys":[...], taken from set */
static void
add_set(const char *domain)
{
	struct buf text;
	struct err err = { 0 };

	buf_init(&text, 64 * 1024);
	buf_addf(&text, "{\"keys\":[%s]}", buf_text(&set));
	ck_assert_msg(jwks_set_add(bundles, str_of(domain), buf_str(&text),
			  &err) == ERR_OK,
	    "%s", err.msg);
	buf_release(&text);
	buf_clear(&set);
}

/* Once: to make an RSA key takes longer than all that is done with it. */
static void
make_keys(void)
{
	es256 = token_key("ES256");
	other = token_key("ES256");
	rs256 = token_key("RS256");
}

static void
free_keys(void)
{
	EVP_PKEY_free(es256);
	EVP_PKEY_free(other);
	EVP_PKEY_free(rs256);
}

static void
setup(void)
{
	buf_init(&token, 64 * 1024);
	buf_init(&set, 64 * 1024);
	ck_assert_int_eq(jwks_set_new(&bundles, NULL), ERR_OK);
	token_jwk(&set, es256, ",\"kid\":\"k1\",\"use\":\"jwt-svid\"");
	buf_add_char(&set, ',');
	token_jwk(&set, rs256, ",\"kid\":\"k2\"");
	add_set("spiffe://home.test");
	token_jwk(&set, other, ",\"kid\":\"k1\"");
	add_set("spiffe://foreign.test");
}

static void
teardown(void)
{
	jwks_set_unref(bundles);
	buf_wipe(&token);
	buf_release(&set);
}

static int
verify(struct err *err)
{
	struct jwt_svid *jwt = NULL;
	int r = jwt_verify(
	    &jwt, buf_str(&token), "me", bundles, NOW, err);

	ck_assert((jwt != NULL) == (r == ERR_OK));
	jwt_free(jwt);
	return r;
}

static void
must_refuse(int want, const char *says)
{
	struct err err = { 0 };
	int r = verify(&err);

	ck_assert_msg(r == want && strstr(err.msg, says) != NULL, "%s: %s",
	    err_text(r), err.msg);
	ck_assert_int_eq(verify(NULL), want);
}

static const char *const algs[] = { "RS256", "RS384", "RS512", "ES256",
	"ES384", "ES512", "PS256", "PS384", "PS512" };

/* JWT-SVID 2.1: the supported algorithms */
START_TEST(believes_every_allowed_algorithm)
{
	EVP_PKEY *key = token_key(algs[_i]);
	struct jwt_svid *jwt = NULL;
	struct err err = { 0 };

	token_jwk(&set, key, ",\"kid\":\"k\"");
	add_set("alg.test");
	token_make(&token, algs[_i], key, "k", "spiffe://alg.test/a", "me",
	    NOW + 1);
	ck_assert_msg(jwt_verify(&jwt, buf_str(&token), "me", bundles, NOW,
			  &err) == ERR_OK,
	    "%s", err.msg);
	ck_str(spiffe_id_text(&jwt->id), "spiffe://alg.test/a");
	ck_assert_int_eq(jwt->expires, NOW + 1);
	ck_assert_str_eq(jwt->token, buf_text(&token));
	ck_assert_ptr_nonnull(strstr(jwt->claims, "\"aud\":[\"me\"]"));
	ck_assert(jwt_has_audience(jwt, "me"));
	ck_assert(!jwt_has_audience(jwt, "you"));
	jwt_free(jwt);
	/* one bit of the signature */
	token.p[token.n - 8] ^= 1;
	ck_assert_int_ne(verify(NULL), ERR_OK);
	EVP_PKEY_free(key);
}
END_TEST

static const struct {
	const char *rule, *header, *payload;
	int want;
	const char *says;
} refused[] = {
	{ "2.1: alg none", "{\"alg\":\"none\"}", CLAIM, ERR_POLICY,
	    "\"none\"" },
	{ "2.1: alg None", "{\"alg\":\"None\"}", CLAIM, ERR_POLICY,
	    "\"None\"" },
	{ "2.1: HS256, with a public key as the secret", "{\"alg\":\"HS256\"}",
	    CLAIM, ERR_POLICY, "HS256" },
	{ "2.1: EdDSA", "{\"alg\":\"EdDSA\"}", CLAIM, ERR_POLICY, "EdDSA" },
	{ "2.1: another case", "{\"alg\":\"es256\"}", CLAIM, ERR_POLICY,
	    "es256" },
	{ "2.1: no alg", "{\"kid\":\"k1\"}", CLAIM, ERR_FORMAT, "alg" },
	{ "2.1: alg twice", "{\"alg\":\"ES256\",\"alg\":\"none\"}", CLAIM,
	    ERR_FORMAT, "alg" },
	{ "2: jwk in the header", "{\"alg\":\"ES256\",\"jwk\":{}}", CLAIM,
	    ERR_FORMAT, "jwk" },
	{ "2: x5u in the header",
	    "{\"alg\":\"ES256\",\"x5u\":\"https://evil.test\"}", CLAIM,
	    ERR_FORMAT, "x5u" },
	{ "2: crit in the header", "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}",
	    CLAIM, ERR_FORMAT, "crit" },
	{ "2.3: another typ", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", CLAIM,
	    ERR_POLICY, "at+jwt" },
	{ "a key of another kind", "{\"alg\":\"ES256\",\"kid\":\"k2\"}", CLAIM,
	    ERR_POLICY, "no key \"k2\" for ES256" },
	{ "an unknown key", "{\"alg\":\"ES256\",\"kid\":\"k3\"}", CLAIM,
	    ERR_POLICY, "no key \"k3\"" },
	{ "no key of that curve", "{\"alg\":\"ES384\"}", CLAIM, ERR_POLICY,
	    "no key" },
	{ "3.1: no sub", NULL, "{\"aud\":\"me\",\"exp\":2000}", ERR_FORMAT,
	    "sub" },
	{ "3.1: sub is no SPIFFE ID", NULL,
	    "{\"sub\":\"root\",\"aud\":\"me\",\"exp\":2000}", ERR_FORMAT,
	    "root" },
	{ "3.2: no aud", NULL, "{\"sub\":\"" SUB "\",\"exp\":2000}", ERR_FORMAT,
	    "aud" },
	{ "3.2: an empty aud", NULL,
	    "{\"sub\":\"" SUB "\",\"aud\":[],\"exp\":2000}", ERR_FORMAT,
	    "empty" },
	{ "3.2: aud of numbers", NULL,
	    "{\"sub\":\"" SUB "\",\"aud\":[1],\"exp\":2000}", ERR_FORMAT,
	    "aud" },
	{ "3.2: not for us", NULL,
	    "{\"sub\":\"" SUB "\",\"aud\":[\"you\",\"ME\"],\"exp\":2000}",
	    ERR_POLICY, "not its audience" },
	{ "3.3: no exp", NULL, "{\"sub\":\"" SUB "\",\"aud\":\"me\"}",
	    ERR_FORMAT, "exp" },
	{ "3.3: exp is a text", NULL,
	    "{\"sub\":\"" SUB "\",\"aud\":\"me\",\"exp\":\"2000\"}", ERR_FORMAT,
	    "exp" },
	{ "3.3: exp is beyond all time", NULL,
	    "{\"sub\":\"" SUB "\",\"aud\":\"me\",\"exp\":99999999999999999999}",
	    ERR_FORMAT, "exp" },
	{ "3.3: expired", NULL,
	    "{\"sub\":\"" SUB "\",\"aud\":\"me\",\"exp\":1000}", ERR_POLICY,
	    "expired" },
	{ "RFC 7519 4.1.5: not before", NULL,
	    "{\"sub\":\"" SUB "\",\"aud\":\"me\",\"exp\":2000,\"nbf\":1061}",
	    ERR_POLICY, "not valid yet" },
	{ "a claim twice", NULL,
	    "{\"sub\":\"" SUB "\",\"aud\":\"me\",\"exp\":2000,\"exp\":9000}",
	    ERR_FORMAT, "exp" },
	{ "the payload is no object", NULL, "[]", ERR_FORMAT, "object" },
	{ "WAPI 6.3: a trust domain without a bundle", NULL,
	    "{\"sub\":\"spiffe://x.test/a\",\"aud\":\"me\",\"exp\":2000}",
	    ERR_POLICY, "no JWT bundle" },
	{ "WAPI 6.3: only the bundle of the subject's own domain", NULL,
	    "{\"sub\":\"spiffe://foreign.test/a\",\"aud\":\"me\",\"exp\":2000}",
	    ERR_POLICY, "token of \"spiffe://foreign.test/a\" refused: the"
			" signature is wrong" },
};

START_TEST(refuses)
{
	token_sign(&token, "ES256", es256,
	    refused[_i].header == NULL ? "{\"alg\":\"ES256\",\"kid\":\"k1\"}"
				       : refused[_i].header,
	    refused[_i].payload);
	must_refuse(refused[_i].want, refused[_i].says);
}
END_TEST

static const char *const headers[] = { "{\"alg\":\"ES256\"}",
	"{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"JOSE\"}",
	"{\"typ\":\"JWT\",\"alg\":\"ES256\"}" };

/* 2.2 and 2.3: both are optional */
START_TEST(believes_with_and_without_kid_and_typ)
{
	struct err err = { 0 };

	token_sign(&token, "ES256", es256, headers[_i], CLAIM);
	ck_assert_msg(verify(&err) == ERR_OK, "%s", err.msg);
}
END_TEST

START_TEST(takes_a_fraction_of_a_second)
{
	token_sign(&token, "ES256", es256, headers[0],
	    "{\"sub\":\"" SUB "\",\"aud\":\"me\",\"exp\":1001.5,"
	    "\"nbf\":1060.5}");
	ck_assert_int_eq(verify(NULL), ERR_OK);
}
END_TEST

START_TEST(refuses_the_signature_of_another_key)
{
	token_sign(&token, "ES256", other, headers[0], CLAIM);
	must_refuse(ERR_POLICY, "signature is wrong");
}
END_TEST

START_TEST(refuses_an_rsa_signature_of_another_padding)
{
	token_sign(&token, "RS256", rs256, "{\"alg\":\"PS256\"}", CLAIM);
	must_refuse(ERR_POLICY, "signature is wrong");
	token_sign(&token, "PS256", rs256, "{\"alg\":\"RS256\"}", CLAIM);
	must_refuse(ERR_POLICY, "signature is wrong");
}
END_TEST

START_TEST(refuses_a_signature_over_something_else)
{
	struct buf evil, both;
	char *dot;

	buf_init(&evil, 64 * 1024);
	buf_init(&both, 64 * 1024);
	token_sign(&evil, "ES256", es256, headers[0],
	    "{\"sub\":\"spiffe://home.test/root\",\"aud\":\"me\","
	    "\"exp\":2000}");
	token_sign(&token, "ES256", es256, headers[0], CLAIM);
	dot = strrchr(buf_text(&token), '.');
	*strrchr(evil.p, '.') = '\0';
	buf_addf(&both, "%s%s", evil.p, dot);
	buf_clear(&token);
	buf_add(&token, buf_str(&both));
	buf_release(&both);
	buf_release(&evil);
	must_refuse(ERR_POLICY, "signature is wrong");
}
END_TEST

static const struct {
	const char *what, *token;
} malformed[] = {
	{ "nothing", "" },
	{ "one part", "e30" },
	{ "two parts", "e30.e30" },
	{ "four parts", "e30.e30.e30.e30" },
	{ "five parts, as JWE has", "a.b.c.d.e" },
	{ "JSON serialization", "{\"payload\":\"e30\",\"signature\":\"e30\"}" },
	{ "padding", "eyJhbGciOiJFUzI1NiJ9.e30=.AAAA" },
	{ "white space", " eyJhbGciOiJFUzI1NiJ9.e30.AAAA" },
	{ "an empty header", ".e30.AAAA" },
	{ "an empty payload", "eyJhbGciOiJFUzI1NiJ9..AAAA" },
	{ "no JSON", "AAAA.AAAA.AAAA" },
};

START_TEST(refuses_what_is_no_token)
{
	buf_clear(&token);
	buf_add_text(&token, malformed[_i].token);
	ck_assert_msg(verify(NULL) == ERR_FORMAT, "%s", malformed[_i].what);
	ck_assert_int_eq(
	    jwt_read(&(struct jwt_svid *){ NULL }, buf_str(&token), STR(""),
		NULL),
	    ERR_FORMAT);
}
END_TEST

START_TEST(refuses_a_token_without_signature)
{
	token_sign(&token, "ES256", es256, headers[0], CLAIM);
	token.n = (size_t)(strrchr(buf_text(&token), '.') - token.p) + 1;
	ck_assert_int_eq(verify(NULL), ERR_FORMAT);
}
END_TEST

START_TEST(refuses_a_token_that_is_too_long)
{
	static char big[JWT_MAX + 1];
	struct err err = { 0 };

	memset(big, 'a', sizeof(big));
	ck_assert_int_eq(
	    jwt_read(&(struct jwt_svid *){ NULL },
		(struct str){ big, sizeof(big) }, STR(""), &err),
	    ERR_TOOBIG);
}
END_TEST

START_TEST(without_bundles_no_token_is_believed)
{
	struct jwt_svid *jwt = NULL;

	token_sign(&token, "ES256", es256, headers[0], CLAIM);
	ck_assert_int_eq(jwt_verify(&jwt, buf_str(&token), "me", NULL, NOW,
			     NULL),
	    ERR_UNAVAILABLE);
}
END_TEST

START_TEST(reads_an_own_token_without_a_bundle)
{
	struct jwt_svid *jwt = NULL;

	token_make(&token, "ES256", other, "k", SUB, "you", 5);
	ck_assert_int_eq(
	    jwt_read(&jwt, buf_str(&token), STR("internal"), NULL), ERR_OK);
	ck_assert_str_eq(jwt->hint, "internal");
	ck_assert_int_eq(jwt->expires, 5);
	jwt_free(jwt);
}
END_TEST

/* JWT-SVID 6.2, Trust Domain and Bundle 4: these are ignored */
static const struct {
	const char *rule, *more;
} ignored[] = {
	{ "a key for X509-SVIDs", ",\"kid\":\"k\",\"use\":\"x509-svid\"" },
	{ "an unknown use", ",\"kid\":\"k\",\"use\":\"wit-svid\"" },
	{ "use in another case", ",\"kid\":\"k\",\"use\":\"JWT-SVID\"" },
	{ "no kid", "" },
	{ "an empty kid", ",\"kid\":\"\"" },
	{ "a kid that is no text", ",\"kid\":1" },
};

START_TEST(ignores_keys)
{
	token_jwk(&set, es256, ignored[_i].more);
	add_set("odd.test");
	ck_assert_uint_eq(
	    jwks_set_find(bundles, STR("odd.test"))->count, 0);
	token_sign(&token, "ES256", es256, headers[0],
	    "{\"sub\":\"spiffe://odd.test/a\",\"aud\":\"me\",\"exp\":2000}");
	must_refuse(ERR_POLICY, "no key");
}
END_TEST

static const char *const unusable[] = {
	"{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"AAAA\"}",
	"{\"kty\":\"OKP\",\"kid\":\"k\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
	"{\"kty\":\"EC\",\"kid\":\"k\",\"crv\":\"P-256\",\"x\":\"AAAA\","
	"\"y\":\"AAAA\"}",
	/* not on the curve */
	"{\"kty\":\"EC\",\"kid\":\"k\",\"crv\":\"P-256\","
	"\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
	"\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}",
	"{\"kty\":\"EC\",\"kid\":\"k\"}",
	/* an RSA key of 24 bits */
	"{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"wwww\",\"e\":\"AQAB\"}",
	"{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"\",\"e\":\"AQAB\"}",
	"{\"kid\":\"k\"}",
	"[]",
	"1",
};

START_TEST(ignores_keys_it_cannot_use)
{
	buf_addf(&set, "%s,", unusable[_i]);
	token_jwk(&set, es256, ",\"kid\":\"good\"");
	add_set("odd.test");
	ck_assert_uint_eq(
	    jwks_set_find(bundles, STR("odd.test"))->count, 1);
}
END_TEST

START_TEST(an_empty_set_believes_nobody)
{
	add_set("empty.test");
	token_sign(&token, "ES256", es256, headers[0],
	    "{\"sub\":\"spiffe://empty.test/a\",\"aud\":\"me\",\"exp\":2000}");
	must_refuse(ERR_POLICY, "no key");
}
END_TEST

static const char *const no_set[] = { "", "[]", "{}", "{\"keys\":{}}",
	"{\"keys\":[],\"keys\":[]}", "{\"keys\":[]", "\xff" };

START_TEST(refuses_what_is_no_key_set)
{
	struct err err = { 0 };

	ck_assert_int_ne(jwks_set_add(bundles, STR("odd.test"),
			     str_of(no_set[_i]), &err),
	    ERR_OK);
	ck_assert_ptr_nonnull(strstr(err.msg, "JWT bundle of \"odd.test\""));
	ck_assert_ptr_null(jwks_set_find(bundles, STR("odd.test")));
}
END_TEST

START_TEST(bounds_the_number_of_keys)
{
	struct buf text;
	int i;

	buf_init(&text, 64 * 1024);
	buf_add_text(&text, "{\"keys\":[");
	for (i = 0; i < JWKS_KEYS_MAX; i++)
		buf_add_text(&text, "0,");
	buf_add_text(&text, "0]}");
	ck_assert_int_eq(
	    jwks_set_add(bundles, STR("odd.test"), buf_str(&text), NULL),
	    ERR_TOOBIG);
	buf_release(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("jwt");
	TCase *tc = tcase_create("jwt");

	tcase_add_unchecked_fixture(tc, make_keys, free_keys);
	tcase_add_checked_fixture(tc, setup, teardown);
	ck_table(tc, believes_every_allowed_algorithm, algs);
	ck_table(tc, refuses, refused);
	ck_table(tc, believes_with_and_without_kid_and_typ, headers);
	tcase_add_test(tc, takes_a_fraction_of_a_second);
	tcase_add_test(tc, refuses_the_signature_of_another_key);
	tcase_add_test(tc, refuses_an_rsa_signature_of_another_padding);
	tcase_add_test(tc, refuses_a_signature_over_something_else);
	ck_table(tc, refuses_what_is_no_token, malformed);
	tcase_add_test(tc, refuses_a_token_without_signature);
	tcase_add_test(tc, refuses_a_token_that_is_too_long);
	tcase_add_test(tc, without_bundles_no_token_is_believed);
	tcase_add_test(tc, reads_an_own_token_without_a_bundle);
	ck_table(tc, ignores_keys, ignored);
	ck_table(tc, ignores_keys_it_cannot_use, unusable);
	tcase_add_test(tc, an_empty_set_believes_nobody);
	ck_table(tc, refuses_what_is_no_key_set, no_set);
	tcase_add_test(tc, bounds_the_number_of_keys);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
