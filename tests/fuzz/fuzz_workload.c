/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A letter that says which answer of the Workload API this is, and the answer.
 */
#include "fuzz.h"

#include "workload/message.h"

static int
read_svids(struct str message, struct err *err)
{
	struct svid_set *svids = NULL;
	struct bundle_set *bundles = NULL;
	int r = message_svids(&svids, &bundles, message, err);

	FUZZ_CHECK((svids != NULL) == (r == ERR_OK));
	FUZZ_CHECK((bundles != NULL) == (r == ERR_OK));
	FUZZ_CHECK(r != ERR_OK || svid_set_count(svids) > 0);
	svid_set_unref(svids);
	bundle_set_unref(bundles);
	return r;
}

static int
read_bundles(struct str message, struct err *err)
{
	struct bundle_set *bundles = NULL;
	int r = message_bundles(&bundles, message, err);

	FUZZ_CHECK((bundles != NULL) == (r == ERR_OK));
	bundle_set_unref(bundles);
	return r;
}

static int
read_jwks(struct str message, struct err *err)
{
	struct jwks_set *jwks = NULL;
	int r = message_jwks(&jwks, message, err);

	FUZZ_CHECK((jwks != NULL) == (r == ERR_OK));
	jwks_set_unref(jwks);
	return r;
}

static int
read_jwts(struct str message, struct err *err)
{
	struct jwt_list *list = NULL;
	int r = message_jwts(&list, message, err);

	FUZZ_CHECK((list != NULL) == (r == ERR_OK));
	jwt_list_free(list);
	return r;
}

static int
read_validation(struct str message, struct err *err)
{
	struct spiffe_id id = { .n = 0 };
	struct buf claims;
	int r;

	buf_init(&claims, CLAIMS_MAX);
	r = message_validated(&id, &claims, message, err);
	FUZZ_CHECK((id.n > 0) == (r == ERR_OK));
	buf_release(&claims);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const readers[])(struct str, struct err *) = { read_svids,
		read_bundles, read_jwks, read_jwts, read_validation };
	struct err err = { 0 };
	int r;

	if (size == 0)
		return 0;
	r = readers[data[0] % 5](fuzz_str(data + 1, size - 1), &err);
	FUZZ_CHECK(r == err.code);
	FUZZ_CHECK(r == ERR_OK || err.msg[0] != '\0');
	FUZZ_CHECK(str_is_printable(str_of(err.msg)));
	return 0;
}
