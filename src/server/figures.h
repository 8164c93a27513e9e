/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures.h - what SPIRE's telemetry is told, through its host service
 *
 *   attestations         counter; result, reason, mode
 *   attestation_seconds  sample; result
 *   in_flight            gauge
 *   aws_calls            counter; operation, result
 *   aws_call_seconds     sample; operation
 *   batch_size           sample: tasks of a DescribeTasks
 *
 * Each below "aws_fargate_task".  Everything belongs to the queue thread.
 */
#ifndef SERVER_FIGURES_H
#define SERVER_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "aws/observe.h"
#include "spire/host.h"

/* result, reason and mode are constants. */
void figures_attested(struct spire_host *host, const char *result,
    const char *reason, const char *mode, int64_t elapsed_ms);
void figures_in_flight(struct spire_host *host, size_t count);

/* What the aws room tells goes to host. */
struct aws_observer figures_observer(struct spire_host *host);

#endif
