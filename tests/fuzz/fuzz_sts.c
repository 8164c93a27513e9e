/* SPDX-License-Identifier: Apache-2.0 */
/* What STS, the endpoints of containers and instances, and errors say. */
#include "fuzz.h"

#include "aws/document.h"
#include "aws/error.h"
#include "aws/sts.h"

#define JSON_TYPE STR("application/json")

/* Strings of a JSON document of at most 8 KiB: memory never runs out. */
static void
read_identity(struct str body)
{
	struct sts_identity id = { .arn = STR("untouched") };
	struct err err = { 0 };
	struct arena a;
	int r;

	arena_init(&a, 2 * STS_ANSWER_MAX);
	r = sts_identity_read(&id, &a, JSON_TYPE, body, &err);
	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		FUZZ_CHECK(body.n <= STS_ANSWER_MAX);
		FUZZ_CHECK(id.request_id.n == 0 ||
			   str_is_alnum_or(id.request_id, "-_"));
		FUZZ_CHECK(
		    id.account.n + id.arn.n + id.user_id.n < body.n);
	} else {
		FUZZ_CHECK(r == ERR_UPSTREAM);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		FUZZ_CHECK(str_is(id.arn, "untouched"));
	}
	arena_release(&a);
}

/* Nothing that could end a header or begin another part of one. */
static void
check_keys(int r, struct aws_keys *keys, const struct err *err)
{
	FUZZ_CHECK(r == err->code);
	FUZZ_CHECK((keys != NULL) == (r == ERR_OK));
	if (r != ERR_OK) {
		FUZZ_CHECK(r == ERR_UPSTREAM);
		FUZZ_CHECK(str_is_printable(str_of(err->msg)));
		return;
	}
	FUZZ_CHECK(str_is_alnum_or(keys->access_key_id, ""));
	FUZZ_CHECK(keys->secret.n > 0 && str_is_printable(keys->secret));
	FUZZ_CHECK(keys->token.n > 0 && str_is_printable(keys->token));
	FUZZ_CHECK(keys->expires_s > 0);
	aws_keys_unref(keys);
}

static void
read_keys(struct str body, const char *operation)
{
	struct aws_keys *keys = NULL;
	struct err err = { 0 };
	int r = sts_keys_read(
	    &keys, operation, "role", JSON_TYPE, body, &err);

	check_keys(r, keys, &err);
}

static void
read_document(struct str body)
{
	struct aws_keys *keys = NULL;
	struct err err = { 0 };
	int r = document_keys(&keys, body, "container", 0, &err);

	check_keys(r, keys, &err);
}

static void
find_word(struct str header, struct str body)
{
	char code[AWS_CODE_SIZE];
	struct str word;

	aws_error_code(code, header, body);
	word = str_of(code);
	FUZZ_CHECK(word.n == 0 || str_is_alnum_or(word, "."));
	FUZZ_CHECK(aws_error_verdict(400, word) != AWS_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_str(data, size);

	read_identity(text);
	read_keys(text, "AssumeRole");
	read_keys(text, "AssumeRoleWithWebIdentity");
	if (size <= DOCUMENT_MAX)
		read_document(text);
	find_word(text, STR(""));
	find_word(STR(""), text);
	return 0;
}
