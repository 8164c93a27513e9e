/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void add(struct problems *p, const char *where, const char *fmt,
    va_list ap) __attribute__((format(printf, 3, 0)));

static void
add(struct problems *p, const char *where, const char *fmt, va_list ap)
{
	size_t room = PROBLEM_MAX - strlen(where);
	char *text;
	int n;

	if (p->count++ >= PROBLEMS_MAX)
		return;
	text = p->text[p->count - 1];
	n = vsnprintf(text, room, fmt, ap);
	if (n < 0)
		text[0] = '\0';
	if (n >= 0 && (size_t)n >= room) {
		text[room - sizeof("...")] = '\0';
		utf8_trim(text);
		memcpy(text + strlen(text), "...", sizeof("..."));
	}
	memcpy(text + strlen(text), where, strlen(where) + 1);
}

void
problems_add(struct problems *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, "", fmt, ap);
	va_end(ap);
}

void
problems_add_at(struct problems *p, struct hcl_pos pos, const char *fmt, ...)
{
	char where[64];
	va_list ap;

	(void)snprintf(where, sizeof(where), " (line %u, column %u)", pos.line,
	    pos.column);
	va_start(ap, fmt);
	add(p, where, fmt, ap);
	va_end(ap);
}

size_t
problems_kept(const struct problems *p)
{
	return p->count < PROBLEMS_MAX ? p->count : PROBLEMS_MAX;
}

void
problems_join(struct buf *out, const struct problems *p)
{
	size_t i, kept = problems_kept(p);

	for (i = 0; i < kept; i++) {
		if (i > 0)
			buf_add_text(out, "; ");
		buf_add_text(out, p->text[i]);
	}
	if (p->count > kept)
		buf_addf(out, "; and %zu more", p->count - kept);
}
