/* SPDX-License-Identifier: Apache-2.0 */
#include "server/holders.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct holder {
	uint64_t id_hash;
	uint16_t n;
	char task[HOLDER_TASK_MAX];
};

struct holders {
	struct holder table[HOLDERS_MAX];
	char before[HOLDER_TASK_MAX];
};

int
holders_new(struct holders **holdersp, struct err *err)
{
	struct holders *holders = calloc(1, sizeof(*holders));

	if (holders == NULL)
		return err_set(err, ERR_MEMORY, "no memory for the agent IDs");
	*holdersp = holders;
	return ERR_OK;
}

void
holders_free(struct holders *holders)
{
	free(holders);
}

/* FNV-1a: a collision costs a wrong warning, no more */
static uint64_t
hash(struct str s)
{
	uint64_t h = 14695981039346656037U;
	size_t i;

	for (i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211U;
	return h;
}

struct str
holders_find(struct holders *holders, struct str agent_id)
{
	uint64_t h = hash(agent_id);
	const struct holder *slot = &holders->table[h % HOLDERS_MAX];
	struct str found = { holders->before, 0 };

	if (slot->n > 0 && slot->id_hash == h) {
		memcpy(holders->before, slot->task, slot->n);
		found.n = slot->n;
	}
	return found;
}

struct str
holders_take(struct holders *holders, struct str agent_id, struct str held_by)
{
	uint64_t h = hash(agent_id);
	struct holder *slot = &holders->table[h % HOLDERS_MAX];
	struct str task = str_sub(held_by, 0, HOLDER_TASK_MAX);
	struct str before = { holders->before, 0 };

	if (slot->n > 0 && slot->id_hash == h) {
		memcpy(holders->before, slot->task, slot->n);
		before.n = slot->n;
	}
	slot->id_hash = h;
	slot->n = (uint16_t)task.n;
	memcpy(slot->task, task.p, task.n);
	if (str_eq(before, task))
		before.n = 0;
	return before;
}
