/* SPDX-License-Identifier: Apache-2.0 */
#include "task/metadata.h"

#include "task/sample.h"
#include "testing.h"
#include "json/json.h"

#define ID           "0c7d51a8e2f94b63a1d80e5f7396b2c4"
#define ARN          "arn:aws:ecs:us-east-1:021436587009:task/batch/" ID
#define DOC(members) "{\"TaskARN\":\"" ARN "\"" members "}"

static struct arena arena;

static void
set_up(void)
{
	arena_init(&arena, 16 * 1024 * 1024);
}

static void
tear_down(void)
{
	arena_release(&arena);
}

static void
parse(struct task_metadata *m, struct str json)
{
	struct err err = { 0 };
	int r;

	r = task_metadata_parse(m, &arena, json, TASK_ID_ANY, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
}

START_TEST(reads_a_fargate_document)
{
	struct task_metadata m;

	parse(&m, sample_read(&arena, "fargate.json"));
	ck_str(m.arn.text, "arn:aws:ecs:ap-southeast-2:021436587009:"
			   "task/ledger_live/" ID);
	ck_str(m.arn.partition, "aws");
	ck_str(m.arn.region, "ap-southeast-2");
	ck_str(m.arn.account, "021436587009");
	ck_str(m.arn.task_id, ID);
	ck_str(m.cluster, "ledger_live");
	ck_str(m.family, "ledger-api");
	ck_str(m.revision, "7");
	ck_str(m.service, "ledger-api-svc");
	ck_str(m.availability_zone, "ap-southeast-2c");
	ck_str(m.launch_type, "FARGATE");
	ck_str(m.platform_version, "1.4.0");
	ck_str(m.desired_status, "RUNNING");
	ck_str(m.known_status, "RUNNING");
	ck_str(m.task_definition_arn, "arn:aws:ecs:ap-southeast-2:021436587009:"
				      "task-definition/ledger-api:7");
	ck_assert_uint_eq(m.tag_count, 0);
	ck_assert_uint_eq(m.container_count, 2);
	ck_str(m.containers[0].name, "spire-agent");
	ck_assert(str_ends(m.containers[0].image, "/agents/spire:1.15.3"));
	ck_assert(str_starts(m.containers[0].image_id, "sha256:3c3c"));
	ck_str(m.containers[1].name, "ledger");
}
END_TEST

START_TEST(reads_a_document_of_an_early_start)
{
	struct task_metadata m;

	parse(&m, sample_read(&arena, "fargate-early-start.json"));
	ck_str(m.known_status, "PENDING");
	ck_assert_uint_eq(m.service.n, 0);
	ck_assert_uint_eq(m.container_count, 2);
	ck_str(m.containers[0].name, "spire-agent");
	ck_assert_uint_eq(m.containers[0].image_id.n, 0);
	ck_str(m.containers[1].name, "ledger");
}
END_TEST

START_TEST(reads_tags)
{
	static const char *const sample[] = { "fargate-tags.json",
		"fargate-tags-escaped.json" };
	struct task_metadata m;

	parse(&m, sample_read(&arena, sample[_i]));
	ck_assert_uint_eq(m.tag_count, 7);
	ck_str(m.tags[1].key, "Team");
	ck_str(m.tags[1].value, "Zahlungsverkehr K\xc3\xb6ln");
	ck_str(m.tags[4].key, "url");
	ck_str(m.tags[4].value, "https://wiki.example.org/a?b=c:d");
	ck_str(m.tags[5].key, "Empty");
	ck_assert_uint_eq(m.tags[5].value.n, 0);
}
END_TEST

START_TEST(reads_a_short_cluster_and_skips_the_pause_container)
{
	struct task_metadata m;

	parse(&m, sample_read(&arena, "ec2-short-cluster.json"));
	ck_str(m.cluster, "batch");
	ck_str(m.launch_type, "EC2");
	ck_str(m.task_definition_arn,
	    "arn:aws-us-gov:ecs:us-gov-west-1:550011223344:"
	    "task-definition/nightly:118");
	ck_assert_uint_eq(m.container_count, 1);
	ck_str(m.containers[0].name, "report");
}
END_TEST

START_TEST(takes_null_as_absent)
{
	struct task_metadata m;

	parse(&m, sample_read(&arena, "nulls.json"));
	ck_str(m.cluster, "ledger_live");
	ck_str(m.revision, "7");
	ck_assert_uint_eq(m.service.n, 0);
	ck_assert_uint_eq(m.tag_count, 1);
	ck_str(m.tags[0].key, "Kept");
	ck_assert_uint_eq(m.container_count, 1);
	ck_str(m.containers[0].name, "ledger");
	ck_assert_uint_eq(m.containers[0].image.n, 0);
}
END_TEST

START_TEST(reads_a_document_with_an_arn_alone)
{
	struct task_metadata m;

	parse(&m, sample_read(&arena, "minimal.json"));
	ck_str(m.arn.partition, "aws-eusc");
	ck_str(m.cluster, "c");
	ck_assert_uint_eq(m.task_definition_arn.n, 0);
	ck_assert_uint_eq(m.tag_count + m.container_count, 0);
}
END_TEST

START_TEST(reads_a_mock_only_when_told)
{
	struct str json = sample_read(&arena, "mock.json");
	struct task_metadata m;
	struct err err = { 0 };

	parse(&m, json);
	ck_str(m.arn.task_id, "local-task-1");
	ck_assert_int_eq(
	    task_metadata_parse(&m, &arena, json, TASK_ID_AWS, &err),
	    ERR_FORMAT);
	ck_assert_str_eq(err.msg, "TaskARN: task ID \"local-task-1\" is not "
				  "32 lower-case hex digits");
}
END_TEST

START_TEST(keeps_a_definition_that_is_given)
{
	struct task_metadata m;

	parse(&m, STR(DOC(",\"Family\":\"f\",\"Revision\":\"2\","
			  "\"TaskDefinitionArn\":\"given\"")));
	ck_str(m.task_definition_arn, "given");
}
END_TEST

/* Family and revision of which no ARN can be made. */
static const char *const uncomposed[] = {
	DOC(",\"Family\":\"f\""),
	DOC(",\"Revision\":\"2\""),
	DOC(",\"Family\":\"f/g\",\"Revision\":\"2\""),
	DOC(",\"Family\":\"f\",\"Revision\":\"2x\""),
	DOC(",\"Family\":\"f\",\"Revision\":\"123456789012345678901\""),
};

START_TEST(composes_no_definition_of_odd_parts)
{
	struct task_metadata m;

	parse(&m, str_of(uncomposed[_i]));
	ck_assert_uint_eq(m.task_definition_arn.n, 0);
}
END_TEST

static const struct {
	const char *says, *json;
} refused[] = {
	{ "at byte", "" },
	{ "at byte", "  \n" },
	{ "at byte", "{" },
	{ "at byte", "<html></html>" },
	{ "at byte", DOC("") "x" },
	{ "at byte", DOC("") DOC("") },
	{ "at byte", DOC(",\"Family\":\"\xff\"") },
	{ "at byte", DOC(",\"Family\":\"\\ud800\"") },
	{ "expected an object", "[]" },
	{ "expected an object", "null" },
	{ "expected an object", "\"V4 container metadata: not found\"" },
	{ "TaskARN is missing", "{}" },
	{ "TaskARN is missing", "{\"TaskARN\":null}" },
	{ "TaskARN is missing", "{\"TaskARN\":\"\"}" },
	{ "\"TaskARN\" must be a string", "{\"TaskARN\":7}" },
	{ "\"TaskARN\" is repeated", DOC(",\"TaskARN\":\"" ARN "\"") },
	{ "must be spelt \"TaskARN\"", DOC(",\"TaskArn\":\"" ARN "\"") },
	{ "TaskARN: \"x\" is not arn:", "{\"TaskARN\":\"x\"}" },
	{ "does not name the cluster",
	    "{\"TaskARN\":\"arn:aws:ecs:us-east-1:021436587009:task/" ID
	    "\",\"Cluster\":\"batch\"}" },
	{ "Cluster: cluster \"a/b\" is not", DOC(",\"Cluster\":\"a/b\"") },
	{ "Cluster \"live\" is not the cluster of TaskARN",
	    DOC(",\"Cluster\":\"live\"") },
	{ "is not the cluster of TaskARN",
	    DOC(",\"Cluster\":\"arn:aws:ecs:us-east-1:021436587008:"
		"cluster/batch\"") },
	{ "is not the cluster of TaskARN",
	    DOC(",\"Cluster\":\"arn:aws:ecs:us-east-2:021436587009:"
		"cluster/batch\"") },
	{ "is not the cluster of TaskARN",
	    DOC(",\"Cluster\":\"arn:aws-cn:ecs:us-east-1:021436587009:"
		"cluster/batch\"") },
	{ "is not the cluster of TaskARN",
	    DOC(",\"Cluster\":\"arn:aws:ecs:us-east-1:021436587009:"
		"cluster/live\"") },
	{ "\"Family\" must be a string", DOC(",\"Family\":{}") },
	{ "\"Revision\" must be", DOC(",\"Revision\":true") },
	{ "Revision: 1.5 is not a whole number", DOC(",\"Revision\":1.5") },
	{ "Revision: -1 is not a whole number", DOC(",\"Revision\":-1") },
	{ "Revision: 1e3 is not a whole number", DOC(",\"Revision\":1e3") },
	{ "Revision: 99999999999999999999 is not",
	    DOC(",\"Revision\":99999999999999999999") },
	{ "\"TaskTags\" must be an object", DOC(",\"TaskTags\":[]") },
	{ "a tag without a key", DOC(",\"TaskTags\":{\"\":\"v\"}") },
	{ "the value of \"a\" is not a string",
	    DOC(",\"TaskTags\":{\"a\":1}") },
	{ "the key \"a\" twice",
	    DOC(",\"TaskTags\":{\"a\":\"1\",\"\\u0061\":\"2\"}") },
	{ "\"Containers\" must be an array", DOC(",\"Containers\":{}") },
	{ "Containers: expected an object", DOC(",\"Containers\":[7]") },
	{ "Containers: member \"Name\" must be a string",
	    DOC(",\"Containers\":[{\"Name\":7}]") },
};

START_TEST(refuses)
{
	struct task_metadata m = { .family = STR("untouched") };
	struct err err = { 0 };
	int r;

	r = task_metadata_parse(
	    &m, &arena, str_of(refused[_i].json), TASK_ID_AWS, &err);
	ck_assert_msg(r == ERR_FORMAT, "%s: %d", refused[_i].json, r);
	ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].json, err.msg);
	ck_str(m.family, "untouched");
}
END_TEST

START_TEST(takes_an_arn_for_the_cluster)
{
	struct task_metadata m;

	parse(&m, STR(DOC(",\"Cluster\":\"arn:aws:ecs:us-east-1:021436587009:"
			  "cluster/batch\"")));
	ck_str(m.cluster, "batch");
}
END_TEST

/* A document with n containers and n tags, and a pause container between. */
static struct str
crowd(struct buf *b, size_t n)
{
	size_t i;

	buf_init(b, METADATA_BYTES_MAX);
	buf_add_text(b, "{\"TaskARN\":\"" ARN "\",\"TaskTags\":{");
	for (i = 0; i < n; i++)
		buf_addf(b, "%s\"k%zu\":\"v\"", i == 0 ? "" : ",", i);
	buf_add_text(b, "},\"Containers\":[{\"Type\":\"CNI_PAUSE\","
			"\"Name\":\"x\"}");
	for (i = 0; i < n; i++)
		buf_addf(b, ",{\"Name\":\"c%zu\"}", i);
	buf_add_text(b, "]}");
	return buf_str(b);
}

START_TEST(bounds_containers_and_tags)
{
	struct task_metadata m;
	struct err err = { 0 };
	struct buf b;

	parse(&m, crowd(&b, 64));
	ck_assert_uint_eq(m.tag_count, METADATA_TAGS_MAX);
	ck_assert_uint_eq(m.container_count, METADATA_CONTAINERS_MAX);
	ck_str(m.containers[63].name, "c63");
	buf_release(&b);
	ck_assert_int_eq(
	    task_metadata_parse(&m, &arena, crowd(&b, 65), TASK_ID_AWS, &err),
	    ERR_FORMAT);
	ck_assert_str_eq(err.msg, "TaskTags has more than 64 tags");
	buf_release(&b);
}
END_TEST

START_TEST(bounds_containers)
{
	struct task_metadata m;
	struct err err = { 0 };
	struct buf b;
	int i;

	buf_init(&b, METADATA_BYTES_MAX);
	buf_add_text(&b, "{\"TaskARN\":\"" ARN "\",\"Containers\":[null");
	for (i = 0; i < 65; i++)
		buf_add_text(&b, ",{\"Name\":\"c\"}");
	buf_add_text(&b, "]}");
	ck_assert_int_eq(
	    task_metadata_parse(&m, &arena, buf_str(&b), TASK_ID_AWS, &err),
	    ERR_FORMAT);
	ck_assert_str_eq(err.msg, "more than 64 containers");
	buf_release(&b);
}
END_TEST

START_TEST(reads_a_document_of_a_mebibyte_and_no_more)
{
	struct task_metadata m;
	struct err err = { 0 };
	struct buf b;

	buf_init(&b, METADATA_BYTES_MAX + 1);
	buf_add_text(&b, "{\"TaskARN\":\"" ARN "\",\"Containers\":[{\"Name\":"
			 "\"web\",\"Labels\":{\"x\":\"");
	while (b.n < METADATA_BYTES_MAX - 5)
		buf_add_char(&b, 'x');
	buf_add_text(&b, "\"}}]}");
	ck_assert_uint_eq(b.n, METADATA_BYTES_MAX);
	parse(&m, buf_str(&b));
	ck_str(m.containers[0].name, "web");
	buf_add_char(&b, '\n');
	ck_assert_int_eq(
	    task_metadata_parse(&m, &arena, buf_str(&b), TASK_ID_AWS, &err),
	    ERR_TOOBIG);
	ck_assert_str_eq(
	    err.msg, "the document has 1048577 bytes, more than 1048576");
	buf_release(&b);
}
END_TEST

static const char *const samples[] = { "fargate", "fargate-early-start",
	"fargate-tags", "fargate-tags-escaped", "fargate-labels",
	"ec2-short-cluster", "nulls", "minimal", "mock" };

/* The same in every member that a reduced document carries. */
static void
check_same(const struct task_metadata *a, const struct task_metadata *b)
{
	size_t i;

	ck_assert(str_eq(a->arn.text, b->arn.text));
	ck_assert(str_eq(a->cluster, b->cluster));
	ck_assert(str_eq(a->family, b->family));
	ck_assert(str_eq(a->revision, b->revision));
	ck_assert(str_eq(a->service, b->service));
	ck_assert(str_eq(a->availability_zone, b->availability_zone));
	ck_assert(str_eq(a->launch_type, b->launch_type));
	ck_assert(str_eq(a->platform_version, b->platform_version));
	ck_assert(str_eq(a->desired_status, b->desired_status));
	ck_assert(str_eq(a->known_status, b->known_status));
	ck_assert(str_eq(a->task_definition_arn, b->task_definition_arn));
	ck_assert_uint_eq(a->tag_count, b->tag_count);
	for (i = 0; i < a->tag_count; i++) {
		ck_assert(str_eq(a->tags[i].key, b->tags[i].key));
		ck_assert(str_eq(a->tags[i].value, b->tags[i].value));
	}
	ck_assert_uint_eq(a->container_count, b->container_count);
	for (i = 0; i < a->container_count; i++) {
		ck_assert(str_eq(a->containers[i].name, b->containers[i].name));
		ck_assert(
		    str_eq(a->containers[i].image, b->containers[i].image));
		ck_assert(str_eq(
		    a->containers[i].image_id, b->containers[i].image_id));
	}
}

START_TEST(reduces_a_document)
{
	struct task_metadata m, again;
	struct err err = { 0 };
	struct buf b;
	char name[64];

	(void)snprintf(name, sizeof(name), "%s.json", samples[_i]);
	parse(&m, sample_read(&arena, name));
	buf_init(&b, METADATA_REDUCED_MAX);
	ck_assert_int_eq(task_metadata_format(&b, &m, &err), ERR_OK);
	(void)snprintf(name, sizeof(name), "%s.reduced", samples[_i]);
	buf_add_char(&b, '\n');
	ck_assert_msg(str_eq(buf_str(&b), sample_read(&arena, name)),
	    "%s: got %.*s", name, STR_FMT(buf_str(&b)));
	parse(&again, buf_str(&b));
	check_same(&m, &again);
	buf_release(&b);
}
END_TEST

/* How long a text is as a string in a payload. */
static size_t
quoted(struct buf *b)
{
	struct buf q;
	size_t n;

	buf_init(&q, (size_t)METADATA_BYTES_MAX);
	json_write_string(&q, buf_str(b));
	n = q.n;
	buf_release(&q);
	return n;
}

/* Texts that grow when they are quoted, at different rates. */
static const char *const stuffing[] = { "x", "\"", "\\", "\x01", "\n",
	"\xc3\xbc" };

START_TEST(leaves_out_what_does_not_fit)
{
	static struct task_tag tags[METADATA_TAGS_MAX];
	static struct task_container containers[METADATA_CONTAINERS_MAX];
	struct task_metadata m, again;
	struct err err = { 0 };
	struct buf fill, b;
	size_t i;

	buf_init(&fill, 512);
	while (fill.n + 4 < 512)
		buf_add_text(&fill, stuffing[_i]);
	parse(&m, STR(DOC("")));
	m.tags = tags;
	m.containers = containers;
	m.tag_count = METADATA_TAGS_MAX;
	m.container_count = METADATA_CONTAINERS_MAX;
	for (i = 0; i < METADATA_TAGS_MAX; i++) {
		tags[i].key =
		    arena_printf(&arena, "%zu%.*s", i, STR_FMT(buf_str(&fill)));
		tags[i].value = buf_str(&fill);
		containers[i].name = STR("c");
		containers[i].image = buf_str(&fill);
		containers[i].image_id = buf_str(&fill);
	}
	buf_init(&b, METADATA_BYTES_MAX);
	ck_assert_int_eq(task_metadata_format(&b, &m, &err), ERR_OK);
	ck_assert_uint_le(quoted(&b), METADATA_REDUCED_MAX);
	ck_assert_uint_gt(quoted(&b), METADATA_REDUCED_MAX / 3);
	parse(&again, buf_str(&b));
	ck_assert_uint_gt(again.tag_count, 0);
	ck_assert_uint_lt(again.container_count, METADATA_CONTAINERS_MAX);
	/* containers go before tags */
	ck_assert(
	    again.tag_count == METADATA_TAGS_MAX || again.container_count == 0);
	buf_release(&b);
	buf_release(&fill);
}
END_TEST

START_TEST(refuses_names_that_alone_are_too_long)
{
	struct task_metadata m;
	struct err err = { 0 };
	struct buf b;
	char *p = arena_alloc(&arena, METADATA_REDUCED_MAX);

	parse(&m, STR(DOC("")));
	memset(p, 'f', METADATA_REDUCED_MAX);
	m.family = (struct str){ p, METADATA_REDUCED_MAX };
	buf_init(&b, METADATA_BYTES_MAX);
	ck_assert_int_eq(task_metadata_format(&b, &m, &err), ERR_TOOBIG);
	ck_assert_msg(
	    strstr(err.msg, "more than 57344") != NULL, "%s", err.msg);
	ck_assert_uint_eq(b.n, 0);
	buf_release(&b);
}
END_TEST

START_TEST(reports_a_buffer_that_is_too_small)
{
	struct task_metadata m;
	struct err err = { 0 };
	struct buf b;

	parse(&m, STR(DOC("")));
	buf_init(&b, 32);
	ck_assert_int_eq(task_metadata_format(&b, &m, &err), ERR_TOOBIG);
	buf_release(&b);
}
END_TEST

/* Every ceiling of the arena below what the document needs. */
START_TEST(reports_that_memory_is_out)
{
	struct str json;
	struct arena small;
	struct task_metadata m;
	size_t max;
	int r = ERR_MEMORY;

	json = sample_read(&arena, "fargate-tags-escaped.json");
	for (max = 0; r != ERR_OK; max += 16) {
		struct err err = { 0 };

		arena_init(&small, max);
		r = task_metadata_parse(&m, &small, json, TASK_ID_AWS, &err);
		arena_release(&small);
		if (r == ERR_OK)
			break;
		ck_assert_int_eq(r, ERR_MEMORY);
		ck_assert_str_ne(err.msg, "");
	}
	ck_assert_uint_gt(max, 512);
}
END_TEST

START_TEST(survives_every_cut_and_flip)
{
	struct str json = sample_read(&arena, "fargate-tags-escaped.json");
	char *p = arena_alloc(&arena, json.n);
	struct task_metadata m;
	struct arena a;
	size_t i;

	arena_init(&a, 1024 * 1024);
	for (i = 0; i < json.n; i++) {
		ck_assert_int_eq(task_metadata_parse(&m, &a,
				     str_sub(json, 0, i), TASK_ID_AWS, NULL),
		    ERR_FORMAT);
		memcpy(p, json.p, json.n);
		p[i] = (char)(p[i] ^ (1 << (i % 8)));
		if (task_metadata_parse(&m, &a, (struct str){ p, json.n },
			TASK_ID_ANY, NULL) == ERR_OK)
			ck_assert(is_account(m.arn.account));
		arena_release(&a);
	}
}
END_TEST

/* What a function that is called next finds in its own frame. */
static void __attribute__((noinline))
dirty_stack(void)
{
	volatile unsigned char frame[64 * 1024];
	size_t i;

	for (i = 0; i < sizeof(frame); i++)
		frame[i] = 0xa5;
}

START_TEST(leaves_what_the_document_has_not_empty)
{
	static const char text[] = "{\"TaskARN\":\"arn:aws:ecs:us-east-1:"
				   "123456789012:task/c/a\",\"Containers\":"
				   "[{\"Name\":\"web\"},{\"Name\":\"b\"}]}";
	struct task_metadata m;
	size_t i;

	dirty_stack();
	parse(&m, STR(text));
	ck_assert_uint_eq(m.container_count, 2);
	for (i = 0; i < 2; i++) {
		ck_str(m.containers[i].image, "");
		ck_str(m.containers[i].image_id, "");
		ck_str(m.containers[i].image_digest, "");
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("metadata");
	TCase *tc = tcase_create("metadata");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, reads_a_fargate_document);
	tcase_add_test(tc, reads_a_document_of_an_early_start);
	tcase_add_loop_test(tc, reads_tags, 0, 2);
	tcase_add_test(tc, reads_a_short_cluster_and_skips_the_pause_container);
	tcase_add_test(tc, takes_null_as_absent);
	tcase_add_test(tc, leaves_what_the_document_has_not_empty);
	tcase_add_test(tc, reads_a_document_with_an_arn_alone);
	tcase_add_test(tc, reads_a_mock_only_when_told);
	tcase_add_test(tc, keeps_a_definition_that_is_given);
	ck_table(tc, composes_no_definition_of_odd_parts, uncomposed);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, takes_an_arn_for_the_cluster);
	tcase_add_test(tc, bounds_containers_and_tags);
	tcase_add_test(tc, bounds_containers);
	tcase_add_test(tc, reads_a_document_of_a_mebibyte_and_no_more);
	ck_table(tc, reduces_a_document, samples);
	ck_table(tc, leaves_out_what_does_not_fit, stuffing);
	tcase_add_test(tc, refuses_names_that_alone_are_too_long);
	tcase_add_test(tc, reports_a_buffer_that_is_too_small);
	tcase_add_test(tc, reports_that_memory_is_out);
	tcase_add_test(tc, survives_every_cut_and_flip);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
