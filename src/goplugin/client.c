/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "goplugin/client.h"

#include <stdlib.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

#include "base/list.h"

enum { TEXT_SIZE = 160 };

struct gp_client {
	struct loop *loop;
	grpc_channel *channel;
};

struct gp_client_call {
	grpc_call *call;
	grpc_metadata_array initial, trailing;
	grpc_byte_buffer *out, *in;
	grpc_status_code status;
	grpc_slice details;
	struct loop_tag finished;
	gp_client_fn *done;
	void *arg;
};

static grpc_channel *
dial(const char *target)
{
	static const char key[] = "grpc.max_receive_message_length";
	grpc_arg arg = { .type = GRPC_ARG_INTEGER,
		.key = (char *)(uintptr_t)key };
	grpc_channel_args args = { 1, &arg };
#ifdef HAVE_GRPC_SERVER_ADD_HTTP2_PORT
	grpc_channel_credentials *plain = grpc_insecure_credentials_create();
	grpc_channel *channel;

	arg.value.integer = GP_REPLY_MAX;
	channel = grpc_channel_create(target, plain, &args);
	grpc_channel_credentials_release(plain);
	return channel;
#else
	arg.value.integer = GP_REPLY_MAX;
	return grpc_insecure_channel_create(target, &args, NULL);
#endif
}

int
gp_client_new(struct gp_client **clientp, struct loop *loop, const char *target,
    struct err *err)
{
	struct gp_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	client->loop = loop;
	client->channel = dial(target);
	*clientp = client;
	return ERR_OK;
}

void
gp_client_free(struct gp_client *client)
{
	if (client == NULL)
		return;
	grpc_channel_destroy(client->channel);
	free(client);
}

static void
call_free(struct gp_client_call *call)
{
	grpc_metadata_array_destroy(&call->initial);
	grpc_metadata_array_destroy(&call->trailing);
	if (call->out != NULL)
		grpc_byte_buffer_destroy(call->out);
	if (call->in != NULL)
		grpc_byte_buffer_destroy(call->in);
	grpc_slice_unref(call->details);
	if (call->call != NULL)
		grpc_call_unref(call->call);
	free(call);
}

static void
on_finished(struct loop_tag *tag, bool ok)
{
	struct gp_client_call *call =
	    container_of(tag, struct gp_client_call, finished);
	grpc_slice bytes = grpc_empty_slice();
	grpc_byte_buffer_reader reader;
	char text[TEXT_SIZE];
	struct str details = { (const char *)GRPC_SLICE_START_PTR(
				   call->details),
		GRPC_SLICE_LENGTH(call->details) };

	(void)ok;
	if (call->in != NULL &&
	    grpc_byte_buffer_reader_init(&reader, call->in)) {
		bytes = grpc_byte_buffer_reader_readall(&reader);
		grpc_byte_buffer_reader_destroy(&reader);
	} else if (call->status == GRPC_STATUS_OK) {
		/* not the same as a message of no bytes */
		call->status = GRPC_STATUS_INTERNAL;
		details = STR("the host said OK, but no readable message came");
	}
	call->done(call->arg, (int)call->status,
	    (struct str){ (const char *)GRPC_SLICE_START_PTR(bytes),
		GRPC_SLICE_LENGTH(bytes) },
	    str_clean(text, sizeof(text), details));
	grpc_slice_unref(bytes);
	call_free(call);
}

static void
start(struct gp_client_call *call)
{
	grpc_op ops[6] = { { .op = GRPC_OP_SEND_INITIAL_METADATA },
		{ .op = GRPC_OP_SEND_MESSAGE },
		{ .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT },
		{ .op = GRPC_OP_RECV_INITIAL_METADATA },
		{ .op = GRPC_OP_RECV_MESSAGE },
		{ .op = GRPC_OP_RECV_STATUS_ON_CLIENT } };

	ops[1].data.send_message.send_message = call->out;
	ops[3].data.recv_initial_metadata.recv_initial_metadata =
	    &call->initial;
	ops[4].data.recv_message.recv_message = &call->in;
	ops[5].data.recv_status_on_client.trailing_metadata = &call->trailing;
	ops[5].data.recv_status_on_client.status = &call->status;
	ops[5].data.recv_status_on_client.status_details = &call->details;
	/* refused only when we break gRPC's rules for batches */
	if (grpc_call_start_batch(call->call, ops, 6, &call->finished, NULL) !=
	    GRPC_CALL_OK)
		abort();
}

int
gp_client_call(struct gp_client_call **callp, struct gp_client *client,
    const char *method, struct str request, int64_t timeout_ms,
    gp_client_fn *done, void *arg, struct err *err)
{
	struct gp_client_call *call = calloc(1, sizeof(*call));
	grpc_slice slice, path;

	if (call == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	call->done = done;
	call->arg = arg;
	call->finished.fn = on_finished;
	call->details = grpc_empty_slice();
	grpc_metadata_array_init(&call->initial);
	grpc_metadata_array_init(&call->trailing);
	slice = grpc_slice_from_copied_buffer(
	    request.n == 0 ? "" : request.p, request.n);
	call->out = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	path = grpc_slice_from_static_string(method);
	call->call = grpc_channel_create_call(client->channel, NULL,
	    GRPC_PROPAGATE_DEFAULTS, loop_queue(client->loop), path, NULL,
	    gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
		gpr_time_from_millis(timeout_ms, GPR_TIMESPAN)),
	    NULL);
	*callp = call;
	start(call);
	return ERR_OK;
}

void
gp_client_cancel(struct gp_client_call *call)
{
	(void)grpc_call_cancel(call->call, NULL);
}
