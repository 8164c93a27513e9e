/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c - what a plugin costs, side by side with others in one run
 *
 * bench NAME=server|agent|bare:PATH ... ; NAME "noop-server", "noop-agent" and
 * "bare-curl" are what the ratios are taken against, and a NAME that ends in
 * "-static" has goals of its own.  In the environment, PAYLOAD_FILE is what
 * servers are sent, METADATA_URL what agents fetch, MOCK_URL and MOCK_PID the
 * mock.  Figures of one run can be compared; those of two runs cannot.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

enum {
	STARTS = 51,
	WARM = 2000,
	ROUNDS = 7,           /* over all subjects; the median counts */
	ATTESTATIONS = 20000, /* of each, in all rounds */
	HELD = 10000,
	UNLOADS = 11,
};

struct subject subjects[SUBJECTS_MAX];
size_t subject_count;
static char payload[PAYLOAD_BYTES_MAX];
static size_t payload_n;

struct host *
bench_load(const struct subject *s, const char *hcl)
{
	struct process_options o = { .program = s->path,
		.drops_stderr = true };

	return host_load(&o, s->kind == SERVER, hcl);
}

/* Milliseconds from exec to the handshake; what fork costs is the host's. */
static double
start_once(const char *path, struct timespec *exec_at)
{
	const struct process_options o = { .program = path,
		.drops_stderr = true, .exec_at = exec_at };
	struct process *p = process_start(&o);
	double ms;

	NEED(process_first_line(p, CALL_MS) != NULL, "%s does not start", path);
	ms = bench_now() - bench_ms(exec_at);
	process_free(p);
	return ms;
}

/* Another order each time, the same in each run. */
static void
shuffle(size_t *order, size_t n)
{
	static uint32_t state = 1;
	size_t i, k, kept;

	for (i = n; i > 1; i--) {
		state = state * 1664525 + 1013904223;
		k = (state >> 16) % i;
		kept = order[i - 1];
		order[i - 1] = order[k];
		order[k] = kept;
	}
}

/*
 * Rounds over all subjects, so that a busy moment spoils none alone, and in no
 * fixed order: what started before leaves its caches behind.
 */
static void
measure_starts(void)
{
	static double ms[SUBJECTS_MAX][STARTS];
	size_t order[SUBJECTS_MAX];
	struct timespec *exec_at = mmap(NULL, sizeof(*exec_at),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t i, k;

	NEED(exec_at != MAP_FAILED, "mmap: %m");
	for (i = 0; i < subject_count; i++)
		order[i] = i;
	for (k = 0; k < STARTS; k++) {
		shuffle(order, subject_count);
		for (i = 0; i < subject_count; i++)
			ms[order[i]][k] =
			    start_once(subjects[order[i]].path, exec_at);
	}
	for (i = 0; i < subject_count; i++)
		subjects[i].start_ms = median(ms[i], STARTS);
	munmap(exec_at, sizeof(*exec_at));
}

bool
is_noop(const struct subject *s)
{
	return strncmp(s->name, "noop", 4) == 0;
}

static struct host *
load(const struct subject *s)
{
	char hcl[512] = "verification = \"metadata\"\nmax_attestations = 20000";

	if (is_noop(s))
		hcl[0] = '\0';
	else if (s->kind == AGENT)
		(void)snprintf(hcl, sizeof(hcl), "metadata_endpoint = \"%s\"",
		    getenv("METADATA_URL"));
	return bench_load(s, hcl);
}

/* The SDK's Shutdown closes the socket before its answer is out. */
static void
unload(const struct subject *s, struct host *h)
{
	if (is_noop(s))
		host_free(h);
	else
		host_unload(h);
}

static struct call *
start_one(struct host *h, const struct subject *s)
{
	struct call *c =
	    s->kind == SERVER ? attest_start(h, NULL, 0) : aid_start(h);

	if (s->kind == SERVER)
		attest_payload(c, payload, payload_n);
	call_read(c);
	return c;
}

/* As SPIRE: the first message is the outcome, then the stream is dropped. */
static void
run_attestations(struct host *h, const struct subject *s, size_t total)
{
	struct call *calls[IN_FLIGHT] = { NULL };
	size_t started = 0, finished = 0, i;

	while (finished < total) {
		/* call_free() pumps too: what it handled is not waited for */
		bool progress = false;

		for (i = 0; i < IN_FLIGHT; i++) {
			if (calls[i] == NULL && started < total) {
				calls[i] = start_one(h, s);
				started++;
			}
			if (calls[i] == NULL)
				continue;
			if (call_has_message(calls[i])) {
				call_free(calls[i]);
				calls[i] = NULL;
				finished++;
				progress = true;
			} else if (call_has_ended(calls[i])) {
				FAIL("%s refused: %s", s->path,
				    call_text(calls[i]));
			}
		}
		if (!progress)
			(void)client_pump(h->client, CALL_MS);
	}
}

/* One round: microseconds of the plugin's CPU, and attestations a second. */
static void
run_round(struct host *h, const struct subject *s, double *us, double *rate)
{
	const size_t n = ATTESTATIONS / ROUNDS;
	pid_t pid = process_pid(h->process);
	double cpu = cpu_us(pid), began = bench_now();

	run_attestations(h, s, n);
	*rate = (double)n / (bench_now() - began) * 1e3;
	*us = (cpu_us(pid) - cpu) / (double)n;
}

/* In turns, so that a busy moment of the machine spoils none alone. */
static void
measure_attestations(void)
{
	static double us[SUBJECTS_MAX][ROUNDS], rate[SUBJECTS_MAX][ROUNDS];
	struct host *hosts[SUBJECTS_MAX] = { NULL };
	size_t i, k;

	for (i = 0; i < subject_count; i++) {
		if (subjects[i].kind == BARE)
			continue;
		hosts[i] = load(&subjects[i]);
		subjects[i].rss_mb =
		    proc_mb(process_pid(hosts[i]->process), "VmRSS");
		run_attestations(hosts[i], &subjects[i], WARM);
	}
	for (k = 0; k < ROUNDS; k++)
		for (i = 0; i < subject_count; i++)
			if (hosts[i] != NULL)
				run_round(hosts[i], &subjects[i], &us[i][k],
				    &rate[i][k]);
	for (i = 0; i < subject_count; i++) {
		if (hosts[i] == NULL)
			continue;
		subjects[i].cpu_us = median(us[i], ROUNDS);
		subjects[i].rate = median(rate[i], ROUNDS);
		subjects[i].peak_mb =
		    proc_mb(process_pid(hosts[i]->process), "VmHWM");
		unload(&subjects[i], hosts[i]);
	}
}

static bool
is_small_again(void *arg)
{
	struct host *h = arg;

	return proc_mb(process_pid(h->process), "VmRSS") < 12;
}

/* Streams that never say anything, all at once. */
static void
measure_held(struct subject *s)
{
	struct call **calls = need_alloc(HELD * sizeof(struct call *));
	struct host *h = load(s);
	pid_t pid = process_pid(h->process);
	double base;
	size_t i;

	run_attestations(h, s, WARM);
	base = proc_mb(pid, "VmRSS");
	for (i = 0; i < HELD; i++) {
		calls[i] = attest_start(h, NULL, 0);
		while (i % 64 == 63 && client_pump(h->client, 0))
			continue;
	}
	host_is_alive(h);
	s->held_kb = (proc_mb(pid, "VmRSS") - base) * 1024 / HELD;
	for (i = 0; i < HELD; i++)
		call_free(calls[i]);
	(void)client_until(h->client, is_small_again, h, 5000);
	s->after_mb = proc_mb(pid, "VmRSS");
	free(calls);
	host_unload(h);
}

static void
measure_unload(struct subject *s)
{
	double ms[UNLOADS];
	struct host *h;
	size_t i;

	for (i = 0; i < UNLOADS; i++) {
		h = load(s);
		(void)host_deinit(h);
		ms[i] = host_shut_down(h);
		host_free(h);
	}
	s->unload_ms = median(ms, UNLOADS);
}

static void
measure(struct subject *s)
{
	struct stat st;

	if (stat(s->path, &st) == 0)
		s->size_mb = (double)st.st_size / 1e6;
	if (s->kind == BARE)
		return;
	(void)fprintf(stderr, "bench: %s\n", s->name);
	if (s->kind == SERVER && !is_noop(s))
		measure_held(s);
	if (!is_noop(s))
		measure_unload(s);
}

/* NAME=KIND:PATH */
static void
add_subject(char *arg)
{
	static const char *const kinds[] = { "server", "agent", "bare" };
	char *kind = strchr(arg, '='), *path;
	struct subject *s = &subjects[subject_count];
	size_t i;

	path = kind == NULL ? NULL : strchr(kind, ':');
	NEED(path != NULL && subject_count < SUBJECTS_MAX,
	    "usage: bench NAME=server|agent|bare:PATH ...");
	*kind++ = '\0';
	*path++ = '\0';
	for (i = 0; i < 3 && strcmp(kind, kinds[i]) != 0; i++)
		continue;
	NEED(i < 3, "%s: no such kind", kind);
	s->name = arg;
	s->path = path;
	s->kind = (enum kind)i;
	subject_count++;
}

static void
read_payload(void)
{
	const char *path = getenv("PAYLOAD_FILE");
	FILE *f = path == NULL ? NULL : fopen(path, "r");

	NEED(f != NULL, "PAYLOAD_FILE: %s", strerror(errno));
	payload_n = fread(payload, 1, sizeof(payload), f);
	(void)fclose(f);
}

int
main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	int i;

	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)signal(SIGPIPE, SIG_IGN);
	for (i = 1; i < argc; i++)
		add_subject(argv[i]);
	NEED(getenv("METADATA_URL") != NULL, "METADATA_URL is not set");
	read_payload();
	measure_starts();
	measure_attestations();
	for (i = 0; i < (int)subject_count; i++)
		measure(&subjects[i]);
	measure_full();
	print_tables();
	return EXIT_SUCCESS;
}
