/* SPDX-License-Identifier: Apache-2.0 */
/* From the spelling of a literal to its text. */
#include "conf/hcl_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

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

static bool
has_digits(const char *p, size_t n, size_t count, int base)
{
	size_t i;

	if (count > n)
		return false;
	for (i = 0; i < count; i++)
		if (digit_value(p[i]) >= base)
			return false;
	return true;
}

size_t
hcl_escape_length(const char *p, size_t n)
{
	if (n == 0)
		return 0;
	switch (p[0]) {
	case 'a':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
	case 'v':
	case '\\':
	case '"':
		return 1;
	case 'x':
		return has_digits(p + 1, n - 1, 2, 16) ? 3 : 0;
	case 'u':
		return has_digits(p + 1, n - 1, 4, 16) ? 5 : 0;
	case 'U':
		return has_digits(p + 1, n - 1, 8, 16) ? 9 : 0;
	default:
		return has_digits(p, n, 3, 8) ? 3 : 0;
	}
}

static uint32_t
digits_value(const char *p, size_t n, unsigned base)
{
	uint32_t v = 0;
	size_t i;

	for (i = 0; i < n; i++)
		v = v * base + (uint32_t)digit_value(p[i]);
	return v;
}

static char
letter_escape(char c)
{
	static const char names[] = "abfnrtv", bytes[] = "\a\b\f\n\r\t\v";
	const char *found = strchr(names, c);

	return found == NULL ? c : bytes[found - names];
}

/*
 * \u and \U.  The Go module lets HCL spell any 32 bits: half of a surrogate
 * pair becomes U+FFFD, and what its signed rune takes for negative becomes its
 * lowest byte.  JSON text it hands to Go's own strconv, which refuses both.
 */
static const char *
put_rune(char *out, size_t *n, uint32_t c, bool is_json)
{
	bool is_surrogate = c >= 0xd800 && c <= 0xdfff;

	if (!is_json && c > INT32_MAX) {
		out[(*n)++] = (char)(c & 0xff);
		return NULL;
	}
	if (c > 0x10ffff)
		return "an escape beyond U+10FFFF";
	if (is_json && is_surrogate)
		return "an escape that is half of a surrogate pair";
	*n += utf8_encode(out + *n, is_surrogate ? 0xfffd : c);
	return NULL;
}

static const char *
put_escape(char *out, size_t *n, const char *p, size_t length, bool is_json)
{
	uint32_t v;

	switch (p[0]) {
	case 'u':
	case 'U':
		return put_rune(
		    out, n, digits_value(p + 1, length - 1, 16), is_json);
	case 'x':
		out[(*n)++] = (char)digits_value(p + 1, 2, 16);
		return NULL;
	default:
		break;
	}
	if (length == 1) {
		out[(*n)++] = letter_escape(p[0]);
		return NULL;
	}
	v = digits_value(p, 3, 8);
	if (v > 0xff)
		return "an octal escape beyond \\377";
	out[(*n)++] = (char)v;
	return NULL;
}

/* The length of the "${...}" that s begins with, up to its closing brace. */
static size_t
interpolation_length(struct str s)
{
	size_t i, braces = 1;

	for (i = 2; i < s.n && braces > 0; i++) {
		if (s.p[i] == '{')
			braces++;
		else if (s.p[i] == '}')
			braces--;
	}
	return i;
}

static bool
holds_replacement(struct str s)
{
	size_t i;

	for (i = 0; i + 3 <= s.n; i++)
		if (memcmp(s.p + i, "\xef\xbf\xbd", 3) == 0)
			return true;
	return false;
}

/* What is wrong with the literal's inside, or NULL; p has in.n bytes. */
static const char *
decode(char *p, size_t *n, struct str in, bool is_json)
{
	const char *why;
	size_t i, length;

	for (i = 0; i < in.n; i += length) {
		if (!is_json && str_starts(str_sub(in, i, 2), "${")) {
			length = interpolation_length(str_sub(in, i, in.n));
			if (holds_replacement(str_sub(in, i, length)))
				return "U+FFFD inside \"${...}\"";
			memcpy(p + *n, in.p + i, length);
			*n += length;
		} else if (in.p[i] != '\\') {
			length = 1;
			p[(*n)++] = in.p[i];
		} else {
			length = hcl_escape_length(in.p + i + 1, in.n - i - 1);
			why = put_escape(p, n, in.p + i + 1, length, is_json);
			if (why != NULL)
				return why;
			length++;
		}
	}
	return NULL;
}

int
hcl_unquote(struct str *out, struct hcl_reader *r, struct str raw,
    struct hcl_pos pos, bool is_json)
{
	struct str in = str_sub(raw, 1, raw.n - 2);
	char *p = arena_alloc(r->arena, in.n + 1);
	const char *why;
	size_t n = 0;

	if (p == NULL)
		return hcl_memory(r);
	why = decode(p, &n, in, is_json);
	if (why != NULL)
		return hcl_fail(r, pos, "found %s in this string", why);
	*out = (struct str){ p, n };
	return ERR_OK;
}

static struct str
last_line(struct str s)
{
	size_t n = s.n;

	while (n > 0 && s.p[n - 1] != '\n')
		n--;
	return str_sub(s, n, s.n - n);
}

static bool
starts_with(struct str s, struct str prefix)
{
	return str_eq(str_sub(s, 0, prefix.n), prefix);
}

/* Copy body without indent before each line; false if a line has none. */
static bool
unindent(char *p, size_t *n, struct str body, struct str indent)
{
	struct str line, rest = body;

	*n = 0;
	while (rest.p != NULL) {
		line = str_cut(&rest, rest, '\n');
		if (!starts_with(line, indent))
			return false;
		if (rest.p == NULL)
			break;
		line = str_sub(line, indent.n, line.n - indent.n);
		if (line.n > 0)
			memcpy(p + *n, line.p, line.n);
		*n += line.n;
		p[(*n)++] = '\n';
	}
	return true;
}

/*
 * The Go module cuts a fixed number of bytes off the end, the length of the
 * anchor line's tag, whatever the closing line is; so white space before the
 * closing tag of a "<<" is part of the text, and where a line of a "<<-" is
 * less indented than the closing tag all lines stay as they are.
 */
int
hcl_heredoc(
    struct str *out, struct hcl_reader *r, struct str raw, size_t length)
{
	const char *newline = memchr(raw.p, '\n', raw.n);
	size_t first = (size_t)(newline - raw.p) + 1, n;
	bool is_indented = raw.p[2] == '-';
	struct str body;
	char *p;

	body = str_sub(raw, first, length - first + 2 - first);
	p = arena_alloc(r->arena, body.n + 2);
	if (p == NULL)
		return hcl_memory(r);
	if (is_indented) {
		body.n++;
		if (unindent(p, &n, body, last_line(body))) {
			*out = (struct str){ p, n };
			return ERR_OK;
		}
		body.n--;
		while (body.n > 0 && (body.p[body.n - 1] == ' ' ||
					 body.p[body.n - 1] == '\t'))
			body.n--;
	}
	if (body.n > 0)
		memcpy(p, body.p, body.n);
	*out = (struct str){ p, body.n };
	return ERR_OK;
}

int
hcl_check_float(struct hcl_reader *r, struct str raw, struct hcl_pos pos)
{
	struct str text = arena_dup(r->arena, raw);
	char *end;
	double v;

	if (text.p == NULL)
		return hcl_memory(r);
	v = strtod(text.p, &end);
	if (end != text.p + text.n)
		return hcl_fail(
		    r, pos, "expected digits in this number's exponent");
	if (isinf(v))
		return hcl_fail(
		    r, pos, "expected a number within a double's range");
	return ERR_OK;
}
