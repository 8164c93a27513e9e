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
	struct task_container web = { STR("web"), str_of(images[_i].image),
		STR("sha256:" DIGEST) };
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
	struct task_container c[] = { { STR("web"), STR("i"), STR("") },
		{ STR("web"), STR("i"), STR("") } };
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
	tcase_add_test(tc, reports_that_memory_is_out);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
