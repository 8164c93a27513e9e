/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/document.h"
#include "aws/endpoint.h"
#include "base/clock.h"
#include "base/secret.h"

#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL     "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN    "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define ECS_HOST "http://169.254.170.2"

enum { RETRIES = 3, STATUS_OK = 200, ATTEMPT_MS = 2000 };

static const char *const plain_hosts[] = { "169.254.170.2", "169.254.170.23",
	"[fd00:ec2::23]" };

static struct str
variable(const char *name)
{
	return str_of(getenv(name));
}

static bool
is_url_text(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '\\' ||
		    s.p[i] == '#')
			return false;
	return true;
}

/* Up to the path; a user name would make another host of it. */
static bool
take_authority(struct str *scheme_and_authority, struct str url)
{
	size_t skip = str_starts(url, "https://") ? sizeof("https://") - 1
						  : sizeof("http://") - 1;
	struct str rest = str_sub(url, skip, url.n);
	size_t i;

	if (!str_starts(url, "https://") && !str_starts(url, "http://"))
		return false;
	for (i = 0; i < rest.n; i++) {
		if (rest.p[i] == '@')
			return false;
		if (rest.p[i] == '/' || rest.p[i] == '?')
			break;
	}
	*scheme_and_authority = str_sub(url, 0, skip + i);
	return i > 0;
}

/* The hosts that AWS allows without TLS, and no other. */
static bool
is_plain_host(struct str url)
{
	struct str rest = str_sub(url, sizeof("http://") - 1, url.n);
	size_t i;

	for (i = 0; i < sizeof(plain_hosts) / sizeof(plain_hosts[0]); i++) {
		struct str host = str_of(plain_hosts[i]);

		if (str_starts(rest, plain_hosts[i]) &&
		    (rest.n == host.n || rest.p[host.n] == ':'))
			return true;
	}
	return false;
}

/* What somebody has configured may be anywhere: a mock, say. */
static int
check_url(struct str url, const char *name, bool anywhere, struct err *err)
{
	struct endpoint e;
	struct str authority;
	struct err why = { 0 };

	if (url.n >= CONTAINER_URL_SIZE || !is_url_text(url) ||
	    !take_authority(&authority, url) ||
	    endpoint_of_url(&e, authority, true, NULL) != ERR_OK)
		return err_set(err, ERR_CONFIG,
		    "%s is not an http:// or https:// URL of at most %d bytes",
		    name, CONTAINER_URL_SIZE - 1);
	if (anywhere || str_starts(url, "https://") ||
	    is_plain_host(authority) ||
	    endpoint_of_url(&e, authority, false, &why) == ERR_OK)
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
	    "%s is http:// to a host that is neither this one nor the ECS or "
	    "EKS endpoint: credentials are not fetched from there",
	    name);
}

static int
take(struct container_source *source, const char *prefix, struct str url)
{
	(void)snprintf(
	    source->url, sizeof(source->url), "%s%.*s", prefix, STR_FMT(url));
	return ERR_OK;
}

int
container_source_find(
    struct container_source *source, struct str configured, struct err *err)
{
	struct str relative = variable(RELATIVE), full = variable(FULL);
	int r;

	source->sends_token = false;
	if (configured.n > 0) {
		r = check_url(configured, "credentials_endpoint", true, err);
		return r != ERR_OK ? r : take(source, "", configured);
	}
	if (relative.n > 0) {
		if (relative.p[0] != '/' || !is_url_text(relative) ||
		    relative.n + sizeof(ECS_HOST) > CONTAINER_URL_SIZE)
			return err_set(err, ERR_CONFIG,
			    RELATIVE " is not a path of a URL");
		return take(source, ECS_HOST, relative);
	}
	if (full.n == 0)
		return err_set(err, ERR_MISSING,
		    "neither " RELATIVE " nor " FULL " is set");
	r = check_url(full, FULL, false, err);
	if (r != ERR_OK)
		return r;
	source->sends_token = true;
	return take(source, "", full);
}

/*
 * Fetching
 */

struct container_fetch {
	struct http_call *http;
	container_fn *done;
	void *arg;
};

static void
on_answer(
    void *arg, int r, const struct http_answer *answer, const struct err *err)
{
	struct container_fetch *fetch = arg;
	struct aws_keys *keys = NULL;
	struct err why = { 0 };

	if (r == ERR_OK && answer->status != STATUS_OK)
		r = err_set(&why,
		    answer->status >= 500 || answer->status == 429
			? ERR_UNAVAILABLE
			: ERR_UPSTREAM,
		    "the credentials endpoint returned status %ld",
		    answer->status);
	else if (r == ERR_OK)
		r = document_keys(&keys, answer->body, "container",
		    clock_wall_us() / 1000000, &why);
	else
		why = *err;
	if (r == ERR_TIMEOUT)
		r = why.code = ERR_UNAVAILABLE;
	else if (r == ERR_TOOBIG)
		r = why.code = ERR_UPSTREAM;
	fetch->done(fetch->arg, r, keys, &why);
	aws_keys_unref(keys);
	free(fetch);
}

static int
read_file(
    struct str *out, char *text, size_t size, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return err_set(err, ERR_CONFIG, TOKEN "_FILE: \"%s\": %s",
		    CLEAN(str_of(path)), strerror(errno));
	n = read(fd, text, size);
	(void)close(fd);
	if (n < 0 || (size_t)n == size)
		return err_set(err, ERR_CONFIG,
		    TOKEN "_FILE: \"%s\" cannot be read or is longer than %d "
			  "bytes",
		    CLEAN(str_of(path)), CONTAINER_TOKEN_MAX);
	*out = (struct str){ text, (size_t)n };
	return ERR_OK;
}

/* A file's last line end is its writer's; any other control is refused. */
static int
find_token(struct str *token, char *text, size_t size, struct err *err)
{
	const char *path = getenv(TOKEN "_FILE");
	size_t i;
	int r;

	*token = variable(TOKEN);
	if (path != NULL && path[0] != '\0') {
		r = read_file(token, text, size, path, err);
		if (r != ERR_OK)
			return r;
		while (token->n > 0 && (token->p[token->n - 1] == '\n' ||
					   token->p[token->n - 1] == '\r'))
			token->n--;
	}
	for (i = 0; i < token->n; i++)
		if (token->p[i] < ' ' || token->p[i] == 0x7f)
			return err_set(err, ERR_CONFIG,
			    TOKEN " holds a line end or another control "
				  "character");
	return ERR_OK;
}

static int
start(struct container_fetch *fetch, struct http *http,
    const struct container_source *source, int64_t timeout_ms, struct err *err)
{
	char text[CONTAINER_TOKEN_MAX + 1];
	struct str token = { NULL, 0 };
	struct http_header headers[2] = { { STR("Accept"),
	    STR("application/json") } };
	struct http_request req = {
		.url = source->url,
		.headers = headers,
		.header_count = 1,
		.body_max = DOCUMENT_MAX,
		.timeout_ms = timeout_ms,
		.connect_ms = ATTEMPT_MS,
		.retries = RETRIES,
	};
	int r = ERR_OK;

	if (source->sends_token)
		r = find_token(&token, text, sizeof(text), err);
	if (r == ERR_OK && token.n > 0)
		headers[req.header_count++] =
		    (struct http_header){ STR("Authorization"), token };
	if (r == ERR_OK)
		r = http_start(&fetch->http, http, &req, on_answer, fetch, err);
	secret_wipe(text, sizeof(text));
	return r;
}

int
container_fetch_start(struct container_fetch **fetchp, struct loop *loop,
    struct http *http, const struct container_source *source,
    int64_t timeout_ms, container_fn *done, void *arg, struct err *err)
{
	struct container_fetch *fetch = calloc(1, sizeof(*fetch));
	int r;

	(void)loop;
	if (fetch == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	fetch->done = done;
	fetch->arg = arg;
	r = start(fetch, http, source, timeout_ms, err);
	if (r == ERR_OK)
		*fetchp = fetch;
	else
		free(fetch);
	return r;
}

void
container_fetch_cancel(struct container_fetch *fetch)
{
	http_cancel(fetch->http);
}
