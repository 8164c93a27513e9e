/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario.h - the AWS that the mock plays: accounts, clusters, tasks
 *
 * A scenario owns everything in it, all strings included.  After it was read,
 * tasks are added to it and their status changes; nothing else does, and no
 * task ever moves or goes.  Every part has passed the grammar that AWS has for
 * it, so that the documents and ARNs made of it need no escaping.
 */
#ifndef MOCK_SCENARIO_H
#define MOCK_SCENARIO_H

#include <netinet/in.h>
#include <stdbool.h>
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

/* As definitions and tasks name one. */
struct scenario_role_ref {
	struct str partition, account; /* empty: those of the task */
	struct str path;               /* "/" or "/team/blue/" */
	struct str name;               /* empty: no role */
};

/* One that can be assumed, or that a server has. */
struct scenario_role {
	struct str label; /* what the file calls it */
	struct str name, path, arn;
	const struct scenario_account *account;
	const struct str *trust; /* who may assume it; see the manual page */
	size_t trust_count;
	struct str external_id; /* or empty */
	const struct str *web_tokens;
	size_t web_token_count;
	const struct str *denied; /* actions, such as ecs:DescribeTasks */
	size_t denied_count;
};

/* Of a server: a user's key, or one of a role's session. */
struct scenario_access_key {
	struct str id, secret;
	struct str token; /* empty: a long-term key */
	const struct scenario_account *account;
	struct str user;                  /* of a user, else empty */
	const struct scenario_role *role; /* of a role, else NULL */
	struct str session;               /* with role */
	int64_t expires_us;               /* time of day; 0: never */
	const struct str *denied;
	size_t denied_count;
};

struct scenario_container {
	struct str name, image, image_id;
	struct str image_digest; /* the registry's; empty: ECS has none */
	uint32_t number;         /* Fargate's: FNV-1a of the name */
	uint64_t cpu, memory;    /* units and MiB; 0: no limit */
};

/* Stands in the account and region of whatever task runs it. */
struct scenario_definition {
	struct str label; /* FAMILY:REVISION */
	struct str family, revision;
	uint64_t cpu, memory; /* 1024 units are a vCPU; MiB */
	struct scenario_role_ref task_role, execution_role;
	struct str pid_mode;                         /* or empty */
	const struct scenario_container *containers; /* one at least */
	size_t container_count;
};

struct scenario_task {
	struct str name, id, arn;
	const struct scenario_cluster *cluster;
	const struct scenario_definition *definition;
	struct str service; /* empty: none */
	struct str availability_zone, launch_type;
	struct str status;         /* ECS's lastStatus, RUNNING and so on */
	struct str desired_status; /* empty: what status leads to */
	int64_t stopped_us;        /* by the user, time of day; 0: not so */
	bool forgotten;            /* MISSING to ECS */
	struct in_addr address;
	const struct task_tag *tags;
	size_t tag_count;

	/* "/v2/credentials/UUID", for every task, a role or not */
	struct str credentials_path;
	struct scenario_role_ref role;    /* RunTask's override */
	bool exec;                        /* ECS Exec */
	const struct task_tag *overrides; /* container's name, command */
	size_t override_count;
	struct str ipv6_address, subnet, network_interface; /* ipv6: or empty */
	struct str attachment_status;
	struct str capacity_provider, platform_version, platform_family;
	struct str group, started_by;   /* may be empty */
	int64_t created_us, started_us; /* time of day; 0: around born_us */
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
	const struct scenario_role *roles;
	size_t role_count;
	const struct scenario_access_key *access_keys;
	size_t access_key_count;
	const struct scenario_role *instance_role; /* IMDS's; or NULL */
	struct scenario_task *tasks; /* room for SCENARIO_TASKS_MAX */
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

/*
 * Add the tasks of a text of one section "task": all of them or, with an
 * error, none.  Main thread only.
 */
int scenario_extend(struct scenario *s, struct str text, const char *file,
    struct err *err) MUST_USE;

void scenario_free(struct scenario *s); /* NULL is fine */

/* By name or by task ID; NULL if there is none. */
const struct scenario_task *scenario_task_find(
    const struct scenario *s, struct str key);

/* By name or by number; NULL if there is none. */
const struct scenario_container *scenario_container_find(
    const struct scenario_task *t, struct str key);

/* By credentials_path. */
const struct scenario_task *scenario_credentials_find(
    const struct scenario *s, struct str path);

/* A listed role; its name in any case, as IAM has it.  NULL: none. */
const struct scenario_role *scenario_role_find(
    const struct scenario *s, struct str account, struct str name);

/* The role that a task has: RunTask's, else the definition's; or NULL. */
const struct scenario_role_ref *scenario_task_role(
    const struct scenario_task *t);

/* Is there a cluster in this region? */
bool scenario_has_region(const struct scenario *s, struct str region);

/* arn:P:iam::ACCOUNT:role/PATH/NAME; ref has a name. */
enum { SCENARIO_ROLE_ARN_SIZE = 1024 };
void scenario_role_arn(char out[SCENARIO_ROLE_ARN_SIZE],
    const struct scenario_role_ref *ref, const struct scenario_account *home);

/* When it was created and when it started, or is said to have. */
int64_t scenario_created_us(
    const struct scenario *s, const struct scenario_task *t);
int64_t scenario_started_us(
    const struct scenario *s, const struct scenario_task *t);

/* The same as one that can be changed; t is of s. */
struct scenario_task *scenario_task_edit(
    struct scenario *s, const struct scenario_task *t);

/* For scenario_read.c: room in the index for so many tasks in all. */
int scenario_index_reserve(
    struct scenario *s, size_t tasks, struct err *err) MUST_USE;

/* Fill in what is made of the task's ARN: credentials_path and the like. */
int scenario_task_derive(
    struct scenario *s, struct scenario_task *t, struct err *err) MUST_USE;

/*
 * Make a task known by its name, its ID and, if that is set, the path of its
 * credentials, which is made of the ID.  If a name or ID is taken, returns
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

/* The same as a UUID of version 4; a size that has room for it. */
enum { SCENARIO_UUID_SIZE = 37 };
void scenario_uuid(
    char out[SCENARIO_UUID_SIZE], struct str s, const char *salt);

#endif
