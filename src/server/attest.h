/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest.h - node attestations as the server plugin lives them
 *
 * In order of time: a stream opens; its payload is waited for, read and held
 * against the policy; a challenge goes out and its answer is waited for; STS
 * says who signed it, ECS what the task is; who else may hold the agent ID is
 * asked; the verdict goes out and ends the stream.  In "metadata" the verdict
 * follows the payload.  Everything belongs to the queue thread.
 *
 * Reasons beside those of judge.h:
 *
 *   unconfigured stopping busy   not a matter of this attestation
 *   no_response   the challenge was not answered, or not in time
 *   repeated      something came after the answer
 *   cancelled     the agent, or SPIRE, has gone
 *   sts ecs       AWS did not answer, or not as AWS does
 *   aws_access    the server's own keys: none for that account, or refused
 *   holder        the agent ID is another live task's, or that is not known
 *   first_use     it was given once already, or that is not known
 */
#ifndef SERVER_ATTEST_H
#define SERVER_ATTEST_H

#include <stdbool.h>
#include <stddef.h>

#include "aws/aws.h"
#include "base/list.h"
#include "base/log.h"
#include "loop/http.h"
#include "loop/loop.h"
#include "server/first_use.h"
#include "server/holders.h"
#include "server/options.h"
#include "spire/attestor_server.h"
#include "spire/host.h"

enum { PAYLOAD_WAIT_MS = 5000 };

/* What all attestations share. */
struct attestor {
	struct loop *loop;
	struct spire_host *host;
	struct aws_observer observer;
	struct http *http; /* NULL: AWS has not been asked yet, or the end */
	struct server_config *config; /* NULL before Configure; ours to unref */
	struct aws *aws;              /* as config says; NULL in "metadata" */
	struct holders *holders;
	struct first_use *first_use;
	struct list waiting;    /* for a payload, oldest first */
	struct list challenged; /* for an answer, oldest first */
	struct list proving;    /* for AWS or SPIRE */
	size_t in_flight;
	bool stopping;
	struct log_gate believed, shared, refused, crowded, upstream;
	struct attestor_server service;
};

/* attestor is zeroed. */
int attestor_init(struct attestor *attestor, struct loop *loop,
    struct spire_host *host, struct err *err) MUST_USE;
void attestor_release(struct attestor *attestor);

/* From here on payloads are answered UNAVAILABLE. */
void attestor_stop(struct attestor *attestor);

/* The end has begun: those that wait for AWS too are, and HTTP ends. */
void attestor_end(struct attestor *attestor);

/* A configuration, and AWS as it sees it. */
struct setup {
	struct server_config *config;
	struct aws *aws;
};

/*
 * Takes the reference to config in any case.  What has no effect yet but may
 * fail is done here: certificates, the HTTP thread.
 */
int setup_new(struct setup **setupp, struct attestor *attestor,
    struct server_config *config, struct err *err) MUST_USE;
void setup_free(struct setup *setup); /* takes NULL */

/* Take it; attestations under way keep what they began with. */
void attestor_configure(struct attestor *attestor, struct setup *setup);

#endif
