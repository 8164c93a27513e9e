/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - time that never jumps, and the time of day
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC: for deadlines and durations. */
int64_t clock_ms(void);

/* Microseconds since 1970: for timestamps only. */
int64_t clock_wall_us(void);

enum { CLOCK_STAMP_SIZE = 28 };

/* "2026-11-22T03:04:05.123456Z", the form hclog's reader demands. */
void clock_stamp(char out[CLOCK_STAMP_SIZE], int64_t wall_us);

#endif
