/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/buf.h"
#include "conf/hcl.h"
#include "testing.h"

static struct arena arena;
static struct hcl_value root;
static struct err err;

static void
setup(void)
{
	arena_init(&arena, HCL_ARENA_MAX);
	root = (struct hcl_value){ .text = STR("untouched") };
	err = (struct err){ 0 };
}

static void
teardown(void)
{
	arena_release(&arena);
}

static int
parse(struct str text)
{
	return hcl_parse(&root, &arena, text, &err);
}

static void
must_parse(const char *text)
{
	int code = parse(str_of(text));

	ck_assert_msg(code == ERR_OK, "%s: %s", text, err.msg);
}

#define TEXT(s)                    \
	{                          \
		(s), sizeof(s) - 1 \
	}

static const struct {
	struct str text;
	const char *want;
} refused[] = {
	{ TEXT("}"), "1:1: expected a key, found '}'" },
	{ TEXT("a = 1\n}"), "2:1: expected a key, found '}'" },
	{ TEXT("a"), "1:2: expected '=' or '{' after this key, found the end "
		     "of the text" },
	{ TEXT("a 1"),
	    "1:3: expected '=' or '{' after this key, found a number" },
	{ TEXT("a b = 1"), "1:5: expected '{' after these labels, found '='" },
	{ TEXT("a = b"),
	    "1:5: expected a string, number, bool, list or object, "
	    "found a word without quotes" },
	{ TEXT("a = [\n  1\n  2\n]"),
	    "3:3: expected ',' or ']', found a number" },
	{ TEXT("a = [1, 2"),
	    "1:10: expected ',' or ']', found the end of the text" },
	{ TEXT("a {\n  b = 1"),
	    "2:8: expected '}', found the end of the text" },
	{ TEXT("a {\n\tb =\n}"),
	    "3:1: expected a string, number, bool, list or object, found '}'" },
	{ TEXT("a = \"x\ny\""),
	    "1:5: expected '\"' at the end of this string" },
	{ TEXT("é = \"日\\q\""),
	    "1:7: expected an escape that HCL knows after '\\'" },
	{ TEXT("a = \"\\400\""),
	    "1:5: found an octal escape beyond \\377 in this string" },
	{ TEXT("a = \"${\xef\xbf\xbd}\""),
	    "1:5: found U+FFFD inside \"${...}\" in this string" },
	{ TEXT("a = 0xg"), "1:5: expected hexadecimal digits after 0x" },
	{ TEXT("a = 019"),
	    "1:5: expected digits below 8 in a number that begins with 0" },
	{ TEXT("a = 1e"), "1:5: expected digits in this number's exponent" },
	{ TEXT("a = 1e999"), "1:5: expected a number within a double's range" },
	{ TEXT("a = .5e1"),
	    "1:5: expected a digit before the point of this number" },
	{ TEXT("a = 1;"),
	    "1:6: expected a key, a value or a bracket, found ';'" },
	{ TEXT("\357\273\277a = 1"),
	    "1:1: expected a key, a value or a bracket, found U+FEFF" },
	{ TEXT("a = 1 # \xff"), "1:9: expected UTF-8" },
	{ TEXT("a = 1\n\0"), "2:1: expected text, found the character U+0000" },
	{ TEXT("a = 1 /* b"), "1:7: expected '*/' after this comment" },
	{ TEXT("a = 1 / b"), "1:7: expected '//' or '/*', found '/'" },
	{ TEXT("a = <E"),
	    "1:5: expected '<<' before a heredoc's tag, found '<'" },
	{ TEXT("a = << E\nE\n"),
	    "1:5: expected a heredoc's tag and the end of the line" },
	{ TEXT("a = <<END\nx\n"),
	    "1:5: expected a line with only END to end this heredoc" },
	{ TEXT("a = <<-END\n  x\nEND\n"),
	    "1:5: expected an indented line with only END to end "
	    "this heredoc" },
	{ TEXT("a = \"1\"\r\nb = ]\r\n"),
	    "2:5: expected a string, number, bool, list or object, found ']'" },
	{ TEXT("a = \"\n"), "1:5: expected '\"' at the end of this string" },
	{ TEXT("{\"a\": b}"),
	    "1:7: expected true, false or null, found another word" },
	{ TEXT("{\"a\": 1,\n ,}"),
	    "2:2: expected a key in double quotes, found ','" },
	{ TEXT("{\"a\" 1}"), "1:6: expected ':', found a number" },
	{ TEXT("{\"a\": :}"), "1:7: expected a value, found ':'" },
	{ TEXT("{\"a\": [null]}"),
	    "1:8: expected a string, number, object or ']', found null" },
	{ TEXT("{\"a\": 01}"),
	    "1:7: expected a number that does not begin with 0" },
	{ TEXT("{\"é\": \"\\/\"}"),
	    "1:8: expected an escape that HCL knows after '\\'" },
	{ TEXT("{\"a\": \"\\ud83d\"}"),
	    "1:7: found an escape that is half of a surrogate pair "
	    "in this string" },
	{ TEXT("{\"a\": \"x"), "1:7: expected '\"' at the end of this string" },
	{ TEXT("{\"a\": 1e}"),
	    "1:7: expected digits in this number's exponent" },
	{ TEXT("{\"a\": #}"),
	    "1:7: expected JSON, found the character U+0023" },
	{ TEXT("{\"a\": \xff}"), "1:7: expected UTF-8" },
};

START_TEST(says_where_and_what_was_expected)
{
	ck_assert_int_eq(parse(refused[_i].text), ERR_CONFIG);
	ck_assert_str_eq(err.msg, refused[_i].want);
	ck_str(root.text, "untouched");
}
END_TEST

/* Foreign bytes might steer a terminal; words might be a secret. */
static const char *const private[] = {
	"\x1b[31m = 1",
	"é\x1b = \x1b[31m",
	"k = s3cret/s3cret",
	"k = 7s3cret\nregion = \"x\"",
	"k s3cret",
	"k s3cret = 1",
	"k = s3cret+",
	"k = \"s3cret",
	"k = \"s3cret\\q\"",
	"k = \"s3cret\"s3cret",
	"k = [s3cret]",
	"{\"k\": s3cret}",
	"{\"k\": \"s3cret}",
	"{\"k\" s3cret}",
};

START_TEST(repeats_nothing_it_was_given)
{
	ck_assert_int_eq(parse(str_of(private[_i])), ERR_CONFIG);
	ck_assert_ptr_null(strstr(err.msg, "s3cret"));
	ck_assert(str_is_printable(str_of(err.msg)));
	ck_assert_ptr_null(strstr(err.msg, "é"));
}
END_TEST

START_TEST(tells_places)
{
	const struct hcl_item *item;

	must_parse("é = 1\n\tblock \"label\" {\r\n  c = [\"日\", 2]\n}\n");
	item = root.items;
	ck_assert_uint_eq(item->keys[0].pos.line, 1);
	ck_assert_uint_eq(item->keys[0].pos.column, 1);
	ck_assert_uint_eq(item->value->pos.column, 5);
	item = item->next;
	ck_assert_uint_eq(item->keys[0].pos.line, 2);
	ck_assert_uint_eq(item->keys[0].pos.column, 2);
	ck_assert_uint_eq(item->keys[1].pos.column, 8);
	ck_assert_uint_eq(item->value->pos.column, 16);
	item = item->value->items;
	ck_assert_uint_eq(item->keys[0].pos.line, 3);
	ck_assert_uint_eq(item->value->pos.column, 7);
	ck_assert_uint_eq(item->value->values->pos.column, 8);
	ck_assert_uint_eq(item->value->values->next->pos.column, 13);
	ck_assert_ptr_null(item->next);
}
END_TEST

START_TEST(tells_blocks_from_assignments)
{
	const struct hcl_item *item;

	must_parse("a { }\nb = { }\nc d \"e\" { }\nf =");
	item = root.items;
	ck_assert(item->is_block);
	ck_assert_uint_eq(item->key_count, 1);
	item = item->next;
	ck_assert(!item->is_block);
	item = item->next;
	ck_assert(item->is_block);
	ck_assert_uint_eq(item->key_count, 3);
	ck_str(item->keys[0].text, "c");
	ck_str(item->keys[1].text, "d");
	ck_str(item->keys[2].text, "e");
	item = item->next;
	ck_str(item->keys[0].text, "f");
	ck_assert_ptr_null(item->value);
	ck_assert_ptr_null(item->next);
}
END_TEST

START_TEST(keeps_the_spelling_of_numbers)
{
	static const struct {
		const char *text;
		bool is_float;
	} want[] = {
		{ "0x1F", false },
		{ "0123", false },
		{ "99999999999999999999", false },
		{ "1.50", true },
		{ "1e3", true },
	};
	const struct hcl_value *v;
	size_t i;

	must_parse("a = [0x1F, 0123, 99999999999999999999, 1.50, 1e3]");
	v = root.items->value->values;
	for (i = 0; i < COUNT_OF(want); i++, v = v->next) {
		ck_assert_int_eq(v->type, HCL_NUMBER);
		ck_str(v->text, want[i].text);
		ck_assert(v->is_float == want[i].is_float);
	}
	ck_assert_ptr_null(v);
}
END_TEST

START_TEST(borrows_nothing)
{
	static const char *const texts[] = {
		"key \"label\" { a = [\"text\", 12, <<E\nx\nE\n, true] }",
		"{\"key\": {\"label\": {\"a\": [\"text\", 12, \"x\\n\"]}}}",
	};
	char copy[128];
	const struct hcl_value *v;
	size_t n = strlen(texts[_i]);

	memcpy(copy, texts[_i], n);
	ck_assert_int_eq(parse((struct str){ copy, n }), ERR_OK);
	memset(copy, '#', sizeof(copy));
	ck_str(root.items->keys[0].text, "key");
	ck_str(root.items->keys[1].text, "label");
	ck_str(root.items->value->items->keys[0].text, "a");
	v = root.items->value->items->value->values;
	ck_str(v->text, "text");
	ck_str(v->next->text, "12");
	ck_str(v->next->next->text, "x\n");
	ck_assert(v->next->next->is_heredoc == (_i == 0));
}
END_TEST

/* before, then count times what, then after */
static struct str
repeated(const char *before, const char *what, size_t count, const char *after)
{
	static struct buf b;
	size_t i;

	buf_release(&b);
	buf_init(&b, 16 * HCL_TEXT_MAX);
	buf_add_text(&b, before);
	for (i = 0; i < count; i++)
		buf_add_text(&b, what);
	buf_add_text(&b, after);
	ck_assert_int_eq(buf_check(&b, NULL), ERR_OK);
	return buf_str(&b);
}

static const struct {
	const char *before, *what, *after;
	size_t fits; /* one more is refused */
	const char *want;
} bounds[] = {
	{ "", " ", "", HCL_TEXT_MAX,
	    "1:1: expected a configuration of at most 65536 bytes, found "
	    "65537" },
	{ "a=[", "1,", "]", HCL_NODES_MAX - 2,
	    "1:16384: expected at most 8192 keys and values in all" },
	{ "", "a=1 ", "", HCL_NODES_MAX / 2,
	    "1:16385: expected at most 8192 keys and values in all" },
	{ "{\"a\":[", "1,", "]}", HCL_NODES_MAX - 2,
	    "1:16387: expected at most 8192 keys and values in all" },
	{ "", "a ", "{}", HCL_KEYS_MAX,
	    "1:65: expected at most 32 keys in a row" },
	{ "{", "\"a\"", ":1}", HCL_KEYS_MAX,
	    "1:98: expected at most 32 keys in a row" },
};

START_TEST(is_bounded)
{
	size_t fits = bounds[_i].fits;
	int code;

	code = parse(repeated(
	    bounds[_i].before, bounds[_i].what, fits, bounds[_i].after));
	ck_assert_msg(code == ERR_OK, "%s", err.msg);
	root = (struct hcl_value){ .text = STR("untouched") };
	code = parse(repeated(
	    bounds[_i].before, bounds[_i].what, fits + 1, bounds[_i].after));
	ck_assert_int_eq(code, ERR_CONFIG);
	ck_assert_str_eq(err.msg, bounds[_i].want);
	ck_str(root.text, "untouched");
}
END_TEST

static const struct {
	const char *before, *open, *close, *after;
} nests[] = {
	{ "a=", "[", "]", "" },
	{ "", "a{", "}", "" },
	{ "a=", "{a=", "}", "" },
	{ "{\"a\":", "{\"a\":", "}", "}" },
};

START_TEST(has_a_deepest_nest)
{
	char text[8 * HCL_DEPTH_MAX + 64];
	const char *middle = _i == 0 || _i == 1 ? "" : "1";
	size_t depth, n, i;
	int code;

	for (depth = HCL_DEPTH_MAX; depth <= HCL_DEPTH_MAX + 1; depth++) {
		n = (size_t)snprintf(
		    text, sizeof(text), "%s", nests[_i].before);
		for (i = 0; i < depth; i++)
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "%s", nests[_i].open);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", middle);
		for (i = 0; i < depth; i++)
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "%s", nests[_i].close);
		(void)snprintf(
		    text + n, sizeof(text) - n, "%s", nests[_i].after);
		code = parse(str_of(text));
		ck_assert_int_eq(
		    code, depth == HCL_DEPTH_MAX ? ERR_OK : ERR_CONFIG);
	}
	ck_assert_ptr_nonnull(strstr(err.msg,
	    "expected at most 32 objects and lists inside one another"));
}
END_TEST

/* What costs most memory and time for its length. */
static const struct {
	const char *before, *what;
	size_t count;
	const char *after;
	int want;
} costly[] = {
	{ "a=[", "\"\",", HCL_NODES_MAX - 2, "]", ERR_OK },
	{ "", "a{}", HCL_NODES_MAX / 2, "", ERR_OK },
	{ "", "a a a{}", HCL_NODES_MAX / 4, "", ERR_OK },
	{ "{\"a\":[", "{\"b\":{}},", HCL_NODES_MAX / 3 - 1, "]}", ERR_OK },
	{ "{\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""
	  "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\":{",
	    "\"\":{},", 4080, "}}", ERR_OK },
	{ "a=\"", "${", 32000, "\"", ERR_CONFIG },
	{ "a=\"", "${}", 21000, "\"", ERR_OK },
	{ "a=<<E\n", "E \n", 21000, "E\n", ERR_OK },
	{ "a=<<-E\n", " x\n", 21000, " E\n", ERR_OK },
	{ "a=<<E\n", "\r", 65000, "\n", ERR_CONFIG },
	{ "", "/*", 32000, "", ERR_CONFIG },
	{ "", "{", 65000, "", ERR_CONFIG },
	{ "a=", "[", 65000, "", ERR_CONFIG },
	{ "a=", "9", 65000, "", ERR_OK },
	{ "a=0.", "9", 65000, "", ERR_OK },
	{ "{\"a\":", "[", 65000, "", ERR_CONFIG },
	{ "{", "}", 65000, "", ERR_OK },
};

START_TEST(stays_within_its_memory)
{
	int code = parse(repeated(costly[_i].before, costly[_i].what,
	    costly[_i].count, costly[_i].after));

	ck_assert_msg(code == costly[_i].want, "%s", err.msg);
}
END_TEST

START_TEST(reports_want_of_memory)
{
	static const char *const texts[] = {
		"a b { c = [1, \"x\", <<E\n x\nE\n, 2.5] }",
		"{\"a\": {\"b\": {\"c\": [{\"d\": \"x\"}, {\"e\": 2.5}]}}}",
	};
	struct arena small;
	size_t max;
	int code = ERR_MEMORY;

	for (max = 0; code != ERR_OK; max += 16) {
		arena_init(&small, max);
		root = (struct hcl_value){ .text = STR("untouched") };
		err = (struct err){ 0 };
		code = hcl_parse(&root, &small, str_of(texts[_i]), &err);
		arena_release(&small);
		if (code == ERR_OK)
			break;
		ck_assert_msg(code == ERR_MEMORY, "%zu: %s", max, err.msg);
		ck_str(root.text, "untouched");
		ck_assert_uint_lt(max, 64 * 1024);
	}
	ck_assert_uint_gt(max, 256);
}
END_TEST

/* A prefix of a good text is read or refused, and never more. */
START_TEST(survives_every_cut)
{
	static const char *const texts[] = {
		"a.b-c = [0x1F, 07, 1.5e3, -2, \"\\u00e9${f(\"x\")}\", true]\n"
		"b \"l\" { c = <<-E\n  x\n  E\n } /* c */ d = {} // e\n",
		"{\"a\": {\"b\": [{\"c\": 1.5e3}, {\"d\": null}]}, \"e\": "
		"[true, \"\\u00e9\\n${x}\", -2]}",
	};
	struct str whole = str_of(texts[_i]);
	size_t n;
	char *copy;
	int code;

	for (n = 0; n <= whole.n; n++) {
		copy = malloc(n + 1);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, whole.p, n);
		err = (struct err){ 0 };
		code = parse((struct str){ copy, n });
		ck_assert(code == ERR_OK || code == ERR_CONFIG);
		free(copy);
		arena_release(&arena);
	}
	ck_assert_int_eq(code, ERR_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hcl");
	TCase *tc = tcase_create("hcl");

	tcase_add_checked_fixture(tc, setup, teardown);
	ck_table(tc, says_where_and_what_was_expected, refused);
	ck_table(tc, repeats_nothing_it_was_given, private);
	tcase_add_test(tc, tells_places);
	tcase_add_test(tc, tells_blocks_from_assignments);
	tcase_add_test(tc, keeps_the_spelling_of_numbers);
	tcase_add_loop_test(tc, borrows_nothing, 0, 2);
	ck_table(tc, is_bounded, bounds);
	ck_table(tc, has_a_deepest_nest, nests);
	ck_table(tc, stays_within_its_memory, costly);
	tcase_add_loop_test(tc, reports_want_of_memory, 0, 2);
	tcase_add_loop_test(tc, survives_every_cut, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
