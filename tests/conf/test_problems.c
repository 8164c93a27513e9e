/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/problems.h"

#include "testing.h"

static char long_text[2 * PROBLEM_MAX];

START_TEST(keeps_sentences_in_order)
{
	struct problems p = { .count = 0 };

	problems_add(&p, "first %d", 1);
	problems_add_at(&p, (struct hcl_pos){ 3, 12 }, "second");
	ck_assert_uint_eq(p.count, 2);
	ck_assert_uint_eq(problems_kept(&p), 2);
	ck_assert_str_eq(p.text[0], "first 1");
	ck_assert_str_eq(p.text[1], "second (line 3, column 12)");
}
END_TEST

START_TEST(cuts_a_long_sentence_but_not_its_place)
{
	struct problems p = { .count = 0 };
	struct str s;

	memset(long_text, 'x', sizeof(long_text) - 1);
	problems_add_at(&p, (struct hcl_pos){ 3, 12 }, "%s", long_text);
	s = str_of(p.text[0]);
	ck_assert_uint_eq(s.n, PROBLEM_MAX - 1);
	ck_assert(str_ends(s, "xxx... (line 3, column 12)"));
	problems_add(&p, "%s", long_text);
	ck_assert(str_ends(str_of(p.text[1]), "xxx..."));
}
END_TEST

START_TEST(cuts_between_characters)
{
	struct problems p = { .count = 0 };
	size_t i;

	for (i = 1; i + 2 < sizeof(long_text); i += 2)
		memcpy(long_text + i, "\xc3\xa9", 2);
	long_text[0] = 'x';
	long_text[i] = '\0';
	problems_add(&p, "%s", long_text);
	ck_assert(str_is_printable(str_of(p.text[0])));
	ck_assert(str_ends(str_of(p.text[0]), "\xc3\xa9..."));
}
END_TEST

START_TEST(counts_what_it_does_not_keep)
{
	struct problems p = { .count = 0 };
	struct buf out;
	int i;

	for (i = 0; i < PROBLEMS_MAX + 3; i++)
		problems_add(&p, "p%d", i);
	ck_assert_uint_eq(p.count, PROBLEMS_MAX + 3);
	ck_assert_uint_eq(problems_kept(&p), PROBLEMS_MAX);
	buf_init(&out, 4096);
	problems_join(&out, &p);
	ck_assert(str_starts(buf_str(&out), "p0; p1; p2; "));
	ck_assert(str_ends(buf_str(&out), "; p31; and 3 more"));
	buf_release(&out);
}
END_TEST

START_TEST(joins_nothing_to_nothing)
{
	struct problems p = { .count = 0 };
	struct buf out;

	buf_init(&out, 16);
	problems_join(&out, &p);
	ck_assert_uint_eq(out.n, 0);
	buf_release(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("problems");
	TCase *tc = tcase_create("problems");

	tcase_add_test(tc, keeps_sentences_in_order);
	tcase_add_test(tc, cuts_a_long_sentence_but_not_its_place);
	tcase_add_test(tc, cuts_between_characters);
	tcase_add_test(tc, counts_what_it_does_not_keep);
	tcase_add_test(tc, joins_nothing_to_nothing);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
