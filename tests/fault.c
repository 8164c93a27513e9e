/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The names are the linker's: --wrap=malloc. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static _Thread_local size_t countdown;
static _Thread_local enum fault_mode mode;
static _Thread_local bool hit;
static atomic_size_t live;

void
fault_set(size_t n, enum fault_mode m)
{
	countdown = n;
	mode = m;
	hit = false;
}

bool
fault_was_hit(void)
{
	return hit;
}

size_t
fault_live(void)
{
	return atomic_load(&live);
}

static bool
fails(void)
{
	if (hit && mode == FAULT_ON)
		return true;
	if (countdown == 0 || --countdown > 0)
		return false;
	hit = true;
	return true;
}

static void *
count(void *p)
{
	if (p != NULL)
		atomic_fetch_add(&live, 1);
	return p;
}

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : count(__real_malloc(n));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : count(__real_calloc(n, size));
}

void *
__wrap_realloc(void *p, size_t n)
{
	if (fails())
		return NULL;
	return p == NULL ? count(__real_malloc(n)) : __real_realloc(p, n);
}

void
__wrap_free(void *p)
{
	if (p != NULL)
		atomic_fetch_sub(&live, 1);
	__real_free(p);
}

char *
__wrap_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = __wrap_malloc(len + 1);

	if (p == NULL)
		return NULL;
	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
__wrap_strdup(const char *s)
{
	return __wrap_strndup(s, strlen(s));
}
