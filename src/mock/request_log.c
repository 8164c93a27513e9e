/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/request_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mock/writer.h"

enum { ENTRY_MAX = 8 * 1024 };

/* As it is shown. */
struct entry {
	uint64_t number;
	enum operation operation;
	size_t n;
	char text[];
};

struct counts {
	uint64_t requests, errors, faults;
};

struct request_log {
	struct entry *ring[REQUEST_LOG_MAX]; /* by number; or NULL */
	uint64_t next, first;
	struct counts counts[OPERATION_COUNT];
	struct buf scratch;
};

int
request_log_new(struct request_log **logp, struct err *err)
{
	struct request_log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	log->first = log->next = 1;
	buf_init(&log->scratch, ENTRY_MAX);
	*logp = log;
	return ERR_OK;
}

void
request_log_free(struct request_log *log)
{
	if (log == NULL)
		return;
	request_log_clear(log);
	buf_release(&log->scratch);
	free(log);
}

void
request_log_clear(struct request_log *log)
{
	for (size_t i = 0; i < REQUEST_LOG_MAX; i++) {
		free(log->ring[i]);
		log->ring[i] = NULL;
	}
	log->first = log->next;
	memset(log->counts, 0, sizeof(log->counts));
}

/* Foreign bytes: what is not printable ASCII becomes '?'. */
static void
write_foreign(struct writer *w, const char *key, struct str s)
{
	char text[REQUEST_LOG_BODY_MAX + 1];

	writer_text(w, key, str_clean(text, sizeof(text), s));
}

static void
write_entry(struct buf *out, uint64_t number, const char *operation,
    const struct request *q, const struct answer *a)
{
	char stamp[CLOCK_STAMP_SIZE];
	struct writer w;

	clock_stamp(stamp, q->now_us);
	writer_init(&w, out, false);
	writer_open(&w, NULL);
	writer_int(&w, "number", (int64_t)number);
	writer_text(&w, "time", stamp);
	writer_text(&w, "operation", operation);
	writer_str(&w, "method", q->method_name);
	write_foreign(&w, "path", q->path);
	writer_int(&w, "status", a->delivery.drop ? 0 : a->status);
	if (a->code[0] != '\0')
		writer_text(&w, "code", a->code);
	if (a->is_faulty)
		writer_bool(&w, "fault", true);
	if (a->access_key_id[0] != '\0')
		writer_text(&w, "accessKeyId", a->access_key_id);
	if (q->body.n > 0)
		write_foreign(&w, "body", q->body);
	writer_close(&w, NULL);
}

void
request_log_add(struct request_log *log, enum operation operation,
    const struct request *q, const struct answer *a)
{
	struct counts *counts = &log->counts[operation];
	struct entry **slot = &log->ring[log->next % REQUEST_LOG_MAX];
	struct str text;

	counts->requests++;
	counts->errors += a->status >= 400;
	counts->faults += a->is_faulty;
	buf_clear(&log->scratch);
	write_entry(
	    &log->scratch, log->next, operation_name(operation), q, a);
	text = buf_str(&log->scratch);
	free(*slot);
	*slot = NULL;
	if (buf_check(&log->scratch, NULL) == ERR_OK)
		*slot = malloc(sizeof(**slot) + text.n);
	if (*slot != NULL) {
		(*slot)->number = log->next;
		(*slot)->operation = operation;
		(*slot)->n = text.n;
		memcpy((*slot)->text, text.p, text.n);
	}
	log->next++;
	if (log->next - log->first > REQUEST_LOG_MAX)
		log->first++;
}

static bool
is_meant(const struct entry *e, const struct request_log_filter *f)
{
	if (e == NULL || e->number <= f->after)
		return false;
	if (f->operation == OPERATION_STS)
		return operation_is_sts(e->operation);
	if (f->operation == OPERATION_ECS)
		return operation_is_ecs(e->operation);
	return f->operation == OPERATION_NONE || f->operation == e->operation;
}

void
request_log_format(const struct request_log *log, struct buf *out,
    const struct request_log_filter *filter)
{
	uint64_t from = log->next, n = 0;
	bool comma = false;

	while (from > log->first && (filter->limit == 0 || n < filter->limit)) {
		from--;
		n += is_meant(log->ring[from % REQUEST_LOG_MAX], filter);
	}
	buf_add_char(out, '[');
	for (; from < log->next; from++) {
		const struct entry *e = log->ring[from % REQUEST_LOG_MAX];

		if (!is_meant(e, filter))
			continue;
		if (comma)
			buf_add_text(out, ",\n");
		buf_add(out, (struct str){ e->text, e->n });
		comma = true;
	}
	buf_add_char(out, ']');
}

void
request_log_format_counts(const struct request_log *log, struct buf *out)
{
	struct writer w;

	writer_init(&w, out, false);
	writer_open(&w, NULL);
	for (int i = OPERATION_NONE + 1; i < OPERATION_COUNT; i++) {
		const struct counts *c = &log->counts[i];

		writer_open(&w, operation_name((enum operation)i));
		writer_int(&w, "requests", (int64_t)c->requests);
		writer_int(&w, "errors", (int64_t)c->errors);
		writer_int(&w, "faults", (int64_t)c->faults);
		writer_close(&w, operation_name((enum operation)i));
	}
	writer_close(&w, NULL);
}
