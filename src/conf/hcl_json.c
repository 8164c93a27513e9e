/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as the Go module reads it, which is not as RFC 8259 has it: a fault
 * found at a '}' ends that object quietly, an object ends at the first thing
 * that is no comma, NUL is the end of the text, and nothing behind the end is
 * looked at.  Hence strings and numbers are judged only once it is known that
 * they are kept.
 */
#include "conf/hcl_impl.h"

#include <string.h>

#include "base/utf8.h"

/* Positive, beside the codes of base/err.h: an end that a caller may mend. */
enum { FAULT = 1, ENDED = 2 };

struct json_reader {
	struct hcl_reader *r;
	uint32_t c;     /* the last character read; 0: NUL or the end */
	size_t last_at; /* where it stands */
	struct hcl_pos last_pos;
	int code;               /* set by a character that no token can hold */
	struct hcl_token fault; /* FAULT: found where ... */
	const char *expected;   /* ... this was */
};

static void
next(struct json_reader *j)
{
	struct hcl_reader *r = j->r;
	size_t n;

	j->last_at = r->at;
	j->last_pos = r->pos;
	j->c = 0;
	if (r->at == r->text.n)
		return;
	n = utf8_decode(&j->c, r->text.p + r->at, r->text.n - r->at);
	if (n == 0) {
		j->code = hcl_fail(r, r->pos, "expected UTF-8");
		j->c = 0xfffd;
		n = 1;
	}
	hcl_skip(r, n);
}

/* Unread the last character, unless it was NUL. */
static void
back(struct json_reader *j)
{
	if (j->c == 0)
		return;
	j->r->at = j->last_at;
	j->r->pos = j->last_pos;
}

static bool
is_decimal(uint32_t c)
{
	return c >= '0' && c <= '9';
}

/* The next byte, left unread. */
static uint32_t
peek(const struct json_reader *j)
{
	const struct hcl_reader *r = j->r;

	return r->at == r->text.n ? 0 : (unsigned char)r->text.p[r->at];
}

/* If c is a digit, read all that follow; c becomes what stands behind. */
static void
read_digits(struct json_reader *j)
{
	if (!is_decimal(j->c))
		return;
	while (is_decimal(j->c))
		next(j);
	back(j);
}

static void
read_exponent(struct json_reader *j)
{
	if (j->c != 'e' && j->c != 'E')
		return;
	next(j);
	if (j->c == '+' || j->c == '-')
		next(j);
	read_digits(j);
}

/* c is the first digit. */
static enum hcl_token_type
read_number(struct json_reader *j)
{
	bool is_zero = j->c == '0';
	size_t second = j->r->at;

	read_digits(j);
	next(j);
	if (j->c == 'e' || j->c == 'E') {
		read_exponent(j);
		return TOKEN_FLOAT;
	}
	if (j->c == '.') {
		j->c = peek(j);
		read_digits(j);
		if (j->c == 'e' || j->c == 'E')
			next(j);
		read_exponent(j);
		return TOKEN_FLOAT;
	}
	back(j);
	if (is_zero && (j->c == 0 || j->r->at != second))
		j->code = hcl_fail(j->r, j->r->token.pos,
		    "expected a number that does not begin with 0");
	return TOKEN_INTEGER;
}

static enum hcl_token_type
read_point(struct json_reader *j)
{
	j->r->token.mark = '.';
	if (!is_decimal(peek(j)))
		return TOKEN_MARK;
	j->c = peek(j);
	read_digits(j);
	read_exponent(j);
	return TOKEN_FLOAT;
}

static enum hcl_token_type
read_string(struct json_reader *j)
{
	struct hcl_reader *r = j->r;
	size_t n;

	for (next(j); j->c != '"'; next(j)) {
		if (j->c == '\n' || j->c == 0) {
			j->code = hcl_fail(r, r->token.pos,
			    "expected '\"' at the end of this string");
			break;
		}
		if (j->c != '\\')
			continue;
		n = hcl_escape_length(r->text.p + r->at, r->text.n - r->at);
		if (n == 0) {
			j->code = hcl_fail(r, j->last_pos,
			    "expected an escape that HCL knows after '\\'");
			break;
		}
		hcl_skip(r, n);
	}
	return TOKEN_STRING;
}

static enum hcl_token_type
read_word(struct json_reader *j)
{
	struct hcl_reader *r = j->r;
	size_t first = j->last_at;
	struct str word;

	while (hcl_is_letter(j->c) || hcl_is_digit(j->c) || j->c == '-')
		next(j);
	back(j);
	word = str_sub(r->text, first, r->at - first);
	if (str_is(word, "null"))
		return TOKEN_NULL;
	if (!str_is(word, "true") && !str_is(word, "false"))
		j->code = hcl_fail(r, r->token.pos,
		    "expected true, false or null, found another word");
	return TOKEN_BOOL;
}

static enum hcl_token_type
read_other(struct json_reader *j)
{
	if (j->c == '-' && is_decimal(peek(j))) {
		next(j);
		return read_number(j);
	}
	if (j->c < 0x80 && strchr("[]{},:", (int)j->c) != NULL) {
		j->r->token.mark = (char)j->c;
		return TOKEN_MARK;
	}
	j->code = hcl_fail(j->r, j->r->token.pos,
	    "expected JSON, found the character U+%04X", (unsigned)j->c);
	return TOKEN_MARK;
}

static int
read_token(struct json_reader *j)
{
	struct hcl_token *t = &j->r->token;
	size_t first;

	do
		next(j);
	while (j->c == ' ' || j->c == '\t' || j->c == '\n' || j->c == '\r');
	first = j->last_at;
	*t = (struct hcl_token){ .pos = j->last_pos };
	if (j->c == 0)
		t->type = TOKEN_END;
	else if (hcl_is_letter(j->c))
		t->type = read_word(j);
	else if (is_decimal(j->c))
		t->type = read_number(j);
	else if (j->c == '"')
		t->type = read_string(j);
	else if (j->c == '.')
		t->type = read_point(j);
	else
		t->type = read_other(j);
	t->raw = str_sub(j->r->text, first, j->r->at - first);
	return j->code;
}

static int
fault(struct json_reader *j, const char *expected)
{
	j->fault = j->r->token;
	j->expected = expected;
	return FAULT;
}

static int read_object(struct hcl_value *v, struct json_reader *j);
static int read_list(struct hcl_value *v, struct json_reader *j);

static int
read_group(struct hcl_value **out, struct json_reader *j)
{
	bool is_list = hcl_is_mark(&j->r->token, '[');
	struct hcl_value *v = NULL;
	int code = hcl_new_value(
	    &v, j->r, is_list ? HCL_LIST : HCL_OBJECT, j->r->token.pos);

	if (code == ERR_OK)
		code = hcl_enter(j->r, v->pos);
	if (code != ERR_OK)
		return code;
	code = is_list ? read_list(v, j) : read_object(v, j);
	hcl_leave(j->r);
	if (code == ERR_OK)
		*out = v;
	return code;
}

static int
read_literal(struct hcl_value **out, struct json_reader *j, enum hcl_type type)
{
	const struct hcl_token *t = &j->r->token;
	struct hcl_value *v = NULL;
	int code = hcl_new_value(&v, j->r, type, t->pos);

	if (code != ERR_OK)
		return code;
	v->text = t->type == TOKEN_NULL ? STR("") : t->raw;
	v->is_float = t->type == TOKEN_FLOAT;
	*out = v;
	return ERR_OK;
}

/* The token is the value's first. */
static int
read_value(struct hcl_value **out, struct json_reader *j)
{
	switch (j->r->token.type) {
	case TOKEN_BOOL:
		return read_literal(out, j, HCL_BOOL);
	case TOKEN_INTEGER:
	case TOKEN_FLOAT:
		return read_literal(out, j, HCL_NUMBER);
	case TOKEN_STRING:
	case TOKEN_NULL:
		return read_literal(out, j, HCL_STRING);
	case TOKEN_END:
		return ENDED;
	case TOKEN_WORD:
	case TOKEN_HEREDOC:
	case TOKEN_MARK:
	default:
		break;
	}
	if (hcl_is_mark(&j->r->token, '[') || hcl_is_mark(&j->r->token, '{'))
		return read_group(out, j);
	return fault(j, "a value");
}

/* The token is '['; a '[' further in opens nothing. */
static int
read_list(struct hcl_value *list, struct json_reader *j)
{
	struct hcl_value **tail = &list->values;
	const struct hcl_token *t = &j->r->token;
	int code;

	for (;;) {
		code = read_token(j);
		if (code != ERR_OK)
			return code;
		if (hcl_is_mark(t, ']'))
			return ERR_OK;
		if (t->type == TOKEN_BOOL || hcl_is_mark(t, ',') ||
		    hcl_is_mark(t, '['))
			continue;
		if (t->type == TOKEN_END || t->type == TOKEN_NULL)
			return fault(j, "a string, number, object or ']'");
		code = read_value(tail, j);
		if (code != ERR_OK)
			return code;
		tail = &(*tail)->next;
	}
}

static int
read_member(struct hcl_item **out, struct json_reader *j)
{
	struct hcl_item *item = arena_alloc(j->r->arena, sizeof(*item));
	const struct hcl_token *t = &j->r->token;
	int code;

	if (item == NULL)
		return hcl_memory(j->r);
	for (;;) {
		code = read_token(j);
		if (code != ERR_OK)
			return code;
		if (t->type == TOKEN_END)
			return ENDED;
		if (hcl_is_mark(t, ':') && item->key_count > 0)
			break;
		if (t->type != TOKEN_STRING)
			return fault(j, item->key_count == 0
					    ? "a key in double quotes"
					    : "':'");
		code = hcl_add_key(j->r, item, t->raw, t->pos);
		if (code != ERR_OK)
			return code;
	}
	code = read_token(j);
	if (code == ERR_OK)
		code = read_value(&item->value, j);
	if (code == ERR_OK)
		*out = item;
	return code;
}

/* The token is '{'. */
static int
read_object(struct hcl_value *v, struct json_reader *j)
{
	struct hcl_item **tail = &v->items;
	int code;

	for (;;) {
		code = read_member(tail, j);
		if (code == ENDED ||
		    (code == FAULT && hcl_is_mark(&j->r->token, '}')))
			return ERR_OK;
		if (code != ERR_OK)
			return code;
		tail = &(*tail)->next;
		code = read_token(j);
		if (code != ERR_OK || !hcl_is_mark(&j->r->token, ','))
			return code;
	}
}

static int
settle_string(struct str *text, struct hcl_reader *r, struct hcl_pos pos)
{
	return text->n == 0 ? ERR_OK : hcl_unquote(text, r, *text, pos, true);
}

static int
settle_number(struct hcl_value *v, struct hcl_reader *r)
{
	int code = v->is_float ? hcl_check_float(r, v->text, v->pos) : ERR_OK;

	if (code != ERR_OK)
		return code;
	v->text = arena_dup(r->arena, v->text);
	return v->text.p == NULL ? hcl_memory(r) : ERR_OK;
}

/* From the spelling of keys and values to their text. */
static int
settle(struct hcl_value *v, struct hcl_reader *r)
{
	struct hcl_value *element;
	struct hcl_item *item;
	int code = ERR_OK;
	size_t i;

	if (v->type == HCL_STRING)
		return settle_string(&v->text, r, v->pos);
	if (v->type == HCL_NUMBER || v->type == HCL_BOOL)
		return settle_number(v, r);
	for (element = v->values; element != NULL && code == ERR_OK;
	     element = element->next)
		code = settle(element, r);
	for (item = v->items; item != NULL && code == ERR_OK;
	     item = item->next) {
		for (i = 0; i < item->key_count && code == ERR_OK; i++)
			code = settle_string(
			    &item->keys[i].text, r, item->keys[i].pos);
		if (code == ERR_OK)
			code = settle(item->value, r);
	}
	return code;
}

/* An object, not empty, of objects only. */
static bool
is_labels(const struct hcl_value *v)
{
	const struct hcl_item *item;

	for (item = v->items; item != NULL; item = item->next)
		if (item->value->type != HCL_OBJECT)
			return false;
	return v->items != NULL;
}

/* A list, not empty, of objects only. */
static bool
is_repeats(const struct hcl_value *v)
{
	const struct hcl_value *element;

	for (element = v->values; element != NULL; element = element->next)
		if (element->type != HCL_OBJECT)
			return false;
	return v->values != NULL;
}

static int flatten(struct hcl_value *v, struct hcl_reader *r);

static int
append(struct hcl_item ***tail, struct hcl_item from, struct hcl_reader *r)
{
	struct hcl_item *item = arena_alloc(r->arena, sizeof(*item));
	struct hcl_value *element;
	int code;

	if (item == NULL)
		return hcl_memory(r);
	*item = from;
	item->next = NULL;
	item->value->next = NULL;
	**tail = item;
	*tail = &item->next;
	code = flatten(item->value, r);
	for (element = item->value->values; element != NULL && code == ERR_OK;
	     element = element->next)
		code = flatten(element, r);
	return code;
}

static int
join_keys(struct hcl_item *out, const struct hcl_item *outer,
    const struct hcl_item *inner, struct hcl_reader *r)
{
	size_t n = outer->key_count + inner->key_count;
	struct hcl_key *keys;

	if (n > HCL_KEYS_MAX)
		return hcl_fail(r, inner->keys[0].pos,
		    "expected at most %d keys in a row", HCL_KEYS_MAX);
	keys = arena_calloc(r->arena, n, sizeof(*keys));
	if (keys == NULL)
		return hcl_memory(r);
	memcpy(keys, outer->keys, outer->key_count * sizeof(*keys));
	memcpy(keys + outer->key_count, inner->keys,
	    inner->key_count * sizeof(*keys));
	*out = (struct hcl_item){
		.keys = keys, .key_count = n, .value = inner->value
	};
	return ERR_OK;
}

/* Append what item stands for: itself, or one for each object in it. */
static int
expand(struct hcl_item ***tail, struct hcl_item item, struct hcl_reader *r)
{
	struct hcl_item *inner, joined, *next_inner;
	struct hcl_value *element, *next_element;
	int code = ERR_OK;

	if (is_labels(item.value)) {
		for (inner = item.value->items; inner != NULL && code == ERR_OK;
		     inner = next_inner) {
			next_inner = inner->next;
			code = join_keys(&joined, &item, inner, r);
			if (code == ERR_OK)
				code = expand(tail, joined, r);
		}
		return code;
	}
	if (is_repeats(item.value)) {
		for (element = item.value->values;
		     element != NULL && code == ERR_OK;
		     element = next_element) {
			next_element = element->next;
			item.value = element;
			code = expand(tail, item, r);
		}
		return code;
	}
	return append(tail, item, r);
}

/* Give the items of an object the shape of the native syntax. */
static int
flatten(struct hcl_value *v, struct hcl_reader *r)
{
	struct hcl_item *items = v->items, *item;
	struct hcl_item **tail = &v->items;
	int code = ERR_OK;

	v->items = NULL;
	for (item = items; item != NULL && code == ERR_OK; item = item->next)
		code = expand(&tail, *item, r);
	return code;
}

int
hcl_read_json(struct hcl_value *root, struct hcl_reader *r)
{
	struct json_reader j = { .r = r };
	int code = read_token(&j);

	if (code == ERR_OK)
		code = read_object(root, &j);
	if (code == FAULT) {
		r->token = j.fault;
		return hcl_fail(r, j.fault.pos, "expected %s, found %s",
		    j.expected, hcl_found(r));
	}
	if (code == ERR_OK)
		code = settle(root, r);
	if (code == ERR_OK)
		code = flatten(root, r);
	return code;
}
