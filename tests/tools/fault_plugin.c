/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_plugin.c - allocations of a plugin's own objects, failing as told
 *
 * Linked with --wrap for each of the names below, which are the linker's; what
 * shared libraries allocate is left alone.  Any thread.
 */
#include <errno.h>
#include <execinfo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tools/fault_page.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t count, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
char *__wrap_strdup(const char *s);

extern const char __executable_start[];

static struct fault_page *page;

static __attribute__((constructor)) void
find_page(void)
{
	const char *fd = getenv(FAULT_PAGE);
	void *p;

	if (fd == NULL)
		return;
	p = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED,
	    (int)strtol(fd, NULL, 10), 0);
	if (p == MAP_FAILED)
		abort();
	page = p;
}

static void
note_where(void)
{
	void *frames[FAULT_FRAMES];
	const int n = backtrace(frames, FAULT_FRAMES);
	int i;

	for (i = 0; i < n; i++)
		page->where[i] = (uintptr_t)frames[i] -
				 (uintptr_t)__executable_start;
}

/* As libc: errno says so. */
static bool
fails(void)
{
	unsigned long left;

	if (page == NULL)
		return false;
	if (!(atomic_load(&page->rest) && atomic_load(&page->hits) > 0)) {
		left = atomic_load(&page->next);
		do {
			if (left == 0)
				return false;
		} while (!atomic_compare_exchange_weak(
		    &page->next, &left, left - 1));
		if (left != 1)
			return false;
	}
	if (atomic_fetch_add(&page->hits, 1) == 0)
		note_where();
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *
__wrap_reallocarray(void *p, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, count, size);
}

char *
__wrap_strdup(const char *s)
{
	const size_t n = strlen(s) + 1;
	char *p = __wrap_malloc(n);

	return p == NULL ? NULL : memcpy(p, s, n);
}
