/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_oracle.c - our reader against json-c's, on many texts
 *
 * json-c in its strictest mode is the other opinion: what one takes and the
 * other refuses must be a difference listed here, and what both take must
 * mean the same.
 */
#include "testing.h"

#include "base/utf8.h"
#include "jsonc.h"
#include "json/json.h"

enum { TEXT_MAX = 512, ROOM = 1024 * 1024 };

static const char *const seeds[] = {
	"{\"a\":[1,-2.5e+3,true,false,null,{}],\"b\":\"\\ud83d\\ude00\\n\"}",
	" [ \"\xc3\xa9\xf0\x9f\x98\x80\" , 0 , {\"x\" : \"\\\\\"} ] ",
	"\t{ \"k\" : -0 , \"\" : \"\\u00e9\\u20AC\\b\\f\\r\\t\\/\" }\r\n",
	"-0.1e-5",
	"[12345678901234567890,9223372036854775807,0.0,1E5]",
	"\"\\ud800\\udc00\"",
	"null",
	"{}",
	"[[],[[]],{\"a\":{\"b\":{}}}]",
	"[01]",
	"[1.]",
	"1.e5",
	"1e",
	"{\"a\":1,}",
	"[1,2,]",
	"'a'",
	"{'a':1}",
	"{a:1}",
	"{\"a\":1,\"a\":2}",
	"\"\\u0001\"",
	"nan",
	"[-Infinity]",
	"[NaN,Infinity]",
	"[True,NULL]",
	"/*a*/1",
	"1//a",
	"\xef\xbb\xbf{}",
	"\"\xe0\x9f\xbf\"",
	"\"\xed\xa0\x80\"",
	"\"\xf4\x90\x80\x80\"",
	"\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf\"",
	"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
	"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
};

/*
 * What json-c takes against RFC 8259, by our reason and by the bytes just
 * before and at the place where we refuse.
 */
static const struct {
	const char *why;
	const char *before, *at; /* one of these bytes; NULL: any */
} differences[] = {
	{ "control character in a string", NULL, NULL },
	{ "high surrogate without a low one", NULL, "\\" },
	{ "low surrogate without a high one", NULL, "\\" },
	/* overlong forms, surrogates, beyond U+10FFFF */
	{ "invalid UTF-8", NULL, "\xe0\xed\xf0\xf4" },
	{ "expected a digit", ".", NULL },
	{ "leading zero in a number", "0", NULL },
	{ "expected a digit", "-", "I." }, /* -Infinity, -.5 */
	{ "expected a member's name in quotes", NULL, "'" },
	{ "nested too deep", NULL, NULL },  /* it counts otherwise */
	{ "expected a value", NULL, "IN" }, /* Infinity, NaN */
};

static struct arena arena;
static size_t agreed, excused;

/* NULL and why, in json-c's words, if it refuses. */
static struct json_object *
their_open(struct str text, enum json_tokener_error *why)
{
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	char copy[TEXT_MAX + 1];
	struct json_object *doc;

	ck_assert_ptr_nonnull(tok);
	json_tokener_set_flags(
	    tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	doc = json_tokener_parse_ex(tok, copy, (int)text.n + 1);
	/* "null" is a null pointer: wrap it */
	*why = json_tokener_get_error(tok);
	if (*why == json_tokener_success) {
		struct json_object *root = json_object_new_array();

		json_object_array_add(root, doc);
		doc = root;
	}
	json_tokener_free(tok);
	return doc;
}

static bool
is_one_of(const char *set, const char *p, bool there)
{
	return set == NULL || (there && strchr(set, *p) != NULL);
}

static bool
is_excused(struct str text, const char *msg)
{
	size_t i, at = 0;
	const char *why = strstr(msg, ": ");

	ck_assert_int_eq(strncmp(msg, "at byte ", 8), 0);
	for (i = 8; msg[i] >= '0' && msg[i] <= '9'; i++)
		at = at * 10 + (size_t)(msg[i] - '0');
	for (i = 0; i < COUNT_OF(differences); i++)
		if (why != NULL && strcmp(why + 2, differences[i].why) == 0 &&
		    is_one_of(differences[i].before, text.p + at - 1, at > 0) &&
		    is_one_of(differences[i].at, text.p + at, at < text.n))
			return true;
	return false;
}

static bool
is_ascii(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	return true;
}

/* A row of digits that 64 bits cannot hold: json-c 0.18 refuses it. */
static bool
is_huge(struct str text)
{
	size_t i, digits = 0;

	for (i = 0; i < text.n && digits < 19; i++)
		digits = text.p[i] >= '0' && text.p[i] <= '9' ? digits + 1 : 0;
	return digits == 19;
}

static void same_value(struct json ours, struct json_object *theirs);

static void
same_items(struct json ours, struct json_object *theirs)
{
	struct json_iter it;
	struct json key, value;
	size_t n = 0;

	json_iter_init(&it, ours);
	while (json_iter_next(&it, &key, &value))
		same_value(value, json_object_array_get_idx(theirs, n++));
	ck_assert_uint_eq(json_object_array_length(theirs), n);
}

/* Names with a NUL, and repeated ones, json-c cannot tell from others. */
static void
same_members(struct json ours, struct json_object *theirs)
{
	struct json_iter it;
	struct json key, value;
	struct json_object *got;
	size_t n = 0, odd = 0;
	struct str name;

	json_iter_init(&it, ours);
	for (; json_iter_next(&it, &key, &value); n++)
		odd +=
		    strstr(str_clean((char[TEXT_MAX]){ 0 }, TEXT_MAX, key.raw),
			"\\u0000") != NULL;
	if (odd > 0 || (size_t)json_object_object_length(theirs) != n)
		return;
	json_iter_init(&it, ours);
	while (json_iter_next(&it, &key, &value)) {
		ck_assert_int_eq(json_string(&name, key, &arena, NULL), ERR_OK);
		name = arena_dup(&arena, name);
		ck_assert(json_object_object_get_ex(theirs, name.p, &got));
		same_value(value, got);
	}
}

static void
same_string(struct json ours, struct json_object *theirs)
{
	struct str want = { json_object_get_string(theirs),
		(size_t)json_object_get_string_len(theirs) };
	struct str got;

	ck_assert_int_eq(json_string(&got, ours, &arena, NULL), ERR_OK);
	ck_assert(str_eq(got, want));
}

static void
same_number(struct json ours, struct json_object *theirs)
{
	uint64_t v;

	if (!json_u64(&v, ours) || v > INT64_MAX)
		return;
	ck_assert(json_object_is_type(theirs, json_type_int));
	ck_assert_int_eq(json_object_get_int64(theirs), (int64_t)v);
}

static void
same_value(struct json ours, struct json_object *theirs)
{
	switch (json_object_get_type(theirs)) {
	case json_type_null:
		ck_assert_int_eq(ours.type, JSON_NULL);
		break;
	case json_type_boolean:
		ck_assert_int_eq(ours.type, JSON_BOOL);
		ck_assert_int_eq(
		    ours.raw.p[0] == 't', json_object_get_boolean(theirs));
		break;
	case json_type_double:
	case json_type_int:
		ck_assert_int_eq(ours.type, JSON_NUMBER);
		same_number(ours, theirs);
		break;
	case json_type_object:
		ck_assert_int_eq(ours.type, JSON_OBJECT);
		same_members(ours, theirs);
		break;
	case json_type_array:
		ck_assert_int_eq(ours.type, JSON_ARRAY);
		same_items(ours, theirs);
		break;
	case json_type_string:
		ck_assert_int_eq(ours.type, JSON_STRING);
		same_string(ours, theirs);
		break;
	}
}

static void
compare(struct str text)
{
	struct json ours;
	struct err err = { 0 };
	struct json_object *theirs;
	enum json_tokener_error why;
	bool good;

	/* their text ends at a NUL */
	if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL)
		return;
	theirs = their_open(text, &why);
	good = json_open(&ours, text, &err) == ERR_OK;
	if (good && why == json_tokener_error_parse_number && is_huge(text))
		return;
	ck_assert_msg(!good || theirs != NULL, "we alone take \"%.*s\": %s",
	    STR_FMT(text), json_tokener_error_desc(why));
	ck_assert_msg(good || theirs == NULL || is_excused(text, err.msg),
	    "json-c takes \"%.*s\", we do not: %s", STR_FMT(text), err.msg);
	if (good)
		same_value(ours, json_object_array_get_idx(theirs, 0));
	agreed += good == (theirs != NULL);
	excused += !good && theirs != NULL;
	json_object_put(theirs);
	arena_release(&arena);
}

/* The seed, and with each byte cut off, replaced, put in, taken out. */
START_TEST(agrees_with_json_c)
{
	static const char alphabet[] =
	    "\"\\{}[]:,0159-+.eEutfn/*'\x01 \t\n\x7f\x80\xc3\xed\xff"
	    "ad";
	const char *seed = seeds[_i];
	size_t n = strlen(seed), at, k;
	char text[TEXT_MAX];

	if (JSONC_IS_ASCII_ONLY && !is_ascii(str_of(seed)))
		return;
	arena_init(&arena, ROOM);
	agreed = excused = 0;
	for (at = 0; at <= n; at++) {
		compare((struct str){ seed, at });
		memcpy(text, seed, at);
		if (at < n) {
			memcpy(text + at, seed + at + 1, n - at - 1);
			compare((struct str){ text, n - 1 });
		}
		for (k = 0; k < sizeof(alphabet) - 1; k++) {
			memcpy(text + at, seed + at, n - at);
			text[at] = alphabet[k];
			compare((struct str){ text, at < n ? n : at + 1 });
			memcpy(text + at + 1, seed + at, n - at);
			compare((struct str){ text, n + 1 });
		}
	}
	ck_assert_uint_gt(agreed, 100);
	ck_assert_uint_lt(excused, agreed);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json and json-c");
	TCase *tc = tcase_create("agreement");

	tcase_set_timeout(tc, 60);
	ck_table(tc, agrees_with_json_c, seeds);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
