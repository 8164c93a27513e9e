/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/utf8.h"

static bool
is_scalar(uint32_t cp)
{
	return cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff);
}

START_TEST(encodes_and_decodes_every_character)
{
	size_t n, bad = 0;
	int want;
	uint32_t cp, back;
	char p[4];

	for (cp = 0; cp <= 0x10ffff; cp++) {
		n = utf8_encode(p, cp);
		want = 1 + (cp >= 0x80) + (cp >= 0x800) + (cp >= 0x10000);
		bad += n != (size_t)want;
		if (!is_scalar(cp)) {
			bad += utf8_decode(&back, p, n) != 0;
			continue;
		}
		bad += utf8_decode(&back, p, n) != n || back != cp;
		bad += utf8_decode(&back, p, n - 1) != 0;
	}
	ck_assert_uint_eq(bad, 0);
}
END_TEST

/*
 * Every sequence of up to three bytes, and of four with the corners of the
 * last: as many are good as there are characters, so no two spell the same.
 */
START_TEST(knows_no_other_spelling)
{
	static const unsigned char corners[] = { 0x00, 0x7f, 0x80, 0xbf, 0xc0,
		0xff };
	size_t good[5] = { 0 }, bad = 0;
	uint32_t i, k, cp;

	for (i = 0; i < 0x1000000; i++) {
		char p[4] = { (char)(i >> 16), (char)(i >> 8), (char)i, 0 };
		size_t n = utf8_decode(&cp, p, 3);

		bad += n > 3 || (n > 0 && !is_scalar(cp));
		good[n] += n == 1   ? (i & 0xffff) == 0
			   : n == 2 ? (i & 0xff) == 0
				    : 1;
		if ((unsigned char)p[0] < 0xf0)
			continue;
		for (k = 0; k < COUNT_OF(corners); k++) {
			p[3] = (char)corners[k];
			good[4] += utf8_decode(&cp, p, 4) == 4;
		}
	}
	ck_assert_uint_eq(bad, 0);
	ck_assert_uint_eq(good[1], 128);
	ck_assert_uint_eq(good[2], 0x800 - 0x80);
	ck_assert_uint_eq(good[3], 0x10000 - 0x800 - 0x800);
	ck_assert_uint_eq(good[4], 0x100000 / 64 * 2);
}
END_TEST

START_TEST(judges_whole_texts)
{
	ck_assert(utf8_is_valid(NULL, 0));
	ck_assert(utf8_is_valid("a\0\xc3\xa9", 4));
	ck_assert(!utf8_is_valid("a\xc3", 2));
	ck_assert(!utf8_is_valid("\xa9", 1));
	ck_assert(!utf8_is_valid("\xc3\xa9\xff", 3));
}
END_TEST

static const struct {
	const char *text, *want;
} trims[] = {
	{ "", "" },
	{ "abc", "abc" },
	{ "ab\xc3\xa9", "ab\xc3\xa9" },
	{ "ab\xc3", "ab" },
	{ "ab\xe2\x82", "ab" },
	{ "ab\xe2\x82\xac", "ab\xe2\x82\xac" },
	{ "ab\xf0\x9f\x98", "ab" },
	{ "ab\xf0\x9f\x98\x80", "ab\xf0\x9f\x98\x80" },
	{ "\xf0", "" },
};

START_TEST(trims_a_cut_character)
{
	char text[16] = "";

	memcpy(text, trims[_i].text, strlen(trims[_i].text));
	utf8_trim(text);
	ck_assert_str_eq(text, trims[_i].want);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tc = tcase_create("utf8");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, encodes_and_decodes_every_character);
	tcase_add_test(tc, knows_no_other_spelling);
	tcase_add_test(tc, judges_whole_texts);
	ck_table(tc, trims_a_cut_character, trims);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
