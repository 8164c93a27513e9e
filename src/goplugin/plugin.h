/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin.h - the life of a plugin process, from handshake to exit
 *
 * One per process.  Everything belongs to the main thread, which becomes the
 * queue thread.  The end comes by Shutdown, 30 s after a SIGTERM that no
 * Shutdown followed, or when the host is gone.
 */
#ifndef GOPLUGIN_PLUGIN_H
#define GOPLUGIN_PLUGIN_H

#include <stddef.h>

#include "base/err.h"
#include "goplugin/server.h"
#include "loop/loop.h"

struct gp_plugin;

/* What the program above is told. */
struct gp_program {
	void *arg;
	/* The handshake is out; do now what would have delayed it. */
	int (*ready)(void *arg, struct err *err);
	/*
	 * The end has begun: stop timers, threads and doorbells.  Calls that
	 * are still open are cancelled next.
	 */
	void (*stopping)(void *arg);
};

/* Before any other thread and any other use of gRPC. */
int gp_plugin_new(struct gp_plugin **pluginp, struct err *err) MUST_USE;

struct loop *gp_plugin_loop(struct gp_plugin *plugin);

/* The gRPC target of the host's services, or NULL while it is not known. */
const char *gp_plugin_host(const struct gp_plugin *plugin);

/*
 * Serve go-plugin's services and these methods until the end.  The process
 * ends itself if that takes more than 500 ms from Shutdown on.
 */
int gp_plugin_run(struct gp_plugin *plugin,
    const struct gp_method *const *methods, size_t count,
    const struct gp_program *program, struct err *err) MUST_USE;

void gp_plugin_free(struct gp_plugin *plugin);

#endif
