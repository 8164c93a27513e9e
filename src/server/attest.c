/* SPDX-License-Identifier: Apache-2.0 */
#include "server/attest.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "server/judge.h"

enum {
	UNCONFIGURED_MAX = 1024, /* attestations at once before Configure */
	A_MINUTE_MS = 60 * 1000,
	A_SECOND_MS = 1000,
};

enum attest_state { ATTEST_PAYLOAD, ATTEST_OVER };

struct attestation {
	struct attestor *attestor;
	struct gp_call *call;
	struct server_config *config; /* as it was when the stream opened */
	enum attest_state state;
	struct loop_timer deadline;
	struct list link; /* in attestor->waiting */
	int64_t began_ms;
};

/* The wait is over, whatever comes next. */
static void
leave_wait(struct attestation *at)
{
	if (at->state != ATTEST_PAYLOAD)
		return;
	at->state = ATTEST_OVER;
	loop_timer_stop(at->attestor->loop, &at->deadline);
	list_remove(&at->link);
	at->attestor->in_flight--;
}

/* The only place that refuses; reason is one stable word. */
static void
refuse(struct attestation *at, const char *reason, const struct err *err,
    struct str task)
{
	struct attestor *attestor = at->attestor;
	int64_t now = loop_now(attestor->loop);
	uint64_t held;

	leave_wait(at);
	if (log_gate_open(&attestor->refused, now, A_SECOND_MS, &held))
		log_warn("attestation refused", F_TEXT("reason", reason),
		    F_TEXT("text", err->msg), F_STR("claimed_task", task),
		    F_INT("elapsed_ms", now - at->began_ms),
		    F_INT("not_logged_before", held));
	attest_refuse(at->call, err->code, err->msg);
}

static void
refuse_text(
    struct attestation *at, int code, const char *reason, const char *text)
{
	struct err err = { 0 };

	(void)err_set(&err, code, "%s", text);
	refuse(at, reason, &err, STR(""));
}

static void
on_deadline(struct loop_timer *timer)
{
	refuse_text(container_of(timer, struct attestation, deadline),
	    ERR_TIMEOUT, "payload",
	    "no attestation payload came within 5 seconds");
}

/*
 * Room for one more.  A stream that has sent nothing goes before a new one is
 * turned away: silent streams do not lock out an agent that speaks.
 */
static void
make_room(struct attestor *attestor)
{
	int64_t max = attestor->config == NULL
			  ? UNCONFIGURED_MAX
			  : attestor->config->max_attestations;
	struct list *oldest = list_first(&attestor->waiting);
	uint64_t held;

	if ((int64_t)attestor->in_flight < max || oldest == NULL)
		return;
	if (log_gate_open(&attestor->crowded, loop_now(attestor->loop),
		A_SECOND_MS, &held))
		log_warn("max_attestations reached: the oldest stream without "
			 "a payload is ended",
		    F_INT("max_attestations", max),
		    F_INT("not_logged_before", held));
	refuse_text(container_of(oldest, struct attestation, link), ERR_BUSY,
	    "busy", "too many attestations at once; try again");
}

static void
begin(struct gp_call *call, void *arg)
{
	struct attestor *attestor = arg;
	struct attestation *at;

	make_room(attestor);
	at = calloc(1, sizeof(*at));
	if (at == NULL) {
		attest_refuse(call, ERR_MEMORY, err_text(ERR_MEMORY));
		return;
	}
	gp_set_state(call, at);
	at->attestor = attestor;
	at->call = call;
	at->began_ms = loop_now(attestor->loop);
	if (attestor->config != NULL)
		at->config = server_config_ref(attestor->config);
	list_append(&attestor->waiting, &at->link);
	attestor->in_flight++;
	if (loop_timer_set(attestor->loop, &at->deadline, PAYLOAD_WAIT_MS,
		on_deadline) != ERR_OK)
		refuse_text(at, ERR_MEMORY, "internal", err_text(ERR_MEMORY));
	else
		gp_read(call);
}

static void
policy_of(struct judge_policy *policy, const struct server_config *config)
{
	*policy = (struct judge_policy){
		.trust_domain = config->trust_domain,
		.plugin_name = SERVER_PLUGIN_NAME,
		.agent_path = config->agent_path,
		.allowed_accounts = config->allowed_accounts,
		.allowed_clusters = config->allowed_clusters,
		.allowed_regions = config->allowed_regions,
		.cluster = config->cluster,
		.region = config->region,
		.tag_selectors = config->tag_selectors,
		.reattest = config->reattest,
	};
}

/* One agent ID for two live tasks breaks both, and SPIRE does not say so. */
static void
warn_of_sharing(struct attestation *at, const struct verdict *v,
    const struct task_metadata *task)
{
	struct attestor *attestor = at->attestor;
	struct str before;
	uint64_t held;

	if ((at->config->agent_path.vars & 1U << AGENT_ID_TASK) != 0)
		return;
	before =
	    holders_take(attestor->holders, v->agent_id, task->arn.task_id);
	if (before.n == 0 || !log_gate_open(&attestor->shared,
				 loop_now(attestor->loop), A_MINUTE_MS, &held))
		return;
	log_warn("two tasks have the same agent ID: if both run, neither gets "
		 "new SVIDs; put {{ .taskID }} into agent_path_template",
	    F_STR("agent_id", v->agent_id), F_STR("task", task->arn.task_id),
	    F_STR("task_before", before), F_INT("not_logged_before", held));
}

static void
warn_of_belief(struct attestor *attestor)
{
	uint64_t held;

	if (log_gate_open(&attestor->believed, loop_now(attestor->loop),
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
accept(struct attestation *at, const struct verdict *v,
    const struct task_metadata *task)
{
	const struct agent_attributes attributes = {
		.spiffe_id = v->agent_id,
		.selectors = v->selectors.values,
		.selector_count = v->selectors.count,
		.can_reattest = v->can_reattest,
	};

	warn_of_belief(at->attestor);
	warn_of_sharing(at, v, task);
	warn_of_dropped(v);
	log_info("attested", F_TEXT("reason", v->reason),
	    F_STR("agent_id", v->agent_id),
	    F_STR("claimed_task", task->arn.text),
	    F_INT("elapsed_ms", loop_now(at->attestor->loop) - at->began_ms));
	attest_accept(at->call, &attributes);
}

static void
on_payload(struct attestation *at, struct str bytes)
{
	struct evidence ev = { .task = { .tag_count = 0 } };
	const char *reason = "internal";
	struct judge_policy policy;
	struct verdict v = { .reason = "internal" };
	struct err err = { 0 };
	struct arena arena;

	if (at->config == NULL) {
		refuse_text(at, ERR_NOT_NOW, "unconfigured", "not configured");
		return;
	}
	if (at->attestor->stopping) {
		refuse_text(
		    at, ERR_UNAVAILABLE, "stopping", "the server is stopping");
		return;
	}
	arena_init(&arena, JUDGE_ARENA_MAX);
	if (judge_read_evidence(&ev, &arena, bytes, &reason, &err) != ERR_OK) {
		refuse(at, reason, &err, STR(""));
		goto out;
	}
	policy_of(&policy, at->config);
	if (judge_metadata(&v, &arena, &ev.task, &policy, &err) != ERR_OK) {
		refuse(at, v.reason, &err, ev.task.arn.text);
		goto out;
	}
	leave_wait(at);
	accept(at, &v, &ev.task);
out:
	arena_release(&arena);
}

static void
request(struct gp_call *call, enum spire_request kind, struct str bytes)
{
	struct attestation *at = gp_state(call);

	assert(at->state == ATTEST_PAYLOAD);
	switch (kind) {
	case SPIRE_PAYLOAD:
		on_payload(at, bytes);
		break;
	case SPIRE_CHALLENGE_RESPONSE:
		refuse_text(at, ERR_FORMAT, "payload",
		    "a challenge response came where a payload was expected");
		break;
	case SPIRE_NOT_UNDERSTOOD:
		refuse_text(at, ERR_FORMAT, "payload",
		    "the attestation request is not understood");
		break;
	case SPIRE_NO_MORE:
		/* mostly a host that has gone: not worth a line */
		leave_wait(at);
		attest_refuse(
		    call, ERR_FORMAT, "the stream ended before a payload came");
		break;
	}
}

static void
end(struct gp_call *call)
{
	struct attestation *at = gp_state(call);

	if (at == NULL)
		return;
	assert(at->state == ATTEST_OVER);
	server_config_unref(at->config);
	free(at);
}

static const struct attest_ops ops = {
	.begin = begin,
	.request = request,
	.end = end,
};

int
attestor_init(struct attestor *attestor, struct loop *loop, struct err *err)
{
	int r = holders_new(&attestor->holders, err);

	if (r != ERR_OK)
		return r;
	attestor->loop = loop;
	list_init(&attestor->waiting);
	attestor->service.ops = &ops;
	attestor->service.arg = attestor;
	attestor_server_init(&attestor->service);
	return ERR_OK;
}

void
attestor_release(struct attestor *attestor)
{
	holders_free(attestor->holders);
	server_config_unref(attestor->config);
	attestor->config = NULL;
}

void
attestor_stop(struct attestor *attestor)
{
	attestor->stopping = true;
}

static void
warn_of_template(const struct agent_id_template *t)
{
	if ((t->vars & 1U << AGENT_ID_TASK) == 0)
		log_warn("agent_path_template has no {{ .taskID }}: all tasks "
			 "that it cannot tell apart get one agent ID, and only "
			 "one of them may run",
		    F_STR("agent_path_template", t->text));
	if (!t->in_namespace)
		log_warn(
		    "agent_path_template leaves /spire/agent/" SERVER_PLUGIN_NAME
		    "/: SPIRE cannot show, evict or ban such agents, and "
		    "will refuse them one day",
		    F_STR("agent_path_template", t->text));
}

void
attestor_configure(struct attestor *attestor, struct server_config *config)
{
	server_config_unref(attestor->config);
	attestor->config = config;
	log_warn("verification = \"metadata\" proves nothing: whoever reaches "
		 "this server may claim to be any task; for development only",
	    LOG_NO_FIELD);
	warn_of_template(&config->agent_path);
}
