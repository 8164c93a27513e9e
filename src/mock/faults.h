/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults.h - what goes wrong next
 *
 * A fault is a JSON object that a test posts; fargate-mock(1) names its
 * members.  All faults that match a request act on it; where two want the same
 * thing done differently, the younger wins.
 */
#ifndef MOCK_FAULTS_H
#define MOCK_FAULTS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mock/operation.h"
#include "mock/route.h"

enum {
	FAULTS_MAX = 64,
	FAULT_MS_MAX = 10 * 60 * 1000,
	FAULT_CODE_MAX = 63,
};
#define FAULT_FLOOD_MAX ((uint64_t)64 * 1024 * 1024 * 1024)

struct faults;

int faults_new(struct faults **fsp, struct err *err) MUST_USE;
void faults_free(struct faults *fs); /* NULL is fine */

/* One object, or an array of them: all or, with an error, none. */
int faults_add(
    struct faults *fs, struct json_object *o, struct err *err) MUST_USE;
void faults_clear(struct faults *fs);

/* Append them as a JSON array, the oldest first. */
void faults_format(const struct faults *fs, struct buf *out);

/*
 * Let the faults act on a request.  True: the answer is made, and the request
 * goes no further.  What happens to an answer on its way is in a->delivery in
 * any case.
 */
bool faults_act(struct answer *a, const struct mock *m,
    const struct request *q, enum operation operation);

#endif
