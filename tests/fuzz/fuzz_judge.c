/* SPDX-License-Identifier: Apache-2.0 */
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
		FUZZ_CHECK(v->selectors.values[i].n <= SELECTOR_MAX);
		FUZZ_CHECK(str_is_printable(v->selectors.values[i]));
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
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *reason = NULL;
	struct evidence ev;
	struct err err = { 0 };
	struct arena a;
	size_t i;
	int r;

	for (i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		err = (struct err){ 0 };
		arena_init(&a, JUDGE_ARENA_MAX);
		r = judge_read_evidence(
		    &ev, &a, fuzz_str(data, size), &reason, &err);
		FUZZ_CHECK(r == err.code && reason != NULL);
		if (r == ERR_OK)
			judge(&a, &ev.task, templates[i]);
		else
			FUZZ_CHECK(r == ERR_FORMAT || r == ERR_TOOBIG);
		arena_release(&a);
	}
	return 0;
}
