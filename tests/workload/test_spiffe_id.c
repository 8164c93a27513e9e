/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_spiffe_id.c - the MUSTs of the SPIFFE-ID specification
 */
#include "workload/spiffe_id.h"

#include "testing.h"

static const struct {
	const char *text, *domain, *path;
} accepted[] = {
	{ "spiffe://example.org", "example.org", "" },
	{ "spiffe://example.org/a", "example.org", "/a" },
	{ "spiffe://example.org/ns/A-b_c.9/sa", "example.org",
	    "/ns/A-b_c.9/sa" },
	{ "spiffe://a/...", "a", "/..." },
	{ "spiffe://a/.hidden/..x", "a", "/.hidden/..x" },
	/* neither a DNS name nor an IPv4 address is treated differently */
	{ "spiffe://10.0.0.1/a", "10.0.0.1", "/a" },
	{ "spiffe://-_./a", "-_.", "/a" },
};

START_TEST(reads_an_id)
{
	struct spiffe_id id;
	struct err err = { 0 };

	ck_assert_msg(spiffe_id_parse(&id, str_of(accepted[_i].text), &err) ==
			  ERR_OK,
	    "%s", err.msg);
	ck_str(spiffe_id_text(&id), accepted[_i].text);
	ck_assert_str_eq(id.text, accepted[_i].text);
	ck_str(spiffe_id_domain(&id), accepted[_i].domain);
	ck_str(spiffe_id_path(&id), accepted[_i].path);
}
END_TEST

static const struct {
	const char *rule, *text, *says;
} refused[] = {
	/* 2: scheme, trust domain, no query, no fragment */
	{ "nothing", "", "spiffe://" },
	{ "the scheme must be spiffe", "https://example.org/a", "spiffe://" },
	{ "the scheme must be lower case", "SPIFFE://example.org/a",
	    "spiffe://" },
	{ "an authority must be there", "spiffe:/example.org", "spiffe://" },
	{ "no query", "spiffe://example.org/a?b=c", "segment" },
	{ "no empty query", "spiffe://example.org/a?", "segment" },
	{ "no query on a domain", "spiffe://example.org?b", "trust domain" },
	{ "no fragment", "spiffe://example.org/a#b", "segment" },
	{ "no fragment on a domain", "spiffe://example.org#b",
	    "trust domain" },
	/* 2.1: the trust domain */
	{ "the host must not be empty", "spiffe://", "missing" },
	{ "the host must not be empty before a path", "spiffe:///a",
	    "missing" },
	{ "userinfo must be empty", "spiffe://me@example.org/a",
	    "trust domain" },
	{ "port must be empty", "spiffe://example.org:80/a", "trust domain" },
	{ "port must be empty, colon too", "spiffe://example.org:/a",
	    "trust domain" },
	{ "the host must be lower case", "spiffe://Example.org/a",
	    "trust domain" },
	{ "the host must not be percent-encoded", "spiffe://ex%61mple.org/a",
	    "trust domain" },
	{ "no IPv6 address", "spiffe://[::1]/a", "trust domain" },
	{ "only ASCII in the host", "spiffe://ex\xc3\xa4mple.org/a",
	    "trust domain" },
	/* 2.2: the path */
	{ "the path must not be percent-encoded", "spiffe://a/%61",
	    "segment" },
	{ "no empty segment", "spiffe://a/b//c", "empty" },
	{ "no empty first segment", "spiffe://a//b", "empty" },
	{ "no . segment", "spiffe://a/./b", "relative" },
	{ "no .. segment", "spiffe://a/b/..", "relative" },
	{ "no trailing slash", "spiffe://a/b/", "slash" },
	{ "no trailing slash on a domain", "spiffe://a/", "slash" },
	{ "only letters, digits, dots, dashes, underscores",
	    "spiffe://a/b c", "segment" },
	{ "no colon in a segment", "spiffe://a/b:c", "segment" },
	{ "only ASCII in the path", "spiffe://a/\xc3\xa4", "segment" },
	{ "no control character", "spiffe://a/b\n", "segment" },
};

START_TEST(refuses)
{
	struct spiffe_id id = { .n = 7 };
	struct err err = { 0 };

	ck_assert_msg(spiffe_id_parse(&id, str_of(refused[_i].text), &err) ==
			  ERR_FORMAT,
	    "%s", refused[_i].rule);
	ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].rule, err.msg);
	ck_assert_uint_eq(id.n, 7);
}
END_TEST

START_TEST(refuses_a_nul_inside)
{
	struct spiffe_id id;

	ck_assert_int_eq(
	    spiffe_id_parse(&id, STR("spiffe://a/b\0c"), NULL), ERR_FORMAT);
	ck_assert_int_eq(
	    spiffe_id_parse(&id, STR("spiffe://a\0/b"), NULL), ERR_FORMAT);
}
END_TEST

/* "spiffe://", a domain of so many letters, a path to the length wanted */
static struct str
long_id(char *out, size_t domain, size_t n)
{
	memset(out, 'a', n);
	memcpy(out, "spiffe://", 9);
	if (9 + domain < n)
		out[9 + domain] = '/';
	return (struct str){ out, n };
}

START_TEST(takes_2048_bytes_and_not_one_more)
{
	char text[SPIFFE_ID_MAX + 1];
	struct spiffe_id id;
	struct err err = { 0 };

	ck_assert_int_eq(spiffe_id_parse(&id,
			     long_id(text, 10, SPIFFE_ID_MAX), &err),
	    ERR_OK);
	ck_assert_uint_eq(id.n, SPIFFE_ID_MAX);
	ck_assert_int_eq(spiffe_id_parse(&id,
			     long_id(text, 10, SPIFFE_ID_MAX + 1), &err),
	    ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "2049"));
}
END_TEST

START_TEST(takes_a_domain_of_255_bytes_and_not_one_more)
{
	char text[SPIFFE_ID_MAX];
	struct spiffe_id id;
	struct err err = { 0 };

	ck_assert_int_eq(
	    spiffe_id_parse(&id, long_id(text, 255, 300), &err), ERR_OK);
	ck_assert_uint_eq(spiffe_id_domain(&id).n, 255);
	ck_assert_int_eq(
	    spiffe_id_parse(&id, long_id(text, 256, 300), &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "256"));
}
END_TEST

START_TEST(the_path_is_case_sensitive)
{
	struct spiffe_id a, b;

	ck_assert_int_eq(
	    spiffe_id_parse(&a, STR("spiffe://d/a"), NULL), ERR_OK);
	ck_assert_int_eq(
	    spiffe_id_parse(&b, STR("spiffe://d/A"), NULL), ERR_OK);
	ck_assert(!spiffe_id_eq(&a, &b));
	ck_assert(spiffe_id_eq(&a, &a));
}
END_TEST

START_TEST(reads_a_trust_domain)
{
	struct str name = STR("untouched");

	ck_assert_int_ne(
	    trust_domain_parse(&name, STR("spiffe://example.org/a"), NULL),
	    ERR_OK);
	ck_assert_int_ne(
	    trust_domain_parse(&name, STR("Example.org"), NULL), ERR_OK);
	ck_assert_int_ne(
	    trust_domain_parse(&name, STR("spiffe://"), NULL), ERR_OK);
	ck_assert_int_ne(trust_domain_parse(&name, STR(""), NULL), ERR_OK);
	ck_str(name, "untouched");
	ck_assert_int_eq(
	    trust_domain_parse(&name, STR("spiffe://example.org"), NULL),
	    ERR_OK);
	ck_str(name, "example.org");
	ck_assert_int_eq(
	    trust_domain_parse(&name, STR("example.org"), NULL), ERR_OK);
	ck_str(name, "example.org");
}
END_TEST

static const char *const two[] = { "spiffe://d/a", "spiffe://e/b", NULL };
static const struct {
	const char *what;
	struct id_matcher m;
	const char *id;
	bool want;
} matched[] = {
	{ "a zeroed matcher", { 0 }, "spiffe://d/a", false },
	{ "any", { .kind = MATCH_ANY }, "spiffe://d/a", true },
	{ "a member", { MATCH_DOMAIN, "d", NULL }, "spiffe://d/a", true },
	{ "a member, domain as an ID", { MATCH_DOMAIN, "spiffe://d", NULL },
	    "spiffe://d/a", true },
	{ "no member", { MATCH_DOMAIN, "d", NULL }, "spiffe://dd/a", false },
	{ "no domain", { MATCH_DOMAIN, NULL, NULL }, "spiffe://d/a", false },
	{ "no list", { MATCH_IDS, NULL, NULL }, "spiffe://d/a", false },
	{ "the first of two", { MATCH_IDS, NULL, two }, "spiffe://d/a", true },
	{ "the second", { MATCH_IDS, NULL, two }, "spiffe://e/b", true },
	{ "a prefix", { MATCH_IDS, NULL, two }, "spiffe://d/ab", false },
	{ "another case", { MATCH_IDS, NULL, two }, "spiffe://d/A", false },
};

START_TEST(matches)
{
	struct spiffe_id id;

	ck_assert_int_eq(
	    spiffe_id_parse(&id, str_of(matched[_i].id), NULL), ERR_OK);
	ck_assert_msg(id_matches(&matched[_i].m, &id) == matched[_i].want,
	    "%s", matched[_i].what);
}
END_TEST

START_TEST(refuses_a_matcher_that_can_match_nothing)
{
	static const char *const none[] = { NULL };
	static const char *const bad[] = { "spiffe://d/a", "spiffe://d/",
		NULL };
	struct id_matcher m = { MATCH_IDS, NULL, none };
	struct err err = { 0 };

	ck_assert_int_eq(id_matcher_check(&m, &err), ERR_CONFIG);
	m.ids = NULL;
	ck_assert_int_eq(id_matcher_check(&m, NULL), ERR_CONFIG);
	m.ids = bad;
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(id_matcher_check(&m, &err), ERR_CONFIG);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "spiffe://d/"));
	m.ids = two;
	ck_assert_int_eq(id_matcher_check(&m, NULL), ERR_OK);
	m = (struct id_matcher){ MATCH_DOMAIN, "D", NULL };
	ck_assert_int_eq(id_matcher_check(&m, NULL), ERR_CONFIG);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spiffe_id");
	TCase *tc = tcase_create("spiffe_id");

	ck_table(tc, reads_an_id, accepted);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, refuses_a_nul_inside);
	tcase_add_test(tc, takes_2048_bytes_and_not_one_more);
	tcase_add_test(tc, takes_a_domain_of_255_bytes_and_not_one_more);
	tcase_add_test(tc, the_path_is_case_sensitive);
	tcase_add_test(tc, reads_a_trust_domain);
	ck_table(tc, matches, matched);
	tcase_add_test(tc, refuses_a_matcher_that_can_match_nothing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
