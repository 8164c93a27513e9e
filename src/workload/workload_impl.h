/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workload_impl.h - the client's inside: workload.c and workload_jwt.c
 *
 * The lock guards the calls of the streams, those that wait for an answer,
 * stopping, interrupted and the statuses; the rest of a stream belongs to the
 * thread.
 */
#ifndef WORKLOAD_WORKLOAD_IMPL_H
#define WORKLOAD_WORKLOAD_IMPL_H

#include <pthread.h>

#include "base/list.h"
#include "workload/rpc.h"
#include "workload/workload.h"

struct stream;

struct stream_tag {
	void (*fn)(struct stream *stream, bool ok);
	struct stream *stream;
};

struct stream {
	struct workload *w;
	enum workload_stream kind;
	bool wanted;
	struct rpc rpc;
	struct stream_tag sent, received, ended;
	unsigned under_way; /* tags */
	int64_t retry_ms;   /* clock_ms(); 0: not waiting */
	int64_t at_once_ms; /* when it was last opened again at once */
	bool worked;        /* this call has brought a good message */
	struct workload_status status;
};

struct workload {
	grpc_channel *channel;
	grpc_completion_queue *queue;
	struct source *source;
	pthread_t thread;
	pthread_mutex_t lock;
	bool stopping, interrupted;
	struct list asked; /* calls that wait for an answer: workload_jwt.c */
	int64_t backoff_ms, backoff_max_ms;
	struct stream streams[WORKLOAD_STREAMS];
	/* what each stream brought last; the source has references too */
	struct svid_set *svids;
	struct bundle_set *own_bundles, *bundles;
	struct jwks_set *jwks;
};

#endif
