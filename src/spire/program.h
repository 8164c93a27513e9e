/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - main() of a plugin: the command line, or SPIRE's life cycle
 *
 * SPIRE passes no arguments and a cookie; a person passes arguments or wonders
 * why nothing happens.
 */
#ifndef SPIRE_PROGRAM_H
#define SPIRE_PROGRAM_H

#include "base/err.h"
#include "goplugin/server.h"
#include "loop/loop.h"
#include "spire/configure.h"
#include "spire/host.h"

/* What a plugin does when a person runs it: --NAME VALUE, or --NAME. */
struct errand {
	const char *name;
	const char *value; /* how the help calls it; NULL: takes none */
	const char *help;  /* one line */
	/* config_path: of --config, or NULL; returns the exit status */
	int (*run)(const char *value, const char *config_path);
};

struct program {
	const char *name;     /* of the binary and its man page, section 8 */
	const char *side;     /* "server" or "agent" */
	const char *attestor; /* full name of the NodeAttestor service */
	int (*check_config)(const char *path); /* prints; returns exit code */
	const struct errand *errands;          /* a NULL name ends; or NULL */

	/* All on the queue thread, in order of time; arg goes to each. */
	void *arg;
	int (*init)(void *arg, struct loop *loop, struct spire_host *host,
	    struct err *err);
	const struct gp_method *(*method)(void *arg); /* after init */
	const struct spire_config_ops *config;
	int (*ready)(void *arg, struct err *err); /* the handshake is out */
	void (*stopping)(void *arg);              /* see goplugin/plugin.h */
	void (*release)(void *arg); /* also after an init that failed */
};

/* The whole of main(). */
int program_main(const struct program *program, int argc, char **argv);

#endif
