/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario.h - the AWS that the mock plays: accounts, clusters, tasks
 *
 * A scenario owns everything in it, all strings included; it is read once and
 * only looked at after that.  Every part has passed the grammar that AWS has
 * for it, so that the documents and ARNs made of it need no escaping.
 */
#ifndef MOCK_SCENARIO_H
#define MOCK_SCENARIO_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "task/metadata.h"

enum {
	SCENARIO_BYTES_MAX = 16 * 1024 * 1024, /* of a file */
	SCENARIO_TASKS_MAX = 100 * 1000,
	SCENARIO_TAGS_MAX = 50,       /* AWS's limit */
	SCENARIO_CONTAINERS_MAX = 10, /* AWS's limit */
};

struct scenario_account {
	struct str id, partition;
};

struct scenario_cluster {
	struct str label; /* what the file calls it */
	struct str name, region, arn;
	const struct scenario_account *account;
};

struct scenario_container {
	struct str name, image, image_id;
	uint32_t number;      /* Fargate's: FNV-1a of the name */
	uint64_t cpu, memory; /* units and MiB; 0: no limit */
};

/* Stands in the account and region of whatever task runs it. */
struct scenario_definition {
	struct str label; /* FAMILY:REVISION */
	struct str family, revision;
	uint64_t cpu, memory; /* 1024 units are a vCPU; MiB */
	const struct scenario_container *containers; /* one at least */
	size_t container_count;
};

struct scenario_task {
	struct str name, id, arn;
	const struct scenario_cluster *cluster;
	const struct scenario_definition *definition;
	struct str service; /* empty: none */
	struct str availability_zone, launch_type;
	struct str status; /* ECS's lastStatus, RUNNING and so on */
	struct in_addr address;
	const struct task_tag *tags;
	size_t tag_count;
};

struct scenario_slot; /* of the index of task names and IDs */

struct scenario {
	struct arena arena;
	int64_t born_us; /* when the tasks were started, time of day */
	const struct scenario_account *accounts;
	size_t account_count;
	const struct scenario_cluster *clusters;
	size_t cluster_count;
	const struct scenario_definition *definitions;
	size_t definition_count;
	struct scenario_task *tasks;
	size_t task_count;
	const struct scenario_task *default_task;
	struct scenario_slot *slots;
	size_t slot_count; /* a power of two */
};

/*
 * Read a scenario's text; file is its name in error texts.  What the text has
 * no section of comes from the built-in scenario, so an empty text is that.
 * ERR_CONFIG names file and line.  Main thread only: libconfuse keeps globals.
 */
int scenario_parse(struct scenario **sp, struct str text, const char *file,
    struct err *err) MUST_USE;

/* The same from a file; NULL for the built-in scenario alone. */
int scenario_read(
    struct scenario **sp, const char *path, struct err *err) MUST_USE;

void scenario_free(struct scenario *s); /* NULL is fine */

/* By name or by task ID; NULL if there is none. */
const struct scenario_task *scenario_task_find(
    const struct scenario *s, struct str key);

/* By name or by number; NULL if there is none. */
const struct scenario_container *scenario_container_find(
    const struct scenario_task *t, struct str key);

/* For scenario_parse(): room in the index for so many tasks. */
int scenario_index_init(
    struct scenario *s, size_t tasks, struct err *err) MUST_USE;

/*
 * Make a task known by its name and its ID.  If one of them is taken, returns
 * the task that has it and nothing changes; else NULL.
 */
const struct scenario_task *scenario_index_add(
    struct scenario *s, const struct scenario_task *t);

/* The built-in scenario in the file's own language. */
extern const char scenario_builtin[];

/* FNV-1a, 32 bits: how Fargate numbers containers. */
uint32_t scenario_number(struct str name);

/* 16 n lower-case hex digits and a NUL that depend on s and salt alone. */
void scenario_hex(char *out, size_t n, struct str s, const char *salt);

#endif
