/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/err.h"
#include "base/utf8.h"

START_TEST(keeps_the_first_error)
{
	struct err err = { 0 };

	ck_assert_int_eq(err_set(&err, ERR_POLICY, "no %s", "way"), ERR_POLICY);
	ck_assert_int_eq(err_set(&err, ERR_FORMAT, "later"), ERR_FORMAT);
	ck_assert_int_eq(err.code, ERR_POLICY);
	ck_assert_str_eq(err.msg, "no way");
	ck_assert_int_eq(err_set(NULL, ERR_FORMAT, "nobody asks"), ERR_FORMAT);
}
END_TEST

START_TEST(puts_context_before_it)
{
	struct err err = { 0 };

	(void)err_set(&err, ERR_MISSING, "no file");
	ck_assert_int_eq(err_prefix(&err, "reading %s: ", "x"), ERR_MISSING);
	ck_assert_int_eq(err_prefix(&err, "start: "), ERR_MISSING);
	ck_assert_str_eq(err.msg, "start: reading x: no file");
	ck_assert_int_ne(err_prefix(NULL, "nobody: "), ERR_OK);
}
END_TEST

/* At each offset of a character of three bytes. */
START_TEST(cuts_at_a_whole_character)
{
	struct err err = { 0 };
	char text[ERR_MSG_MAX * 2];
	size_t i;

	memset(text, 'x', sizeof(text));
	for (i = (size_t)_i; i + 4 < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, ERR_FORMAT, "%s", text);
	ck_assert(utf8_is_valid(err.msg, strlen(err.msg)));
	ck_assert_uint_ge(strlen(err.msg), ERR_MSG_MAX - 4);
	(void)err_prefix(&err, "%s", "ab: ");
	ck_assert(utf8_is_valid(err.msg, strlen(err.msg)));
	ck_assert_uint_ge(strlen(err.msg), ERR_MSG_MAX - 4);
	ck_assert_int_eq(strncmp(err.msg, "ab: ", 4), 0);
	err = (struct err){ .code = ERR_FORMAT, .msg = "old" };
	(void)err_prefix(&err, "%s", text);
	ck_assert(utf8_is_valid(err.msg, strlen(err.msg)));
}
END_TEST

START_TEST(has_a_text_for_every_code)
{
	int code;

	ck_assert_str_eq(err_text(ERR_OK), "ok");
	for (code = ERR_UNIMPLEMENTED; code < 0; code++)
		ck_assert_str_ne(err_text(code), "unknown error");
	ck_assert_str_eq(err_text(1), "unknown error");
	ck_assert_str_eq(err_text(-1000), "unknown error");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("err");
	TCase *tc = tcase_create("err");

	tcase_add_test(tc, keeps_the_first_error);
	tcase_add_test(tc, puts_context_before_it);
	tcase_add_loop_test(tc, cuts_at_a_whole_character, 0, 3);
	tcase_add_test(tc, has_a_text_for_every_code);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
