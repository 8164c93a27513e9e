/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "mock/writer.h"

void
error_request_id(struct answer *a, const struct mock *m,
    const struct request *q, char out[REQUEST_ID_SIZE])
{
	sessions_request_id(out, m->sessions, q->now_us);
	answer_header(a, "x-amzn-RequestId", out);
}

bool
error_wants_json(const struct request *q)
{
	struct str rest = request_header(q, "Accept"), part;

	while (rest.n > 0) {
		part = str_cut(&rest, rest, ',');
		part = str_trim(str_cut(&(struct str){ 0 }, part, ';'));
		if (str_eq_nocase(part, STR("application/json")))
			return true;
	}
	return false;
}

static void
set_code(struct answer *a, int status, const char *code)
{
	a->status = status;
	buf_clear(&a->body);
	snprintf(a->code, sizeof(a->code), "%s", code);
}

void
sts_error(struct answer *a, const struct mock *m, const struct request *q,
    int status, const char *code, const char *fmt, ...)
{
	bool xml = !error_wants_json(q);
	char id[REQUEST_ID_SIZE], text[ERROR_TEXT_MAX];
	struct writer w;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	set_code(a, status, code);
	error_request_id(a, m, q, id);
	a->type = xml ? "text/xml" : "application/json";
	writer_init(&w, &a->body, xml);
	if (xml) {
		buf_add_text(&a->body,
		    "<ErrorResponse "
		    "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n");
		w.depth++;
	} else {
		writer_open(&w, NULL);
	}
	writer_open(&w, "Error");
	writer_text(&w, "Type", status < 500 ? "Sender" : "Receiver");
	writer_text(&w, "Code", code);
	writer_text(&w, "Message", text);
	writer_close(&w, "Error");
	writer_text(&w, "RequestId", id);
	writer_close(&w, "ErrorResponse");
}

void
ecs_error(struct answer *a, const struct mock *m, const struct request *q,
    int status, const char *code, const char *fmt, ...)
{
	char id[REQUEST_ID_SIZE], text[ERROR_TEXT_MAX];
	struct writer w;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	set_code(a, status, code);
	error_request_id(a, m, q, id);
	answer_header(a, "x-amzn-ErrorType", code);
	a->type = "application/x-amz-json-1.1";
	writer_init(&w, &a->body, false);
	writer_open(&w, NULL);
	writer_text(&w, "__type", code);
	writer_text(&w, "message", text);
	writer_close(&w, NULL);
}
