/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestor_server.h - the server side's NodeAttestor service: Attest
 *
 * Source: spire-plugin-sdk, plugin/server/nodeattestor/v1.  One stream is one
 * attestation.  SPIRE sees a status only while it waits for us, and never ends
 * a stream but by cancelling it.  Everything belongs to the queue thread.
 */
#ifndef SPIRE_ATTESTOR_SERVER_H
#define SPIRE_ATTESTOR_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "goplugin/server.h"

#define SPIRE_SERVER_ATTESTOR "spire.plugin.server.nodeattestor.v1.NodeAttestor"

enum spire_request {
	SPIRE_PAYLOAD,
	SPIRE_CHALLENGE_RESPONSE,
	SPIRE_NOT_UNDERSTOOD, /* no AttestRequest, or an empty one */
	SPIRE_NO_MORE,        /* the host has half-closed or gone */
};

/* Answer with attest_accept() or attest_refuse(), once. */
struct attest_ops {
	void (*begin)(struct gp_call *call, void *arg);
	/* what gp_read() brought; bytes are borrowed */
	void (*request)(
	    struct gp_call *call, enum spire_request kind, struct str bytes);
	void (*end)(struct gp_call *call);
};

struct attestor_server {
	const struct attest_ops *ops;
	void *arg;
	struct gp_method method;
};

/* ops and arg are set before. */
void attestor_server_init(struct attestor_server *attestor);

/* Valid UTF-8, at most 255 bytes each: SPIRE drops a message that is not. */
struct agent_attributes {
	struct str spiffe_id;
	const struct str *selectors;
	size_t selector_count;
	bool can_reattest;
};

/*
 * Says the attributes and ends the stream.  False without memory: nothing was
 * said, and the stream waits for attest_refuse().
 */
bool attest_accept(struct gp_call *call,
    const struct agent_attributes *attributes) MUST_USE;

/*
 * Sends a challenge; gp_read() brings what follows.  False without memory:
 * nothing was sent.
 */
bool attest_challenge(struct gp_call *call, struct str challenge) MUST_USE;

/*
 * The address that SPIRE saw its caller under, from the metadata
 * x-forwarded-client-ip (SPIRE 1.15.2 on): how many of that name came; *value
 * is the first, borrowed as long as the call.
 */
size_t attest_client_ip(struct str *value, struct gp_call *call);

/* code is one of err.h. */
void attest_refuse(struct gp_call *call, int code, const char *text);

#endif
