/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_judge_proof.c - the claim, the response, and whom STS names
 *
 * "E.n" is the hostile input of that number in the list that the conformance
 * tests go through; here it meets the step that decides on it.
 */
#include <stdio.h>

#include "server/judge.h"
#include "testing.h"

#define PLUGIN  "aws_fargate_task"
#define ACCOUNT "123456789012"
#define OTHER   "210987654321"
#define ID      "0123456789abcdef0123456789abcdef"
#define ID2     "fedcba9876543210fedcba9876543210"
#define HERE    "arn:aws:ecs:us-east-1:" ACCOUNT
#define ARN     HERE ":task/my-cluster/" ID
#define NONCE   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define A31     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct arena arena;
static struct judge_policy policy;
static struct task_arn claim;
static struct str space[3][3];

static void
set_template(const char *text)
{
	ck_assert_int_eq(agent_id_template_parse(
			     &policy.agent_path, str_of(text), PLUGIN, NULL),
	    ERR_OK);
}

static void
set_up(void)
{
	arena_init(&arena, JUDGE_FULL_ARENA_MAX);
	policy = (struct judge_policy){
		.trust_domain = STR("example.org"),
		.plugin_name = PLUGIN,
		.partition = STR("aws"),
		.reattest = true,
	};
	set_template("/spire/agent/" PLUGIN "/{{ .accountID }}/{{ .taskID }}");
	ck_assert_int_eq(
	    task_arn_parse(&claim, STR(ARN), TASK_ID_AWS, NULL), ERR_OK);
}

static void
tear_down(void)
{
	arena_release(&arena);
}

static struct str_list
list_of(struct str room[3], const char *const texts[3])
{
	size_t n;

	for (n = 0; n < 3 && texts[n] != NULL; n++)
		room[n] = str_of(texts[n]);
	return (struct str_list){ room, n };
}

static void
ck_begins(const struct err *err, const char *says)
{
	ck_assert_msg(
	    strncmp(err->msg, says, strlen(says)) == 0, "%s", err->msg);
}

/*
 * The claim
 */

#define PAYLOAD(version, arn, nonce)                        \
	"{\"version\":" version ",\"task_arn\":\"" arn "\"" \
	",\"agent_nonce\":\"" nonce "\"}"
#define CLAIM_OF(arn)       PAYLOAD("1", arn, NONCE)
#define WITH_NONCE(nonce)   PAYLOAD("1", ARN, nonce)
#define WITH_VERSION(token) PAYLOAD(token, ARN, NONCE)

START_TEST(reads_a_claim)
{
	struct evidence ev = { .task = { .tag_count = 0 } };
	const char *reason = NULL;
	struct err err = { 0 };
	int i, r;

	r = judge_read_claim(&ev, &arena, STR(CLAIM_OF(ARN)), &reason, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(reason, "ok");
	ck_str(ev.claim.text, ARN);
	ck_str(ev.claim.account, ACCOUNT);
	ck_str(ev.claim.cluster, "my-cluster");
	ck_str(ev.claim.task_id, ID);
	for (i = 0; i < NONCE_BYTES; i++)
		ck_assert_int_eq(ev.payload.agent_nonce[i], i);
}
END_TEST

/* No metadata and no selectors of an agent's are looked at. */
START_TEST(believes_nothing_else_of_a_payload)
{
	struct evidence ev = { .task = { .tag_count = 0 } };
	const char *reason = NULL;

	ck_assert_int_eq(
	    judge_read_claim(&ev, &arena,
		STR(WITH_VERSION("1,\"task_metadata\":\"no JSON\","
				 "\"selectors\":[\"x:y\"]")),
		&reason, NULL),
	    ERR_OK);
	ck_assert_str_eq(reason, "ok");
	ck_assert_uint_eq(ev.task.arn.text.n, 0);
	ck_assert_uint_eq(ev.task.tag_count, 0);
	ck_assert_uint_eq(ev.payload.selector_count, 0);
}
END_TEST

#define DATA    "failed to unmarshal attestation data: "
#define NOT_ARN "failed to extract account ID from Task ARN: "

static const struct {
	const char *bytes, *reason, *says;
} unread[] = {
	/* E.1 to E.8 */
	{ "", "payload", DATA "the payload is empty" },
	{ "no JSON", "payload", DATA "at byte 0: " },
	{ "[]", "payload", DATA "expected an object" },
	{ CLAIM_OF(ARN) "{}", "payload", DATA },
	{ WITH_VERSION("1,\"version\":1"), "payload", DATA },
	{ WITH_VERSION("1,\"Version\":1"), "payload",
	    DATA "member \"Version\" must be spelt \"version\"" },
	{ WITH_VERSION("2"), "payload", DATA "version 2 is not 1" },
	{ WITH_VERSION("1.0"), "payload", DATA "version 1.0 is not 1" },
	/* E.9 to E.14 */
	{ CLAIM_OF(""), "payload", DATA "task_arn is empty" },
	{ CLAIM_OF("arn:aws:ecs"), "task_arn", NOT_ARN },
	{ CLAIM_OF(" " ARN), "task_arn", NOT_ARN },
	{ CLAIM_OF(ARN "\\n"), "task_arn", NOT_ARN "task ID" },
	{ CLAIM_OF(HERE ":task/" ID), "task_arn", NOT_ARN "resource" },
	{ CLAIM_OF("arn:aws:ecs:us-east-1:1:task/c/" ID), "task_arn",
	    NOT_ARN "account" },
	{ CLAIM_OF(HERE ":task/c/" ID "0"), "task_arn", NOT_ARN "task ID" },
	{ CLAIM_OF(HERE ":task/c/0123456789ABCDEF0123456789abcdef"), "task_arn",
	    NOT_ARN "task ID" },
	{ CLAIM_OF(HERE ":task/c/d-1"), "task_arn", NOT_ARN "task ID" },
	{ CLAIM_OF(HERE ":task/../" ID), "task_arn", NOT_ARN "cluster" },
	{ CLAIM_OF("arn:aws:ecs:evil.example:" ACCOUNT ":task/c/" ID),
	    "task_arn", NOT_ARN "region" },
	/* E.16 */
	{ WITH_NONCE(""), "payload", DATA "agent_nonce is not 32 bytes" },
	{ WITH_NONCE(NONCE "="), "payload", DATA "agent_nonce" },
	/* E.17 */
	{ "{\"task_metadata\":\"{\\\"TaskARN\\\":\\\"" ARN "\\\"}\","
	  "\"selectors\":[\"aws_fargate:cluster:my-cluster\"]}",
	    "payload",
	    DATA "the payload has no version, task_arn and agent_nonce" },
	{ "{}", "payload", DATA "the payload has no version" },
};

START_TEST(refuses_to_read_a_claim)
{
	struct evidence ev = { .claim = { .account = STR("untouched") } };
	const char *reason = NULL;
	struct err err = { 0 };
	int r;

	r = judge_read_claim(
	    &ev, &arena, str_of(unread[_i].bytes), &reason, &err);
	ck_assert_int_eq(r, ERR_FORMAT);
	ck_assert_str_eq(reason, unread[_i].reason);
	ck_begins(&err, unread[_i].says);
	ck_str(ev.claim.account, "untouched");
}
END_TEST

START_TEST(refuses_a_payload_that_is_too_long)
{
	static char text[PAYLOAD_MAX + 1];
	struct evidence ev;
	const char *reason = NULL;
	struct err err = { 0 };

	memset(text, ' ', sizeof(text));
	memcpy(text, CLAIM_OF(ARN), sizeof(CLAIM_OF(ARN)) - 1);
	ck_assert_int_eq(judge_read_claim(&ev, &arena,
			     (struct str){ text, PAYLOAD_MAX }, &reason, &err),
	    ERR_OK);
	ck_assert_int_eq(
	    judge_read_claim(&ev, &arena, (struct str){ text, sizeof(text) },
		&reason, &err),
	    ERR_TOOBIG);
	ck_assert_str_eq(reason, "payload");
	ck_begins(&err, DATA);
}
END_TEST

START_TEST(reports_that_memory_for_a_claim_is_out)
{
	struct evidence ev = { .claim = { .account = STR("untouched") } };
	const char *reason = NULL;
	struct err err = { 0 };
	struct arena none;
	int r;

	arena_init(&none, 0);
	/* an escape has to be undone somewhere */
	r = judge_read_claim(&ev, &none,
	    STR(CLAIM_OF(HERE ":task\\/my-cluster\\/" ID)), &reason, &err);
	ck_assert_int_eq(r, ERR_MEMORY);
	ck_assert_str_eq(reason, "internal");
	ck_begins(&err, "no memory");
	ck_str(ev.claim.account, "untouched");
	arena_release(&none);
}
END_TEST

/*
 * The gate
 */

static const struct gate {
	const char *partition; /* NULL: aws */
	const char *accounts[3], *clusters[3], *regions[3];
	const char *cluster, *region;
	const char *reason, *says;
} gates[] = {
	{ .reason = "ok" },
	{ .accounts = { OTHER, ACCOUNT },
	    .clusters = { "my-cluster" },
	    .regions = { "us-east-1" },
	    .cluster = "my-cluster",
	    .region = "us-east-1",
	    .reason = "ok" },
	/* E.15 */
	{ .partition = "aws-cn",
	    .reason = "partition",
	    .says = "partition aws is not allowed: the setting partition is "
		    "aws-cn" },
	{ .partition = "aws-cn", .accounts = { OTHER }, .reason = "partition" },
	{ .accounts = { OTHER },
	    .reason = "account",
	    .says = "account ID " ACCOUNT " is not allowed" },
	{ .clusters = { "my-Cluster", "my-cluste", "my-cluster2" },
	    .reason = "cluster",
	    .says = "cluster my-cluster is not allowed" },
	{ .cluster = "other",
	    .reason = "cluster",
	    .says = "cluster my-cluster is not allowed" },
	{ .regions = { "us-east-2" },
	    .reason = "region",
	    .says = "region us-east-1 is not allowed" },
	{ .region = "eu-west-1",
	    .reason = "region",
	    .says = "region us-east-1 is not allowed" },
	{ .accounts = { OTHER }, .clusters = { "x" }, .reason = "account" },
	{ .clusters = { "x" }, .regions = { "x" }, .reason = "cluster" },
};

START_TEST(asks_nothing_of_aws_before_policy)
{
	const struct gate *gate = &gates[_i];
	const char *reason = NULL;
	struct err err = { 0 };
	int r;

	if (gate->partition != NULL)
		policy.partition = str_of(gate->partition);
	policy.allowed_accounts = list_of(space[0], gate->accounts);
	policy.allowed_clusters = list_of(space[1], gate->clusters);
	policy.allowed_regions = list_of(space[2], gate->regions);
	policy.cluster = str_of(gate->cluster);
	policy.region = str_of(gate->region);
	r = judge_gate(&claim, &policy, &reason, &err);
	ck_assert_str_eq(reason, gate->reason);
	ck_assert_int_eq(
	    r, strcmp(gate->reason, "ok") == 0 ? ERR_OK : ERR_POLICY);
	if (gate->says != NULL)
		ck_begins(&err, gate->says);
}
END_TEST

/*
 * The response
 */

#define NOON 1795435200 /* 2026-11-23T12:00:00Z */

static const struct {
	const char *date;
	int64_t challenge_s, now_s;
	bool good;
} dates[] = {
	{ "20261123T120000Z", NOON, NOON, true },
	{ "20261123T120005Z", NOON, NOON + 7, true },
	/* E.28 */
	{ "20261123T115500Z", NOON - 30, NOON, true },
	{ "20261123T115459Z", NOON - 30, NOON, false },
	{ "20261123T120500Z", NOON, NOON, true },
	{ "20261123T120501Z", NOON, NOON, false },
	{ "20251123T120000Z", NOON, NOON, false },
	{ "99991231T235959Z", NOON, NOON, false },
	{ "19700101T000000Z", NOON, NOON, false },
	/* midnight between signature and answer, also of a year */
	{ "20261123T235959Z", NOON + 43199, NOON + 43201, true },
	{ "20261231T235959Z", 1798761590, 1798761601, true },
	/* before the challenge was made, though not long before now */
	{ "20261123T115500Z", NOON, NOON - 100, true },
	{ "20261123T115459Z", NOON, NOON - 100, false },
};

START_TEST(holds_the_date_against_the_clock)
{
	struct response response = { .amz_date = str_of(dates[_i].date) };
	const char *reason = NULL;
	struct err err = { 0 };
	int r;

	r = judge_response(&response, dates[_i].challenge_s, dates[_i].now_s,
	    &reason, &err);
	ck_assert_int_eq(r, dates[_i].good ? ERR_OK : ERR_FORMAT);
	ck_assert_str_eq(reason, dates[_i].good ? "ok" : "clock");
	if (!dates[_i].good)
		ck_begins(&err, "the date of the signature is ");
}
END_TEST

START_TEST(tells_how_far_the_clocks_are_apart)
{
	struct response response = { .amz_date = STR("20261123T120501Z") };
	const char *reason;
	struct err err = { 0 };

	ck_assert_int_eq(
	    judge_response(&response, NOON, NOON, &reason, &err), ERR_FORMAT);
	ck_assert_str_eq(err.msg,
	    "the date of the signature is 301 seconds from this server's "
	    "clock, more than 300: one of the two clocks is wrong");
}
END_TEST

/* E.28: what is no date at all does not reach the judge. */
static const char *const no_dates[] = { "20260230T120000Z", "20261123T120060Z",
	"20261123T120000", "20261123T120000z", "20261123 120000Z",
	"20261123T240000Z", "20251301T000000Z", "" };

START_TEST(is_given_no_date_that_is_none)
{
	struct response response;
	struct err err = { 0 };
	struct str bytes;

	bytes = arena_printf(&arena,
	    "{\"version\":1,\"access_key_id\":\"ASIAABCDEFGHIJKLMNOP\","
	    "\"amz_date\":\"%s\",\"session_token\":\"" ID "\","
	    "\"signature\":\"" ID ID "\"}",
	    no_dates[_i]);
	ck_assert_int_eq(
	    response_decode(&response, &arena, bytes, &err), ERR_FORMAT);
	ck_begins(&err, "amz_date");
}
END_TEST

/*
 * Whom STS names
 */

#define SESSION_OF(p, a, r, s) "arn:" p ":sts::" a ":assumed-role/" r "/" s
#define SESSION SESSION_OF("aws", ACCOUNT, "agent", ID)
#define USER    "AROA3BCDEFGHIJKLMN09:"

START_TEST(takes_an_identity_apart)
{
	const struct sts_identity identity = { STR(ACCOUNT), STR(SESSION),
		STR(USER ID), STR("") };
	struct proven proven = { .account = { NULL, 0 } };
	const char *reason = NULL;
	struct err err = { 0 };
	int r;

	r = judge_identity(
	    &proven, &identity, &claim, &policy, &reason, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(reason, "ok");
	ck_str(proven.partition, "aws");
	ck_str(proven.account, ACCOUNT);
	ck_str(proven.role, "agent");
	ck_str(proven.task_id, ID);
}
END_TEST

/* NULL: as in the identity above. */
static const struct {
	const char *account, *arn, *user, *says;
} no_identities[] = {
	/* E.39 */
	{ .arn = "arn:aws:iam::" ACCOUNT ":user/agent" },
	{ .arn = "arn:aws:iam::" ACCOUNT ":root" },
	{ .arn = "arn:aws:iam::" ACCOUNT ":role/agent" },
	{ .arn = "arn:aws:sts::" ACCOUNT ":federated-user/" ID },
	{ .arn = "arn:aws:sts::" ACCOUNT ":assumed-role/agent" },
	{ .arn = "arn:aws:iam::" ACCOUNT ":assumed-role/agent/" ID },
	{ .arn = "" },
	/* E.40 */
	{ .account = OTHER, .says = "AWS names no task's session: Account" },
	{ .account = "" },
	{ .account = ACCOUNT "0" },
	{ .user = USER ID2, .says = "AWS names no task's session: UserId" },
	{ .user = "AROAABCDEFGHIJKLMNOP" },
	{ .user = "AROAABCDEFGHIJKLMNOP/" ID },
	{ .user = "AIDAABCDEFGHIJKLMNOP" },
	{ .user = "AIDAABCDEFGHIJKLMNOP:" ID },
	{ .user = "AROA:" ID },
	{ .user = "AROAabcdefghijklmnop:" ID },
	{ .user = "AROAABCDEFGHIJKLMNO[:" ID },
	{ .user = "AROAABCDEFGHIJKLMN-P:" ID },
	{ .user = "AROAABCDEFGHIJKLMN@P:" ID },
	{ .user = USER ID " " },
	{ .user = USER ":" ID },
	{ .user = ":" ID },
	{ .user = ID },
	{ .user = ACCOUNT },
	{ .user = "" },
	{ .user = "AROA" ID2 ID2 ID2 ID2 ID2 ID2 ":" ID },
	/* E.41 */
	{ .arn = SESSION_OF("aws", ACCOUNT, "agent", ID "\n"),
	    .user = USER ID "\n" },
	{ .arn = SESSION_OF("aws", ACCOUNT, "agent", "x"), .user = USER "x" },
	/* E.42 */
	{ .arn = SESSION_OF("aws", ACCOUNT, "path/agent", ID) },
	{ .arn = SESSION_OF("aws", ACCOUNT, "aaa" A31 A31, ID) },
	{ .arn = SESSION_OF("aws", ACCOUNT, "", ID) },
	{ .arn = SESSION_OF("aws", "12345678901", "agent", ID),
	    .account = "12345678901" },
};

START_TEST(refuses_who_is_no_tasks_session)
{
	struct sts_identity identity = { STR(ACCOUNT), STR(SESSION),
		STR(USER ID), STR("") };
	struct proven proven = { .account = STR("untouched") };
	const char *reason = NULL;
	struct err err = { 0 };
	int r;

	if (no_identities[_i].account != NULL)
		identity.account = str_of(no_identities[_i].account);
	if (no_identities[_i].arn != NULL)
		identity.arn = str_of(no_identities[_i].arn);
	if (no_identities[_i].user != NULL)
		identity.user_id = str_of(no_identities[_i].user);
	r = judge_identity(
	    &proven, &identity, &claim, &policy, &reason, &err);
	ck_assert_int_eq(r, ERR_POLICY);
	ck_assert_str_eq(reason, "identity");
	ck_begins(&err,
	    no_identities[_i].says != NULL ? no_identities[_i].says
					   : "AWS names no task's session: ");
	ck_str(proven.account, "untouched");
}
END_TEST

/* Who it is is proven; what follows from it is what policy and claim say. */
static const struct named {
	const char *partition, *account, *role, *session;
	const char *accounts[3], *roles[3];
	const char *reason, *says;
} sessions[] = {
	{ .reason = "ok" },
	{ .accounts = { OTHER, ACCOUNT }, .reason = "ok" },
	/* E.41 */
	{ .session = "j.doe@example.org", .reason = "task_session" },
	{ .session = ID "0", .reason = "task_session" },
	{ .session = ID2, .reason = "task_session" },
	{ .session = "0123456789ABCDEF0123456789ABCDEF",
	    .reason = "task_session",
	    .says = "the credentials are not those of task " ID },
	/* E.42 */
	{ .partition = "aws-us-gov",
	    .reason = "partition",
	    .says = "AWS names partition aws-us-gov, the setting partition is "
		    "aws" },
	/* E.43, E.45 */
	{ .account = OTHER,
	    .reason = "account",
	    .says = "the credentials are of account " OTHER ", the task of "
		    "account " ACCOUNT },
	{ .account = OTHER,
	    .accounts = { ACCOUNT },
	    .reason = "account",
	    .says = "account ID " OTHER " is not allowed: it is not in "
		    "allowed_accounts" },
	{ .account = OTHER,
	    .session = ID2,
	    .accounts = { ACCOUNT },
	    .reason = "account" },
	{ .partition = "aws-cn", .account = OTHER, .reason = "partition" },
	/* roles */
	{ .roles = { "agent" }, .reason = "ok" },
	{ .roles = { "other", ACCOUNT "/agent" }, .reason = "ok" },
	{ .roles = { "other", OTHER "/agent", ACCOUNT "/other" },
	    .reason = "task_role",
	    .says = "task role " ACCOUNT "/agent is not allowed: it is not in "
		    "allowed_task_roles" },
	{ .roles = { "Agent", "agen", "agent2" }, .reason = "task_role" },
	{ .roles = { "/agent", "agent/", ACCOUNT "/" },
	    .reason = "task_role" },
	{ .role = ACCOUNT,
	    .roles = { ACCOUNT "/agent" },
	    .reason = "task_role" },
};

START_TEST(holds_a_session_against_claim_and_policy)
{
	const struct named *n = &sessions[_i];
	const char *session = n->session == NULL ? ID : n->session;
	const char *account = n->account == NULL ? ACCOUNT : n->account;
	const struct sts_identity identity = {
		.account = str_of(account),
		.arn = arena_printf(&arena,
		    SESSION_OF("%s", "%s", "%s", "%s"),
		    n->partition == NULL ? "aws" : n->partition, account,
		    n->role == NULL ? "agent" : n->role, session),
		.user_id = arena_printf(&arena, USER "%s", session),
	};
	struct proven proven = { .account = { NULL, 0 } };
	const char *reason = NULL;
	struct err err = { 0 };
	int r;

	policy.allowed_accounts = list_of(space[0], n->accounts);
	policy.allowed_task_roles = list_of(space[1], n->roles);
	r = judge_identity(
	    &proven, &identity, &claim, &policy, &reason, &err);
	ck_assert_str_eq(reason, n->reason);
	ck_assert_int_eq(
	    r, strcmp(n->reason, "ok") == 0 ? ERR_OK : ERR_POLICY);
	if (n->says != NULL)
		ck_begins(&err, n->says);
	/* for the log, also of one who is refused */
	ck_str(proven.account, account);
	ck_str(proven.task_id, session);
}
END_TEST

/*
 * The verdict of "sts"
 */

static const struct proven a_proven = { { "aws", 3 }, { ACCOUNT, 12 },
	{ "agent", 5 }, { ID, 32 } };

START_TEST(grants_a_session)
{
	static const char *const want[] = { "account:" ACCOUNT, "partition:aws",
		"task_id:" ID, "task_role:" ACCOUNT "/agent" };
	struct verdict v = { .can_reattest = true };
	struct err err = { 0 };
	size_t i;
	int r;

	set_template("/spire/agent/{{ .PluginName }}/{{ .partition }}/"
		     "{{ .accountID }}/{{ .roleName }}/{{ .taskID }}");
	r = judge_session(&v, &arena, &a_proven, &policy, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(v.reason, "ok");
	ck_str(v.agent_id,
	    "spiffe://example.org/spire/agent/aws_fargate_task/aws/" ACCOUNT
	    "/agent/" ID);
	ck_assert_uint_eq(v.selectors.count, COUNT_OF(want));
	for (i = 0; i < COUNT_OF(want); i++)
		ck_str(v.selectors.values[i], want[i]);
	ck_assert(!v.can_reattest);
}
END_TEST

/* What no session proves is not there for a template. */
static const char *const unproven[] = { "cluster", "region", "family",
	"revision", "service", "az", "launchType" };

START_TEST(gives_no_id_of_what_a_session_does_not_prove)
{
	struct verdict v = { .agent_id = STR("untouched") };
	struct err err = { 0 };

	set_template(
	    arena_printf(&arena, "/x/{{ .%s }}", unproven[_i]).p);
	ck_assert_int_eq(
	    judge_session(&v, &arena, &a_proven, &policy, &err), ERR_POLICY);
	ck_assert_str_eq(v.reason, "agent_id");
	ck_assert_msg(strstr(err.msg, unproven[_i]) != NULL, "%s", err.msg);
	ck_str(v.agent_id, "untouched");
}
END_TEST

START_TEST(gives_no_id_of_a_role_that_is_no_segment)
{
	struct proven proven = a_proven;
	struct verdict v = { .agent_id = STR("untouched") };

	proven.role = STR("a+b@c");
	set_template("/x/{{ .roleName }}/{{ .taskID }}");
	ck_assert_int_eq(
	    judge_session(&v, &arena, &proven, &policy, NULL), ERR_POLICY);
	ck_assert_str_eq(v.reason, "agent_id");
}
END_TEST

/* Every ceiling of the arena below what a session's verdict needs. */
START_TEST(reports_that_memory_for_a_session_is_out)
{
	struct arena small;
	size_t max;
	int r = ERR_MEMORY;

	for (max = 0; r != ERR_OK; max += 16) {
		struct verdict v = { .agent_id = STR("untouched") };

		ck_assert_uint_lt(max, JUDGE_ARENA_MAX);
		arena_init(&small, max);
		r = judge_session(&v, &small, &a_proven, &policy, NULL);
		arena_release(&small);
		if (r == ERR_OK)
			break;
		ck_assert_int_eq(r, ERR_MEMORY);
		ck_assert_str_eq(v.reason, "internal");
		ck_str(v.agent_id, "untouched");
	}
	ck_assert_uint_gt(max, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("judge_proof");
	TCase *tc = tcase_create("judge_proof");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, reads_a_claim);
	tcase_add_test(tc, believes_nothing_else_of_a_payload);
	ck_table(tc, refuses_to_read_a_claim, unread);
	tcase_add_test(tc, refuses_a_payload_that_is_too_long);
	tcase_add_test(tc, reports_that_memory_for_a_claim_is_out);
	ck_table(tc, asks_nothing_of_aws_before_policy, gates);
	ck_table(tc, holds_the_date_against_the_clock, dates);
	tcase_add_test(tc, tells_how_far_the_clocks_are_apart);
	ck_table(tc, is_given_no_date_that_is_none, no_dates);
	tcase_add_test(tc, takes_an_identity_apart);
	ck_table(tc, refuses_who_is_no_tasks_session, no_identities);
	ck_table(tc, holds_a_session_against_claim_and_policy, sessions);
	tcase_add_test(tc, grants_a_session);
	ck_table(tc, gives_no_id_of_what_a_session_does_not_prove, unproven);
	tcase_add_test(tc, gives_no_id_of_a_role_that_is_no_segment);
	tcase_add_test(tc, reports_that_memory_for_a_session_is_out);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
