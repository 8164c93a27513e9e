/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "task/metadata.h"
#include "task/selectors.h"
#include "json/json.h"

enum { ROOM = 8 * 1024 * 1024 };

static void
check_selectors(const struct selectors *s)
{
	size_t i;

	FUZZ_CHECK(s->count > 0 && s->count <= SELECTORS_MAX);
	for (i = 0; i < s->count; i++) {
		FUZZ_CHECK(s->values[i].n > 0);
		FUZZ_CHECK(s->values[i].n <= SELECTOR_MAX);
		FUZZ_CHECK(str_is_printable(s->values[i]));
		if (i > 0)
			FUZZ_CHECK(str_cmp(s->values[i - 1], s->values[i]) < 0);
	}
	FUZZ_CHECK((s->dropped_count > 0) == (s->dropped.n > 0));
}

/* Reduced, a document fits into a payload and reads as before. */
static void
check_reduced(const struct task_metadata *m, struct arena *a)
{
	struct task_metadata again;
	struct buf b, quoted;

	buf_init(&b, ROOM);
	buf_init(&quoted, ROOM);
	if (task_metadata_format(&b, m, NULL) == ERR_OK) {
		json_write_string(&quoted, buf_str(&b));
		FUZZ_CHECK(quoted.n <= METADATA_REDUCED_MAX);
		FUZZ_CHECK(task_metadata_parse(&again, a, buf_str(&b),
			       TASK_ID_ANY, NULL) == ERR_OK);
		FUZZ_CHECK(str_eq(again.arn.text, m->arn.text));
		FUZZ_CHECK(str_eq(again.family, m->family));
		FUZZ_CHECK(str_eq(again.revision, m->revision));
		FUZZ_CHECK(again.tag_count <= m->tag_count);
		FUZZ_CHECK(again.container_count <= m->container_count);
	}
	buf_release(&b);
	buf_release(&quoted);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str every_tag = { "*", 1 };
	struct task_metadata m = { .family = STR("untouched") };
	struct selectors list;
	struct err err = { 0 };
	struct arena a;
	int r;

	arena_init(&a, ROOM);
	r = task_metadata_parse(
	    &m, &a, fuzz_str(data, size), TASK_ID_ANY, &err);
	FUZZ_CHECK(r == err.code);
	if (r != ERR_OK) {
		FUZZ_CHECK(r == ERR_FORMAT || r == ERR_TOOBIG);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		FUZZ_CHECK(str_is(m.family, "untouched"));
		goto out;
	}
	FUZZ_CHECK(str_eq(m.cluster, m.arn.cluster));
	FUZZ_CHECK(selectors_from_metadata(
		       &list, &a, &m, &every_tag, 1, NULL) == ERR_OK);
	check_selectors(&list);
	FUZZ_CHECK(selectors_for_payload(&list, &a, &m, NULL) == ERR_OK);
	check_selectors(&list);
	check_reduced(&m, &a);
out:
	arena_release(&a);
	return 0;
}
