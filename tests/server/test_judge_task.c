/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_judge_task.c - the task that ECS describes, and the verdict of "full"
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
#define PLACE   "us-east-1:" ACCOUNT
#define HERE    "arn:aws:ecs:" PLACE
#define ARN     HERE ":task/my-cluster/" ID
#define CLUSTER HERE ":cluster/my-cluster"
#define FAMILY  HERE ":task-definition/web:7"
#define A50     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A255    A50 A50 A50 A50 A50 "aaaaa"
#define DIGEST  "sha256:" ID ID2

/* 2026-11-23T12:00:00Z */
#define NOON ((int64_t)1795435200 * 1000000)

static struct arena arena;
static struct judge_policy policy;
static struct task_arn claim;
static struct ecs_task task;
static struct ecs_definition definition;
static struct judge_caller caller;
static struct proven proven;
static struct str every_tag[] = { { "*", 1 } };

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
		.tag_selectors = { every_tag, 1 },
		.reattest = true,
	};
	set_template("/aws_fargate_task/{{ .accountID }}/{{ .cluster }}");
	ck_assert_int_eq(
	    task_arn_parse(&claim, STR(ARN), TASK_ID_AWS, NULL), ERR_OK);
	task = (struct ecs_task){
		.task_arn = STR(ARN),
		.cluster_arn = STR(CLUSTER),
		.task_definition_arn = STR(FAMILY),
		.last_status = STR("RUNNING"),
		.desired_status = STR("RUNNING"),
		.launch_type = STR("FARGATE"),
		.times = { .has_created = true,
		    .created_us = NOON - 60000000 },
	};
	definition = (struct ecs_definition){
		.arn = STR(FAMILY),
		.task_role_arn = STR("arn:aws:iam::" ACCOUNT ":role/agent"),
	};
	caller = (struct judge_caller){ .addresses = 0 };
	proven = (struct proven){ claim.partition, claim.account, STR("agent"),
		claim.task_id };
}

static void
tear_down(void)
{
	arena_release(&arena);
}

static void
ck_begins(const struct err *err, const char *says)
{
	ck_assert_msg(says == NULL ||
			  strncmp(err->msg, says, strlen(says)) == 0,
	    "%s", err->msg);
}

/* NULL: it stays as it is. */
static void
put(struct str *out, const char *text)
{
	if (text != NULL)
		*out = str_of(text);
}

static void
check_task(int code, const char *word, const char *says)
{
	const char *reason = NULL;
	struct err err = { 0 };
	int r = judge_task(
	    &task, &claim, &policy, &caller, NOON, &reason, &err);

	ck_assert_msg(r == code, "%d: %s", r, err.msg);
	ck_assert_int_eq(err.code, code);
	ck_assert_str_eq(reason, word);
	ck_begins(&err, says);
}

/*
 * The task
 */

START_TEST(takes_a_task_that_runs)
{
	check_task(ERR_OK, "ok", NULL);
}
END_TEST

/* E.45, E.46 */
static const struct {
	const char *task, *cluster;
} foreign[] = {
	{ .task = HERE ":task/my-cluster/" ID2 },
	{ .task = HERE ":task/other/" ID },
	{ .task = "arn:aws:ecs:us-east-2:" ACCOUNT ":task/my-cluster/" ID },
	{ .task = "arn:aws:ecs:us-east-1:" OTHER ":task/my-cluster/" ID },
	{ .task = "arn:aws-cn:ecs:" PLACE ":task/my-cluster/" ID },
	{ .task = ARN "\n" },
	{ .task = "" },
	{ .cluster = HERE ":cluster/other" },
	{ .cluster = HERE ":cluster/my-cluster2" },
	{ .cluster = "arn:aws:ecs:us-east-2:" ACCOUNT ":cluster/my-cluster" },
	{ .cluster = "arn:aws:ecs:us-east-1:" OTHER ":cluster/my-cluster" },
	{ .cluster = "arn:aws-cn:ecs:" PLACE ":cluster/my-cluster" },
	{ .cluster = "my-cluster" },
	{ .cluster = HERE ":cluster/my-cluster/x" },
	{ .cluster = ARN },
	{ .cluster = "" },
};

START_TEST(refuses_another_task_or_cluster)
{
	put(&task.task_arn, foreign[_i].task);
	put(&task.cluster_arn, foreign[_i].cluster);
	check_task(ERR_POLICY, "task_other", "ECS answered with another");
}
END_TEST

/* alive: as one who holds an agent ID. */
static const struct {
	const char *last, *desired;
	bool has_ended;
	int code;
	const char *reason;
	bool alive;
} states[] = {
	/* E.48 */
	{ "RUNNING", "RUNNING", false, ERR_OK, "ok", true },
	{ "PENDING", "RUNNING", false, ERR_OK, "ok", true },
	{ "ACTIVATING", "RUNNING", false, ERR_OK, "ok", true },
	{ "PROVISIONING", "RUNNING", false, ERR_UNAVAILABLE, "task_state",
	    true },
	/* E.47 */
	{ "STOPPED", "STOPPED", true, ERR_POLICY, "task_stopped", false },
	{ "STOPPED", "RUNNING", false, ERR_POLICY, "task_stopped", false },
	{ "STOPPING", "RUNNING", false, ERR_POLICY, "task_stopped", false },
	{ "DEACTIVATING", "RUNNING", false, ERR_POLICY, "task_stopped",
	    false },
	{ "DEPROVISIONING", "RUNNING", false, ERR_POLICY, "task_stopped",
	    false },
	{ "DELETED", "RUNNING", false, ERR_POLICY, "task_stopped", false },
	{ "RUNNING", "STOPPED", false, ERR_POLICY, "task_stopped", false },
	{ "PROVISIONING", "STOPPED", false, ERR_POLICY, "task_stopped",
	    false },
	/* what nobody knows proves nothing, neither life nor death */
	{ "FOO", "RUNNING", false, ERR_POLICY, "task_stopped", true },
	{ "running", "RUNNING", false, ERR_POLICY, "task_stopped", true },
	{ "", "RUNNING", false, ERR_POLICY, "task_stopped", true },
	{ "RUNNING", "PENDING", false, ERR_POLICY, "task_stopped", true },
	{ "RUNNING", "", false, ERR_POLICY, "task_stopped", true },
	/* E.49 */
	{ "RUNNING", "RUNNING", true, ERR_POLICY, "task_stopped", false },
	{ "PROVISIONING", "RUNNING", true, ERR_POLICY, "task_stopped", false },
	{ "FOO", "RUNNING", true, ERR_POLICY, "task_stopped", false },
};

START_TEST(looks_at_the_state)
{
	put(&task.last_status, states[_i].last);
	put(&task.desired_status, states[_i].desired);
	task.times.has_ended = states[_i].has_ended;
	check_task(states[_i].code, states[_i].reason,
	    states[_i].code == ERR_POLICY	? "the task does not run: "
	    : states[_i].code == ERR_UNAVAILABLE ? "ECS says "
						 : NULL);
	ck_assert(judge_is_alive(&task) == states[_i].alive);
}
END_TEST

/* E.50 */
static const struct {
	const char *launch, *provider;
	bool good;
} platforms[] = {
	{ "FARGATE", "", true },
	{ "FARGATE", "FARGATE_SPOT", true },
	{ "", "FARGATE", true },
	{ "", "FARGATE_SPOT", true },
	{ "EC2", "", false },
	{ "EC2", "FARGATE", false },
	{ "EXTERNAL", "", false },
	{ "MANAGED_INSTANCES", "", false },
	{ "fargate", "", false },
	{ "", "my-instances", false },
	{ "", "FARGATE_", false },
	{ "", "", false },
};

START_TEST(wants_fargate)
{
	put(&task.launch_type, platforms[_i].launch);
	put(&task.capacity_provider, platforms[_i].provider);
	if (platforms[_i].good)
		check_task(ERR_OK, "ok", NULL);
	else
		check_task(ERR_POLICY, "not_fargate",
		    "the task does not run on Fargate: ");
}
END_TEST

/* E.53; a time that is no number does not pass aws/ecs.h. */
static const struct {
	struct ecs_times times;
	const char *says; /* NULL: it passes */
} times[] = {
	{ { .has_created = true, .created_us = 0 }, NULL },
	{ { .has_created = true, .created_us = NOON + 120000000 }, NULL },
	{ { .has_created = true, .created_us = NOON + 120000001 },
	    "the task's times are impossible: createdAt is in the future" },
	{ { .has_created = false, .created_us = NOON },
	    "the task's times are impossible: createdAt is missing" },
	{ { true, true, NOON, NOON, false }, NULL },
	{ { true, true, NOON, NOON + 1, false }, NULL },
	{ { true, true, NOON, NOON - 1, false },
	    "the task's times are impossible: startedAt is before createdAt" },
	{ { true, false, NOON, NOON - 1, false }, NULL },
};

START_TEST(wants_times_that_can_be)
{
	task.times = times[_i].times;
	if (times[_i].says == NULL)
		check_task(ERR_OK, "ok", NULL);
	else
		check_task(ERR_POLICY, "task_times", times[_i].says);
}
END_TEST

/* E.54, E.55; addresses are the task's own, one a word. */
static const struct {
	size_t n;
	const char *address, *own;
	int code;
	const char *says;
} callers[] = {
	{ 1, "10.0.0.5", "10.0.0.5", ERR_OK, NULL },
	{ 1, "10.0.0.5", "10.0.0.4 10.0.0.5", ERR_OK, NULL },
	{ 1, "10.0.0.5", " 10.0.0.5", ERR_OK, NULL },
	{ 1, "::ffff:10.0.0.5", "10.0.0.5", ERR_OK, NULL },
	{ 1, "::FFFF:a00:5", "10.0.0.5", ERR_OK, NULL },
	{ 1, "10.0.0.5", "::ffff:10.0.0.5", ERR_OK, NULL },
	{ 1, "2001:DB8:0:0::1", "10.0.0.5 2001:db8::1", ERR_OK, NULL },
	{ 0, "", "10.0.0.5", ERR_NOT_NOW,
	    "client_ip is required, and SPIRE does not tell the caller's "
	    "address: that takes SPIRE 1.15.2 or later" },
	{ 0, "10.0.0.5", "10.0.0.5", ERR_NOT_NOW, NULL },
	{ 1, "", "10.0.0.5", ERR_NOT_NOW, NULL },
	{ 2, "10.0.0.5", "10.0.0.5", ERR_POLICY,
	    "client_ip is required, and SPIRE tells 2 addresses" },
	{ 2, "", "10.0.0.5", ERR_POLICY, NULL },
	{ 1, "10.0.0.5, 10.0.0.6", "10.0.0.5", ERR_POLICY,
	    "client_ip is required, and \"10.0.0.5, 10.0.0.6\" is no" },
	{ 1, "fe80::1%eth0", "fe80::1", ERR_POLICY, NULL },
	{ 1, "010.0.0.5", "10.0.0.5", ERR_POLICY, NULL },
	{ 1, "10.0.5", "10.0.0.5", ERR_POLICY, NULL },
	{ 1, "0xa.0.0.5", "10.0.0.5", ERR_POLICY, NULL },
	{ 1, "10.0.0.5:8081", "10.0.0.5", ERR_POLICY, NULL },
	{ 1, "[2001:db8::1]", "2001:db8::1", ERR_POLICY, NULL },
	{ 1, " 10.0.0.5", "10.0.0.5", ERR_POLICY, NULL },
	{ 1, "10.0.0.5\n", "10.0.0.5", ERR_POLICY, NULL },
	{ 1, "localhost", "10.0.0.5", ERR_POLICY, NULL },
	{ 1, A50, "10.0.0.5", ERR_POLICY, NULL },
	{ 1, "10.0.0.9", "10.0.0.5", ERR_POLICY,
	    "the caller's address 10.0.0.9 is not the task's" },
	{ 1, "::10.0.0.5", "10.0.0.5", ERR_POLICY, NULL },
	{ 1, "2001:db8::2", "2001:db8::1", ERR_POLICY, NULL },
	{ 1, "10.0.0.5", "no-address 10.0.0.4", ERR_POLICY, NULL },
	{ 1, "10.0.0.5", "", ERR_POLICY,
	    "client_ip is required, and the task has no network interface "
	    "that is attached" },
};

static void
set_addresses(const char *words)
{
	struct str rest = str_of(words);

	task.has_eni = true;
	while (rest.n > 0)
		task.addresses[task.address_count++] =
		    str_cut(&rest, rest, ' ');
}

START_TEST(holds_the_caller_against_the_tasks_addresses)
{
	int code = callers[_i].code;

	caller = (struct judge_caller){ callers[_i].n,
		str_of(callers[_i].address) };
	set_addresses(callers[_i].own);
	check_task(ERR_OK, "ok", NULL);
	policy.client_ip_required = true;
	check_task(code, code == ERR_OK ? "ok" : "client_ip", callers[_i].says);
}
END_TEST

START_TEST(takes_no_address_with_a_nul_in_it)
{
	policy.client_ip_required = true;
	set_addresses("10.0.0.5");
	caller = (struct judge_caller){ 1, { "10.0.0.5\0x", 10 } };
	check_task(ERR_POLICY, "client_ip", "client_ip is required, and \"");
}
END_TEST

/* E.55 */
START_TEST(wants_an_interface_that_is_attached)
{
	policy.client_ip_required = true;
	caller = (struct judge_caller){ 1, STR("10.0.0.5") };
	set_addresses("10.0.0.5");
	task.has_eni = false;
	check_task(ERR_POLICY, "client_ip",
	    "client_ip is required, and the task has no network interface");
}
END_TEST

/* E.56; there is no policy on overrides: they are a selector. */
static const struct {
	bool denied, enabled, good;
} execs[] = {
	{ false, false, true },
	{ false, true, true },
	{ true, false, true },
	{ true, true, false },
};

START_TEST(denies_ecs_exec_when_told_to)
{
	policy.exec_denied = execs[_i].denied;
	task.exec_enabled = execs[_i].enabled;
	task.has_overrides = true;
	if (execs[_i].good)
		check_task(ERR_OK, "ok", NULL);
	else
		check_task(ERR_POLICY, "exec",
		    "ECS Exec is enabled for the task: exec_policy is deny");
}
END_TEST

START_TEST(names_the_first_of_many_faults)
{
	task.times.has_created = false;
	policy.exec_denied = policy.client_ip_required = true;
	task.exec_enabled = true;
	task.launch_type = STR("EC2");
	task.last_status = STR("STOPPED");
	task.cluster_arn = STR("other");
	check_task(ERR_POLICY, "task_other", NULL);
	task.cluster_arn = STR(CLUSTER);
	check_task(ERR_POLICY, "task_stopped", NULL);
	task.last_status = STR("RUNNING");
	check_task(ERR_POLICY, "not_fargate", NULL);
	task.launch_type = STR("FARGATE");
	check_task(ERR_POLICY, "task_times", NULL);
	task.times.has_created = true;
	check_task(ERR_NOT_NOW, "client_ip", NULL);
	policy.client_ip_required = false;
	check_task(ERR_POLICY, "exec", NULL);
}
END_TEST

/*
 * The verdict
 */

START_TEST(grants_by_the_default_template)
{
	static const char *const want[] = { "account:" ACCOUNT,
		"cluster:my-cluster", "exec:disabled", "family:web",
		"launch_type:FARGATE", "overrides:none", "partition:aws",
		"region:us-east-1", "revision:7",
		"task_definition_arn:" FAMILY, "task_id:" ID,
		"task_role:" ACCOUNT "/agent" };
	struct verdict v = { .can_reattest = false };
	struct err err = { 0 };
	size_t i;
	int r;

	r = judge_full(&v, &arena, &proven, &claim, &task, &definition,
	    &policy, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(v.reason, "ok");
	ck_str(v.agent_id,
	    "spiffe://example.org/aws_fargate_task/" ACCOUNT "/my-cluster");
	ck_assert(v.can_reattest);
	ck_assert_uint_eq(v.selectors.count, COUNT_OF(want));
	for (i = 0; i < COUNT_OF(want); i++)
		ck_str(v.selectors.values[i], want[i]);
}
END_TEST

static void
describe_all(void)
{
	static struct ecs_tag tags[] = { { { "Team", 4 }, { "pay", 3 } },
		{ { "Stage", 5 }, { "live", 4 } } };
	static struct ecs_container containers[] = { { { "web", 3 },
	    { "r.example/web:1", 15 }, { DIGEST, sizeof(DIGEST) - 1 } } };

	task.capacity_provider = STR("FARGATE_SPOT");
	task.platform_version = STR("1.4.0");
	task.availability_zone = STR("us-east-1c");
	task.group = STR("service:nights");
	task.subnet = STR("subnet-0a1b");
	task.exec_enabled = task.has_overrides = true;
	task.tags = tags;
	task.tag_count = COUNT_OF(tags);
	task.containers = containers;
	task.container_count = COUNT_OF(containers);
}

START_TEST(grants_all_that_a_task_is)
{
	static const char *const want[] = { "account:" ACCOUNT, "az:us-east-1c",
		"capacity_provider:FARGATE_SPOT", "client_ip:verified",
		"cluster:my-cluster", "container:web", "exec:enabled",
		"family:web", "image:web:r.example/web:1",
		"image_digest:web:" DIGEST, "launch_type:FARGATE",
		"overrides:present", "partition:aws", "platform_version:1.4.0",
		"region:us-east-1", "revision:7", "service:nights",
		"subnet:subnet-0a1b", "tag:Stage:live", "tag:Team:pay",
		"task_definition_arn:" FAMILY, "task_id:" ID,
		"task_role:" ACCOUNT "/agent" };
	struct verdict v = { .can_reattest = true };
	struct err err = { 0 };
	size_t i;
	int r;

	describe_all();
	policy.client_ip_required = true;
	policy.reattest = false;
	set_template("/{{ .PluginName }}/{{ .partition }}/{{ .accountID }}/"
		     "{{ .region }}/{{ .cluster }}/{{ .family }}-"
		     "{{ .revision }}/{{ .service }}/{{ .az }}/"
		     "{{ .launchType }}/{{ .roleName }}/{{ .taskID }}");
	r = judge_full(&v, &arena, &proven, &claim, &task, &definition,
	    &policy, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(v.agent_id,
	    "spiffe://example.org/aws_fargate_task/aws/" ACCOUNT
	    "/us-east-1/my-cluster/web-7/nights/us-east-1c/FARGATE/agent/" ID);
	ck_assert(!v.can_reattest);
	for (i = 0; i < COUNT_OF(want) && i < v.selectors.count; i++)
		ck_str(v.selectors.values[i], want[i]);
	ck_assert_uint_eq(v.selectors.count, COUNT_OF(want));
}
END_TEST

static bool
has_selector(const struct verdict *v, const char *text)
{
	size_t i;

	for (i = 0; i < v->selectors.count; i++)
		if (str_is(v->selectors.values[i], text))
			return true;
	return false;
}

static int
judge(struct verdict *v, struct err *err)
{
	return judge_full(v, &arena, &proven, &claim, &task,
	    judge_needs_definition(&task) ? &definition : NULL, &policy, err);
}

/* group to selector; NULL: none. */
static const char *const groups[][2] = {
	{ "service:nights", "service:nights" },
	{ "service:", NULL },
	{ "family:web", NULL },
	{ "Service:nights", NULL },
	{ "myservice:nights", NULL },
	{ "", NULL },
};

START_TEST(takes_the_service_from_the_group)
{
	struct verdict v = { .can_reattest = false };
	size_t i, found = 0;

	put(&task.group, groups[_i][0]);
	ck_assert_int_eq(judge(&v, NULL), ERR_OK);
	for (i = 0; i < v.selectors.count; i++)
		found += str_starts(v.selectors.values[i], "service:");
	ck_assert_uint_eq(found, groups[_i][1] != NULL);
	if (groups[_i][1] != NULL)
		ck_assert(has_selector(&v, groups[_i][1]));
}
END_TEST

START_TEST(calls_spot_fargate_where_the_launch_type_is_missing)
{
	struct verdict v = { .can_reattest = false };

	task.launch_type = STR("");
	task.capacity_provider = STR("FARGATE_SPOT");
	ck_assert_int_eq(judge(&v, NULL), ERR_OK);
	ck_assert(has_selector(&v, "launch_type:FARGATE"));
	ck_assert(has_selector(&v, "capacity_provider:FARGATE_SPOT"));
}
END_TEST

/* E.51: override, role of the definition, and the reason. */
#define ROLE(p, a, path) "arn:" p ":iam::" a ":role/" path
static const struct {
	const char *override, *defined;
	const char *says; /* NULL: granted */
} roles[] = {
	{ "", ROLE("aws", ACCOUNT, "agent"), NULL },
	{ "", ROLE("aws", ACCOUNT, "teams/pay/agent"), NULL },
	{ "", "agent", NULL },
	{ ROLE("aws", ACCOUNT, "agent"), ROLE("aws", ACCOUNT, "other"), NULL },
	{ ROLE("aws", ACCOUNT, "x/agent"), "", NULL },
	{ "agent", "other", NULL },
	{ "", ROLE("aws", ACCOUNT, "other"),
	    "the credentials are of role agent, which is not the task's" },
	{ "", ROLE("aws", ACCOUNT, "Agent"), "the credentials" },
	{ "", ROLE("aws", ACCOUNT, "agent/other"), "the credentials" },
	{ "", ROLE("aws", ACCOUNT, "agent/"), "the credentials" },
	{ "", ROLE("aws", OTHER, "agent"), "the credentials" },
	{ "", ROLE("aws-cn", ACCOUNT, "agent"), "the credentials" },
	{ "", "arn:aws:iam::" ACCOUNT ":user/agent", "the credentials" },
	{ "", "arn:aws:sts::" ACCOUNT ":role/agent", "the credentials" },
	{ "", "Agent", "the credentials" },
	{ "", "x/agent", "the credentials" },
	{ "", "", "the task has no role: its definition has no taskRoleArn" },
	{ ROLE("aws", ACCOUNT, "other"), ROLE("aws", ACCOUNT, "agent"),
	    "the credentials" },
	{ ROLE("aws", OTHER, "agent"), "", "the credentials" },
	{ "other", "agent", "the credentials" },
};

START_TEST(holds_the_role_against_the_tasks)
{
	struct verdict v = { .agent_id = STR("untouched") };
	struct err err = { 0 };
	int r;

	put(&task.override_role_arn, roles[_i].override);
	put(&definition.task_role_arn, roles[_i].defined);
	ck_assert(judge_needs_definition(&task) ==
		  (task.override_role_arn.n == 0));
	r = judge(&v, &err);
	if (roles[_i].says == NULL) {
		ck_assert_msg(r == ERR_OK, "%s", err.msg);
		ck_assert(has_selector(&v, "task_role:" ACCOUNT "/agent"));
		return;
	}
	ck_assert_int_eq(r, ERR_POLICY);
	ck_assert_str_eq(v.reason, "task_role");
	ck_begins(&err, roles[_i].says);
	ck_str(v.agent_id, "untouched");
}
END_TEST

/* An override counts also beside a definition that nobody had to ask for. */
START_TEST(takes_the_override_before_the_definition)
{
	struct verdict v = { .agent_id = STR("untouched") };

	task.override_role_arn = STR("other");
	ck_assert_int_eq(judge_full(&v, &arena, &proven, &claim, &task,
			     &definition, &policy, NULL),
	    ERR_POLICY);
	ck_assert_str_eq(v.reason, "task_role");
	task.override_role_arn = STR("agent");
	definition.task_role_arn = STR("other");
	ck_assert_int_eq(judge_full(&v, &arena, &proven, &claim, &task,
			     &definition, &policy, NULL),
	    ERR_OK);
}
END_TEST

/* No role is taken from a definition that did not come. */
START_TEST(grants_nothing_without_the_definition_it_needs)
{
	struct verdict v = { .agent_id = STR("untouched") };

	ck_assert_int_eq(judge_full(&v, &arena, &proven, &claim, &task, NULL,
			     &policy, NULL),
	    ERR_POLICY);
	ck_assert_str_eq(v.reason, "task_role");
}
END_TEST

/* E.52 */
static const char *const other_definitions[] = { HERE ":task-definition/web:8",
	HERE ":task-definition/web", "web:7",
	"arn:aws:ecs:us-east-2:" ACCOUNT ":task-definition/web:7",
	"arn:aws:ecs:us-east-1:" OTHER ":task-definition/web:7", "" };

START_TEST(refuses_the_definition_of_another_task)
{
	struct verdict v = { .agent_id = STR("untouched") };
	struct err err = { 0 };

	definition.arn = str_of(other_definitions[_i]);
	ck_assert_int_eq(judge(&v, &err), ERR_POLICY);
	ck_assert_str_eq(v.reason, "task_role");
	ck_begins(&err, "ECS answered with another task definition");
}
END_TEST

/* A task whose definition's name is not what a selector can say. */
static const char *const bad_definitions[] = {
	"arn:aws:ecs:us-east-2:" ACCOUNT ":task-definition/web:7",
	"arn:aws:ecs:us-east-1:" OTHER ":task-definition/web:7",
	"arn:aws-cn:ecs:" PLACE ":task-definition/web:7",
	"arn:aws:iam:" PLACE ":task-definition/web:7",
	"urn:aws:ecs:" PLACE ":task-definition/web:7", HERE ":task/web:7",
	HERE, "", "web:7", HERE ":task-definition/", HERE ":task-definition/:7",
	HERE ":task-definition/web", HERE ":task-definition/web:",
	HERE ":task-definition/web:7a", HERE ":task-definition/web:-7",
	HERE ":task-definition/web:7:8", HERE ":task-definition/we/b:7",
	HERE ":task-definition/..:7", HERE ":task-definition/web\n:7",
	HERE ":task-definition/" A255 "a:7"
};

START_TEST(refuses_a_definition_that_has_no_name)
{
	struct verdict v = { .agent_id = STR("untouched") };
	struct err err = { 0 };

	task.task_definition_arn = definition.arn =
	    str_of(bad_definitions[_i]);
	ck_assert_int_eq(judge(&v, &err), ERR_POLICY);
	ck_assert_str_eq(v.reason, "task_other");
	ck_assert_str_ne(err.msg, "");
	ck_str(v.agent_id, "untouched");
}
END_TEST

START_TEST(refuses_a_task_without_an_agent_id)
{
	struct verdict v = { .agent_id = STR("untouched") };
	struct err err = { 0 };

	set_template("/x/{{ .service }}");
	ck_assert_int_eq(judge(&v, &err), ERR_POLICY);
	ck_assert_str_eq(v.reason, "agent_id");
	task.group = STR("service:a/../b");
	ck_assert_int_eq(judge(&v, &err), ERR_POLICY);
	ck_assert_str_eq(v.reason, "agent_id");
	ck_str(v.agent_id, "untouched");
}
END_TEST

/* E.57 */
START_TEST(tames_tags)
{
	struct ecs_tag tags[] = { { STR("a:b"), STR("c:d") },
		{ STR("Line"), STR("one\ntwo") }, { STR("Hidden"), STR("x") },
		{ STR("Long"), STR(A255 "a") }, { STR("Bare"), STR("") } };
	struct str keys[] = { STR("a:b"), STR("Line"), STR("Long"),
		STR("Bare") };
	struct verdict v = { .can_reattest = false };

	task.tags = tags;
	task.tag_count = COUNT_OF(tags);
	policy.tag_selectors = (struct str_list){ keys, COUNT_OF(keys) };
	ck_assert_int_eq(judge(&v, NULL), ERR_OK);
	ck_assert(has_selector(&v, "tag:a%3Ab:c:d"));
	ck_assert(has_selector(&v, "tag:Bare:"));
	ck_assert_uint_eq(v.selectors.count, 12 + 2);
	ck_assert_uint_eq(v.selectors.dropped_count, 2);
	ck_str(v.selectors.dropped, "tag:Line:");
}
END_TEST

/* The most that AWS can say of a task, in what an attestation is given. */
START_TEST(needs_no_more_than_its_arena)
{
	static struct ecs_tag tags[ECS_TAGS_MAX];
	static struct ecs_container containers[ECS_CONTAINERS_MAX];
	struct verdict v = { .can_reattest = false };
	struct err err = { 0 };
	struct arena small;
	size_t i;
	int r;

	for (i = 0; i < ECS_TAGS_MAX; i++) {
		tags[i].key = arena_printf(&arena, "%zu::::::::::::::::", i);
		tags[i].value = STR(A50 A50 A50);
		containers[i].name = arena_printf(&arena, "c%zu", i);
		containers[i].image = STR(A50 A50 A50 A50);
		containers[i].image_digest = STR(DIGEST);
	}
	task.tags = tags;
	task.tag_count = ECS_TAGS_MAX;
	task.containers = containers;
	task.container_count = ECS_CONTAINERS_MAX;
	arena_init(&small, JUDGE_FULL_ARENA_MAX - 2 * ECS_TASK_MAX);
	r = judge_full(&v, &small, &proven, &claim, &task, &definition,
	    &policy, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(v.selectors.count, SELECTORS_MAX);
	ck_assert(has_selector(&v, "task_role:" ACCOUNT "/agent"));
	ck_assert(has_selector(&v, "task_id:" ID));
	arena_release(&small);
}
END_TEST

/* Every ceiling of the arena below what a verdict needs. */
START_TEST(reports_that_memory_is_out)
{
	struct arena small;
	size_t max;
	int r = ERR_MEMORY;

	describe_all();
	for (max = 0; r != ERR_OK; max += 16) {
		struct verdict v = { .agent_id = STR("untouched") };
		struct err err = { 0 };

		ck_assert_uint_lt(max, JUDGE_FULL_ARENA_MAX);
		arena_init(&small, max);
		r = judge_full(&v, &small, &proven, &claim, &task, &definition,
		    &policy, &err);
		arena_release(&small);
		if (r == ERR_OK)
			break;
		ck_assert_int_eq(r, ERR_MEMORY);
		ck_assert_str_eq(v.reason, "internal");
		ck_assert_str_ne(err.msg, "");
		ck_str(v.agent_id, "untouched");
	}
	ck_assert_uint_gt(max, 256);
}
END_TEST

static void
add_verdicts(TCase *tc)
{
	tcase_add_test(tc, grants_by_the_default_template);
	tcase_add_test(tc, grants_all_that_a_task_is);
	ck_table(tc, takes_the_service_from_the_group, groups);
	tcase_add_test(tc, calls_spot_fargate_where_the_launch_type_is_missing);
	ck_table(tc, holds_the_role_against_the_tasks, roles);
	tcase_add_test(tc, takes_the_override_before_the_definition);
	tcase_add_test(tc, grants_nothing_without_the_definition_it_needs);
	ck_table(tc, refuses_the_definition_of_another_task, other_definitions);
	ck_table(tc, refuses_a_definition_that_has_no_name, bad_definitions);
	tcase_add_test(tc, refuses_a_task_without_an_agent_id);
	tcase_add_test(tc, tames_tags);
	tcase_add_test(tc, needs_no_more_than_its_arena);
	tcase_add_test(tc, reports_that_memory_is_out);
}

int
main(void)
{
	Suite *s = suite_create("judge_task");
	TCase *tc = tcase_create("judge_task");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, takes_a_task_that_runs);
	ck_table(tc, refuses_another_task_or_cluster, foreign);
	ck_table(tc, looks_at_the_state, states);
	ck_table(tc, wants_fargate, platforms);
	ck_table(tc, wants_times_that_can_be, times);
	ck_table(tc, holds_the_caller_against_the_tasks_addresses, callers);
	tcase_add_test(tc, takes_no_address_with_a_nul_in_it);
	tcase_add_test(tc, wants_an_interface_that_is_attached);
	ck_table(tc, denies_ecs_exec_when_told_to, execs);
	tcase_add_test(tc, names_the_first_of_many_faults);
	add_verdicts(tc);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
