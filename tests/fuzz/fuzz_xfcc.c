/* SPDX-License-Identifier: Apache-2.0 */
/* What a sidecar says of a caller: one, or none. */
#include "fuzz.h"

#include "programs/xfcc.h"

/* A plain reader finds the same caller, where nothing is quoted. */
static void
check_caller(const struct xfcc *x, struct str text)
{
	struct str rest = text, part, id;
	unsigned found = 0;

	while (rest.p != NULL) {
		part = str_cut(&rest, rest, ';');
		if (!str_starts(part, "URI="))
			continue;
		id = str_sub(part, 4, part.n);
		FUZZ_CHECK(str_eq(id, spiffe_id_text(&x->uri)));
		found++;
	}
	FUZZ_CHECK(found == 1);
}

static bool
holds(struct str s, char c)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == c)
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_str(data, size);
	struct xfcc x = { .hash = "untouched" };
	struct spiffe_id again;
	struct err err = { 0 };
	int r = xfcc_parse(&x, text, &err);

	FUZZ_CHECK(r == err.code);
	if (r != ERR_OK) {
		FUZZ_CHECK(r == ERR_FORMAT);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		FUZZ_CHECK(str_is(str_of(x.hash), "untouched"));
		return 0;
	}
	FUZZ_CHECK(spiffe_id_parse(&again, spiffe_id_text(&x.uri), NULL) ==
		   ERR_OK);
	FUZZ_CHECK(x.by.n == 0 || spiffe_id_parse(&again,
				      spiffe_id_text(&x.by), NULL) == ERR_OK);
	FUZZ_CHECK(x.hash[0] == '\0' || str_is_lower_hex(str_of(x.hash)));
	if (!holds(text, '"')) {
		FUZZ_CHECK(!holds(text, ','));
		check_caller(&x, text);
	}
	return 0;
}
