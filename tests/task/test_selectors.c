/* SPDX-License-Identifier: Apache-2.0 */
#include "task/selectors.h"

#include <stdio.h>

#include "task/sample.h"
#include "testing.h"

#define ID   "0c7d51a8e2f94b63a1d80e5f7396b2c4"
#define A50  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A240 A50 A50 A50 A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST \
	"9e049e049e049e049e049e049e049e049e049e049e049e049e049e049e049e04"
#define ZZ "049e049e049e049e049e049e049e049e049e049e049e049e049e049e049e04"

static const struct str every_tag = { "*", 1 };
static struct arena arena;
static struct task_metadata task;

static void
set_up(void)
{
	arena_init(&arena, 1024 * 1024);
	task = (struct task_metadata){
		.arn = {
			.partition = STR("aws"),
			.region = STR("us-east-1"),
			.account = STR("021436587009"),
			.cluster = STR("batch"),
			.task_id = STR(ID),
		},
	};
}

static void
tear_down(void)
{
	arena_release(&arena);
}

/* One a line. */
static void
check_list(const struct selectors *got, struct str want)
{
	struct str line;
	size_t i;

	for (i = 0; i < got->count; i++) {
		line = str_cut(&want, want, '\n');
		ck_assert_msg(str_eq(got->values[i], line),
		    "got \"%.*s\", want \"%.*s\"", STR_FMT(got->values[i]),
		    STR_FMT(line));
	}
	ck_assert_msg(want.n == 0, "missing: %.*s", STR_FMT(want));
}

static void
check_task(struct selectors *got, const char *want)
{
	struct err err = { 0 };
	int r;

	r = selectors_from_metadata(got, &arena, &task, &every_tag, 1, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	check_list(got, str_of(want));
}

static const char *const samples[] = { "fargate", "fargate-early-start",
	"fargate-tags", "fargate-tags-escaped", "fargate-labels",
	"ec2-short-cluster", "nulls", "minimal", "mock" };

START_TEST(lists_what_a_document_tells)
{
	struct selectors got;
	struct err err = { 0 };
	char name[64];

	(void)snprintf(name, sizeof(name), "%s.json", samples[_i]);
	ck_assert_int_eq(task_metadata_parse(&task, &arena,
			     sample_read(&arena, name), TASK_ID_ANY, &err),
	    ERR_OK);
	ck_assert_int_eq(
	    selectors_from_metadata(&got, &arena, &task, &every_tag, 1, &err),
	    ERR_OK);
	(void)snprintf(name, sizeof(name), "%s.selectors", samples[_i]);
	check_list(&got, sample_read(&arena, name));
	ck_assert_uint_eq(got.dropped_count, 0);
	ck_assert_uint_eq(got.dropped.n, 0);
}
END_TEST

START_TEST(lists_for_the_payload_what_the_original_listed)
{
	struct selectors got;
	struct err err = { 0 };

	ck_assert_int_eq(
	    task_metadata_parse(&task, &arena,
		sample_read(&arena, "fargate-tags.json"), TASK_ID_AWS, &err),
	    ERR_OK);
	ck_assert_int_eq(
	    selectors_for_payload(&got, &arena, &task, &err), ERR_OK);
	check_list(&got, sample_read(&arena, "fargate-tags.payload"));
}
END_TEST

#define TASK_TAIL         \
	"partition:aws\n" \
	"region:us-east-1\n"

START_TEST(lists_little_of_a_bare_task)
{
	struct selectors got;

	check_task(&got, "account:021436587009\n"
			 "cluster:batch\n" TASK_TAIL "task_id:" ID "\n");
}
END_TEST

START_TEST(lists_only_the_tags_it_is_told)
{
	struct task_tag tags[] = { { STR("Team"), STR("pay") },
		{ STR("Stage"), STR("live") }, { STR("*"), STR("star") } };
	const struct str keys[] = { STR("Stage"), STR("*"), STR("team") };
	struct selectors got;

	task.tags = tags;
	task.tag_count = COUNT_OF(tags);
	ck_assert_int_eq(
	    selectors_from_metadata(&got, &arena, &task, keys, 3, NULL),
	    ERR_OK);
	check_list(&got, STR("account:021436587009\n"
			     "cluster:batch\n" TASK_TAIL "tag:*:star\n"
			     "tag:Stage:live\n"
			     "task_id:" ID "\n"));
	ck_assert_int_eq(
	    selectors_from_metadata(&got, &arena, &task, NULL, 0, NULL),
	    ERR_OK);
	ck_assert_uint_eq(got.count, 5);
	ck_assert_int_eq(
	    selectors_from_metadata(&got, &arena, &task, keys, 1, NULL),
	    ERR_OK);
	ck_assert_uint_eq(got.count, 6);
}
END_TEST

static const struct {
	const char *key, *value, *selector; /* NULL: dropped */
} tagged[] = {
	{ "Team", "pay", "tag:Team:pay" },
	{ "Team", "", "tag:Team:" },
	{ "a:b", "c:d%", "tag:a%3Ab:c:d%" },
	{ "%3A", "x", "tag:%253A:x" },
	{ ":", ":", "tag:%3A::" },
	{ "Stra\xc3\x9f"
	  "e",
	    "K\xc3\xb6ln",
	    "tag:Stra\xc3\x9f"
	    "e:K\xc3\xb6ln" },
	{ "k", "two words", "tag:k:two words" },
	{ "k", A240 "123456789", "tag:k:" A240 "123456789" },
	{ "k", A240 "1234567890", NULL },
	{ "k", "line\nbreak", NULL },
	{ "k", "\x7f", NULL },
	{ "k", "\xff", NULL },
	{ "tab\tkey", "v", NULL },
	{ A240 A50, "v", NULL },
	{ "::::::::::::::::" A240, "v", NULL },
};

START_TEST(writes_a_tag)
{
	struct task_tag tag = { str_of(tagged[_i].key),
		str_of(tagged[_i].value) };
	struct selectors got;
	struct err err = { 0 };
	size_t i, found = 0;

	task.tags = &tag;
	task.tag_count = 1;
	ck_assert_int_eq(
	    selectors_from_metadata(&got, &arena, &task, &every_tag, 1, &err),
	    ERR_OK);
	for (i = 0; i < got.count; i++)
		found += tagged[_i].selector != NULL &&
			 str_is(got.values[i], tagged[_i].selector);
	if (tagged[_i].selector != NULL) {
		ck_assert_uint_eq(found, 1);
		ck_assert_uint_eq(got.dropped_count, 0);
		return;
	}
	ck_assert_uint_eq(got.count, 5);
	ck_assert_uint_eq(got.dropped_count, 1);
	ck_assert(str_starts(got.dropped, "tag:"));
	ck_assert_uint_le(got.dropped.n, SELECTOR_MAX);
}
END_TEST

START_TEST(names_the_first_that_was_dropped)
{
	struct task_tag tags[] = { { STR("Fine"), STR("x") },
		{ STR("Long"), STR(A240 A50) }, { STR("Odd"), STR("\n") } };
	struct selectors got;

	task.tags = tags;
	task.tag_count = COUNT_OF(tags);
	task.family = STR("f");
	check_task(&got, "account:021436587009\n"
			 "cluster:batch\n"
			 "family:f\n" TASK_TAIL "tag:Fine:x\n"
			 "task_id:" ID "\n");
	ck_str(got.dropped, "tag:Long:");
	ck_assert_uint_eq(got.dropped_count, 2);
}
END_TEST

static const struct {
	const char *image, *list;
} images[] = {
	{ "", "container:web\n" },
	{ "web", "container:web\nimage:web:web\n" },
	{ "r.example:5000/web:1.2@sha256:" DIGEST,
	    "container:web\n"
	    "image:web:r.example:5000/web:1.2@sha256:" DIGEST "\n"
	    "image_digest:web:sha256:" DIGEST "\n" },
	{ "web@sha256:9E04", "container:web\nimage:web:web@sha256:9E04\n" },
	{ "web@sha512:" DIGEST,
	    "container:web\nimage:web:web@sha512:" DIGEST "\n" },
	{ "web@sha256:" DIGEST "0",
	    "container:web\nimage:web:web@sha256:" DIGEST "0\n" },
	{ "web@sha256:zz" ZZ,
	    "container:web\nimage:web:web@sha256:zz" ZZ "\n" },
};

START_TEST(lists_a_container)
{
	struct task_container web = { .name = STR("web"),
		.image = str_of(images[_i].image),
		.image_id = STR("sha256:" DIGEST) };
	struct selectors got;
	char want[1024];

	task.containers = &web;
	task.container_count = 1;
	(void)snprintf(want, sizeof(want),
	    "account:021436587009\ncluster:batch\n%s" TASK_TAIL "task_id:" ID
	    "\n",
	    images[_i].list);
	check_task(&got, want);
}
END_TEST

START_TEST(lists_nothing_twice)
{
	struct task_container c[] = { { .name = STR("web"), .image = STR("i") },
		{ .name = STR("web"), .image = STR("i") } };
	struct selectors got;

	task.containers = c;
	task.container_count = 2;
	check_task(&got, "account:021436587009\n"
			 "cluster:batch\n"
			 "container:web\n"
			 "image:web:i\n" TASK_TAIL "task_id:" ID "\n");
	ck_assert_uint_eq(got.dropped_count, 0);
}
END_TEST

START_TEST(lists_no_more_than_200)
{
	static struct task_tag tags[METADATA_TAGS_MAX];
	static struct task_container c[METADATA_CONTAINERS_MAX];
	struct selectors got;
	size_t i;

	for (i = 0; i < METADATA_TAGS_MAX; i++) {
		tags[i].key = arena_printf(&arena, "key%zu", 99 - i);
		tags[i].value = STR("v");
		c[i].name = arena_printf(&arena, "name%zu", i);
		c[i].image = STR("web@sha256:" DIGEST);
	}
	task.tags = tags;
	task.tag_count = METADATA_TAGS_MAX;
	task.containers = c;
	task.container_count = METADATA_CONTAINERS_MAX;
	ck_assert_int_eq(
	    selectors_from_metadata(&got, &arena, &task, &every_tag, 1, NULL),
	    ERR_OK);
	ck_assert_uint_eq(got.count, SELECTORS_MAX);
	ck_assert_uint_eq(got.dropped_count, 5 + 64 + 3 * 64 - SELECTORS_MAX);
	ck_str(got.dropped, "image_digest:name43:");
	for (i = 1; i < got.count; i++)
		ck_assert_int_lt(str_cmp(got.values[i - 1], got.values[i]), 0);
}
END_TEST

/*
 * Of a task that AWS has described
 */

static struct task_proof
bare_proof(void)
{
	return (struct task_proof){
		.account = STR("021436587009"),
		.role = STR("agent"),
	};
}

static void
check_proof(
    struct selectors *got, const struct task_proof *proof, const char *want)
{
	struct err err = { 0 };
	int r;

	r = selectors_from_proof(
	    got, &arena, &task, proof, &every_tag, 1, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	check_list(got, str_of(want));
}

START_TEST(lists_what_is_proven_of_a_bare_task)
{
	const struct task_proof proof = bare_proof();
	struct selectors got;

	check_proof(&got, &proof,
	    "account:021436587009\n"
	    "cluster:batch\n"
	    "exec:disabled\n"
	    "overrides:none\n" TASK_TAIL "task_id:" ID "\n"
	    "task_role:021436587009/agent\n");
	ck_assert_uint_eq(got.dropped_count, 0);
}
END_TEST

START_TEST(lists_all_that_is_proven)
{
	struct task_tag tag = { STR("a:%"), STR("b:%") };
	struct task_container web = { .name = STR("web"),
		.image = STR("r.example/web:1"),
		.image_digest = STR("sha256:" DIGEST) };
	struct task_proof proof = bare_proof();
	struct selectors got;

	proof.subnet = STR("subnet-0a1b");
	proof.capacity_provider = STR("FARGATE_SPOT");
	proof.exec_enabled = proof.has_overrides = true;
	proof.client_ip_verified = true;
	task.family = STR("night");
	task.revision = STR("7");
	task.service = STR("nights");
	task.availability_zone = STR("us-east-1c");
	task.launch_type = STR("FARGATE");
	task.platform_version = STR("1.4.0");
	task.task_definition_arn = STR("arn:d");
	task.tags = &tag;
	task.containers = &web;
	task.tag_count = task.container_count = 1;
	check_proof(&got, &proof,
	    "account:021436587009\n"
	    "az:us-east-1c\n"
	    "capacity_provider:FARGATE_SPOT\n"
	    "client_ip:verified\n"
	    "cluster:batch\n"
	    "container:web\n"
	    "exec:enabled\n"
	    "family:night\n"
	    "image:web:r.example/web:1\n"
	    "image_digest:web:sha256:" DIGEST "\n"
	    "launch_type:FARGATE\n"
	    "overrides:present\n"
	    "partition:aws\n"
	    "platform_version:1.4.0\n"
	    "region:us-east-1\n"
	    "revision:7\n"
	    "service:nights\n"
	    "subnet:subnet-0a1b\n"
	    "tag:a%3A%25:b:%\n"
	    "task_definition_arn:arn:d\n"
	    "task_id:" ID "\n"
	    "task_role:021436587009/agent\n");
}
END_TEST

/* The digest that ECS pulled, else that of the image's name. */
static const struct {
	const char *image, *pulled, *digest; /* NULL: none */
} digests[] = {
	{ "web:1", "sha256:" DIGEST, "sha256:" DIGEST },
	{ "web@sha256:ff" ZZ, "sha256:" DIGEST, "sha256:" DIGEST },
	{ "", "sha256:" DIGEST, "sha256:" DIGEST },
	{ "web@sha256:" DIGEST, "", "sha256:" DIGEST },
	{ "web:1", "", NULL },
	{ "web:1", "sha512:" DIGEST, NULL },
	{ "web:1", "sha256:" DIGEST "0", NULL },
	{ "web:1", "sha256:zz" ZZ, NULL },
	{ "web:1", "sha256:", NULL },
	{ "web:1", DIGEST, NULL },
	{ "web:1", "web@sha256:" DIGEST, NULL },
};

START_TEST(lists_the_digest_that_was_pulled)
{
	struct task_container web = { .name = STR("web"),
		.image = str_of(digests[_i].image),
		.image_digest = str_of(digests[_i].pulled) };
	const struct task_proof proof = bare_proof();
	struct selectors got;
	size_t i, found = 0;
	char want[128];

	task.containers = &web;
	task.container_count = 1;
	ck_assert_int_eq(selectors_from_proof(&got, &arena, &task, &proof,
			     &every_tag, 1, NULL),
	    ERR_OK);
	(void)snprintf(want, sizeof(want), "image_digest:web:%s",
	    digests[_i].digest == NULL ? "" : digests[_i].digest);
	for (i = 0; i < got.count; i++) {
		if (!str_starts(got.values[i], "image_digest:"))
			continue;
		ck_str(got.values[i], want);
		found++;
	}
	ck_assert_uint_eq(found, digests[_i].digest != NULL);
}
END_TEST

/* What a policy may hang on is never what is left out. */
START_TEST(leaves_out_tags_and_containers_only)
{
	static struct task_tag tags[METADATA_TAGS_MAX];
	static struct task_container c[METADATA_CONTAINERS_MAX];
	static const char *const kept[] = { "account:021436587009",
		"cluster:batch", "client_ip:verified", "exec:disabled",
		"overrides:none", "partition:aws", "region:us-east-1",
		"subnet:s", ("task_id:" ID), "task_role:021436587009/agent" };
	struct task_proof proof = bare_proof();
	struct selectors got;
	size_t i, k, found = 0;

	for (i = 0; i < METADATA_TAGS_MAX; i++) {
		tags[i].key = arena_printf(&arena, "key%zu", i);
		tags[i].value = STR("v");
		c[i].name = arena_printf(&arena, "name%zu", i);
		c[i].image = STR("web@sha256:" DIGEST);
	}
	task.tags = tags;
	task.tag_count = METADATA_TAGS_MAX;
	task.containers = c;
	task.container_count = METADATA_CONTAINERS_MAX;
	proof.subnet = STR("s");
	proof.client_ip_verified = true;
	ck_assert_int_eq(selectors_from_proof(&got, &arena, &task, &proof,
			     &every_tag, 1, NULL),
	    ERR_OK);
	ck_assert_uint_eq(got.count, SELECTORS_MAX);
	ck_assert_uint_eq(
	    got.dropped_count, COUNT_OF(kept) + 4 * 64 - SELECTORS_MAX);
	for (i = 0; i < got.count; i++) {
		ck_assert(i == 0 ||
			  str_cmp(got.values[i - 1], got.values[i]) < 0);
		for (k = 0; k < COUNT_OF(kept); k++)
			found += str_is(got.values[i], kept[k]);
	}
	ck_assert_uint_eq(found, COUNT_OF(kept));
}
END_TEST

START_TEST(drops_what_aws_says_too_long_or_oddly)
{
	struct task_proof proof = bare_proof();
	struct selectors got;

	proof.subnet = STR(A240 "123456789");
	proof.capacity_provider = STR("FARGATE\nSPOT");
	task.service = STR("night\xff");
	check_proof(&got, &proof,
	    "account:021436587009\n"
	    "cluster:batch\n"
	    "exec:disabled\n"
	    "overrides:none\n" TASK_TAIL "task_id:" ID "\n"
	    "task_role:021436587009/agent\n");
	ck_assert_uint_eq(got.dropped_count, 3);
	ck_str(got.dropped, "subnet:");
	proof.subnet = STR(A240 "12345678");
	check_proof(&got, &proof,
	    "account:021436587009\n"
	    "cluster:batch\n"
	    "exec:disabled\n"
	    "overrides:none\n" TASK_TAIL "subnet:" A240 "12345678\n"
	    "task_id:" ID "\n"
	    "task_role:021436587009/agent\n");
	ck_str(got.dropped, "capacity_provider:");
}
END_TEST

START_TEST(lists_of_a_session_only_what_it_proves)
{
	struct selectors got;

	ck_assert_int_eq(
	    selectors_from_session(&got, &arena, STR("aws-cn"),
		STR("021436587009"), STR("agent@x"), STR(ID), NULL),
	    ERR_OK);
	check_list(&got, STR("account:021436587009\n"
			     "partition:aws-cn\n"
			     "task_id:" ID "\n"
			     "task_role:021436587009/agent@x\n"));
	ck_assert_uint_eq(got.dropped_count, 0);
}
END_TEST

/* Every ceiling of the arena below what the list needs. */
START_TEST(reports_that_memory_is_out)
{
	struct task_tag tags[] = { { STR("a:b"), STR("c") },
		{ STR("Long"), STR(A240 A50) } };
	struct selectors got;
	struct arena small;
	size_t max;
	int r = ERR_MEMORY;

	task.tags = tags;
	task.tag_count = COUNT_OF(tags);
	for (max = 0; r != ERR_OK; max += 16) {
		struct err err = { 0 };

		got = (struct selectors){ .count = 77 };
		arena_init(&small, max);
		r = selectors_from_metadata(
		    &got, &small, &task, &every_tag, 1, &err);
		arena_release(&small);
		if (r == ERR_OK)
			break;
		ck_assert_int_eq(r, ERR_MEMORY);
		ck_assert_str_ne(err.msg, "");
		ck_assert_uint_eq(got.count, 77);
	}
	ck_assert_uint_gt(max, 128);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("selectors");
	TCase *tc = tcase_create("selectors");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	ck_table(tc, lists_what_a_document_tells, samples);
	tcase_add_test(tc, lists_for_the_payload_what_the_original_listed);
	tcase_add_test(tc, lists_little_of_a_bare_task);
	tcase_add_test(tc, lists_only_the_tags_it_is_told);
	ck_table(tc, writes_a_tag, tagged);
	tcase_add_test(tc, names_the_first_that_was_dropped);
	ck_table(tc, lists_a_container, images);
	tcase_add_test(tc, lists_nothing_twice);
	tcase_add_test(tc, lists_no_more_than_200);
	tcase_add_test(tc, lists_what_is_proven_of_a_bare_task);
	tcase_add_test(tc, lists_all_that_is_proven);
	ck_table(tc, lists_the_digest_that_was_pulled, digests);
	tcase_add_test(tc, leaves_out_tags_and_containers_only);
	tcase_add_test(tc, drops_what_aws_says_too_long_or_oddly);
	tcase_add_test(tc, lists_of_a_session_only_what_it_proves);
	tcase_add_test(tc, reports_that_memory_is_out);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
