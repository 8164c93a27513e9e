/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server plugin tells and asks SPIRE: figures for Metrics, agents of
 * AgentStore.
 */
#include "config.h"

#include <stdio.h>

#include "conformance/proof.h"

#define FIGURE(name) "aws_fargate_task." name

static struct lab *lab;
static struct task_keys keys;
static struct services *told;
static struct attested out;

static void
set_up(void)
{
	lab = lab_plain();
	lab_task(lab, "honest", &keys);
	told = broker_services(lab->host->broker);
}

static void
tear_down(void)
{
	broker_set_metrics(lab->host->broker, GRPC_STATUS_OK);
	broker_set_agent_store(lab->host->broker, GRPC_STATUS_NOT_FOUND);
	lab_configure(lab, "");
	lab_close(lab);
}

static void
refuse(const char *payload_text, grpc_status_code code)
{
	host_attest(lab->host, payload_text, strlen(payload_text), &out);
	ck_assert_msg(out.answer.code == code, "%d %s", (int)out.answer.code,
	    out.answer.text);
}

struct wanted {
	const char *method, *key, *label;
	double sum;
};

static bool
has_come(void *arg)
{
	const struct wanted *w = arg;
	double sum;

	services_told(told, w->method, w->key, w->label, &sum);
	return sum >= w->sum;
}

/* A counter that reaches a sum, and stays there. */
static void
counts(const char *key, const char *label, double sum)
{
	struct wanted w = { "IncrCounter", key, label, sum };
	double got;

	NEED(client_until(lab->host->client, has_come, &w, patience(5000)),
	    "%s %s does not come to %g", key, label, sum);
	services_told(told, "IncrCounter", key, label, &got);
	ck_assert_msg(got == sum, "%s %s is %g, not %g", key, label, got, sum);
}

struct sampled {
	const char *key, *label;
	size_t n;
};

static bool
have_come(void *arg)
{
	const struct sampled *w = arg;

	return services_told(told, "AddSample", w->key, w->label, NULL) >= w->n;
}

static void
samples(const char *key, const char *label, size_t n, double least, double most)
{
	struct sampled w = { key, label, n };
	size_t i;

	NEED(client_until(lab->host->client, have_come, &w, patience(5000)),
	    "%s %s: no %zu samples", key, label == NULL ? "" : label, n);
	for (i = 0; i < services_count(told); i++) {
		const struct recorded *r = services_metric(told, i);

		if (strcmp(r->method, "AddSample") == 0 &&
		    strcmp(r->key, key) == 0)
			ck_assert_msg(r->value >= least && r->value <= most,
			    "%s{%s} is %g", key, r->labels, r->value);
	}
	ck_assert_uint_eq(
	    services_told(told, "AddSample", key, label, NULL), n);
}

struct level {
	const char *key;
	double value;
};

/* The last value told. */
static bool
stands(void *arg)
{
	const struct level *w = arg;
	double value = -1;
	size_t i;

	for (i = 0; i < services_count(told); i++)
		if (strcmp(services_metric(told, i)->method, "SetGauge") == 0 &&
		    strcmp(services_metric(told, i)->key, w->key) == 0)
			value = services_metric(told, i)->value;
	return value == w->value;
}

static void
stands_at(const char *key, double value)
{
	struct level w = { key, value };

	NEED(client_until(lab->host->client, stands, &w, patience(5000)),
	    "%s does not come to %g", key, value);
}

START_TEST(tells_of_an_attestation)
{
	must_prove(lab, &keys, HONEST_ID);
	counts(FIGURE("attestations"), "result=accepted", 1);
	counts(FIGURE("attestations"), "reason=ok", 1);
	counts(FIGURE("attestations"), "mode=full", 1);
	counts(FIGURE("aws_calls"), "operation=GetCallerIdentity", 2);
	counts(FIGURE("aws_calls"), "operation=DescribeTasks", 1);
	counts(FIGURE("aws_calls"), "operation=DescribeTaskDefinition", 1);
	counts(FIGURE("aws_calls"), "result=ok", 4);
	samples(FIGURE("attestation_seconds"), "result=accepted", 1, 0.05, 20);
	samples(FIGURE("aws_call_seconds"), NULL, 4, 0, 5);
	samples(FIGURE("batch_size"), NULL, 1, 1, 1);
	stands_at(FIGURE("in_flight"), 0);
}
END_TEST

START_TEST(tells_why_it_refuses)
{
	size_t i;

	for (i = 0; i < 3; i++)
		refuse("{", GRPC_STATUS_INVALID_ARGUMENT);
	refuse(claim_of("arn:aws:ecs:x"), GRPC_STATUS_INVALID_ARGUMENT);
	for (i = 0; i < 2; i++)
		refuse(claim_of("arn:aws:ecs:us-east-1:" OTHER_ACCOUNT
				":task/my-cluster/" TASK_ID),
		    GRPC_STATUS_PERMISSION_DENIED);
	counts(FIGURE("attestations"), "result=refused", 6);
	counts(FIGURE("attestations"), "reason=payload", 3);
	counts(FIGURE("attestations"), "reason=task_arn", 1);
	counts(FIGURE("attestations"), "reason=account", 2);
	ck_assert_int_eq((int)services_told(told, "IncrCounter",
			     FIGURE("aws_calls"), NULL, NULL),
	    0);
}
END_TEST

START_TEST(tells_what_aws_answers)
{
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = "GetCallerIdentity",
		.status = 403,
		.type = "application/json",
		.body = "{\"Error\":{\"Code\":\"SignatureDoesNotMatch\"}}" });
	must_fail_to_prove(lab, &keys, "signature",
	    GRPC_STATUS_PERMISSION_DENIED, "");
	counts(FIGURE("attestations"), "reason=signature", 1);
	counts(FIGURE("aws_calls"), "result=denied", 1);
	wire_be_honest(lab->wire);
	wire_add(lab->wire,
	    &(struct wire_rule){ .operation = "GetCallerIdentity",
		.status = 503 });
	must_fail_to_prove(
	    lab, &keys, "unavailable", GRPC_STATUS_UNAVAILABLE, "");
	counts(FIGURE("attestations"), "reason=sts", 1);
	counts(FIGURE("aws_calls"), "result=unavailable", 1);
}
END_TEST

static void
is_rare(const struct recorded *r, const struct recorded *next)
{
	if (strcmp(r->method, next->method) != 0 ||
	    strcmp(r->key, next->key) != 0 ||
	    strcmp(r->labels, next->labels) != 0)
		return;
	ck_assert_msg(next->at_ms - r->at_ms > 500, "%s{%s} after %d ms",
	    r->key, r->labels, (int)(next->at_ms - r->at_ms));
}

/* A burst costs SPIRE a handful of calls, and no sample beyond 16 a second. */
START_TEST(gathers_figures_for_a_second)
{
	enum { MANY = 500, A_SECOND = 16 };
	const int64_t from = now_ms();
	size_t i, k, calls, told_samples, seconds;

	for (i = 0; i < MANY; i++)
		refuse("{", GRPC_STATUS_INVALID_ARGUMENT);
	counts(FIGURE("attestations"), "reason=payload", MANY);
	seconds = (size_t)((now_ms() - from) / 1000) + 1;
	calls = services_told(told, "IncrCounter", FIGURE("attestations"),
	    "reason=payload", NULL);
	told_samples = services_told(
	    told, "AddSample", FIGURE("attestation_seconds"), NULL, NULL);
	ck_assert_msg(calls <= seconds, "%zu in %zu s", calls, seconds);
	ck_assert_msg(told_samples <= seconds * A_SECOND, "%zu in %zu s",
	    told_samples, seconds);
	for (i = 0; i < services_count(told); i++)
		if (strcmp(services_metric(told, i)->method, "AddSample") != 0)
			for (k = i + 1; k < services_count(told); k++)
				is_rare(services_metric(told, i),
				    services_metric(told, k));
}
END_TEST

START_TEST(tells_how_many_are_in_flight)
{
	struct call *calls[2];
	size_t i;

	for (i = 0; i < 2; i++) {
		calls[i] = attest_start(lab->host, NULL, 0);
		call_read(calls[i]);
	}
	stands_at(FIGURE("in_flight"), 2);
	for (i = 0; i < 2; i++)
		call_free(calls[i]);
	stands_at(FIGURE("in_flight"), 0);
}
END_TEST

/* A SPIRE that takes no figures: one line, and agents attest all the same. */
START_TEST(does_without_metrics)
{
	broker_set_metrics(lab->host->broker, GRPC_STATUS_UNIMPLEMENTED);
	must_prove(lab, &keys, HONEST_ID);
	host_wait_line(lab->host, "warn", "figures", 5000);
	must_prove(lab, &keys, HONEST_ID);
	client_until(lab->host->client, has_come,
	    &(struct wanted){ "IncrCounter", FIGURE("attestations"), NULL, 2 },
	    patience(5000));
	ck_assert_int_eq(
	    (int)process_count(lab->host->process, "warn", "figures"), 1);
}
END_TEST

/* What a plugin that ends has not told yet; SPIRE still serves then. */
START_TEST(tells_the_last_figures_at_the_end)
{
	struct host *h;
	struct call *c;
	int status;

	set_up();
	h = lab->host;
	must_prove(lab, &keys, HONEST_ID);
	ck_assert_int_eq((int)host_deinit(h).code, GRPC_STATUS_OK);
	c = call_start(h->client, h->channel, METHOD_SHUTDOWN, NULL);
	call_send_last(c, "", 0);
	call_read(c);
	counts(FIGURE("attestations"), "result=accepted", 1);
	call_free(c);
	host_disconnect(h);
	ck_assert(process_exited(h->process, &status, patience(EXIT_MS)));
	host_free(h);
	lab_free(lab);
}
END_TEST

/*
 * AgentStore
 */

#define FIRST_USE "reattest = false"

START_TEST(asks_about_no_agent_that_may_attest_again)
{
	must_prove(lab, &keys, HONEST_ID);
	must_prove(lab, &keys, HONEST_ID);
	ck_assert_int_eq((int)broker_lookups(lab->host->broker), 0);
}
END_TEST

START_TEST(refuses_an_agent_that_spire_knows)
{
	services_know(told, HONEST_ID);
	lab_configure(lab, FIRST_USE);
	must_fail_to_prove(lab, &keys, "known",
	    GRPC_STATUS_PERMISSION_DENIED, "was given already");
	counts(FIGURE("attestations"), "reason=first_use", 1);
}
END_TEST

/* Proved first: nobody else learns which agents there are. */
START_TEST(asks_after_the_proof_only)
{
	struct proof *p = need_alloc(sizeof(*p));

	lab_configure(lab, FIRST_USE);
	proof_challenged(p, lab, &keys, NULL);
	p->signer.server_nonce[0] ^= 1;
	proof_answer(p, proof_response(p, NULL, NULL));
	is_refused(p, "garbage", GRPC_STATUS_PERMISSION_DENIED, "");
	proof_end(p);
	ck_assert_int_eq((int)broker_lookups(lab->host->broker), 0);
	free(p);
}
END_TEST

/* "sts" cannot tell a live task from an old one: an ID is given once. */
START_TEST(gives_an_id_once_in_sts)
{
	static const char id[] = "spiffe://example.org/spire/agent/"
				 "aws_fargate_task/" ACCOUNT "/" TASK_ID;
	struct proof *p = need_alloc(sizeof(*p));

	lab_configure(lab, "verification = \"sts\"\nno agent_path_template");
	prove(p, lab, &keys);
	is_granted(p, "first", id);
	ck_assert(!p->out.can_reattest);
	ck_assert_int_eq((int)p->out.selector_count, 4);
	ck_assert(has_line(p->out.selectors, "task_id:" TASK_ID));
	ck_assert(has_line(p->out.selectors, "task_role:" ACCOUNT "/" ROLE));
	proof_end(p);
	ck_assert_str_eq(broker_last_agent(lab->host->broker), id);
	services_know(told, id);
	must_fail_to_prove(lab, &keys, "second",
	    GRPC_STATUS_PERMISSION_DENIED, "given already");
	ck_assert_int_eq((int)wire_count(lab->wire, "DescribeTasks"), 0);
	free(p);
}
END_TEST

/* A lookup that was given up locks nothing. */
START_TEST(waits_for_the_store_no_longer_than_five_seconds)
{
	struct broker *b = lab->host->broker;
	const int64_t from = now_ms();

	lab_configure(lab, FIRST_USE);
	broker_hold_agent_store(b, true);
	must_fail_to_prove(
	    lab, &keys, "held", GRPC_STATUS_UNAVAILABLE, "agent is known");
	ck_assert_int_ge((int)(now_ms() - from), 4500);
	ck_assert_int_le((int)(now_ms() - from), patience(10000));
	broker_hold_agent_store(b, false);
	must_prove(lab, &keys, HONEST_ID);
}
END_TEST

START_TEST(forgets_a_cancelled_lookup)
{
	struct broker *b = lab->host->broker;
	struct proof *p = need_alloc(sizeof(*p));

	lab_configure(lab, FIRST_USE);
	broker_hold_agent_store(b, true);
	proof_challenged(p, lab, &keys, NULL);
	proof_send(p, proof_response(p, NULL, NULL));
	call_read(p->call);
	while (broker_lookups(b) < 1)
		ck_assert(client_pump(lab->host->client, CALL_MS));
	call_cancel(p->call);
	proof_end(p);
	host_wait_line(lab->host, "warn", "attestation refused", 5000);
	broker_hold_agent_store(b, false);
	must_prove(lab, &keys, HONEST_ID);
	free(p);
}
END_TEST

/* The socket of SPIRE's services is gone: no figure, no first use. */
START_TEST(outlives_the_services)
{
	set_up();
	broker_free(lab->host->broker);
	lab->host->broker = NULL;
	must_prove(lab, &keys, HONEST_ID);
	lab_configure(lab, FIRST_USE);
	must_fail_to_prove(
	    lab, &keys, "gone", GRPC_STATUS_UNAVAILABLE, "agent is known");
	lab_configure(lab, "");
	lab_close(lab);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("host services");
	TCase *tc = new_case(s, "services", 90);
	TCase *own = new_case(s, "ends", 90);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, tells_of_an_attestation);
	tcase_add_test(tc, tells_why_it_refuses);
	tcase_add_test(tc, tells_what_aws_answers);
	tcase_add_test(tc, gathers_figures_for_a_second);
	tcase_add_test(tc, tells_how_many_are_in_flight);
	tcase_add_test(tc, does_without_metrics);
	tcase_add_test(tc, asks_about_no_agent_that_may_attest_again);
	tcase_add_test(tc, refuses_an_agent_that_spire_knows);
	tcase_add_test(tc, asks_after_the_proof_only);
	tcase_add_test(tc, gives_an_id_once_in_sts);
	tcase_add_test(tc, waits_for_the_store_no_longer_than_five_seconds);
	tcase_add_test(tc, forgets_a_cancelled_lookup);
	tcase_add_test(own, tells_the_last_figures_at_the_end);
	tcase_add_test(own, outlives_the_services);
	return run_tests(s);
}
