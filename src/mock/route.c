/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/route.h"

#include <assert.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config.h"
#include "mock/faults.h"
#include "mock/operation.h"
#include "mock/request_log.h"

static route_fn health_answer;

/*
 * In order; a path that ends in '/' stands for all that begin with it, but
 * "/" for itself.
 */
static const struct route {
	const char *path;
	unsigned methods;
	route_fn *fn;
} routes[] = {
	{ "/health", METHOD_GET | METHOD_HEAD, health_answer },
	{ "/v4/", METHOD_GET | METHOD_HEAD, metadata_answer },
	{ "/v2/credentials/", METHOD_GET | METHOD_HEAD, credentials_answer },
	{ "/latest/", METHOD_GET | METHOD_HEAD | METHOD_PUT, imds_answer },
	{ "/mock/", METHOD_GET | METHOD_POST | METHOD_DELETE, control_answer },
	{ "/", METHOD_POST, service_answer },
};

static const struct {
	unsigned method;
	const char *name;
} methods[] = {
	{ METHOD_GET, "GET" },
	{ METHOD_HEAD, "HEAD" },
	{ METHOD_POST, "POST" },
	{ METHOD_PUT, "PUT" },
	{ METHOD_DELETE, "DELETE" },
};

void
answer_init(struct answer *a)
{
	*a = (struct answer){ .status = 200, .type = "application/json" };
	buf_init(&a->body, ANSWER_MAX);
}

void
answer_release(struct answer *a)
{
	buf_release(&a->body);
}

void
answer_header(struct answer *a, const char *name, const char *value)
{
	size_t n = a->header_count;

	assert(n < ANSWER_HEADERS_MAX);
	snprintf(a->headers[n].name, sizeof(a->headers[n].name), "%s", name);
	snprintf(a->headers[n].value, sizeof(a->headers[n].value), "%s", value);
	a->header_count++;
}

struct str
request_header(const struct request *q, const char *name)
{
	for (size_t i = 0; i < q->header_count; i++) {
		if (str_eq_nocase(q->headers[i].name, str_of(name)))
			return str_trim(q->headers[i].value);
	}
	return (struct str){ NULL, 0 };
}

void
answer_fail(struct answer *a, int status, const char *fmt, ...)
{
	char text[256];
	struct json_object *string;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	a->status = status;
	buf_clear(&a->body);
	string = json_object_new_string(text);
	if (string != NULL)
		buf_add_text(&a->body, json_object_to_json_string_ext(string,
					   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(string);
}

static void
health_answer(struct answer *a, const struct mock *m, const struct request *q,
    struct str rest)
{
	(void)q;
	(void)rest;
	buf_addf(&a->body,
	    "{\"status\":\"healthy\",\"version\":\"%s\",\"tasks\":%zu}",
	    PACKAGE_VERSION, m->scenario->task_count);
}

static void
answer_method(struct answer *a, unsigned allowed)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if ((allowed & methods[i].method) != 0)
			n +=
			    (size_t)snprintf(a->allow + n, sizeof(a->allow) - n,
				"%s%s", n > 0 ? ", " : "", methods[i].name);
	}
	answer_fail(a, 405, "this path takes %s", a->allow);
}

/* Whether a route covers the path; rest is what the row leaves open. */
static bool
is_match(struct str *rest, const struct route *route, struct str path)
{
	struct str row = str_of(route->path);

	if (!str_starts(path, route->path))
		return false;
	*rest = str_sub(path, row.n, path.n);
	return rest->n == 0 || (row.n > 1 && str_ends(row, "/"));
}

static void
dispatch(struct answer *a, const struct mock *m, const struct request *q)
{
	struct str rest;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!is_match(&rest, &routes[i], q->path))
			continue;
		if ((routes[i].methods & q->method) != 0)
			routes[i].fn(a, m, q, rest);
		else
			answer_method(a, routes[i].methods);
		return;
	}
	answer_fail(a, 404, "there is no \"%s\" here", CLEAN(q->path));
}

void
route_answer(struct answer *a, const struct mock *m, const struct request *q)
{
	enum operation operation = operation_of(q);

	a->operation = operation_name(operation);
	if (!faults_act(a, m, q, operation))
		dispatch(a, m, q);
	if (buf_check(&a->body, NULL) != ERR_OK)
		answer_fail(a, 500, "the answer did not fit into memory");
	if (m->log != NULL && operation != OPERATION_NONE)
		request_log_add(m->log, operation, q, a);
}
