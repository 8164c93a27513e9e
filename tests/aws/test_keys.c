/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/keys.h"

#include "testing.h"

#define LONG_130                                                           \
	"ABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDE" \
	"ABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDE"

static const struct aws_keys usual = {
	.access_key_id = { "ASIAEXAMPLE0000001", 18 },
	.secret = { "hush+secret", 11 },
	.token = { "hush+token", 10 },
	.role_arn = { "arn:aws:iam::021436587009:role/web", 34 },
	.expires_s = 1768476030,
	.source = "test",
};

START_TEST(copies_strings)
{
	char id[] = "AKIAEXAMPLE0000001", secret[] = "hush";
	const struct aws_keys value = { .access_key_id = str_of(id),
		.secret = str_of(secret) };
	struct aws_keys *keys = NULL;

	ck_assert_int_eq(aws_keys_new(&keys, &value, NULL), ERR_OK);
	memset(id, 'x', sizeof(id));
	memset(secret, 'x', sizeof(secret));
	ck_str(keys->access_key_id, "AKIAEXAMPLE0000001");
	ck_str(keys->secret, "hush");
	ck_assert_uint_eq(keys->token.n, 0);
	ck_assert_uint_eq(keys->role_arn.n, 0);
	ck_assert_int_eq(keys->expires_s, 0);
	aws_keys_unref(keys);
}
END_TEST

/* For those who pass one on as a C string. */
START_TEST(ends_strings)
{
	struct aws_keys *keys = NULL;

	ck_assert_int_eq(aws_keys_new(&keys, &usual, NULL), ERR_OK);
	ck_str(keys->role_arn, "arn:aws:iam::021436587009:role/web");
	ck_assert_int_eq(keys->access_key_id.p[keys->access_key_id.n], '\0');
	ck_assert_int_eq(keys->secret.p[keys->secret.n], '\0');
	ck_assert_int_eq(keys->token.p[keys->token.n], '\0');
	ck_assert_int_eq(keys->role_arn.p[keys->role_arn.n], '\0');
	ck_assert_int_eq(keys->expires_s, 1768476030);
	ck_str(str_of(keys->source), "test");
	aws_keys_unref(keys);
}
END_TEST

START_TEST(lives_as_long_as_somebody_holds_it)
{
	struct aws_keys *keys = NULL;

	ck_assert_int_eq(aws_keys_new(&keys, &usual, NULL), ERR_OK);
	ck_assert_uint_eq(keys->refs, 1);
	ck_assert_ptr_eq(aws_keys_ref(keys), keys);
	ck_assert_ptr_eq(aws_keys_ref(keys), keys);
	aws_keys_unref(keys);
	aws_keys_unref(keys);
	ck_assert_uint_eq(keys->refs, 1);
	ck_str(keys->secret, "hush+secret");
	aws_keys_unref(keys);
	aws_keys_unref(NULL);
}
END_TEST

/* references of the value are not the keys' */
START_TEST(begins_with_one_reference)
{
	struct aws_keys value = usual, *keys = NULL;

	value.refs = 7;
	ck_assert_int_eq(aws_keys_new(&keys, &value, NULL), ERR_OK);
	ck_assert_uint_eq(keys->refs, 1);
	aws_keys_unref(keys);
}
END_TEST

static const struct {
	const char *id, *secret, *token, *says;
} refused[] = {
	{ "", "s", "t", "access key ID" },
	{ "A B", "s", "t", "access key ID" },
	{ "A/20260101/us-east-1/iam", "s", "t", "access key ID" },
	{ "A,SignedHeaders=host", "s", "t", "access key ID" },
	{ "A\n", "s", "t", "access key ID" },
	{ LONG_130, "s", "t", "access key ID" },
	{ "A", "", "t", "secret access key" },
	{ "A", "hush hush", "t", "secret access key" },
	{ "A", "hush\r\n", "t", "secret access key" },
	{ "A", LONG_130 LONG_130, "t", "secret access key" },
	{ "A", "s", "hush\r\nX-Evil: 1", "session token" },
	{ "A", "s", "hush\xc3\xa9", "session token" },
};

START_TEST(refuses_keys_outside_of_their_grammar)
{
	const struct aws_keys value = { .access_key_id = str_of(refused[_i].id),
		.secret = str_of(refused[_i].secret),
		.token = str_of(refused[_i].token) };
	struct aws_keys *keys = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(aws_keys_new(&keys, &value, &err), ERR_FORMAT);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_msg(
	    strstr(err.msg, refused[_i].says) != NULL, "%s", err.msg);
	ck_assert_ptr_null(strstr(err.msg, "hush"));
	ck_assert_ptr_null(keys);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keys");
	TCase *tc = tcase_create("keys");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, copies_strings);
	tcase_add_test(tc, ends_strings);
	tcase_add_test(tc, lives_as_long_as_somebody_holds_it);
	tcase_add_test(tc, begins_with_one_reference);
	ck_table(tc, refuses_keys_outside_of_their_grammar, refused);
	return run_suite(s);
}
