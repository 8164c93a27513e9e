/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - make the n-th allocation fail
 *
 * For programs linked with $(FAULT_LINK), which sends the allocations of our
 * archives through here; those inside shared libraries are left alone.  Each
 * thread's allocations fail as that thread has set.
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum fault_mode {
	FAULT_ONCE, /* one allocation fails */
	FAULT_ON,   /* and all behind it */
};

/* The n-th allocation from now on fails; 1 is the next, 0 is none. */
void fault_set(size_t n, enum fault_mode mode);

/* Whether an allocation has failed since fault_set(). */
bool fault_was_hit(void);

/* Blocks allocated and not freed, by any thread. */
size_t fault_live(void);

#endif
