/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "loop/http_call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* What libcurl would add on its own, and a NULL. */
static const char *const unwanted[] = { "Expect", "Content-Type" };

enum { UNWANTED = sizeof(unwanted) / sizeof(unwanted[0]) };

/* RFC 9110: a token; and any byte but the controls, the tab excepted. */
static bool
is_header(const struct http_header *h)
{
	size_t i;

	if (!str_is_alnum_or(h->name, "!#$%&'*+-.^_`|~"))
		return false;
	for (i = 0; i < h->value.n; i++) {
		unsigned char c = (unsigned char)h->value.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static int
check_request(const struct http_request *req, struct err *err)
{
	size_t i;

	assert(req->method == NULL || strcmp(req->method, "POST") == 0 ||
	       strcmp(req->method, "PUT") == 0);
	assert(req->method != NULL || req->body.n == 0);
	if (req->header_count > HTTP_HEADERS_MAX)
		return err_set(err, ERR_FORMAT,
		    "request has %zu headers, more than %d", req->header_count,
		    HTTP_HEADERS_MAX);
	for (i = 0; i < req->header_count; i++)
		if (!is_header(&req->headers[i]))
			return err_set(err, ERR_FORMAT,
			    "header \"%s\" holds a byte that no header may "
			    "have",
			    CLEAN(req->headers[i].name));
	if (req->body.n > HTTP_REQUEST_BODY_MAX)
		return err_set(err, ERR_TOOBIG,
		    "request has a body of %zu bytes, more than %d",
		    req->body.n, HTTP_REQUEST_BODY_MAX);
	return ERR_OK;
}

static bool
has_header(const struct http_request *req, const char *name)
{
	size_t i;

	for (i = 0; i < req->header_count; i++)
		if (str_eq_nocase(req->headers[i].name, str_of(name)))
			return true;
	return false;
}

/* Appends a NUL too. */
static char *
put(char **at, struct str s)
{
	char *start = *at;

	if (s.n > 0)
		memcpy(start, s.p, s.n);
	start[s.n] = '\0';
	*at = start + s.n + 1;
	return start;
}

/* libcurl's own list, but in our memory: it only reads it. */
static void
add_line(struct http_call *call, size_t i, char **at, struct str name,
    const char *mark, struct str value)
{
	struct curl_slist *line = &call->lines[i];

	line->data = put(at, name);
	(*at)--;
	(void)put(at, str_of(mark));
	(*at)--;
	(void)put(at, value);
	if (i > 0)
		line[-1].next = line;
}

/* "Name;" sends an empty one, "Name:" sends none. */
static void
put_headers(struct http_call *call, char **at, const struct http_request *req)
{
	size_t i, n = 0;

	for (i = 0; i < req->header_count; i++) {
		struct str value = str_trim(req->headers[i].value);

		add_line(call, n++, at, req->headers[i].name,
		    value.n == 0 ? ";" : ": ", value);
	}
	for (i = 0; i < UNWANTED; i++)
		if (!has_header(req, unwanted[i]))
			add_line(
			    call, n++, at, str_of(unwanted[i]), ":", STR(""));
	call->headers = n == 0 ? NULL : call->lines;
}

static size_t
measure(const struct http_request *req)
{
	size_t i, n = sizeof(struct http_call);

	n += (req->header_count + UNWANTED) * sizeof(struct curl_slist);
	n += strlen(req->url) + 1 + req->body.n + 1;
	n += req->ca_path == NULL ? 0 : strlen(req->ca_path) + 1;
	for (i = 0; i < req->header_count; i++)
		n += req->headers[i].name.n + 2 + req->headers[i].value.n + 1;
	for (i = 0; i < UNWANTED; i++)
		n += strlen(unwanted[i]) + 2;
	return n;
}

int
http_call_new(
    struct http_call **callp, const struct http_request *req, struct err *err)
{
	struct http_call *call;
	size_t size;
	char *at;
	int r;

	r = check_request(req, err);
	if (r != ERR_OK)
		return r;
	size = measure(req);
	call = calloc(1, size);
	if (call == NULL)
		return err_set(err, ERR_MEMORY, "no memory for a request");
	call->size = size;
	list_init(&call->cancel);
	buf_init(&call->body, req->body_max);
	buf_init(&call->header_lines, HTTP_ANSWER_HEADERS_MAX);
	call->body_max = req->body_max;
	call->connect_ms =
	    req->connect_ms > 0 ? req->connect_ms : HTTP_CONNECT_MS;
	call->retries = req->retries;
	if (req->method != NULL)
		call->method = strcmp(req->method, "PUT") == 0 ? "PUT" : "POST";
	at = (char *)&call->lines[req->header_count + UNWANTED];
	call->url = put(&at, str_of(req->url));
	if (req->ca_path != NULL)
		call->ca_path = put(&at, str_of(req->ca_path));
	call->sent = (struct str){ put(&at, req->body), req->body.n };
	put_headers(call, &at, req);
	assert(at <= (char *)call + size);
	*callp = call;
	return ERR_OK;
}

void
http_call_free(struct http_call *call)
{
	buf_wipe(&call->body);
	buf_wipe(&call->header_lines);
	secret_wipe(call, call->size);
	free(call);
}

void
http_call_renew(struct http_call *call)
{
	call->header_bytes = 0;
	call->encoded = false;
	buf_clear(&call->body);
	buf_clear(&call->header_lines);
	call->err = (struct err){ 0 };
}

/* The next header of a name; *rest is what follows it. */
static bool
next_header(struct str *value, struct str *rest, struct str name)
{
	struct str line, after;

	while (rest->n > 0) {
		line = str_cut(rest, *rest, '\n');
		if (!str_eq_nocase(str_cut(&after, line, ':'), name) ||
		    after.p == NULL)
			continue;
		*value = str_trim(after);
		return true;
	}
	return false;
}

/* libcurl would unpack a transfer that is packed, asked for or not. */
static bool
is_encoding(struct str line)
{
	struct str value, rest = line;

	if (next_header(&value, &rest, STR("Content-Encoding")))
		return !str_eq_nocase(value, STR("identity"));
	rest = line;
	if (next_header(&value, &rest, STR("Transfer-Encoding")))
		return !str_eq_nocase(value, STR("chunked")) &&
		       !str_eq_nocase(value, STR("identity"));
	return false;
}

bool
http_call_take_header(struct http_call *call, struct str line)
{
	call->header_bytes += line.n;
	if (call->header_bytes > HTTP_ANSWER_HEADERS_MAX)
		return false;
	if (str_starts(line, "HTTP/")) {
		/* an interim answer came before */
		buf_clear(&call->header_lines);
		return true;
	}
	if (is_encoding(line)) {
		call->encoded = true;
		return false;
	}
	buf_add(&call->header_lines, line);
	return call->header_lines.code == ERR_OK;
}

size_t
http_answer_header(
    struct str *value, const struct http_answer *answer, const char *name)
{
	struct str one, rest = answer->headers;
	size_t n = 0;

	*value = (struct str){ NULL, 0 };
	while (next_header(&one, &rest, str_of(name)))
		if (n++ == 0)
			*value = one;
	return n;
}
