/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent plugin with its n-th allocation failing, before a server plugin
 * that has all its memory and says whether what the agent sends is right.
 */
#include "config.h"

#include <stdio.h>

#include "conformance/torture.h"

enum { QUICK_S = 60, LONG_S = 3600, NONCE_LEN = 43 };

static struct lab *lab;    /* the server and AWS */
static struct host *agent; /* under test */
static struct aided first; /* the payload as it should be, blanked */

static void
fail_and_say_where(const char *file, int line, const char *text)
{
	ck_abort_msg("%s:%d: %.6000s; %s", file, line, text, torture_where());
}

static const char *
config(const char *more)
{
	return print("metadata_endpoint = \"http://127.0.0.1:%d/v4/honest\"\n"
		     "credentials_endpoint = \"%s\"\n"
		     "sts_endpoint = \"%s\"\n%s",
	    lab->mock.port, lab_credentials(lab, "honest"),
	    wire_url(lab->wire), more);
}

static void
open_lab(void)
{
	fail_hook = fail_and_say_where;
	lab = lab_plain();
	agent = torture_start(false);
	NEED(torture_load(agent, false, config("")), "no agent");
}

/* A payload, without its nonce. */
static void
blank(struct aided *a)
{
	static const char name[] = "\"agent_nonce\":\"";
	char *at = strstr(a->payload, name);

	NEED(at != NULL && strlen(at) > sizeof(name) + NONCE_LEN,
	    "no nonce in %s", a->payload);
	memset(at + strlen(name), '-', NONCE_LEN);
}

/* What the server says to a response. */
static void
server_takes(struct call *server, const struct aided *response)
{
	struct attested *out = need_alloc(sizeof(*out));

	attest_response(server, response->payload, response->n);
	attest_outcome(server, out, CALL_MS);
	NEED(out->answer.code == GRPC_STATUS_OK &&
		 strcmp(out->id, HONEST_ID) == 0,
	    "the server says %d %s %s to the response",
	    (int)out->answer.code, out->answer.text, out->id);
	free(out);
}

/* The agent's payload has come: the rest; false: it has refused. */
static bool
go_on(struct call *c, const struct aided *payload, struct answer *why)
{
	struct call *server = attest_start(lab->host, NULL, 0);
	struct attested *out = need_alloc(sizeof(*out));
	struct aided *response = need_alloc(sizeof(*response));
	bool answered;

	attest_payload(server, payload->payload, payload->n);
	attest_outcome(server, out, CALL_MS);
	NEED(out->challenged, "the server says %d %s to the payload",
	    (int)out->answer.code, out->answer.text);
	aid_challenge(c, out->challenge, strlen(out->challenge));
	aid_answer(c, response, CALL_MS);
	answered = response->answer.code == GRPC_STATUS_OK;
	*why = response->answer;
	if (answered)
		server_takes(server, response);
	call_free(server);
	free(response);
	free(out);
	return answered;
}

/* One attestation; false: the agent has refused, and says why. */
static bool
aid(struct answer *why)
{
	struct call *c = aid_start(agent);
	struct aided *payload = need_alloc(sizeof(*payload));
	bool well;

	aid_outcome(c, payload, CALL_MS);
	well = payload->answer.code == GRPC_STATUS_OK;
	*why = payload->answer;
	if (well) {
		well = go_on(c, payload, why);
		blank(payload);
		if (first.n == 0)
			first = *payload;
		NEED(strcmp(payload->payload, first.payload) == 0,
		    "another payload: %s", payload->payload);
	}
	call_free(c);
	free(payload);
	torture_is_alive(agent);
	process_check(agent->process);
	return well;
}

static void
must_aid(void)
{
	struct answer why;

	NEED(aid(&why), "with memory again: %d %s", (int)why.code, why.text);
}

/* False: refused, cleanly; from now on there is memory. */
static bool
aid_or_refuse(void)
{
	struct answer why;

	if (aid(&why))
		return true;
	NEED(is_clean_refusal(&why), "%d %s", (int)why.code, why.text);
	NEED(torture_disarm(), "%d %s", (int)why.code, why.text);
	return false;
}

static bool
aid_step(void *arg, unsigned long n, bool rest)
{
	bool hit;

	(void)arg;
	torture_arm(n, rest);
	(void)aid_or_refuse();
	hit = torture_disarm();
	must_aid();
	return hit;
}

START_TEST(proves_or_says_why_not)
{
	open_lab();
	must_aid();
	torture_each("payload and response", 3, aid_step, NULL);
	torture_unload(agent);
	lab_close(lab);
}
END_TEST

static bool
configure_step(void *arg, unsigned long n, bool rest)
{
	const bool hit =
	    torture_configure(agent, config("timeout = \"9s\"\n"), n, rest);

	(void)arg;
	must_aid();
	return hit;
}

START_TEST(keeps_its_configuration)
{
	open_lab();
	must_aid();
	torture_each("Configure", 5, configure_step, NULL);
	torture_validate(agent, config(""), config("timout = \"9s\"\n"));
	torture_unload(agent);
	lab_close(lab);
}
END_TEST

static bool
live_step(void *arg, unsigned long n, bool rest)
{
	(void)arg;
	torture_arm(n, rest);
	agent = torture_start(false);
	if (agent == NULL || !torture_load(agent, false, config("")))
		return torture_disarm();
	if (!aid_or_refuse())
		must_aid();
	if (!aid_or_refuse())
		must_aid();
	torture_unload(agent);
	return torture_disarm();
}

START_TEST(starts_or_says_why_not)
{
	open_lab();
	must_aid();
	torture_unload(agent);
	torture_each("from the start", 41, live_step, NULL);
	lab_close(lab);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("torture agent");
	TCase *tc;

	torture_init("agent_plugin", "torture-agent-plugin");
	tc = new_case(s, "memory", torture_is_long() ? LONG_S : QUICK_S);
	tcase_add_test(tc, proves_or_says_why_not);
	tcase_add_test(tc, keeps_its_configuration);
	tcase_add_test(tc, starts_or_says_why_not);
	return run_tests(s);
}
