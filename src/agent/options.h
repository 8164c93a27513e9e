/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the agent plugin's configuration
 *
 * A configuration does not change once it is loaded; an attestation keeps the
 * one it began with.  The count of references belongs to the queue thread.
 */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/check_config.h"
#include "conf/options.h"
#include "conf/problems.h"

#define AGENT_PLUGIN_NAME "aws_fargate_task"

/* Named as the keys, whose meaning the table in options.c tells. */
struct agent_config {
	struct str metadata_endpoint; /* no slash at its end; empty: not set */
	int64_t timeout;              /* ms */
	struct str cluster, region;   /* short name; empty: any */
	struct str credentials_endpoint, sts_endpoint, sts_region;
	struct str server_id; /* the trust domain, if not set */

	struct str trust_domain; /* SPIRE's own; never empty once loaded */
	struct arena arena;      /* of all its strings */
	unsigned refs;
};

extern const struct option_table agent_options;
extern const struct config_kind agent_config_kind;

/*
 * Load text, the HCL or JSON of plugin_data; trust_domain is SPIRE's own.  On
 * success *out has one reference; else it is untouched and problems says all
 * that is wrong.  Every problem is added; ERR_CONFIG or ERR_MEMORY.
 */
int agent_config_load(struct agent_config **out, struct str trust_domain,
    struct str text, struct problems *problems) MUST_USE;

struct agent_config *agent_config_ref(struct agent_config *config);
void agent_config_unref(struct agent_config *config); /* takes NULL */

/* --check-config on standard output and error; returns the exit status. */
int agent_check_config(const char *path);

#endif
