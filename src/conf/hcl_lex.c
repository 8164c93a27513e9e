/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the native syntax.  Its text is valid UTF-8 without NUL. */
#include "conf/hcl_impl.h"

#include <string.h>

#include "base/utf8.h"

/* The byte k places on; 0 behind the end. */
static char
peek(const struct hcl_reader *r, size_t k)
{
	return k < r->text.n - r->at ? r->text.p[r->at + k] : '\0';
}

static bool
is_decimal(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
	return is_decimal(c) || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

/* From k on, where the run of letters, digits and bytes of extra ends. */
static size_t
word_end(const struct hcl_reader *r, size_t k, const char *extra)
{
	uint32_t c = 0;
	size_t n;

	for (;; k += n) {
		n = utf8_decode(
		    &c, r->text.p + r->at + k, r->text.n - r->at - k);
		if (n == 0)
			return k;
		if (!hcl_is_letter(c) && !hcl_is_digit(c) &&
		    !(c < 0x80 && strchr(extra, (int)c) != NULL))
			return k;
	}
}

static int
skip_comment(struct hcl_reader *r)
{
	struct str rest = str_sub(r->text, r->at, r->text.n);
	size_t n;

	if (peek(r, 0) == '#' || peek(r, 1) == '/') {
		(void)str_cut(&rest, rest, '\n');
		hcl_skip(r, r->text.n - r->at - rest.n);
		return ERR_OK;
	}
	if (peek(r, 1) != '*')
		return hcl_fail(r, r->pos, "expected '//' or '/*', found '/'");
	for (n = 3; n < rest.n; n++) {
		if (rest.p[n - 1] == '*' && rest.p[n] == '/') {
			hcl_skip(r, n + 1);
			return ERR_OK;
		}
	}
	return hcl_fail(r, r->pos, "expected '*/' after this comment");
}

static int
skip_blank(struct hcl_reader *r)
{
	int code;

	for (;;) {
		switch (peek(r, 0)) {
		case ' ':
		case '\t':
		case '\r':
		case '\n':
			hcl_skip(r, 1);
			break;
		case '#':
		case '/':
			code = skip_comment(r);
			if (code != ERR_OK)
				return code;
			break;
		default:
			return ERR_OK;
		}
	}
}

/* Take n bytes as the token. */
static void
take(struct hcl_reader *r, enum hcl_token_type type, size_t n)
{
	r->token.type = type;
	r->token.raw = str_sub(r->text, r->at, n);
	r->token.text = r->token.raw;
	hcl_skip(r, n);
}

static size_t
decimal_end(const struct hcl_reader *r, size_t k)
{
	while (is_decimal(peek(r, k)))
		k++;
	return k;
}

/*
 * k is behind the digits before the point or exponent at k, if any.  The Go
 * module cuts ".5e1" in two, neither of which it can use.
 */
static int
lex_float(struct hcl_reader *r, size_t k)
{
	bool is_bare = k == 0;
	int code;

	if (peek(r, k) == '.')
		k = decimal_end(r, k + 1);
	if (is_bare && (peek(r, k) == 'e' || peek(r, k) == 'E'))
		return hcl_fail(r, r->pos,
		    "expected a digit before the point of this number");
	if (peek(r, k) == 'e' || peek(r, k) == 'E') {
		k++;
		if (peek(r, k) == '+' || peek(r, k) == '-')
			k++;
		k = decimal_end(r, k);
	}
	code = hcl_check_float(r, str_sub(r->text, r->at, k), r->pos);
	if (code == ERR_OK)
		take(r, TOKEN_FLOAT, k);
	return code;
}

/*
 * The Go module overlooks an 8 or 9 right behind the leading 0: "08" is a
 * number here, though not an integer.
 */
static bool
is_bad_octal(const struct hcl_reader *r, size_t first, size_t end)
{
	size_t k;

	for (k = first + 2; k < end; k++)
		if (peek(r, first) == '0' && peek(r, k) > '7')
			return true;
	return false;
}

static int
lex_number(struct hcl_reader *r)
{
	size_t first = peek(r, 0) == '-' ? 1 : 0, k;
	char mark = peek(r, first + 1);

	if (peek(r, first) == '0' && (mark == 'x' || mark == 'X')) {
		k = first + 2;
		if (!is_hex(peek(r, k)))
			return hcl_fail(
			    r, r->pos, "expected hexadecimal digits after 0x");
		while (is_hex(peek(r, k)))
			k++;
		take(r, TOKEN_INTEGER, k);
		return ERR_OK;
	}
	k = decimal_end(r, first);
	mark = peek(r, k);
	if (k == first || mark == '.' || mark == 'e' || mark == 'E')
		return lex_float(r, k);
	if (!r->any_digits && is_bad_octal(r, first, k))
		return hcl_fail(r, r->pos,
		    "expected digits below 8 in a number that begins with 0");
	take(r, TOKEN_INTEGER, k);
	return ERR_OK;
}

/* The escape behind the backslash at k. */
static int
check_escape(struct hcl_reader *r, size_t k, size_t *length)
{
	*length = hcl_escape_length(
	    r->text.p + r->at + k + 1, r->text.n - r->at - k - 1);
	if (*length > 0)
		return ERR_OK;
	hcl_skip(r, k);
	return hcl_fail(
	    r, r->pos, "expected an escape that HCL knows after '\\'");
}

/* Where the closing quote is; "${...}" may hold quotes and newlines. */
static int
find_quote(struct hcl_reader *r, size_t *end)
{
	size_t k, length, braces = 0;
	int code;
	char c;

	for (k = 1; (c = peek(r, k)) != '"' || braces > 0; k++) {
		if (c == '\0' || (c == '\n' && braces == 0))
			return hcl_fail(r, r->pos,
			    "expected '\"' at the end of this string");
		if (braces == 0 && c == '$' && peek(r, k + 1) == '{') {
			braces = 1;
			k++;
		} else if (braces > 0 && c == '{') {
			braces++;
		} else if (braces > 0 && c == '}') {
			braces--;
		} else if (c == '\\') {
			code = check_escape(r, k, &length);
			if (code != ERR_OK)
				return code;
			k += length;
		}
	}
	*end = k + 1;
	return ERR_OK;
}

static int
lex_string(struct hcl_reader *r)
{
	struct str raw, text;
	size_t end = 0;
	int code = find_quote(r, &end);

	if (code != ERR_OK)
		return code;
	raw = str_sub(r->text, r->at, end);
	code = hcl_unquote(&text, r, raw, r->pos, false);
	if (code != ERR_OK)
		return code;
	take(r, TOKEN_STRING, end);
	r->token.text = text;
	return ERR_OK;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* White space, the tag, and any carriage returns the tag has not. */
static bool
is_closing(struct str line, struct str tag)
{
	if (tag.p[tag.n - 1] == '\r')
		tag.n--;
	while (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	while (line.n > tag.n && is_space(line.p[0]))
		line = str_sub(line, 1, line.n - 1);
	return str_eq(line, tag);
}

/*
 * k is behind the anchor's newline; where the closing line ends, or 0.  The
 * Go module wants that line at least as long as the anchor with its '-'.
 */
static size_t
heredoc_end(
    const struct hcl_reader *r, size_t k, struct str anchor, struct str tag)
{
	struct str rest = str_sub(r->text, r->at + k, r->text.n), line;
	bool has_cr = tag.p[tag.n - 1] == '\r';

	while (rest.p != NULL) {
		line = str_cut(&rest, rest, '\n');
		if (line.n >= anchor.n && is_closing(line, tag) &&
		    (!has_cr || line.p[line.n - 1] == '\r'))
			return (size_t)(line.p + line.n - r->text.p) - r->at;
	}
	return 0;
}

/* The tag with its '-', if that is there: all up to the end of the line. */
static int
lex_anchor(struct hcl_reader *r, struct str *anchor)
{
	size_t k = 2;

	if (peek(r, 1) != '<')
		return hcl_fail(r, r->pos,
		    "expected '<<' before a heredoc's tag, found '<'");
	if (peek(r, k) == '-')
		k++;
	k = word_end(r, k, "");
	if (peek(r, k) == '\r' && peek(r, k + 1) == '\n')
		k++;
	*anchor = str_sub(r->text, r->at + 2, k - 2);
	if (peek(r, k) != '\n' || str_is(*anchor, "") || str_is(*anchor, "-"))
		return hcl_fail(r, r->pos,
		    "expected a heredoc's tag and the end of the line");
	return ERR_OK;
}

static int
lex_heredoc(struct hcl_reader *r)
{
	struct str anchor, tag, text;
	bool is_indented;
	size_t end;
	int code = lex_anchor(r, &anchor);

	if (code != ERR_OK)
		return code;
	is_indented = anchor.p[0] == '-';
	tag = str_sub(anchor, is_indented, anchor.n);
	end = heredoc_end(r, 2 + anchor.n + 1, anchor, tag);
	if (end == 0)
		return hcl_fail(r, r->pos,
		    "expected %s line with only %s to end this heredoc",
		    is_indented ? "an indented" : "a", CLEAN(tag));
	code = hcl_heredoc(&text, r, str_sub(r->text, r->at, end), end + 1);
	if (code != ERR_OK)
		return code;
	take(r, TOKEN_HEREDOC, end + (peek(r, end) == '\n'));
	r->token.text = text;
	return ERR_OK;
}

static int
lex_word(struct hcl_reader *r)
{
	size_t n = word_end(r, 0, "-.");

	take(r, TOKEN_WORD, n);
	if (str_is(r->token.raw, "true") || str_is(r->token.raw, "false"))
		r->token.type = TOKEN_BOOL;
	return ERR_OK;
}

static int
lex_unknown(struct hcl_reader *r)
{
	uint32_t c = 0;

	(void)utf8_decode(&c, r->text.p + r->at, r->text.n - r->at);
	if (c > ' ' && c < 0x7f)
		return hcl_fail(r, r->pos,
		    "expected a key, a value or a bracket, found '%c'",
		    (char)c);
	return hcl_fail(r, r->pos,
	    "expected a key, a value or a bracket, found U+%04X", (unsigned)c);
}

int
hcl_lex(struct hcl_reader *r)
{
	int code = skip_blank(r);
	uint32_t c = 0;

	if (code != ERR_OK)
		return code;
	r->token = (struct hcl_token){ .pos = r->pos };
	if (utf8_decode(&c, r->text.p + r->at, r->text.n - r->at) == 0)
		return ERR_OK;
	if (hcl_is_letter(c))
		return lex_word(r);
	if (c == '"')
		return lex_string(r);
	if (c == '<')
		return lex_heredoc(r);
	if (is_decimal(peek(r, c == '-' || c == '.' ? 1 : 0)))
		return lex_number(r);
	if (c >= 0x80 || strchr("[]{},=", (int)c) == NULL)
		return lex_unknown(r);
	take(r, TOKEN_MARK, 1);
	r->token.mark = (char)c;
	return ERR_OK;
}
