/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab.h - the queue thread step by step, and a clock that a test moves
 *
 * For programs linked with $(LAB_LINK), which sends clock_ms(),
 * clock_wall_us() and the wait for gRPC's next event through here.  A test is
 * written in straight lines: it starts things, lets the loop run until
 * something is so, and looks.
 */
#ifndef TESTS_AWS_LAB_H
#define TESTS_AWS_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/http.h"
#include "loop/loop.h"

extern struct loop *lab_loop;
extern struct http *lab_http; /* NULL once it is gone */

/*
 * An environment without anything of AWS's, of a home or of proxies; a loop,
 * and HTTP if so wanted.
 */
void lab_set_up(void);
void lab_set_up_with_http(void);
void lab_open_http(void); /* reads the environment's proxies */
void lab_tear_down(void); /* drains the loop */

/* Calls that are out are answered from here. */
void lab_end_http(void);

/* Run the loop until it is so; the test fails after 20 s. */
typedef bool lab_fn(const void *arg);
void lab_until(lab_fn *is_so, const void *arg);

/* Until a number is reached, or gone beyond. */
void lab_until_number(const unsigned *number, unsigned least);

/* Time goes by at once; what is due at its end runs. */
void lab_pass(int64_t ms);

/* The same, and nothing runs yet. */
void lab_jump(int64_t ms);

/* What is due now runs, and what has come in. */
void lab_step(void);

/* From now on time goes by only where it is told to, until lab_set_up(). */
void lab_hold(void);

/* As clock_ms() says. */
int64_t lab_in(int64_t ms);

/* A file of the test's own with that text, gone after it. */
const char *lab_file(const char *name, const char *text);

#endif
