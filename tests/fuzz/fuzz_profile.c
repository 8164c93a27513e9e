/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS's shared files: credentials, and behind the first "---" line, if there
 * is one, config.
 */
#include "fuzz.h"

#include <string.h>

#include "aws/cred_profile.h"

static void
check_value(struct str value, struct str all)
{
	FUZZ_CHECK(value.n <= all.n);
	if (value.n == 0)
		return;
	FUZZ_CHECK(value.p >= all.p && value.p + value.n <= all.p + all.n);
	FUZZ_CHECK(memchr(value.p, '\n', value.n) == NULL);
	FUZZ_CHECK(str_eq(str_trim(value), value));
}

static void
check_profile(const struct profile *p, struct str all)
{
	const struct str values[] = { p->access_key_id, p->secret_access_key,
		p->session_token, p->role_arn, p->source_profile,
		p->credential_source, p->web_identity_token_file,
		p->external_id, p->role_session_name, p->duration_seconds,
		p->region, p->refused };
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		check_value(values[i], all);
	FUZZ_CHECK(
	    (p->access_key_id.n > 0) == (p->secret_access_key.n > 0));
	FUZZ_CHECK(p->session_token.n == 0 || p->access_key_id.n > 0);
}

static void
find(const struct profile_files *files, struct str name, struct str all)
{
	struct profile p = { .name = STR("untouched") };
	struct err err = { 0 };
	int r = profile_find(&p, files, name, &err);

	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		FUZZ_CHECK(str_eq(p.name, name));
		check_profile(&p, all);
		return;
	}
	FUZZ_CHECK(r == ERR_CONFIG || r == ERR_MISSING);
	FUZZ_CHECK(str_is_printable(str_of(err.msg)));
	FUZZ_CHECK(str_is(p.name, "untouched"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char mark[] = "\n---\n";
	struct str all = fuzz_str(data, size);
	struct profile_files files = { .credentials = all };
	size_t i;

	for (i = 0; i < size; i++)
		if (str_starts(str_sub(all, i, size), mark)) {
			files.credentials = str_sub(all, 0, i);
			files.config = str_sub(all, i + sizeof(mark) - 1, size);
			break;
		}
	find(&files, STR("default"), all);
	find(&files, STR("a"), all);
	find(&files, STR("a b"), all);
	return 0;
}
