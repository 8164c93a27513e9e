/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token, a line feed, the JWK Set to verify it by.
 */
#include "fuzz.h"

#include <string.h>

#include "workload/jwt.h"

enum { NOW = 1000 };

static void
check_error(int r, const struct err *err)
{
	FUZZ_CHECK(r == err->code);
	FUZZ_CHECK(str_is_printable(str_of(err->msg)));
	FUZZ_CHECK(err->msg[0] != '\0');
}

/* Nothing is believed that could not be read, nor after its time. */
static void
check_token(struct str token, const struct jwks_set *set)
{
	struct jwt_svid *jwt = NULL, *believed = NULL;
	struct err err = { 0 }, why = { 0 };
	int r = jwt_read(&jwt, token, STR("hint"), &err);
	int v = jwt_verify(&believed, token, "me", set, NOW, &why);

	if (r != ERR_OK) {
		check_error(r, &err);
		FUZZ_CHECK(jwt == NULL && v != ERR_OK);
	} else {
		FUZZ_CHECK(str_is(token, jwt->token));
		FUZZ_CHECK(str_starts(spiffe_id_text(&jwt->id), "spiffe://"));
	}
	if (v != ERR_OK) {
		check_error(v, &why);
		FUZZ_CHECK(believed == NULL);
	} else
		FUZZ_CHECK(believed->expires > NOW &&
			   jwt_has_audience(believed, "me"));
	jwt_free(jwt);
	jwt_free(believed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str keys, token = str_cut(&keys, fuzz_str(data, size), '\n');
	struct jwks_set *set = NULL;
	struct err err = { 0 };
	int r;

	if (jwks_set_new(&set, NULL) != ERR_OK)
		return 0;
	r = jwks_set_add(set, STR("spiffe://home.test"), keys, &err);
	if (r != ERR_OK)
		check_error(r, &err);
	FUZZ_CHECK(jwks_set_count(set) == (r == ERR_OK ? 1 : 0));
	check_token(token, set);
	jwks_set_unref(set);
	return 0;
}
