/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "evidence/payload.h"

enum { ROOM = 1024 * 1024 };

/* What was read can be written, unless it was as long as can be. */
static void
check_again(const struct payload *p, struct arena *a)
{
	struct payload again;
	struct buf b;

	buf_init(&b, PAYLOAD_MAX);
	if (payload_encode(&b, p, NULL) == ERR_OK) {
		FUZZ_CHECK(
		    payload_decode(&again, a, buf_str(&b), NULL) == ERR_OK);
		FUZZ_CHECK(str_eq(again.task_metadata, p->task_metadata));
		FUZZ_CHECK(str_eq(again.task_arn, p->task_arn));
		FUZZ_CHECK(again.has_version == p->has_version);
		FUZZ_CHECK(memcmp(again.agent_nonce, p->agent_nonce,
			       NONCE_BYTES) == 0);
	}
	buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct payload p = { .task_arn = STR("untouched") };
	struct err err = { 0 };
	struct arena a;
	int r;

	arena_init(&a, ROOM);
	r = payload_decode(&p, &a, fuzz_str(data, size), &err);
	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		FUZZ_CHECK(p.has_version == (p.task_arn.n > 0));
		check_again(&p, &a);
	} else {
		FUZZ_CHECK(r == ERR_FORMAT || r == ERR_TOOBIG);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		FUZZ_CHECK(str_is(p.task_arn, "untouched"));
	}
	arena_release(&a);
	return 0;
}
