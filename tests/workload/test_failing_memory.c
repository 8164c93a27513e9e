/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_failing_memory.c - everything that reads, again with its 1st, 2nd, ...
 * allocation failing, until none fails
 *
 * Each time it says so in a sentence and leaves nothing behind.
 */
#include "fault.h"
#include "testing.h"
#include "tokens.h"
#include "wire.h"
#include "workload/claims.h"
#include "workload/message.h"
#include "workload/source.h"
#include "workload/tls.h"

#define ID "spiffe://home.test/a"
enum { N_MAX = 10 * 1000 };

static struct cert home, leaf;
static struct buf svids_message, bundles_message, jwks_message, jwts_message,
    token, claims;
static EVP_PKEY *key;

static void
make_messages(void)
{
	struct str der = cert_der(&home, NULL);
	struct str crl = cert_crl_der(&home, NULL);
	struct buf one;

	buf_init(&one, 64 * 1024);
	wire_put_leaf(&svids_message, ID, &leaf, &home, "internal");
	wire_put_entry(&svids_message, 3, STR("spiffe://b.test"), der);
	wire_put(&svids_message, 2, crl);
	wire_put_entry(&bundles_message, 2, STR("spiffe://home.test"), der);
	wire_put(&bundles_message, 1, crl);
	buf_add_text(&one, "{\"keys\":[");
	token_jwk(&one, key, ",\"kid\":\"k\\u0031\"");
	buf_add_text(&one, "]}");
	wire_put_entry(
	    &jwks_message, 1, STR("spiffe://home.test"), buf_str(&one));
	buf_clear(&one);
	token_make(&token, "ES256", key, "k\\u0031", ID, "m\\u0065", 2000);
	wire_put(&one, 1, STR(ID));
	wire_put(&one, 2, buf_str(&token));
	wire_put(&jwts_message, 1, buf_str(&one));
	wire_put_entry(&claims, 1, STR("c"), STR("\x32\x04\x0a\x02\x20\x01"));
	buf_release(&one);
	cert_der_free(der);
	cert_der_free(crl);
}

static void
setup(void)
{
	struct buf *all[] = { &svids_message, &bundles_message, &jwks_message,
		&jwts_message, &token, &claims };
	size_t i;

	for (i = 0; i < COUNT_OF(all); i++)
		buf_init(all[i], 64 * 1024);
	home = cert_make_authority("home.test");
	leaf = cert_make_leaf(ID, &home);
	key = token_key("ES256");
	make_messages();
}

static void
teardown(void)
{
	struct buf *all[] = { &svids_message, &bundles_message, &jwks_message,
		&jwts_message, &token, &claims };
	size_t i;

	for (i = 0; i < COUNT_OF(all); i++)
		buf_release(all[i]);
	cert_free(&home);
	cert_free(&leaf);
	EVP_PKEY_free(key);
}

static int
read_svids(struct err *err)
{
	struct snapshot s = { NULL, NULL, NULL };
	struct source *source = NULL;
	int r;

	r = message_svids(&s.svids, &s.bundles, buf_str(&svids_message), err);
	if (r != ERR_OK)
		return r;
	r = source_new(&source, err);
	if (r == ERR_OK) {
		r = source_put(source, s, err);
		source_free(source);
	} else {
		svid_set_unref(s.svids);
		bundle_set_unref(s.bundles);
	}
	return r;
}

static int
read_bundles(struct err *err)
{
	struct bundle_set *set = NULL;
	int r = message_bundles(&set, buf_str(&bundles_message), err);

	bundle_set_unref(set);
	return r;
}

static int
verify_token(struct err *err)
{
	struct jwks_set *set = NULL;
	struct jwt_svid *jwt = NULL;
	int r = message_jwks(&set, buf_str(&jwks_message), err);

	if (r == ERR_OK)
		r = jwt_verify(&jwt, buf_str(&token), "me", set, 1000, err);
	jwt_free(jwt);
	jwks_set_unref(set);
	return r;
}

static int
read_tokens(struct err *err)
{
	struct jwt_list *list = NULL;
	int r = message_jwts(&list, buf_str(&jwts_message), err);

	jwt_list_free(list);
	return r;
}

static int
ask(struct err *err)
{
	static const char *const audiences[] = { "me", NULL };
	struct buf b;
	int r;

	buf_init(&b, REQUEST_MAX);
	r = message_ask_jwts(&b, audiences, ID, err);
	buf_clear(&b);
	if (r == ERR_OK)
		r = message_ask_validation(
		    &b, STR("me"), buf_str(&token), err);
	buf_release(&b);
	return r;
}

static int
make_tls(struct err *err)
{
	struct tls_config config = { .expected = { .kind = MATCH_ANY } };
	struct tls *tls = NULL;
	int r = tls_new(&tls, &config, err);

	tls_free(tls);
	return r;
}

static const struct {
	const char *what;
	int (*run)(struct err *err);
} ops[] = {
	{ "read SVIDs", read_svids },
	{ "read bundles", read_bundles },
	{ "verify a token", verify_token },
	{ "read tokens", read_tokens },
	{ "ask", ask },
	{ "make TLS", make_tls },
};

START_TEST(says_so_and_leaves_nothing_behind)
{
	bool hit = true;
	size_t n;

	for (n = 1; hit; n++) {
		struct err err = { 0 };
		size_t before = fault_live();
		size_t after;
		int r;

		ck_assert_uint_lt(n, N_MAX);
		fault_set(n, FAULT_ONCE);
		r = ops[_i].run(&err);
		hit = fault_was_hit();
		fault_set(0, FAULT_ONCE);
		after = fault_live();
		ck_assert_msg(r == (hit ? ERR_MEMORY : ERR_OK),
		    "%s, allocation %zu: %s: %s", ops[_i].what, n, err_text(r),
		    err.msg);
		ck_assert_int_eq(err.code, r);
		ck_assert_msg(after == before, "%s, allocation %zu: %zu left",
		    ops[_i].what, n, after - before);
	}
	/* there was one to fail */
	ck_assert_uint_gt(n, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("failing_memory");
	TCase *tc = tcase_create("failing_memory");

	tcase_add_checked_fixture(tc, setup, teardown);
	ck_table(tc, says_so_and_leaves_nothing_behind, ops);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
