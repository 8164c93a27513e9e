/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { WANTS_MAX = 32 };

#define ONES UINT64_C(0x0101010101010101)
#define TOPS (ONES << 7)

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Eight bytes, the first one lowest. */
static uint64_t
load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

#ifdef __SSE2__
/*
 * As long as sixteen bytes are left: true, and *p is at the first that is not
 * plain.  Signed, what is beyond ASCII is less than a blank, too.
 */
static bool
find_special(const char **p, const char *end)
{
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i slash = _mm_set1_epi8('\\');
	const __m128i blank = _mm_set1_epi8(' ');
	__m128i v, special;
	int mask;

	for (; end - *p >= 16; *p += 16) {
		v = _mm_loadu_si128((const __m128i *)(const void *)*p);
		special = _mm_or_si128(_mm_cmplt_epi8(v, blank),
		    _mm_or_si128(
			_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)));
		mask = _mm_movemask_epi8(special);
		if (mask == 0)
			continue;
		*p += __builtin_ctz((unsigned)mask);
		return true;
	}
	return false;
}
#else
/*
 * As long as eight bytes are left: true, and *p is at the first that is not
 * plain.  A top bit is set where one is beyond ASCII, a quote, a backslash or
 * less than a blank; a borrow can only set it behind such a one.
 */
static bool
find_special(const char **p, const char *end)
{
	uint64_t w, quote, slash;

	for (; end - *p >= 8; *p += 8) {
		w = load(*p);
		quote = w ^ (ONES * '"');
		slash = w ^ (ONES * '\\');
		w |= (quote - ONES) | (slash - ONES) | (w - ONES * 0x20);
		w &= TOPS;
		if (w == 0)
			continue;
		*p += __builtin_ctzll(w) / 8;
		return true;
	}
	return false;
}
#endif

/* The first byte from p on that is not a plain character of a string. */
static const char *
plain_end(const char *p, const char *end)
{
	if (find_special(&p, end))
		return p;
	while (p < end && is_plain((unsigned char)*p))
		p++;
	return p;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 0 if no value begins so. */
static enum json_kind
type_at(char c)
{
	switch (c) {
	case '"':
		return JSON_STRING;
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return c == '-' || is_digit(c) ? JSON_NUMBER : 0;
	}
}

/*
 * The check of a whole text.  Open containers are bits, the innermost lowest:
 * nothing recurses.
 */
struct scan {
	const char *p, *end;
	uint32_t objects; /* 1: an object, 0: an array */
	unsigned depth;
	const char *problem; /* at p */
};

_Static_assert(JSON_DEPTH_MAX <= 32, "a bit of objects for each level");

static bool
fail(struct scan *s, const char *problem)
{
	s->problem = problem;
	return false;
}

static void
scan_space(struct scan *s)
{
	while (s->p < s->end && is_space(*s->p))
		s->p++;
}

/* The byte at p, after white space; 0, which fits nowhere, at the end. */
static char
scan_peek(struct scan *s)
{
	scan_space(s);
	return s->p < s->end ? *s->p : '\0';
}

static int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four digits of a \u escape, or -1. */
static int
hex4(const char *p)
{
	int i, d, v = 0;

	for (i = 0; i < 4; i++) {
		d = hex_digit(p[i]);
		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

static bool
is_high_surrogate(int v)
{
	return v >= 0xd800 && v <= 0xdbff;
}

static bool
is_low_surrogate(int v)
{
	return v >= 0xdc00 && v <= 0xdfff;
}

/* p is at the backslash of \u. */
static bool
scan_unicode_escape(struct scan *s)
{
	int v = s->end - s->p >= 6 ? hex4(s->p + 2) : -1;

	if (v < 0)
		return fail(s, "expected four hex digits after \\u");
	if (is_low_surrogate(v))
		return fail(s, "low surrogate without a high one");
	if (is_high_surrogate(v)) {
		if (s->end - s->p < 12 || s->p[6] != '\\' || s->p[7] != 'u' ||
		    !is_low_surrogate(hex4(s->p + 8)))
			return fail(s, "high surrogate without a low one");
		s->p += 6;
	}
	s->p += 6;
	return true;
}

static bool
scan_escape(struct scan *s)
{
	char c = s->end - s->p >= 2 ? s->p[1] : '\0';

	if (c == 'u')
		return scan_unicode_escape(s);
	if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL)
		return fail(s, "unknown escape");
	s->p += 2;
	return true;
}

/* What is not plain: an escape or a character beyond ASCII. */
static bool
scan_special(struct scan *s)
{
	uint32_t cp;
	size_t n;

	if (*s->p == '\\')
		return scan_escape(s);
	if ((unsigned char)*s->p < 0x20)
		return fail(s, "control character in a string");
	n = utf8_decode(&cp, s->p, (size_t)(s->end - s->p));
	if (n == 0)
		return fail(s, "invalid UTF-8");
	s->p += n;
	return true;
}

/* p is at the opening quote. */
static bool
scan_string(struct scan *s)
{
	s->p++;
	for (;;) {
		s->p = plain_end(s->p, s->end);
		if (s->p == s->end)
			return fail(s, "expected '\"' at the end of a string");
		if (*s->p == '"')
			break;
		if (!scan_special(s))
			return false;
	}
	s->p++;
	return true;
}

static bool
scan_digits(struct scan *s)
{
	if (s->p == s->end || !is_digit(*s->p))
		return fail(s, "expected a digit");
	while (s->p < s->end && is_digit(*s->p))
		s->p++;
	return true;
}

static bool
scan_number(struct scan *s)
{
	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;
	else if (!scan_digits(s))
		return false;
	if (s->p < s->end && is_digit(*s->p))
		return fail(s, "leading zero in a number");
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!scan_digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!scan_digits(s))
			return false;
	}
	return true;
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return fail(s, "expected true, false or null");
	s->p += n;
	return true;
}

static bool
scan_scalar(struct scan *s, char first)
{
	switch (type_at(first)) {
	case JSON_STRING:
		return scan_string(s);
	case JSON_NUMBER:
		return scan_number(s);
	case JSON_BOOL:
		return scan_word(s, first == 't' ? "true" : "false");
	case JSON_NULL:
		return scan_word(s, "null");
	case JSON_ARRAY:
	case JSON_OBJECT:
	default:
		return fail(s, "expected a value");
	}
}

static bool
scan_key(struct scan *s)
{
	if (scan_peek(s) != '"')
		return fail(s, "expected a member's name in quotes");
	if (!scan_string(s))
		return false;
	if (scan_peek(s) != ':')
		return fail(s, "expected ':'");
	s->p++;
	return true;
}

static bool
scan_open(struct scan *s, bool object)
{
	if (s->depth == JSON_DEPTH_MAX)
		return fail(s, "nested too deep");
	s->p++;
	s->depth++;
	s->objects = s->objects << 1 | object;
	return true;
}

static void
scan_close(struct scan *s)
{
	s->p++;
	s->depth--;
	s->objects >>= 1;
}

/* Down to the next scalar or empty container, and over it. */
static bool
scan_down(struct scan *s)
{
	for (;;) {
		char c = scan_peek(s);
		bool object = c == '{';

		if (!object && c != '[')
			return scan_scalar(s, c);
		if (!scan_open(s, object))
			return false;
		if (scan_peek(s) == (object ? '}' : ']')) {
			scan_close(s);
			return true;
		}
		if (object && !scan_key(s))
			return false;
	}
}

/* Behind a value: close what ends; *more if another value has to come. */
static bool
scan_up(struct scan *s, bool *more)
{
	for (*more = false; s->depth > 0; scan_close(s)) {
		bool object = (s->objects & 1) != 0;
		char c = scan_peek(s);

		if (c == ',') {
			s->p++;
			*more = true;
			return !object || scan_key(s);
		}
		if (c != (object ? '}' : ']'))
			return fail(s, object ? "expected ',' or '}'"
					      : "expected ',' or ']'");
	}
	return true;
}

int
json_open(struct json *root, struct str text, struct err *err)
{
	const char *start = text.n == 0 ? "" : text.p, *value;
	struct scan s = { .p = start, .end = start + text.n };
	bool ok, more = true;

	scan_space(&s);
	value = s.p;
	do
		ok = scan_down(&s) && scan_up(&s, &more);
	while (ok && more);
	text = (struct str){ value, (size_t)(s.p - value) };
	if (ok) {
		scan_space(&s);
		ok = s.p == s.end || fail(&s, "expected nothing more");
	}
	if (!ok)
		return err_set(err, ERR_FORMAT, "at byte %zu: %s",
		    (size_t)(s.p - start), s.problem);
	*root = (struct json){ .type = type_at(*value), .raw = text };
	return ERR_OK;
}

/*
 * From here on the text is known to be good; ends are still watched, but
 * nothing is judged again.
 */
static const char *
skip_string(const char *p, const char *end)
{
	for (p = plain_end(p + 1, end); p < end; p = plain_end(p, end)) {
		if (*p == '"')
			return p + 1;
		p += *p == '\\' && end - p > 1 ? 2 : 1;
	}
	return end;
}

/* In ASCII, "[" and "{", "]" and "}" differ in one bit. */
static const char *
skip_container(const char *p, const char *end)
{
	unsigned depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		if ((*p | 0x20) == '{')
			depth++;
		else if ((*p | 0x20) == '}')
			depth--;
		p++;
		if (depth == 0)
			break;
	}
	return p;
}

static const char *
skip_word(const char *p, const char *end)
{
	while (p < end && *p != ',' && *p != ']' && *p != '}' && !is_space(*p))
		p++;
	return p;
}

/* Take the value at the front of *rest, past white space. */
static struct json
take(struct str *rest)
{
	const char *p = rest->p, *end = p + rest->n, *from;
	struct json v = { .raw = { p, 0 } };

	while (p < end && is_space(*p))
		p++;
	from = p;
	if (p == end)
		return v;
	v.type = type_at(*p);
	if (v.type == JSON_STRING)
		p = skip_string(p, end);
	else if (v.type == JSON_OBJECT || v.type == JSON_ARRAY)
		p = skip_container(p, end);
	else
		p = skip_word(p, end);
	v.raw = (struct str){ from, (size_t)(p - from) };
	while (p < end && is_space(*p))
		p++;
	if (p < end && (*p == ',' || *p == ':'))
		p++;
	*rest = (struct str){ p, (size_t)(end - p) };
	return v;
}

void
json_iter_init(struct json_iter *it, struct json container)
{
	bool can =
	    container.type == JSON_OBJECT || container.type == JSON_ARRAY;
	struct str raw = container.raw;

	it->object = container.type == JSON_OBJECT;
	it->rest = STR("");
	if (can && raw.n >= 2)
		it->rest = (struct str){ raw.p + 1, raw.n - 2 };
}

bool
json_iter_next(struct json_iter *it, struct json *key, struct json *value)
{
	struct json k = { 0 }, v = take(&it->rest);

	if (it->object && v.type != 0) {
		k = v;
		v = take(&it->rest);
	}
	if (v.type == 0)
		return false;
	*key = k;
	*value = v;
	return true;
}

static char
simple_escape(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return c;
	}
}

/* Take the escape at the front of *s. */
static uint32_t
take_escape(struct str *s)
{
	size_t n = 2;
	uint32_t cp;

	if (s->p[1] != 'u') {
		cp = (unsigned char)simple_escape(s->p[1]);
	} else {
		n = 6;
		cp = (uint32_t)hex4(s->p + 2);
		if (is_high_surrogate((int)cp)) {
			n = 12;
			cp = 0x10000 + ((cp - 0xd800) << 10) +
			     ((uint32_t)hex4(s->p + 8) - 0xdc00);
		}
	}
	s->p += n;
	s->n -= n;
	return cp;
}

/* Take the character at the front of *s, escaped or not. */
static uint32_t
take_char(struct str *s)
{
	uint32_t cp = 0;
	size_t n;

	if (s->p[0] == '\\')
		return take_escape(s);
	n = utf8_decode(&cp, s->p, s->n);
	assert(n > 0);
	*s = str_sub(*s, n, s->n);
	return cp;
}

/* As Go's reader folds: ASCII, the Kelvin sign and the long s. */
static uint32_t
fold(uint32_t cp)
{
	if (cp == 0x212a)
		return 'k';
	if (cp == 0x17f)
		return 's';
	return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
}

static struct str
inside_quotes(struct json v)
{
	return (struct str){ v.raw.p + 1, v.raw.n - 2 };
}

static bool
has_escape(struct str s)
{
	return s.n > 0 && memchr(s.p, '\\', s.n) != NULL;
}

/* name is ASCII, so spelt is never the shorter one. */
static bool
same_folded(struct str spelt, struct str name)
{
	if (spelt.n < name.n)
		return false;
	while (spelt.n > 0 && name.n > 0) {
		uint32_t cp = (unsigned char)name.p[0];

		if (fold(take_char(&spelt)) != fold(cp))
			return false;
		name = str_sub(name, 1, name.n);
	}
	return spelt.n == 0 && name.n == 0;
}

bool
json_string_is(struct json v, const char *text)
{
	struct str spelt, want = str_of(text);

	if (v.type != JSON_STRING)
		return false;
	spelt = inside_quotes(v);
	if (!has_escape(spelt))
		return str_eq(spelt, want);
	while (spelt.n > 0 && want.n > 0) {
		char c[4];
		size_t n = utf8_encode(c, take_char(&spelt));

		if (want.n < n || memcmp(want.p, c, n) != 0)
			return false;
		want = str_sub(want, n, want.n);
	}
	return spelt.n == 0 && want.n == 0;
}

/*
 * Decode rest to out, which has room for rest.n bytes; returns the end.  As
 * escapes only shrink, eight bytes copied ahead stay within the room.
 */
static char *
decode(char *out, struct str rest)
{
	uint64_t slash;
	size_t n;

	while (rest.n > 0) {
		if (rest.n >= 8) {
			slash = load(rest.p) ^ (ONES * '\\');
			slash = (slash - ONES) & ~slash & TOPS;
			n = slash == 0 ? 8 : (size_t)__builtin_ctzll(slash) / 8;
			memcpy(out, rest.p, 8);
		} else {
			n = rest.p[0] != '\\';
			*out = rest.p[0];
		}
		out += n;
		rest.p += n;
		rest.n -= n;
		if (rest.n == 0 || rest.p[0] != '\\')
			continue;
		if (rest.p[1] == 'u') {
			out += utf8_encode(out, take_escape(&rest));
			continue;
		}
		*out++ = simple_escape(rest.p[1]);
		rest.p += 2;
		rest.n -= 2;
	}
	return out;
}

int
json_string(struct str *out, struct json v, struct arena *a, struct err *err)
{
	struct str spelt;
	char *p;

	if (v.type != JSON_STRING)
		return err_set(err, ERR_FORMAT, "expected a string");
	spelt = inside_quotes(v);
	if (!has_escape(spelt)) {
		*out = spelt;
		return ERR_OK;
	}
	p = arena_alloc(a, spelt.n);
	if (p == NULL)
		return err_set(err, ERR_MEMORY,
		    "no memory for a string of %zu bytes", spelt.n);
	*out = (struct str){ p, (size_t)(decode(p, spelt) - p) };
	return ERR_OK;
}

bool
json_u64(uint64_t *out, struct json v)
{
	return v.type == JSON_NUMBER && str_to_u64(out, v.raw);
}

static const struct {
	enum json_kind type;
	const char *name;
} type_names[] = {
	{ JSON_NULL, "null" },
	{ JSON_BOOL, "a boolean" },
	{ JSON_NUMBER, "a number" },
	{ JSON_STRING, "a string" },
	{ JSON_ARRAY, "an array" },
	{ JSON_OBJECT, "an object" },
};

enum { TYPE_COUNT = sizeof(type_names) / sizeof(type_names[0]) };

/* "a string or null"; out is always big enough. */
static const char *
name_types(char out[80], unsigned types)
{
	size_t i, n = 0;

	out[0] = '\0';
	for (i = TYPE_COUNT; i-- > 0;) {
		if ((types & type_names[i].type) == 0)
			continue;
		n += (size_t)snprintf(out + n, 80 - n, "%s%s",
		    n == 0 ? "" : " or ", type_names[i].name);
	}
	return out;
}

/* What json_members() knows of its wants while it reads. */
struct members {
	const struct json_want *want;
	size_t n, next; /* next: documents tend to have our order */
	uint32_t seen;
	struct json got[WANTS_MAX];
};

/* A member's name as spelt; plain: without escapes, and ASCII. */
struct name {
	struct json key;
	struct str spelt;
	bool plain;
};

static void
open_name(struct name *name, struct json key)
{
	const char *end;

	name->key = key;
	name->spelt = inside_quotes(key);
	end = name->spelt.p + name->spelt.n;
	name->plain = plain_end(name->spelt.p, end) == end;
}

static bool
name_is(const struct name *name, const char *want)
{
	struct str spelt = name->spelt;

	if (!name->plain)
		return json_string_is(name->key, want);
	return spelt.n > 0 && want[0] == spelt.p[0] &&
	       strncmp(want, spelt.p, spelt.n) == 0 && want[spelt.n] == '\0';
}

/* In another case; in ASCII the first letters differ in one bit at most. */
static bool
name_resembles(const struct name *name, const char *want)
{
	struct str spelt = name->spelt;

	if (name->plain &&
	    (spelt.n == 0 || ((want[0] ^ spelt.p[0]) & ~0x20) != 0))
		return false;
	return same_folded(spelt, str_of(want));
}

/* The index of the want with this very name, or n. */
static size_t
find(const struct members *m, const struct name *name)
{
	size_t i, k = m->next;

	for (i = 0; i < m->n; i++, k++) {
		if (k >= m->n)
			k = 0;
		if (name_is(name, m->want[k].name))
			return k;
	}
	return m->n;
}

static int
refuse_unwanted(const struct members *m, const struct name *name,
    unsigned flags, struct err *err)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (name_resembles(name, m->want[i].name))
			return err_set(err, ERR_FORMAT,
			    "member \"%s\" must be spelt \"%s\"",
			    CLEAN(name->spelt), m->want[i].name);
	if ((flags & JSON_EXACT) != 0)
		return err_set(err, ERR_FORMAT, "unknown member \"%s\"",
		    CLEAN(name->spelt));
	return ERR_OK;
}

static int
take_member(struct members *m, size_t i, struct json value, unsigned flags,
    struct err *err)
{
	const struct json_want *w = &m->want[i];
	char right[80], found[80];

	if ((m->seen >> i & 1) != 0)
		return err_set(
		    err, ERR_FORMAT, "member \"%s\" is repeated", w->name);
	m->seen |= UINT32_C(1) << i;
	m->next = i + 1;
	if ((w->types & value.type) != 0) {
		m->got[i] = value;
		return ERR_OK;
	}
	if (value.type == JSON_NULL && (flags & JSON_EXACT) == 0)
		return ERR_OK;
	return err_set(err, ERR_FORMAT, "member \"%s\" must be %s, not %s",
	    w->name, name_types(right, w->types),
	    name_types(found, value.type));
}

static int
read_members(
    struct members *m, struct json object, unsigned flags, struct err *err)
{
	struct json_iter it;
	struct json key, value;
	struct name name;
	int r = ERR_OK;
	size_t i;

	json_iter_init(&it, object);
	while (r == ERR_OK && json_iter_next(&it, &key, &value)) {
		open_name(&name, key);
		i = find(m, &name);
		if (i < m->n)
			r = take_member(m, i, value, flags, err);
		else
			r = refuse_unwanted(m, &name, flags, err);
	}
	for (i = 0; i < m->n && r == ERR_OK; i++)
		if (m->want[i].required && m->got[i].type == 0)
			r = err_set(err, ERR_FORMAT, "member \"%s\" is missing",
			    m->want[i].name);
	return r;
}

int
json_members(struct json object, const struct json_want *want, size_t n,
    unsigned flags, struct err *err)
{
	struct members m = { .want = want, .n = n };
	char found[80];
	size_t i;
	int r;

	assert(n <= WANTS_MAX);
	if (object.type != JSON_OBJECT)
		return err_set(err, ERR_FORMAT, "expected an object, not %s",
		    object.type == 0 ? "nothing"
				     : name_types(found, object.type));
	r = read_members(&m, object, flags, err);
	if (r != ERR_OK)
		return r;
	for (i = 0; i < n; i++)
		*want[i].out = m.got[i];
	return ERR_OK;
}

/* The character at the front of s, which is not plain; returns its bytes. */
static size_t
write_special(struct buf *b, struct str s)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	unsigned char c = (unsigned char)s.p[0];
	const char *at = c == '\0' ? NULL : strchr(from, c);
	uint32_t cp;
	size_t n;

	if (at != NULL) {
		buf_add(b, (struct str){ (char[]){ '\\', to[at - from] }, 2 });
		return 1;
	}
	if (c < 0x20) {
		buf_addf(b, "\\u%04x", c);
		return 1;
	}
	n = utf8_decode(&cp, s.p, s.n);
	if (n == 0) {
		buf_add(b, STR("\xef\xbf\xbd"));
		return 1;
	}
	buf_add(b, str_sub(s, 0, n));
	return n;
}

void
json_write_string(struct buf *b, struct str s)
{
	buf_add_char(b, '"');
	while (s.n > 0 && b->code == ERR_OK) {
		size_t n = (size_t)(plain_end(s.p, s.p + s.n) - s.p);

		buf_add(b, str_sub(s, 0, n));
		s = str_sub(s, n, s.n);
		if (s.n > 0)
			s = str_sub(s, write_special(b, s), s.n);
	}
	buf_add_char(b, '"');
}

void
json_write_member(struct buf *b, const char *key, struct str s)
{
	if (b->n == 0 || b->p[b->n - 1] != '{')
		buf_add_char(b, ',');
	json_write_string(b, str_of(key));
	buf_add_char(b, ':');
	json_write_string(b, s);
}
