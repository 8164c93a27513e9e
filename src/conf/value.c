/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf/duration.h"

enum { SHOWN_MAX = 80, CHOICES_TEXT_MAX = 160 };

union value {
	struct str text;
	struct str_list list;
	bool truth;
	int64_t number;
	int choice;
};

/* What one value is read with. */
struct reading {
	const struct option *opt;
	struct arena *arena;
	const struct hcl_value *v;
	struct problems *problems;
};

static const char *
type_name(enum hcl_type type)
{
	switch (type) {
	case HCL_STRING:
		return "a string";
	case HCL_NUMBER:
		return "a number";
	case HCL_BOOL:
		return "a bool";
	case HCL_LIST:
		return "a list";
	case HCL_OBJECT:
		return "an object";
	}
	return "nothing";
}

/* v as a person wrote it, for a problem; a secret stays one. */
static const char *
show(char out[SHOWN_MAX], const struct option *opt, const struct hcl_value *v)
{
	const char *quote = "", *text = CLEAN(v->text);

	if (opt->secret)
		text = "(not shown)";
	else if (v->type == HCL_STRING)
		quote = "\"";
	else if (v->type == HCL_LIST)
		text = "[...]";
	else if (v->type == HCL_OBJECT)
		text = "{...}";
	(void)snprintf(out, SHOWN_MAX, "%s%s%s", quote, text, quote);
	return out;
}

/* "KEY = VALUE: expected ... (line, column)"; returns ERR_CONFIG. */
static int
refuse(const struct reading *rd, const char *expected)
{
	char shown[SHOWN_MAX];

	problems_add_at(rd->problems, rd->v->pos, "%s = %s: %s", rd->opt->name,
	    show(shown, rd->opt, rd->v), expected);
	return ERR_CONFIG;
}

static int
refuse_type(const struct reading *rd, const char *wanted)
{
	char text[ERR_MSG_MAX];

	(void)snprintf(text, sizeof(text), "expected %s, found %s", wanted,
	    type_name(rd->v->type));
	return refuse(rd, text);
}

static int
no_memory(const struct reading *rd)
{
	problems_add(
	    rd->problems, "%s: %s", rd->opt->name, err_text(ERR_MEMORY));
	return ERR_MEMORY;
}

/* HCL takes a number for a string; it keeps the spelling, zeros and all. */
static bool
is_text(const struct hcl_value *v)
{
	return v->type == HCL_STRING || v->type == HCL_NUMBER;
}

static int
read_text(struct str *out, const struct reading *rd)
{
	const struct option *opt = rd->opt;
	struct str text = rd->v->text;
	struct err err = { 0 };
	char why[64];
	int64_t max = opt->max > 0 ? opt->max : OPTION_TEXT_MAX;

	if (text.n == 0)
		return refuse(
		    rd, "empty: leave the key out if nothing is meant");
	if (!str_is_printable(text))
		return refuse(rd, "expected UTF-8 without control characters");
	if (text.n > (uint64_t)max) {
		(void)snprintf(why, sizeof(why),
		    "expected at most %" PRId64 " bytes", max);
		return refuse(rd, why);
	}
	if (opt->check != NULL && opt->check(&text, opt, &err) != ERR_OK)
		return refuse(rd, err.msg);
	*out = arena_dup(rd->arena, text);
	return out->p == NULL ? no_memory(rd) : ERR_OK;
}

static int
read_string(union value *out, const struct reading *rd)
{
	if (!is_text(rd->v))
		return refuse_type(rd, "a string");
	return read_text(&out->text, rd);
}

static int
read_list(union value *out, const struct reading *rd)
{
	const struct hcl_value *v;
	struct str_list list = { NULL, 0 };
	size_t count = 0;
	int r = ERR_OK;

	if (rd->v->type != HCL_LIST)
		return refuse_type(rd, "a list of strings in brackets");
	for (v = rd->v->values; v != NULL; v = v->next)
		count++;
	list.items = arena_calloc(rd->arena, count + 1, sizeof(*list.items));
	if (list.items == NULL)
		return no_memory(rd);
	for (v = rd->v->values; v != NULL; v = v->next) {
		struct reading element = *rd;

		element.v = v;
		if (!is_text(v))
			r = refuse_type(&element, "only strings in this list");
		else if (read_text(&list.items[list.count], &element) == ERR_OK)
			list.count++;
		else
			r = ERR_CONFIG;
	}
	if (r == ERR_OK)
		out->list = list;
	return r;
}

/* HCL takes these spellings, as a literal or in quotes. */
static int
read_bool(union value *out, const struct reading *rd)
{
	struct str text = rd->v->text;
	bool is_scalar = is_text(rd->v) || rd->v->type == HCL_BOOL;
	bool yes = str_eq_nocase(text, STR("true")) || str_is(text, "1");
	bool no = str_eq_nocase(text, STR("false")) || str_is(text, "0");

	if (!is_scalar || (!yes && !no))
		return refuse(rd, "expected true or false");
	out->truth = yes;
	return ERR_OK;
}

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* As HCL has them: 10, -10, 0x1F, and 017 in base eight. */
static bool
int_parse(int64_t *out, struct str s)
{
	bool is_negative = s.n > 0 && s.p[0] == '-';
	uint64_t v = 0, base = 10, limit = INT64_MAX;
	size_t i;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_sub(s, 1, s.n);
	if (s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X')) {
		s = str_sub(s, 2, s.n);
		base = 16;
	} else if (s.n > 1 && s.p[0] == '0') {
		base = 8;
	}
	for (i = 0; i < s.n; i++) {
		uint64_t d = (uint64_t)digit_value(s.p[i]);

		if (d >= base || v > (limit - d) / base)
			return false;
		v = v * base + d;
	}
	*out = is_negative ? -(int64_t)v : (int64_t)v;
	return s.n > 0;
}

static int
read_int(union value *out, const struct reading *rd)
{
	const struct option *opt = rd->opt;
	char why[96];

	if (is_text(rd->v) && int_parse(&out->number, rd->v->text) &&
	    out->number >= opt->min && out->number <= opt->max)
		return ERR_OK;
	(void)snprintf(why, sizeof(why),
	    "expected a whole number from %" PRId64 " to %" PRId64, opt->min,
	    opt->max);
	return refuse(rd, why);
}

/* A text that is no duration is named in Go's words, which users search for. */
static int
read_duration(union value *out, const struct reading *rd)
{
	const struct option *opt = rd->opt;
	struct err err = { 0 };
	struct buf why;
	const char *text;
	int r;

	if (!is_text(rd->v))
		return refuse_type(rd, "a duration, such as \"30s\"");
	if (duration_parse(&out->number, rd->v->text, &err) != ERR_OK) {
		problems_add_at(rd->problems, rd->v->pos,
		    "unable to parse %s duration: %s", opt->name, err.msg);
		return ERR_CONFIG;
	}
	if (out->number >= opt->min && out->number <= opt->max)
		return ERR_OK;
	buf_init(&why, ERR_MSG_MAX);
	buf_add_text(&why, "expected a duration from ");
	duration_format(&why, opt->min);
	buf_add_text(&why, " to ");
	duration_format(&why, opt->max);
	text = buf_text(&why);
	r = text == NULL ? no_memory(rd) : refuse(rd, text);
	buf_release(&why);
	return r;
}

static int
read_choice(union value *out, const struct reading *rd)
{
	const char *const *choices = rd->opt->choices;
	char why[CHOICES_TEXT_MAX] = "expected ";
	size_t n;
	int i;

	for (i = 0; rd->v->type == HCL_STRING && choices[i] != NULL; i++) {
		if (!str_is(rd->v->text, choices[i]))
			continue;
		out->choice = i;
		return ERR_OK;
	}
	for (i = 0; choices[i] != NULL; i++) {
		n = strlen(why);
		(void)snprintf(why + n, sizeof(why) - n, "%s\"%s\"",
		    i == 0                   ? ""
		    : choices[i + 1] == NULL ? " or "
					     : ", ",
		    choices[i]);
	}
	return refuse(rd, why);
}

static int
read_value(union value *out, const struct reading *rd)
{
	switch (rd->opt->type) {
	case OPTION_STRING:
		return read_string(out, rd);
	case OPTION_LIST:
		return read_list(out, rd);
	case OPTION_BOOL:
		return read_bool(out, rd);
	case OPTION_INT:
		return read_int(out, rd);
	case OPTION_DURATION:
		return read_duration(out, rd);
	case OPTION_CHOICE:
		return read_choice(out, rd);
	}
	return ERR_INTERNAL;
}

static size_t
value_size(enum option_type type)
{
	switch (type) {
	case OPTION_STRING:
		return sizeof(struct str);
	case OPTION_LIST:
		return sizeof(struct str_list);
	case OPTION_BOOL:
		return sizeof(bool);
	case OPTION_INT:
	case OPTION_DURATION:
		return sizeof(int64_t);
	case OPTION_CHOICE:
		return sizeof(int);
	}
	return 0;
}

/* All members of the union begin where it does. */
static void
put(void *out, const struct option *opt, const union value *value)
{
	memcpy((char *)out + opt->offset, value, value_size(opt->type));
}

static union value
get(const void *conf, const struct option *opt)
{
	union value value = { .list = { NULL, 0 } };

	memcpy(&value, (const char *)conf + opt->offset, value_size(opt->type));
	return value;
}

int
value_preset(void *out, const struct option *opt, struct arena *a)
{
	struct problems problems = { .count = 0 };
	struct hcl_value element = { .type = HCL_STRING,
		.text = str_of(opt->preset) };
	struct hcl_value list = { .type = HCL_LIST,
		.values = opt->preset == NULL ? NULL : &element };
	struct reading rd = { opt, a, &element, &problems };
	union value value = { .list = { NULL, 0 } };
	int r = ERR_OK;

	if (opt->type == OPTION_LIST)
		rd.v = &list;
	if (opt->preset != NULL || opt->type == OPTION_LIST)
		r = read_value(&value, &rd);
	assert(r == ERR_OK || r == ERR_MEMORY);
	if (r == ERR_OK)
		put(out, opt, &value);
	return r;
}

void
value_assign(void *out, const struct option *opt, struct arena *a,
    const struct hcl_value *v, struct problems *problems)
{
	struct reading rd = { opt, a, v, problems };
	union value value = { .list = { NULL, 0 } };

	if (opt->empty_is_unset && v->type == HCL_STRING && v->text.n == 0)
		return;
	if (read_value(&value, &rd) == ERR_OK)
		put(out, opt, &value);
}

/* HCL reads "${" as the begin of an interpolation, where quotes nest. */
static void
print_string(struct buf *out, struct str s)
{
	size_t i;

	buf_add_char(out, '"');
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_add_char(out, '\\');
		if (str_starts(str_sub(s, i, 2), "${"))
			buf_add_text(out, "\\u0024");
		else
			buf_add_char(out, s.p[i]);
	}
	buf_add_char(out, '"');
}

static void
print_list(struct buf *out, struct str_list list)
{
	size_t i;

	buf_add_char(out, '[');
	for (i = 0; i < list.count; i++) {
		if (i > 0)
			buf_add_text(out, ", ");
		print_string(out, list.items[i]);
	}
	buf_add_char(out, ']');
}

static void
print_value(struct buf *out, const struct option *opt, const union value *value)
{
	switch (opt->type) {
	case OPTION_STRING:
		print_string(out, value->text);
		break;
	case OPTION_LIST:
		print_list(out, value->list);
		break;
	case OPTION_BOOL:
		buf_add_text(out, value->truth ? "true" : "false");
		break;
	case OPTION_INT:
		buf_addf(out, "%" PRId64, value->number);
		break;
	case OPTION_DURATION:
		buf_add_char(out, '"');
		duration_format(out, value->number);
		buf_add_char(out, '"');
		break;
	case OPTION_CHOICE:
		print_string(out, str_of(opt->choices[value->choice]));
		break;
	}
}

void
value_print(struct buf *out, const struct option *opt, const void *conf)
{
	union value value = get(conf, opt);
	bool is_unset = opt->type == OPTION_STRING && value.text.n == 0;

	if (is_unset) {
		buf_addf(out, "# %s is not set\n", opt->name);
	} else if (opt->secret) {
		buf_addf(out, "# %s is set and not shown\n", opt->name);
	} else {
		buf_addf(out, "%s = ", opt->name);
		print_value(out, opt, &value);
		buf_add_char(out, '\n');
	}
}
