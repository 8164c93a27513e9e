/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpc.h - the little of gRPC that the room needs; not for other rooms
 */
#ifndef WORKLOAD_RPC_H
#define WORKLOAD_RPC_H

#include <grpc/grpc.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Never NULL; that it cannot connect shows in its calls. */
grpc_channel *rpc_dial(const char *target);

/* One call, from its begin to its status.  Zero it before rpc_begin(). */
struct rpc {
	grpc_call *call; /* NULL: none */
	grpc_metadata_array initial, trailing;
	grpc_metadata header;
	grpc_byte_buffer *out, *in;
	grpc_status_code status;
	grpc_slice details;
};

/* timeout_ms 0: none.  Make the call and its request; nothing is sent yet. */
void rpc_begin(struct rpc *rpc, grpc_channel *channel,
    grpc_completion_queue *queue, const char *method, struct str request,
    int64_t timeout_ms);
void rpc_end(struct rpc *rpc); /* nothing may be under way */

/*
 * The batches; each tag comes once.  The security header goes out with
 * rpc_send(), since no other way sends anything.
 */
void rpc_send(struct rpc *rpc, void *tag);
void rpc_receive(struct rpc *rpc, void *tag); /* rpc->in, NULL at the end */
void rpc_await_status(struct rpc *rpc, void *tag);

/*
 * Take rpc->in into out, which is cleared before; gRPC's own copy is wiped.
 * ERR_TOOBIG, ERR_MEMORY, ERR_FORMAT.
 */
int rpc_take(struct buf *out, struct rpc *rpc, struct err *err) MUST_USE;

/* The status as our code, with what the server said; ERR_OK for OK. */
int rpc_status(const struct rpc *rpc, struct err *err) MUST_USE;

#endif
