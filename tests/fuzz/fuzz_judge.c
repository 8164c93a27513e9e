/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_judge.c - payloads that are believed, and proofs
 *
 * An input is the payload of an agent; or "proof", and then one line each of
 * what claim, STS, ECS and SPIRE say, in the order of enum line.  Whoever is
 * granted anything has to keep what is promised of it, whatever the lines are.
 */
#include "fuzz.h"

#include <string.h>

#include "server/judge.h"

#define PLUGIN "aws_fargate_task"

static const char *const templates[] = {
	"/aws_fargate_task/{{ .accountID }}/{{ .cluster }}",
	"/spire/agent/aws_fargate_task/{{ .accountID }}/{{ .taskID }}",
	"/{{ .family }}/{{ .revision }}/{{ .service }}{{ .az }}",
};

/* What SPIRE demands of an answer, and we of a name. */
static void
check_granted(const struct verdict *v)
{
	struct str path = v->agent_id, segment;
	size_t i;

	FUZZ_CHECK(strcmp(v->reason, "ok") == 0);
	FUZZ_CHECK(v->agent_id.n <= AGENT_ID_MAX);
	FUZZ_CHECK(str_starts(path, "spiffe://example.org/"));
	path = str_sub(path, sizeof("spiffe://example.org/") - 1, path.n);
	do {
		segment = str_cut(&path, path, '/');
		FUZZ_CHECK(str_is_alnum_or(segment, "._-"));
		FUZZ_CHECK(!str_is(segment, ".") && !str_is(segment, ".."));
	} while (path.p != NULL);
	FUZZ_CHECK(v->selectors.count <= SELECTORS_MAX);
	for (i = 0; i < v->selectors.count; i++) {
		FUZZ_CHECK(v->selectors.values[i].n > 0);
		FUZZ_CHECK(v->selectors.values[i].n <= SELECTOR_MAX);
		FUZZ_CHECK(str_is_printable(v->selectors.values[i]));
		FUZZ_CHECK(i == 0 ||
			   str_cmp(v->selectors.values[i - 1],
			       v->selectors.values[i]) < 0);
	}
}

static void
judge(struct arena *a, const struct task_metadata *task, const char *template)
{
	struct str accounts[] = { STR("123456789012"), STR("021436587009") };
	struct str regions[] = { STR("us-east-1"), STR("ap-southeast-2") };
	struct str every_tag[] = { STR("*") };
	struct judge_policy policy = {
		.trust_domain = STR("example.org"),
		.plugin_name = PLUGIN,
		.allowed_accounts = { accounts, 2 },
		.allowed_regions = { regions, 2 },
		.tag_selectors = { every_tag, 1 },
	};
	struct verdict v = { 0 };
	struct err err = { 0 };
	int r;

	FUZZ_CHECK(agent_id_template_parse(&policy.agent_path, str_of(template),
		       PLUGIN, NULL) == ERR_OK);
	r = judge_metadata(&v, a, task, &policy, &err);
	FUZZ_CHECK(r == err.code && v.reason != NULL);
	if (r != ERR_OK) {
		FUZZ_CHECK(r == ERR_POLICY && v.agent_id.n == 0);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		return;
	}
	check_granted(&v);
	FUZZ_CHECK(str_eq(task->arn.account, accounts[0]) ||
		   str_eq(task->arn.account, accounts[1]));
	FUZZ_CHECK(str_eq(task->arn.region, regions[0]) ||
		   str_eq(task->arn.region, regions[1]));
}

/* The arena is large enough for any payload: memory never runs out. */
static void
believe(struct str bytes, const char *template)
{
	const char *reason = NULL;
	struct evidence ev;
	struct err err = { 0 };
	struct arena a;
	int r;

	arena_init(&a, JUDGE_ARENA_MAX);
	r = judge_read_evidence(&ev, &a, bytes, &reason, &err);
	FUZZ_CHECK(r == err.code && reason != NULL);
	if (r == ERR_OK)
		judge(&a, &ev.task, template);
	else
		FUZZ_CHECK(r == ERR_FORMAT || r == ERR_TOOBIG);
	arena_release(&a);
}

static bool
is_claim(const struct task_arn *claim)
{
	return claim->task_id.n == 32 && str_is_lower_hex(claim->task_id) &&
	       claim->account.n == 12 && str_is_digits(claim->account);
}

static void
read_claim(struct str bytes)
{
	struct evidence ev = { .claim = { .text = STR("untouched") } };
	const char *reason = NULL;
	struct err err = { 0 };
	struct arena a;
	int r;

	arena_init(&a, JUDGE_ARENA_MAX);
	r = judge_read_claim(&ev, &a, bytes, &reason, &err);
	FUZZ_CHECK(r == err.code && reason != NULL);
	if (r == ERR_OK) {
		FUZZ_CHECK(ev.payload.has_version && is_claim(&ev.claim));
	} else {
		FUZZ_CHECK(r == ERR_FORMAT || r == ERR_TOOBIG);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		FUZZ_CHECK(str_is(ev.claim.text, "untouched"));
	}
	arena_release(&a);
}

/*
 * Proofs
 */

/* After these, any number of "address A", "tag KEY=VALUE", "c NAME=IMAGE". */
enum line {
	LINE_FLAGS,
	LINE_CLAIM,
	LINE_DATE,
	LINE_ACCOUNT,
	LINE_ARN,
	LINE_USER,
	LINE_TASK,
	LINE_CLUSTER,
	LINE_DEFINITION,
	LINE_LAST,
	LINE_DESIRED,
	LINE_LAUNCH,
	LINE_PROVIDER,
	LINE_ZONE,
	LINE_GROUP,
	LINE_SUBNET,
	LINE_PLATFORM,
	LINE_OVERRIDE,
	LINE_DEFINED,
	LINE_ROLE,
	LINE_CALLER,
	LINE_CREATED, /* seconds before now */
	LINE_STARTED,
	LINES
};

#define NOW_S ((int64_t)1795435200)

struct proof {
	struct str lines[LINES];
	struct task_arn claim;
	struct sts_identity identity;
	struct judge_policy policy;
	struct judge_caller caller;
	struct ecs_task task;
	struct ecs_tag tags[ECS_TAGS_MAX];
	struct ecs_container containers[ECS_CONTAINERS_MAX];
	struct ecs_definition definition;
	struct proven proven;
};

static struct str accounts[] = { { "123456789012", 12 },
	{ "021436587009", 12 } };
static struct str roles[] = { { "123456789012/agent", 18 }, { "worker", 6 } };
static struct str every_tag[] = { { "*", 1 } };

static bool
has_flag(const struct proof *p, char flag)
{
	struct str s = p->lines[LINE_FLAGS];

	return s.n > 0 && memchr(s.p, flag, s.n) != NULL;
}

static void
read_more(struct proof *p, struct str line)
{
	struct ecs_task *t = &p->task;
	struct str rest, what = str_cut(&rest, line, ' ');

	if (str_is(what, "address") && t->address_count < ECS_ADDRESSES_MAX)
		t->addresses[t->address_count++] = rest;
	if (str_is(what, "tag") && t->tag_count < ECS_TAGS_MAX) {
		p->tags[t->tag_count].key = str_cut(&rest, rest, '=');
		p->tags[t->tag_count++].value = rest;
	}
	if (str_is(what, "c") && t->container_count < ECS_CONTAINERS_MAX) {
		struct ecs_container *c = &p->containers[t->container_count++];

		c->name = str_cut(&rest, rest, '=');
		c->image = str_cut(&rest, rest, '=');
		c->image_digest = rest;
	}
}

static int64_t
before_now(struct str line)
{
	uint64_t seconds = 0;

	(void)str_to_u64(&seconds, str_sub(line, 0, 10));
	return (NOW_S - (int64_t)seconds) * 1000000;
}

static void
read_task(struct proof *p)
{
	const struct str *l = p->lines;
	struct ecs_task *t = &p->task;

	t->task_arn = l[LINE_TASK];
	t->cluster_arn = l[LINE_CLUSTER];
	t->task_definition_arn = l[LINE_DEFINITION];
	t->last_status = l[LINE_LAST];
	t->desired_status = l[LINE_DESIRED];
	t->launch_type = l[LINE_LAUNCH];
	t->capacity_provider = l[LINE_PROVIDER];
	t->availability_zone = l[LINE_ZONE];
	t->group = l[LINE_GROUP];
	t->subnet = l[LINE_SUBNET];
	t->platform_version = l[LINE_PLATFORM];
	t->override_role_arn = l[LINE_OVERRIDE];
	t->exec_enabled = has_flag(p, 'e');
	t->has_overrides = has_flag(p, 'o');
	t->has_eni = has_flag(p, 'n');
	t->times = (struct ecs_times){ has_flag(p, 'c'), has_flag(p, 's'),
		before_now(l[LINE_CREATED]), before_now(l[LINE_STARTED]),
		has_flag(p, 'd') };
	t->tags = p->tags;
	t->containers = p->containers;
	p->definition = (struct ecs_definition){ .arn = l[LINE_DEFINED],
		.task_role_arn = l[LINE_ROLE] };
}

static void
read_proof(struct proof *p, struct str text)
{
	size_t i;

	*p = (struct proof){ .policy = {
		.trust_domain = STR("example.org"),
		.plugin_name = PLUGIN,
		.partition = STR("aws"),
		.allowed_accounts = { accounts, 2 },
		.tag_selectors = { every_tag, 1 },
	} };
	for (i = 0; i < LINES; i++)
		p->lines[i] = str_cut(&text, text, '\n');
	while (text.n > 0)
		read_more(p, str_cut(&text, text, '\n'));
	read_task(p);
	p->identity = (struct sts_identity){ p->lines[LINE_ACCOUNT],
		p->lines[LINE_ARN], p->lines[LINE_USER], { NULL, 0 } };
	p->caller = (struct judge_caller){ has_flag(p, '2') ? 2 : 1,
		p->lines[LINE_CALLER] };
	p->policy.reattest = has_flag(p, 'r');
	p->policy.client_ip_required = has_flag(p, 'i');
	p->policy.exec_denied = has_flag(p, 'x');
	if (has_flag(p, 'R'))
		p->policy.allowed_task_roles = (struct str_list){ roles, 2 };
}

/* Of every step: its code, a word, and a sentence that may be printed. */
static bool
passed(int r, const char *reason, const struct err *err)
{
	FUZZ_CHECK(r == err->code && reason != NULL);
	FUZZ_CHECK((r == ERR_OK) == (strcmp(reason, "ok") == 0));
	FUZZ_CHECK(str_is_printable(str_of(err->msg)));
	FUZZ_CHECK(r != ERR_MEMORY);
	return r == ERR_OK;
}

static bool
has_selector(const struct verdict *v, const char *key, struct str value)
{
	struct str s;
	size_t i;

	for (i = 0; i < v->selectors.count; i++) {
		s = v->selectors.values[i];
		if (str_starts(s, key) &&
		    str_eq(str_sub(s, strlen(key), s.n), value))
			return true;
	}
	return false;
}

static void
check_proven(const struct proof *p, const struct verdict *v)
{
	const struct task_arn *claim = &p->claim;
	struct str role = p->proven.role, id = p->identity.user_id;

	FUZZ_CHECK(is_claim(claim) && str_is(claim->partition, "aws"));
	FUZZ_CHECK(str_eq(claim->account, accounts[0]) ||
		   str_eq(claim->account, accounts[1]));
	FUZZ_CHECK(str_eq(p->identity.account, claim->account));
	FUZZ_CHECK(str_eq(p->proven.account, claim->account));
	FUZZ_CHECK(str_eq(p->proven.task_id, claim->task_id));
	FUZZ_CHECK(
	    id.n > 33 && str_eq(str_sub(id, id.n - 32, 32), claim->task_id));
	if (p->policy.allowed_task_roles.count > 0)
		FUZZ_CHECK(str_is(role, "worker") ||
			   (str_is(role, "agent") &&
			       str_eq(claim->account, accounts[0])));
	check_granted(v);
	FUZZ_CHECK(has_selector(v, "account:", claim->account));
	FUZZ_CHECK(has_selector(v, "task_id:", claim->task_id));
	FUZZ_CHECK(has_selector(v, "partition:", claim->partition));
}

static void
check_task(const struct proof *p, const struct verdict *v)
{
	const struct ecs_task *t = &p->task;
	struct str role = p->proven.role, text = t->override_role_arn;

	FUZZ_CHECK(str_eq(t->task_arn, p->claim.text));
	FUZZ_CHECK(str_is(t->desired_status, "RUNNING"));
	FUZZ_CHECK(judge_is_alive(t) && !t->times.has_ended);
	FUZZ_CHECK(str_is(t->launch_type, "FARGATE") ||
		   (t->launch_type.n == 0 &&
		       str_starts(t->capacity_provider, "FARGATE")));
	FUZZ_CHECK(t->times.has_created);
	if (text.n == 0) {
		text = p->definition.task_role_arn;
		FUZZ_CHECK(str_eq(p->definition.arn, t->task_definition_arn));
	}
	FUZZ_CHECK(text.n >= role.n &&
		   str_eq(str_sub(text, text.n - role.n, role.n), role));
	FUZZ_CHECK(!p->policy.exec_denied || !t->exec_enabled);
	FUZZ_CHECK(!p->policy.client_ip_required ||
		   (t->has_eni && p->caller.addresses == 1));
	FUZZ_CHECK(has_selector(v, "client_ip:", STR("verified")) ==
		   p->policy.client_ip_required);
	FUZZ_CHECK(has_selector(
	    v, "exec:", t->exec_enabled ? STR("enabled") : STR("disabled")));
	FUZZ_CHECK(has_selector(v, "cluster:", p->claim.cluster));
	FUZZ_CHECK(has_selector(v, "region:", p->claim.region));
	FUZZ_CHECK(v->can_reattest == p->policy.reattest);
}

/* What STS has said is enough for "sts", and comes before ECS in "full". */
static bool
is_identified(struct proof *p, struct arena *a)
{
	struct response response = { .amz_date = p->lines[LINE_DATE] };
	struct verdict v = { 0 };
	struct err err = { 0 };
	const char *reason = NULL;
	int64_t at;
	int r;

	r = judge_gate(&p->claim, &p->policy, &reason, &err);
	if (!passed(r, reason, &err) ||
	    !amz_date_seconds(&at, response.amz_date))
		return false;
	r = judge_response(&response, NOW_S - 5, NOW_S, &reason, &err);
	if (!passed(r, reason, &err))
		return false;
	FUZZ_CHECK(at >= NOW_S - 300 && at <= NOW_S + 300);
	r = judge_identity(
	    &p->proven, &p->identity, &p->claim, &p->policy, &reason, &err);
	if (!passed(r, reason, &err))
		return false;
	r = judge_session(&v, a, &p->proven, &p->policy, &err);
	if (passed(r, v.reason, &err)) {
		check_proven(p, &v);
		FUZZ_CHECK(v.selectors.count == 4 && !v.can_reattest);
	}
	return true;
}

static void
prove(struct str text, const char *template)
{
	static struct proof p;
	struct verdict v = { 0 };
	struct err err = { 0 };
	const char *reason = NULL;
	struct arena a;
	int r;

	read_proof(&p, text);
	FUZZ_CHECK(agent_id_template_parse(&p.policy.agent_path,
		       str_of(template), PLUGIN, NULL) == ERR_OK);
	if (task_arn_parse(&p.claim, p.lines[LINE_CLAIM], TASK_ID_AWS, NULL) !=
	    ERR_OK)
		return;
	arena_init(&a, JUDGE_FULL_ARENA_MAX);
	if (!is_identified(&p, &a))
		goto out;
	r = judge_task(&p.task, &p.claim, &p.policy, &p.caller,
	    NOW_S * 1000000, &reason, &err);
	if (!passed(r, reason, &err))
		goto out;
	r = judge_full(&v, &a, &p.proven, &p.claim, &p.task,
	    judge_needs_definition(&p.task) ? &p.definition : NULL, &p.policy,
	    &err);
	if (passed(r, v.reason, &err)) {
		check_proven(&p, &v);
		check_task(&p, &v);
	} else {
		FUZZ_CHECK(r == ERR_POLICY && v.agent_id.n == 0);
	}
out:
	arena_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = fuzz_str(data, size), proof;
	bool is_proof = str_is(str_cut(&proof, bytes, '\n'), "proof");
	size_t i;

	if (!is_proof)
		read_claim(bytes);
	for (i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		if (is_proof && proof.n > 0)
			prove(proof, templates[i]);
		else
			believe(bytes, templates[i]);
	}
	return 0;
}
