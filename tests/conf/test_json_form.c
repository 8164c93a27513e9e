/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json_form.h"

#include "testing.h"

static const char *const accepted[] = {
	"",
	"a = 1",
	"a = [true]",
	"{}",
	" \n{ } \t\r\n",
	"{\"a\":\"b\\\"c\",\"d\":[\"e\",1,-2.5e+3,],\"f\":{\"g\":null},}",
	"{\"a\":true,\"b\":false,\"c\":[{\"d\":[]}]}",
};

static const struct {
	const char *text, *why;
} refused[] = {
	{ "{", "1:2: JSON: expected a string" },
	{ "{}x", "1:3: JSON: expected nothing behind the last '}'" },
	{ "{}{}", "1:3: JSON: expected nothing behind the last '}'" },
	{ "{\"a\":1\n\"b\":2}", "2:1: JSON: expected ',' or '}'" },
	{ "{\"a\":[\"b\" \"c\"]}", "1:11: JSON: expected ',' or ']'" },
	{ "{\"a\":[true]}", "1:7: JSON: expected a string" },
	{ "{\"a\":[null]}", "1:7: JSON: expected a string" },
	{ "{\"a\":[\"b\",false]}", "1:11: JSON: expected a string" },
	{ "{\"a\":[[\"b\"]]}", "1:7: JSON: expected no list inside a list" },
	{ "{\"a\":[,]}", "1:7: JSON: expected a value" },
	{ "{\"a\" 1}", "1:6: JSON: expected ':'" },
	{ "{a:1}", "1:2: JSON: expected a string" },
	{ "{\"a\":}", "1:6: JSON: expected a value" },
	{ "{\"a\":tru}", "1:6: JSON: expected a value" },
	{ "{\"a\":1.}", "1:8: JSON: expected a digit behind the point" },
	{ "{\"a\":1e}", "1:8: JSON: expected a digit in the exponent" },
	{ "{\"a\":\"b}", "1:9: JSON: expected the closing quote" },
	{ "{\"\xc3\xa9\":[1", "1:8: JSON: expected ',' or ']'" },
	{ "{\"a\":\"b\nc\"}",
	    "1:8: JSON: expected no control character in a string" },
	{ "\v{}", "1:1: JSON: expected a value" },
	{ "{} // c", "1:4: JSON: expected nothing behind the last '}'" },
};

START_TEST(accepts)
{
	struct err err = { 0 };

	ck_assert_msg(json_form_check(str_of(accepted[_i]), &err) == ERR_OK,
	    "%s: %s", accepted[_i], err.msg);
}
END_TEST

START_TEST(refuses)
{
	struct err err = { 0 };

	ck_assert_int_eq(
	    json_form_check(str_of(refused[_i].text), &err), ERR_CONFIG);
	ck_assert_str_eq(err.msg, refused[_i].why);
}
END_TEST

START_TEST(refuses_nul_behind_the_end)
{
	ck_assert_int_eq(
	    json_form_check((struct str){ "{}\0}", 4 }, NULL), ERR_CONFIG);
}
END_TEST

START_TEST(bounds_nesting)
{
	struct err err = { 0 };
	char text[4096] = "";
	size_t i, n = 0;

	for (i = 0; i < 600; i++) {
		memcpy(text + n, "{\"a\":", 5);
		n += 5;
	}
	ck_assert_int_eq(json_form_check(str_of(text), &err), ERR_CONFIG);
	ck_assert(
	    str_ends(str_of(err.msg), "fewer objects inside one another"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("json_form");
	TCase *tc = tcase_create("json_form");

	ck_table(tc, accepts, accepted);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, refuses_nul_behind_the_end);
	tcase_add_test(tc, bounds_nesting);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
