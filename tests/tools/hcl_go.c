/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/hcl_go.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tools/hcl_fold.h"

enum go_type {
	GO_NONE, /* an interface{} that holds nothing yet */
	GO_BOOL,
	GO_INT,
	GO_FLOAT,
	GO_STRING,
	GO_LIST, /* []interface{} */
	GO_MAPS, /* []map[string]interface{} */
	GO_MAP,
};

struct go_value {
	enum go_type type;
	bool is_true;
	int64_t i;
	double f;
	struct str s;
	struct go_value *first, **tail; /* GO_LIST, GO_MAPS */
	struct go_value *next;
	struct go_entry *entries; /* GO_MAP, newest first */
	size_t count;
};

struct go_entry {
	struct str key;
	struct go_value value;
	struct go_entry *next;
};

/* An item of which some keys may have been taken off. */
struct view {
	const struct hcl_key *keys;
	size_t key_count;
	const struct hcl_value *value;
};

struct views {
	struct view *items;
	size_t count;
};

/* What is decoded: a value, or a list of items, or one item of such a list. */
struct node {
	const struct hcl_value *value;
	const struct views *list;
	const struct view *item;
	struct hcl_pos pos;
};

struct decoder {
	struct arena *arena;
	struct err *err;
};

static int
fail(struct decoder *d, struct hcl_pos pos, const char *text)
{
	return err_set(
	    d->err, ERR_CONFIG, "%u:%u: %s", pos.line, pos.column, text);
}

static void *
allocate(struct decoder *d, size_t count, size_t size)
{
	void *p = arena_calloc(d->arena, count, size);

	if (p == NULL)
		(void)err_set(d->err, ERR_MEMORY, "out of memory");
	return p;
}

/* One rune as Go's range over a string gives it; returns its length. */
static size_t
next_rune(uint32_t *c, struct str s, size_t at)
{
	size_t n = utf8_decode(c, s.p + at, s.n - at);

	if (n == 0)
		*c = 0xfffd;
	return n == 0 ? 1 : n;
}

static uint32_t
fold(uint32_t c)
{
	size_t i;

	if (c < 0x80)
		return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c;
	for (i = 0; i < sizeof(folds) / sizeof(folds[0]); i++)
		if (c >= folds[i].first && c <= folds[i].last &&
		    (c - folds[i].first) % folds[i].step == 0)
			return c - folds[i].delta;
	return c;
}

/* strings.EqualFold */
static bool
equal_fold(struct str a, struct str b)
{
	size_t i = 0, j = 0;
	uint32_t x = 0, y = 0;

	while (i < a.n && j < b.n) {
		i += next_rune(&x, a, i);
		j += next_rune(&y, b, j);
		if (x != y && fold(x) != fold(y))
			return false;
	}
	return i == a.n && j == b.n;
}

/* Items whose first key is key in any case, without that key. */
static int
filter(struct views *out, struct decoder *d, const struct views *in,
    struct str key)
{
	const struct view *from;
	size_t i;

	out->items = allocate(d, in->count, sizeof(*out->items));
	if (out->items == NULL)
		return ERR_MEMORY;
	for (i = 0; i < in->count; i++) {
		from = &in->items[i];
		if (from->key_count == 0 ||
		    !equal_fold(from->keys[0].text, key))
			continue;
		out->items[out->count++] = (struct view){
			.keys = from->keys + 1,
			.key_count = from->key_count - 1,
			.value = from->value,
		};
	}
	return ERR_OK;
}

/* The items of an object; one without a value does not count. */
static int
object_views(
    struct views *out, struct decoder *d, const struct hcl_value *object)
{
	const struct hcl_item *item;
	size_t n = 0;

	for (item = object->items; item != NULL; item = item->next)
		n++;
	out->items = allocate(d, n, sizeof(*out->items));
	if (out->items == NULL)
		return ERR_MEMORY;
	for (item = object->items; item != NULL; item = item->next)
		if (item->value != NULL)
			out->items[out->count++] = (struct view){
				.keys = item->keys,
				.key_count = item->key_count,
				.value = item->value,
			};
	return ERR_OK;
}

static unsigned
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

/* Cut the prefix of a number off and tell its base. */
static unsigned
cut_base(struct str *s)
{
	static const char letters[] = "bBoOxX";
	static const unsigned bases[] = { 2, 2, 8, 8, 16, 16 };
	const char *found;

	if (s->n == 0 || s->p[0] != '0')
		return 10;
	found = s->n >= 3 && s->p[1] != '\0' ? strchr(letters, s->p[1]) : NULL;
	*s = str_sub(*s, found == NULL ? 1 : 2, s->n);
	return found == NULL ? 8 : bases[found - letters];
}

/* strconv.ParseInt(s, 0, 64) */
static bool
parse_int(int64_t *out, struct str s)
{
	bool is_negative = s.n > 0 && s.p[0] == '-', was_digit;
	bool is_signed = is_negative || (s.n > 0 && s.p[0] == '+');
	uint64_t v = 0, limit = (uint64_t)INT64_MAX + is_negative;
	unsigned base, digit;
	size_t i;

	s = str_sub(s, is_signed, s.n);
	if (s.n == 0)
		return false;
	was_digit = s.p[0] == '0';
	base = cut_base(&s);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '_' && was_digit && i + 1 < s.n) {
			was_digit = false;
			continue;
		}
		digit = digit_of(s.p[i]);
		if (digit >= base || v > (limit - digit) / base)
			return false;
		v = v * base + digit;
		was_digit = true;
	}
	*out = is_negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static int
decode_int(struct go_value *to, struct decoder *d, const struct hcl_value *v)
{
	bool is_text = v->type == HCL_STRING && !v->is_heredoc;

	if (!is_text && (v->type != HCL_NUMBER || v->is_float))
		return fail(d, v->pos, "expected an integer");
	if (!parse_int(&to->i, v->text))
		return fail(d, v->pos, "expected an integer of 64 bits");
	return ERR_OK;
}

static int
decode_float(struct go_value *to, struct decoder *d, const struct hcl_value *v)
{
	struct str text;
	char *end;

	if (v->type != HCL_NUMBER)
		return fail(d, v->pos, "expected a number");
	text = arena_dup(d->arena, v->text);
	if (text.p == NULL)
		return err_set(d->err, ERR_MEMORY, "out of memory");
	if (memchr(v->text.p, 'x', v->text.n) != NULL ||
	    memchr(v->text.p, 'X', v->text.n) != NULL)
		return fail(d, v->pos, "expected a decimal number");
	to->f = strtod(text.p, &end);
	if (end != text.p + text.n || isinf(to->f))
		return fail(d, v->pos, "expected a number");
	return ERR_OK;
}

static int
decode_string(struct go_value *to, struct decoder *d, const struct hcl_value *v)
{
	if (v->type != HCL_STRING && (v->type != HCL_NUMBER || v->is_float))
		return fail(d, v->pos, "expected a string");
	to->s = v->text;
	return ERR_OK;
}

static int
decode_literal(
    struct go_value *to, struct decoder *d, const struct hcl_value *v)
{
	switch (to->type) {
	case GO_BOOL:
		if (v->type != HCL_BOOL)
			return fail(d, v->pos, "expected true or false");
		to->is_true = str_is(v->text, "true");
		return ERR_OK;
	case GO_INT:
		return decode_int(to, d, v);
	case GO_FLOAT:
		return decode_float(to, d, v);
	case GO_STRING:
		return decode_string(to, d, v);
	case GO_LIST:
		return fail(d, v->pos, "expected a list");
	case GO_MAPS:
	case GO_MAP:
	case GO_NONE:
	default:
		return fail(d, v->pos, "expected an object");
	}
}

static enum go_type
type_of(struct node node, bool in_list)
{
	if (node.value == NULL)
		return in_list ? GO_MAP : GO_MAPS;
	switch (node.value->type) {
	case HCL_STRING:
		return GO_STRING;
	case HCL_NUMBER:
		return node.value->is_float ? GO_FLOAT : GO_INT;
	case HCL_BOOL:
		return GO_BOOL;
	case HCL_LIST:
		return GO_LIST;
	case HCL_OBJECT:
	default:
		return in_list ? GO_MAP : GO_MAPS;
	}
}

static int decode(
    struct go_value *to, struct decoder *d, struct node node, bool in_list);

static struct go_value *
map_slot(struct go_value *map, struct decoder *d, struct str key)
{
	struct go_entry *e;

	for (e = map->entries; e != NULL; e = e->next)
		if (str_eq(e->key, key))
			return &e->value;
	e = allocate(d, 1, sizeof(*e));
	if (e == NULL)
		return NULL;
	e->key = key;
	e->next = map->entries;
	map->entries = e;
	map->count++;
	return &e->value;
}

/* Whether an earlier item of more than one key has taken this one along. */
static bool
is_done(const struct views *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list->items[i].key_count > 1 &&
		    str_eq(list->items[i].keys[0].text,
			list->items[n].keys[0].text))
			return true;
	return false;
}

static int
decode_items(struct go_value *map, struct decoder *d, const struct views *list,
    struct hcl_pos pos)
{
	struct go_value *slot;
	int code = ERR_OK;
	size_t i;

	for (i = 0; i < list->count && code == ERR_OK; i++) {
		const struct view *item = &list->items[i];
		struct views same = { 0 };
		struct node node = { .value = item->value, .pos = pos };

		if (item->key_count == 0)
			return fail(d, pos,
			    "expected labels on all blocks of this key, "
			    "or on none");
		node.pos = item->keys[0].pos;
		if (is_done(list, i))
			continue;
		if (item->key_count > 1) {
			code = filter(&same, d, list, item->keys[0].text);
			node.value = NULL;
			node.list = &same;
		}
		slot = map_slot(map, d, item->keys[0].text);
		if (slot == NULL)
			return ERR_MEMORY;
		if (code == ERR_OK)
			code = decode(slot, d, node, false);
	}
	return code;
}

static int
decode_map(struct go_value *map, struct decoder *d, struct node node)
{
	struct views list = { 0 };
	struct view single;
	int code;

	if (node.item != NULL) {
		single = *node.item;
		list = (struct views){ &single, 1 };
		return decode_items(map, d, &list, node.pos);
	}
	if (node.list != NULL)
		return decode_items(map, d, node.list, node.pos);
	if (node.value->type != HCL_OBJECT)
		return fail(d, node.pos, "expected an object");
	code = object_views(&list, d, node.value);
	if (code != ERR_OK)
		return code;
	return decode_items(map, d, &list, node.pos);
}

static int
decode_element(struct go_value *list, struct decoder *d, struct node node)
{
	struct go_value *v = allocate(d, 1, sizeof(*v));
	int code;

	if (v == NULL)
		return ERR_MEMORY;
	if (list->type == GO_MAPS)
		v->type = GO_MAP;
	code = decode(v, d, node, true);
	if (code != ERR_OK)
		return code;
	*list->tail = v;
	list->tail = &v->next;
	return ERR_OK;
}

static int
decode_list(struct go_value *list, struct decoder *d, struct node node)
{
	const struct hcl_value *v;
	int code = ERR_OK;
	size_t i;

	if (list->tail == NULL)
		list->tail = &list->first;
	if (node.list != NULL) {
		for (i = 0; i < node.list->count && code == ERR_OK; i++)
			code = decode_element(list, d,
			    (struct node){ .item = &node.list->items[i],
				.pos = node.list->items[i].value->pos });
		return code;
	}
	if (node.value->type == HCL_OBJECT)
		return decode_element(list, d, node);
	if (node.value->type != HCL_LIST)
		return decode_literal(list, d, node.value);
	for (v = node.value->values; v != NULL && code == ERR_OK; v = v->next)
		code = decode_element(
		    list, d, (struct node){ .value = v, .pos = v->pos });
	return code;
}

static int
decode(struct go_value *to, struct decoder *d, struct node node, bool in_list)
{
	if (to->type == GO_NONE) {
		if (node.item != NULL)
			return fail(d, node.pos,
			    "expected no labels on a "
			    "key that is a list");
		to->type = type_of(node, in_list);
	}
	if (to->type == GO_MAP)
		return decode_map(to, d, node);
	if (to->type == GO_LIST || to->type == GO_MAPS)
		return decode_list(to, d, node);
	if (node.value == NULL)
		return fail(d, node.pos, "expected no labels on this key");
	return decode_literal(to, d, node.value);
}

/* One character of a string, with the escapes of json.Marshal. */
static void
print_rune(struct buf *out, struct str bytes, uint32_t c)
{
	static const char names[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found;

	found = c > 0 && c < 0x80 ? strchr(names, (int)c) : NULL;
	if (found != NULL)
		buf_addf(out, "\\%c", letters[found - names]);
	else if (c < ' ' || c == '<' || c == '>' || c == '&' || c == 0x2028 ||
		 c == 0x2029)
		buf_addf(out, "\\u%04x", (unsigned)c);
	else if (c == 0xfffd && bytes.n == 1)
		buf_add_text(out, "\\ufffd");
	else
		buf_add(out, bytes);
}

static void
print_string(struct buf *out, struct str s)
{
	uint32_t c = 0;
	size_t i, n;

	buf_add_char(out, '"');
	for (i = 0; i < s.n; i += n) {
		n = next_rune(&c, s, i);
		print_rune(out, str_sub(s, i, n), c);
	}
	buf_add_char(out, '"');
}

/* The digits d of d.ddd * 10^exponent. */
struct decimal {
	char digits[20];
	int count, exponent;
};

static bool
reads_back(const struct decimal *d, double f)
{
	char text[48];

	(void)snprintf(text, sizeof(text), "%c.%se%d", d->digits[0],
	    d->digits + 1, d->exponent);
	return strtod(text, NULL) == f;
}

/* Add one to the last digit, unless that would carry into a new one. */
static bool
step_up(struct decimal *d)
{
	int i = d->count - 1;

	while (i > 0 && d->digits[i] == '9')
		d->digits[i--] = '0';
	if (d->digits[i] == '9')
		return false;
	d->digits[i]++;
	return true;
}

/*
 * The fewest digits that read back as f > 0.  The nearest decimal of a length
 * may miss where the one above it hits: below a power of two doubles are
 * denser.
 */
static void
shorten(struct decimal *d, double f)
{
	char text[48];

	for (d->count = 1; d->count <= 17; d->count++) {
		(void)snprintf(text, sizeof(text), "%.*e", d->count - 1, f);
		d->digits[0] = text[0];
		memcpy(d->digits + 1, text + 2, (size_t)d->count - 1);
		d->digits[d->count] = '\0';
		d->exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
		if (reads_back(d, f) || (step_up(d) && reads_back(d, f)))
			return;
	}
	d->count = 17;
}

static void
print_plain(struct buf *out, const struct decimal *d)
{
	int i, point = d->exponent + 1;

	if (point <= 0)
		buf_add_text(out, "0.");
	for (i = point; i < 0; i++)
		buf_add_char(out, '0');
	for (i = 0; i < d->count || i < point; i++) {
		if (i == point && i > 0)
			buf_add_char(out, '.');
		buf_add_char(out, i < d->count ? d->digits[i] : '0');
	}
}

/* As encoding/json prints a float64. */
static void
print_float(struct buf *out, double f)
{
	struct decimal d = { .digits = "0", .count = 1 };
	double size = fabs(f);

	if (signbit(f))
		buf_add_char(out, '-');
	if (size > 0)
		shorten(&d, size);
	if (size == 0 || (size >= 1e-6 && size < 1e21)) {
		print_plain(out, &d);
		return;
	}
	buf_add_char(out, d.digits[0]);
	if (d.count > 1)
		buf_addf(out, ".%s", d.digits + 1);
	buf_addf(out, "e%+d", d.exponent);
}

static int
compare_entries(const void *a, const void *b)
{
	const struct go_entry *const *x = a, *const *y = b;

	return str_cmp((*x)->key, (*y)->key);
}

static int print_value(
    struct buf *out, struct decoder *d, const struct go_value *v);

static int
print_map(struct buf *out, struct decoder *d, const struct go_value *map)
{
	const struct go_entry **sorted, *e;
	int code = ERR_OK;
	size_t i, n = 0;

	sorted = allocate(d, map->count, sizeof(*sorted));
	if (sorted == NULL)
		return ERR_MEMORY;
	for (e = map->entries; e != NULL; e = e->next)
		sorted[n++] = e;
	qsort(sorted, n, sizeof(*sorted), compare_entries);
	buf_add_char(out, '{');
	for (i = 0; i < n && code == ERR_OK; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		print_string(out, sorted[i]->key);
		buf_add_char(out, ':');
		code = print_value(out, d, &sorted[i]->value);
	}
	buf_add_char(out, '}');
	return code;
}

static int
print_list(struct buf *out, struct decoder *d, const struct go_value *list)
{
	const struct go_value *v;
	int code = ERR_OK;

	buf_add_char(out, '[');
	for (v = list->first; v != NULL && code == ERR_OK; v = v->next) {
		if (v != list->first)
			buf_add_char(out, ',');
		code = print_value(out, d, v);
	}
	buf_add_char(out, ']');
	return code;
}

static int
print_value(struct buf *out, struct decoder *d, const struct go_value *v)
{
	switch (v->type) {
	case GO_BOOL:
		buf_add_text(out, v->is_true ? "true" : "false");
		return ERR_OK;
	case GO_INT:
		buf_addf(out, "%lld", (long long)v->i);
		return ERR_OK;
	case GO_FLOAT:
		print_float(out, v->f);
		return ERR_OK;
	case GO_STRING:
		print_string(out, v->s);
		return ERR_OK;
	case GO_LIST:
	case GO_MAPS:
		return print_list(out, d, v);
	case GO_MAP:
		return print_map(out, d, v);
	case GO_NONE:
	default:
		buf_add_text(out, "null");
		return ERR_OK;
	}
}

int
hcl_go_print(struct buf *out, const struct hcl_value *root, struct arena *a,
    struct err *err)
{
	struct decoder d = { .arena = a, .err = err };
	struct go_value map = { .type = GO_MAP };
	struct node node = { .value = root, .pos = root->pos };
	int code = decode(&map, &d, node, false);

	if (code == ERR_OK)
		code = print_value(out, &d, &map);
	if (code == ERR_OK)
		code = buf_check(out, err);
	return code;
}
