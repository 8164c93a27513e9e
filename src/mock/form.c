/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/form.h"

#include <stdbool.h>

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte behind a '%'; negative: there is none. */
static int
escaped(struct str digits)
{
	int high, low;

	if (digits.n != 2)
		return -1;
	high = hex_digit(digits.p[0]);
	low = hex_digit(digits.p[1]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static int
decode(struct str *out, struct arena *a, struct str in, struct err *err)
{
	char *p = arena_alloc(a, in.n + 1);
	size_t n = 0;
	int c;

	if (p == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < in.n; i++) {
		c = in.p[i];
		if (c == '+')
			c = ' ';
		else if (c == '%') {
			c = escaped(str_sub(in, i + 1, 2));
			i += 2;
		} else if (c <= ' ' || c >= 0x7f)
			c = -1;
		if (c < 0)
			return err_set(err, ERR_FORMAT,
			    "\"%s\" is not percent-encoded as it must be",
			    CLEAN(in));
		p[n++] = (char)c;
	}
	*out = (struct str){ p, n };
	return ERR_OK;
}

static int
add_field(struct form *f, struct arena *a, struct str field, struct err *err)
{
	struct str value = field, name = str_cut(&value, field, '=');
	int r;

	if (f->count == FORM_FIELDS_MAX)
		return err_set(err, ERR_TOOBIG,
		    "there are more than %d parameters", FORM_FIELDS_MAX);
	if (name.n == 0 || value.p == NULL)
		return err_set(
		    err, ERR_FORMAT, "\"%s\" is not Name=Value", CLEAN(field));
	r = decode(&name, a, name, err);
	if (r == ERR_OK)
		r = decode(&value, a, value, err);
	if (r != ERR_OK)
		return r;
	if (!str_is_printable(name) ||
	    (value.n > 0 && !str_is_printable(value)))
		return err_set(err, ERR_FORMAT,
		    "parameter \"%s\" is not text in UTF-8", CLEAN(name));
	for (size_t i = 0; i < f->count; i++) {
		if (str_eq(f->fields[i].name, name))
			return err_set(err, ERR_FORMAT,
			    "parameter \"%s\" is repeated", CLEAN(name));
	}
	f->fields[f->count].name = name;
	f->fields[f->count++].value = value;
	return ERR_OK;
}

int
form_parse(struct form *f, struct arena *a, struct str text, struct err *err)
{
	struct str rest = text;
	int r = ERR_OK;

	f->count = 0;
	while (rest.p != NULL && text.n > 0 && r == ERR_OK) {
		struct str field = str_cut(&rest, rest, '&');

		r = add_field(f, a, field, err);
	}
	return r;
}

struct str
form_value(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++) {
		if (str_is(f->fields[i].name, name))
			return f->fields[i].value;
	}
	return (struct str){ NULL, 0 };
}
