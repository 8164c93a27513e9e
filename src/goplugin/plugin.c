/* SPDX-License-Identifier: Apache-2.0 */
#include "goplugin/plugin.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/traced.h"
#include "goplugin/grpclog.h"
#include "goplugin/handshake.h"
#include "goplugin/services.h"

enum {
	LOOK_AROUND_MS = 1000, /* for SIGTERM, and for a host that is gone */
	AFTER_STREAM_MS = 50,  /* a dying host's sockets close before it dies */
	PARTING_MS = 100,      /* for the host to hang up after Shutdown */
	TERM_GRACE_MS = 30 * 1000,
	/* the host kills us after 2 s; a search for leaks is not cut short */
	STOP_MS = TRACED ? 5000 : 500,
};

struct gp_plugin {
	struct loop *loop;
	struct gp_server *server;
	struct services services;
	const struct gp_program *program;
	struct loop_timer look;
	int64_t term_ms; /* when SIGTERM was seen; 0: not */
	bool parting;    /* Shutdown was answered */
	bool stopping;
};

static void
on_stopped(void *arg)
{
	struct gp_plugin *plugin = arg;

	loop_timer_stop(plugin->loop, &plugin->look);
	loop_quit(plugin->loop);
}

static void
stop(struct gp_plugin *plugin, const char *why)
{
	if (plugin->stopping)
		return;
	plugin->stopping = true;
	if (!plugin->parting)
		handshake_exit_within(STOP_MS);
	log_debug("stopping", F_TEXT("why", why));
	log_flush();
	plugin->program->stopping(plugin->program->arg);
	gp_server_stop(plugin->server, on_stopped, plugin);
}

static void
look_around(struct loop_timer *timer)
{
	struct gp_plugin *plugin = container_of(timer, struct gp_plugin, look);
	int64_t now = loop_now(plugin->loop);

	if (plugin->stopping)
		return;
	if (plugin->parting) {
		stop(plugin, "Shutdown");
		return;
	}
	if (handshake_is_orphan()) {
		stop(plugin, "the host is gone");
		return;
	}
	if (handshake_is_terminated() && plugin->term_ms == 0)
		plugin->term_ms = now;
	if (plugin->term_ms != 0 && now - plugin->term_ms >= TERM_GRACE_MS) {
		stop(plugin, "SIGTERM, and no Shutdown since");
		return;
	}
	if (loop_timer_set(plugin->loop, timer, LOOK_AROUND_MS, look_around) !=
	    ERR_OK)
		abort();
}

/*
 * Whoever hangs up first takes what is under way with it, and a host that
 * writes to a plugin that has gone never reads the answer to its Shutdown.  So
 * the host goes first: it closes the connection as soon as it has the answer.
 */
static void
on_shutdown(void *arg)
{
	struct gp_plugin *plugin = arg;

	if (plugin->stopping || plugin->parting)
		return;
	handshake_exit_within(STOP_MS);
	plugin->parting = true;
	if (plugin->services.streams == 0 ||
	    loop_timer_set(plugin->loop, &plugin->look, PARTING_MS,
		look_around) != ERR_OK)
		stop(plugin, "Shutdown");
}

static void
on_stream_end(void *arg)
{
	struct gp_plugin *plugin = arg;

	if (plugin->stopping)
		return;
	if (plugin->parting) {
		if (plugin->services.streams == 0)
			stop(plugin, "Shutdown");
		return;
	}
	if (handshake_is_orphan())
		stop(plugin, "the host is gone");
	else if (loop_timer_set(plugin->loop, &plugin->look, AFTER_STREAM_MS,
		     look_around) != ERR_OK)
		abort();
}

int
gp_plugin_new(struct gp_plugin **pluginp, struct err *err)
{
	struct gp_plugin *plugin = calloc(1, sizeof(*plugin));
	int r;

	if (plugin == NULL)
		return err_set(err, ERR_MEMORY, "no memory for the plugin");
	handshake_prepare();
	grpclog_install();
	r = loop_new(&plugin->loop, err);
	if (r != ERR_OK) {
		free(plugin);
		return r;
	}
	plugin->services = (struct services){ .on_shutdown = on_shutdown,
		.on_stream_end = on_stream_end,
		.arg = plugin };
	services_init(&plugin->services);
	*pluginp = plugin;
	return ERR_OK;
}

struct loop *
gp_plugin_loop(struct gp_plugin *plugin)
{
	return plugin->loop;
}

const char *
gp_plugin_host(const struct gp_plugin *plugin)
{
	return plugin->services.host[0] == '\0' ? NULL : plugin->services.host;
}

static int
serve(struct gp_plugin *plugin, const struct gp_method *const *methods,
    size_t count, struct err *err)
{
	const struct gp_method **all =
	    calloc(count + SERVICES_COUNT, sizeof(struct gp_method *));
	size_t i;
	int r;

	if (all == NULL)
		return err_set(err, ERR_MEMORY, "no memory for the methods");
	for (i = 0; i < SERVICES_COUNT; i++)
		all[i] = &plugin->services.methods[i];
	for (i = 0; i < count; i++)
		all[SERVICES_COUNT + i] = methods[i];
	r = gp_server_new(&plugin->server, plugin->loop, handshake_target(),
	    all, count + SERVICES_COUNT, err);
	free(all);
	return r;
}

int
gp_plugin_run(struct gp_plugin *plugin, const struct gp_method *const *methods,
    size_t count, const struct gp_program *program, struct err *err)
{
	int r;

	plugin->program = program;
	if (loop_timer_set(plugin->loop, &plugin->look, LOOK_AROUND_MS,
		look_around) != ERR_OK)
		return err_set(err, ERR_MEMORY, "no memory for a timer");
	r = handshake_open(err);
	if (r != ERR_OK)
		return r;
	r = serve(plugin, methods, count, err);
	if (r != ERR_OK) {
		handshake_remove();
		return r;
	}
	r = handshake_print(err);
	if (r == ERR_OK)
		r = program->ready(program->arg, err);
	if (r != ERR_OK)
		stop(plugin, "start failed");
	loop_run(plugin->loop);
	gp_server_free(plugin->server);
	plugin->server = NULL;
	handshake_remove();
	return r;
}

void
gp_plugin_free(struct gp_plugin *plugin)
{
	if (plugin == NULL)
		return;
	loop_free(plugin->loop);
	free(plugin);
}
