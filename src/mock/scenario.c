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

void
scenario_uuid(char out[SCENARIO_UUID_SIZE], struct str s, const char *salt)
{
	char hex[33];

	scenario_hex(hex, 2, s, salt);
	snprintf(out, SCENARIO_UUID_SIZE, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex,
	    hex + 8, hex + 12, hex + 15, hex + 18);
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
scenario_index_reserve(struct scenario *s, size_t tasks, struct err *err)
{
	struct scenario_slot *old = s->slots;
	size_t old_count = s->slot_count, count = 16;

	while (count < 6 * tasks)
		count *= 2;
	if (count <= old_count)
		return ERR_OK;
	s->slots = calloc(count, sizeof(*s->slots));
	if (s->slots == NULL) {
		s->slots = old;
		return err_set(err, ERR_MEMORY, "out of memory");
	}
	s->slot_count = count;
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].task != NULL)
			*slot_of(s, old[i].key) = old[i];
	}
	free(old);
	return ERR_OK;
}

int
scenario_task_derive(
    struct scenario *s, struct scenario_task *t, struct err *err)
{
	struct str path, eni;
	char uuid[SCENARIO_UUID_SIZE], hex[33];

	scenario_uuid(uuid, t->arn, "credentials");
	scenario_hex(hex, 2, t->arn, "interface");
	path = arena_printf(&s->arena, "/v2/credentials/%s", uuid);
	eni = arena_printf(&s->arena, "eni-0%.16s", hex);
	if (path.p == NULL || eni.p == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	t->credentials_path = path;
	t->network_interface = eni;
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
	if (t->credentials_path.n > 0) {
		slot = slot_of(s, t->credentials_path);
		*slot = (struct scenario_slot){ t->credentials_path, t };
	}
	return NULL;
}

const struct scenario_task *
scenario_task_find(const struct scenario *s, struct str key)
{
	return slot_of(s, key)->task;
}

struct scenario_task *
scenario_task_edit(struct scenario *s, const struct scenario_task *t)
{
	return &s->tasks[t - s->tasks];
}

/* A path begins with a '/', which no name and no ID has. */
const struct scenario_task *
scenario_credentials_find(const struct scenario *s, struct str path)
{
	return str_starts(path, "/") ? slot_of(s, path)->task : NULL;
}

const struct scenario_role *
scenario_role_find(
    const struct scenario *s, struct str account, struct str name)
{
	for (size_t i = 0; i < s->role_count; i++) {
		if (str_eq(s->roles[i].account->id, account) &&
		    str_eq_nocase(s->roles[i].name, name))
			return &s->roles[i];
	}
	return NULL;
}

const struct scenario_role_ref *
scenario_task_role(const struct scenario_task *t)
{
	if (t->role.name.n > 0)
		return &t->role;
	return t->definition->task_role.name.n > 0 ? &t->definition->task_role
						   : NULL;
}

bool
scenario_has_region(const struct scenario *s, struct str region)
{
	for (size_t i = 0; i < s->cluster_count; i++) {
		if (str_eq(s->clusters[i].region, region))
			return true;
	}
	return false;
}

void
scenario_role_arn(char out[SCENARIO_ROLE_ARN_SIZE],
    const struct scenario_role_ref *ref, const struct scenario_account *home)
{
	struct str partition =
	    ref->partition.n > 0 ? ref->partition : home->partition;
	struct str account = ref->account.n > 0 ? ref->account : home->id;

	snprintf(out, SCENARIO_ROLE_ARN_SIZE, "arn:%.*s:iam::%.*s:role%.*s%.*s",
	    STR_FMT(partition), STR_FMT(account), STR_FMT(ref->path),
	    STR_FMT(ref->name));
}

int64_t
scenario_created_us(const struct scenario *s, const struct scenario_task *t)
{
	return t->created_us != 0 ? t->created_us
				  : s->born_us - 25 * 1000 * 1000;
}

int64_t
scenario_started_us(const struct scenario *s, const struct scenario_task *t)
{
	return t->started_us != 0 ? t->started_us : s->born_us;
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
	free(s->tasks);
	free(s->slots);
	arena_release(&s->arena);
	free(s);
}
