/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestor_agent.h - the agent side's NodeAttestor service: AidAttestation
 *
 * Source: spire-plugin-sdk, plugin/agent/nodeattestor/v1.  SPIRE opens the
 * stream and sends nothing: the plugin speaks first, then answers challenges,
 * until SPIRE cancels.  Everything belongs to the queue thread.
 */
#ifndef SPIRE_ATTESTOR_AGENT_H
#define SPIRE_ATTESTOR_AGENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "goplugin/server.h"

#define SPIRE_AGENT_ATTESTOR "spire.plugin.agent.nodeattestor.v1.NodeAttestor"

struct aid_ops {
	void (*begin)(struct gp_call *call, void *arg);
	/*
	 * What gp_read() brought: a challenge (may be empty, is borrowed), or
	 * NULL: none will come, or it was not understood.
	 */
	void (*challenge)(struct gp_call *call, const struct str *challenge);
	void (*cancelled)(struct gp_call *call);
	void (*end)(struct gp_call *call);
};

struct attestor_agent {
	const struct aid_ops *ops;
	void *arg;
	struct gp_method method;
};

/* ops and arg are set before. */
void attestor_agent_init(struct attestor_agent *attestor);

/* False without memory: nothing was sent. */
bool aid_send_payload(struct gp_call *call, struct str payload);

/* The answer to a challenge; the bytes are wiped here once they are sent. */
bool aid_send_response(struct gp_call *call, struct str response);

/* code is one of err.h. */
void aid_refuse(struct gp_call *call, int code, const char *text);

#endif
