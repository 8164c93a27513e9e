/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { ALIGN = _Alignof(max_align_t), BLOCK = 2048 };

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	_Alignas(max_align_t) char data[];
};

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){ .max = max };
}

void
arena_release(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->blocks; b != NULL; b = next) {
		next = b->next;
		secret_wipe(b->data, b->used);
		free(b);
	}
	arena_init(a, a->max);
}

static struct arena_block *
grow(struct arena *a, size_t n)
{
	size_t cap = n > BLOCK ? n : BLOCK;
	struct arena_block *b = malloc(sizeof(*b) + cap);

	if (b == NULL)
		return NULL;
	b->used = 0;
	b->cap = cap;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;
	void *p;

	if (n > a->max || a->used > a->max - n)
		return NULL;
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (b == NULL || n > b->cap - b->used)
		b = grow(a, n);
	if (b == NULL)
		return NULL;
	p = b->data + b->used;
	b->used += n;
	a->used += n;
	return memset(p, 0, n);
}

void *
arena_calloc(struct arena *a, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	return arena_alloc(a, count * size);
}

struct str
arena_dup(struct arena *a, struct str s)
{
	char *p = s.n == SIZE_MAX ? NULL : arena_alloc(a, s.n + 1);

	if (p == NULL)
		return (struct str){ NULL, 0 };
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

struct str
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){ p, (size_t)n };
}
