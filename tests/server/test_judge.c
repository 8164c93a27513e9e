/* SPDX-License-Identifier: Apache-2.0 */
#include "server/judge.h"

#include "task/sample.h"
#include "testing.h"

#define PLUGIN  "aws_fargate_task"
#define ID      "0c7d51a8e2f94b63a1d80e5f7396b2c4"
#define ARN     "arn:aws:ecs:us-east-1:021436587009:task/batch/" ID
#define DEFAULT "/aws_fargate_task/{{ .accountID }}/{{ .cluster }}"
#define NONCE   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static struct arena arena;
static struct judge_policy policy;
static struct str every_tag[] = { { "*", 1 } };

static void
set_template(const char *text)
{
	int r;

	r = agent_id_template_parse(
	    &policy.agent_path, str_of(text), PLUGIN, NULL);
	ck_assert_int_eq(r, ERR_OK);
}

static void
set_up(void)
{
	arena_init(&arena, JUDGE_ARENA_MAX);
	policy = (struct judge_policy){
		.trust_domain = STR("example.org"),
		.plugin_name = PLUGIN,
		.tag_selectors = { every_tag, 1 },
		.reattest = true,
	};
	set_template(DEFAULT);
}

static void
tear_down(void)
{
	arena_release(&arena);
}

/* A payload of the original agent around a document. */
static struct str
payload_around(struct buf *b, struct str document)
{
	struct payload p = { .task_metadata = document };

	buf_init(b, PAYLOAD_MAX);
	ck_assert_int_eq(payload_encode(b, &p, NULL), ERR_OK);
	return buf_str(b);
}

static void
read_evidence(struct evidence *ev, const char *document)
{
	const char *reason = NULL;
	struct err err = { 0 };
	struct buf b;
	int r;

	r = judge_read_evidence(ev, &arena,
	    arena_dup(&arena, payload_around(&b, str_of(document))), &reason,
	    &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(reason, "ok");
	buf_release(&b);
}

static int
judge(struct verdict *v, const char *document, struct err *err)
{
	struct evidence ev;

	read_evidence(&ev, document);
	return judge_metadata(v, &arena, &ev.task, &policy, err);
}

START_TEST(reads_the_payload_of_the_original_agent)
{
	struct evidence ev;
	const char *reason = NULL;
	struct err err = { 0 };
	struct buf b;
	int r;

	r = judge_read_evidence(&ev, &arena,
	    payload_around(&b, sample_read(&arena, "fargate.json")), &reason,
	    &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(reason, "ok");
	ck_str(ev.task.cluster, "ledger_live");
	ck_str(ev.task.arn.account, "021436587009");
	ck_assert(!ev.payload.has_version);
	buf_release(&b);
}
END_TEST

#define OUR_PAYLOAD(arn)                                             \
	"{\"task_metadata\":\"{\\\"TaskARN\\\":\\\"" ARN             \
	"\\\"}\",\"selectors\":[],\"version\":1,\"task_arn\":\"" arn \
	"\",\"agent_nonce\":\"" NONCE "\"}"

START_TEST(reads_our_own_payload)
{
	struct evidence ev;
	const char *reason = NULL;

	ck_assert_int_eq(judge_read_evidence(
			     &ev, &arena, STR(OUR_PAYLOAD(ARN)), &reason, NULL),
	    ERR_OK);
	ck_assert_str_eq(reason, "ok");
	ck_str(ev.payload.task_arn, ARN);
	ck_str(ev.task.cluster, "batch");
}
END_TEST

#define DATA          "failed to unmarshal attestation data: "
#define META          "failed to unmarshal task metadata: "
#define NOT_ARN       "failed to extract account ID from Task ARN: "
#define AROUND(doc)   "{\"task_metadata\":\"" doc "\",\"selectors\":null}"
#define WITH_ARN(arn) AROUND("{\\\"TaskARN\\\":\\\"" arn "\\\"}")

static const struct {
	const char *bytes, *reason, *says;
} unread[] = {
	{ "", "payload", DATA "the payload is empty" },
	{ "not JSON", "payload", DATA "at byte 0: " },
	{ "[]", "payload", DATA "expected an object" },
	{ "{\"x\":1}", "payload", DATA "unknown member \"x\"" },
	{ OUR_PAYLOAD("other"), "payload",
	    DATA "task_arn is not the TaskARN of task_metadata" },
	{ "{}", "metadata", META "the payload has none" },
	{ AROUND(""), "metadata", META "the payload has none" },
	{ AROUND("not JSON"), "metadata", META "at byte 0: " },
	{ AROUND("[]"), "metadata", META "expected an object" },
	{ AROUND("{\\\"TaskARN\\\":7}"), "metadata", META "member" },
	{ AROUND("{}"), "task_arn", NOT_ARN "TaskARN is missing" },
	{ WITH_ARN(""), "task_arn", NOT_ARN "TaskARN is missing" },
	{ WITH_ARN("invalid-arn"), "task_arn",
	    NOT_ARN "\"invalid-arn\" is not arn:" },
	{ WITH_ARN("arn:aws:ecs:us-east-1"), "task_arn", NOT_ARN },
	{ WITH_ARN("arn:aws:ecs:us-east-1:1:task/batch/" ID), "task_arn",
	    NOT_ARN "account \"1\"" },
	{ WITH_ARN("arn:aws:ecs:us-east-1:021436587009:task/" ID), "task_arn",
	    NOT_ARN "resource" },
	{ AROUND(
	      "{\\\"TaskARN\\\":\\\"" ARN "\\\",\\\"Cluster\\\":\\\"live\\\"}"),
	    "metadata", META "Cluster \"live\" is not the cluster of" },
};

START_TEST(refuses_to_read)
{
	struct evidence ev = { .task = { .family = STR("untouched") } };
	const char *reason = NULL;
	struct err err = { 0 };
	int r;

	r = judge_read_evidence(
	    &ev, &arena, str_of(unread[_i].bytes), &reason, &err);
	ck_assert_int_eq(r, ERR_FORMAT);
	ck_assert_str_eq(reason, unread[_i].reason);
	ck_assert_msg(
	    strncmp(err.msg, unread[_i].says, strlen(unread[_i].says)) == 0,
	    "%s", err.msg);
	ck_str(ev.task.family, "untouched");
}
END_TEST

START_TEST(reads_without_memory_for_a_sentence)
{
	struct evidence ev;
	const char *reason = NULL;

	ck_assert_int_eq(
	    judge_read_evidence(&ev, &arena, STR("x"), &reason, NULL),
	    ERR_FORMAT);
	ck_assert_str_eq(reason, "payload");
}
END_TEST

static const struct {
	const char *template, *id;
} ids[] = {
	{ DEFAULT, "spiffe://example.org/aws_fargate_task/021436587009/batch" },
	{ "/spire/agent/aws_fargate_task/{{ .accountID }}/{{ .region }}/"
	  "{{ .cluster }}/{{ .taskID }}",
	    "spiffe://example.org/spire/agent/aws_fargate_task/021436587009/"
	    "us-east-1/batch/" ID },
	{ "/{{ .PluginName }}/{{ .partition }}/{{ .family }}-{{ .revision }}/"
	  "{{ .service }}/{{ .az }}/{{ .launchType }}",
	    "spiffe://example.org/aws_fargate_task/aws/night-7/nights/"
	    "us-east-1c/FARGATE" },
};

#define FULL_DOCUMENT                                                         \
	"{\"TaskARN\":\"" ARN "\",\"Cluster\":\"batch\","                     \
	"\"Family\":\"night\",\"Revision\":\"7\",\"ServiceName\":\"nights\"," \
	"\"AvailabilityZone\":\"us-east-1c\",\"LaunchType\":\"FARGATE\","     \
	"\"TaskTags\":{\"Team\":\"pay\",\"Stage\":\"live\"}}"

START_TEST(grants)
{
	struct verdict v = { 0 };
	struct err err = { 0 };
	int r;

	set_template(ids[_i].template);
	r = judge(&v, FULL_DOCUMENT, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(v.reason, "ok");
	ck_str(v.agent_id, ids[_i].id);
	ck_assert(v.can_reattest);
	ck_assert_uint_eq(v.selectors.count, 13);
	ck_str(v.selectors.values[0], "account:021436587009");
	ck_str(v.selectors.values[10], "tag:Team:pay");
	ck_assert_uint_eq(v.selectors.dropped_count, 0);
}
END_TEST

START_TEST(grants_with_the_tags_and_reattestation_it_is_told)
{
	struct str keys[] = { STR("Stage") };
	struct verdict v = { 0 };

	policy.tag_selectors = (struct str_list){ keys, 1 };
	policy.reattest = false;
	ck_assert_int_eq(judge(&v, FULL_DOCUMENT, NULL), ERR_OK);
	ck_assert(!v.can_reattest);
	ck_assert_uint_eq(v.selectors.count, 12);
	ck_str(v.selectors.values[9], "tag:Stage:live");
}
END_TEST

/* A policy as a user writes it; NULL: not set. */
static const struct place {
	const char *accounts[3], *clusters[3], *regions[3];
	const char *cluster, *region, *partition;
	const char *reason, *says;
} places[] = {
	{ .reason = "ok" },
	{ .accounts = { "021436587009" }, .reason = "ok" },
	{ .accounts = { "111111111111", "021436587009" }, .reason = "ok" },
	{ .clusters = { "live", "batch" }, .reason = "ok" },
	{ .regions = { "us-east-1", "eu-west-1" }, .reason = "ok" },
	{ .cluster = "batch", .region = "us-east-1", .reason = "ok" },
	{ .accounts = { "021436587009" },
	    .clusters = { "batch" },
	    .regions = { "us-east-1" },
	    .cluster = "batch",
	    .region = "us-east-1",
	    .reason = "ok" },
	{ .partition = "aws", .reason = "ok" },
	{ .partition = "aws-cn",
	    .reason = "partition",
	    .says = "partition aws is not allowed: the setting partition is "
		    "aws-cn" },
	{ .accounts = { "111111111111" },
	    .reason = "account",
	    .says = "account ID 021436587009 is not allowed: it is not in "
		    "allowed_accounts" },
	{ .accounts = { "02143658700", "0214365870099" },
	    .reason = "account",
	    .says = "account ID 021436587009 is not allowed" },
	{ .clusters = { "Batch", "batch2" },
	    .reason = "cluster",
	    .says = "cluster batch is not allowed: it is not in "
		    "allowed_clusters" },
	{ .regions = { "us-east-2" },
	    .reason = "region",
	    .says = "region us-east-1 is not allowed: it is not in "
		    "allowed_regions" },
	{ .cluster = "live",
	    .reason = "cluster",
	    .says = "cluster batch is not allowed: the setting cluster is "
		    "live" },
	{ .region = "us-east-2",
	    .reason = "region",
	    .says = "region us-east-1 is not allowed: the setting region is "
		    "us-east-2" },
	{ .clusters = { "batch" },
	    .cluster = "live",
	    .reason = "cluster",
	    .says = "cluster batch is not allowed: the setting" },
	{ .regions = { "us-east-1" },
	    .region = "us-east-2",
	    .reason = "region",
	    .says = "region us-east-1 is not allowed: the setting" },
	{ .accounts = { "111111111111" },
	    .clusters = { "live" },
	    .regions = { "us-east-2" },
	    .reason = "account",
	    .says = "account ID" },
	{ .clusters = { "live" },
	    .regions = { "us-east-2" },
	    .reason = "cluster",
	    .says = "cluster" },
};

static struct str_list
list_of(struct str space[3], const char *const texts[3])
{
	size_t n;

	for (n = 0; n < 3 && texts[n] != NULL; n++)
		space[n] = str_of(texts[n]);
	return (struct str_list){ space, n };
}

START_TEST(knows_its_place)
{
	const struct place *place = &places[_i];
	struct str space[3][3];
	struct verdict v = { .agent_id = STR("untouched") };
	struct err err = { 0 };
	int r;

	policy.allowed_accounts = list_of(space[0], place->accounts);
	policy.allowed_clusters = list_of(space[1], place->clusters);
	policy.allowed_regions = list_of(space[2], place->regions);
	policy.cluster = str_of(place->cluster);
	policy.region = str_of(place->region);
	policy.partition = str_of(place->partition);
	r = judge(&v, FULL_DOCUMENT, &err);
	ck_assert_str_eq(v.reason, place->reason);
	if (place->says == NULL) {
		ck_assert_int_eq(r, ERR_OK);
		return;
	}
	ck_assert_int_eq(r, ERR_POLICY);
	ck_assert_msg(strncmp(err.msg, place->says, strlen(place->says)) == 0,
	    "%s", err.msg);
	ck_str(v.agent_id, "untouched");
	ck_assert_uint_eq(v.selectors.count, 0);
	ck_assert(!v.can_reattest);
}
END_TEST

START_TEST(refuses_a_task_without_an_agent_id)
{
	struct verdict v = { .agent_id = STR("untouched") };
	struct err err = { 0 };

	set_template("/x/{{ .service }}");
	ck_assert_int_eq(
	    judge(&v, "{\"TaskARN\":\"" ARN "\"}", &err), ERR_POLICY);
	ck_assert_str_eq(v.reason, "agent_id");
	ck_assert_msg(strstr(err.msg, "{{ .service }}") != NULL, "%s", err.msg);
	ck_str(v.agent_id, "untouched");
}
END_TEST

/* Every ceiling of the arena below what reading and judging need. */
START_TEST(reports_that_memory_is_out)
{
	static const struct str bytes = { OUR_PAYLOAD(ARN),
		sizeof(OUR_PAYLOAD(ARN)) - 1 };
	bool read = false, granted = false;
	struct arena small;
	size_t max;

	for (max = 0; !granted; max += 16) {
		struct verdict v = { 0 };
		struct evidence ev;
		struct err err = { 0 };
		int r;

		ck_assert_uint_lt(max, JUDGE_ARENA_MAX);
		arena_init(&small, max);
		r = judge_read_evidence(&ev, &small, bytes, &v.reason, &err);
		if (r == ERR_OK) {
			read = true;
			r = judge_metadata(&v, &small, &ev.task, &policy, &err);
		}
		granted = r == ERR_OK;
		arena_release(&small);
		if (granted)
			break;
		ck_assert_int_eq(r, ERR_MEMORY);
		ck_assert_str_eq(v.reason, "internal");
		ck_assert_str_ne(err.msg, "");
	}
	ck_assert(read);
}
END_TEST

/*
 * The largest payload: 64 KiB that hold as many escapes, tags and containers
 * as they can.
 */
START_TEST(needs_no_more_than_its_arena)
{
	struct evidence ev;
	struct verdict v = { 0 };
	struct err err = { 0 };
	const char *reason;
	struct buf doc, b;
	int i, k, r;

	buf_init(&doc, PAYLOAD_MAX);
	buf_add_text(&doc, "{\"TaskARN\":\"" ARN "\",\"TaskTags\":{");
	for (i = 0; i < METADATA_TAGS_MAX; i++) {
		buf_addf(&doc, "%s\"::::::::::::::::k%d\\n\":\"",
		    i == 0 ? "" : ",", i);
		for (k = 0; k < 140; k++)
			buf_add_text(&doc, "\\/");
		buf_add_char(&doc, '"');
	}
	buf_add_text(&doc, "},\"Containers\":[null");
	for (i = 0; i < METADATA_CONTAINERS_MAX; i++) {
		buf_addf(&doc, ",{\"Name\":\"c%02d\",\"Image\":\"", i);
		for (k = 0; k < 100; k++)
			buf_add_text(&doc, "\\/");
		buf_add_text(&doc, "@sha256:" ID ID "\"}");
	}
	buf_add_text(&doc, "]}");
	r = judge_read_evidence(
	    &ev, &arena, payload_around(&b, buf_str(&doc)), &reason, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_uint_gt(b.n, PAYLOAD_MAX * 3 / 4);
	r = judge_metadata(&v, &arena, &ev.task, &policy, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	buf_release(&doc);
	buf_release(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("judge");
	TCase *tc = tcase_create("judge");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, reads_the_payload_of_the_original_agent);
	tcase_add_test(tc, reads_our_own_payload);
	ck_table(tc, refuses_to_read, unread);
	tcase_add_test(tc, reads_without_memory_for_a_sentence);
	ck_table(tc, grants, ids);
	tcase_add_test(tc, grants_with_the_tags_and_reattestation_it_is_told);
	ck_table(tc, knows_its_place, places);
	tcase_add_test(tc, refuses_a_task_without_an_agent_id);
	tcase_add_test(tc, reports_that_memory_is_out);
	tcase_add_test(tc, needs_no_more_than_its_arena);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
