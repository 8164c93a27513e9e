/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/imds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/document.h"
#include "aws/endpoint.h"
#include "base/clock.h"
#include "base/secret.h"

#define ROLES "latest/meta-data/iam/security-credentials/"

enum {
	ATTEMPT_MS = 1000,
	URL_SIZE = 512,
	TOKEN_MAX = 1024,
	ROLE_MAX = 64,
	STATUS_OK = 200,
	STATUS_UNAUTHORIZED = 401,
	STATUS_NOT_FOUND = 404,
};

enum imds_state { IMDS_TOKEN, IMDS_ROLE, IMDS_KEYS };

struct imds_fetch {
	struct http *http;
	struct http_call *call;
	enum imds_state state;
	bool renewed; /* its token was refused once */
	imds_fn *done;
	void *arg;
	char base[ENDPOINT_URL_SIZE];
	char token[TOKEN_MAX];
	char role[ROLE_MAX + 1];
};

static void on_answer(
    void *arg, int r, const struct http_answer *answer, const struct err *err);

static void
finish(struct imds_fetch *fetch, int r, struct aws_keys *keys,
    const struct err *err)
{
	fetch->done(fetch->arg, r, keys, err);
	secret_wipe(fetch, sizeof(*fetch));
	free(fetch);
}

static int
ask(struct imds_fetch *fetch, struct err *err)
{
	char url[URL_SIZE];
	const bool put = fetch->state == IMDS_TOKEN;
	const struct http_header header =
	    put ? (struct http_header){ STR("X-aws-ec2-metadata-token-ttl-"
					    "seconds"),
		    STR("21600") }
		: (struct http_header){ STR("X-aws-ec2-metadata-token"),
			  str_of(fetch->token) };
	const struct http_request req = {
		.url = url,
		.method = put ? "PUT" : NULL,
		.headers = &header,
		.header_count = 1,
		.body_max = DOCUMENT_MAX,
		.timeout_ms = put ? ATTEMPT_MS : 3 * ATTEMPT_MS,
		.connect_ms = ATTEMPT_MS,
		.retries = put ? 0 : 2,
	};

	(void)snprintf(url, sizeof(url), "%s%s%s", fetch->base,
	    put ? "latest/api/token" : ROLES, fetch->role);
	return http_start(
	    &fetch->call, fetch->http, &req, on_answer, fetch, err);
}

static bool
take_word(char *out, size_t max, struct str body, const char *extra)
{
	struct str word = str_trim(body);

	if (word.n == 0 || word.n > max || !str_is_alnum_or(word, extra))
		return false;
	memcpy(out, word.p, word.n);
	out[word.n] = '\0';
	return true;
}

static int
say_missing(struct err *err, const char *what)
{
	return err_set(err, ERR_MISSING, "the EC2 instance: %s", what);
}

/* What an answer brings, up to the next question; keys at the end. */
static int
take(struct imds_fetch *fetch, struct aws_keys **keys,
    const struct http_answer *answer, struct err *err)
{
	if (answer->status == STATUS_UNAUTHORIZED &&
	    fetch->state != IMDS_TOKEN && !fetch->renewed) {
		fetch->renewed = true;
		fetch->role[0] = '\0';
		fetch->state = IMDS_TOKEN;
		return ask(fetch, err);
	}
	if (fetch->state == IMDS_ROLE && answer->status == STATUS_NOT_FOUND)
		return say_missing(err, "it has no role");
	if (answer->status >= 500)
		return err_set(err, ERR_UNAVAILABLE,
		    "the metadata service of EC2 returned status %ld",
		    answer->status);
	if (answer->status != STATUS_OK)
		return err_set(err, ERR_UPSTREAM,
		    "the metadata service of EC2 returned status %ld",
		    answer->status);
	switch (fetch->state) {
	case IMDS_TOKEN:
		if (!take_word(
			fetch->token, TOKEN_MAX - 1, answer->body, "-_=+/."))
			break;
		fetch->state = IMDS_ROLE;
		return ask(fetch, err);
	case IMDS_ROLE:
		if (!take_word(fetch->role, ROLE_MAX, answer->body, "_+=,.@-"))
			break;
		fetch->state = IMDS_KEYS;
		return ask(fetch, err);
	case IMDS_KEYS:
		return document_keys(keys, answer->body, "EC2 instance",
		    clock_wall_us() / 1000000, err);
	}
	return err_set(err, ERR_UPSTREAM,
	    "the metadata service of EC2 answers with another text than it "
	    "should");
}

static void
on_answer(
    void *arg, int r, const struct http_answer *answer, const struct err *err)
{
	struct imds_fetch *fetch = arg;
	const enum imds_state state = fetch->state;
	struct aws_keys *keys = NULL;
	struct err why = { 0 };

	if (r == ERR_OK)
		r = take(fetch, &keys, answer, &why);
	else if (r != ERR_CANCELLED && r != ERR_MEMORY && state == IMDS_TOKEN)
		r = say_missing(&why, "its metadata service does not answer");
	else
		why = *err;
	if (r == ERR_OK && keys == NULL)
		return;
	if (r == ERR_TIMEOUT)
		r = why.code = ERR_UNAVAILABLE;
	else if (r == ERR_TOOBIG)
		r = why.code = ERR_UPSTREAM;
	finish(fetch, r, keys, &why);
	aws_keys_unref(keys);
}

/* Whoever answers there decides what the server signs with. */
static int
find_base(char base[ENDPOINT_URL_SIZE], struct err *err)
{
	struct str url = str_of(getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"));
	struct endpoint e;

	if (str_eq_nocase(
		str_of(getenv("AWS_EC2_METADATA_DISABLED")), STR("true")))
		return say_missing(err, "AWS_EC2_METADATA_DISABLED is true");
	if (url.n == 0)
		url = STR("http://169.254.169.254");
	if (endpoint_of_url(&e, url, true, NULL) != ERR_OK ||
	    (!str_is(str_of(e.host), "169.254.169.254") &&
		!str_is(str_of(e.host), "[fd00:ec2::254]") &&
		(!str_starts(url, "http://") ||
		    endpoint_of_url(&e, url, false, NULL) != ERR_OK)))
		return err_set(err, ERR_CONFIG,
		    "AWS_EC2_METADATA_SERVICE_ENDPOINT is neither "
		    "http://169.254.169.254, http://[fd00:ec2::254] nor this "
		    "host");
	memcpy(base, e.url, ENDPOINT_URL_SIZE);
	return ERR_OK;
}

int
imds_fetch_start(struct imds_fetch **fetchp, struct http *http, imds_fn *done,
    void *arg, struct err *err)
{
	struct imds_fetch *fetch = calloc(1, sizeof(*fetch));
	int r;

	if (fetch == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	fetch->http = http;
	fetch->done = done;
	fetch->arg = arg;
	r = find_base(fetch->base, err);
	if (r == ERR_OK)
		r = ask(fetch, err);
	if (r == ERR_OK)
		*fetchp = fetch;
	else
		free(fetch);
	return r;
}

void
imds_fetch_cancel(struct imds_fetch *fetch)
{
	http_cancel(fetch->call);
}
