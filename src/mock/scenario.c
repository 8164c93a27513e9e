/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/scenario.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Known to the scenario under this key: a task's name or its ID. */
struct scenario_slot {
	struct str key;
	const struct scenario_task *task;
};

static uint64_t
fnv64(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

uint32_t
scenario_number(struct str name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 16777619u;
	return h;
}

/* FNV alone would let IDs of "web-1" and "web-2" differ in few digits only. */
static uint64_t
mix(uint64_t h)
{
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 33;
}

void
scenario_hex(char *out, size_t n, struct str s, const char *salt)
{
	uint64_t h = fnv64(14695981039346656037u, str_of(salt));

	h = fnv64(h, s);
	for (size_t i = 0; i < n; i++)
		snprintf(out + 16 * i, 17, "%016" PRIx64, mix(h + i));
}

/* The slot that holds the key, or the free one where it belongs. */
static struct scenario_slot *
slot_of(const struct scenario *s, struct str key)
{
	size_t mask = s->slot_count - 1;
	size_t i = (size_t)mix(fnv64(14695981039346656037u, key)) & mask;

	while (s->slots[i].task != NULL && !str_eq(s->slots[i].key, key))
		i = (i + 1) & mask;
	return &s->slots[i];
}

int
scenario_index_init(struct scenario *s, size_t tasks, struct err *err)
{
	size_t count = 16;

	while (count < 4 * tasks)
		count *= 2;
	s->slots = arena_calloc(&s->arena, count, sizeof(*s->slots));
	if (s->slots == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	s->slot_count = count;
	return ERR_OK;
}

const struct scenario_task *
scenario_index_add(struct scenario *s, const struct scenario_task *t)
{
	struct scenario_slot *slot = slot_of(s, t->id);

	if (slot->task != NULL)
		return slot->task;
	slot = slot_of(s, t->name);
	if (slot->task != NULL)
		return slot->task;
	*slot = (struct scenario_slot){ t->name, t };
	slot = slot_of(s, t->id);
	*slot = (struct scenario_slot){ t->id, t };
	return NULL;
}

const struct scenario_task *
scenario_task_find(const struct scenario *s, struct str key)
{
	return slot_of(s, key)->task;
}

const struct scenario_container *
scenario_container_find(const struct scenario_task *t, struct str key)
{
	const struct scenario_container *c = t->definition->containers;
	uint64_t number;
	bool numeric = str_to_u64(&number, key);

	for (size_t i = 0; i < t->definition->container_count; i++) {
		if (str_eq(c[i].name, key))
			return &c[i];
	}
	for (size_t i = 0; i < t->definition->container_count; i++) {
		if (numeric && c[i].number == number)
			return &c[i];
	}
	return NULL;
}

void
scenario_free(struct scenario *s)
{
	if (s == NULL)
		return;
	arena_release(&s->arena);
	free(s);
}
