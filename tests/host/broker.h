/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker.h - the host services that SPIRE offers to a plugin
 *
 * A gRPC server on a Unix socket of its own, answering Metrics with Empty and
 * AgentStore as told, counting both.  Runs on the client's queue, so it answers
 * while the test waits for something.
 */
#ifndef HOST_BROKER_H
#define HOST_BROKER_H

#include <grpc/status.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/client.h"
#include "host/services.h"

struct broker;

/* dir: where the socket goes, owned by the caller. */
struct broker *broker_new(struct client *cl, const char *dir);
void broker_free(struct broker *b); /* before the client */

const char *broker_address(const struct broker *b);

/*
 * What AgentStore/GetAgentInfo answers from now on.  OK: every agent is known.
 * SPIRE says FAILED_PRECONDITION until it has started, NOT_FOUND for an agent
 * it does not know.
 */
void broker_set_agent_store(struct broker *b, grpc_status_code code);

/* What Metrics answers from now on, having taken the figure; OK at first. */
void broker_set_metrics(struct broker *b, grpc_status_code code);

/* Held: GetAgentInfo is not answered until this is called with false. */
void broker_hold_agent_store(struct broker *b, bool held);

/* What the two services know and were told. */
struct services *broker_services(const struct broker *b);

size_t broker_metrics(const struct broker *b); /* calls so far */
size_t broker_lookups(const struct broker *b);
const char *broker_last_agent(const struct broker *b); /* asked for */

#endif
