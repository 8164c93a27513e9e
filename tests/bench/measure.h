/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.h - what time and memory a process takes
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

double bench_now(void); /* milliseconds, CLOCK_MONOTONIC */
double bench_ms(const struct timespec *t);

/* CPU time of another process, all of its threads, in microseconds. */
double cpu_us(pid_t pid);

/* VmRSS, VmHWM; proc_forget_peak() makes the second the first. */
double proc_mb(pid_t pid, const char *key);
void proc_forget_peak(pid_t pid);

double median(double *values, size_t n); /* sorts them */

#endif
