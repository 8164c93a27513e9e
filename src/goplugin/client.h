/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - unary calls of the host's services
 *
 * One channel, made at the first call and kept.  Everything belongs to the
 * queue thread.
 */
#ifndef GOPLUGIN_CLIENT_H
#define GOPLUGIN_CLIENT_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "goplugin/server.h"
#include "loop/loop.h"

enum { GP_REPLY_MAX = 64 * 1024 };

struct gp_client;
struct gp_client_call;

/* target: "unix:/path".  The connection is made by the first call. */
int gp_client_new(struct gp_client **clientp, struct loop *loop,
    const char *target, struct err *err) MUST_USE;

/* No call is under way; takes NULL. */
void gp_client_free(struct gp_client *client);

/*
 * done runs once, later: status as gRPC's, reply with GP_OK only, text clean.
 * All are borrowed for the call.  GP_OK without a message is GP_INTERNAL.
 */
typedef void gp_client_fn(
    void *arg, int status, struct str reply, const char *text);

/* method is a constant, "/package.Service/Method". */
int gp_client_call(struct gp_client_call **callp, struct gp_client *client,
    const char *method, struct str request, int64_t timeout_ms,
    gp_client_fn *done, void *arg, struct err *err) MUST_USE;

/* done still runs, with GP_CANCELLED most likely. */
void gp_client_cancel(struct gp_client_call *call);

#endif
