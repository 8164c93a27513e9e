/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest_end.c - the two ends of an attestation, and the line of each
 */
#include "server/attest_impl.h"
#include "server/figures.h"

enum {
	A_MINUTE_MS = 60 * 1000,
	A_SECOND_MS = 1000,
	REFUSALS = 10, /* a second are logged: a burst of restarts is seen */
	FIELDS_MAX = 20,
};

const char *
attest_mode(const struct server_config *config)
{
	static const char *const modes[] = { "full", "sts", "metadata" };

	return config == NULL ? "" : modes[config->verification];
}

/* The fields of the log line, as far as they are known. */
struct line {
	struct log_field fields[FIELDS_MAX];
	size_t n;
};

static void
add(struct line *line, const char *key, struct str value)
{
	if (value.n > 0 && line->n < FIELDS_MAX)
		line->fields[line->n++] = F_STR(key, value);
}

static void
add_number(struct line *line, const char *key, int64_t value)
{
	if (line->n < FIELDS_MAX)
		line->fields[line->n++] = F_INT(key, value);
}

/* What the agent claims is called so until ECS has said the same. */
static void
add_proof(struct line *line, struct attestation *at)
{
	const struct proof *p = at->proof;
	struct str address;

	if (p == NULL) {
		add(line, "claimed_task", at->claimed);
		return;
	}
	add(line, p->has_task ? "task" : "claimed_task", at->claimed);
	if (p->is_proven) {
		add(line, "account", p->proven.account);
		add(line, "role", p->proven.role);
		add(line, "session", p->proven.task_id);
	}
	if (attest_client_ip(&address, at->call) > 0)
		add(line, "client_ip", address);
	add(line, "access_key_id", p->access_key_id);
	add(line, "sts_request_id", p->sts_request_id);
	add(line, "ecs_request_id", p->ecs_request_id);
	if (p->sts_ms > 0)
		add_number(line, "sts_ms", p->sts_ms);
	if (p->ecs_ms > 0)
		add_number(line, "ecs_ms", p->ecs_ms);
}

/* What the attestation holds; the verdict goes with it. */
static void
release(struct attestation *at)
{
	attest_leave(at);
	at->proof = NULL;
	at->claimed.n = 0;
	arena_release(&at->arena);
}

static void
log_refusal(
    struct attestation *at, const char *reason, const struct err *err)
{
	struct attestor *attestor = at->attestor;
	struct line line = { .n = 0 };
	int64_t now = loop_now(attestor->loop);
	uint64_t held;

	if (!log_gate_open_for(
		&attestor->refused, REFUSALS, now, A_SECOND_MS, &held))
		return;
	add(&line, "reason", str_of(reason));
	add(&line, "text", str_of(err->msg));
	add(&line, "mode", str_of(attest_mode(at->config)));
	add(&line, "agent_id", at->verdict.agent_id);
	add_proof(&line, at);
	if (at->proof != NULL && at->proof->holder_state == HOLDER_ALIVE)
		add(&line, "holder", at->proof->holder);
	add_number(&line, "elapsed_ms", now - at->began_ms);
	add_number(&line, "not_logged_before", (int64_t)held);
	log_write(LOG_WARN, "attestation refused", line.fields, line.n);
}

/* What AWS says of a signature is for the log, not for whoever sent it. */
static const char *
text_for_agent(const char *reason, const struct err *err)
{
	if (str_is(str_of(reason), "signature"))
		return "AWS does not confirm the signature: it was made for "
		       "another server or task, is an old one, or its "
		       "credentials have ended";
	return err->msg;
}

void
attest_end_refuse(
    struct attestation *at, const char *reason, const struct err *err)
{
	struct attestor *attestor = at->attestor;
	struct gp_call *call = at->call;
	int code = err->code;
	char text[ERR_MSG_MAX];

	log_refusal(at, reason, err);
	figures_attested(attestor->host, "refused", reason,
	    attest_mode(at->config), loop_now(attestor->loop) - at->began_ms);
	(void)str_clean(
	    text, sizeof(text), str_of(text_for_agent(reason, err)));
	if (at->locked)
		first_use_drop(attestor->first_use, at->verdict.agent_id);
	release(at);
	attest_refuse(call, code, text);
}

/* One agent ID for two live tasks breaks both, and SPIRE does not say so. */
static void
take_id(struct attestation *at)
{
	struct attestor *attestor = at->attestor;
	struct str before;
	uint64_t held;

	if ((at->config->agent_path.vars & 1U << AGENT_ID_TASK) != 0)
		return;
	before = holders_take(
	    attestor->holders, at->verdict.agent_id, at->claimed);
	if (before.n == 0 ||
	    at->config->shared_agent_id == SHARED_AGENT_ID_REFUSE ||
	    !log_gate_open(&attestor->shared, loop_now(attestor->loop),
		A_MINUTE_MS, &held))
		return;
	log_warn("two tasks have the same agent ID: if both run, neither gets "
		 "new SVIDs; put {{ .taskID }} into agent_path_template",
	    F_STR("agent_id", at->verdict.agent_id), F_STR("task", at->claimed),
	    F_STR("task_before", before), F_INT("not_logged_before", held));
}

static void
warn_of_belief(struct attestation *at)
{
	struct attestor *attestor = at->attestor;
	uint64_t held;

	if (at->config->verification == VERIFICATION_METADATA &&
	    log_gate_open(&attestor->believed, loop_now(attestor->loop),
		A_MINUTE_MS, &held))
		log_warn("agents are believed without proof: verification is "
			 "\"metadata\"",
		    LOG_NO_FIELD);
}

static void
warn_of_dropped(const struct verdict *v)
{
	if (v->selectors.dropped_count > 0)
		log_warn("selectors left out: too long, or too many",
		    F_STR("first", v->selectors.dropped),
		    F_INT("count", v->selectors.dropped_count));
}

static void
log_grant(struct attestation *at)
{
	struct line line = { .n = 0 };

	add(&line, "reason", str_of(at->verdict.reason));
	add(&line, "agent_id", at->verdict.agent_id);
	add(&line, "mode", str_of(attest_mode(at->config)));
	add_proof(&line, at);
	add_number(
	    &line, "elapsed_ms", loop_now(at->attestor->loop) - at->began_ms);
	log_write(LOG_INFO, "attested", line.fields, line.n);
}

void
attest_end_accept(struct attestation *at)
{
	const struct verdict *v = &at->verdict;
	const struct agent_attributes attributes = {
		.spiffe_id = v->agent_id,
		.selectors = v->selectors.values,
		.selector_count = v->selectors.count,
		.can_reattest = v->can_reattest,
	};
	struct attestor *attestor = at->attestor;
	int64_t now = loop_now(attestor->loop);
	struct err err = { 0 };

	if (!attest_accept(at->call, &attributes)) {
		(void)err_set(&err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
		attest_end_refuse(at, "internal", &err);
		return;
	}
	warn_of_belief(at);
	take_id(at);
	if (at->locked)
		first_use_keep(attestor->first_use, v->agent_id, now);
	warn_of_dropped(v);
	log_grant(at);
	figures_attested(attestor->host, "accepted", v->reason,
	    attest_mode(at->config), now - at->began_ms);
	release(at);
}
