/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "evidence/challenge.h"

enum { ROOM = 64 * 1024 };

/* What was read can be written, and is for an agent that would write it. */
static void
check_again(const struct challenge *c, struct arena *a)
{
	struct challenge again;
	struct buf b;

	buf_init(&b, CHALLENGE_MAX);
	FUZZ_CHECK(challenge_encode(&b, c, NULL) == ERR_OK);
	FUZZ_CHECK(challenge_decode(&again, a, buf_str(&b), NULL) == ERR_OK);
	FUZZ_CHECK(memcmp(again.nonce, c->nonce, NONCE_BYTES) == 0);
	FUZZ_CHECK(again.ttl == c->ttl);
	FUZZ_CHECK(challenge_check(&again, c, NULL) == ERR_OK);
	again.region.n--;
	FUZZ_CHECK(challenge_check(&again, c, NULL) == ERR_POLICY);
	buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct challenge c = { .region = STR("untouched") };
	struct err err = { 0 };
	struct arena a;
	int r;

	arena_init(&a, ROOM);
	r = challenge_decode(&c, &a, fuzz_str(data, size), &err);
	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		FUZZ_CHECK(c.ttl >= 1 && c.ttl <= CHALLENGE_TTL_MAX);
		FUZZ_CHECK(str_is_alnum_or(c.sts_host, "._-:[]"));
		check_again(&c, &a);
	} else {
		FUZZ_CHECK(r == ERR_FORMAT || r == ERR_TOOBIG);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		FUZZ_CHECK(str_is(c.region, "untouched"));
	}
	arena_release(&a);
	return 0;
}
