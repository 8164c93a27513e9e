/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h - what the files of the benchmark share
 *
 * bench.c: starts, "metadata" mode; full.c: "full" mode against the mock;
 * fleet.c: the mock, and the tasks in it; table.c: what is printed.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/host.h"
#include "measure.h"

enum {
	SUBJECTS_MAX = 12,
	IN_FLIGHT = 64,
	CROWD = 10000, /* tasks, and streams at once */
	PAYLOAD_BYTES_MAX = 64 * 1024,
};

enum kind { SERVER, AGENT, BARE };

/* Figures of "full" mode; 0: not measured. */
struct full_figures {
	double cpu_us, rate, mock_us;
	double burst_calls;
	double crowd_kb, crowd_cpu_us, crowd_seconds, crowd_mock_us;
};

struct subject {
	const char *name, *path;
	enum kind kind;
	double start_ms, rss_mb, size_mb, cpu_us, rate, peak_mb, unload_ms;
	double held_kb, after_mb;
	struct full_figures full;
};

extern struct subject subjects[SUBJECTS_MAX];
extern size_t subject_count;

bool is_noop(const struct subject *s);

/* Start a plugin and configure it. */
struct host *bench_load(const struct subject *s, const char *hcl);

/*
 * fleet.c: CROWD tasks of the mock at MOCK_URL, whose process is MOCK_PID,
 * with their credentials.
 */
struct fleet;
struct fleet *fleet_open(void);
void fleet_free(struct fleet *f);
pid_t fleet_mock(const struct fleet *f);

/* The server's plugin_data for "full" mode with this mock as AWS. */
const char *fleet_config(const struct fleet *f);

/* What of it is no address and no key, on a line of standard output. */
void fleet_print_settings(void);

/* All requests are answered that much later. */
void fleet_set_latency(struct fleet *f, int ms);

/* How many requests of an operation there were so far. */
uint64_t fleet_count(struct fleet *f, const char *operation);

/* The i-th task's payload; its answer to a challenge, good until the next. */
const char *fleet_payload(const struct fleet *f, size_t i);
const char *fleet_response(struct fleet *f, size_t i, const char *challenge);

/* full.c: for all subjects that can. */
void measure_full(void);

/* table.c: to standard output. */
void print_tables(void);

#endif
