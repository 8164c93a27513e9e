/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <stdio.h>

#include "base/utf8.h"
#include "json/json.h"

#define TEXT(lit)                    \
	{                            \
		lit, sizeof(lit) - 1 \
	}

enum { ROOM = 1024 * 1024 };

static struct arena arena;

static void
setup(void)
{
	arena_init(&arena, ROOM);
}

static void
teardown(void)
{
	arena_release(&arena);
}

static struct json
open_text(const char *text)
{
	struct json v = { 0 };
	struct err err = { 0 };
	int r = json_open(&v, str_of(text), &err);

	ck_assert_msg(r == ERR_OK, "%s: %s", text, err.msg);
	return v;
}

static const struct {
	const char *text;
	enum json_kind type;
	const char *raw; /* NULL: the text itself */
} accepted[] = {
	{ "null", JSON_NULL, NULL },
	{ "true", JSON_BOOL, NULL },
	{ "false", JSON_BOOL, NULL },
	{ "0", JSON_NUMBER, NULL },
	{ "-0", JSON_NUMBER, NULL },
	{ "-1.50e+10", JSON_NUMBER, NULL },
	{ "0.1E-0", JSON_NUMBER, NULL },
	{ "10e5", JSON_NUMBER, NULL },
	{ "123456789012345678901234567890e999999", JSON_NUMBER, NULL },
	{ "\"\"", JSON_STRING, NULL },
	{ "\"plain text of more than eight bytes\"", JSON_STRING, NULL },
	{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00Fe\"", JSON_STRING, NULL },
	{ "\"\\u0000\"", JSON_STRING, NULL },
	{ "\"\\ud83d\\uDE00\"", JSON_STRING, NULL },
	{ "\"\\ue000\\ud7ff\\uffff\"", JSON_STRING, NULL },
	{ "\"\x7f \xc2\x80 \xe2\x82\xac \xf4\x8f\xbf\xbf\"", JSON_STRING,
	    NULL },
	{ "[]", JSON_ARRAY, NULL },
	{ "{}", JSON_OBJECT, NULL },
	{ " \t\r\n1 \t\r\n", JSON_NUMBER, "1" },
	{ " [ ] ", JSON_ARRAY, "[ ]" },
	{ "\n{ \"a\" : [ 1 , { } , \"]}\" ] , \"\" : null }\n", JSON_OBJECT,
	    "{ \"a\" : [ 1 , { } , \"]}\" ] , \"\" : null }" },
	{ "{\"a\":1,\"a\":2}", JSON_OBJECT, NULL },
};

START_TEST(accepts)
{
	struct json v = open_text(accepted[_i].text);
	const char *raw = accepted[_i].raw;

	ck_assert_int_eq(v.type, accepted[_i].type);
	ck_str(v.raw, raw == NULL ? accepted[_i].text : raw);
}
END_TEST

static const struct {
	struct str text;
	size_t at;
	const char *why;
} refused[] = {
	{ TEXT(""), 0, "expected a value" },
	{ TEXT(" \n"), 2, "expected a value" },
	{ TEXT("\xef\xbb\xbf{}"), 0, "expected a value" },
	{ TEXT("\xff\xfe{\0}\0"), 0, "expected a value" },
	{ TEXT("{}x"), 2, "expected nothing more" },
	{ TEXT("{} {}"), 3, "expected nothing more" },
	{ TEXT("1\0"), 1, "expected nothing more" },
	{ TEXT("{}\0"), 2, "expected nothing more" },
	{ TEXT("1 // one"), 2, "expected nothing more" },
	{ TEXT("/* one */ 1"), 0, "expected a value" },
	{ TEXT("\v1"), 0, "expected a value" },
	{ TEXT("\xc2\xa0"
	       "1"),
	    0, "expected a value" },
	{ TEXT("nul"), 0, "expected true, false or null" },
	{ TEXT("nan"), 0, "expected true, false or null" },
	{ TEXT("tru"), 0, "expected true, false or null" },
	{ TEXT("truE"), 0, "expected true, false or null" },
	{ TEXT("falsey"), 5, "expected nothing more" },
	{ TEXT("True"), 0, "expected a value" },
	{ TEXT("NaN"), 0, "expected a value" },
	{ TEXT("Infinity"), 0, "expected a value" },
	{ TEXT("-Infinity"), 1, "expected a digit" },
	{ TEXT("undefined"), 0, "expected a value" },
	{ TEXT("01"), 1, "leading zero in a number" },
	{ TEXT("-01"), 2, "leading zero in a number" },
	{ TEXT("00"), 1, "leading zero in a number" },
	{ TEXT("1."), 2, "expected a digit" },
	{ TEXT("1.e5"), 2, "expected a digit" },
	{ TEXT(".5"), 0, "expected a value" },
	{ TEXT("+1"), 0, "expected a value" },
	{ TEXT("-"), 1, "expected a digit" },
	{ TEXT("-.5"), 1, "expected a digit" },
	{ TEXT("--1"), 1, "expected a digit" },
	{ TEXT("1e"), 2, "expected a digit" },
	{ TEXT("1E+"), 3, "expected a digit" },
	{ TEXT("1e5.5"), 3, "expected nothing more" },
	{ TEXT("1-"), 1, "expected nothing more" },
	{ TEXT("0x10"), 1, "expected nothing more" },
	{ TEXT("1_000"), 1, "expected nothing more" },
	{ TEXT("'a'"), 0, "expected a value" },
	{ TEXT("\""), 1, "expected '\"' at the end of a string" },
	{ TEXT("\"abcdefghijkl"), 13, "expected '\"' at the end of a string" },
	{ TEXT("\"abc\\\""), 6, "expected '\"' at the end of a string" },
	{ TEXT("\"a\nb\""), 2, "control character in a string" },
	{ TEXT("\"a\0b\""), 2, "control character in a string" },
	{ TEXT("\"seven..\x1f more text behind\""), 8,
	    "control character in a string" },
	{ TEXT("\"\\"), 1, "unknown escape" },
	{ TEXT("\"\\x41\""), 1, "unknown escape" },
	{ TEXT("\"\\'\""), 1, "unknown escape" },
	{ TEXT("\"\\U0041\""), 1, "unknown escape" },
	{ TEXT("\"\\\0\""), 1, "unknown escape" },
	{ TEXT("\"\\u\""), 1, "expected four hex digits after \\u" },
	{ TEXT("\"\\u004\""), 1, "expected four hex digits after \\u" },
	{ TEXT("\"\\u00g0\""), 1, "expected four hex digits after \\u" },
	{ TEXT("\"\\u-041\""), 1, "expected four hex digits after \\u" },
	{ TEXT("\"\\u004"), 1, "expected four hex digits after \\u" },
	{ TEXT("\"\\ud800\""), 1, "high surrogate without a low one" },
	{ TEXT("\"\\udbff\\n...\""), 1, "high surrogate without a low one" },
	{ TEXT("\"\\ud800\\ud800\""), 1, "high surrogate without a low one" },
	{ TEXT("\"\\ud800\\u0041\""), 1, "high surrogate without a low one" },
	{ TEXT("\"\\ud800\\ue000\""), 1, "high surrogate without a low one" },
	{ TEXT("\"\\ud83d\\ude0"), 1, "high surrogate without a low one" },
	{ TEXT("\"\\ud83d\\ude0\""), 1, "high surrogate without a low one" },
	{ TEXT("\"\\ud83d /ude00\""), 1, "high surrogate without a low one" },
	{ TEXT("\"\\udc00\""), 1, "low surrogate without a high one" },
	{ TEXT("\"\\ud83d\\ude00\\ude00\""), 13,
	    "low surrogate without a high one" },
	{ TEXT("\"\x80\""), 1, "invalid UTF-8" },
	{ TEXT("\"\xff\""), 1, "invalid UTF-8" },
	{ TEXT("\"\xc0\x80\""), 1, "invalid UTF-8" },
	{ TEXT("\"\xc1\xbf\""), 1, "invalid UTF-8" },
	{ TEXT("\"\xe0\x9f\xbf\""), 1, "invalid UTF-8" },
	{ TEXT("\"\xed\xa0\x80\""), 1, "invalid UTF-8" },
	{ TEXT("\"\xed\xb0\x80\""), 1, "invalid UTF-8" },
	{ TEXT("\"\xf0\x8f\xbf\xbf\""), 1, "invalid UTF-8" },
	{ TEXT("\"\xf4\x90\x80\x80\""), 1, "invalid UTF-8" },
	{ TEXT("\"\xe2\x82\""), 1, "invalid UTF-8" },
	{ TEXT("\"\xe2\x82"), 1, "invalid UTF-8" },
	{ TEXT("\"abc\xe9 latin\""), 4, "invalid UTF-8" },
	{ TEXT("["), 1, "expected a value" },
	{ TEXT("[1"), 2, "expected ',' or ']'" },
	{ TEXT("[1,"), 3, "expected a value" },
	{ TEXT("[1,]"), 3, "expected a value" },
	{ TEXT("[,1]"), 1, "expected a value" },
	{ TEXT("[1,,2]"), 3, "expected a value" },
	{ TEXT("[1 2]"), 3, "expected ',' or ']'" },
	{ TEXT("[1}"), 2, "expected ',' or ']'" },
	{ TEXT("[1;2]"), 2, "expected ',' or ']'" },
	{ TEXT("{\"a\":1;\"b\":2}"), 6, "expected ',' or '}'" },
	{ TEXT("[1:2]"), 2, "expected ',' or ']'" },
	{ TEXT("]"), 0, "expected a value" },
	{ TEXT("[]]"), 2, "expected nothing more" },
	{ TEXT("{"), 1, "expected a member's name in quotes" },
	{ TEXT("{1:2}"), 1, "expected a member's name in quotes" },
	{ TEXT("{a:1}"), 1, "expected a member's name in quotes" },
	{ TEXT("{null:1}"), 1, "expected a member's name in quotes" },
	{ TEXT("{,}"), 1, "expected a member's name in quotes" },
	{ TEXT("{\"a\"}"), 4, "expected ':'" },
	{ TEXT("{\"a\" 1}"), 5, "expected ':'" },
	{ TEXT("{\"a\",1}"), 4, "expected ':'" },
	{ TEXT("{\"a\":}"), 5, "expected a value" },
	{ TEXT("{\"a\"::1}"), 5, "expected a value" },
	{ TEXT("{\"a\":1"), 6, "expected ',' or '}'" },
	{ TEXT("{\"a\":1,}"), 7, "expected a member's name in quotes" },
	{ TEXT("{\"a\":1]"), 6, "expected ',' or '}'" },
	{ TEXT("{\"a\":1 \"b\":2}"), 7, "expected ',' or '}'" },
	{ TEXT("{\"a\":[1}]"), 7, "expected ',' or ']'" },
	{ TEXT("[{\"a\":1],2}"), 7, "expected ',' or '}'" },
	{ TEXT("{\"\\ud800\":1}"), 2, "high surrogate without a low one" },
	{ TEXT("{\"\xff\":1}"), 2, "invalid UTF-8" },
};

/* In an exact copy, so that a sanitizer sees a read past the end. */
START_TEST(refuses)
{
	struct str text = refused[_i].text;
	struct json v = { .type = JSON_NULL, .raw = STR("untouched") };
	struct err err = { 0 };
	char *copy = malloc(text.n), want[128];

	memcpy(copy, text.p, text.n);
	text.p = copy;
	ck_assert_int_eq(json_open(&v, text, &err), ERR_FORMAT);
	(void)snprintf(want, sizeof(want), "at byte %zu: %s", refused[_i].at,
	    refused[_i].why);
	ck_assert_str_eq(err.msg, want);
	ck_str(v.raw, "untouched");
	ck_assert_int_eq(json_open(&v, text, NULL), ERR_FORMAT);
	free(copy);
}
END_TEST

/* n containers in one another: all arrays, all objects, or in turn. */
static struct str
nest(int n, int kind)
{
	struct buf b;
	struct str s;
	int i;

	buf_init(&b, ROOM);
	for (i = 0; i < n; i++)
		buf_add_text(&b,
		    kind == 0 || (kind == 2 && i % 2 == 0) ? "[" : "{\"a\":");
	buf_add_text(&b, "1");
	for (i = n - 1; i >= 0; i--)
		buf_add_char(
		    &b, kind == 0 || (kind == 2 && i % 2 == 0) ? ']' : '}');
	ck_assert_int_eq(buf_check(&b, NULL), ERR_OK);
	s = arena_dup(&arena, buf_str(&b));
	buf_release(&b);
	ck_assert_ptr_nonnull(s.p);
	return s;
}

START_TEST(bounds_the_depth)
{
	struct json v, key, value;
	struct json_iter it;
	struct err err = { 0 };
	int depth;

	ck_assert_int_eq(json_open(&v, nest(JSON_DEPTH_MAX, _i), &err), ERR_OK);
	for (depth = 0; v.type != JSON_NUMBER; depth++) {
		json_iter_init(&it, v);
		ck_assert(json_iter_next(&it, &key, &value));
		v = value;
		ck_assert(!json_iter_next(&it, &key, &value));
	}
	ck_assert_int_eq(depth, JSON_DEPTH_MAX);
	ck_assert_int_eq(
	    json_open(&v, nest(JSON_DEPTH_MAX + 1, _i), &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "nested too deep"));
	ck_assert_int_eq(json_open(&v, nest(40000, _i), NULL), ERR_FORMAT);
}
END_TEST

START_TEST(takes_siblings_at_the_deepest_level)
{
	struct json v;
	struct buf b;
	int i;

	buf_init(&b, ROOM);
	for (i = 0; i < JSON_DEPTH_MAX - 1; i++)
		buf_add_char(&b, '[');
	for (i = 0; i < 1000; i++)
		buf_add_text(&b, i == 0 ? "{}" : ",{}");
	for (i = 0; i < JSON_DEPTH_MAX - 1; i++)
		buf_add_char(&b, ']');
	ck_assert_int_eq(json_open(&v, buf_str(&b), NULL), ERR_OK);
	buf_release(&b);
}
END_TEST

START_TEST(walks_an_object)
{
	static const char *const want[][2] = {
		{ "\"a\"", "\"}\\\"]\"" },
		{ "\"b\\n\"", "[1, [2], {\"c\": \"[\"}]" },
		{ "\"\"", "-1e5" },
		{ "\"a\"", "null" },
		{ "\"o\"", "{ }" },
	};
	struct json v = open_text("{ \"a\" : \"}\\\"]\" ,"
				  "\"b\\n\":[1, [2], {\"c\": \"[\"}],"
				  "\"\":-1e5\n, \"a\":null,\"o\":{ } }");
	struct json key, value;
	struct json_iter it;
	size_t i;

	json_iter_init(&it, v);
	ck_assert(it.object);
	for (i = 0; i < COUNT_OF(want); i++) {
		ck_assert(json_iter_next(&it, &key, &value));
		ck_assert_int_eq(key.type, JSON_STRING);
		ck_str(key.raw, want[i][0]);
		ck_str(value.raw, want[i][1]);
	}
	ck_assert(!json_iter_next(&it, &key, &value));
	ck_assert(!json_iter_next(&it, &key, &value));
}
END_TEST

START_TEST(walks_an_array)
{
	static const struct {
		const char *raw;
		enum json_kind type;
	} want[] = {
		{ "1", JSON_NUMBER },
		{ "true", JSON_BOOL },
		{ "null", JSON_NULL },
		{ "\",\"", JSON_STRING },
		{ "[]", JSON_ARRAY },
		{ "{\"a\":[{}]}", JSON_OBJECT },
		{ "false", JSON_BOOL },
	};
	struct json v =
	    open_text("[1,true ,null, \",\",[] ,{\"a\":[{}]},false]");
	struct json key, value;
	struct json_iter it;
	size_t i;

	json_iter_init(&it, v);
	for (i = 0; i < COUNT_OF(want); i++) {
		ck_assert(json_iter_next(&it, &key, &value));
		ck_assert_int_eq(key.type, 0);
		ck_assert_int_eq(value.type, want[i].type);
		ck_str(value.raw, want[i].raw);
	}
	ck_assert(!json_iter_next(&it, &key, &value));
}
END_TEST

static const char *const no_containers[] = { "1", "\"[1]\"", "null", "[]", "{}",
	"[ ]", "{\n}" };

START_TEST(finds_nothing_in)
{
	struct json key, value;
	struct json_iter it;

	json_iter_init(&it, open_text(no_containers[_i]));
	ck_assert(!json_iter_next(&it, &key, &value));
	json_iter_init(&it, (struct json){ 0 });
	ck_assert(!json_iter_next(&it, &key, &value));
}
END_TEST

/*
 * Members of interest: name, a required string; count, a number or null; list,
 * an array or an object.
 */
static int
read_members(
    struct json got[3], struct str text, unsigned flags, struct err *err)
{
	struct json_want want[] = {
		{ "name", JSON_STRING, true, &got[0] },
		{ "count", JSON_NUMBER | JSON_NULL, false, &got[1] },
		{ "list", JSON_ARRAY | JSON_OBJECT, false, &got[2] },
	};
	struct json v;

	ck_assert_int_eq(json_open(&v, text, err), ERR_OK);
	return json_members(v, want, COUNT_OF(want), flags, err);
}

static const struct {
	const char *text;
	unsigned flags;
	const char *raw[3]; /* NULL: absent */
} good_members[] = {
	{ "{\"name\":\"a\",\"count\":1,\"list\":[2]}", JSON_EXACT,
	    { "\"a\"", "1", "[2]" } },
	{ "{\"list\":{},\"count\":1,\"name\":\"a\"}", JSON_EXACT,
	    { "\"a\"", "1", "{}" } },
	{ "{\"name\":\"a\"}", JSON_EXACT, { "\"a\"", NULL, NULL } },
	{ "{\"name\":\"a\",\"count\":null}", JSON_EXACT,
	    { "\"a\"", "null", NULL } },
	{ "{\"name\":\"a\",\"list\":null}", 0, { "\"a\"", NULL, NULL } },
	{ "{\"other\":{\"name\":1},\"name\":\"a\",\"other\":2}", 0,
	    { "\"a\"", NULL, NULL } },
	{ "{\"nam\":1,\"names\":1,\"name\":\"a\",\"\":1,\"nami\":[]}", 0,
	    { "\"a\"", NULL, NULL } },
	{ "{\"n\\u0061me\":\"a\",\"\\u0063oun\\u0074\":1}", JSON_EXACT,
	    { "\"a\"", "1", NULL } },
	{ "{\"name\":\"a\",\"na\\nme\":1,\"\\u00e9\":2}", 0,
	    { "\"a\"", NULL, NULL } },
	{ "{\"name\":\"a\",\"name\\u0000\":1,\"\\u0000name\":1}", 0,
	    { "\"a\"", NULL, NULL } },
	{ "{\"name\":\"a\",\"\xe2\x84\xaa\":1,\"l\xc4\xb1st\":2}", 0,
	    { "\"a\"", NULL, NULL } },
};

START_TEST(reads_members)
{
	struct json got[3] = { 0 };
	struct err err = { 0 };
	int i, r;

	got[1].type = JSON_BOOL; /* must become absent */
	r = read_members(
	    got, str_of(good_members[_i].text), good_members[_i].flags, &err);
	ck_assert_msg(r == ERR_OK, "%s: %s", good_members[_i].text, err.msg);
	for (i = 0; i < 3; i++) {
		const char *raw = good_members[_i].raw[i];

		ck_assert_int_eq(got[i].type != 0, raw != NULL);
		if (raw != NULL)
			ck_str(got[i].raw, raw);
	}
}
END_TEST

static const struct {
	const char *text;
	unsigned flags;
	const char *why;
} bad_members[] = {
	{ "[]", 0, "expected an object, not an array" },
	{ "null", 0, "expected an object, not null" },
	{ "\"{}\"", 0, "expected an object, not a string" },
	{ "{}", 0, "member \"name\" is missing" },
	{ "{\"name\":null}", 0, "member \"name\" is missing" },
	{ "{\"name\":null}", JSON_EXACT,
	    "member \"name\" must be a string, not null" },
	{ "{\"name\":1}", 0, "member \"name\" must be a string, not a number" },
	{ "{\"name\":\"a\",\"count\":\"1\"}", 0,
	    "member \"count\" must be a number or null, not a string" },
	{ "{\"name\":\"a\",\"list\":true}", 0,
	    "member \"list\" must be an object or an array, not a boolean" },
	{ "{\"name\":\"a\",\"list\":null}", JSON_EXACT,
	    "member \"list\" must be an object or an array, not null" },
	{ "{\"name\":\"a\",\"name\":\"a\"}", 0, "member \"name\" is repeated" },
	{ "{\"name\":\"a\",\"count\":1,\"name\":\"b\"}", JSON_EXACT,
	    "member \"name\" is repeated" },
	{ "{\"name\":null,\"name\":\"a\"}", 0, "member \"name\" is repeated" },
	{ "{\"name\":\"a\",\"n\\u0061me\":\"b\"}", 0,
	    "member \"name\" is repeated" },
	{ "{\"\\u006e\\u0061\\u006d\\u0065\":\"a\",\"name\":\"b\"}", 0,
	    "member \"name\" is repeated" },
	{ "{\"name\":\"a\",\"Name\":\"a\"}", 0,
	    "member \"Name\" must be spelt \"name\"" },
	{ "{\"NAME\":\"a\"}", 0, "member \"NAME\" must be spelt \"name\"" },
	{ "{\"name\":\"a\",\"LIST\":null}", JSON_EXACT,
	    "member \"LIST\" must be spelt \"list\"" },
	{ "{\"name\":\"a\",\"\\u004eame\":1}", 0,
	    "member \"\\u004eame\" must be spelt \"name\"" },
	{ "{\"name\":\"a\",\"li\xc5\xbft\":1}", 0,
	    "member \"li??t\" must be spelt \"list\"" },
	{ "{\"name\":\"a\",\"li\\u017fT\":1}", 0,
	    "member \"li\\u017fT\" must be spelt \"list\"" },
	{ "{\"name\":\"a\",\"extra\":null}", JSON_EXACT,
	    "unknown member \"extra\"" },
	{ "{\"name\":\"a\",\"\":1}", JSON_EXACT, "unknown member \"\"" },
	{ "{\"name\":\"a\",\"\xf0\x9f\x98\x80\x7f\":1}", JSON_EXACT,
	    "unknown member \"?????\"" },
	{ "{\"name\":\"a\",\"name\\u0000\":1}", JSON_EXACT,
	    "unknown member \"name\\u0000\"" },
};

START_TEST(refuses_members)
{
	struct json was = { .type = JSON_BOOL, .raw = STR("untouched") };
	struct json got[3] = { was, was, was };
	struct err err = { 0 };
	int i;

	ck_assert_int_eq(read_members(got, str_of(bad_members[_i].text),
			     bad_members[_i].flags, &err),
	    ERR_FORMAT);
	ck_assert_str_eq(err.msg, bad_members[_i].why);
	for (i = 0; i < 3; i++)
		ck_str(got[i].raw, "untouched");
}
END_TEST

START_TEST(refuses_members_of_nothing)
{
	struct json_want want = { "a", JSON_NULL, false, NULL };
	struct err err = { 0 };

	ck_assert_int_eq(
	    json_members((struct json){ 0 }, &want, 1, 0, &err), ERR_FORMAT);
	ck_assert_str_eq(err.msg, "expected an object, not nothing");
}
END_TEST

START_TEST(reads_as_many_members_as_it_may)
{
	static char names[32][8];
	struct json_want want[32];
	struct json got[32];
	struct json v;
	struct err err = { 0 };
	struct buf b;
	size_t i;

	buf_init(&b, ROOM);
	buf_add_char(&b, '{');
	for (i = 0; i < 32; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "m%zu", i);
		want[i] =
		    (struct json_want){ names[i], JSON_STRING, true, &got[i] };
	}
	for (i = 32; i-- > 0;)
		json_write_member(&b, names[i], str_of(names[i]));
	buf_add_char(&b, '}');
	ck_assert_int_eq(json_open(&v, buf_str(&b), &err), ERR_OK);
	ck_assert_int_eq(json_members(v, want, 32, JSON_EXACT, &err), ERR_OK);
	for (i = 0; i < 32; i++)
		ck_assert(json_string_is(got[i], names[i]));
	b.n--;
	json_write_member(&b, "m31", STR("again"));
	buf_add_char(&b, '}');
	ck_assert_int_eq(json_open(&v, buf_str(&b), &err), ERR_OK);
	ck_assert_int_eq(
	    json_members(v, want, 32, JSON_EXACT, &err), ERR_FORMAT);
	ck_assert_str_eq(err.msg, "member \"m31\" is repeated");
	buf_release(&b);
}
END_TEST

static const struct {
	const char *spelt;
	struct str text;
	bool borrowed;
} strings[] = {
	{ "\"\"", TEXT(""), true },
	{ "\"plain \xc3\xa9\"", TEXT("plain \xc3\xa9"), true },
	{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", TEXT("\"\\/\b\f\n\r\t"), false },
	{ "\"a\\u0000b\"", TEXT("a\0b"), false },
	{ "\"\\u007f\\u0080\\u07ff\"", TEXT("\x7f\xc2\x80\xdf\xbf"), false },
	{ "\"\\u0800\\uFFFF\"", TEXT("\xe0\xa0\x80\xef\xbf\xbf"), false },
	{ "\"\\ud800\\udc00\\uDBFF\\uDFFF\"",
	    TEXT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), false },
	{ "\"x\\\\u0041\"", TEXT("x\\u0041"), false },
	{ "\"\\ud83d\\ude00 tail\"", TEXT("\xf0\x9f\x98\x80 tail"), false },
};

START_TEST(decodes_strings)
{
	struct json v = open_text(strings[_i].spelt);
	struct err err = { 0 };
	struct str got;
	bool has_nul =
	    memchr(strings[_i].text.p, 0, strings[_i].text.n) != NULL;

	ck_assert_int_eq(json_string(&got, v, &arena, &err), ERR_OK);
	ck_assert(str_eq(got, strings[_i].text));
	ck_assert_int_eq(got.p == v.raw.p + 1, strings[_i].borrowed);
	ck_assert_int_eq(json_string_is(v, strings[_i].text.p), !has_nul);
	ck_assert(!json_string_is(v, "something else"));
	ck_assert(!json_string_is(v, strings[_i].text.n > 0 ? "" : "a"));
}
END_TEST

START_TEST(compares_whole_strings)
{
	ck_assert(json_string_is(open_text("\"abc\""), "abc"));
	ck_assert(!json_string_is(open_text("\"abc\""), "abcd"));
	ck_assert(!json_string_is(open_text("\"abc\""), "ab"));
	ck_assert(!json_string_is(open_text("\"abc\""), "Abc"));
	ck_assert(json_string_is(open_text("\"\\u0061bc\""), "abc"));
	ck_assert(!json_string_is(open_text("\"\\u0061bc\""), "abcd"));
	ck_assert(!json_string_is(open_text("\"\\u0061bc\""), "ab"));
	ck_assert(!json_string_is(open_text("\"\\u00e9\""), "\xc3"));
	ck_assert(json_string_is(open_text("\"\\u00e9\""), "\xc3\xa9"));
	ck_assert(!json_string_is(open_text("null"), "null"));
	ck_assert(!json_string_is(open_text("1"), "1"));
	ck_assert(!json_string_is((struct json){ 0 }, ""));
}
END_TEST

START_TEST(says_why_a_string_cannot_be_had)
{
	struct str out = STR("untouched");
	struct err err = { 0 };
	struct arena tiny;

	ck_assert_int_eq(
	    json_string(&out, open_text("1"), &arena, &err), ERR_FORMAT);
	ck_assert_str_eq(err.msg, "expected a string");
	arena_init(&tiny, 4);
	err = (struct err){ 0 };
	ck_assert_int_eq(
	    json_string(&out, open_text("\"\\n\\n\\n\""), &tiny, &err),
	    ERR_MEMORY);
	ck_assert_str_eq(err.msg, "no memory for a string of 6 bytes");
	ck_str(out, "untouched");
}
END_TEST

static const struct {
	const char *text;
	bool ok;
	uint64_t value;
} numbers[] = {
	{ "0", true, 0 },
	{ "9", true, 9 },
	{ "4294967296", true, UINT64_C(4294967296) },
	{ "9007199254740993", true, UINT64_C(9007199254740993) },
	{ "18446744073709551615", true, UINT64_MAX },
	{ "18446744073709551616", false, 0 },
	{ "99999999999999999999999", false, 0 },
	{ "-0", false, 0 },
	{ "-1", false, 0 },
	{ "1.0", false, 0 },
	{ "1e0", false, 0 },
	{ "1E2", false, 0 },
	{ "\"1\"", false, 0 },
	{ "true", false, 0 },
	{ "[1]", false, 0 },
};

START_TEST(reads_plain_integers_only)
{
	uint64_t v = 77;

	ck_assert_int_eq(
	    json_u64(&v, open_text(numbers[_i].text)), numbers[_i].ok);
	ck_assert_uint_eq(v, numbers[_i].ok ? numbers[_i].value : 77);
	ck_assert(!json_u64(&v, (struct json){ 0 }));
}
END_TEST

static const struct {
	struct str text;
	const char *written;
} writes[] = {
	{ TEXT(""), "\"\"" },
	{ TEXT("plain text, longer than eight"),
	    "\"plain text, longer than eight\"" },
	{ TEXT("\"\\/"), "\"\\\"\\\\/\"" },
	{ TEXT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
	{ TEXT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\"" },
	{ TEXT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
	    "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	{ TEXT("a\xff"
	       "b"),
	    "\"a\xef\xbf\xbd"
	    "b\"" },
	{ TEXT("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ TEXT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
};

START_TEST(writes_strings)
{
	struct buf b;
	struct json v;
	struct str back;

	buf_init(&b, ROOM);
	json_write_string(&b, writes[_i].text);
	ck_str(buf_str(&b), writes[_i].written);
	ck_assert_int_eq(json_open(&v, buf_str(&b), NULL), ERR_OK);
	ck_assert_int_eq(json_string(&back, v, &arena, NULL), ERR_OK);
	ck_assert_int_eq(str_eq(back, writes[_i].text),
	    utf8_is_valid(writes[_i].text.p, writes[_i].text.n));
	buf_release(&b);
}
END_TEST

/* At each place of an eight-byte word, beside each kind of neighbour. */
START_TEST(finds_every_byte_at_every_place)
{
	char text[24];
	struct buf b;
	struct json v;
	struct str back;
	int i;

	buf_init(&b, ROOM);
	for (i = 0; i < 256 * 24; i++) {
		int c = i / 24, at = i % 24;

		memset(text, 'x', sizeof(text));
		text[at] = (char)c;
		buf_clear(&b);
		json_write_string(&b, (struct str){ text, sizeof(text) });
		ck_assert_int_eq(json_open(&v, buf_str(&b), NULL), ERR_OK);
		ck_assert_int_eq(json_string(&back, v, &arena, NULL), ERR_OK);
		if (c < 0x80)
			ck_assert_int_eq(memcmp(back.p, text, 24), 0);
		buf_clear(&b);
		buf_addf(&b, "\"%.24s\"", "xxxxxxxxxxxxxxxxxxxxxxxx");
		b.p[1 + at] = (char)c;
		ck_assert_int_eq(json_open(&v, buf_str(&b), NULL) == ERR_OK,
		    c >= 0x20 && c < 0x80 && c != '"' && c != '\\');
	}
	buf_release(&b);
}
END_TEST

START_TEST(writes_members)
{
	struct buf b;

	buf_init(&b, 64);
	buf_add_char(&b, '{');
	json_write_member(&b, "a", STR("{"));
	json_write_member(&b, "b\"", STR(""));
	ck_str(buf_str(&b), "{\"a\":\"{\",\"b\\\"\":\"\"");
	json_write_member(&b, "c",
	    STR("0123456789012345678901234567890123456"
		"78901234567890"));
	ck_assert_int_eq(buf_check(&b, NULL), ERR_TOOBIG);
	buf_release(&b);
}
END_TEST

static void
add_reading(Suite *suite)
{
	TCase *tc = tcase_create("reading");

	tcase_add_checked_fixture(tc, setup, teardown);
	ck_table(tc, accepts, accepted);
	ck_table(tc, refuses, refused);
	tcase_add_loop_test(tc, bounds_the_depth, 0, 3);
	tcase_add_test(tc, takes_siblings_at_the_deepest_level);
	tcase_add_test(tc, walks_an_object);
	tcase_add_test(tc, walks_an_array);
	ck_table(tc, finds_nothing_in, no_containers);
	ck_table(tc, decodes_strings, strings);
	tcase_add_test(tc, compares_whole_strings);
	tcase_add_test(tc, says_why_a_string_cannot_be_had);
	ck_table(tc, reads_plain_integers_only, numbers);
	suite_add_tcase(suite, tc);
}

int
main(void)
{
	Suite *suite = suite_create("json");
	TCase *tc = tcase_create("members");

	add_reading(suite);
	ck_table(tc, reads_members, good_members);
	ck_table(tc, refuses_members, bad_members);
	tcase_add_test(tc, refuses_members_of_nothing);
	tcase_add_test(tc, reads_as_many_members_as_it_may);
	suite_add_tcase(suite, tc);
	tc = tcase_create("writing");
	tcase_add_checked_fixture(tc, setup, teardown);
	ck_table(tc, writes_strings, writes);
	tcase_add_test(tc, finds_every_byte_at_every_place);
	tcase_add_test(tc, writes_members);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
