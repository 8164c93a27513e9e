/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest_proof.c - the steps of an attestation that prove, in order of time
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "evidence/binding.h"
#include "evidence/challenge.h"
#include "evidence/response.h"
#include "server/attest_impl.h"
#include "server/policy.h"

enum {
	RESPONSE_ARENA_MAX = 2 * RESPONSE_MAX,
	MS_PER_S = 1000,
	US_PER_S = 1000000,
};

static sts_identity_fn on_identity;
static aws_task_fn on_task;
static aws_definition_fn on_definition;

static int
no_memory(struct err *err)
{
	return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
}

static int
keep(struct str *kept, struct attestation *at, struct str s, struct err *err)
{
	struct str copy = arena_dup(&at->arena, s);

	if (copy.p == NULL)
		return no_memory(err);
	*kept = copy;
	return ERR_OK;
}

static void
begin_step(struct attestation *at)
{
	at->proof->step_ms = loop_now(at->attestor->loop);
}

static int64_t
end_step(const struct attestation *at)
{
	return loop_now(at->attestor->loop) - at->proof->step_ms;
}

static int64_t
now_s(void)
{
	return clock_wall_us() / US_PER_S;
}

/*
 * The payload, and the challenge
 */

/* What lasts longer than the message. */
static int
keep_claim(struct attestation *at, const struct evidence *ev, struct err *err)
{
	struct proof *p = at->proof;
	int r = keep(&at->claimed, at, ev->claim.text, err);

	if (r != ERR_OK)
		return r;
	memcpy(p->agent_nonce, ev->payload.agent_nonce, NONCE_BYTES);
	return task_arn_parse(&p->claim, at->claimed, TASK_ID_AWS, err);
}

static int
read_claim(struct attestation *at, struct str payload, const char **reason,
    struct err *err)
{
	struct evidence ev = { .task = { .tag_count = 0 } };
	struct judge_policy policy;
	struct arena scratch;
	int r;

	arena_init(&scratch, JUDGE_ARENA_MAX);
	r = judge_read_claim(&ev, &scratch, payload, reason, err);
	if (r == ERR_OK)
		r = keep_claim(at, &ev, err);
	arena_release(&scratch);
	if (r != ERR_OK)
		return r;
	policy_of(&policy, at->config);
	r = judge_gate(&at->proof->claim, &policy, reason, err);
	if (r != ERR_OK)
		return r;
	*reason = "region";
	return aws_sts_endpoint(&at->proof->sts, &at->proof->sts_region,
	    at->aws, at->proof->claim.region, err);
}

static int
send_challenge(struct attestation *at, struct err *err)
{
	struct proof *p = at->proof;
	int64_t ms = at->config->challenge_timeout;
	struct challenge challenge = {
		.trust_domain = at->config->trust_domain,
		.server_id = at->config->server_id,
		.sts_host = str_of(p->sts.host),
		.region = p->sts_region,
		.ttl = (unsigned)((ms + MS_PER_S - 1) / MS_PER_S),
	};
	struct buf text;
	int r;

	if (getrandom(p->nonce, NONCE_BYTES, 0) != NONCE_BYTES)
		return err_set(
		    err, ERR_SYSTEM, "no random numbers: %s", strerror(errno));
	memcpy(challenge.nonce, p->nonce, NONCE_BYTES);
	buf_init(&text, CHALLENGE_MAX);
	r = challenge_encode(&text, &challenge, err);
	if (r == ERR_OK && !attest_challenge(at->call, buf_str(&text)))
		r = no_memory(err);
	buf_release(&text);
	if (r != ERR_OK)
		return r;
	p->challenge_s = now_s();
	r = attest_wait(at, ATTEST_RESPONSE, ms);
	return r == ERR_OK ? r : no_memory(err);
}

void
proof_begin(struct attestation *at, struct str payload)
{
	const char *reason = "internal";
	struct err err = { 0 };
	int r;

	at->proof = arena_alloc(&at->arena, sizeof(*at->proof));
	if (at->proof == NULL) {
		r = no_memory(&err);
	} else {
		r = read_claim(at, payload, &reason, &err);
		if (r == ERR_OK) {
			reason = "internal";
			r = send_challenge(at, &err);
		}
	}
	if (r != ERR_OK)
		attest_end_refuse(at, reason, &err);
}

/*
 * The response, and STS
 */

static int
ask_sts(
    struct attestation *at, const struct response *response, struct err *err)
{
	struct proof *p = at->proof;
	struct binding binding = {
		.trust_domain = at->config->trust_domain,
		.plugin_name = STR(SERVER_PLUGIN_NAME),
		.server_id = at->config->server_id,
		.task_arn = p->claim.text,
		.sts_host = str_of(p->sts.host),
	};
	char value[BINDING_SIZE];
	struct sts_proof proof = {
		.access_key_id = response->access_key_id,
		.amz_date = response->amz_date,
		.session_token = response->session_token,
		.signature = response->signature,
		.binding = { value, BINDING_SIZE - 1 },
		.region = p->sts_region,
		.endpoint = &p->sts,
	};
	int r = keep(&p->access_key_id, at, response->access_key_id, err);

	memcpy(binding.server_nonce, p->nonce, NONCE_BYTES);
	memcpy(binding.agent_nonce, p->agent_nonce, NONCE_BYTES);
	if (r == ERR_OK)
		r = binding_value(value, &binding, err);
	if (r != ERR_OK)
		return r;
	begin_step(at);
	p->deadline_ms = p->step_ms + at->config->timeout;
	return aws_identify(&p->op, at->aws, p->claim.account, &proof,
	    p->deadline_ms, on_identity, at, err);
}

void
proof_respond(struct attestation *at, struct str bytes)
{
	const char *reason = "response";
	struct response response;
	struct err err = { 0 };
	struct arena scratch;
	int r;

	arena_init(&scratch, RESPONSE_ARENA_MAX);
	r = response_decode(&response, &scratch, bytes, &err);
	if (r == ERR_OK)
		r = judge_response(&response, at->proof->challenge_s, now_s(),
		    &reason, &err);
	if (r != ERR_OK) {
		attest_end_refuse(at, reason, &err);
		goto out;
	}
	/* from here on the stream is read only to hear of its end */
	attest_enter(at, ATTEST_AWS);
	gp_read(at->call);
	if (ask_sts(at, &response, &err) != ERR_OK)
		attest_upstream(at, "sts", &err);
out:
	arena_release(&scratch);
}

static int
keep_identity(struct sts_identity *kept, struct attestation *at,
    const struct sts_identity *identity, struct err *err)
{
	int r = keep(&kept->account, at, identity->account, err);

	if (r == ERR_OK)
		r = keep(&kept->arn, at, identity->arn, err);
	if (r == ERR_OK)
		r = keep(&kept->user_id, at, identity->user_id, err);
	return r;
}

static int
judge_it(struct attestation *at, const struct sts_identity *identity,
    const char **reason, struct err *err)
{
	struct sts_identity kept = { .account = { NULL, 0 } };
	struct proof *p = at->proof;
	struct judge_policy policy;
	int r = keep_identity(&kept, at, identity, err);

	if (r != ERR_OK)
		return r;
	policy_of(&policy, at->config);
	r = judge_identity(&p->proven, &kept, &p->claim, &policy, reason, err);
	/* whom AWS has named is told in the log, allowed or not */
	p->is_proven = p->proven.account.n > 0;
	return r;
}

static void ask_ecs(struct attestation *at);

static void
on_signer(struct attestation *at, const struct sts_identity *identity)
{
	const char *reason = "internal";
	struct judge_policy policy;
	struct err err = { 0 };
	int r = judge_it(at, identity, &reason, &err);

	if (r == ERR_OK && at->config->verification == VERIFICATION_FULL) {
		ask_ecs(at);
		return;
	}
	if (r == ERR_OK) {
		policy_of(&policy, at->config);
		r = judge_session(&at->verdict, &at->arena, &at->proof->proven,
		    &policy, &err);
		reason = at->verdict.reason;
	}
	if (r == ERR_OK)
		grant(at);
	else
		attest_give_up(at, reason, &err);
}

static void
on_identity(void *arg, int r, const struct sts_identity *identity,
    const struct err *err)
{
	struct attestation *at = arg;
	struct proof *p = at->proof;

	p->op = NULL;
	p->sts_ms = end_step(at);
	if (identity != NULL && identity->request_id.n > 0)
		(void)keep(&p->sts_request_id, at, identity->request_id, NULL);
	if (attest_is_given_up(at))
		return;
	if (r == ERR_OK)
		on_signer(at, identity);
	else if (r == ERR_POLICY)
		attest_give_up(at, "signature", err);
	else
		attest_upstream(at, "sts", err);
}

/*
 * ECS
 */

static int
ask_task(struct attestation *at, struct err *err)
{
	struct proof *p = at->proof;
	struct aws_place place = { p->proven.account, p->claim.region,
		cluster_arn_of(&at->arena, &p->claim) };

	if (place.cluster_arn.p == NULL)
		return no_memory(err);
	begin_step(at);
	return aws_describe_task(&p->op, at->aws, &place, p->claim.text,
	    p->deadline_ms, on_task, at, err);
}

static void
ask_ecs(struct attestation *at)
{
	struct err err = { 0 };

	if (ask_task(at, &err) == ERR_OK)
		grant_ask_early(at);
	else
		attest_upstream(at, "ecs", &err);
}

static void
give_verdict(
    struct attestation *at, const struct ecs_definition *definition)
{
	struct proof *p = at->proof;
	struct judge_policy policy;
	struct err err = { 0 };
	int r;

	policy_of(&policy, at->config);
	r = judge_full(&at->verdict, &at->arena, &p->proven, &p->claim,
	    &p->task, definition, &policy, &err);
	if (r == ERR_OK)
		grant(at);
	else
		attest_give_up(at, at->verdict.reason, &err);
}

static void
on_definition(void *arg, int r, const struct ecs_definition *definition,
    const struct err *err)
{
	struct attestation *at = arg;

	at->proof->op = NULL;
	at->proof->ecs_ms += end_step(at);
	if (attest_is_given_up(at))
		return;
	if (r == ERR_OK)
		give_verdict(at, definition);
	else if (r == ERR_POLICY || r == ERR_MISSING)
		attest_give_up_text(at, "task_role", ERR_POLICY,
		    "ECS does not know the task's definition, or answers "
		    "with another");
	else
		attest_upstream(at, "ecs", err);
}

static void
ask_definition(struct attestation *at)
{
	struct proof *p = at->proof;
	struct err err = { 0 };

	begin_step(at);
	if (aws_describe_definition(&p->op, at->aws, p->proven.account,
		p->claim.region, p->task.task_definition_arn, p->deadline_ms,
		on_definition, at, &err) != ERR_OK)
		attest_upstream(at, "ecs", &err);
}

/* The answer goes when this returns: the attestation has a copy. */
static int
keep_task(struct attestation *at, struct json json, struct err *err)
{
	int r = keep(&json.raw, at, json.raw, err);

	if (r != ERR_OK)
		return r;
	return ecs_task_read(&at->proof->task, &at->arena, json, err);
}

static int
judge_the_task(struct attestation *at, const char **reason, struct err *err)
{
	struct proof *p = at->proof;
	struct judge_caller caller = { .addresses = 0 };
	struct judge_policy policy;
	int r;

	caller.addresses = attest_client_ip(&caller.address, at->call);
	policy_of(&policy, at->config);
	r = judge_task(&p->task, &p->claim, &policy, &caller, clock_wall_us(),
	    reason, err);
	p->has_task = r == ERR_OK;
	return r;
}

static void
on_described(struct attestation *at, struct json json)
{
	const char *reason = "internal";
	struct err err = { 0 };

	if (keep_task(at, json, &err) != ERR_OK) {
		attest_upstream(at, "ecs", &err);
		return;
	}
	if (judge_the_task(at, &reason, &err) != ERR_OK)
		attest_give_up(at, reason, &err);
	else if (judge_needs_definition(&at->proof->task))
		ask_definition(at);
	else
		give_verdict(at, NULL);
}

static void
on_task(void *arg, int r, struct json json, struct str request_id,
    const struct err *err)
{
	struct attestation *at = arg;
	struct proof *p = at->proof;

	p->op = NULL;
	p->ecs_ms = end_step(at);
	if (request_id.n > 0)
		(void)keep(&p->ecs_request_id, at, request_id, NULL);
	if (attest_is_given_up(at))
		return;
	if (r == ERR_OK)
		on_described(at, json);
	else if (r == ERR_MISSING)
		attest_give_up_text(at, "task_missing", ERR_POLICY,
		    "ECS does not know the task: it is not in that cluster, "
		    "or ended long ago");
	else if (r == ERR_POLICY)
		attest_give_up_text(at, "task_other", ERR_POLICY,
		    "ECS answered with another task than was asked for");
	else
		attest_upstream(at, "ecs", err);
}
