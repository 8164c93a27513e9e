/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_svid.c - our own X.509-SVIDs, as the Workload API sends them
 */
#include "workload/svid.h"

#include <time.h>

#include "certs.h"
#include "testing.h"

#define ID "spiffe://home.test/a"

static struct cert home, leaf, other;
static struct str chain, key, other_key;

static void
setup(void)
{
	home = cert_make_authority("home.test");
	leaf = cert_make_leaf(ID, &home);
	other = cert_make_leaf(ID, &home);
	chain = cert_der(&leaf, &home, NULL);
	key = cert_key_der(leaf.key);
	other_key = cert_key_der(other.key);
}

static void
teardown(void)
{
	cert_der_free(chain);
	cert_der_free(key);
	cert_der_free(other_key);
	cert_free(&other);
	cert_free(&leaf);
	cert_free(&home);
}

START_TEST(reads_an_svid)
{
	struct svid *svid = NULL;
	struct err err = { 0 };

	ck_assert_msg(svid_new(&svid, STR(ID), chain, key, STR("internal"),
			  &err) == ERR_OK,
	    "%s", err.msg);
	ck_str(spiffe_id_text(&svid->id), ID);
	ck_assert_str_eq(svid->hint, "internal");
	ck_assert_int_eq(sk_X509_num(svid->chain), 1);
	ck_assert_int_eq(X509_cmp(svid->leaf, leaf.cert), 0);
	ck_assert_int_le(svid->expires, time(NULL) + HOUR_S);
	ck_assert_int_ge(svid->expires, time(NULL) + HOUR_S - 60);
	svid_free(svid);
}
END_TEST

static void
must_refuse(struct str id, struct str certs, struct str k, int want,
    const char *says)
{
	struct svid *svid = NULL;
	struct err err = { 0 };
	int r = svid_new(&svid, id, certs, k, STR(""), &err);

	ck_assert_msg(r == want, "%s: %s", err_text(r), err.msg);
	ck_assert_msg(strstr(err.msg, says) != NULL, "%s", err.msg);
	ck_assert_ptr_nonnull(strstr(err.msg, "X.509-SVID \""));
	ck_assert_ptr_null(svid);
	ck_assert_int_eq(svid_new(&svid, id, certs, k, STR(""), NULL), want);
}

START_TEST(refuses_what_does_not_belong_together)
{
	must_refuse(
	    STR("spiffe://home.test/b"), chain, key, ERR_POLICY, "is of");
	must_refuse(
	    STR(ID), chain, other_key, ERR_POLICY, "not the certificate's");
}
END_TEST

START_TEST(refuses_garbage)
{
	struct str cut = str_sub(chain, 0, chain.n - 1);
	struct str cut_key = str_sub(key, 0, key.n - 1);

	must_refuse(STR(ID), STR(""), key, ERR_FORMAT, "no certificate");
	must_refuse(STR(ID), STR("garbage"), key, ERR_FORMAT, "not DER");
	must_refuse(STR(ID), cut, key, ERR_FORMAT, "certificate 2 is not DER");
	must_refuse(STR(ID), chain, STR(""), ERR_FORMAT, "PKCS#8");
	must_refuse(STR(ID), chain, cut_key, ERR_FORMAT, "PKCS#8");
	must_refuse(STR(ID), chain, chain, ERR_FORMAT, "PKCS#8");
}
END_TEST

START_TEST(refuses_bytes_behind_the_key)
{
	char longer[4096];
	struct str more = { longer, key.n + 1 };

	ck_assert_uint_lt(key.n, sizeof(longer));
	memcpy(longer, key.p, key.n);
	longer[key.n] = 0;
	must_refuse(STR(ID), chain, more, ERR_FORMAT, "PKCS#8");
}
END_TEST

START_TEST(refuses_an_authority)
{
	struct cert_spec spec = cert_authority("x");
	struct cert ca;
	struct str der, k;

	spec.names = "URI:" ID;
	ca = cert_make(&spec, &home);
	der = cert_der(&ca, NULL);
	k = cert_key_der(ca.key);
	must_refuse(STR(ID), der, k, ERR_POLICY, "CA:TRUE");
	cert_der_free(der);
	cert_der_free(k);
	cert_free(&ca);
}
END_TEST

START_TEST(bounds_the_chain_and_the_hint)
{
	char *many = malloc(chain.n * (SVID_CHAIN_MAX / 2 + 1));
	char hint[HINT_MAX + 1];
	struct svid *svid = NULL;
	struct str der = { many, 0 };
	size_t i;

	ck_assert_ptr_nonnull(many);
	for (i = 0; i < SVID_CHAIN_MAX / 2 + 1; i++) {
		memcpy(many + der.n, chain.p, chain.n);
		der.n += chain.n;
	}
	must_refuse(STR(ID), der, key, ERR_TOOBIG, "more than 16");
	free(many);
	memset(hint, 'h', sizeof(hint));
	ck_assert_int_eq(svid_new(&svid, STR(ID), chain, key,
			     (struct str){ hint, HINT_MAX + 1 }, NULL),
	    ERR_TOOBIG);
	ck_assert_int_eq(svid_new(&svid, STR(ID), chain, key,
			     (struct str){ hint, HINT_MAX }, NULL),
	    ERR_OK);
	svid_free(svid);
}
END_TEST

static void
add(struct svid_set *set, const char *hint)
{
	struct svid *svid = NULL;

	ck_assert_int_eq(
	    svid_new(&svid, STR(ID), chain, key, str_of(hint), NULL), ERR_OK);
	ck_assert_int_eq(svid_set_add(set, svid, NULL), ERR_OK);
}

/* Workload API 5.3 and 5.2.1: the first is the default, the first hint wins. */
START_TEST(finds_the_default_and_the_first_of_a_hint)
{
	struct svid_set *set = NULL;

	ck_assert_ptr_null(svid_set_find(NULL, NULL));
	ck_assert_int_eq(svid_set_new(&set, NULL), ERR_OK);
	ck_assert_ptr_null(svid_set_find(set, NULL));
	add(set, "");
	add(set, "external");
	add(set, "external");
	ck_assert_ptr_eq(svid_set_find(set, NULL), svid_set_at(set, 0));
	ck_assert_ptr_eq(svid_set_find(set, ""), svid_set_at(set, 0));
	ck_assert_ptr_eq(svid_set_find(set, "external"), svid_set_at(set, 1));
	ck_assert_ptr_null(svid_set_find(set, "internal"));
	ck_assert_uint_eq(svid_set_count(set), 3);
	ck_assert_ptr_null(svid_set_at(set, 3));
	svid_set_unref(svid_set_ref(set));
	svid_set_unref(set);
}
END_TEST

START_TEST(takes_no_more_svids_than_it_has_room_for)
{
	struct svid_set *set = NULL;
	struct svid *one_more = NULL;
	size_t i;

	ck_assert_int_eq(svid_set_new(&set, NULL), ERR_OK);
	for (i = 0; i < SVIDS_MAX; i++)
		add(set, "");
	ck_assert_int_eq(
	    svid_new(&one_more, STR(ID), chain, key, STR(""), NULL), ERR_OK);
	ck_assert_int_eq(svid_set_add(set, one_more, NULL), ERR_TOOBIG);
	svid_free(one_more);
	svid_set_unref(set);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("svid");
	TCase *tc = tcase_create("svid");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_an_svid);
	tcase_add_test(tc, refuses_what_does_not_belong_together);
	tcase_add_test(tc, refuses_garbage);
	tcase_add_test(tc, refuses_bytes_behind_the_key);
	tcase_add_test(tc, refuses_an_authority);
	tcase_add_test(tc, bounds_the_chain_and_the_hint);
	tcase_add_test(tc, finds_the_default_and_the_first_of_a_hint);
	tcase_add_test(tc, takes_no_more_svids_than_it_has_room_for);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
