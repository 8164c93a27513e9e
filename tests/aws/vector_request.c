/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "vector.h"

static struct str
next_line(struct str *rest)
{
	struct str line = str_cut(rest, *rest, '\n');

	if (str_ends(line, "\r"))
		line.n--;
	return line;
}

/* "GET /a b?c HTTP/1.1": the target ends at the last space. */
static int
read_first_line(struct sigv4_request *req, struct str line, struct err *err)
{
	struct str rest = line;
	size_t end;

	req->method = str_cut(&rest, rest, ' ');
	end = rest.n;
	while (end > 0 && rest.p[end - 1] != ' ')
		end--;
	if (end == 0 || !str_starts(str_sub(rest, end, rest.n), "HTTP/"))
		return err_set(err, ERR_FORMAT,
		    "\"%s\" is not METHOD TARGET HTTP/1.1", CLEAN(line));
	rest.n = end - 1;
	req->path = str_cut(&rest, rest, '?');
	req->query = rest;
	return ERR_OK;
}

static int
read_header(struct sigv4_request *req, struct str line, struct err *err)
{
	struct str value = line, name;

	if (line.p[0] == ' ' || line.p[0] == '\t') {
		if (req->header_count == 0)
			return err_set(err, ERR_FORMAT,
			    "no header before \"%s\"", CLEAN(line));
		name = req->headers[req->header_count - 1].name;
		return sigv4_add_header(req, name, line, err);
	}
	name = str_cut(&value, line, ':');
	if (name.n == line.n)
		return err_set(
		    err, ERR_FORMAT, "\"%s\" has no colon", CLEAN(line));
	return sigv4_add_header(req, name, value, err);
}

int
vector_request(struct sigv4_request *req, struct str text, struct err *err)
{
	struct sigv4_request got = { .header_count = 0 };
	struct str rest = text, line;
	int r = read_first_line(&got, next_line(&rest), err);

	while (r == ERR_OK && rest.n > 0) {
		line = next_line(&rest);
		if (line.n == 0)
			break;
		r = read_header(&got, line, err);
	}
	if (r != ERR_OK)
		return r;
	got.body = rest;
	*req = got;
	return ERR_OK;
}
