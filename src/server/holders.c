/* SPDX-License-Identifier: Apache-2.0 */
#include "server/holders.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "task/agent_id.h"

struct holder {
	uint16_t id_n, task_n;
	char id[AGENT_ID_MAX];
	char task[HOLDER_TASK_MAX];
};

/* Searched from end to end: what is looked at first lies close together. */
struct holders {
	uint64_t hash[HOLDERS_MAX];
	uint64_t used[HOLDERS_MAX]; /* when, of uses; 0: free */
	uint64_t uses;
	struct holder table[HOLDERS_MAX];
	char before[HOLDER_TASK_MAX];
};

int
holders_new(struct holders **holdersp, struct err *err)
{
	struct holders *holders = calloc(1, sizeof(*holders));

	if (holders == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	*holdersp = holders;
	return ERR_OK;
}

void
holders_free(struct holders *holders)
{
	free(holders);
}

static struct str
id_of(const struct holder *holder)
{
	return (struct str){ holder->id, holder->id_n };
}

/* HOLDERS_MAX if it is not there. */
static size_t
find(const struct holders *holders, struct str agent_id, uint64_t h)
{
	size_t i;

	for (i = 0; i < HOLDERS_MAX; i++)
		if (holders->hash[i] == h &&
		    str_eq(id_of(&holders->table[i]), agent_id))
			break;
	return i;
}

static size_t
least_used(const struct holders *holders)
{
	size_t i, least = 0;

	for (i = 1; i < HOLDERS_MAX; i++)
		if (holders->used[i] < holders->used[least])
			least = i;
	return least;
}

/* Its task outlives the one who takes its place. */
static struct str
use(struct holders *holders, size_t i)
{
	const struct holder *holder = &holders->table[i];

	holders->used[i] = ++holders->uses;
	memcpy(holders->before, holder->task, holder->task_n);
	return (struct str){ holders->before, holder->task_n };
}

struct str
holders_find(struct holders *holders, struct str agent_id)
{
	size_t i = find(holders, agent_id, str_hash(agent_id));

	return i < HOLDERS_MAX ? use(holders, i) : STR("");
}

struct str
holders_take(struct holders *holders, struct str agent_id, struct str task)
{
	uint64_t h = str_hash(agent_id);
	size_t i = find(holders, agent_id, h);
	struct str before = STR("");
	struct holder *holder;

	assert(agent_id.n > 0 && agent_id.n <= AGENT_ID_MAX);
	assert(task.n > 0 && task.n <= HOLDER_TASK_MAX);
	if (i == HOLDERS_MAX) {
		i = least_used(holders);
		holder = &holders->table[i];
		holders->hash[i] = h;
		holders->used[i] = ++holders->uses;
		holder->id_n = (uint16_t)agent_id.n;
		memcpy(holder->id, agent_id.p, agent_id.n);
	} else {
		holder = &holders->table[i];
		before = use(holders, i);
	}
	holder->task_n = (uint16_t)task.n;
	memcpy(holder->task, task.p, task.n);
	return str_eq(before, task) ? STR("") : before;
}
