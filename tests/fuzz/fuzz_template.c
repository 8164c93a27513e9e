/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "task/agent_id.h"

enum { ROOM = 64 * 1024 };

#define PLUGIN "aws_fargate_task"

static void
check_id(struct str id, bool in_namespace)
{
	struct str path, segment;

	FUZZ_CHECK(id.n <= AGENT_ID_MAX);
	FUZZ_CHECK(str_starts(id, "spiffe://example.org/"));
	path = str_sub(id, sizeof("spiffe://example.org") - 1, id.n);
	if (in_namespace || str_starts(path, "/spire/"))
		FUZZ_CHECK(str_starts(path, "/spire/agent/" PLUGIN "/"));
	FUZZ_CHECK(!str_is(path, "/spire"));
	path = str_sub(path, 1, path.n);
	do {
		segment = str_cut(&path, path, '/');
		FUZZ_CHECK(str_is_alnum_or(segment, "._-"));
		FUZZ_CHECK(!str_is(segment, ".") && !str_is(segment, ".."));
	} while (path.p != NULL);
}

/* The first line is the template, the next ones are values. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = fuzz_str(data, size), text, id = STR("untouched");
	struct str values[AGENT_ID_VARS];
	struct agent_id_template t;
	struct err err = { 0 };
	struct arena a;
	int i, r;

	text = str_cut(&rest, rest, '\n');
	for (i = 0; i < AGENT_ID_VARS; i++)
		values[i] = str_cut(&rest, rest, '\n');
	r = agent_id_template_parse(&t, text, PLUGIN, &err);
	FUZZ_CHECK(r == err.code);
	if (r != ERR_OK) {
		FUZZ_CHECK(r == ERR_CONFIG);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		return 0;
	}
	values[AGENT_ID_PLUGIN] = STR(PLUGIN);
	arena_init(&a, ROOM);
	r = agent_id_expand(
	    &id, &a, &t, STR("example.org"), PLUGIN, values, &err);
	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		check_id(id, t.in_namespace);
	} else {
		FUZZ_CHECK(r == ERR_POLICY && str_is(id, "untouched"));
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
	}
	arena_release(&a);
	return 0;
}
