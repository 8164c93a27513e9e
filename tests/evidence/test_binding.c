/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/binding.h"

#include "samples.h"

/* The vector of the design, spelt here so that no file can change it. */
static struct binding
vector(void)
{
	struct binding b = {
		.trust_domain = STR("example.org"),
		.plugin_name = STR("aws_fargate_task"),
		.server_id = STR("example.org"),
		.task_arn = STR("arn:aws:ecs:us-east-1:123456789012:task/"
				"my-cluster/0123456789abcdef0123456789abcdef"),
		.sts_host = STR("sts.us-east-1.amazonaws.com"),
	};
	int i;

	for (i = 0; i < NONCE_BYTES; i++) {
		b.server_nonce[i] = (unsigned char)i;
		b.agent_nonce[i] = (unsigned char)(0x20 + i);
	}
	return b;
}

START_TEST(gives_the_vector)
{
	struct binding b = vector();
	struct err err = { 0 };
	char value[BINDING_SIZE];
	int r;

	r = binding_value(value, &b, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(
	    value, "v1.0esBP9nmF8CCSGzlmOmkcArODKB-O4YP-qlLubBlp4s");
}
END_TEST

enum { SEEN_MAX = 32 };

/* Each sample differs from the first in a way that must show. */
START_TEST(agrees_with_the_samples)
{
	static char seen[SEEN_MAX][BINDING_SIZE];
	struct binding b;
	struct json key, sample;
	struct json_iter it;
	struct arena a;
	struct buf text;
	size_t i, n = 0;

	arena_init(&a, 256 * 1024);
	samples_open(&it, &text, "binding");
	while (json_iter_next(&it, &key, &sample)) {
		b.trust_domain = sample_text(sample, "trust_domain", &a);
		b.plugin_name = sample_text(sample, "plugin_name", &a);
		b.server_id = sample_text(sample, "server_id", &a);
		b.task_arn = sample_text(sample, "task_arn", &a);
		b.sts_host = sample_text(sample, "sts_host", &a);
		sample_nonce(b.server_nonce, sample, "server_nonce");
		sample_nonce(b.agent_nonce, sample, "agent_nonce");
		ck_assert_uint_lt(n, SEEN_MAX);
		ck_assert_int_eq(binding_value(seen[n], &b, NULL), ERR_OK);
		ck_str(sample_text(sample, "header", &a), seen[n]);
		for (i = 0; i < n; i++)
			ck_assert_str_ne(seen[i], seen[n]);
		n++;
	}
	ck_assert_uint_ge(n, 10);
	buf_release(&text);
	arena_release(&a);
}
END_TEST

START_TEST(refuses_a_string_without_end)
{
	static char long_one[BINDING_STRING_MAX + 1];
	struct binding b = vector();
	struct err err = { 0 };
	char value[BINDING_SIZE] = "untouched";

	memset(long_one, 'x', sizeof(long_one));
	b.task_arn = (struct str){ long_one, sizeof(long_one) };
	ck_assert_int_eq(binding_value(value, &b, &err), ERR_TOOBIG);
	ck_assert_str_eq(
	    err.msg, "a string of 4097 bytes cannot be bound, only 4096");
	ck_assert_str_eq(value, "untouched");
	b.task_arn.n--;
	ck_assert_int_eq(binding_value(value, &b, NULL), ERR_OK);
}
END_TEST

static const struct {
	const char *a, *b;
	bool equal;
} pairs[] = {
	{ "", "", true },
	{ "v1.abc", "v1.abc", true },
	{ "v1.abc", "v1.abd", false },
	{ "v1.abc", "V1.abc", false },
	{ "v1.abc", "v1.ab", false },
	{ "v1.ab", "v1.abc", false },
	{ "", "v", false },
};

START_TEST(compares)
{
	struct str a = str_of(pairs[_i].a), b = str_of(pairs[_i].b);

	ck_assert_msg(binding_equal(a, b) == pairs[_i].equal, "%s and %s",
	    pairs[_i].a, pairs[_i].b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("binding");
	TCase *tc = tcase_create("binding");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, gives_the_vector);
	tcase_add_test(tc, agrees_with_the_samples);
	tcase_add_test(tc, refuses_a_string_without_end);
	ck_table(tc, compares, pairs);
	return run_suite(s);
}
