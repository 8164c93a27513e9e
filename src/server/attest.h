/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest.h - one node attestation as the server plugin lives it
 *
 * In order of time: a stream opens; its payload is waited for; it is read and
 * judged; the verdict goes out and ends the stream.  Everything belongs to the
 * queue thread.
 */
#ifndef SERVER_ATTEST_H
#define SERVER_ATTEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/log.h"
#include "loop/loop.h"
#include "server/holders.h"
#include "server/options.h"
#include "spire/attestor_server.h"

enum { PAYLOAD_WAIT_MS = 5000 };

/* What all attestations share. */
struct attestor {
	struct loop *loop;
	struct server_config *config; /* NULL before Configure; ours to unref */
	struct holders *holders;
	struct list waiting; /* for a payload, oldest first */
	size_t in_flight;
	bool stopping;
	struct log_gate believed, shared, refused, crowded;
	struct attestor_server service;
};

/* attestor is zeroed. */
int attestor_init(
    struct attestor *attestor, struct loop *loop, struct err *err) MUST_USE;
void attestor_release(struct attestor *attestor);

/* From here on payloads are answered UNAVAILABLE. */
void attestor_stop(struct attestor *attestor);

/*
 * Take a configuration, and the reference to it; attestations under way keep
 * theirs.
 */
void attestor_configure(
    struct attestor *attestor, struct server_config *config);

#endif
