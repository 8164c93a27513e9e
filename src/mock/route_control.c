/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route_control.c - what a test tells the mock, and asks of it
 *
 * Behind /mock/: tasks, faults, requests, counts.  Only for programs on this
 * host: a page in a browser on it is refused by the headers that a browser
 * adds, and by a Host that is not this host.
 */
#include <stdio.h>
#include <string.h>

#include "mock/faults.h"
#include "mock/form.h"
#include "mock/request_log.h"
#include "mock/route.h"
#include "mock/sessions.h"
#include "mock/task_text.h"
#include "mock/writer.h"

enum { BODY_DEPTH_MAX = 4, QUERY_BYTES_MAX = 16 * 1024 };

struct control {
	struct answer *a;
	const struct mock *m;
	const struct request *q;
	struct json_object *body; /* NULL: there is none */
};

#define FAIL(c, ...) answer_fail((c)->a, __VA_ARGS__)

/*
 * Who may
 */

static bool
is_this_host(struct str host)
{
	struct str name, rest;

	if (str_starts(host, "["))
		return str_is(host, "[::1]") || str_starts(host, "[::1]:");
	name = str_cut(&rest, host, ':');
	return str_eq_nocase(name, STR("localhost")) ||
	       (str_starts(name, "127.") && str_is_alnum_or(name, ".") &&
		   str_is_digits(str_sub(name, name.n - 1, 1)));
}

static bool
is_allowed(struct control *c)
{
	struct str site = request_header(c->q, "Sec-Fetch-Site");

	if (!c->q->from_loopback)
		FAIL(c, 403, "control is for programs on this host");
	else if (!is_this_host(request_header(c->q, "Host")))
		FAIL(c, 403,
		    "control is asked for under another name than this "
		    "host's: use 127.0.0.1, [::1] or localhost");
	else if (request_header(c->q, "Origin").p != NULL ||
		 (site.n > 0 && !str_is(site, "none") &&
		     !str_is(site, "same-origin")))
		FAIL(c, 403, "control is not for pages in a browser");
	else
		return true;
	return false;
}

/* One JSON text, or nothing where nothing is needed; false has answered. */
static bool
read_body(struct control *c)
{
	struct json_tokener *tok;
	struct str text = str_trim(c->q->body);

	if (text.n == 0)
		return true;
	tok = json_tokener_new_ex(BODY_DEPTH_MAX);
	if (tok == NULL) {
		FAIL(c, 500, "out of memory");
		return false;
	}
	json_tokener_set_flags(
	    tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	c->body = json_tokener_parse_ex(tok, text.p, (int)text.n);
	if (c->body != NULL && json_tokener_get_parse_end(tok) != text.n) {
		json_object_put(c->body);
		c->body = NULL;
	}
	json_tokener_free(tok);
	if (c->body == NULL)
		FAIL(c, 400, "the body is not one JSON object or array");
	return c->body != NULL;
}

static void
fail_by(struct control *c, int r, const struct err *err)
{
	FAIL(c, r == ERR_MEMORY || r == ERR_INTERNAL ? 500 : 400, "%s",
	    err->msg);
}

static void
answer_methods(struct control *c, const char *allowed)
{
	snprintf(c->a->allow, sizeof(c->a->allow), "%s", allowed);
	FAIL(c, 405, "this path takes %s", allowed);
}

/*
 * Tasks
 */

static void
write_task(struct writer *w, const struct scenario_task *t)
{
	const struct scenario_role_ref *role = scenario_task_role(t);
	char arn[SCENARIO_ROLE_ARN_SIZE];

	writer_open(w, NULL);
	writer_str(w, "id", t->id);
	writer_str(w, "name", t->name);
	writer_str(w, "taskArn", t->arn);
	writer_str(w, "lastStatus", t->status);
	if (t->desired_status.n > 0)
		writer_str(w, "desiredStatus", t->desired_status);
	if (t->forgotten)
		writer_bool(w, "missing", true);
	writer_print(w, "metadataPath", "/v4/%.*s", STR_FMT(t->id));
	if (role == NULL) {
		writer_null(w, "credentialsPath");
		writer_null(w, "roleArn");
	} else {
		scenario_role_arn(arn, role, t->cluster->account);
		writer_str(w, "credentialsPath", t->credentials_path);
		writer_text(w, "roleArn", arn);
	}
	writer_close(w, NULL);
}

static void
show_task(struct control *c, const struct scenario_task *t)
{
	struct writer w;

	writer_init(&w, &c->a->body, false);
	write_task(&w, t);
}

static void
show_tasks(struct control *c, size_t from)
{
	const struct scenario *s = c->m->scenario;
	struct writer w;

	writer_init(&w, &c->a->body, false);
	writer_open_list(&w, NULL);
	for (size_t i = from; i < s->task_count; i++)
		write_task(&w, &s->tasks[i]);
	writer_close_list(&w);
}

static void
add_tasks(struct control *c)
{
	struct scenario *s = c->m->scenario;
	size_t before = s->task_count;
	struct err err = { 0 };
	struct buf text;
	int r;

	buf_init(&text, SCENARIO_BYTES_MAX);
	r = task_text_format(&text, c->body, &err);
	if (r == ERR_OK)
		r = scenario_extend(
		    s, buf_str(&text), "POST /mock/tasks", &err);
	buf_release(&text);
	if (r != ERR_OK) {
		fail_by(c, r, &err);
		return;
	}
	c->a->status = 201;
	show_tasks(c, before);
}

static bool
is_status(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((s.p[i] < 'A' || s.p[i] > 'Z') && s.p[i] != '_')
			return false;
	}
	return s.n > 0 && s.n <= 32;
}

/* A member of the body that is a status, known to ECS or not. */
static bool
read_status(struct control *c, struct str *out, struct json_object *v)
{
	struct str text = str_of(json_object_get_string(v));

	if (!json_object_is_type(v, json_type_string) || !is_status(text)) {
		FAIL(c, 400,
		    "a status is 1 to 32 of A-Z and '_', such as RUNNING");
		return false;
	}
	if (str_eq(*out, text))
		return true;
	*out = arena_dup(&c->m->scenario->arena, text);
	if (out->p == NULL)
		FAIL(c, 500, "out of memory");
	return out->p != NULL;
}

/* The next keys of its role are others; with "expire" the last ones end. */
static bool
change_keys(struct control *c, const struct scenario_task *t,
    struct json_object *v)
{
	const char *text = json_object_get_string(v);

	if (json_object_is_type(v, json_type_string) &&
	    strcmp(text, "rotate") == 0)
		sessions_rotate(c->m->sessions, t);
	else if (json_object_is_type(v, json_type_string) &&
		 strcmp(text, "expire") == 0)
		sessions_expire(c->m->sessions, t, c->q->now_us);
	else {
		FAIL(c, 400, "credentials is \"rotate\" or \"expire\"");
		return false;
	}
	return true;
}

/* False has answered. */
static bool
change(struct control *c, struct scenario_task *t, const char *name,
    struct json_object *v)
{
	if (strcmp(name, "status") == 0)
		return read_status(c, &t->status, v);
	if (strcmp(name, "desired_status") == 0)
		return read_status(c, &t->desired_status, v);
	if (strcmp(name, "credentials") == 0)
		return change_keys(c, t, v);
	if (strcmp(name, "missing") == 0 &&
	    json_object_is_type(v, json_type_boolean)) {
		t->forgotten = json_object_get_boolean(v);
		return true;
	}
	FAIL(c, 400,
	    "\"%s\" is not one of: status, desired_status, missing (true or "
	    "false), credentials",
	    CLEAN(str_of(name)));
	return false;
}

static void
change_task(struct control *c, const struct scenario_task *t)
{
	struct scenario_task *edited = scenario_task_edit(c->m->scenario, t);
	struct scenario_task copy = *t;
	bool is_fine = true;

	if (!json_object_is_type(c->body, json_type_object)) {
		FAIL(c, 400, "the body is not a JSON object");
		return;
	}
	json_object_object_foreach(c->body, name, v)
	{
		if (is_fine)
			is_fine = change(c, &copy, name, v);
	}
	if (!is_fine)
		return;
	*edited = copy;
	show_task(c, edited);
}

static void
stop_task(struct control *c, const struct scenario_task *t)
{
	struct scenario_task *edited = scenario_task_edit(c->m->scenario, t);

	edited->status = STR("STOPPED");
	edited->desired_status = STR("");
	if (edited->stopped_us == 0)
		edited->stopped_us = c->q->now_us;
	show_task(c, edited);
}

static void
control_tasks(struct control *c, struct str path)
{
	struct str part, key = str_cut(&part, path, '/');
	const struct scenario_task *t;

	if (path.p == NULL) {
		if (c->q->method == METHOD_GET)
			show_tasks(c, 0);
		else if (c->q->method == METHOD_POST)
			add_tasks(c);
		else
			answer_methods(c, "GET, POST");
		return;
	}
	t = scenario_task_find(c->m->scenario, key);
	if (t == NULL)
		FAIL(c, 404, "the scenario has no task \"%s\"", CLEAN(key));
	else if (part.p != NULL && !str_is(part, "stop"))
		FAIL(c, 404, "a task has no \"%s\" here", CLEAN(part));
	else if (part.p != NULL && c->q->method == METHOD_POST)
		stop_task(c, t);
	else if (part.p != NULL)
		answer_methods(c, "POST");
	else if (c->q->method == METHOD_GET)
		show_task(c, t);
	else if (c->q->method == METHOD_POST)
		change_task(c, t);
	else
		answer_methods(c, "GET, POST");
}

/*
 * Faults and requests
 */

static void
control_faults(struct control *c, struct str path)
{
	struct faults *fs = c->m->faults;
	struct err err = { 0 };
	int r;

	(void)path;
	if (c->q->method == METHOD_DELETE)
		faults_clear(fs);
	if (c->q->method == METHOD_POST) {
		r = faults_add(fs, c->body, &err);
		if (r != ERR_OK) {
			fail_by(c, r, &err);
			return;
		}
		c->a->status = 201;
	}
	faults_format(fs, &c->a->body);
}

/* False has answered. */
static bool
read_filter(struct control *c, struct request_log_filter *f)
{
	struct str operation, after, limit;
	struct form form = { .count = 0 };
	struct err err = { 0 };
	struct arena arena;
	bool is_fine = true;
	size_t known;

	arena_init(&arena, QUERY_BYTES_MAX);
	if (c->q->query.n > 0 &&
	    form_parse(&form, &arena, c->q->query, &err) != ERR_OK) {
		FAIL(c, 400, "the query: %s", err.msg);
		arena_release(&arena);
		return false;
	}
	operation = form_value(&form, "operation");
	after = form_value(&form, "after");
	limit = form_value(&form, "limit");
	known = (size_t)(operation.p != NULL) + (size_t)(after.p != NULL) +
		(size_t)(limit.p != NULL);
	if (operation.p != NULL && !operation_parse(&f->operation, operation))
		is_fine = false;
	if (after.p != NULL && !str_to_u64(&f->after, after))
		is_fine = false;
	if (limit.p != NULL &&
	    (!str_to_u64(&f->limit, limit) || f->limit == 0))
		is_fine = false;
	if (!is_fine || known != form.count)
		FAIL(c, 400,
		    "the query takes operation=NAME, one such as "
		    "DescribeTasks, STS or credentials, after=NUMBER and "
		    "limit=NUMBER");
	arena_release(&arena);
	return is_fine && known == form.count;
}

static void
control_requests(struct control *c, struct str path)
{
	struct request_log_filter f = { .after = 0 };

	(void)path;
	if (!read_filter(c, &f))
		return;
	if (c->q->method == METHOD_DELETE)
		request_log_clear(c->m->log);
	request_log_format(c->m->log, &c->a->body, &f);
}

static void
control_counts(struct control *c, struct str path)
{
	(void)path;
	request_log_format_counts(c->m->log, &c->a->body);
}

static const struct {
	const char *name;
	bool is_folder;
	unsigned methods;
	const char *allowed;
	void (*fn)(struct control *c, struct str path);
} parts[] = {
	{ "tasks", true, METHOD_GET | METHOD_POST | METHOD_DELETE,
	    "GET, POST", control_tasks },
	{ "faults", false, METHOD_GET | METHOD_POST | METHOD_DELETE,
	    "GET, POST, DELETE", control_faults },
	{ "requests", false, METHOD_GET | METHOD_DELETE, "GET, DELETE",
	    control_requests },
	{ "counts", false, METHOD_GET, "GET", control_counts },
};

void
control_answer(struct answer *a, const struct mock *m, const struct request *q,
    struct str rest)
{
	struct control c = { .a = a, .m = m, .q = q };
	struct str path, name = str_cut(&path, rest, '/');
	size_t i = 0;

	if (!is_allowed(&c))
		return;
	if (m->sessions == NULL || m->faults == NULL || m->log == NULL) {
		answer_fail(a, 500, "the mock has no control");
		return;
	}
	while (i < sizeof(parts) / sizeof(parts[0]) &&
	       (!str_is(name, parts[i].name) ||
		   (path.p != NULL && !parts[i].is_folder)))
		i++;
	if (i == sizeof(parts) / sizeof(parts[0]))
		answer_fail(a, 404, "there is no \"%s\" here", CLEAN(q->path));
	else if ((parts[i].methods & q->method) == 0)
		answer_methods(&c, parts[i].allowed);
	else if (read_body(&c))
		parts[i].fn(&c, path);
	json_object_put(c.body);
}
