/* SPDX-License-Identifier: Apache-2.0 */
/*
 * many.h - attestations of the server plugin, many at a time
 */
#ifndef CONFORMANCE_MANY_H
#define CONFORMANCE_MANY_H

#include "conformance/fixture.h"

/* The i-th payload; borrowed until it was sent. */
typedef struct str many_payload_fn(size_t i);

/* What became of it; fails the test if that is wrong. */
typedef void many_check_fn(size_t i, const struct attested *out);

/* total attestations, in_flight of them at a time. */
void attest_many(struct host *h, size_t total, size_t in_flight,
    many_payload_fn *make, many_check_fn *check);

/* n streams that have sent nothing yet, their answers being waited for. */
struct call **open_streams(struct host *h, const struct plugin *p, size_t n);
void free_streams(struct call **streams, size_t n);

#endif
