/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_message.c - messages of the Workload API, whole and broken
 */
#include "workload/message.h"

#include <stdio.h>

#include "testing.h"
#include "tokens.h"
#include "wire.h"
#include "workload/claims.h"

#define ID "spiffe://home.test/a"

static struct cert home, foreign, leaf;
static struct wire_svid good;
static struct buf message;

static void
setup(void)
{
	home = cert_make_authority("home.test");
	foreign = cert_make_authority("foreign.test");
	leaf = cert_make_leaf(ID, &home);
	good = (struct wire_svid){ STR(ID), cert_der(&leaf, NULL),
		cert_key_der(leaf.key), cert_der(&home, NULL), STR("") };
	buf_init(&message, 8 * 1024 * 1024);
}

static void
teardown(void)
{
	cert_der_free(good.chain);
	cert_der_free(good.key);
	cert_der_free(good.bundle);
	cert_free(&home);
	cert_free(&foreign);
	cert_free(&leaf);
	buf_release(&message);
}

static int
read_svids(struct svid_set **svids, struct bundle_set **bundles,
    struct err *err)
{
	return message_svids(svids, bundles, buf_str(&message), err);
}

START_TEST(reads_svids_in_order_with_all_bundles)
{
	struct svid_set *svids = NULL;
	struct bundle_set *bundles = NULL;
	struct str der = cert_der(&foreign, NULL);
	struct str crl = cert_crl_der(&home, NULL);
	struct err err = { 0 };

	good.hint = STR("external");
	wire_put_svid(&message, &good);
	wire_put_leaf(&message, ID, &leaf, &home, "internal");
	wire_put(&message, 2, crl);
	wire_put_entry(&message, 3, STR("spiffe://foreign.test"), der);
	/* a field of some later version */
	wire_put(&message, 77, STR("news"));
	ck_assert_msg(
	    read_svids(&svids, &bundles, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(svid_set_count(svids), 2);
	ck_assert_str_eq(svid_set_find(svids, NULL)->hint, "external");
	ck_assert_ptr_eq(
	    svid_set_find(svids, "internal"), svid_set_at(svids, 1));
	ck_assert_uint_eq(bundle_set_count(bundles), 2);
	ck_assert_ptr_nonnull(bundle_set_find(bundles, STR("home.test")));
	ck_assert_ptr_nonnull(bundle_set_find(bundles, STR("foreign.test")));
	ck_assert_int_eq(sk_X509_CRL_num(bundle_set_crls(bundles)), 1);
	svid_set_unref(svids);
	bundle_set_unref(bundles);
	cert_der_free(der);
	cert_der_free(crl);
}
END_TEST

START_TEST(a_federated_bundle_cannot_replace_our_own)
{
	struct svid_set *svids = NULL;
	struct bundle_set *bundles = NULL;
	struct str der = cert_der(&foreign, NULL);
	const struct bundle *b;

	wire_put_entry(&message, 3, STR("spiffe://home.test"), der);
	wire_put_svid(&message, &good);
	ck_assert_int_eq(read_svids(&svids, &bundles, NULL), ERR_OK);
	b = bundle_set_find(bundles, STR("home.test"));
	ck_assert_int_eq(
	    X509_cmp(sk_X509_value(b->authorities, 0), home.cert), 0);
	svid_set_unref(svids);
	bundle_set_unref(bundles);
	cert_der_free(der);
}
END_TEST

static void
must_refuse(const char *what, int want, const char *says)
{
	struct svid_set *svids = NULL;
	struct bundle_set *bundles = NULL;
	struct err err = { 0 };
	int r = read_svids(&svids, &bundles, &err);

	ck_assert_msg(r == want && strstr(err.msg, says) != NULL, "%s: %s: %s",
	    what, err_text(r), err.msg);
	ck_assert_ptr_null(svids);
	ck_assert_ptr_null(bundles);
	ck_assert_int_eq(read_svids(&svids, &bundles, NULL), want);
	buf_clear(&message);
}

/* Workload API 4.5 and 5.2.1 */
START_TEST(discards_svids_without_a_mandatory_field)
{
	struct wire_svid s;

	must_refuse("no svids", ERR_FORMAT, "svids");
	s = good;
	s.id = STR("");
	wire_put_svid(&message, &s);
	must_refuse("no spiffe_id", ERR_FORMAT, "spiffe_id");
	s = good;
	s.chain = STR("");
	wire_put_svid(&message, &s);
	must_refuse("no x509_svid", ERR_FORMAT, "x509_svid");
	s = good;
	s.key = STR("");
	wire_put_svid(&message, &s);
	must_refuse("no x509_svid_key", ERR_FORMAT, "x509_svid_key");
	s = good;
	s.bundle = STR("");
	wire_put_svid(&message, &s);
	must_refuse("no bundle", ERR_FORMAT, "bundle");
}
END_TEST

START_TEST(discards_the_whole_message_for_one_bad_part)
{
	struct wire_svid s = good;

	wire_put_svid(&message, &good);
	s.id = STR("spiffe://home.test/b");
	wire_put_svid(&message, &s);
	must_refuse("the second has another ID", ERR_POLICY, "is of");
	wire_put_svid(&message, &good);
	wire_put_entry(&message, 3, STR("spiffe://foreign.test/x"), STR(""));
	must_refuse("a bundle's key has a path", ERR_FORMAT, "trust domain");
	wire_put_svid(&message, &good);
	wire_put_entry(&message, 3, STR("spiffe://foreign.test"), STR("x"));
	must_refuse("a bundle is garbage", ERR_FORMAT, "foreign.test");
	wire_put_svid(&message, &good);
	wire_put(&message, 2, STR("x"));
	must_refuse("a revocation list is garbage", ERR_FORMAT, "revocation");
	s = good;
	s.id = (struct str){ "spiffe://home.test/a\0b", 22 };
	wire_put_svid(&message, &s);
	must_refuse("a NUL in the ID", ERR_POLICY, "is of");
}
END_TEST

START_TEST(refuses_garbage)
{
	size_t n;

	buf_add_text(&message, "garbage");
	must_refuse("garbage", ERR_FORMAT, "cannot be read");
	wire_put_svid(&message, &good);
	/* cut anywhere, it is an error, and never more than that */
	for (n = message.n - 1; n > 0; n -= n > 97 ? 97 : 1) {
		struct svid_set *svids = NULL;
		struct bundle_set *bundles = NULL;

		ck_assert_int_ne(message_svids(&svids, &bundles,
				     str_sub(buf_str(&message), 0, n), NULL),
		    ERR_OK);
	}
}
END_TEST

START_TEST(bounds_svids_and_bundles)
{
	char domain[32];
	int i;

	for (i = 0; i < SVIDS_MAX + 1; i++)
		wire_put_svid(&message, &good);
	must_refuse("too many SVIDs", ERR_TOOBIG, "more than 64 SVIDs");
	wire_put_svid(&message, &good);
	for (i = 0; i < BUNDLES_MAX; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		wire_put_entry(&message, 3, str_of(domain), STR(""));
	}
	must_refuse("too many bundles", ERR_TOOBIG, "more than 256 bundles");
}
END_TEST

START_TEST(reads_bundles)
{
	struct bundle_set *bundles = NULL;
	struct str der = cert_der(&foreign, &home, NULL);
	struct err err = { 0 };

	ck_assert_int_eq(
	    message_bundles(&bundles, STR(""), &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "bundles"));
	ck_assert_int_eq(
	    message_bundles(&bundles, STR("x"), NULL), ERR_FORMAT);
	wire_put_entry(&message, 2, STR("spiffe://foreign.test"), der);
	ck_assert_int_eq(
	    message_bundles(&bundles, buf_str(&message), NULL), ERR_OK);
	ck_assert_int_eq(
	    sk_X509_num(bundle_set_at(bundles, 0)->authorities), 2);
	bundle_set_unref(bundles);
	cert_der_free(der);
}
END_TEST

START_TEST(reads_jwt_bundles)
{
	EVP_PKEY *key = token_key("ES256");
	struct jwks_set *jwks = NULL;
	struct buf set;

	buf_init(&set, 4096);
	buf_add_text(&set, "{\"keys\":[");
	token_jwk(&set, key, ",\"kid\":\"k\"");
	buf_add_text(&set, "]}");
	ck_assert_int_eq(message_jwks(&jwks, STR(""), NULL), ERR_FORMAT);
	ck_assert_int_eq(message_jwks(&jwks, STR("x"), NULL), ERR_FORMAT);
	wire_put_entry(
	    &message, 1, STR("spiffe://home.test"), buf_str(&set));
	ck_assert_int_eq(
	    message_jwks(&jwks, buf_str(&message), NULL), ERR_OK);
	ck_assert_uint_eq(jwks_set_at(jwks, 0)->count, 1);
	jwks_set_unref(jwks);
	wire_put_entry(&message, 1, STR("spiffe://b.test"), STR("{}"));
	ck_assert_int_ne(
	    message_jwks(&jwks, buf_str(&message), NULL), ERR_OK);
	buf_release(&set);
	EVP_PKEY_free(key);
}
END_TEST

static void
put_jwt(const char *id, struct str token, const char *hint)
{
	struct buf one;

	buf_init(&one, 64 * 1024);
	wire_put(&one, 1, str_of(id));
	wire_put(&one, 2, token);
	wire_put(&one, 3, str_of(hint));
	wire_put(&message, 1, buf_str(&one));
	buf_release(&one);
}

START_TEST(reads_jwts_in_order)
{
	EVP_PKEY *key = token_key("ES256");
	struct jwt_list *list = NULL;
	struct buf token;
	struct err err = { 0 };

	buf_init(&token, 4096);
	token_make(&token, "ES256", key, "k", ID, "me", 5);
	ck_assert_int_eq(message_jwts(&list, STR(""), NULL), ERR_FORMAT);
	ck_assert_int_eq(message_jwts(&list, STR("x"), NULL), ERR_FORMAT);
	put_jwt(ID, buf_str(&token), "one");
	put_jwt(ID, buf_str(&token), "");
	ck_assert_int_eq(
	    message_jwts(&list, buf_str(&message), NULL), ERR_OK);
	ck_assert_uint_eq(list->count, 2);
	ck_assert_str_eq(list->at[0]->hint, "one");
	jwt_list_free(list);
	list = NULL;
	put_jwt("spiffe://home.test/b", buf_str(&token), "");
	ck_assert_int_eq(
	    message_jwts(&list, buf_str(&message), &err), ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, "home.test/b") != NULL, "%s", err.msg);
	buf_clear(&message);
	put_jwt(ID, STR(""), "");
	ck_assert_int_eq(
	    message_jwts(&list, buf_str(&message), NULL), ERR_FORMAT);
	ck_assert_ptr_null(list);
	buf_release(&token);
	EVP_PKEY_free(key);
}
END_TEST

/* google.protobuf.Value: what one field of it holds, encoded */
static const struct {
	struct str value;
	const char *json;
} values[] = {
	{ STR("\x08\x00"), "null" },
	{ STR("\x11\x00\x00\x00\x00\x00\x00\x59\x40"), "100" },
	{ STR("\x11\x00\x00\x00\x00\x00\x00\xf8\x3f"), "1.5" },
	{ STR("\x11\x00\x00\x40\x7a\xb6\x5a\xd9\x41"), "1701501417" },
	{ STR("\x1a\x03"
	      "a\"b"),
	    "\"a\\\"b\"" },
	{ STR("\x20\x01"), "true" },
	{ STR("\x20\x00"), "false" },
	{ STR("\x2a\x00"), "{}" },
	{ STR("\x2a\x09\x0a\x07\x0a\x01k\x12\x02\x20\x01"), "{\"k\":true}" },
	{ STR("\x32\x00"), "[]" },
	{ STR("\x32\x08\x0a\x02\x20\x01\x0a\x02\x08\x00"), "[true,null]" },
};

START_TEST(writes_claims_as_json)
{
	struct buf s, out;
	struct err err = { 0 };
	char want[64];

	buf_init(&s, 4096);
	buf_init(&out, 4096);
	wire_put_entry(&s, 1, STR("c"), values[_i].value);
	ck_assert_msg(
	    claims_write(&out, buf_str(&s), &err) == ERR_OK, "%s", err.msg);
	(void)snprintf(want, sizeof(want), "{\"c\":%s}", values[_i].json);
	ck_assert_str_eq(buf_text(&out), want);
	buf_release(&s);
	buf_release(&out);
}
END_TEST

static const struct str no_value[] = {
	STR(""),                                     /* no kind */
	STR("\x11\x00\x00\x00\x00\x00\x00\xf0\x7f"), /* infinite */
	STR("\x11\x00\x00\x00\x00\x00\x00\xf8\x7f"), /* not a number */
	STR("\x2a\x05\x0a"),                         /* cut off */
	STR("\x2a\x01\xff"),
	STR("\x32\x01\xff"),
};

START_TEST(refuses_claims)
{
	struct buf s, out;

	buf_init(&s, 4096);
	buf_init(&out, 4096);
	wire_put_entry(&s, 1, STR("c"), no_value[_i]);
	ck_assert_int_eq(claims_write(&out, buf_str(&s), NULL), ERR_FORMAT);
	buf_release(&s);
	buf_release(&out);
}
END_TEST

/* A list in a list in a list ... */
static int
nest(int depth, struct err *err)
{
	struct buf inner, outer, out;
	int r;

	buf_init(&inner, 64 * 1024);
	buf_init(&outer, 64 * 1024);
	buf_init(&out, 64 * 1024);
	buf_add(&inner, STR("\x20\x01"));
	while (depth-- > 0) {
		struct buf list;

		buf_init(&list, 64 * 1024);
		wire_put(&list, 1, buf_str(&inner));
		buf_clear(&inner);
		wire_put(&inner, 6, buf_str(&list));
		buf_release(&list);
	}
	wire_put_entry(&outer, 1, STR("c"), buf_str(&inner));
	r = claims_write(&out, buf_str(&outer), err);
	buf_release(&inner);
	buf_release(&outer);
	buf_release(&out);
	return r;
}

START_TEST(bounds_the_depth_of_claims)
{
	struct err err = { 0 };

	ck_assert_int_eq(nest(CLAIMS_DEPTH_MAX - 1, NULL), ERR_OK);
	ck_assert_int_eq(nest(CLAIMS_DEPTH_MAX, &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "too deep"));
	ck_assert_int_eq(nest(4000, NULL), ERR_FORMAT);
}
END_TEST

START_TEST(reads_a_validation)
{
	struct spiffe_id id;
	struct buf claims;

	buf_init(&claims, 4096);
	wire_put(&message, 1, STR(ID));
	ck_assert_int_eq(
	    message_validated(&id, &claims, buf_str(&message), NULL),
	    ERR_FORMAT);
	wire_put(&message, 2, STR("\x0a\x07\x0a\x01k\x12\x02\x20\x01"));
	ck_assert_int_eq(
	    message_validated(&id, &claims, buf_str(&message), NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&claims), "{\"k\":true}");
	ck_str(spiffe_id_text(&id), ID);
	ck_assert_int_eq(
	    message_validated(&id, NULL, buf_str(&message), NULL), ERR_OK);
	buf_clear(&message);
	wire_put(&message, 1, STR("not an ID"));
	wire_put(&message, 2, STR("\x0a\x07\x0a\x01k\x12\x02\x20\x01"));
	ck_assert_int_eq(
	    message_validated(&id, NULL, buf_str(&message), NULL), ERR_FORMAT);
	ck_assert_int_eq(
	    message_validated(&id, NULL, STR("x"), NULL), ERR_FORMAT);
	buf_release(&claims);
}
END_TEST

START_TEST(asks)
{
	static const char *const none[] = { NULL };
	static const char *const empty[] = { "a", "", NULL };
	static const char *const two[] = { "a", "bc", NULL };

	ck_assert_int_eq(
	    message_ask_jwts(&message, none, NULL, NULL), ERR_CONFIG);
	ck_assert_int_eq(
	    message_ask_jwts(&message, NULL, NULL, NULL), ERR_CONFIG);
	ck_assert_int_eq(
	    message_ask_jwts(&message, empty, NULL, NULL), ERR_CONFIG);
	ck_assert_int_eq(
	    message_ask_jwts(&message, two, "nonsense", NULL), ERR_FORMAT);
	ck_assert_uint_eq(message.n, 0);
	ck_assert_int_eq(
	    message_ask_jwts(&message, two, "spiffe://d/a", NULL), ERR_OK);
	ck_str(buf_str(&message), "\x0a\x01"
				  "a\x0a\x02"
				  "bc\x12\x0cspiffe://d/a");
	buf_clear(&message);
	ck_assert_int_eq(
	    message_ask_validation(&message, STR(""), STR("t"), NULL),
	    ERR_CONFIG);
	ck_assert_int_eq(
	    message_ask_validation(&message, STR("me"), STR(""), NULL),
	    ERR_FORMAT);
	ck_assert_int_eq(
	    message_ask_validation(&message, STR("me"), STR("t"), NULL),
	    ERR_OK);
	ck_str(buf_str(&message), "\x0a\x02me\x12\x01t");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("message");
	TCase *tc = tcase_create("message");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_svids_in_order_with_all_bundles);
	tcase_add_test(tc, a_federated_bundle_cannot_replace_our_own);
	tcase_add_test(tc, discards_svids_without_a_mandatory_field);
	tcase_add_test(tc, discards_the_whole_message_for_one_bad_part);
	tcase_add_test(tc, refuses_garbage);
	tcase_add_test(tc, bounds_svids_and_bundles);
	tcase_add_test(tc, reads_bundles);
	tcase_add_test(tc, reads_jwt_bundles);
	tcase_add_test(tc, reads_jwts_in_order);
	ck_table(tc, writes_claims_as_json, values);
	ck_table(tc, refuses_claims, no_value);
	tcase_add_test(tc, bounds_the_depth_of_claims);
	tcase_add_test(tc, reads_a_validation);
	tcase_add_test(tc, asks);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
