/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest_grant.c - the verdict is made: who else may hold the agent ID?
 *
 * With shared_agent_id = "refuse" a task that lives keeps an ID that others
 * ask for; ECS says whether it lives.  With reattest = false, and in "sts", an
 * ID is given once; SPIRE's AgentStore says whether it was.
 */
#include "server/attest_impl.h"

enum { STORE_MS = 5000 };

/* Of these the agent ID is known before ECS has answered. */
enum {
	EARLY_VARS = 1U << AGENT_ID_ACCOUNT | 1U << AGENT_ID_CLUSTER |
		     1U << AGENT_ID_REGION | 1U << AGENT_ID_PARTITION |
		     1U << AGENT_ID_ROLE | 1U << AGENT_ID_PLUGIN,
};

static aws_task_fn on_holder;
static agent_lookup_fn on_agent;

static bool
has_holder(const struct attestation *at)
{
	return at->config->verification == VERIFICATION_FULL &&
	       at->config->shared_agent_id == SHARED_AGENT_ID_REFUSE &&
	       (at->config->agent_path.vars & 1U << AGENT_ID_TASK) == 0;
}

/* Is that task alive?  holder is what holders.h lent. */
static int
ask_holder(struct attestation *at, struct str holder, struct err *err)
{
	struct proof *p = at->proof;
	struct task_arn arn;
	struct aws_place place;
	int r;

	p->holder_state = HOLDER_NOT_ASKED;
	p->holder = arena_dup(&at->arena, holder);
	if (p->holder.p == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	r = task_arn_parse(&arn, p->holder, TASK_ID_AWS, err);
	if (r != ERR_OK)
		return r;
	place = (struct aws_place){ arn.account, arn.region,
		cluster_arn_of(&at->arena, &arn) };
	if (place.cluster_arn.p == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	return aws_describe_task(&p->holder_op, at->aws, &place, p->holder,
	    p->deadline_ms, on_holder, at, err);
}

/* The holder of an agent ID, if it is another task; else empty. */
static struct str
other_holder(const struct attestation *at, struct str agent_id)
{
	struct str holder = holders_find(at->attestor->holders, agent_id);

	if (str_eq(holder, at->claimed))
		holder.n = 0;
	return holder;
}

/* The ID as it will be, unless the proof fails; false: not known yet. */
static bool
early_id(struct str *id, struct attestation *at)
{
	const struct agent_id_template *t = &at->config->agent_path;
	const struct proof *p = at->proof;
	struct str values[AGENT_ID_VARS] = { { NULL, 0 } };

	if ((t->vars & ~(unsigned)EARLY_VARS) != 0)
		return false;
	values[AGENT_ID_ACCOUNT] = p->proven.account;
	values[AGENT_ID_PARTITION] = p->proven.partition;
	values[AGENT_ID_ROLE] = p->proven.role;
	values[AGENT_ID_REGION] = p->claim.region;
	values[AGENT_ID_CLUSTER] = p->claim.cluster;
	values[AGENT_ID_PLUGIN] = STR(SERVER_PLUGIN_NAME);
	return agent_id_expand(id, &at->arena, t, at->config->trust_domain,
		   SERVER_PLUGIN_NAME, values, NULL) == ERR_OK;
}

void
grant_ask_early(struct attestation *at)
{
	struct err err = { 0 };
	struct str id, holder;

	if (!has_holder(at) || !early_id(&id, at))
		return;
	holder = other_holder(at, id);
	if (holder.n > 0 && ask_holder(at, holder, &err) != ERR_OK)
		attest_upstream(at, "holder", &err);
}

static void
refuse_held(struct attestation *at)
{
	struct err err = { 0 };

	(void)err_set(&err, ERR_POLICY,
	    "agent ID %s is held by task %s, which is alive; put {{ .taskID }} "
	    "into agent_path_template, and every task gets an ID of its own",
	    CLEAN(at->verdict.agent_id),
	    CLEAN(str_sub(at->proof->holder,
		at->proof->holder.n < 32 ? 0 : at->proof->holder.n - 32, 32)));
	attest_give_up(at, "holder", &err);
}

/* An ID that was given a moment ago SPIRE may not know yet. */
static void
ask_store(struct attestation *at)
{
	struct attestor *attestor = at->attestor;
	struct err err = { 0 };

	at->locked = first_use_lock(attestor->first_use, at->verdict.agent_id,
	    loop_now(attestor->loop));
	if (at->state != ATTEST_AWS) {
		attest_enter(at, ATTEST_AWS);
		gp_read(at->call);
	}
	if (agent_lookup_start(&at->lookup, attestor->host,
		at->verdict.agent_id, STORE_MS, on_agent, at, &err) != ERR_OK)
		attest_give_up_text(
		    at, "first_use", ERR_UNAVAILABLE, err.msg);
}

void
grant(struct attestation *at)
{
	struct proof *p = at->proof;
	struct str holder = { NULL, 0 };
	struct err err = { 0 };

	at->is_granted = true;
	if (p != NULL && p->holder_op != NULL)
		return;
	if (has_holder(at))
		holder = other_holder(at, at->verdict.agent_id);
	if (holder.n > 0 && !(str_eq(holder, p->holder) &&
				p->holder_state == HOLDER_DEAD)) {
		if (str_eq(holder, p->holder) &&
		    p->holder_state == HOLDER_ALIVE)
			refuse_held(at);
		else if (ask_holder(at, holder, &err) != ERR_OK)
			attest_upstream(at, "holder", &err);
		return;
	}
	if (at->verdict.can_reattest)
		attest_end_accept(at);
	else
		ask_store(at);
}

static int
read_holder(struct proof *p, struct json json, struct err *err)
{
	struct ecs_task task;
	struct arena scratch;
	int r;

	arena_init(&scratch, 2 * ECS_TASK_MAX);
	r = ecs_task_read(&task, &scratch, json, err);
	if (r == ERR_OK)
		p->holder_state =
		    judge_is_alive(&task) ? HOLDER_ALIVE : HOLDER_DEAD;
	arena_release(&scratch);
	return r;
}

static void
on_holder(void *arg, int r, struct json json, struct str request_id,
    const struct err *err)
{
	struct attestation *at = arg;
	struct proof *p = at->proof;
	struct err why = { 0 };

	(void)request_id;
	p->holder_op = NULL;
	if (attest_is_given_up(at))
		return;
	if (r == ERR_OK) {
		r = read_holder(p, json, &why);
		err = &why;
	} else if (r == ERR_MISSING) {
		p->holder_state = HOLDER_DEAD;
		r = ERR_OK;
	}
	if (r != ERR_OK)
		attest_upstream(at, "holder", err);
	else if (at->is_granted)
		grant(at);
}

static void
on_agent(void *arg, int r, const struct err *err)
{
	struct attestation *at = arg;
	struct err why = { 0 };

	at->lookup = NULL;
	if (attest_is_given_up(at))
		return;
	if (r == ERR_MISSING && at->locked) {
		attest_end_accept(at);
		return;
	}
	if (r == ERR_OK)
		(void)err_set(&why, ERR_POLICY,
		    "agent ID %s was given already, and is given only once: "
		    "see reattest",
		    CLEAN(at->verdict.agent_id));
	else if (r == ERR_MISSING)
		(void)err_set(&why, ERR_UNAVAILABLE,
		    "agent ID %s is being given to another attestation",
		    CLEAN(at->verdict.agent_id));
	else
		(void)err_set(&why,
		    r == ERR_MEMORY ? ERR_MEMORY : ERR_UNAVAILABLE,
		    "SPIRE does not say whether the agent is known: %s",
		    err == NULL ? "" : err->msg);
	attest_give_up(at, "first_use", &why);
}
