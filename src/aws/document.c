/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "aws/document.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIME_MAX = 40 };

#define YEAR_9999_S 253402300800.0

static bool
number_time(int64_t *seconds, const char *text)
{
	double number = strtod(text, NULL);

	if (!(number > 0 && number < YEAR_9999_S))
		return false;
	*seconds = (int64_t)number;
	return true;
}

/* The fraction is of no interest; the zone is UTC or the text is refused. */
static bool
stamp_time(int64_t *seconds, const char *text)
{
	const char *rest;
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest == NULL)
		return false;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0)
		return false;
	*seconds = (int64_t)timegm(&tm);
	return *seconds > 0;
}

bool
document_time(int64_t *seconds, struct json v)
{
	char text[TIME_MAX + 1];
	struct str raw = v.raw;

	if (v.type == JSON_STRING)
		raw = str_sub(raw, 1, raw.n - 2);
	if (raw.n == 0 || raw.n > TIME_MAX)
		return false;
	memcpy(text, raw.p, raw.n);
	text[raw.n] = '\0';
	return v.type == JSON_NUMBER ? number_time(seconds, text)
				     : stamp_time(seconds, text);
}

static int
unusable(struct err *err, const char *source, const char *what)
{
	return err_set(err, ERR_UPSTREAM,
	    "the credentials of the %s are unusable: %s", source, what);
}

struct members {
	struct json id, secret, token, expiration, role, code;
};

static int
open_members(
    struct members *m, struct str body, const char *source, struct err *err)
{
	struct json root;
	const struct json_want want[] = {
		{ "AccessKeyId", JSON_STRING, true, &m->id },
		{ "SecretAccessKey", JSON_STRING, true, &m->secret },
		{ "Token", JSON_STRING, true, &m->token },
		{ "Expiration", JSON_STRING | JSON_NUMBER, true,
		    &m->expiration },
		{ "RoleArn", JSON_STRING, false, &m->role },
		{ "Code", JSON_STRING, false, &m->code },
	};

	*m = (struct members){ .role = { .type = 0 } };
	if (json_open(&root, body, NULL) != ERR_OK || root.type != JSON_OBJECT)
		return unusable(err, source, "they are no JSON object");
	if (json_members(root, want, 6, 0, NULL) != ERR_OK)
		return unusable(err, source,
		    "AccessKeyId, SecretAccessKey, Token or Expiration is "
		    "missing, repeated or no text");
	if (m->code.type != 0 && !json_string_is(m->code, "Success"))
		return unusable(err, source, "their Code is not Success");
	return ERR_OK;
}

static int
take_text(struct str *out, struct json v, struct arena *a)
{
	return v.type == 0 ? ERR_OK : json_string(out, v, a, NULL);
}

static int
new_keys(
    struct aws_keys **keysp, const struct aws_keys *value, struct err *err)
{
	int r = aws_keys_new(keysp, value, NULL);

	if (r == ERR_FORMAT)
		return unusable(
		    err, value->source, "a value is outside of its grammar");
	return r == ERR_OK ? r : err_set(err, r, "%s", err_text(r));
}

int
document_keys(struct aws_keys **keysp, struct str body, const char *source,
    int64_t now_s, struct err *err)
{
	struct aws_keys value = { .source = source };
	struct members m;
	struct arena a;
	int r;

	arena_init(&a, DOCUMENT_MAX);
	r = open_members(&m, body, source, err);
	if (r != ERR_OK)
		goto out;
	if (take_text(&value.access_key_id, m.id, &a) != ERR_OK ||
	    take_text(&value.secret, m.secret, &a) != ERR_OK ||
	    take_text(&value.token, m.token, &a) != ERR_OK ||
	    take_text(&value.role_arn, m.role, &a) != ERR_OK) {
		r = err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
		goto out;
	}
	if (value.token.n == 0)
		r = unusable(err, source, "Token is empty");
	else if (!document_time(&value.expires_s, m.expiration))
		r = unusable(err, source, "Expiration is no time in UTC");
	else if (value.expires_s <= now_s)
		r = unusable(err, source, "they have expired");
	else
		r = new_keys(keysp, &value, err);
out:
	arena_release(&a);
	return r;
}
