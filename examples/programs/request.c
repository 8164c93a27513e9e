/* SPDX-License-Identifier: Apache-2.0 */
#include "programs/request.h"

#include <string.h>

#define TOKEN_EXTRA "!#$%&'*+-.^_`|~"

struct reading {
	struct request *q;
	const char **why;
	bool has_host, has_length, is_old;
};

static int
refuse(struct reading *r, int status, const char *why)
{
	*r->why = why;
	return status;
}

/* Text and blanks: no control byte may pass into a log or a header. */
static bool
is_value(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') ||
		    s.p[i] == '\x7f')
			return false;
	return true;
}

static bool
is_target(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0 && s.p[0] == '/';
}

/* "http://host/path" is "/path" */
static struct str
without_authority(struct str target)
{
	static const char *const schemes[] = { "http://", "https://" };
	size_t i;

	for (i = 0; i < 2; i++) {
		const char *slash;
		size_t n = strlen(schemes[i]);

		if (!str_starts(target, schemes[i]))
			continue;
		target = str_sub(target, n, target.n);
		slash = target.n == 0 ? NULL : memchr(target.p, '/', target.n);
		return slash == NULL
			   ? STR("/")
			   : str_sub(target, (size_t)(slash - target.p),
				 target.n);
	}
	return target;
}

static int
read_first_line(struct reading *r, struct str line)
{
	struct str rest, version, target;

	r->q->method = str_cut(&rest, line, ' ');
	target = str_cut(&version, rest, ' ');
	if (!str_is_alnum_or(r->q->method, TOKEN_EXTRA) || version.p == NULL)
		return refuse(r, 400, "the request line is malformed");
	if (!str_starts(version, "HTTP/1.") || version.n != 8 ||
	    !str_is_digits(str_sub(version, 7, 1)))
		return refuse(r, str_starts(version, "HTTP/") ? 505 : 400,
		    "only HTTP/1.1 is spoken here");
	r->is_old = version.p[7] == '0';
	r->q->keep = !r->is_old;
	target = without_authority(target);
	if (!is_target(target))
		return refuse(r, 400, "the target of the request is malformed");
	r->q->path = str_cut(&r->q->query, target, '?');
	return REQUEST_WHOLE;
}

/* Is word among the values between commas, parameters left aside? */
static bool
has_word(struct str list, const char *word)
{
	struct str rest = list, part, parameters;

	while (rest.p != NULL) {
		part = str_cut(&rest, rest, ',');
		part = str_trim(str_cut(&parameters, part, ';'));
		if (str_eq_nocase(part, str_of(word)))
			return true;
	}
	return false;
}

static int
take_header(struct reading *r, struct str name, struct str value)
{
	if (str_eq_nocase(name, STR("Host"))) {
		if (r->has_host)
			return refuse(r, 400, "two hosts are named");
		r->has_host = true;
	} else if (str_eq_nocase(name, STR("Content-Length"))) {
		if (r->has_length || !str_to_u64(&r->q->body, value))
			return refuse(r, 400, "the length is no number");
		r->has_length = true;
	} else if (str_eq_nocase(name, STR("Transfer-Encoding")))
		return refuse(
		    r, 501, "a body is only taken with its length before it");
	else if (str_eq_nocase(name, STR("Connection"))) {
		if (has_word(value, "close"))
			r->q->keep = false;
	} else if (str_eq_nocase(name, STR("Accept")))
		r->q->wants_html = has_word(value, "text/html");
	else if (str_eq_nocase(name, STR("x-forwarded-client-cert"))) {
		r->q->client_certs++;
		r->q->client_cert = value;
	}
	return REQUEST_WHOLE;
}

static int
read_header(struct reading *r, struct str line)
{
	struct str value, name = str_cut(&value, line, ':');

	if (value.p == NULL || !str_is_alnum_or(name, TOKEN_EXTRA))
		return refuse(r, 400, "a header is malformed");
	if (!is_value(value))
		return refuse(r, 400, "a header holds a control character");
	return take_header(r, name, str_trim(value));
}

/* Each line ends in CR LF. */
static int
read_lines(struct reading *r, struct str head)
{
	int status = REQUEST_WHOLE;
	unsigned lines = 0;

	while (status == REQUEST_WHOLE && head.n > 0) {
		struct str line = str_cut(&head, head, '\n');

		if (line.n == 0 || line.p[line.n - 1] != '\r')
			return refuse(r, 400, "a line does not end in CR LF");
		line.n--;
		if (lines > REQUEST_HEADERS_MAX)
			return refuse(r, 431, "there are over 64 headers");
		if (line.n > 0)
			status = lines == 0 ? read_first_line(r, line)
					    : read_header(r, line);
		lines++;
	}
	if (status == REQUEST_WHOLE && !r->has_host && !r->is_old)
		return refuse(r, 400, "no host is named");
	return status;
}

/* Where the empty line ends, 0 if it is not there. */
static size_t
head_end(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] != '\n')
			continue;
		if (s.n - i > 1 && s.p[i + 1] == '\n')
			return i + 2;
		if (s.n - i > 2 && s.p[i + 1] == '\r' && s.p[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

int
request_parse(
    struct request *q, size_t *used, const char **why, struct str input)
{
	struct reading r = { .q = q, .why = why };
	size_t skip = 0, n;

	/* RFC 9112, 2.2: an empty line before the request is ignored */
	while (skip < input.n && skip < 4 &&
	       (input.p[skip] == '\r' || input.p[skip] == '\n'))
		skip++;
	input = str_sub(input, skip, input.n);
	if (input.n == 0)
		return REQUEST_NOT_YET;
	memset(q, 0, sizeof(*q));
	if (!str_is_alnum_or(str_sub(input, 0, 1), TOKEN_EXTRA))
		return refuse(&r, 400, "this is not HTTP");
	n = head_end(input);
	if (n == 0)
		return REQUEST_NOT_YET;
	*used = skip + n;
	return read_lines(&r, str_sub(input, 0, n));
}
