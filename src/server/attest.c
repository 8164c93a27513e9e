/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest.c - streams, states and waits
 */
#include "server/attest.h"

#include <assert.h>
#include <stdlib.h>

#include "server/attest_impl.h"
#include "server/figures.h"
#include "server/policy.h"

enum {
	UNCONFIGURED_MAX = 1024, /* attestations at once before Configure */
	A_MINUTE_MS = 60 * 1000,
	A_SECOND_MS = 1000,
};

/*
 * States
 */

static struct list *
list_of(struct attestor *attestor, enum attest_state state)
{
	switch (state) {
	case ATTEST_PAYLOAD:
		return &attestor->waiting;
	case ATTEST_RESPONSE:
		return &attestor->challenged;
	case ATTEST_AWS:
	case ATTEST_OVER:
		break;
	}
	return &attestor->proving;
}

void
attest_enter(struct attestation *at, enum attest_state state)
{
	struct attestor *attestor = at->attestor;

	assert(state != ATTEST_OVER);
	if (at->state == ATTEST_OVER)
		figures_in_flight(attestor->host, ++attestor->in_flight);
	loop_timer_stop(attestor->loop, &at->deadline);
	list_remove(&at->link);
	list_append(list_of(attestor, state), &at->link);
	at->state = state;
}

void
attest_leave(struct attestation *at)
{
	struct attestor *attestor = at->attestor;

	if (at->state == ATTEST_OVER)
		return;
	at->state = ATTEST_OVER;
	loop_timer_stop(attestor->loop, &at->deadline);
	list_remove(&at->link);
	figures_in_flight(attestor->host, --attestor->in_flight);
}

static void
refuse_text(
    struct attestation *at, const char *reason, int code, const char *text)
{
	struct err err = { 0 };

	(void)err_set(&err, code, "%s", text);
	attest_end_refuse(at, reason, &err);
}

static void
on_deadline(struct loop_timer *timer)
{
	struct attestation *at =
	    container_of(timer, struct attestation, deadline);

	if (at->state == ATTEST_PAYLOAD)
		refuse_text(at, "payload", ERR_TIMEOUT,
		    "no attestation payload came within 5 seconds");
	else
		refuse_text(at, "no_response", ERR_TIMEOUT,
		    "the challenge was not answered within challenge_timeout");
}

int
attest_wait(struct attestation *at, enum attest_state state, int64_t ms)
{
	attest_enter(at, state);
	if (loop_timer_set(at->attestor->loop, &at->deadline, ms,
		on_deadline) != ERR_OK)
		return ERR_MEMORY;
	gp_read(at->call);
	return ERR_OK;
}

/*
 * Giving up
 */

static void
end_if_idle(struct attestation *at)
{
	const struct proof *p = at->proof;

	if (at->lookup == NULL &&
	    (p == NULL || (p->op == NULL && p->holder_op == NULL)))
		attest_end_refuse(at, at->why, &at->why_err);
}

void
attest_give_up(
    struct attestation *at, const char *reason, const struct err *err)
{
	struct proof *p = at->proof;

	if (at->given_up)
		return;
	at->given_up = true;
	at->why = reason;
	at->why_err = *err;
	if (p != NULL && p->op != NULL)
		aws_op_cancel(p->op);
	if (p != NULL && p->holder_op != NULL)
		aws_op_cancel(p->holder_op);
	if (at->lookup != NULL)
		agent_lookup_cancel(at->lookup);
	end_if_idle(at);
}

void
attest_give_up_text(
    struct attestation *at, const char *reason, int code, const char *text)
{
	struct err err = { 0 };

	(void)err_set(&err, code, "%s", text);
	attest_give_up(at, reason, &err);
}

bool
attest_is_given_up(struct attestation *at)
{
	if (!at->given_up)
		return false;
	end_if_idle(at);
	return true;
}

static void
log_upstream(struct attestation *at, const char *reason, const struct err *err)
{
	struct attestor *attestor = at->attestor;
	uint64_t held;

	if (!log_gate_open(&attestor->upstream, loop_now(attestor->loop),
		A_MINUTE_MS, &held))
		return;
	log_error("AWS cannot be asked about tasks: none can attest there",
	    F_TEXT("reason", reason), F_TEXT("error", err->msg),
	    F_STR("claimed_task", at->claimed),
	    F_INT("not_logged_before", held));
}

/* It does not pass by itself: somebody has to see to it. */
static bool
is_lasting(int code)
{
	return code == ERR_NOT_NOW || code == ERR_UPSTREAM ||
	       code == ERR_TOOBIG;
}

void
attest_upstream(
    struct attestation *at, const char *reason, const struct err *err)
{
	struct err why = { 0 };

	if (err->code == ERR_MEMORY) {
		attest_give_up(at, "internal", err);
		return;
	}
	if (err->code == ERR_CANCELLED) {
		attest_give_up_text(at, "stopping", ERR_UNAVAILABLE,
		    "the server is stopping");
		return;
	}
	if (err->code == ERR_NOT_NOW)
		reason = "aws_access";
	if (is_lasting(err->code))
		log_upstream(at, reason, err);
	(void)err_set(&why, ERR_UNAVAILABLE,
	    "%.200s; the agent will try again", err->msg);
	attest_give_up(at, reason, &why);
}

/*
 * Streams
 */

/*
 * Room for one more.  A stream that waits for its agent goes before a new one
 * is turned away, those that have sent nothing first: silent streams do not
 * lock out an agent that speaks.
 */
static bool
make_room(struct attestor *attestor)
{
	int64_t max = attestor->config == NULL
			  ? UNCONFIGURED_MAX
			  : attestor->config->max_attestations;
	struct list *oldest = list_first(&attestor->waiting);
	uint64_t held;

	if ((int64_t)attestor->in_flight < max)
		return true;
	if (oldest == NULL)
		oldest = list_first(&attestor->challenged);
	if (log_gate_open(&attestor->crowded, loop_now(attestor->loop),
		A_SECOND_MS, &held))
		log_warn("max_attestations reached: the stream that waits for "
			 "its agent longest is ended, or a new one if none "
			 "waits",
		    F_INT("max_attestations", max),
		    F_INT("not_logged_before", held));
	if (oldest != NULL)
		refuse_text(container_of(oldest, struct attestation, link),
		    "busy", ERR_BUSY,
		    "too many attestations at once; try again");
	return oldest != NULL;
}

static void
begin(struct gp_call *call, void *arg)
{
	struct attestor *attestor = arg;
	struct attestation *at = calloc(1, sizeof(*at));

	if (at == NULL) {
		attest_refuse(call, ERR_MEMORY, err_text(ERR_MEMORY));
		return;
	}
	gp_set_state(call, at);
	list_init(&at->link);
	arena_init(&at->arena, JUDGE_FULL_ARENA_MAX);
	at->attestor = attestor;
	at->call = call;
	at->began_ms = loop_now(attestor->loop);
	if (attestor->config != NULL)
		at->config = server_config_ref(attestor->config);
	if (attestor->aws != NULL)
		at->aws = aws_ref(attestor->aws);
	if (!make_room(attestor))
		refuse_text(at, "busy", ERR_BUSY,
		    "too many attestations at once; try again");
	else if (attest_wait(at, ATTEST_PAYLOAD, PAYLOAD_WAIT_MS) != ERR_OK)
		refuse_text(at, "internal", ERR_MEMORY, err_text(ERR_MEMORY));
}

/* In "metadata": what the agent says is what it is. */
static void
believe(struct attestation *at, struct str bytes)
{
	struct evidence ev = { .task = { .tag_count = 0 } };
	const char *reason = "internal";
	struct judge_policy policy;
	struct err err = { 0 };
	int r = judge_read_evidence(&ev, &at->arena, bytes, &reason, &err);

	if (r == ERR_OK) {
		at->claimed = arena_dup(&at->arena, ev.task.arn.text);
		if (at->claimed.p == NULL)
			r = err_set(&err, ERR_MEMORY, "%s",
			    err_text(ERR_MEMORY));
	}
	if (r == ERR_OK) {
		policy_of(&policy, at->config);
		r = judge_metadata(
		    &at->verdict, &at->arena, &ev.task, &policy, &err);
		reason = at->verdict.reason;
	}
	if (r == ERR_OK)
		grant(at);
	else
		attest_end_refuse(at, reason, &err);
}

static void
on_payload(struct attestation *at, struct str bytes)
{
	if (at->config == NULL)
		refuse_text(at, "unconfigured", ERR_NOT_NOW, "not configured");
	else if (at->attestor->stopping)
		refuse_text(at, "stopping", ERR_UNAVAILABLE,
		    "the server is stopping");
	else if (at->config->verification == VERIFICATION_METADATA)
		believe(at, bytes);
	else
		proof_begin(at, bytes);
}

static void
payload_request(
    struct attestation *at, enum spire_request kind, struct str bytes)
{
	switch (kind) {
	case SPIRE_PAYLOAD:
		on_payload(at, bytes);
		break;
	case SPIRE_CHALLENGE_RESPONSE:
		refuse_text(at, "payload", ERR_FORMAT,
		    "a challenge response came where a payload was expected");
		break;
	case SPIRE_NOT_UNDERSTOOD:
		refuse_text(at, "payload", ERR_FORMAT,
		    "the attestation request is not understood");
		break;
	case SPIRE_NO_MORE:
		/* mostly a host that has gone: not worth a line */
		attest_leave(at);
		attest_refuse(at->call, ERR_FORMAT,
		    "the stream ended before a payload came");
		break;
	}
}

static void
response_request(
    struct attestation *at, enum spire_request kind, struct str bytes)
{
	switch (kind) {
	case SPIRE_CHALLENGE_RESPONSE:
		proof_respond(at, bytes);
		break;
	case SPIRE_PAYLOAD:
		refuse_text(at, "response", ERR_FORMAT,
		    "a second payload came where the answer to the challenge "
		    "was expected");
		break;
	case SPIRE_NOT_UNDERSTOOD:
		refuse_text(at, "response", ERR_FORMAT,
		    "the attestation request is not understood");
		break;
	case SPIRE_NO_MORE:
		refuse_text(at, "no_response", ERR_CANCELLED,
		    "the agent has gone instead of answering the challenge: "
		    "its own log says why");
		break;
	}
}

/* While AWS is asked nothing may come but the end. */
static void
late_request(struct attestation *at, enum spire_request kind)
{
	if (kind == SPIRE_NO_MORE)
		attest_give_up_text(at, "cancelled", ERR_CANCELLED,
		    "the agent, or SPIRE, has gone before the verdict");
	else
		attest_give_up_text(at, "repeated", ERR_FORMAT,
		    "a message came after the answer to the challenge");
}

static void
request(struct gp_call *call, enum spire_request kind, struct str bytes)
{
	struct attestation *at = gp_state(call);

	switch (at->state) {
	case ATTEST_PAYLOAD:
		payload_request(at, kind, bytes);
		break;
	case ATTEST_RESPONSE:
		response_request(at, kind, bytes);
		break;
	case ATTEST_AWS:
		late_request(at, kind);
		break;
	case ATTEST_OVER:
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
	arena_release(&at->arena);
	aws_unref(at->aws);
	server_config_unref(at->config);
	free(at);
}

const struct attest_ops attestation_ops = {
	.begin = begin,
	.request = request,
	.end = end,
};
