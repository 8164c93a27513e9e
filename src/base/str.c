/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <string.h>

#include "base/utf8.h"

struct str
str_of(const char *text)
{
	return (struct str){ text, text == NULL ? 0 : strlen(text) };
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static unsigned char
lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

bool
str_eq_nocase(struct str a, struct str b)
{
	size_t i;

	if (a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool
str_is(struct str s, const char *text)
{
	return str_eq(s, str_of(text));
}

bool
str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && str_eq(str_sub(s, 0, n), str_of(prefix));
}

bool
str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && str_eq(str_sub(s, s.n - n, n), str_of(suffix));
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (r != 0)
		return r;
	return (a.n > b.n) - (a.n < b.n);
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str
str_sub(struct str s, size_t from, size_t n)
{
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct str){ s.n == 0 ? s.p : s.p + from, n };
}

struct str
str_cut(struct str *rest, struct str s, char c)
{
	const char *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);
	size_t n;

	if (at == NULL) {
		*rest = (struct str){ NULL, 0 };
		return s;
	}
	n = (size_t)(at - s.p);
	*rest = (struct str){ at + 1, s.n - n - 1 };
	return (struct str){ s.p, n };
}

bool
str_is_digits(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

bool
str_is_lower_hex(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') &&
		    (s.p[i] < 'a' || s.p[i] > 'f'))
			return false;
	return s.n > 0;
}

bool
str_is_alnum_or(struct str s, const char *extra)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		/* in ASCII, the cases of a letter differ in one bit */
		if ((unsigned char)((c | 0x20) - 'a') < 26 ||
		    (unsigned char)(c - '0') < 10)
			continue;
		if (c == '\0' || strchr(extra, c) == NULL)
			return false;
	}
	return s.n > 0;
}

bool
str_is_printable(struct str s)
{
	unsigned char c, all = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		c = (unsigned char)s.p[i];
		if (c < 0x20 || c == 0x7f)
			return false;
		all |= c;
	}
	return all < 0x80 || utf8_is_valid(s.p, s.n);
}

const char *
str_clean(char *out, size_t size, struct str s)
{
	size_t i, n = s.n < size ? s.n : size - 1;

	for (i = 0; i < n; i++)
		out[i] = s.p[i] >= 0x20 && s.p[i] < 0x7f ? s.p[i] : '?';
	out[n] = '\0';
	if (n < s.n && n >= 3)
		memcpy(out + n - 3, "...", 3);
	return out;
}

uint64_t
str_hash(struct str s)
{
	uint64_t h = 14695981039346656037U;
	size_t i;

	for (i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211U;
	return h;
}

bool
str_to_u64(uint64_t *out, struct str s)
{
	uint64_t v = 0;
	size_t i;

	if (!str_is_digits(s))
		return false;
	for (i = 0; i < s.n; i++) {
		uint64_t d = (uint64_t)(s.p[i] - '0');

		if (v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}
