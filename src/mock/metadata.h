/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metadata.h - the documents of the task metadata endpoint, version 4
 *
 * The shapes are those of Fargate platform version 1.4.0.  TaskTags stand in
 * the task document too, where AWS has them only in /taskWithTags.  A task
 * that does not run yet has containers without network and times.
 *
 * Each appends one JSON text; ERR_MEMORY or ERR_TOOBIG leave out unspecified.
 */
#ifndef MOCK_METADATA_H
#define MOCK_METADATA_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "mock/scenario.h"

int metadata_task(struct buf *out, const struct scenario *s,
    const struct scenario_task *t, int64_t now_us, struct err *err) MUST_USE;

int metadata_container(struct buf *out, const struct scenario *s,
    const struct scenario_task *t, const struct scenario_container *c,
    struct err *err) MUST_USE;

/* stats.c: Docker's statistics; null for a container that does not run. */
int stats_task(struct buf *out, const struct scenario *s,
    const struct scenario_task *t, int64_t now_us, struct err *err) MUST_USE;

int stats_container(struct buf *out, const struct scenario *s,
    const struct scenario_task *t, const struct scenario_container *c,
    int64_t now_us, struct err *err) MUST_USE;

#endif
