/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/duration.h"

#include <inttypes.h>
#include <stdbool.h>

enum { QUOTED_MAX = 128 };

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* U+00B5, the micro sign */
	{ "\xce\xbcs", 1000 }, /* U+03BC, the Greek letter mu */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60 * UINT64_C(1000000000) },
	{ "h", 3600 * UINT64_C(1000000000) },
};

/* As Go's time package quotes a text that it does not understand. */
static const char *
quote(char out[QUOTED_MAX], struct str s)
{
	static const char digits[] = "0123456789abcdef";
	size_t i, n = 0;

	for (i = 0; i < s.n && n < QUOTED_MAX - 5; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20 || c >= 0x7f) {
			out[n++] = '\\';
			out[n++] = 'x';
			out[n++] = digits[c >> 4];
			out[n++] = digits[c & 15];
		} else {
			out[n++] = (char)c;
		}
	}
	out[n] = '\0';
	return out;
}

static int
invalid(struct str text, struct err *err)
{
	char quoted[QUOTED_MAX];

	return err_set(err, ERR_CONFIG, "time: invalid duration \"%s\"",
	    quote(quoted, text));
}

static bool
is_digit(struct str s)
{
	return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
}

/* Digits off the front of *s; false beyond 2^63. */
static bool
take_digits(uint64_t *out, struct str *s)
{
	uint64_t v = 0, limit = UINT64_C(1) << 63;

	while (is_digit(*s)) {
		uint64_t d = (uint64_t)(s->p[0] - '0');

		if (v > (limit - d) / 10)
			return false;
		v = v * 10 + d;
		*s = str_sub(*s, 1, s->n);
	}
	*out = v;
	return true;
}

/* Digits behind the point, as nanoseconds of unit; what is finer is dropped. */
static uint64_t
take_fraction(struct str *s, uint64_t unit)
{
	double v = 0, scale = 1;

	while (is_digit(*s)) {
		if (scale < 1e18) {
			v = v * 10 + (s->p[0] - '0');
			scale *= 10;
		}
		*s = str_sub(*s, 1, s->n);
	}
	return (uint64_t)(v * ((double)unit / scale));
}

static int
take_unit(uint64_t *ns, struct str *s, struct str text, struct err *err)
{
	char quoted[QUOTED_MAX], quoted_unit[QUOTED_MAX];
	struct str name;
	size_t n = 0, i;

	while (n < s->n && s->p[n] != '.' && !is_digit(str_sub(*s, n, 1)))
		n++;
	name = str_sub(*s, 0, n);
	if (n == 0)
		return err_set(err, ERR_CONFIG,
		    "time: missing unit in duration \"%s\"",
		    quote(quoted, text));
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!str_is(name, units[i].name))
			continue;
		*ns = units[i].ns;
		*s = str_sub(*s, n, s->n);
		return ERR_OK;
	}
	return err_set(err, ERR_CONFIG,
	    "time: unknown unit \"%s\" in duration \"%s\"",
	    quote(quoted_unit, name), quote(quoted, text));
}

/* One number with its unit off the front of *s. */
static int
take_part(uint64_t *ns, struct str *s, struct str text, struct err *err)
{
	struct str before, fraction = { NULL, 0 };
	uint64_t whole, unit = 1, limit = UINT64_C(1) << 63;
	bool has_digits = is_digit(*s);
	int r;

	before = *s;
	if (!take_digits(&whole, s))
		return invalid(text, err);
	if (s->n > 0 && s->p[0] == '.') {
		*s = fraction = str_sub(*s, 1, s->n);
		has_digits = has_digits || is_digit(fraction);
		while (is_digit(*s))
			*s = str_sub(*s, 1, s->n);
	}
	if (!has_digits || before.n == s->n)
		return invalid(text, err);
	r = take_unit(&unit, s, text, err);
	if (r != ERR_OK)
		return r;
	if (whole > limit / unit)
		return invalid(text, err);
	*ns = whole * unit + take_fraction(&fraction, unit);
	return *ns > limit ? invalid(text, err) : ERR_OK;
}

int
duration_parse(int64_t *ms, struct str text, struct err *err)
{
	uint64_t sum = 0, part, limit = UINT64_C(1) << 63;
	bool is_negative = text.n > 0 && text.p[0] == '-';
	struct str s = text;
	int r;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_sub(s, 1, s.n);
	if (s.n == 0)
		return invalid(text, err);
	if (str_is(s, "0")) {
		*ms = 0;
		return ERR_OK;
	}
	while (s.n > 0) {
		r = take_part(&part, &s, text, err);
		if (r != ERR_OK)
			return r;
		if (part > limit - sum)
			return invalid(text, err);
		sum += part;
	}
	if (sum == limit && !is_negative)
		return invalid(text, err);
	*ms = (int64_t)(sum / 1000000) * (is_negative ? -1 : 1);
	return ERR_OK;
}

void
duration_format(struct buf *out, int64_t ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} forms[] = { { "h", 3600000 }, { "m", 60000 }, { "s", 1000 } };
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (ms == 0 || ms % forms[i].ms != 0)
			continue;
		buf_addf(out, "%" PRId64 "%s", ms / forms[i].ms, forms[i].name);
		return;
	}
	buf_addf(out, "%" PRId64 "ms", ms);
}
