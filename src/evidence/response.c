/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/response.h"

#include <assert.h>

#include "evidence/message.h"
#include "json/json.h"

enum { KEY_MIN = 16, KEY_MAX = 64, DAY_SECONDS = 24 * 60 * 60 };

static bool
is_upper_alnum(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] < 'A' || s.p[i] > 'Z') &&
		    (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	return true;
}

static int
check_key(struct str key, struct err *err)
{
	if (str_starts(key, "AKIA"))
		return err_set(err, ERR_FORMAT,
		    "access_key_id begins with AKIA, a long-term key: only "
		    "the temporary one of a task role (ASIA) is taken");
	if (!str_starts(key, "ASIA") || key.n < KEY_MIN || key.n > KEY_MAX ||
	    !is_upper_alnum(key))
		return err_set(err, ERR_FORMAT,
		    "access_key_id, of %zu bytes, is not ASIA and %d to %d "
		    "of A-Z and 0-9",
		    key.n, KEY_MIN - 4, KEY_MAX - 4);
	return ERR_OK;
}

static int
check_signature(struct str signature, struct err *err)
{
	if (signature.n == SIGNATURE_LEN && str_is_lower_hex(signature))
		return ERR_OK;
	return err_set(err, ERR_FORMAT,
	    "signature, of %zu bytes, is not %d lower-case hex digits",
	    signature.n, SIGNATURE_LEN);
}

static int
check_token(struct str token, struct err *err)
{
	if (token.n < SESSION_TOKEN_MIN || token.n > SESSION_TOKEN_MAX)
		return err_set(err, ERR_FORMAT,
		    "session_token has %zu bytes, not %d to %d", token.n,
		    SESSION_TOKEN_MIN, SESSION_TOKEN_MAX);
	if (!str_is_alnum_or(token, "+/="))
		return err_set(err, ERR_FORMAT,
		    "session_token holds a byte that is not base64");
	return ERR_OK;
}

/* The n digits at from; the caller knows them to be digits. */
static unsigned
number_at(struct str s, size_t from, size_t n)
{
	unsigned v = 0;

	for (; n > 0; n--, from++)
		v = v * 10 + (unsigned)(s.p[from] - '0');
	return v;
}

static bool
is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days of the year before its month, from 1 on; of 13, those of the year. */
static unsigned
days_before(unsigned year, unsigned month)
{
	static const unsigned short days[] = { 0, 31, 59, 90, 120, 151, 181,
		212, 243, 273, 304, 334, 365 };

	return days[month - 1] + (month > 2 && is_leap(year) ? 1U : 0U);
}

/* From 1970-01-01 to the first day of the year. */
static unsigned
days_until(unsigned year)
{
	unsigned y = year - 1;

	return 365 * (year - 1970) + (y / 4 - y / 100 + y / 400) -
	       (1969 / 4 - 1969 / 100 + 1969 / 400);
}

bool
amz_date_seconds(int64_t *seconds, struct str s)
{
	unsigned year, month, day, hour, minute, second;

	if (s.n != AMZ_DATE_LEN || s.p[8] != 'T' || s.p[15] != 'Z' ||
	    !str_is_digits(str_sub(s, 0, 8)) ||
	    !str_is_digits(str_sub(s, 9, 6)))
		return false;
	year = number_at(s, 0, 4);
	month = number_at(s, 4, 2);
	day = number_at(s, 6, 2);
	hour = number_at(s, 9, 2);
	minute = number_at(s, 11, 2);
	second = number_at(s, 13, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > days_before(year, month + 1) - days_before(year, month) ||
	    hour > 23 || minute > 59 || second > 59)
		return false;
	day += days_until(year) + days_before(year, month) - 1;
	*seconds = (int64_t)day * DAY_SECONDS +
		   (int64_t)(hour * 3600 + minute * 60 + second);
	return true;
}

int64_t
response_ahead(const struct response *p, int64_t now)
{
	int64_t then = 0;
	bool good = amz_date_seconds(&then, p->amz_date);

	assert(good);
	(void)good;
	return then - now;
}

static int
check_date(struct str date, struct err *err)
{
	int64_t seconds;

	if (amz_date_seconds(&seconds, date))
		return ERR_OK;
	return err_set(err, ERR_FORMAT,
	    "amz_date, of %zu bytes, is not a date and time like "
	    "20261122T030405Z",
	    date.n);
}

static int
check_values(const struct response *p, struct err *err)
{
	int r;

	r = check_key(p->access_key_id, err);
	if (r == ERR_OK)
		r = check_signature(p->signature, err);
	if (r == ERR_OK)
		r = check_token(p->session_token, err);
	if (r == ERR_OK)
		r = check_date(p->amz_date, err);
	return r;
}

int
response_encode(struct buf *out, const struct response *p, struct err *err)
{
	int r;

	r = check_values(p, err);
	if (r != ERR_OK)
		return r;
	buf_add(out, STR("{\"version\":" MESSAGE_VERSION));
	json_write_member(out, "access_key_id", p->access_key_id);
	json_write_member(out, "amz_date", p->amz_date);
	json_write_member(out, "session_token", p->session_token);
	json_write_member(out, "signature", p->signature);
	buf_add_char(out, '}');
	return buf_check(out, err);
}

int
response_decode(
    struct response *p, struct arena *a, struct str bytes, struct err *err)
{
	struct json version, key, date, token, signature;
	const struct json_want want[] = {
		{ "version", JSON_NUMBER, true, &version },
		{ "access_key_id", JSON_STRING, true, &key },
		{ "amz_date", JSON_STRING, true, &date },
		{ "session_token", JSON_STRING, true, &token },
		{ "signature", JSON_STRING, true, &signature },
	};
	struct response got;
	int r;

	r = message_open(want, sizeof(want) / sizeof(want[0]), bytes,
	    "response", RESPONSE_MAX, err);
	if (r == ERR_OK)
		r = message_check_version(version, "agent", err);
	if (r == ERR_OK)
		r = json_string(&got.access_key_id, key, a, err);
	if (r == ERR_OK)
		r = json_string(&got.amz_date, date, a, err);
	if (r == ERR_OK)
		r = json_string(&got.session_token, token, a, err);
	if (r == ERR_OK)
		r = json_string(&got.signature, signature, a, err);
	if (r == ERR_OK)
		r = check_values(&got, err);
	if (r == ERR_OK)
		*p = got;
	return r;
}
