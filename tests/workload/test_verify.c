/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verify.c - the MUSTs of X509-SVID for a peer, each with a certificate
 * that breaks it
 */
#include "workload/verify.h"

#include <time.h>

#include <openssl/x509v3.h>

#include "certs.h"
#include "testing.h"
#include "workload/x509.h"

#define ID "URI:spiffe://home.test/a"

static struct cert home, foreign, stranger;
static struct bundle_set *bundles;
static const struct id_matcher any = { .kind = MATCH_ANY };

static void
add_bundle(struct bundle_set *set, const char *domain, const struct cert *c)
{
	struct str der = cert_der(c, NULL);
	struct err err = { 0 };

	ck_assert_msg(
	    bundle_set_add(set, str_of(domain), der, &err) == ERR_OK, "%s",
	    err.msg);
	cert_der_free(der);
}

static void
setup(void)
{
	home = cert_make_authority("home.test");
	foreign = cert_make_authority("foreign.test");
	stranger = cert_make_authority("stranger.test");
	ck_assert_int_eq(bundle_set_new(&bundles, NULL), ERR_OK);
	add_bundle(bundles, "spiffe://home.test", &home);
	add_bundle(bundles, "spiffe://foreign.test", &foreign);
}

static void
teardown(void)
{
	bundle_set_unref(bundles);
	cert_free(&home);
	cert_free(&foreign);
	cert_free(&stranger);
}

static int
verify_with(struct spiffe_id *id, const struct cert *leaf,
    const struct cert *between, const struct id_matcher *expected,
    struct err *err)
{
	struct verify_peer peer = { leaf->cert, NULL, time(NULL) };
	int reason = -1;
	int r;

	if (between != NULL) {
		peer.chain = sk_X509_new_null();
		ck_assert_int_ne(sk_X509_push(peer.chain, between->cert), 0);
	}
	r = verify_peer(id, &reason, &peer, bundles, expected, err);
	ck_assert_int_eq(reason == X509_V_OK, r == ERR_OK);
	sk_X509_free(peer.chain);
	return r;
}

START_TEST(accepts_a_member_of_home)
{
	struct cert leaf = cert_make_leaf("spiffe://home.test/a", &home);
	struct spiffe_id id = { .n = 0 };
	struct err err = { 0 };

	ck_assert_msg(verify_with(&id, &leaf, NULL, &any, &err) == ERR_OK,
	    "%s", err.msg);
	ck_str(spiffe_id_text(&id), "spiffe://home.test/a");
	cert_free(&leaf);
}
END_TEST

START_TEST(accepts_a_member_of_a_federated_domain)
{
	struct cert leaf = cert_make_leaf("spiffe://foreign.test/a", &foreign);
	struct err err = { 0 };

	ck_assert_msg(verify_with(NULL, &leaf, NULL, &any, &err) == ERR_OK,
	    "%s", err.msg);
	cert_free(&leaf);
}
END_TEST

/* What an SVID may have besides. */
static const struct {
	const char *what;
	struct cert_spec spec;
} accepted[] = {
	{ "DNS, IP and mail names beside the URI",
	    { .subject = "x",
		.names = ID ",DNS:a.test,IP:127.0.0.1,email:a@b.test",
		.constraints = "critical,CA:FALSE",
		.usage = "critical,digitalSignature" } },
	{ "no basic constraints: CA is false by default",
	    { .subject = "x",
		.names = ID,
		.usage = "critical,digitalSignature" } },
	{ "keyEncipherment and keyAgreement",
	    { .subject = "x",
		.names = ID,
		.usage = "critical,digitalSignature,keyEncipherment,"
			 "keyAgreement" } },
	{ "critical extended key usage with a third one",
	    { .subject = "x",
		.names = ID,
		.usage = "critical,digitalSignature",
		.extended = "critical,clientAuth,serverAuth,codeSigning" } },
	{ "no subject, critical names",
	    { .names = "critical," ID,
		.usage = "critical,digitalSignature" } },
	{ "an RSA key",
	    { .subject = "x",
		.names = ID,
		.usage = "critical,digitalSignature",
		.rsa_bits = 2048 } },
	{ "an unknown extension that is not critical",
	    { .subject = "x",
		.names = ID,
		.usage = "critical,digitalSignature",
		.unknown = "" } },
};

START_TEST(accepts)
{
	struct cert_spec spec = accepted[_i].spec;
	struct err err = { 0 };
	struct cert leaf;

	spec.from_s = -HOUR_S;
	spec.to_s = HOUR_S;
	leaf = cert_make(&spec, &home);
	ck_assert_msg(verify_with(NULL, &leaf, NULL, &any, &err) == ERR_OK,
	    "%s: %s", accepted[_i].what, err.msg);
	cert_free(&leaf);
}
END_TEST

/* One thing is wrong each time; what is NULL is as in a good leaf. */
static const struct {
	const char *rule;
	const char *names, *constraints, *usage, *extended, *says;
} refused[] = {
	{ "2: no URI name", "DNS:a.test", NULL, NULL, NULL, "0 URI names" },
	{ "2: two SPIFFE IDs", ID ",URI:spiffe://home.test/b", NULL, NULL, NULL,
	    "2 URI names" },
	{ "2: the same ID twice", ID "," ID, NULL, NULL, NULL, "2 URI names" },
	{ "2: a second URI that is no SPIFFE ID", ID ",URI:https://a.test/",
	    NULL, NULL, NULL, "2 URI names" },
	{ "5.2: the scheme is not spiffe", "URI:https://home.test/a", NULL,
	    NULL, NULL, "spiffe://" },
	{ "SPIFFE-ID: not well formed", "URI:spiffe://home.test/a/../b", NULL,
	    NULL, NULL, "relative" },
	{ "3.1: a leaf without a path", "URI:spiffe://home.test", NULL, NULL,
	    NULL, "no path" },
	{ "4.1: a signing certificate", NULL, "critical,CA:TRUE", NULL, NULL,
	    "CA:TRUE" },
	{ "4.3: no key usage", NULL, NULL, "", NULL, "no key usage" },
	{ "4.3: key usage not critical", NULL, NULL, "digitalSignature", NULL,
	    "not critical" },
	{ "4.3: no digitalSignature", NULL, NULL, "critical,keyEncipherment",
	    NULL, "digitalSignature" },
	{ "4.3: keyCertSign", NULL, NULL,
	    "critical,digitalSignature,keyCertSign", NULL, "keyCertSign" },
	{ "4.3: cRLSign", NULL, NULL, "critical,digitalSignature,cRLSign", NULL,
	    "cRLSign" },
	{ "4.4: extended key usage without clientAuth", NULL, NULL, NULL,
	    "serverAuth", "clientAuth" },
	{ "4.4: extended key usage without serverAuth", NULL, NULL, NULL,
	    "clientAuth,codeSigning", "serverAuth" },
	{ "another trust domain than the signer's",
	    "URI:spiffe://foreign.test/a", NULL, NULL, NULL,
	    "not proven by the bundle of \"foreign.test\"" },
	{ "a trust domain without a bundle", "URI:spiffe://stranger.test/a",
	    NULL, NULL, NULL, "no bundle" },
};

START_TEST(refuses)
{
	struct cert_spec spec = cert_leaf(ID);
	struct spiffe_id id = { .n = 7 };
	struct err err = { 0 };
	struct cert leaf;

	if (refused[_i].names != NULL)
		spec.names = refused[_i].names;
	if (refused[_i].constraints != NULL)
		spec.constraints = refused[_i].constraints;
	if (refused[_i].usage != NULL)
		spec.usage = refused[_i].usage[0] == '\0' ? NULL
							  : refused[_i].usage;
	if (refused[_i].extended != NULL)
		spec.extended = refused[_i].extended;
	leaf = cert_make(&spec, &home);
	ck_assert_msg(
	    verify_with(&id, &leaf, NULL, &any, &err) == ERR_POLICY, "%s",
	    refused[_i].rule);
	ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].rule, err.msg);
	ck_assert_uint_eq(id.n, 7);
	ck_assert_int_eq(
	    verify_with(NULL, &leaf, NULL, &any, NULL), ERR_POLICY);
	cert_free(&leaf);
}
END_TEST

/* A leaf with these changes must be refused in these words. */
static void
must_refuse(const struct cert_spec *spec, const struct cert *issuer,
    const struct cert *between, const char *says)
{
	struct cert leaf = cert_make(spec, issuer);
	struct err err = { 0 };

	ck_assert_int_eq(
	    verify_with(NULL, &leaf, between, &any, &err), ERR_POLICY);
	ck_assert_msg(strstr(err.msg, says) != NULL, "%s", err.msg);
	cert_free(&leaf);
}

START_TEST(says_whom_it_refuses)
{
	struct cert_spec spec = cert_leaf("URI:spiffe://stranger.test/a");

	must_refuse(&spec, &stranger, NULL,
	    "peer \"spiffe://stranger.test/a\" refused: ");
	spec.names = "DNS:a.test";
	must_refuse(&spec, &home, NULL, "peer without a SPIFFE ID refused: ");
}
END_TEST

START_TEST(refuses_by_time)
{
	struct cert_spec spec = cert_leaf(ID);

	spec.to_s = -60;
	must_refuse(&spec, &home, NULL, "expired");
	spec.to_s = HOUR_S;
	spec.from_s = 60;
	must_refuse(&spec, &home, NULL, "not yet valid");
}
END_TEST

START_TEST(refuses_an_empty_subject_with_names_not_critical)
{
	struct cert_spec spec = cert_leaf(ID);

	spec.subject = NULL;
	must_refuse(&spec, &home, NULL, "neither a subject nor critical");
}
END_TEST

/* A reader of only the first would see another ID than a reader of the last. */
START_TEST(refuses_an_extension_that_is_there_twice)
{
	static const struct {
		int nid;
		const char *value;
	} again[] = {
		{ NID_subject_alt_name, "URI:spiffe://home.test/b" },
		{ NID_subject_alt_name, "DNS:a.test" },
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, "serverAuth,clientAuth" },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(again); i++) {
		struct cert leaf =
		    cert_make_leaf("spiffe://home.test/a", &home);
		struct err err = { 0 };

		cert_add(&leaf, again[i].nid, again[i].value, &home);
		ck_assert_int_eq(
		    verify_with(NULL, &leaf, NULL, &any, &err), ERR_POLICY);
		ck_assert_msg(
		    strstr(err.msg, "there twice") != NULL, "%s", err.msg);
		cert_free(&leaf);
	}
}
END_TEST

START_TEST(refuses_an_unknown_critical_extension)
{
	struct cert_spec spec = cert_leaf(ID);

	spec.unknown = "critical";
	must_refuse(&spec, &home, NULL, "unhandled critical extension");
}
END_TEST

START_TEST(refuses_weak_signatures_and_keys)
{
	struct cert_spec spec = cert_leaf(ID);

	spec.digest = "SHA1";
	must_refuse(&spec, &home, NULL, "too weak");
	spec.digest = NULL;
	spec.rsa_bits = 1024;
	must_refuse(&spec, &home, NULL, "key too weak");
}
END_TEST

START_TEST(refuses_who_signed_itself)
{
	struct cert_spec spec = cert_leaf(ID);

	must_refuse(&spec, NULL, NULL, "not proven");
}
END_TEST

START_TEST(refuses_a_signer_that_only_has_the_name)
{
	struct cert_spec spec = cert_leaf(ID);
	struct cert_spec ca = cert_authority("home.test");
	struct cert liar = cert_make(&ca, NULL);

	must_refuse(&spec, &liar, NULL, "not proven");
	must_refuse(&spec, &liar, &liar, "not proven");
	cert_free(&liar);
}
END_TEST

/* A federated authority proves its own members, never ours. */
START_TEST(refuses_an_id_of_home_by_a_federated_authority)
{
	struct cert_spec spec = cert_leaf(ID);

	must_refuse(
	    &spec, &foreign, NULL, "not proven by the bundle of \"home.test\"");
	must_refuse(&spec, &foreign, &foreign,
	    "not proven by the bundle of \"home.test\"");
}
END_TEST

START_TEST(accepts_intermediates)
{
	struct cert_spec spec = cert_authority("between");
	struct cert between = cert_make(&spec, &home);
	struct cert leaf = cert_make_leaf("spiffe://home.test/a", &between);
	struct err err = { 0 };

	ck_assert_msg(
	    verify_with(NULL, &leaf, &between, &any, &err) == ERR_OK, "%s",
	    err.msg);
	/* without it the chain has a gap */
	ck_assert_int_eq(
	    verify_with(NULL, &leaf, NULL, &any, NULL), ERR_POLICY);
	cert_free(&leaf);
	cert_free(&between);
}
END_TEST

static const struct {
	const char *rule, *names, *constraints, *usage, *says;
} bad_between[] = {
	{ "a leaf signs", NULL, "critical,CA:FALSE",
	    "critical,digitalSignature", "invalid CA" },
	{ "a leaf's ID signs", "URI:spiffe://home.test/evil", NULL, NULL,
	    "ID of a workload" },
	{ "3.2: no keyCertSign", NULL, NULL, "critical,cRLSign",
	    "not proven" },
	{ "4.3: no key usage", NULL, NULL, "", "keyCertSign" },
	{ "no basic constraints", NULL, "", NULL, "invalid CA" },
};

START_TEST(refuses_intermediates)
{
	struct cert_spec spec = cert_authority("between");
	struct cert_spec leaf = cert_leaf(ID);
	struct cert between;

	spec.names = bad_between[_i].names;
	if (bad_between[_i].constraints != NULL)
		spec.constraints = bad_between[_i].constraints[0] == '\0'
				       ? NULL
				       : bad_between[_i].constraints;
	if (bad_between[_i].usage != NULL)
		spec.usage = bad_between[_i].usage[0] == '\0'
				 ? NULL
				 : bad_between[_i].usage;
	between = cert_make(&spec, &home);
	must_refuse(&leaf, &between, &between, bad_between[_i].says);
	cert_free(&between);
}
END_TEST

START_TEST(heeds_path_length_and_name_constraints)
{
	struct cert_spec leaf = cert_leaf(ID);
	struct cert_spec ca = cert_authority("first");
	struct cert_spec ca2 = cert_authority("second");
	struct cert first, second;
	struct err err = { 0 };
	struct verify_peer peer = { .now = time(NULL) };
	struct cert made;

	ca.constraints = "critical,CA:TRUE,pathlen:0";
	first = cert_make(&ca, &home);
	second = cert_make(&ca2, &first);
	made = cert_make(&leaf, &second);
	peer.leaf = made.cert;
	peer.chain = sk_X509_new_null();
	ck_assert_int_gt(sk_X509_push(peer.chain, second.cert), 0);
	ck_assert_int_gt(sk_X509_push(peer.chain, first.cert), 0);
	ck_assert_int_eq(
	    verify_peer(NULL, NULL, &peer, bundles, &any, &err), ERR_POLICY);
	ck_assert_msg(strstr(err.msg, "path length") != NULL, "%s", err.msg);
	sk_X509_free(peer.chain);
	cert_free(&made);
	cert_free(&second);
	cert_free(&first);

	ca.constraints = "critical,CA:TRUE";
	ca.name_constraints = "critical,permitted;URI:other.test";
	first = cert_make(&ca, &home);
	must_refuse(&leaf, &first, &first, "permitted subtree violation");
	cert_free(&first);
	ca.name_constraints = "critical,permitted;URI:home.test";
	first = cert_make(&ca, &home);
	made = cert_make(&leaf, &first);
	memset(&err, 0, sizeof(err));
	ck_assert_msg(verify_with(NULL, &made, &first, &any, &err) == ERR_OK,
	    "%s", err.msg);
	cert_free(&made);
	cert_free(&first);
}
END_TEST

START_TEST(refuses_an_endless_chain)
{
	struct cert_spec ca = cert_authority("link");
	struct cert link[VERIFY_DEPTH_MAX + 2];
	struct cert_spec leaf = cert_leaf(ID);
	struct verify_peer peer = { .now = time(NULL) };
	struct err err = { 0 };
	struct cert made;
	char name[16];
	size_t i;

	peer.chain = sk_X509_new_null();
	for (i = 0; i < COUNT_OF(link); i++) {
		(void)snprintf(name, sizeof(name), "link %zu", i);
		ca.subject = name;
		link[i] = cert_make(&ca, i == 0 ? &home : &link[i - 1]);
		ck_assert_int_gt(sk_X509_push(peer.chain, link[i].cert), 0);
	}
	made = cert_make(&leaf, &link[COUNT_OF(link) - 1]);
	peer.leaf = made.cert;
	ck_assert_int_eq(
	    verify_peer(NULL, NULL, &peer, bundles, &any, &err), ERR_POLICY);
	ck_assert_msg(strstr(err.msg, "not proven") != NULL, "%s", err.msg);
	for (i = 0; i < COUNT_OF(link); i++)
		cert_free(&link[i]);
	cert_free(&made);
	sk_X509_free(peer.chain);
}
END_TEST

/* Bundles may hold an authority that another one has signed. */
START_TEST(an_authority_of_the_bundle_needs_no_root)
{
	struct cert_spec ca = cert_authority("sub");
	struct cert_spec leaf = cert_leaf("URI:spiffe://sub.test/a");
	struct cert sub = cert_make(&ca, &stranger);
	struct cert made = cert_make(&leaf, &sub);
	struct err err = { 0 };

	add_bundle(bundles, "sub.test", &sub);
	ck_assert_msg(verify_with(NULL, &made, NULL, &any, &err) == ERR_OK,
	    "%s", err.msg);
	cert_free(&made);
	cert_free(&sub);
}
END_TEST

START_TEST(an_empty_bundle_proves_nobody)
{
	struct cert_spec leaf = cert_leaf("URI:spiffe://empty.test/a");

	ck_assert_int_eq(
	    bundle_set_add(bundles, STR("empty.test"), STR(""), NULL), ERR_OK);
	must_refuse(&leaf, &home, NULL, "not proven");
	must_refuse(&leaf, NULL, NULL, "not proven");
}
END_TEST

START_TEST(without_bundles_nobody_is_believed)
{
	struct cert leaf = cert_make_leaf("spiffe://home.test/a", &home);
	struct verify_peer peer = { leaf.cert, NULL, time(NULL) };
	struct err err = { 0 };

	ck_assert_int_eq(verify_peer(NULL, NULL, &peer, NULL, &any, &err),
	    ERR_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(err.msg, "no bundles"));
	cert_free(&leaf);
}
END_TEST

START_TEST(accepts_only_who_is_expected)
{
	static const char *const ids[] = { "spiffe://home.test/b", NULL };
	struct cert leaf = cert_make_leaf("spiffe://home.test/a", &home);
	struct id_matcher m = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(
	    verify_with(NULL, &leaf, NULL, &m, &err), ERR_POLICY);
	ck_assert_msg(
	    strstr(err.msg, "\"spiffe://home.test/a\" refused: it is not"
			    " expected") != NULL,
	    "%s", err.msg);
	m = (struct id_matcher){ MATCH_IDS, NULL, ids };
	ck_assert_int_eq(
	    verify_with(NULL, &leaf, NULL, &m, NULL), ERR_POLICY);
	m = (struct id_matcher){ MATCH_DOMAIN, "foreign.test", NULL };
	ck_assert_int_eq(
	    verify_with(NULL, &leaf, NULL, &m, NULL), ERR_POLICY);
	m = (struct id_matcher){ MATCH_DOMAIN, "home.test", NULL };
	ck_assert_int_eq(verify_with(NULL, &leaf, NULL, &m, NULL), ERR_OK);
	cert_free(&leaf);
}
END_TEST

START_TEST(refuses_who_was_revoked)
{
	struct cert leaf = cert_make_leaf("spiffe://home.test/a", &home);
	struct cert other = cert_make_leaf("spiffe://home.test/b", &home);
	/* of another issuer: counts for nobody here */
	struct str crl = cert_crl_der(&foreign, &leaf);
	struct err err = { 0 };

	ck_assert_int_eq(bundle_set_add_crl(bundles, crl, NULL), ERR_OK);
	cert_der_free(crl);
	ck_assert_int_eq(verify_with(NULL, &leaf, NULL, &any, NULL), ERR_OK);
	crl = cert_crl_der(&home, &leaf);
	ck_assert_int_eq(bundle_set_add_crl(bundles, crl, NULL), ERR_OK);
	cert_der_free(crl);
	ck_assert_int_eq(
	    verify_with(NULL, &leaf, NULL, &any, &err), ERR_POLICY);
	ck_assert_msg(strstr(err.msg, "revoked") != NULL, "%s", err.msg);
	ck_assert_int_eq(verify_with(NULL, &other, NULL, &any, NULL), ERR_OK);
	cert_free(&leaf);
	cert_free(&other);
}
END_TEST

START_TEST(a_bundle_takes_only_authorities)
{
	struct cert leaf = cert_make_leaf("spiffe://home.test/a", &home);
	struct str der = cert_der(&home, &leaf, NULL);
	struct err err = { 0 };

	ck_assert_int_eq(
	    bundle_set_add(bundles, STR("spiffe://x.test"), der, &err),
	    ERR_POLICY);
	ck_assert_msg(strstr(err.msg, "bundle of \"x.test\"") != NULL, "%s",
	    err.msg);
	ck_assert_ptr_null(bundle_set_find(bundles, STR("x.test")));
	cert_der_free(der);
	cert_free(&leaf);
	ck_assert_int_eq(bundle_set_add(bundles, STR("spiffe://x.test"),
			     STR("garbage"), NULL),
	    ERR_FORMAT);
	ck_assert_int_eq(
	    bundle_set_add(bundles, STR("spiffe://x.test/a"), STR(""), NULL),
	    ERR_FORMAT);
	ck_assert_int_eq(
	    bundle_set_add_crl(bundles, STR("garbage"), NULL), ERR_FORMAT);
	ck_assert_uint_eq(bundle_set_count(bundles), 2);
}
END_TEST

START_TEST(the_first_bundle_of_a_domain_stays)
{
	struct cert leaf = cert_make_leaf("spiffe://home.test/a", &home);

	add_bundle(bundles, "home.test", &stranger);
	ck_assert_uint_eq(bundle_set_count(bundles), 2);
	ck_assert_int_eq(verify_with(NULL, &leaf, NULL, &any, NULL), ERR_OK);
	cert_free(&leaf);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verify");
	TCase *tc = tcase_create("verify");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, accepts_a_member_of_home);
	tcase_add_test(tc, accepts_a_member_of_a_federated_domain);
	ck_table(tc, accepts, accepted);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, says_whom_it_refuses);
	tcase_add_test(tc, refuses_by_time);
	tcase_add_test(tc, refuses_an_empty_subject_with_names_not_critical);
	tcase_add_test(tc, refuses_an_extension_that_is_there_twice);
	tcase_add_test(tc, refuses_an_unknown_critical_extension);
	tcase_add_test(tc, refuses_weak_signatures_and_keys);
	tcase_add_test(tc, refuses_who_signed_itself);
	tcase_add_test(tc, refuses_a_signer_that_only_has_the_name);
	tcase_add_test(tc, refuses_an_id_of_home_by_a_federated_authority);
	tcase_add_test(tc, accepts_intermediates);
	ck_table(tc, refuses_intermediates, bad_between);
	tcase_add_test(tc, heeds_path_length_and_name_constraints);
	tcase_add_test(tc, refuses_an_endless_chain);
	tcase_add_test(tc, an_authority_of_the_bundle_needs_no_root);
	tcase_add_test(tc, an_empty_bundle_proves_nobody);
	tcase_add_test(tc, without_bundles_nobody_is_believed);
	tcase_add_test(tc, accepts_only_who_is_expected);
	tcase_add_test(tc, refuses_who_was_revoked);
	tcase_add_test(tc, a_bundle_takes_only_authorities);
	tcase_add_test(tc, the_first_bundle_of_a_domain_stays);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
