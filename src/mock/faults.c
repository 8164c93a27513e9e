/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock/error.h"
#include "mock/writer.h"

/* Every member is zero, NULL or false where the object has none. */
struct fault {
	enum operation operation; /* NONE: all of them */
	bool throttle, garbage, drop, truncate;
	uint64_t status, latency_ms, drip_ms, flood;
	uint64_t count; /* so many times */
	uint64_t every; /* on each n-th request that it is meant for */
	char *code, *body, *content_type, *location;
	uint64_t seen, acted;
};

struct faults {
	struct fault all[FAULTS_MAX]; /* the oldest first */
	size_t count;
	uint64_t noise; /* for garbage */
};

enum kind { KIND_FLAG, KIND_NUMBER, KIND_TEXT };

static const struct member {
	const char *name;
	enum kind kind;
	size_t offset;
	uint64_t min, max; /* of a number, or of a text's length */
} members[] = {
	{ "latency_ms", KIND_NUMBER, offsetof(struct fault, latency_ms), 1,
	    FAULT_MS_MAX },
	{ "status", KIND_NUMBER, offsetof(struct fault, status), 200, 599 },
	{ "code", KIND_TEXT, offsetof(struct fault, code), 1, FAULT_CODE_MAX },
	{ "throttle", KIND_FLAG, offsetof(struct fault, throttle), 0, 0 },
	{ "garbage", KIND_FLAG, offsetof(struct fault, garbage), 0, 0 },
	{ "body", KIND_TEXT, offsetof(struct fault, body), 0, UINT16_MAX },
	{ "content_type", KIND_TEXT, offsetof(struct fault, content_type), 0,
	    95 },
	{ "location", KIND_TEXT, offsetof(struct fault, location), 1, 127 },
	{ "drop", KIND_FLAG, offsetof(struct fault, drop), 0, 0 },
	{ "truncate", KIND_FLAG, offsetof(struct fault, truncate), 0, 0 },
	{ "drip_ms", KIND_NUMBER, offsetof(struct fault, drip_ms), 1,
	    FAULT_MS_MAX },
	{ "flood", KIND_NUMBER, offsetof(struct fault, flood), 1,
	    FAULT_FLOOD_MAX },
	{ "count", KIND_NUMBER, offsetof(struct fault, count), 1, INT64_MAX },
	{ "every", KIND_NUMBER, offsetof(struct fault, every), 1, INT64_MAX },
};

enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

static void *
at(struct fault *f, const struct member *member)
{
	return (char *)f + member->offset;
}

static void
fault_release(struct fault *f)
{
	free(f->code);
	free(f->body);
	free(f->content_type);
	free(f->location);
	*f = (struct fault){ .every = 0 };
}

int
faults_new(struct faults **fsp, struct err *err)
{
	struct faults *fs = calloc(1, sizeof(*fs));

	if (fs == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	*fsp = fs;
	return ERR_OK;
}

void
faults_free(struct faults *fs)
{
	if (fs == NULL)
		return;
	faults_clear(fs);
	free(fs);
}

void
faults_clear(struct faults *fs)
{
	for (size_t i = 0; i < fs->count; i++)
		fault_release(&fs->all[i]);
	fs->count = 0;
}

/*
 * What is posted
 */

static int
read_number(uint64_t *out, struct json_object *v, const struct member *member,
    struct err *err)
{
	int64_t n = json_object_is_type(v, json_type_int)
			? json_object_get_int64(v)
			: -1;

	if (n < 0 || (uint64_t)n < member->min || (uint64_t)n > member->max)
		return err_set(err, ERR_CONFIG,
		    "\"%s\" is a number from %llu to %llu", member->name,
		    (unsigned long long)member->min,
		    (unsigned long long)member->max);
	*out = (uint64_t)n;
	return ERR_OK;
}

/* Only a body may hold what is not printable: the others become headers. */
static int
read_text(char **out, struct json_object *v, const struct member *member,
    struct err *err)
{
	struct str s = { NULL, 0 };
	bool is_fine = json_object_is_type(v, json_type_string);

	if (is_fine) {
		s = str_of(json_object_get_string(v));
		is_fine = s.n == (size_t)json_object_get_string_len(v) &&
			  s.n >= member->min && s.n <= member->max &&
			  (s.n == 0 || strcmp(member->name, "body") == 0 ||
			      str_is_printable(s));
	}
	if (!is_fine)
		return err_set(err, ERR_CONFIG,
		    "\"%s\" is a text of %llu to %llu bytes", member->name,
		    (unsigned long long)member->min,
		    (unsigned long long)member->max);
	*out = strdup(s.n == 0 ? "" : s.p);
	return *out == NULL ? err_set(err, ERR_MEMORY, "out of memory")
			    : ERR_OK;
}

static int
read_operation(
    enum operation *out, struct json_object *v, struct err *err)
{
	struct str name = STR("");

	if (json_object_is_type(v, json_type_string))
		name = str_of(json_object_get_string(v));
	if (!operation_parse(out, name))
		return err_set(err, ERR_CONFIG,
		    "there is no operation \"%s\": it is one such as "
		    "\"DescribeTasks\", \"STS\" or \"credentials\"",
		    CLEAN(name));
	return ERR_OK;
}

static int
read_member(struct fault *f, const char *name, struct json_object *v,
    struct err *err)
{
	if (strcmp(name, "operation") == 0)
		return read_operation(&f->operation, v, err);
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct member *member = &members[i];
		bool *flag = at(f, member);

		if (strcmp(name, member->name) != 0)
			continue;
		if (member->kind == KIND_NUMBER)
			return read_number(at(f, member), v, member, err);
		if (member->kind == KIND_TEXT)
			return read_text(at(f, member), v, member, err);
		if (!json_object_is_type(v, json_type_boolean))
			return err_set(err, ERR_CONFIG,
			    "\"%s\" is true or false", member->name);
		*flag = json_object_get_boolean(v);
		return ERR_OK;
	}
	return err_set(err, ERR_CONFIG, "a fault has no member \"%s\"",
	    CLEAN(str_of(name)));
}

static bool
replaces(const struct fault *f)
{
	return f->status != 0 || f->throttle || f->garbage || f->body != NULL ||
	       f->location != NULL;
}

static bool
does_something(const struct fault *f)
{
	return replaces(f) || f->drop || f->truncate || f->latency_ms != 0 ||
	       f->drip_ms != 0 || f->flood != 0;
}

static int
fault_read(struct fault *f, struct json_object *o, struct err *err)
{
	int r = ERR_OK;

	if (!json_object_is_type(o, json_type_object))
		return err_set(err, ERR_CONFIG, "a fault is a JSON object");
	json_object_object_foreach(o, name, value)
	{
		if (r == ERR_OK)
			r = read_member(f, name, value, err);
	}
	if (r == ERR_OK && !does_something(f))
		r = err_set(err, ERR_CONFIG,
		    "the fault does nothing: give it a \"status\", "
		    "\"latency_ms\", \"throttle\", \"drop\" or another of "
		    "fargate-mock(1)");
	if (r == ERR_OK && f->code != NULL && f->status == 0)
		r = err_set(
		    err, ERR_CONFIG, "\"code\" needs a \"status\" with it");
	return r;
}

int
faults_add(struct faults *fs, struct json_object *o, struct err *err)
{
	bool several = json_object_is_type(o, json_type_array);
	size_t n = several ? json_object_array_length(o) : 1, old = fs->count;
	int r = ERR_OK;

	if (n > FAULTS_MAX - old)
		return err_set(err, ERR_CONFIG,
		    "that is over %d faults: DELETE /mock/faults ends them",
		    FAULTS_MAX);
	for (size_t i = 0; i < n && r == ERR_OK; i++)
		r = fault_read(&fs->all[fs->count++],
		    several ? json_object_array_get_idx(o, i) : o, err);
	while (r != ERR_OK && fs->count > old)
		fault_release(&fs->all[--fs->count]);
	return r;
}

/*
 * What is shown
 */

static void
write_member(struct writer *w, struct fault *f, const struct member *member)
{
	const bool *flag = at(f, member);
	const uint64_t *number = at(f, member);
	char *const *text = at(f, member);

	if (member->kind == KIND_FLAG && *flag)
		writer_bool(w, member->name, true);
	else if (member->kind == KIND_NUMBER && *number != 0)
		writer_int(w, member->name, (int64_t)*number);
	else if (member->kind == KIND_TEXT && *text != NULL)
		writer_text(w, member->name, *text);
}

void
faults_format(const struct faults *fs, struct buf *out)
{
	struct writer w;

	writer_init(&w, out, false);
	writer_open_list(&w, NULL);
	for (size_t i = 0; i < fs->count; i++) {
		struct fault f = fs->all[i];

		writer_open(&w, NULL);
		if (f.operation != OPERATION_NONE)
			writer_text(
			    &w, "operation", operation_name(f.operation));
		for (size_t k = 0; k < MEMBERS; k++)
			write_member(&w, &f, &members[k]);
		writer_int(&w, "seen", (int64_t)f.seen);
		writer_int(&w, "acted", (int64_t)f.acted);
		writer_close(&w, NULL);
	}
	writer_close_list(&w);
}

/*
 * What is done
 */

/* "STS" and "ECS" are all operations of the service. */
static bool
is_meant(enum operation by, enum operation operation)
{
	return by == OPERATION_NONE || by == operation ||
	       (by == OPERATION_STS && operation_is_sts(operation)) ||
	       (by == OPERATION_ECS && operation_is_ecs(operation));
}

static bool
is_due(struct fault *f)
{
	f->seen++;
	if ((f->count != 0 && f->acted >= f->count) ||
	    (f->every != 0 && f->seen % f->every != 0))
		return false;
	f->acted++;
	return true;
}

static const char *
code_of(bool is_ecs, int status)
{
	switch (status) {
	case 400:
		return is_ecs ? "ClientException" : "ValidationError";
	case 403:
		return is_ecs ? "AccessDeniedException" : "AccessDenied";
	case 429:
		return is_ecs ? "ThrottlingException" : "Throttling";
	case 503:
		return is_ecs ? "ServiceUnavailableException"
			      : "ServiceUnavailable";
	default:
		return is_ecs ? "ServerException" : "InternalFailure";
	}
}

/* In the words of whoever was asked. */
static void
answer_status(struct answer *a, const struct mock *m, const struct request *q,
    enum operation operation, int status, const char *code, const char *text)
{
	bool is_ecs = operation_is_ecs(operation);

	if (code == NULL)
		code = code_of(is_ecs, status);
	if (m->sessions == NULL ||
	    !(is_ecs || operation_is_sts(operation))) {
		answer_fail(a, status, "%s", text);
		snprintf(a->code, sizeof(a->code), "%s", code);
	} else if (is_ecs) {
		ecs_error(a, m, q, status, code, "%s", text);
	} else {
		sts_error(a, m, q, status, code, "%s", text);
	}
}

/* Of a type that promises better; no two alike. */
static void
answer_garbage(struct answer *a, struct faults *fs)
{
	char hex[33];

	snprintf(hex, sizeof(hex), "%llu", (unsigned long long)fs->noise++);
	for (int i = 0; i < 16; i++) {
		scenario_hex(hex, 2, str_of(hex), "garbage");
		for (size_t k = 0; k < 32; k++)
			buf_add_char(&a->body, (char)(hex[k] * 5 + (int)k * 3));
	}
}

static void
answer_instead(struct answer *a, const struct mock *m, const struct request *q,
    enum operation operation, const struct fault *f)
{
	int status = (int)f->status;

	if (f->throttle)
		answer_status(a, m, q, operation,
		    operation_is_ecs(operation) || operation_is_sts(operation)
			? 400
			: 429,
		    code_of(operation_is_ecs(operation), 429), "Rate exceeded");
	else if (status != 0)
		answer_status(
		    a, m, q, operation, status, f->code, "fault of the mock");
	else if (f->location != NULL)
		a->status = 302;
	if (f->garbage) {
		buf_clear(&a->body);
		answer_garbage(a, m->faults);
	}
	if (f->body != NULL) {
		buf_clear(&a->body);
		buf_add_text(&a->body, f->body);
	}
	if (f->location != NULL)
		answer_header(a, "Location", f->location);
	if (f->content_type != NULL) {
		snprintf(a->type_bytes, sizeof(a->type_bytes), "%s",
		    f->content_type);
		a->type = f->content_type[0] == '\0' ? NULL : a->type_bytes;
	}
}

static void
deliver_by(struct delivery *d, const struct fault *f)
{
	if (f->latency_ms != 0)
		d->delay_ms = (int64_t)f->latency_ms;
	if (f->drip_ms != 0)
		d->drip_ms = (int64_t)f->drip_ms;
	if (f->flood != 0)
		d->flood = f->flood;
	d->drop |= f->drop;
	d->truncate |= f->truncate;
}

bool
faults_act(struct answer *a, const struct mock *m, const struct request *q,
    enum operation operation)
{
	struct faults *fs = m->faults;
	const struct fault *instead = NULL;

	if (fs == NULL || operation == OPERATION_NONE)
		return false;
	for (size_t i = 0; i < fs->count; i++) {
		struct fault *f = &fs->all[i];

		if (!is_meant(f->operation, operation) || !is_due(f))
			continue;
		a->is_faulty = true;
		deliver_by(&a->delivery, f);
		if (replaces(f))
			instead = f;
	}
	/* A request that is hung up on was not heard. */
	if (instead == NULL)
		return a->delivery.drop;
	answer_instead(a, m, q, operation, instead);
	return true;
}
