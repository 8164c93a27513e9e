/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of ECS: of DescribeTasks, of DescribeTaskDefinition. */
#include "fuzz.h"

#include "aws/ecs.h"

#define YEAR_9999_US 253402300800000000

static void
check_addresses(const struct ecs_task *t)
{
	size_t i, k;

	FUZZ_CHECK(t->address_count <= ECS_ADDRESSES_MAX);
	FUZZ_CHECK(t->has_eni || t->address_count == 0);
	for (i = 0; i < t->address_count; i++) {
		FUZZ_CHECK(t->addresses[i].n > 0);
		for (k = 0; k < i; k++)
			FUZZ_CHECK(
			    !str_eq(t->addresses[i], t->addresses[k]));
	}
}

static void
check_task(const struct ecs_task *t, size_t size)
{
	const struct ecs_times *times = &t->times;
	size_t i, n = 0;

	FUZZ_CHECK(size <= ECS_TASK_MAX);
	check_addresses(t);
	FUZZ_CHECK(t->container_count <= ECS_CONTAINERS_MAX);
	FUZZ_CHECK(t->tag_count <= ECS_TAGS_MAX);
	for (i = 0; i < t->container_count; i++)
		n += t->containers[i].name.n + t->containers[i].image.n +
		     t->containers[i].image_digest.n;
	for (i = 0; i < t->tag_count; i++)
		n += t->tags[i].key.n + t->tags[i].value.n;
	FUZZ_CHECK(n < size);
	FUZZ_CHECK(!times->has_created || (times->created_us >= 0 &&
					      times->created_us <= YEAR_9999_US));
	FUZZ_CHECK(!times->has_started || (times->started_us >= 0 &&
					      times->started_us <= YEAR_9999_US));
	FUZZ_CHECK(t->override_role_arn.n == 0 || t->has_overrides);
}

/* The arena has room for what any task of that size says. */
static void
read_task(struct json json)
{
	struct ecs_task t = { .group = STR("untouched") };
	struct err err = { 0 };
	struct arena a;
	int r;

	arena_init(&a, ECS_ANSWER_MAX);
	r = ecs_task_read(&t, &a, json, &err);
	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		check_task(&t, json.raw.n);
	} else {
		FUZZ_CHECK(r == ERR_UPSTREAM);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		FUZZ_CHECK(str_is(t.group, "untouched"));
	}
	arena_release(&a);
}

static void
read_tasks(struct str text)
{
	struct json root, tasks = { .type = 0 }, key, value;
	const struct json_want want[] = { { "tasks", JSON_ARRAY, true,
	    &tasks } };
	struct json_iter it;

	if (json_open(&root, text, NULL) != ERR_OK)
		return;
	if (root.type != JSON_OBJECT ||
	    json_members(root, want, 1, 0, NULL) != ERR_OK) {
		read_task(root);
		return;
	}
	json_iter_init(&it, tasks);
	while (json_iter_next(&it, &key, &value))
		read_task(value);
}

static void
read_definition(struct str text)
{
	struct ecs_definition d = { .family = STR("untouched") };
	struct err err = { 0 };
	struct arena a;
	int r;

	arena_init(&a, ECS_DEFINITION_ANSWER_MAX);
	r = ecs_definition_read(&d, &a, text, &err);
	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		FUZZ_CHECK(d.revision.n == 0 || str_is_digits(d.revision));
	} else {
		FUZZ_CHECK(r == ERR_UPSTREAM);
		FUZZ_CHECK(str_is(d.family, "untouched"));
	}
	arena_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_str(data, size);

	read_tasks(text);
	read_definition(text);
	return 0;
}
