/* SPDX-License-Identifier: Apache-2.0 */
#include "task/arn.h"

#include "testing.h"

#define ID   "0c7d51a8e2f94b63a1d80e5f7396b2c4"
#define HEAD "arn:aws:ecs:us-east-1:021436587009:"
#define C50  "cccccccccccccccccccccccccccccccccccccccccccccccccc"
#define C255 C50 C50 C50 C50 C50 "ccccc"

START_TEST(takes_an_arn_apart)
{
	struct str text = STR("arn:aws-us-gov:ecs:us-gov-west-1:"
			      "021436587009:task/Ledger_live-2/" ID);
	struct task_arn arn = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(task_arn_parse(&arn, text, TASK_ID_AWS, &err), ERR_OK);
	ck_assert_ptr_eq(arn.text.p, text.p);
	ck_assert_uint_eq(arn.text.n, text.n);
	ck_str(arn.partition, "aws-us-gov");
	ck_str(arn.region, "us-gov-west-1");
	ck_str(arn.account, "021436587009");
	ck_str(arn.cluster, "Ledger_live-2");
	ck_str(arn.task_id, ID);
	ck_assert_str_eq(err.msg, "");
}
END_TEST

static const struct {
	const char *text;
	enum task_id_form form;
} taken[] = {
	{ HEAD "task/c/" ID, TASK_ID_AWS },
	{ HEAD "task/" C255 "/" ID, TASK_ID_AWS },
	{ "arn:aws-cn:ecs:cn-north-1:000000000000:task/c/" ID, TASK_ID_AWS },
	{ "arn:aws-iso-f:ecs:us-isof-south-1:021436587009:task/c/" ID,
	    TASK_ID_AWS },
	{ "arn:aws-eusc:ecs:eusc-de-east-1:021436587009:task/c/" ID,
	    TASK_ID_AWS },
	{ HEAD "task/c/" ID, TASK_ID_ANY },
	{ HEAD "task/c/x", TASK_ID_ANY },
	{ HEAD "task/c/Demo-Task-1", TASK_ID_ANY },
	{ HEAD "task/c/" ID ID, TASK_ID_ANY },
};

START_TEST(takes)
{
	struct task_arn arn;
	struct err err = { 0 };
	int r;

	r = task_arn_parse(&arn, str_of(taken[_i].text), taken[_i].form, &err);
	ck_assert_msg(r == ERR_OK, "%s: %s", taken[_i].text, err.msg);
}
END_TEST

/* says: what the sentence must hold, to help the reader. */
static const struct {
	const char *why, *says, *text;
	enum task_id_form form;
} refused[] = {
	{ "empty", "is not arn:", "", TASK_ID_AWS },
	{ "no ARN", "\"task/c\" is not arn:", "task/c", TASK_ID_AWS },
	{ "leading space", "is not arn:", " " HEAD "task/c/" ID, TASK_ID_AWS },
	{ "another scheme", "is not arn:",
	    "urn:aws:ecs:us-east-1:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "five fields", "too few fields", "arn:aws:ecs:us-east-1:021436587009",
	    TASK_ID_AWS },
	{ "seven fields", "task ID", HEAD "task/c/" ID ":x", TASK_ID_AWS },
	{ "no partition", "partition \"\"",
	    "arn::ecs:us-east-1:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "another partition", "partition \"gcp\"",
	    "arn:gcp:ecs:us-east-1:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "a partition that begins like ours", "partition \"awsx\"",
	    "arn:awsx:ecs:us-east-1:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "a partition with an end of nothing", "partition \"aws-\"",
	    "arn:aws-:ecs:us-east-1:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "a partition with a capital", "partition \"aws-CN\"",
	    "arn:aws-CN:ecs:us-east-1:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "another service", "service \"sts\"",
	    "arn:aws:sts:us-east-1:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "empty region", "region \"\"", "arn:aws:ecs::021436587009:task/c/" ID,
	    TASK_ID_AWS },
	{ "a region that is a host", "region \"us-east-1.evil.example\"",
	    "arn:aws:ecs:us-east-1.evil.example:021436587009:task/c/" ID,
	    TASK_ID_AWS },
	{ "a region with a fragment", "region \"us-east-1#\"",
	    "arn:aws:ecs:us-east-1#:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "a region with a path", "region \"evil/?x=\"",
	    "arn:aws:ecs:evil/?x=:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "a region with a header", "region \"us-east-1??Host\"",
	    "arn:aws:ecs:us-east-1\r\nHost:021436587009:task/c/" ID,
	    TASK_ID_AWS },
	{ "a region with a capital", "region",
	    "arn:aws:ecs:US-east-1:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "a region that begins with a dash", "region",
	    "arn:aws:ecs:-us-east-1:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "a region that ends in a dash", "region",
	    "arn:aws:ecs:us-east-:021436587009:task/c/" ID, TASK_ID_AWS },
	{ "a region of 64 bytes", "region",
	    "arn:aws:ecs:" ID ID ":021436587009:task/c/" ID, TASK_ID_AWS },
	{ "an account of 11 digits", "account \"02143658700\"",
	    "arn:aws:ecs:us-east-1:02143658700:task/c/" ID, TASK_ID_AWS },
	{ "an account of 13 digits", "account",
	    "arn:aws:ecs:us-east-1:0214365870091:task/c/" ID, TASK_ID_AWS },
	{ "an account with a letter", "account",
	    "arn:aws:ecs:us-east-1:02143658700x:task/c/" ID, TASK_ID_AWS },
	{ "an account in full-width digits", "account",
	    "arn:aws:ecs:us-east-1:\xef\xbc\x90\xef\xbc\x91\xef\xbc\x92"
	    "\xef\xbc\x93:task/c/" ID,
	    TASK_ID_AWS },
	{ "an account that forges a path", "account \"0214365870/9\"",
	    "arn:aws:ecs:us-east-1:0214365870/9:task/c/" ID, TASK_ID_AWS },
	{ "not a task", "resource \"service/c/s\"", HEAD "service/c/s",
	    TASK_ID_AWS },
	{ "a resource of nothing", "resource \"\"", HEAD, TASK_ID_AWS },
	{ "only the kind", "does not name the cluster", HEAD "task",
	    TASK_ID_AWS },
	{ "the old form", "does not name the cluster", HEAD "task/" ID,
	    TASK_ID_AWS },
	{ "the old form of a mock", "does not name the cluster",
	    HEAD "task/" ID, TASK_ID_ANY },
	{ "no cluster", "cluster \"\"", HEAD "task//" ID, TASK_ID_AWS },
	{ "a cluster of dots", "cluster \"..\"", HEAD "task/../" ID,
	    TASK_ID_AWS },
	{ "a cluster that hides dots", "cluster \"%2e%2e\"",
	    HEAD "task/%2e%2e/" ID, TASK_ID_AWS },
	{ "a cluster of 256 letters", "cluster", HEAD "task/" C255 "c/" ID,
	    TASK_ID_AWS },
	{ "a cluster with a colon", "cluster", HEAD "task/a:b/" ID,
	    TASK_ID_AWS },
	{ "a path as the task ID", "task ID \"b/" ID "\"", HEAD "task/a/b/" ID,
	    TASK_ID_AWS },
	{ "no task ID", "task ID \"\"", HEAD "task/c/", TASK_ID_AWS },
	{ "31 digits", "32 lower-case hex digits",
	    HEAD "task/c/0c7d51a8e2f94b63a1d80e5f7396b2c", TASK_ID_AWS },
	{ "33 digits", "32 lower-case hex digits", HEAD "task/c/" ID "0",
	    TASK_ID_AWS },
	{ "capital hex", "32 lower-case hex digits",
	    HEAD "task/c/0C7D51A8E2F94B63A1D80E5F7396B2C4", TASK_ID_AWS },
	{ "an old UUID", "32 lower-case hex digits",
	    HEAD "task/c/0c7d51a8-e2f9-4b63-a1d8-0e5f7396b2c4", TASK_ID_AWS },
	{ "trailing newline", "32 lower-case hex digits",
	    HEAD "task/c/" ID "\n", TASK_ID_AWS },
	{ "a mock's ID of 65 letters", "1 to 64", HEAD "task/c/" ID ID "0",
	    TASK_ID_ANY },
	{ "a mock's ID with an underscore", "1 to 64", HEAD "task/c/a_b",
	    TASK_ID_ANY },
	{ "a mock's ID of nothing", "1 to 64", HEAD "task/c/", TASK_ID_ANY },
};

START_TEST(refuses)
{
	struct task_arn arn = { .text = STR("untouched") };
	struct err err = { 0 };
	int r;

	r = task_arn_parse(
	    &arn, str_of(refused[_i].text), refused[_i].form, &err);
	ck_assert_msg(r == ERR_FORMAT, "%s: %d", refused[_i].why, r);
	ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].why, err.msg);
	ck_str(arn.text, "untouched");
	ck_assert_int_eq(task_arn_parse(&arn, str_of(refused[_i].text),
			     refused[_i].form, NULL),
	    ERR_FORMAT);
}
END_TEST

START_TEST(refuses_a_nul_anywhere)
{
	char text[] = HEAD "task/c/" ID;
	struct task_arn arn;
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		char was = text[i];

		text[i] = '\0';
		ck_assert_int_eq(
		    task_arn_parse(&arn, (struct str){ text, sizeof(text) - 1 },
			TASK_ID_ANY, NULL),
		    ERR_FORMAT);
		text[i] = was;
	}
}
END_TEST

START_TEST(refuses_every_part_of_an_arn)
{
	static const char text[] = HEAD "task/c/" ID;
	struct task_arn arn;
	size_t n;

	for (n = 0; n < sizeof(text) - 1; n++)
		ck_assert_int_eq(task_arn_parse(&arn, (struct str){ text, n },
				     TASK_ID_AWS, NULL),
		    ERR_FORMAT);
}
END_TEST

START_TEST(reads_clusters)
{
	struct cluster_ref ref;
	struct str name;

	ck_assert_int_eq(cluster_ref_parse(&ref, STR("batch"), NULL), ERR_OK);
	ck_str(ref.name, "batch");
	ck_assert_uint_eq(ref.partition.n + ref.region.n + ref.account.n, 0);
	ck_assert_int_eq(
	    cluster_ref_parse(&ref, STR(HEAD "cluster/ledger_live"), NULL),
	    ERR_OK);
	ck_str(ref.name, "ledger_live");
	ck_str(ref.partition, "aws");
	ck_str(ref.region, "us-east-1");
	ck_str(ref.account, "021436587009");
	ck_assert_int_eq(
	    cluster_name_parse(&name, STR(HEAD "cluster/b"), NULL), ERR_OK);
	ck_str(name, "b");
}
END_TEST

static const struct {
	const char *text, *says;
} bad_clusters[] = {
	{ "", "cluster \"\"" },
	{ ".", "cluster \".\"" },
	{ "a b", "cluster \"a b\"" },
	{ "a/b", "cluster \"a/b\"" },
	{ C255 "c", "cluster" },
	{ "a:b", "is not arn:PARTITION:ecs:REGION:ACCOUNT:cluster/NAME" },
	{ HEAD "task/c/" ID, "not cluster/NAME" },
	{ HEAD "cluster", "cluster \"\"" },
	{ HEAD "cluster/", "cluster \"\"" },
	{ HEAD "cluster/a/b", "cluster \"a/b\"" },
	{ "arn:aws:ecs:us-east-1:1:cluster/c", "account \"1\"" },
	{ "arn:aws:eks:us-east-1:021436587009:cluster/c", "service \"eks\"" },
};

START_TEST(refuses_clusters)
{
	struct cluster_ref ref = { .name = STR("untouched") };
	struct str name = STR("untouched");
	struct err err = { 0 };
	int r;

	r = cluster_ref_parse(&ref, str_of(bad_clusters[_i].text), &err);
	ck_assert_int_eq(r, ERR_FORMAT);
	ck_assert_msg(
	    strstr(err.msg, bad_clusters[_i].says) != NULL, "%s", err.msg);
	ck_str(ref.name, "untouched");
	r = cluster_name_parse(&name, str_of(bad_clusters[_i].text), NULL);
	ck_assert_int_eq(r, ERR_FORMAT);
	ck_str(name, "untouched");
}
END_TEST

START_TEST(knows_the_grammar)
{
	ck_assert(is_account(STR("000000000000")));
	ck_assert(!is_account(STR("")));
	ck_assert(!is_account(STR("00000000000a")));
	ck_assert(is_region(STR("us-east-1")));
	ck_assert(is_region(STR("x")));
	ck_assert(!is_region(STR("us_east_1")));
	ck_assert(!is_region(STR("us-east-1\0")));
	ck_assert(is_partition(STR("aws")));
	ck_assert(is_partition(STR("aws-iso-b")));
	ck_assert(!is_partition(STR("aw")));
	ck_assert(!is_partition(STR("awss")));
	ck_assert(is_cluster_name(STR(C255)));
	ck_assert(!is_cluster_name(STR("")));
	ck_assert(!is_cluster_name(STR("caf\xc3\xa9")));
}
END_TEST

START_TEST(names_the_cluster_of_a_task)
{
	struct task_arn arn;
	struct arena arena;

	ck_assert_int_eq(task_arn_parse(&arn,
			     STR("arn:aws-cn:ecs:cn-north-1:021436587009:"
				 "task/batch/0c7d51a8e2f94b63a1d80e5f7396b2c4"),
			     TASK_ID_AWS, NULL),
	    ERR_OK);
	arena_init(&arena, 256);
	ck_str(cluster_arn_of(&arena, &arn),
	    "arn:aws-cn:ecs:cn-north-1:021436587009:cluster/batch");
	arena_release(&arena);
	arena_init(&arena, 16);
	ck_assert_ptr_null(cluster_arn_of(&arena, &arn).p);
	arena_release(&arena);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("arn");
	TCase *tc = tcase_create("arn");

	tcase_add_test(tc, takes_an_arn_apart);
	ck_table(tc, takes, taken);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, refuses_a_nul_anywhere);
	tcase_add_test(tc, refuses_every_part_of_an_arn);
	tcase_add_test(tc, reads_clusters);
	ck_table(tc, refuses_clusters, bad_clusters);
	tcase_add_test(tc, knows_the_grammar);
	tcase_add_test(tc, names_the_cluster_of_a_task);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
