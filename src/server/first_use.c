/* SPDX-License-Identifier: Apache-2.0 */
#include "server/first_use.h"

#include <stdlib.h>

enum { PROBES = 32 };

/*
 * until_ms 0: free; INT64_MAX: being decided on.  Two IDs of one hash only
 * wait for each other.
 */
struct lock {
	uint64_t hash;
	int64_t until_ms;
};

struct first_use {
	struct lock table[FIRST_USE_MAX];
};

int
first_use_new(struct first_use **firstp, struct err *err)
{
	struct first_use *first = calloc(1, sizeof(*first));

	if (first == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	*firstp = first;
	return ERR_OK;
}

void
first_use_free(struct first_use *first)
{
	free(first);
}

/*
 * The i-th place of a hash.  Steps of their own length, odd: no runs grow, and
 * a table that is mostly full still has room for each.
 */
static struct lock *
place(struct first_use *first, uint64_t h, size_t i)
{
	return &first->table[(h + i * (h >> 32 | 1)) % FIRST_USE_MAX];
}

static struct lock *
find(struct first_use *first, uint64_t h)
{
	size_t i;

	for (i = 0; i < PROBES; i++) {
		struct lock *lock = place(first, h, i);

		if (lock->until_ms != 0 && lock->hash == h)
			return lock;
	}
	return NULL;
}

bool
first_use_lock(struct first_use *first, struct str agent_id, int64_t now_ms)
{
	uint64_t h = str_hash(agent_id);
	struct lock *lock = find(first, h);
	size_t i;

	if (lock != NULL && lock->until_ms > now_ms)
		return false;
	for (i = 0; lock == NULL && i < PROBES; i++) {
		struct lock *at = place(first, h, i);

		if (at->until_ms <= now_ms)
			lock = at;
	}
	if (lock == NULL)
		return false;
	*lock = (struct lock){ h, INT64_MAX };
	return true;
}

void
first_use_keep(struct first_use *first, struct str agent_id, int64_t now_ms)
{
	struct lock *lock = find(first, str_hash(agent_id));

	if (lock != NULL)
		lock->until_ms = now_ms + FIRST_USE_KEEP_MS;
}

void
first_use_drop(struct first_use *first, struct str agent_id)
{
	struct lock *lock = find(first, str_hash(agent_id));

	if (lock != NULL)
		lock->until_ms = 0;
}
