/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe.h - what the aws room tells whoever keeps figures
 *
 * Called on the queue thread.  Names are constants.  NULL functions and a NULL
 * observer are fine.
 */
#ifndef AWS_OBSERVE_H
#define AWS_OBSERVE_H

#include <stddef.h>
#include <stdint.h>

struct aws_observer {
	void *arg;
	/*
	 * "DescribeTasks"; "ok", "denied", "throttled", "unavailable",
	 * "unusable", "cancelled".
	 */
	void (*called)(void *arg, const char *operation, const char *result,
	    int64_t elapsed_ms);
	/* A DescribeTasks batch goes out with so many tasks. */
	void (*batched)(void *arg, size_t tasks);
};

#endif
