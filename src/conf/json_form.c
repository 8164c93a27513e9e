/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json_form.h"

#include <stdbool.h>

#include "base/utf8.h"
#include "conf/hcl.h"

struct form {
	struct str text;
	size_t at;
	unsigned depth;
	struct err *err;
};

static int value(struct form *f, bool is_element);

static int
fail(const struct form *f, const char *expected)
{
	unsigned line = 1, column = 1;
	uint32_t c;
	size_t i, n;

	for (i = 0; i < f->at; i += n) {
		n = utf8_decode(&c, f->text.p + i, f->text.n - i);
		if (n == 0)
			n = 1;
		column++;
		if (f->text.p[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return err_set(f->err, ERR_CONFIG, "%u:%u: JSON: expected %s", line,
	    column, expected);
}

/* The next byte that is not white space; 0 at the end. */
static char
peek(struct form *f)
{
	while (f->at < f->text.n) {
		char c = f->text.p[f->at];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return c;
		f->at++;
	}
	return '\0';
}

static bool
take(struct form *f, char c)
{
	if (peek(f) != c || f->at == f->text.n)
		return false;
	f->at++;
	return true;
}

/* hcl_parse() has judged what is inside. */
static int
string(struct form *f)
{
	if (!take(f, '"'))
		return fail(f, "a string");
	while (f->at < f->text.n) {
		char c = f->text.p[f->at];

		if ((unsigned char)c < 0x20)
			return fail(f, "no control character in a string");
		f->at++;
		if (c == '"')
			return ERR_OK;
		if (c == '\\' && f->at < f->text.n)
			f->at++;
	}
	return fail(f, "the closing quote");
}

static size_t
take_digits(struct form *f)
{
	size_t from = f->at;

	while (f->at < f->text.n && f->text.p[f->at] >= '0' &&
	       f->text.p[f->at] <= '9')
		f->at++;
	return f->at - from;
}

static bool
take_one_of(struct form *f, char a, char b)
{
	if (f->at == f->text.n ||
	    (f->text.p[f->at] != a && f->text.p[f->at] != b))
		return false;
	f->at++;
	return true;
}

static int
number(struct form *f)
{
	(void)take_one_of(f, '-', '-');
	if (take_digits(f) == 0)
		return fail(f, "a value");
	if (take_one_of(f, '.', '.') && take_digits(f) == 0)
		return fail(f, "a digit behind the point");
	if (take_one_of(f, 'e', 'E')) {
		(void)take_one_of(f, '+', '-');
		if (take_digits(f) == 0)
			return fail(f, "a digit in the exponent");
	}
	return ERR_OK;
}

static int
list(struct form *f)
{
	int r;

	while (!take(f, ']')) {
		r = value(f, true);
		if (r != ERR_OK)
			return r;
		if (!take(f, ',') && peek(f) != ']')
			return fail(f, "',' or ']'");
	}
	return ERR_OK;
}

static int
object(struct form *f)
{
	int r;

	while (!take(f, '}')) {
		r = string(f);
		if (r != ERR_OK)
			return r;
		if (!take(f, ':'))
			return fail(f, "':'");
		r = value(f, false);
		if (r != ERR_OK)
			return r;
		if (!take(f, ',') && peek(f) != '}')
			return fail(f, "',' or '}'");
	}
	return ERR_OK;
}

static bool
take_word(struct form *f)
{
	static const char *const words[] = { "true", "false", "null" };
	struct str rest = str_sub(f->text, f->at, f->text.n);
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!str_starts(rest, words[i]))
			continue;
		f->at += str_of(words[i]).n;
		return true;
	}
	return false;
}

static int
value(struct form *f, bool is_element)
{
	char c = peek(f);
	int r;

	if (c == '"')
		return string(f);
	if (c == '[' && is_element)
		return fail(f, "no list inside a list");
	if (c == '{' || c == '[') {
		if (++f->depth > HCL_DEPTH_MAX)
			return fail(f, "fewer objects inside one another");
		f->at++;
		r = c == '{' ? object(f) : list(f);
		f->depth--;
		return r;
	}
	if (c == 't' || c == 'f' || c == 'n') {
		if (is_element)
			return fail(f, "a string");
		return take_word(f) ? ERR_OK : fail(f, "a value");
	}
	return number(f);
}

int
json_form_check(struct str text, struct err *err)
{
	struct form f = { .text = text, .err = err };
	int r;

	if (!str_starts(str_trim(text), "{"))
		return ERR_OK;
	r = value(&f, false);
	if (r != ERR_OK)
		return r;
	(void)peek(&f);
	return f.at == text.n ? ERR_OK
			      : fail(&f, "nothing behind the last '}'");
}
