/* SPDX-License-Identifier: Apache-2.0 */
#include "host/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SLOWER 8
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SLOWER 8
#endif
#endif
#ifndef SLOWER
#define SLOWER 1
#endif

fail_fn *fail_hook;

void
fail_at(const char *file, int line, const char *fmt, ...)
{
	static char text[16384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (fail_hook != NULL)
		fail_hook(file, line, text);
	fprintf(stderr, "%s:%d: %s\n", file, line, text);
	exit(99);
}

void *
need_alloc(uint64_t bytes)
{
	void *p = calloc(1, bytes > 0 ? bytes : 1);

	NEED(p != NULL, "no memory for %llu bytes", (unsigned long long)bytes);
	return p;
}

int
patience(int ms)
{
	return ms * SLOWER;
}

int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
