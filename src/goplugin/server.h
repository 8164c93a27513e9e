/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - the gRPC server on the plugin's socket: calls and streams
 *
 * A method is a row of a table with a handler.  A call lives from begin to
 * end: its handler answers it with gp_finish() exactly once, at any time from
 * begin on, and gets end exactly once, last, when nothing of the call is under
 * way any more.  Everything here belongs to the queue thread.
 */
#ifndef GOPLUGIN_SERVER_H
#define GOPLUGIN_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "loop/loop.h"

struct gp_server;
struct gp_call;

/* Callbacks of one method; those a kind does not need are NULL. */
struct gp_handler {
	/* A call has come.  GP_UNARY: message is its request, borrowed. */
	void (*begin)(struct gp_call *call, void *arg, struct str message);

	/* gp_read(): a message, borrowed, or NULL for the end of them. */
	void (*message)(struct gp_call *call, const struct str *message);

	/*
	 * gp_watch(): the peer is gone.  Let go of what you wait for and
	 * gp_finish().
	 */
	void (*cancelled)(struct gp_call *call);

	/* Over; the call is freed after this. */
	void (*end)(struct gp_call *call);
};

enum gp_kind { GP_UNARY, GP_STREAM };

struct gp_method {
	const char *path; /* "/package.Service/Method" */
	enum gp_kind kind;
	unsigned posted; /* calls waited for at once; 64 for hot methods */
	const struct gp_handler *handler;
	void *arg;
};

/* gRPC status codes we answer with (grpc/status.h has them all). */
enum gp_status {
	GP_OK = 0,
	GP_CANCELLED = 1,
	GP_INVALID_ARGUMENT = 3,
	GP_DEADLINE_EXCEEDED = 4,
	GP_NOT_FOUND = 5,
	GP_PERMISSION_DENIED = 7,
	GP_RESOURCE_EXHAUSTED = 8,
	GP_FAILED_PRECONDITION = 9,
	GP_UNIMPLEMENTED = 12,
	GP_INTERNAL = 13,
	GP_UNAVAILABLE = 14,
};

enum { GP_TEXT_MAX = 1024 }; /* of a status: it travels in a header */

/*
 * Listen on target ("unix:/path").  methods must outlive the server; a method
 * that is not in it is answered UNIMPLEMENTED.
 */
int gp_server_new(struct gp_server **serverp, struct loop *loop,
    const char *target, const struct gp_method *const *methods, size_t count,
    struct err *err) MUST_USE;

/* After on_stopped, and after loop_run() has returned. */
void gp_server_free(struct gp_server *server);

/*
 * Accept nothing more, cancel every call; on_stopped runs once when none is
 * left.  No new tags of the server's are started after it.
 */
void gp_server_stop(
    struct gp_server *server, void (*on_stopped)(void *arg), void *arg);

/* The handler's own pointer, NULL at begin. */
void gp_set_state(struct gp_call *call, void *state);
void *gp_state(const struct gp_call *call);

/* The method row's arg. */
void *gp_arg(const struct gp_call *call);

bool gp_is_cancelled(const struct gp_call *call);

/*
 * The call's metadata of that name, lower case: how many there are; *value is
 * the first, borrowed as long as the call.
 */
size_t gp_metadata(
    struct str *value, const struct gp_call *call, const char *name);

/*
 * Hear of a peer that goes away.  Whoever only reads need not: the end of the
 * messages says it too, and a watch costs as much as a message.
 */
void gp_watch(struct gp_call *call);

/* Ask for the next message of a stream; one at a time. */
void gp_read(struct gp_call *call);

/* Send a message of a stream; not again before the last one has left. */
void gp_send(struct gp_call *call, struct str message);

/*
 * The same of a secret: our copy is wiped when it has left.  False without
 * memory: nothing was sent.
 */
bool gp_send_secret(struct gp_call *call, struct str message) MUST_USE;

/*
 * End the call: an optional last message, the status, a text of printable
 * ASCII (cut to GP_TEXT_MAX; ignored with GP_OK).  A last message may not
 * follow a gp_send() that has not left.  On a cancelled call it sends nothing.
 *  The handler may not use the call afterwards but in end.
 */
void gp_finish(struct gp_call *call, enum gp_status status, const char *text,
    const struct str *last);

#endif
