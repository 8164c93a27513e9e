/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spire_conf.h - find a node attestor's settings in SPIRE's configuration
 *
 * Knows server.conf and agent.conf as SPIRE's pkg/common/catalog/config.go
 * reads them, in HCL or JSON: plugins { NodeAttestor "NAME" { plugin_data { }
 * or plugin_data_file = "" } }.  Pure; borrows from the tree.
 */
#ifndef CONF_SPIRE_CONF_H
#define CONF_SPIRE_CONF_H

#include <stdbool.h>

#include "base/str.h"
#include "conf/hcl.h"
#include "conf/problems.h"

enum { SPIRE_CONF_PATH_MAX = 1024 };

struct spire_conf {
	struct str trust_domain; /* of server { } or agent { }; may be empty */
	const struct hcl_value
	    *data;            /* the HCL_OBJECT of plugin_data, or NULL */
	struct str data_file; /* printable; empty if there is none */
};

/* A whole configuration, and not the body of plugin_data. */
bool spire_conf_is_whole(const struct hcl_value *root);

/*
 * side is "server" or "agent".  What SPIRE would refuse, or silently ignore,
 * is added to problems; then *out is what was found all the same.
 */
void spire_conf_find(struct spire_conf *out, const struct hcl_value *root,
    const char *side, const char *plugin_name, struct problems *problems);

#endif
