/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "workload/rpc.h"

#include <stdlib.h>
#include <string.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

#include "base/secret.h"
#include "workload/message.h"

enum {
	/* gRPC's own pause between connects: ours is the longer one */
	RECONNECT_MS = 100,
	RECONNECT_MAX_MS = 1000,
	/* an agent on a busy host has this long to greet who connects */
	CONNECT_MS = 5000,
};

static grpc_arg
number(const char *key, int value)
{
	return (grpc_arg){ .type = GRPC_ARG_INTEGER,
		.key = (char *)(uintptr_t)key,
		.value.integer = value };
}

grpc_channel *
rpc_dial(const char *target)
{
	grpc_arg args[] = {
		number("grpc.max_receive_message_length", MESSAGE_MAX),
		number("grpc.enable_http_proxy", 0),
		number("grpc.initial_reconnect_backoff_ms", RECONNECT_MS),
		number("grpc.min_reconnect_backoff_ms", CONNECT_MS),
		number("grpc.max_reconnect_backoff_ms", RECONNECT_MAX_MS),
		/* what one client learnt of its peer is not another's */
		number("grpc.use_local_subchannel_pool", 1),
		{ .type = GRPC_ARG_STRING,
		    .key = (char *)(uintptr_t)"grpc.default_authority",
		    .value.string = (char *)(uintptr_t)"localhost" },
	};
	grpc_channel_args all = { sizeof(args) / sizeof(args[0]), args };
#ifdef HAVE_GRPC_SERVER_ADD_HTTP2_PORT
	grpc_channel_credentials *plain = grpc_insecure_credentials_create();
	grpc_channel *channel = grpc_channel_create(target, plain, &all);

	grpc_channel_credentials_release(plain);
	return channel;
#else
	return grpc_insecure_channel_create(target, &all, NULL);
#endif
}

void
rpc_begin(struct rpc *rpc, grpc_channel *channel, grpc_completion_queue *queue,
    const char *method, struct str request, int64_t timeout_ms)
{
	grpc_slice slice = grpc_slice_from_copied_buffer(
	    request.n == 0 ? "" : request.p, request.n);
	gpr_timespec deadline = gpr_inf_future(GPR_CLOCK_MONOTONIC);

	if (timeout_ms > 0)
		deadline = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
		    gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
	memset(rpc, 0, sizeof(*rpc));
	grpc_metadata_array_init(&rpc->initial);
	grpc_metadata_array_init(&rpc->trailing);
	rpc->details = grpc_empty_slice();
	rpc->header.key = grpc_slice_from_static_string("workload.spiffe.io");
	rpc->header.value = grpc_slice_from_static_string("true");
	rpc->out = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	rpc->call = grpc_channel_create_call(channel, NULL,
	    GRPC_PROPAGATE_DEFAULTS, queue,
	    grpc_slice_from_static_string(method), NULL, deadline, NULL);
}

/* grpc_byte_buffer_reader_next() gives the slices themselves. */
static void
wipe(grpc_byte_buffer *b)
{
	grpc_byte_buffer_reader reader;
	grpc_slice slice;

	if (grpc_byte_buffer_reader_init(&reader, b) == 0)
		return;
	while (grpc_byte_buffer_reader_next(&reader, &slice) != 0) {
		secret_wipe(
		    GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
		grpc_slice_unref(slice);
	}
	grpc_byte_buffer_reader_destroy(&reader);
}

static void
drop(grpc_byte_buffer **b)
{
	if (*b == NULL)
		return;
	wipe(*b);
	grpc_byte_buffer_destroy(*b);
	*b = NULL;
}

void
rpc_end(struct rpc *rpc)
{
	if (rpc->call == NULL)
		return;
	grpc_metadata_array_destroy(&rpc->initial);
	grpc_metadata_array_destroy(&rpc->trailing);
	grpc_slice_unref(rpc->details);
	drop(&rpc->out);
	drop(&rpc->in);
	grpc_call_unref(rpc->call);
	memset(rpc, 0, sizeof(*rpc));
}

static void
batch(struct rpc *rpc, const grpc_op *ops, size_t n, void *tag)
{
	/* refused only when we break gRPC's rules for batches */
	if (grpc_call_start_batch(rpc->call, ops, n, tag, NULL) != GRPC_CALL_OK)
		abort();
}

void
rpc_send(struct rpc *rpc, void *tag)
{
	grpc_op ops[4] = { { .op = GRPC_OP_SEND_INITIAL_METADATA },
		{ .op = GRPC_OP_SEND_MESSAGE },
		{ .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT },
		{ .op = GRPC_OP_RECV_INITIAL_METADATA } };

	ops[0].data.send_initial_metadata.count = 1;
	ops[0].data.send_initial_metadata.metadata = &rpc->header;
	ops[1].data.send_message.send_message = rpc->out;
	ops[3].data.recv_initial_metadata.recv_initial_metadata =
	    &rpc->initial;
	batch(rpc, ops, 4, tag);
}

void
rpc_receive(struct rpc *rpc, void *tag)
{
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };

	op.data.recv_message.recv_message = &rpc->in;
	batch(rpc, &op, 1, tag);
}

void
rpc_await_status(struct rpc *rpc, void *tag)
{
	grpc_op op = { .op = GRPC_OP_RECV_STATUS_ON_CLIENT };

	op.data.recv_status_on_client.trailing_metadata = &rpc->trailing;
	op.data.recv_status_on_client.status = &rpc->status;
	op.data.recv_status_on_client.status_details = &rpc->details;
	batch(rpc, &op, 1, tag);
}

int
rpc_take(struct buf *out, struct rpc *rpc, struct err *err)
{
	grpc_byte_buffer_reader reader;
	grpc_slice slice;
	int r;

	buf_clear(out);
	if (grpc_byte_buffer_reader_init(&reader, rpc->in) == 0) {
		drop(&rpc->in);
		return err_set(
		    err, ERR_FORMAT, "a message that cannot be decompressed");
	}
	while (grpc_byte_buffer_reader_next(&reader, &slice) != 0) {
		buf_add(out,
		    (struct str){
			(const char *)GRPC_SLICE_START_PTR(slice),
			GRPC_SLICE_LENGTH(slice) });
		grpc_slice_unref(slice);
	}
	grpc_byte_buffer_reader_destroy(&reader);
	r = buf_check(out, err);
	drop(&rpc->in);
	return r;
}

static int
code_of(grpc_status_code status)
{
	switch ((int)status) {
	case GRPC_STATUS_OK:
		return ERR_OK;
	case GRPC_STATUS_CANCELLED:
		return ERR_CANCELLED;
	case GRPC_STATUS_INVALID_ARGUMENT:
		return ERR_CONFIG;
	case GRPC_STATUS_DEADLINE_EXCEEDED:
		return ERR_TIMEOUT;
	case GRPC_STATUS_PERMISSION_DENIED:
	case GRPC_STATUS_UNAUTHENTICATED:
		return ERR_POLICY;
	case GRPC_STATUS_RESOURCE_EXHAUSTED:
		return ERR_TOOBIG;
	case GRPC_STATUS_UNIMPLEMENTED:
		return ERR_UNIMPLEMENTED;
	case GRPC_STATUS_UNAVAILABLE:
		return ERR_UNAVAILABLE;
	default:
		return ERR_UPSTREAM;
	}
}

int
rpc_status(const struct rpc *rpc, struct err *err)
{
	struct str said = { (const char *)GRPC_SLICE_START_PTR(rpc->details),
		GRPC_SLICE_LENGTH(rpc->details) };
	int r = code_of(rpc->status);
	char text[160];

	if (r == ERR_OK)
		return ERR_OK;
	return err_set(err, r, "the Workload API says: %s (status %d)",
	    said.n == 0 ? err_text(r) : str_clean(text, sizeof(text), said),
	    (int)rpc->status);
}
