/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats.c - Docker's statistics of a task's containers
 *
 * The figures grow with the time that the task has been running; a container
 * that does not run has none.
 */
#include <json-c/json.h>
#include <stdio.h>

#include "base/clock.h"
#include "mock/metadata.h"

enum { MIB = 1024 * 1024, NS_PER_US = 1000 };
#define SECOND_US ((int64_t)1000 * 1000)

/* Takes value. */
static void
add(struct json_object *o, const char *key, struct json_object *value)
{
	if (value == NULL || json_object_object_add(o, key, value) != 0)
		json_object_put(value);
}

static void
add_int(struct json_object *o, const char *key, int64_t n)
{
	add(o, key, json_object_new_int64(n));
}

static void
add_time(struct json_object *o, const char *key, int64_t us)
{
	char stamp[CLOCK_STAMP_SIZE];

	clock_stamp(stamp, us);
	add(o, key, json_object_new_string(stamp));
}

static struct json_object *
cpu_new(int64_t age_us)
{
	struct json_object *o = json_object_new_object();
	struct json_object *usage = json_object_new_object();

	add_int(usage, "total_usage", age_us * NS_PER_US / 100);
	add_int(usage, "usage_in_kernelmode", age_us * NS_PER_US / 500);
	add_int(usage, "usage_in_usermode", age_us * NS_PER_US / 125);
	add(o, "cpu_usage", usage);
	add_int(o, "system_cpu_usage", 2 * age_us * NS_PER_US);
	add_int(o, "online_cpus", 2);
	return o;
}

static struct json_object *
memory_new(const struct scenario_container *c)
{
	struct json_object *o = json_object_new_object();
	int64_t limit = c->memory == 0 ? 512 : (int64_t)c->memory;

	add_int(o, "usage", (int64_t)24 * MIB);
	add_int(o, "max_usage", (int64_t)32 * MIB);
	add_int(o, "limit", limit * MIB);
	return o;
}

static struct json_object *
networks_new(int64_t age_us)
{
	struct json_object *o = json_object_new_object();
	struct json_object *eth1 = json_object_new_object();

	add_int(eth1, "rx_bytes", age_us / 1000);
	add_int(eth1, "rx_packets", age_us / SECOND_US);
	add_int(eth1, "tx_bytes", age_us / 2000);
	add_int(eth1, "tx_packets", age_us / SECOND_US);
	add(o, "eth1", eth1);
	return o;
}

/* JSON's null for one that does not run. */
static struct json_object *
container_new(const struct scenario *s, const struct scenario_task *t,
    const struct scenario_container *c, int64_t now_us)
{
	int64_t age_us = now_us - scenario_started_us(s, t);
	struct json_object *o;

	if (!str_is(t->status, "RUNNING"))
		return NULL;
	if (age_us < 0)
		age_us = 0;
	o = json_object_new_object();
	add_time(o, "read", now_us);
	add_time(o, "preread", now_us - SECOND_US);
	add_int(o, "num_procs", 0);
	add(o, "cpu_stats", cpu_new(age_us));
	add(o, "precpu_stats",
	    cpu_new(age_us < SECOND_US ? 0 : age_us - SECOND_US));
	add(o, "memory_stats", memory_new(c));
	add(o, "name", json_object_new_string_len(c->name.p, (int)c->name.n));
	add(o, "networks", networks_new(age_us));
	return o;
}

static int
write_out(struct buf *out, struct json_object *o, struct err *err)
{
	buf_add_text(out,
	    json_object_to_json_string_ext(o,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return buf_check(out, err);
}

int
stats_container(struct buf *out, const struct scenario *s,
    const struct scenario_task *t, const struct scenario_container *c,
    int64_t now_us, struct err *err)
{
	return write_out(out, container_new(s, t, c, now_us), err);
}

int
stats_task(struct buf *out, const struct scenario *s,
    const struct scenario_task *t, int64_t now_us, struct err *err)
{
	const struct scenario_definition *d = t->definition;
	struct json_object *o = json_object_new_object();
	char key[128];

	if (o == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < d->container_count; i++) {
		struct json_object *v =
		    container_new(s, t, &d->containers[i], now_us);

		(void)snprintf(key, sizeof(key), "%.*s-%u", STR_FMT(t->id),
		    (unsigned)d->containers[i].number);
		if (json_object_object_add(o, key, v) != 0)
			json_object_put(v);
	}
	return write_out(out, o, err);
}
