/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - a strict reader for hostile JSON (RFC 8259), and a writer
 *
 * json_open() checks the whole text once: grammar, valid UTF-8, no lone
 * surrogates, depth, nothing behind the value.  After that a struct json is a
 * borrowed slice of the text, and reading neither allocates nor fails on
 * grammar.  Pure; any thread.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { JSON_DEPTH_MAX = 32 };

/* Not json_type: json-c has that name. */
enum json_kind {
	JSON_NULL = 1 << 0,
	JSON_BOOL = 1 << 1,
	JSON_NUMBER = 1 << 2,
	JSON_STRING = 1 << 3,
	JSON_ARRAY = 1 << 4,
	JSON_OBJECT = 1 << 5,
};

struct json {
	enum json_kind type; /* 0: absent */
	struct str raw; /* the value as spelt, strings with their quotes */
};

/* ERR_FORMAT names the offset and what was expected. */
int json_open(struct json *root, struct str text, struct err *err) MUST_USE;

/* One member that a reader wants. */
struct json_want {
	const char *name;
	unsigned types; /* which json_type are right, or-ed */
	bool required;
	struct json *out; /* type 0 if absent */
};

/* JSON_EXACT: a member nobody wants is an error.  Without it, ignored. */
enum { JSON_EXACT = 1 };

/*
 * Read the members of an object in one pass.  A wanted member that is
 * repeated, or spelt in another case, is an error in any mode; so is one of
 * the wrong type.  JSON_NULL counts as absent where it is not wanted, except
 * with JSON_EXACT.  Outputs are untouched on failure.  At most 32 wants.
 */
int json_members(struct json object, const struct json_want *want, size_t n,
    unsigned flags, struct err *err) MUST_USE;

/* Walk an array (key is empty) or an object (key as spelt, with quotes). */
struct json_iter {
	struct str rest;
	bool object;
};
void json_iter_init(struct json_iter *it, struct json container);
bool json_iter_next(struct json_iter *it, struct json *key, struct json *value);

/*
 * The text of a JSON_STRING.  Without escapes it borrows from the document;
 * with escapes it is made in the arena.
 */
int json_string(struct str *out, struct json v, struct arena *a,
    struct err *err) MUST_USE;

/* Compare a JSON_STRING with a text, escapes decoded; no memory needed. */
bool json_string_is(struct json v, const char *text);

/* A JSON_NUMBER spelt as a plain integer without sign, point or exponent. */
bool json_u64(uint64_t *out, struct json v);

/* Append s as a JSON string, quoted; bytes that are not UTF-8 become U+FFFD. */
void json_write_string(struct buf *b, struct str s);

/* Append ,"key":"s" (the comma only if the buffer does not end in '{'). */
void json_write_member(struct buf *b, const char *key, struct str s);

#endif
