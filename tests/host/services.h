/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services.h - what SPIRE's host services know and remember
 *
 * The messages and the memory behind broker.h, no socket: AgentStore's agents
 * and the figures that Metrics was told.  One thread.
 */
#ifndef HOST_SERVICES_H
#define HOST_SERVICES_H

#include <grpc/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct services;

struct services *services_new(void);
void services_free(struct services *s);

/*
 * AgentStore
 */

/* This agent is in the store, whatever is said of the others. */
void services_know(struct services *s, const char *agent_id);

/*
 * Answer a GetAgentInfo of n bytes: others is what is said of an agent that
 * services_know() has not named.  reply has room for reply_n bytes; the count
 * of them goes there.
 */
grpc_status_code services_look_up(struct services *s, grpc_status_code others,
    const void *request, size_t n, void *reply, size_t *reply_n);
const char *services_last_agent(const struct services *s); /* asked for */

/*
 * Metrics
 */

struct recorded {
	const char *method; /* "IncrCounter", "SetGauge", "AddSample" */
	char key[256];      /* "a.b" */
	char labels[256];   /* "name=value,name=value" as they came */
	double value;
	int64_t at_ms; /* now_ms() */
};

/* method is the last part of the path; false if Metrics has no such one. */
bool services_record(
    struct services *s, const char *method, const void *request, size_t n);

size_t services_count(const struct services *s);
const struct recorded *services_metric(const struct services *s, size_t i);

/*
 * Over all of this method and key that have this label ("name=value"; NULL:
 * any): how many came, and the sum of their values.
 */
size_t services_told(const struct services *s, const char *method,
    const char *key, const char *label, double *sum);

#endif
