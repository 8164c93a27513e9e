/* SPDX-License-Identifier: Apache-2.0 */
/*
 * full.c - what an attestation costs that is proven by STS and ECS
 *
 * Each is a task of its own, which signs.  What this process and the mock
 * spend is not counted; the mock's share is told beside.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum {
	FULL_IN_FLIGHT = 64,
	FULL_WARM = 500,
	FULL_ROUNDS = 5,
	FULL_ATTESTATIONS = 10000, /* of each, in all rounds */
	BURST = 200,
	BURSTS = 7,
	LATENCY_MS = 20,
	PATIENCE_MS = 120 * 1000,
};

/* An attestation under way. */
struct flight {
	struct call *call;
	size_t task;
};

static struct fleet *fleet;
static struct attested out;

static void
start_flight(struct flight *x, struct host *h, size_t task)
{
	const char *payload = fleet_payload(fleet, task);

	x->call = attest_start(h, NULL, 0);
	x->task = task;
	attest_payload(x->call, payload, strlen(payload));
	call_read(x->call);
}

static void
must_be_challenged(struct flight *x)
{
	attest_outcome(x->call, &out, PATIENCE_MS);
	NEED(out.challenged, "no challenge but %d %s", (int)out.answer.code,
	    out.answer.text);
}

static void
answer(struct flight *x, const char *challenge)
{
	const char *response = fleet_response(fleet, x->task, challenge);

	attest_response(x->call, response, strlen(response));
	call_read(x->call);
}

static void
land(struct flight *x)
{
	NEED(out.answer.code == GRPC_STATUS_OK && !out.challenged,
	    "a task is refused: %d %s", (int)out.answer.code, out.answer.text);
	call_free(x->call);
	x->call = NULL;
}

/* Whatever has come for it; true if it is over. */
static bool
go_on(struct flight *x)
{
	attest_outcome(x->call, &out, CALL_MS);
	if (out.challenged)
		answer(x, out.challenge);
	else
		land(x);
	return x->call == NULL;
}

static void
attest_steadily(struct host *h, size_t total)
{
	struct flight flights[FULL_IN_FLIGHT] = { { NULL, 0 } };
	size_t started = 0, finished = 0, i;

	while (finished < total) {
		bool progress = false;

		for (i = 0; i < FULL_IN_FLIGHT; i++) {
			struct flight *x = &flights[i];

			if (x->call == NULL && started < total)
				start_flight(x, h, started++ % CROWD);
			if (x->call == NULL || (!call_has_message(x->call) &&
						   !call_has_ended(x->call)))
				continue;
			progress = true;
			if (go_on(x))
				finished++;
		}
		if (!progress)
			(void)client_pump(h->client, CALL_MS);
	}
}

/* n at once: all are challenged before the first is answered. */
static void
attest_at_once(struct host *h, struct flight *flights, size_t n)
{
	char **challenges = need_alloc(n * sizeof(char *));
	size_t i;

	for (i = 0; i < n; i++) {
		start_flight(&flights[i], h, i);
		while (i % IN_FLIGHT == 0 && client_pump(h->client, 0))
			continue;
	}
	for (i = 0; i < n; i++) {
		must_be_challenged(&flights[i]);
		challenges[i] = strdup(out.challenge);
		NEED(challenges[i] != NULL, "no memory");
	}
	for (i = 0; i < n; i++) {
		answer(&flights[i], challenges[i]);
		free(challenges[i]);
	}
	for (i = 0; i < n; i++) {
		attest_outcome(flights[i].call, &out, PATIENCE_MS);
		land(&flights[i]);
	}
	free(challenges);
}

static struct host *
load(const struct subject *s)
{
	struct host *h = bench_load(s, fleet_config(fleet));

	attest_steadily(h, FULL_WARM);
	return h;
}

static bool
has_full(const struct subject *s)
{
	return s->kind == SERVER && !is_noop(s);
}

struct round {
	double us[FULL_ROUNDS], rate[FULL_ROUNDS], mock_us[FULL_ROUNDS];
};

static void
run_round(struct host *h, struct round *round, size_t k)
{
	const size_t n = FULL_ATTESTATIONS / FULL_ROUNDS;
	pid_t pid = process_pid(h->process), mock = fleet_mock(fleet);
	double plugin = cpu_us(pid), other = cpu_us(mock);
	double began = bench_now();

	attest_steadily(h, n);
	round->rate[k] = (double)n / (bench_now() - began) * 1e3;
	round->us[k] = (cpu_us(pid) - plugin) / (double)n;
	round->mock_us[k] = (cpu_us(mock) - other) / (double)n;
}

static void
measure_steady(void)
{
	static struct round rounds[SUBJECTS_MAX];
	struct host *hosts[SUBJECTS_MAX] = { NULL };
	size_t i, k;

	for (i = 0; i < subject_count; i++)
		if (has_full(&subjects[i]))
			hosts[i] = load(&subjects[i]);
	for (k = 0; k < FULL_ROUNDS; k++)
		for (i = 0; i < subject_count; i++)
			if (hosts[i] != NULL)
				run_round(hosts[i], &rounds[i], k);
	for (i = 0; i < subject_count; i++) {
		struct full_figures *f = &subjects[i].full;

		if (hosts[i] == NULL)
			continue;
		f->cpu_us = median(rounds[i].us, FULL_ROUNDS);
		f->rate = median(rounds[i].rate, FULL_ROUNDS);
		f->mock_us = median(rounds[i].mock_us, FULL_ROUNDS);
		host_unload(hosts[i]);
	}
}

static void
measure_bursts(struct subject *s)
{
	struct flight flights[BURST];
	struct host *h = load(s);
	double calls[BURSTS];
	uint64_t before;
	size_t i;

	for (i = 0; i < BURSTS; i++) {
		before = fleet_count(fleet, "DescribeTasks");
		attest_at_once(h, flights, BURST);
		calls[i] =
		    (double)(fleet_count(fleet, "DescribeTasks") - before) /
		    BURST;
	}
	s->full.burst_calls = median(calls, BURSTS);
	host_unload(h);
}

static void
measure_crowd(struct subject *s)
{
	struct flight *flights = need_alloc(CROWD * sizeof(*flights));
	struct host *h = load(s);
	pid_t pid = process_pid(h->process), mock = fleet_mock(fleet);
	double base, plugin, other, began;

	fleet_set_latency(fleet, LATENCY_MS);
	proc_forget_peak(pid);
	base = proc_mb(pid, "VmRSS");
	plugin = cpu_us(pid);
	other = cpu_us(mock);
	began = bench_now();
	attest_at_once(h, flights, CROWD);
	s->full.crowd_seconds = (bench_now() - began) / 1e3;
	s->full.crowd_cpu_us = (cpu_us(pid) - plugin) / CROWD;
	s->full.crowd_mock_us = (cpu_us(mock) - other) / CROWD;
	s->full.crowd_kb = (proc_mb(pid, "VmHWM") - base) * 1024 / CROWD;
	fleet_set_latency(fleet, 0);
	free(flights);
	host_unload(h);
}

void
measure_full(void)
{
	size_t i;

	fleet = fleet_open();
	fleet_print_settings();
	(void)fprintf(stderr, "bench: full\n");
	measure_steady();
	for (i = 0; i < subject_count; i++) {
		if (!has_full(&subjects[i]))
			continue;
		(void)fprintf(stderr, "bench: full: %s\n", subjects[i].name);
		measure_bursts(&subjects[i]);
		measure_crowd(&subjects[i]);
	}
	fleet_free(fleet);
}
