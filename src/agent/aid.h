/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aid.h - one node attestation as the agent plugin lives it
 *
 * In order of time: SPIRE opens a stream; the task metadata is fetched; the
 * payload is sent; unless the server believes that, a challenge comes, is held
 * to what this agent knows, and answered once with the task's credentials;
 * SPIRE cancels.  Everything belongs to the queue thread.
 */
#ifndef AGENT_AID_H
#define AGENT_AID_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/options.h"
#include "loop/http.h"
#include "loop/loop.h"
#include "spire/attestor_agent.h"

/* At once; SPIRE itself asks for one at a time. */
enum { AIDS_MAX = 1024 };

/* What all attestations share. */
struct aider {
	struct loop *loop;
	struct http *http; /* NULL before the start and after the end */
	struct agent_config *config; /* NULL before Configure; ours to unref */
	size_t in_flight;
	struct attestor_agent service;
};

/* aider is zeroed. */
void aider_init(struct aider *aider, struct loop *loop);
void aider_release(struct aider *aider);

/* Start to fetch.  libcurl's start is slow: not before the handshake. */
int aider_start(struct aider *aider, struct err *err) MUST_USE;

/*
 * Take a configuration, and the reference to it; attestations under way keep
 * theirs.
 */
void aider_configure(struct aider *aider, struct agent_config *config);

/* Every fetch under way is answered, with UNAVAILABLE; none starts. */
void aider_stop(struct aider *aider);

#endif
