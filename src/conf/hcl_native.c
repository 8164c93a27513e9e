/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of the native syntax. */
#include "conf/hcl_impl.h"

#include "base/utf8.h"

/*
 * A copy with each CR LF as LF; a CR at the end is the first half of one, so
 * that a heredoc's tag can stand before it.
 */
static int
normalise(struct hcl_reader *r)
{
	struct str in = r->text;
	char *p = arena_alloc(r->arena, in.n + 1);
	size_t i, n = 0;

	if (p == NULL)
		return hcl_memory(r);
	for (i = 0; i < in.n; i++)
		if (in.p[i] != '\r' || (i + 1 < in.n && in.p[i + 1] != '\n'))
			p[n++] = in.p[i];
	r->text = (struct str){ p, n };
	return ERR_OK;
}

/* NUL and, for its own reasons, U+E123 the Go module refuses anywhere. */
static int
check_characters(struct hcl_reader *r)
{
	struct hcl_reader at = *r;
	uint32_t c = 0;
	size_t n;

	while (at.at < at.text.n) {
		n = utf8_decode(&c, at.text.p + at.at, at.text.n - at.at);
		if (n == 0)
			return hcl_fail(r, at.pos, "expected UTF-8");
		if (c == 0 || c == 0xe123)
			return hcl_fail(r, at.pos,
			    "expected text, found the character U+%04X",
			    (unsigned)c);
		hcl_skip(&at, n);
	}
	return ERR_OK;
}

static int read_value(struct hcl_value **out, struct hcl_reader *r);
static int read_items(
    struct hcl_item **out, struct hcl_reader *r, bool is_inside);

/* From behind the '{' to behind the '}'. */
static int
read_object(struct hcl_value *v, struct hcl_reader *r)
{
	int code = hcl_enter(r, v->pos);

	if (code == ERR_OK)
		code = read_items(&v->items, r, true);
	hcl_leave(r);
	return code == ERR_OK ? hcl_lex(r) : code;
}

/*
 * From behind the '[' to behind the ']'.  Commas may be repeated, and one
 * is not needed behind a list.
 */
static int
read_list(struct hcl_value *list, struct hcl_reader *r)
{
	struct hcl_value **tail = &list->values;
	bool needs_comma = false;
	int code = hcl_enter(r, list->pos);

	while (code == ERR_OK && !hcl_is_mark(&r->token, ']')) {
		if (hcl_is_mark(&r->token, ',')) {
			needs_comma = false;
			code = hcl_lex(r);
		} else if (needs_comma) {
			code = hcl_fail(r, r->token.pos,
			    "expected ',' or ']', found %s", hcl_found(r));
		} else {
			code = read_value(tail, r);
			if (code != ERR_OK)
				break;
			needs_comma = (*tail)->type != HCL_LIST;
			tail = &(*tail)->next;
		}
	}
	hcl_leave(r);
	return code == ERR_OK ? hcl_lex(r) : code;
}

static int
read_literal(struct hcl_value **out, struct hcl_reader *r, enum hcl_type type)
{
	struct hcl_value *v = NULL;
	int code = hcl_new_value(&v, r, type, r->token.pos);

	if (code != ERR_OK)
		return code;
	v->text = r->token.text;
	v->is_float = r->token.type == TOKEN_FLOAT;
	v->is_heredoc = r->token.type == TOKEN_HEREDOC;
	*out = v;
	return hcl_lex(r);
}

static int
read_group(struct hcl_value **out, struct hcl_reader *r)
{
	bool is_list = hcl_is_mark(&r->token, '[');
	struct hcl_value *v = NULL;
	int code =
	    hcl_new_value(&v, r, is_list ? HCL_LIST : HCL_OBJECT, r->token.pos);

	if (code == ERR_OK)
		code = hcl_lex(r);
	if (code != ERR_OK)
		return code;
	*out = v;
	return is_list ? read_list(v, r) : read_object(v, r);
}

static int
read_value(struct hcl_value **out, struct hcl_reader *r)
{
	switch (r->token.type) {
	case TOKEN_BOOL:
		return read_literal(out, r, HCL_BOOL);
	case TOKEN_INTEGER:
	case TOKEN_FLOAT:
		return read_literal(out, r, HCL_NUMBER);
	case TOKEN_STRING:
	case TOKEN_HEREDOC:
		return read_literal(out, r, HCL_STRING);
	case TOKEN_END:
	case TOKEN_WORD:
	case TOKEN_NULL:
	case TOKEN_MARK:
	default:
		break;
	}
	if (hcl_is_mark(&r->token, '[') || hcl_is_mark(&r->token, '{'))
		return read_group(out, r);
	return hcl_fail(r, r->token.pos,
	    "expected a string, number, bool, list or object, found %s",
	    hcl_found(r));
}

static int
read_keys(struct hcl_item *item, struct hcl_reader *r)
{
	int code = ERR_OK;

	while (code == ERR_OK &&
	       (r->token.type == TOKEN_WORD || r->token.type == TOKEN_STRING)) {
		code = hcl_add_key(r, item, r->token.text, r->token.pos);
		if (code == ERR_OK)
			code = hcl_lex(r);
	}
	if (code != ERR_OK)
		return code;
	if (item->key_count == 0)
		return hcl_fail(
		    r, r->token.pos, "expected a key, found %s", hcl_found(r));
	if (hcl_is_mark(&r->token, '{') ||
	    (hcl_is_mark(&r->token, '=') && item->key_count == 1))
		return ERR_OK;
	return hcl_fail(r, r->token.pos, "expected %s, found %s",
	    item->key_count == 1 ? "'=' or '{' after this key"
				 : "'{' after these labels",
	    hcl_found(r));
}

static int
read_item(struct hcl_item **out, struct hcl_reader *r, bool is_inside)
{
	struct hcl_item *item = arena_alloc(r->arena, sizeof(*item));
	int code;

	if (item == NULL)
		return hcl_memory(r);
	code = read_keys(item, r);
	if (code != ERR_OK)
		return code;
	*out = item;
	item->is_block = hcl_is_mark(&r->token, '{');
	if (item->is_block)
		return read_value(&item->value, r);
	code = hcl_lex(r);
	if (code != ERR_OK || (r->token.type == TOKEN_END && !is_inside))
		return code;
	return read_value(&item->value, r);
}

static int
read_items(struct hcl_item **out, struct hcl_reader *r, bool is_inside)
{
	struct hcl_item **tail = out;
	int code = ERR_OK;

	while (code == ERR_OK && !(is_inside && hcl_is_mark(&r->token, '}'))) {
		if (r->token.type == TOKEN_END && !is_inside)
			break;
		if (r->token.type == TOKEN_END)
			return hcl_fail(r, r->token.pos,
			    "expected '}', found %s", hcl_found(r));
		code = read_item(tail, r, is_inside);
		if (code != ERR_OK)
			break;
		tail = &(*tail)->next;
		if (hcl_is_mark(&r->token, ','))
			code = hcl_lex(r);
	}
	return code;
}

int
hcl_read_native(struct hcl_value *root, struct hcl_reader *r)
{
	int code = normalise(r);

	if (code == ERR_OK)
		code = check_characters(r);
	if (code == ERR_OK)
		code = hcl_lex(r);
	if (code == ERR_OK)
		code = read_items(&root->items, r, false);
	return code;
}
