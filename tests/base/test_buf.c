/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/buf.h"

static struct buf b;

static void
teardown(void)
{
	buf_release(&b);
}

START_TEST(grows_to_its_ceiling_and_not_beyond)
{
	struct err err = { 0 };
	size_t i;

	buf_init(&b, 1000);
	ck_assert_ptr_null(b.p);
	for (i = 0; i < 1000; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	ck_assert_int_eq(buf_check(&b, &err), ERR_OK);
	ck_assert_uint_eq(b.n, 1000);
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(b.p[i], (char)('a' + i % 26));
	ck_assert_uint_eq(strlen(buf_text(&b)), 1000);
	buf_add_char(&b, 'x');
	ck_assert_int_eq(buf_check(&b, &err), ERR_TOOBIG);
	ck_assert_str_eq(err.msg, "more than 1000 bytes");
	ck_assert_uint_eq(b.n, 1000);
	ck_assert_ptr_null(buf_text(&b));
}
END_TEST

START_TEST(has_the_room_that_was_made)
{
	const char *at;
	size_t i;

	buf_init(&b, 1000);
	buf_reserve(&b, 600);
	at = b.p;
	ck_assert_uint_eq(b.n, 0);
	for (i = 0; i < 600; i++)
		buf_add_char(&b, 'x');
	ck_assert_ptr_eq(b.p, at);
	buf_reserve(&b, 401);
	ck_assert_int_eq(buf_check(&b, NULL), ERR_TOOBIG);
}
END_TEST

START_TEST(does_nothing_after_a_failure)
{
	buf_init(&b, 8);
	buf_add_text(&b, "1234");
	buf_add_text(&b, "56789");
	buf_add_char(&b, 'x');
	buf_addf(&b, "%d", 1);
	ck_str(buf_str(&b), "1234");
	ck_assert_int_eq(buf_check(&b, NULL), ERR_TOOBIG);
	buf_clear(&b);
	ck_assert_int_eq(buf_check(&b, NULL), ERR_OK);
	buf_add_text(&b, "12345678");
	ck_str(buf_str(&b), "12345678");
	ck_assert_str_eq(buf_text(&b), "12345678");
}
END_TEST

START_TEST(refuses_sizes_that_wrap)
{
	buf_init(&b, 100);
	buf_add_char(&b, 'a');
	buf_add(&b, (struct str){ "", SIZE_MAX });
	ck_assert_int_eq(buf_check(&b, NULL), ERR_TOOBIG);
	ck_assert_uint_eq(b.n, 1);
}
END_TEST

START_TEST(prints)
{
	buf_init(&b, 600);
	buf_addf(&b, "%s-%d", "a", 7);
	ck_assert_str_eq(buf_text(&b), "a-7");
	buf_addf(&b, "%s", "");
	buf_addf(&b, "%0*d", 597, 0);
	ck_assert_uint_eq(buf_str(&b).n, 600);
	ck_assert_int_eq(buf_check(&b, NULL), ERR_OK);
	buf_addf(&b, "%c", 'x');
	ck_assert_int_eq(buf_check(&b, NULL), ERR_TOOBIG);
}
END_TEST

START_TEST(holds_any_bytes)
{
	buf_init(&b, 16);
	buf_add(&b, STR("a\0b"));
	buf_add(&b, (struct str){ NULL, 0 });
	ck_assert(str_eq(buf_str(&b), STR("a\0b")));
}
END_TEST

START_TEST(is_empty_text_at_first)
{
	buf_init(&b, 0);
	ck_assert_uint_eq(buf_str(&b).n, 0);
	ck_assert_str_eq(buf_text(&b), "");
	buf_add_text(&b, "");
	ck_assert_int_eq(buf_check(&b, NULL), ERR_OK);
	buf_add_char(&b, 'x');
	ck_assert_int_eq(buf_check(&b, NULL), ERR_TOOBIG);
}
END_TEST

START_TEST(can_be_used_again)
{
	buf_init(&b, 300);
	buf_add_text(&b, "secret");
	buf_wipe(&b);
	ck_assert_ptr_null(b.p);
	ck_assert_uint_eq(b.n, 0);
	ck_assert_uint_eq(b.max, 300);
	buf_add_text(&b, "again");
	ck_str(buf_str(&b), "again");
	buf_release(&b);
	buf_release(&b);
	ck_assert_uint_eq(b.max, 300);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("buf");
	TCase *tc = tcase_create("buf");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, grows_to_its_ceiling_and_not_beyond);
	tcase_add_test(tc, has_the_room_that_was_made);
	tcase_add_test(tc, does_nothing_after_a_failure);
	tcase_add_test(tc, refuses_sizes_that_wrap);
	tcase_add_test(tc, prints);
	tcase_add_test(tc, holds_any_bytes);
	tcase_add_test(tc, is_empty_text_at_first);
	tcase_add_test(tc, can_be_used_again);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
