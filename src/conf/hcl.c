/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/hcl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "conf/hcl_impl.h"

int
hcl_fail(struct hcl_reader *r, struct hcl_pos pos, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(
	    r->err, ERR_CONFIG, "%u:%u: %s", pos.line, pos.column, text);
}

int
hcl_memory(struct hcl_reader *r)
{
	return err_set(r->err, ERR_MEMORY,
	    "no memory to read a configuration of %zu bytes", r->text.n);
}

bool
hcl_is_mark(const struct hcl_token *token, char mark)
{
	return token->type == TOKEN_MARK && token->mark == mark;
}

/* No words and no digits: they may be a secret that wants its quotes. */
const char *
hcl_found(const struct hcl_reader *r)
{
	static const char marks[] = "[]{},=:.";
	static const char *const names[] = {
		"'['",
		"']'",
		"'{'",
		"'}'",
		"','",
		"'='",
		"':'",
		"'.'",
	};
	const char *mark;

	switch (r->token.type) {
	case TOKEN_END:
		return "the end of the text";
	case TOKEN_STRING:
		return "a string";
	case TOKEN_HEREDOC:
		return "a heredoc";
	case TOKEN_WORD:
		return "a word without quotes";
	case TOKEN_BOOL:
		return "true or false";
	case TOKEN_NULL:
		return "null";
	case TOKEN_INTEGER:
	case TOKEN_FLOAT:
		return "a number";
	case TOKEN_MARK:
	default:
		mark = strchr(marks, r->token.mark);
		return mark == NULL || *mark == '\0' ? "something else"
						     : names[mark - marks];
	}
}

static int
count_node(struct hcl_reader *r, struct hcl_pos pos)
{
	if (r->nodes == HCL_NODES_MAX)
		return hcl_fail(r, pos,
		    "expected at most %d keys and values in all",
		    HCL_NODES_MAX);
	r->nodes++;
	return ERR_OK;
}

int
hcl_new_value(struct hcl_value **out, struct hcl_reader *r, enum hcl_type type,
    struct hcl_pos pos)
{
	struct hcl_value *v;
	int code = count_node(r, pos);

	if (code != ERR_OK)
		return code;
	v = arena_alloc(r->arena, sizeof(*v));
	if (v == NULL)
		return hcl_memory(r);
	v->type = type;
	v->pos = pos;
	*out = v;
	return ERR_OK;
}

/* The array doubles whenever its length is a power of two. */
int
hcl_add_key(struct hcl_reader *r, struct hcl_item *item, struct str text,
    struct hcl_pos pos)
{
	size_t n = item->key_count;
	struct hcl_key *keys;
	int code = count_node(r, pos);

	if (code != ERR_OK)
		return code;
	if (n == HCL_KEYS_MAX)
		return hcl_fail(
		    r, pos, "expected at most %d keys in a row", HCL_KEYS_MAX);
	if ((n & (n - 1)) == 0) {
		keys =
		    arena_calloc(r->arena, n == 0 ? 1 : 2 * n, sizeof(*keys));
		if (keys == NULL)
			return hcl_memory(r);
		if (n > 0)
			memcpy(keys, item->keys, n * sizeof(*keys));
		item->keys = keys;
	}
	item->keys[item->key_count++] =
	    (struct hcl_key){ .text = text, .pos = pos };
	return ERR_OK;
}

int
hcl_enter(struct hcl_reader *r, struct hcl_pos pos)
{
	if (r->depth == HCL_DEPTH_MAX)
		return hcl_fail(r, pos,
		    "expected at most %d objects and lists inside one another",
		    HCL_DEPTH_MAX);
	r->depth++;
	return ERR_OK;
}

void
hcl_leave(struct hcl_reader *r)
{
	r->depth--;
}

void
hcl_skip(struct hcl_reader *r, size_t n)
{
	size_t end = r->at + n;

	for (; r->at < end; r->at++) {
		if (r->text.p[r->at] == '\n') {
			r->pos.line++;
			r->pos.column = 1;
		} else if (((unsigned char)r->text.p[r->at] & 0xc0) != 0x80) {
			r->pos.column++;
		}
	}
}

static bool
is_json(struct str text)
{
	struct str s = str_trim(text);

	return s.n > 0 && s.p[0] == '{';
}

static int
parse(struct hcl_value *root, struct hcl_reader *r)
{
	struct hcl_value got = { .type = HCL_OBJECT, .pos = { 1, 1 } };
	int code;

	if (r->text.n > HCL_TEXT_MAX)
		return hcl_fail(r, r->pos,
		    "expected a configuration of at most %d bytes, found %zu",
		    HCL_TEXT_MAX, r->text.n);
	if (is_json(r->text))
		code = hcl_read_json(&got, r);
	else
		code = hcl_read_native(&got, r);
	if (code == ERR_OK)
		*root = got;
	return code;
}

int
hcl_parse(
    struct hcl_value *root, struct arena *a, struct str text, struct err *err)
{
	struct hcl_reader r = {
		.text = text,
		.pos = { 1, 1 },
		.arena = a,
		.err = err,
	};

	return parse(root, &r);
}

int
hcl_parse_settings(
    struct hcl_value *root, struct arena *a, struct str text, struct err *err)
{
	struct hcl_reader r = {
		.text = text,
		.pos = { 1, 1 },
		.arena = a,
		.err = err,
		.any_digits = true,
	};

	return parse(root, &r);
}
