/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is freed all at once
 *
 * One per attestation, one per parsed configuration.  The whole is wiped when
 * it is released, since an agent's credentials pass through it.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used; /* bytes handed out, the ceiling's measure */
	size_t max;
};

void arena_init(struct arena *a, size_t max);
void arena_release(struct arena *a); /* the arena can be used again */

/* Zeroed and aligned for any type; NULL at the ceiling or without memory. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_calloc(struct arena *a, size_t count, size_t size);

/* A copy with a NUL behind it; p is NULL on failure, never else. */
struct str arena_dup(struct arena *a, struct str s);

/* printf into the arena; p is NULL on failure. */
struct str arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
