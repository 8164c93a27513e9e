/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail.h - how the fake host says that something is not as it must be
 *
 * A test program hangs Check's abort behind fail_hook; a benchmark leaves it
 * NULL and ends with the sentence on standard error.
 */
#ifndef HOST_FAIL_H
#define HOST_FAIL_H

#include <stdint.h>

typedef void fail_fn(const char *file, int line, const char *text);
extern fail_fn *fail_hook;

void fail_at(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), noreturn));

#define FAIL(...) fail_at(__FILE__, __LINE__, __VA_ARGS__)
#define NEED(condition, ...)               \
	do {                               \
		if (!(condition))          \
			FAIL(__VA_ARGS__); \
	} while (0)

/* malloc that does not return NULL; zeroed. */
void *need_alloc(uint64_t bytes);

/*
 * A bound for this build: sanitizers make everything slower, so that bounds
 * written for a plain build are stretched.
 */
int patience(int ms);

/* Milliseconds of a clock that does not jump. */
int64_t now_ms(void);

#endif
