/* SPDX-License-Identifier: Apache-2.0 */
#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/fail.h"

double
bench_ms(const struct timespec *t)
{
	return (double)t->tv_sec * 1e3 + (double)t->tv_nsec / 1e6;
}

double
bench_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return bench_ms(&t);
}

double
cpu_us(pid_t pid)
{
	struct timespec t = { 0, 0 };
	clockid_t clock;

	NEED(clock_getcpuclockid(pid, &clock) == 0 &&
		 clock_gettime(clock, &t) == 0,
	    "no CPU clock of process %d", (int)pid);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double
proc_mb(pid_t pid, const char *key)
{
	char path[64], line[256];
	double kb = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	NEED(f != NULL, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			kb = strtod(line + strlen(key) + 1, NULL);
	(void)fclose(f);
	return kb / 1024;
}

void
proc_forget_peak(pid_t pid)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/clear_refs", (int)pid);
	f = fopen(path, "w");
	NEED(f != NULL && fputs("5", f) >= 0 && fclose(f) == 0, "%s: %s", path,
	    strerror(errno));
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}
