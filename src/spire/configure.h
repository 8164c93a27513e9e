/* SPDX-License-Identifier: Apache-2.0 */
/*
 * configure.h - SPIRE's Init and Config services
 *
 * Sources: spire-plugin-sdk, service/private/init/v1 and
 * service/common/config/v1.  Everything belongs to the queue thread.
 */
#ifndef SPIRE_CONFIGURE_H
#define SPIRE_CONFIGURE_H

#include "base/str.h"
#include "goplugin/server.h"

enum { SPIRE_CONFIG_METHODS = 4 };

struct spire_notes; /* what is wrong with a configuration */

/*
 * Configure loads and takes, Validate loads and drops.  load leaves NULL when
 * it has made notes, or had no memory for any, and has no effect on anything.
 */
struct spire_config_ops {
	void *(*load)(void *arg, struct str trust_domain, struct str text,
	    struct spire_notes *notes);
	void (*take)(void *arg, void *config);
	void (*drop)(void *config);

	/* SPIRE will ask nothing more; Shutdown follows. */
	void (*deinit)(void *arg);
};

struct spire_config {
	const char *attestor; /* full name of the NodeAttestor service */
	const struct spire_config_ops *ops;
	void *arg;
	struct gp_method methods[SPIRE_CONFIG_METHODS];
};

/* attestor, ops and arg are set before. */
void spire_config_init(struct spire_config *config);

/* One complaint; the text is copied and cut to printable ASCII. */
void spire_note(struct spire_notes *notes, const char *text);

#endif
