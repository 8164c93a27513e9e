/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/utf8.h"
#include "json/json.h"

enum { ROOM = 4 * 1024 * 1024 };

/* Written and read again, a text is what it was. */
static void
check_round_trip(struct str text, struct arena *a)
{
	struct json back;
	struct str again;
	struct buf b;

	buf_init(&b, ROOM);
	json_write_string(&b, text);
	FUZZ_CHECK(buf_check(&b, NULL) == ERR_OK);
	FUZZ_CHECK(json_open(&back, buf_str(&b), NULL) == ERR_OK);
	FUZZ_CHECK(json_string(&again, back, a, NULL) == ERR_OK);
	FUZZ_CHECK(utf8_is_valid(again.p, again.n));
	FUZZ_CHECK(str_eq(again, text) == utf8_is_valid(text.p, text.n));
	buf_release(&b);
}

static void
check_string(struct json v, struct arena *a)
{
	struct str text, copy;

	FUZZ_CHECK(json_string(&text, v, a, NULL) == ERR_OK);
	FUZZ_CHECK(text.n <= v.raw.n - 2);
	FUZZ_CHECK(utf8_is_valid(text.p, text.n));
	check_round_trip(text, a);
	copy = arena_dup(a, text);
	if (copy.p == NULL || memchr(copy.p, '\0', copy.n) != NULL)
		return;
	FUZZ_CHECK(json_string_is(v, copy.p));
	if (text.n > 0 && text.n < 64)
		FUZZ_CHECK(!json_string_is(v, copy.p + 1));
}

static void
check_members(struct json v, unsigned flags)
{
	struct json a = { 0 }, key = { 0 };
	struct json_want want[] = {
		{ "a", JSON_STRING | JSON_NUMBER, false, &a },
		{ "key", JSON_STRING | JSON_NULL, true, &key },
	};
	struct err err = { 0 };
	int r = json_members(v, want, 2, flags, &err);

	FUZZ_CHECK(r == err.code);
	FUZZ_CHECK((r == ERR_OK) == (key.type != 0));
	FUZZ_CHECK((key.type & ~want[1].types) == 0);
	FUZZ_CHECK((a.type & ~want[0].types) == 0);
	FUZZ_CHECK(r == ERR_OK || a.type == 0);
}

/* Any value inside a good text is a good text. */
static void
check_value(struct json v, struct arena *a, int depth)
{
	struct json again, key, value;
	struct json_iter it;
	uint64_t number;

	FUZZ_CHECK(depth <= JSON_DEPTH_MAX);
	FUZZ_CHECK(json_open(&again, v.raw, NULL) == ERR_OK);
	FUZZ_CHECK(again.type == v.type && again.raw.p == v.raw.p &&
		   again.raw.n == v.raw.n);
	if (v.type == JSON_STRING)
		check_string(v, a);
	if (json_u64(&number, v))
		FUZZ_CHECK(str_is_digits(v.raw));
	if (v.type == JSON_OBJECT) {
		check_members(v, 0);
		check_members(v, JSON_EXACT);
	}
	json_iter_init(&it, v);
	while (json_iter_next(&it, &key, &value)) {
		FUZZ_CHECK((key.type == JSON_STRING) == it.object);
		if (it.object)
			check_string(key, a);
		check_value(value, a, depth + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_str(data, size);
	struct err err = { 0 };
	struct json root = { 0 };
	struct arena a;

	arena_init(&a, ROOM);
	if (size < 4096)
		check_round_trip(text, &a);
	if (json_open(&root, text, &err) == ERR_OK) {
		FUZZ_CHECK(root.type != 0 && err.code == ERR_OK);
		check_value(root, &a, 0);
	} else {
		FUZZ_CHECK(root.type == 0 && err.code == ERR_FORMAT);
		FUZZ_CHECK(utf8_is_valid(err.msg, strlen(err.msg)));
	}
	arena_release(&a);
	return 0;
}
