/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { FIRST_CAP = 256 };

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_release(struct buf *b)
{
	free(b->p);
	buf_init(b, b->max);
}

void
buf_wipe(struct buf *b)
{
	if (b->p != NULL)
		secret_wipe(b->p, b->cap);
	buf_release(b);
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->code = ERR_OK;
}

/* Room for n more bytes.  The spare byte for a NUL is not in max. */
static bool
reserve(struct buf *b, size_t n)
{
	size_t cap;
	char *p;

	if (b->code != ERR_OK)
		return false;
	if (n > b->max || b->n > b->max - n) {
		b->code = ERR_TOOBIG;
		return false;
	}
	if (b->n + n < b->cap)
		return true;
	cap = b->cap == 0 ? FIRST_CAP : b->cap * 2;
	if (cap < b->n + n + 1)
		cap = b->n + n + 1;
	if (cap > b->max + 1)
		cap = b->max + 1;
	p = malloc(cap);
	if (p == NULL) {
		b->code = ERR_MEMORY;
		return false;
	}
	if (b->n > 0)
		memcpy(p, b->p, b->n);
	if (b->p != NULL)
		secret_wipe(b->p, b->n);
	free(b->p);
	b->p = p;
	b->cap = cap;
	return true;
}

void
buf_reserve(struct buf *b, size_t n)
{
	(void)reserve(b, n);
}

void
buf_add(struct buf *b, struct str s)
{
	if (s.n == 0 || !reserve(b, s.n))
		return;
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

void
buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, str_of(text));
}

void
buf_add_char(struct buf *b, char c)
{
	buf_add(b, (struct str){ &c, 1 });
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

int
buf_check(const struct buf *b, struct err *err)
{
	if (b->code == ERR_TOOBIG)
		return err_set(err, ERR_TOOBIG, "more than %zu bytes", b->max);
	if (b->code != ERR_OK)
		return err_set(err, b->code, "%s", err_text(b->code));
	return ERR_OK;
}

struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

const char *
buf_text(struct buf *b)
{
	if (b->code != ERR_OK || !reserve(b, 0))
		return NULL;
	b->p[b->n] = '\0';
	return b->p;
}
