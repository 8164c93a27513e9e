/* SPDX-License-Identifier: Apache-2.0 */
/* A region in each partition, and a URL. */
#include "fuzz.h"

#include "aws/endpoint.h"

/* A host's name, and nothing that makes another one of it. */
static void
check_host(const struct endpoint *e, struct str region)
{
	struct str host = str_of(e->host), rest;

	FUZZ_CHECK(str_is_alnum_or(host, ".-"));
	FUZZ_CHECK(str_is(str_cut(&rest, host, '.'), "sts") ||
		   str_starts(host, "sts-fips."));
	FUZZ_CHECK(str_eq(str_cut(&rest, rest, '.'), region));
	FUZZ_CHECK(rest.n > 0);
	FUZZ_CHECK(str_starts(str_of(e->url), "https://sts"));
}

static void
place(struct str partition, struct str region)
{
	unsigned flags;

	for (flags = 0; flags <= 3; flags++) {
		struct endpoint e = { .host = "untouched" };
		struct err err = { 0 };
		int r = endpoint_of_region(
		    &e, "sts", partition, region, flags, &err);

		FUZZ_CHECK(r == err.code);
		if (r == ERR_OK) {
			check_host(&e, region);
			FUZZ_CHECK(endpoint_is_of_region(
			    str_of(e.host), "sts", partition, region));
		} else {
			FUZZ_CHECK(r == ERR_FORMAT);
			FUZZ_CHECK(str_is_printable(str_of(err.msg)));
			FUZZ_CHECK(str_is(str_of(e.host), "untouched"));
		}
	}
}

static void
take_url(struct str url, bool allow_insecure)
{
	struct endpoint e = { .host = "untouched" }, again;
	struct err err = { 0 };
	int r = endpoint_of_url(&e, url, allow_insecure, &err);

	FUZZ_CHECK(r == err.code);
	if (r != ERR_OK) {
		FUZZ_CHECK(r == ERR_CONFIG);
		FUZZ_CHECK(str_is(str_of(e.host), "untouched"));
		return;
	}
	FUZZ_CHECK(str_is_alnum_or(str_of(e.host), ".-:[]"));
	FUZZ_CHECK(str_ends(str_of(e.url), "/"));
	FUZZ_CHECK(endpoint_of_url(&again, str_of(e.url), allow_insecure,
		       NULL) == ERR_OK);
	FUZZ_CHECK(str_is(str_of(again.url), e.url));
	FUZZ_CHECK(str_is(str_of(again.host), e.host));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_str(data, size);
	size_t i;

	for (i = 0; endpoint_partitions[i] != NULL; i++)
		place(str_of(endpoint_partitions[i]), text);
	take_url(text, false);
	take_url(text, true);
	return 0;
}
