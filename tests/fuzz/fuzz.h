/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what every fuzz target needs; fuzz.mk says how to add one
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

/*
 * The target: any bytes, no crash, no hang, no leak, no broken promise.
 * Always 0.  Data of no bytes has a valid pointer.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of the code under test; also holds with NDEBUG. */
#define FUZZ_CHECK(cond)                                                       \
	do {                                                                   \
		if (!(cond)) {                                                 \
			(void)fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, \
			    __LINE__, #cond);                                  \
			abort();                                               \
		}                                                              \
	} while (0)

static inline struct str
fuzz_str(const uint8_t *data, size_t size)
{
	return (struct str){ (const char *)data, size };
}

#endif
