/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "evidence/response.h"

enum { ROOM = 64 * 1024 };

static void
check_again(const struct response *p, struct arena *a)
{
	struct response again;
	struct buf b;

	buf_init(&b, RESPONSE_MAX);
	FUZZ_CHECK(response_encode(&b, p, NULL) == ERR_OK);
	FUZZ_CHECK(response_decode(&again, a, buf_str(&b), NULL) == ERR_OK);
	FUZZ_CHECK(str_eq(again.access_key_id, p->access_key_id));
	FUZZ_CHECK(str_eq(again.amz_date, p->amz_date));
	FUZZ_CHECK(str_eq(again.session_token, p->session_token));
	FUZZ_CHECK(str_eq(again.signature, p->signature));
	buf_wipe(&b);
}

/* Nothing that could end a header or begin another part of one. */
static void
check_values(const struct response *p)
{
	FUZZ_CHECK(str_is_alnum_or(p->access_key_id, ""));
	FUZZ_CHECK(str_starts(p->access_key_id, "ASIA"));
	FUZZ_CHECK(str_is_alnum_or(p->amz_date, ""));
	FUZZ_CHECK(str_is_alnum_or(p->session_token, "+/="));
	FUZZ_CHECK(p->session_token.n <= SESSION_TOKEN_MAX);
	FUZZ_CHECK(str_is_lower_hex(p->signature));
	FUZZ_CHECK(response_ahead(p, 0) >= 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct response p = { .amz_date = STR("untouched") };
	struct err err = { 0 };
	struct arena a;
	int r;

	arena_init(&a, ROOM);
	r = response_decode(&p, &a, fuzz_str(data, size), &err);
	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		check_values(&p);
		check_again(&p, &a);
	} else {
		FUZZ_CHECK(r == ERR_FORMAT || r == ERR_TOOBIG);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		FUZZ_CHECK(str_is(p.amz_date, "untouched"));
	}
	arena_release(&a);
	return 0;
}
