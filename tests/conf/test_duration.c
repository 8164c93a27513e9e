/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/duration.h"

#include "testing.h"

static const struct {
	const char *text;
	int64_t ms;
} read[] = {
	{ "0", 0 },
	{ "-0", 0 },
	{ "30s", 30000 },
	{ "+5s", 5000 },
	{ "-5s", -5000 },
	{ "1m30s", 90000 },
	{ "1h", 3600000 },
	{ "1.5s", 1500 },
	{ "1.5h", 5400000 },
	{ ".5s", 500 },
	{ "1.s", 1000 },
	{ "100ms", 100 },
	{ "1500us", 1 },
	{ "999us", 0 },
	{ "2000\xc2\xb5s", 2 },
	{ "2000\xce\xbcs", 2 },
	{ "3000000ns", 3 },
	{ "1s1s", 2000 },
	{ "0.100000000000000000000s", 100 },
	{ "9223372036854775807ns", 9223372036854 },
	{ "-9223372036854775808ns", -9223372036854 },
};

static const struct {
	const char *text, *why;
} refused[] = {
	{ "", "time: invalid duration \"\"" },
	{ "x", "time: invalid duration \"x\"" },
	{ "-", "time: invalid duration \"-\"" },
	{ "+", "time: invalid duration \"+\"" },
	{ "s", "time: invalid duration \"s\"" },
	{ ".s", "time: invalid duration \".s\"" },
	{ "-.s", "time: invalid duration \"-.s\"" },
	{ "invalid", "time: invalid duration \"invalid\"" },
	{ "1s x", "time: unknown unit \"s x\" in duration \"1s x\"" },
	{ "30", "time: missing unit in duration \"30\"" },
	{ "30.", "time: missing unit in duration \"30.\"" },
	{ "1s2", "time: missing unit in duration \"1s2\"" },
	{ "1s-1s", "time: unknown unit \"s-\" in duration \"1s-1s\"" },
	{ "1.1.1s", "time: missing unit in duration \"1.1.1s\"" },
	{ "30 s", "time: unknown unit \" s\" in duration \"30 s\"" },
	{ "1d", "time: unknown unit \"d\" in duration \"1d\"" },
	{ "1S", "time: unknown unit \"S\" in duration \"1S\"" },
	{ "a\"\\\n\xc3\xa9",
	    "time: invalid duration \"a\\\"\\\\\\x0a\\xc3\\xa9\"" },
	{ "9223372036854775808ns",
	    "time: invalid duration \"9223372036854775808ns\"" },
	{ "9223372036854775809ns",
	    "time: invalid duration \"9223372036854775809ns\"" },
	{ "18446744073709551616s",
	    "time: invalid duration \"18446744073709551616s\"" },
	{ "3000000h", "time: invalid duration \"3000000h\"" },
	{ "9223372036s9223372036s",
	    "time: invalid duration \"9223372036s9223372036s\"" },
};

static const struct {
	int64_t ms;
	const char *text;
} printed[] = {
	{ 0, "0ms" },
	{ 1, "1ms" },
	{ 1500, "1500ms" },
	{ 30000, "30s" },
	{ 60000, "1m" },
	{ 90000, "90s" },
	{ 7200000, "2h" },
};

START_TEST(reads_what_go_reads)
{
	int64_t ms = -1;

	ck_assert_int_eq(
	    duration_parse(&ms, str_of(read[_i].text), NULL), ERR_OK);
	ck_assert_int_eq(ms, read[_i].ms);
}
END_TEST

START_TEST(refuses_in_the_words_of_go)
{
	struct err err = { 0 };
	int64_t ms = 42;

	ck_assert_int_eq(
	    duration_parse(&ms, str_of(refused[_i].text), &err), ERR_CONFIG);
	ck_assert_str_eq(err.msg, refused[_i].why);
	ck_assert_int_eq(ms, 42);
}
END_TEST

START_TEST(prints_what_it_reads)
{
	struct buf out;
	int64_t ms;

	buf_init(&out, 64);
	duration_format(&out, printed[_i].ms);
	ck_str(buf_str(&out), printed[_i].text);
	ck_assert_int_eq(duration_parse(&ms, buf_str(&out), NULL), ERR_OK);
	ck_assert_int_eq(ms, printed[_i].ms);
	buf_release(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("duration");
	TCase *tc = tcase_create("duration");

	ck_table(tc, reads_what_go_reads, read);
	ck_table(tc, refuses_in_the_words_of_go, refused);
	ck_table(tc, prints_what_it_reads, printed);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
