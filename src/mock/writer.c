/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/writer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SECOND_US = 1000 * 1000, PRINT_MAX = 1024 };

void
writer_init(struct writer *w, struct buf *out, bool xml)
{
	*w = (struct writer){ .out = out, .xml = xml };
}

static void
add_json(struct buf *b, struct str s)
{
	size_t from = 0;

	buf_add_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, str_sub(s, from, i - from));
		if (c < 0x20)
			buf_addf(b, "\\u%04x", c);
		else
			buf_addf(b, "\\%c", c);
		from = i + 1;
	}
	buf_add(b, str_sub(s, from, s.n - from));
	buf_add_char(b, '"');
}

static void
add_xml(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '<')
			buf_add_text(b, "&lt;");
		else if (s.p[i] == '>')
			buf_add_text(b, "&gt;");
		else if (s.p[i] == '&')
			buf_add_text(b, "&amp;");
		else
			buf_add_char(b, s.p[i]);
	}
}

static void
indent(struct writer *w)
{
	for (unsigned i = 0; i < w->depth; i++)
		buf_add_text(w->out, "  ");
}

/* What stands before a value. */
static void
begin(struct writer *w, const char *key)
{
	if (w->xml) {
		indent(w);
		buf_addf(w->out, "<%s>", key);
		return;
	}
	if (w->comma)
		buf_add_char(w->out, ',');
	w->comma = true;
	if (key != NULL) {
		buf_add_char(w->out, '"');
		buf_add_text(w->out, key);
		buf_add_text(w->out, "\":");
	}
}

/* What stands behind one that is no object. */
static void
end(struct writer *w, const char *key)
{
	if (w->xml)
		buf_addf(w->out, "</%s>\n", key);
}

void
writer_open(struct writer *w, const char *key)
{
	begin(w, key);
	buf_add_char(w->out, w->xml ? '\n' : '{');
	w->comma = false;
	w->depth++;
}

void
writer_close(struct writer *w, const char *key)
{
	w->depth--;
	if (w->xml) {
		indent(w);
		buf_addf(w->out, "</%s>\n", key);
	} else {
		buf_add_char(w->out, '}');
	}
	w->comma = true;
}

void
writer_open_list(struct writer *w, const char *key)
{
	begin(w, key);
	buf_add_char(w->out, '[');
	w->comma = false;
}

void
writer_close_list(struct writer *w)
{
	buf_add_char(w->out, ']');
	w->comma = true;
}

void
writer_str(struct writer *w, const char *key, struct str s)
{
	begin(w, key);
	if (w->xml)
		add_xml(w->out, s);
	else
		add_json(w->out, s);
	end(w, key);
}

void
writer_text(struct writer *w, const char *key, const char *text)
{
	writer_str(w, key, str_of(text));
}

void
writer_print(struct writer *w, const char *key, const char *fmt, ...)
{
	char text[PRINT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	writer_text(w, key, text);
}

void
writer_int(struct writer *w, const char *key, int64_t n)
{
	begin(w, key);
	buf_addf(w->out, "%" PRId64, n);
	end(w, key);
}

void
writer_bool(struct writer *w, const char *key, bool is_true)
{
	begin(w, key);
	buf_add_text(w->out, is_true ? "true" : "false");
	end(w, key);
}

void
writer_null(struct writer *w, const char *key)
{
	if (w->xml)
		return;
	begin(w, key);
	buf_add_text(w->out, "null");
}

static void
trim_zeros(char *text)
{
	size_t n = strlen(text);

	while (n > 1 && text[n - 1] == '0' && text[n - 2] != '.')
		text[--n] = '\0';
}

void
writer_time(struct writer *w, const char *key, int64_t us)
{
	char text[40];

	snprintf(text, sizeof(text), "%" PRId64 ".%03d", us / SECOND_US,
	    (int)(us % SECOND_US / 1000));
	trim_zeros(text);
	begin(w, key);
	buf_add_text(w->out, text);
	end(w, key);
}

void
writer_time_scientific(struct writer *w, const char *key, int64_t us)
{
	int64_t s = us / SECOND_US, billion = 1000 * 1000 * 1000;
	char text[40];

	snprintf(text, sizeof(text), "%" PRId64 ".%09" PRId64, s / billion,
	    s % billion);
	trim_zeros(text);
	begin(w, key);
	buf_addf(w->out, "%sE9", text);
	end(w, key);
}
