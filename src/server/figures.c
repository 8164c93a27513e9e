/* SPDX-License-Identifier: Apache-2.0 */
#include "server/figures.h"

#define ROOT "aws_fargate_task"

static double
seconds(int64_t ms)
{
	return (double)ms / 1000;
}

void
figures_attested(struct spire_host *host, const char *result,
    const char *reason, const char *mode, int64_t elapsed_ms)
{
	const struct metric count = { { ROOT, "attestations" },
		{ { "result", result }, { "reason", reason },
		    { "mode", mode } } };
	const struct metric sample = { { ROOT, "attestation_seconds" },
		{ { "result", result } } };

	metrics_count(host, &count, 1);
	metrics_sample(host, &sample, seconds(elapsed_ms));
}

void
figures_in_flight(struct spire_host *host, size_t count)
{
	const struct metric gauge = { { ROOT, "in_flight" },
		{ { NULL, NULL } } };

	metrics_gauge(host, &gauge, (double)count);
}

static void
called(void *arg, const char *operation, const char *result,
    int64_t elapsed_ms)
{
	const struct metric count = { { ROOT, "aws_calls" },
		{ { "operation", operation }, { "result", result } } };
	const struct metric sample = { { ROOT, "aws_call_seconds" },
		{ { "operation", operation } } };

	metrics_count(arg, &count, 1);
	metrics_sample(arg, &sample, seconds(elapsed_ms));
}

static void
batched(void *arg, size_t tasks)
{
	const struct metric sample = { { ROOT, "batch_size" },
		{ { NULL, NULL } } };

	metrics_sample(arg, &sample, (double)tasks);
}

struct aws_observer
figures_observer(struct spire_host *host)
{
	return (struct aws_observer){ .arg = host,
		.called = called,
		.batched = batched };
}
