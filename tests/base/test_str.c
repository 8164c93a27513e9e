/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/str.h"
#include "base/utf8.h"

#define NOTHING ((struct str){ NULL, 0 })
#define TEXT(lit)                    \
	{                            \
		lit, sizeof(lit) - 1 \
	}

START_TEST(compares)
{
	ck_assert(str_eq(STR("abc"), STR("abc")));
	ck_assert(!str_eq(STR("abc"), STR("abd")));
	ck_assert(!str_eq(STR("abc"), STR("ab")));
	ck_assert(!str_eq(STR("a\0b"), STR("a\0c")));
	ck_assert(str_eq(NOTHING, STR("")));
	ck_assert(str_is(STR("abc"), "abc"));
	ck_assert(!str_is(STR("abc\0"), "abc"));
	ck_assert(str_is(NOTHING, ""));
	ck_assert(str_is(str_of(NULL), ""));
	ck_assert(str_eq_nocase(STR("aZ[1\xc3"), STR("Az[1\xc3")));
	ck_assert(!str_eq_nocase(STR("@"), STR("`")));
	ck_assert(!str_eq_nocase(STR("["), STR("{")));
	ck_assert(!str_eq_nocase(STR("\xc3\x89"), STR("\xc3\xa9")));
	ck_assert(!str_eq_nocase(STR("ab"), STR("a")));
}
END_TEST

START_TEST(orders_bytewise)
{
	ck_assert_int_eq(str_cmp(STR("a"), STR("a")), 0);
	ck_assert_int_eq(str_cmp(NOTHING, STR("")), 0);
	ck_assert_int_lt(str_cmp(NOTHING, STR("a")), 0);
	ck_assert_int_lt(str_cmp(STR("a"), STR("ab")), 0);
	ck_assert_int_gt(str_cmp(STR("b"), STR("ab")), 0);
	ck_assert_int_gt(str_cmp(STR("\xff"), STR("a")), 0);
	ck_assert_int_lt(str_cmp(STR("a\0a"), STR("a\0b")), 0);
}
END_TEST

START_TEST(finds_ends)
{
	ck_assert(str_starts(STR("arn:aws"), "arn:"));
	ck_assert(str_starts(STR("arn:"), "arn:"));
	ck_assert(str_starts(NOTHING, ""));
	ck_assert(!str_starts(STR("arn"), "arn:"));
	ck_assert(!str_starts(STR("Arn:aws"), "arn:"));
	ck_assert(str_ends(STR("a.conf"), ".conf"));
	ck_assert(str_ends(STR(".conf"), ".conf"));
	ck_assert(str_ends(NOTHING, ""));
	ck_assert(!str_ends(STR("conf"), ".conf"));
	ck_assert(!str_ends(STR("a.conf "), ".conf"));
}
END_TEST

START_TEST(trims_white_space)
{
	ck_str(str_trim(STR(" \t\r\n\v\fa b \n")), "a b");
	ck_str(str_trim(STR("a")), "a");
	ck_str(str_trim(STR(" \n ")), "");
	ck_str(str_trim(NOTHING), "");
	ck_str(str_trim(STR("\xc2\xa0")), "\xc2\xa0");
}
END_TEST

START_TEST(clamps_parts)
{
	ck_str(str_sub(STR("abcdef"), 2, 3), "cde");
	ck_str(str_sub(STR("abcdef"), 4, 9), "ef");
	ck_str(str_sub(STR("abcdef"), 6, 1), "");
	ck_str(str_sub(STR("abcdef"), 7, 1), "");
	ck_str(str_sub(STR("abcdef"), SIZE_MAX, SIZE_MAX), "");
	ck_str(str_sub(STR("abcdef"), 1, SIZE_MAX), "bcdef");
	ck_str(str_sub(NOTHING, 1, 1), "");
}
END_TEST

static const struct {
	struct str s;
	const char *before, *rest; /* rest NULL: there is none */
} cuts[] = {
	{ TEXT("a:b:c"), "a", "b:c" },
	{ TEXT(":b"), "", "b" },
	{ TEXT("a:"), "a", "" },
	{ TEXT(":"), "", "" },
	{ TEXT("abc"), "abc", NULL },
	{ TEXT(""), "", NULL },
	{ { NULL, 0 }, "", NULL },
};

START_TEST(cuts_at_the_first)
{
	struct str rest, before = str_cut(&rest, cuts[_i].s, ':');

	ck_str(before, cuts[_i].before);
	ck_assert_int_eq(rest.p == NULL, cuts[_i].rest == NULL);
	ck_str(rest, cuts[_i].rest == NULL ? "" : cuts[_i].rest);
}
END_TEST

START_TEST(cuts_in_place)
{
	struct str s = STR("a,b,,c"), part;
	char got[16] = "";
	size_t n = 0;

	while (s.p != NULL) {
		part = str_cut(&s, s, ',');
		got[n++] = part.n == 0 ? '-' : part.p[0];
	}
	ck_assert_str_eq(got, "ab-c");
}
END_TEST

static const struct {
	struct str s;
	bool digits, hex, name, printable;
} kinds[] = {
	{ TEXT(""), false, false, false, true },
	{ { NULL, 0 }, false, false, false, true },
	{ TEXT("0123456789"), true, true, true, true },
	{ TEXT("0a9f"), false, true, true, true },
	{ TEXT("0A9F"), false, false, true, true },
	{ TEXT("0a9g"), false, false, true, true },
	{ TEXT("az.AZ_09-"), false, false, true, true },
	{ TEXT("-"), false, false, true, true },
	{ TEXT("a/b"), false, false, false, true },
	{ TEXT("12 "), false, false, false, true },
	{ TEXT("1\0"), false, false, false, false },
	{ TEXT("a\n"), false, false, false, false },
	{ TEXT("a\x7f"), false, false, false, false },
	{ TEXT("\xc3\xa9"), false, false, false, true },
	{ TEXT("a\xff"), false, false, false, false },
	{ TEXT("\xc2\x80"), false, false, false, true },
};

START_TEST(tells_kinds)
{
	ck_assert_int_eq(str_is_digits(kinds[_i].s), kinds[_i].digits);
	ck_assert_int_eq(str_is_lower_hex(kinds[_i].s), kinds[_i].hex);
	ck_assert_int_eq(str_is_alnum_or(kinds[_i].s, "._-"), kinds[_i].name);
	ck_assert_int_eq(str_is_printable(kinds[_i].s), kinds[_i].printable);
}
END_TEST

static const struct {
	struct str s;
	const char *want;
} cleans[] = {
	{ TEXT(""), "" },
	{ { NULL, 0 }, "" },
	{ TEXT("plain ~ \"text\""), "plain ~ \"text\"" },
	{ TEXT("a\0b\nc\x7f\x1b[0m"), "a?b?c??[0m" },
	{ TEXT("\xc3\xa9\xff%n%s"), "???%n%s" },
	{ TEXT("0123456789abcde"), "0123456789abcde" },
	{ TEXT("0123456789abcdef"), "0123456789ab..." },
	{ TEXT("0123456789abcdefghijklmnopqrstuvwxyz"), "0123456789ab..." },
};

START_TEST(cleans_foreign_bytes)
{
	char out[17] = "................";

	ck_assert_ptr_eq(str_clean(out, 16, cleans[_i].s), out);
	ck_assert_str_eq(out, cleans[_i].want);
}
END_TEST

START_TEST(cleans_into_the_smallest_room)
{
	char out[4] = "xyz";

	ck_assert_str_eq(str_clean(out, 1, STR("abc")), "");
	ck_assert_int_eq(out[1], 'y');
	ck_assert_str_eq(str_clean(out, 3, STR("abc")), "ab");
	ck_assert_str_eq(str_clean(out, 4, STR("abcd")), "...");
	ck_assert_str_eq(CLEAN(STR("a\tb")), "a?b");
}
END_TEST

static const struct {
	struct str s;
	bool ok;
	uint64_t value;
} numbers[] = {
	{ TEXT("0"), true, 0 },
	{ TEXT("00012"), true, 12 },
	{ TEXT("18446744073709551615"), true, UINT64_MAX },
	{ TEXT("18446744073709551616"), false, 0 },
	{ TEXT("18446744073709551620"), false, 0 },
	{ TEXT("99999999999999999999"), false, 0 },
	{ TEXT(""), false, 0 },
	{ TEXT("+1"), false, 0 },
	{ TEXT("-1"), false, 0 },
	{ TEXT(" 1"), false, 0 },
	{ TEXT("1 "), false, 0 },
	{ TEXT("1\0"), false, 0 },
	{ TEXT("0x1"), false, 0 },
	{ TEXT("1.0"), false, 0 },
};

START_TEST(reads_numbers)
{
	uint64_t v = 77;

	ck_assert_int_eq(str_to_u64(&v, numbers[_i].s), numbers[_i].ok);
	ck_assert_uint_eq(v, numbers[_i].ok ? numbers[_i].value : 77);
}
END_TEST

/* Values of the FNV-1a reference's own test suite. */
START_TEST(hashes)
{
	ck_assert(str_hash(STR("")) == 0xcbf29ce484222325U);
	ck_assert(str_hash(STR("a")) == 0xaf63dc4c8601ec8cU);
	ck_assert(str_hash(STR("foobar")) == 0x85944171f73967e8U);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("str");
	TCase *tc = tcase_create("str");

	tcase_add_test(tc, compares);
	tcase_add_test(tc, orders_bytewise);
	tcase_add_test(tc, finds_ends);
	tcase_add_test(tc, trims_white_space);
	tcase_add_test(tc, clamps_parts);
	ck_table(tc, cuts_at_the_first, cuts);
	tcase_add_test(tc, cuts_in_place);
	tcase_add_test(tc, hashes);
	ck_table(tc, tells_kinds, kinds);
	ck_table(tc, cleans_foreign_bytes, cleans);
	tcase_add_test(tc, cleans_into_the_smallest_room);
	ck_table(tc, reads_numbers, numbers);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
