/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - calls on a plugin's socket by gRPC's C core
 *
 * One completion queue, pumped by whoever waits; nothing happens between
 * waits.  Calls are cheap enough for thousands at once.  One thread.
 */
#ifndef HOST_CLIENT_H
#define HOST_CLIENT_H

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stddef.h>

struct client;
struct call;

/* What to do with an event; the first member of whatever owns it. */
struct event {
	void (*fn)(struct event *self, bool ok);
};

struct header {
	const char *name, *value;
};

/* Zeroed: no deadline, no metadata. */
struct call_options {
	int deadline_ms;
	const struct header *headers;
	size_t header_count;
	void (*on_end)(struct call *c, void *arg); /* the status has come */
	void *arg;
};

struct client *client_new(void);
/* Cancels what lives, drains, frees the calls too. */
void client_free(struct client *cl);
grpc_completion_queue *client_queue(struct client *cl);

/* Handle events for at most ms, or until one was handled. */
bool client_pump(struct client *cl, int ms);

typedef bool condition_fn(void *arg);
/* Pump until the condition holds; false if it does not within ms. */
bool client_until(
    struct client *cl, condition_fn *condition, void *arg, int ms);

/* As SPIRE dials: ":authority unused", no TLS; address is a socket's path. */
grpc_channel *client_dial(const char *address);

struct call *call_start(struct client *cl, grpc_channel *channel,
    const char *method, const struct call_options *o);
void call_free(struct call *c); /* cancels and waits if it lives */

/* One message at a time: waits for the one before. */
void call_send(struct call *c, const void *bytes, size_t n);
/* With the half-close beside it, as grpc-go sends a unary request. */
void call_send_last(struct call *c, const void *bytes, size_t n);
void call_half_close(struct call *c);
void call_cancel(struct call *c);

/* Post a read, whose message is kept until call_next takes it. */
void call_read(struct call *c);

/*
 * The next message, in *bytes until the next read: true.  False at the
 * stream's end.  Fails the test if neither comes within ms.
 */
bool call_next(struct call *c, const void **bytes, size_t *n, int ms);

/* Whether the answer's first headers, a message, or the end have come. */
bool call_has_started(const struct call *c);
bool call_has_message(const struct call *c);
bool call_has_ended(const struct call *c);

/*
 * Wait for the end, dropping messages on the way; fails the test if it does
 * not come within ms.
 */
grpc_status_code call_wait(struct call *c, int ms);

/* After the end. */
grpc_status_code call_code(const struct call *c);
const char *call_text(const struct call *c);

/* call_send_last, read one message, wait: the unary form. */
grpc_status_code call_unary(struct call *c, const void *request,
    size_t request_n, const void **reply, size_t *reply_n, int ms);

#endif
