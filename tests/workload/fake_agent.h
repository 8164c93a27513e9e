/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_agent.h - a Workload API server in the test's own process
 *
 * It refuses a call without the security header, as the specification wants,
 * and else answers each method as it was told to.
 */
#ifndef TESTS_WORKLOAD_FAKE_AGENT_H
#define TESTS_WORKLOAD_FAKE_AGENT_H

#include "base/buf.h"

enum fake_method {
	FAKE_SVIDS,
	FAKE_BUNDLES,
	FAKE_JWTS,
	FAKE_JWKS,
	FAKE_VALIDATE,
	FAKE_METHODS,
};

struct fake_agent;

/* On a path, "/tmp/..."; or on 127.0.0.1 and a free port, with NULL. */
struct fake_agent *fake_start(const char *path);
void fake_stop(struct fake_agent *agent); /* cuts every call off */
const char *fake_endpoint(const struct fake_agent *agent);

/* What a call gets when it comes. */
struct fake_answer {
	struct str message; /* copied; p NULL: none */
	bool ends;          /* with status, at once; else it stays open */
	int status;
	const char *text; /* a constant */
};
void fake_set(struct fake_agent *agent, enum fake_method method,
    struct fake_answer answer);

/* To every call of the method that is open; returns how many. */
unsigned fake_push(
    struct fake_agent *agent, enum fake_method method, struct str message);
unsigned fake_end(
    struct fake_agent *agent, enum fake_method method, int status);

unsigned fake_calls(struct fake_agent *agent, enum fake_method method);
unsigned fake_open(struct fake_agent *agent, enum fake_method method);
unsigned fake_without_header(struct fake_agent *agent);

/* The last request of the method, into an empty buffer. */
void fake_request(
    struct fake_agent *agent, enum fake_method method, struct buf *out);

#endif
