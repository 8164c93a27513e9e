/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - SPIRE, seen from a plugin
 *
 * Launches the plugin, dials it, holds the broker and stdio streams open,
 * offers host services, and calls everything SPIRE calls.  Whatever must never
 * happen (a raw log line, output after the handshake, a wrong exit) fails the
 * test at the next wait.  One thread.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <grpc/status.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/broker.h"
#include "host/client.h"
#include "host/fail.h"
#include "host/process.h"

#define METHOD_START_STREAM "/plugin.GRPCBroker/StartStream"
#define METHOD_STDIO        "/plugin.GRPCStdio/StreamStdio"
#define METHOD_SHUTDOWN     "/plugin.GRPCController/Shutdown"
#define METHOD_CHECK        "/grpc.health.v1.Health/Check"
#define METHOD_WATCH        "/grpc.health.v1.Health/Watch"
#define METHOD_INIT         "/spire.service.private.init.v1.Init/Init"
#define METHOD_DEINIT       "/spire.service.private.init.v1.Init/Deinit"
#define METHOD_CONFIGURE    "/spire.service.common.config.v1.Config/Configure"
#define METHOD_VALIDATE     "/spire.service.common.config.v1.Config/Validate"
#define METHOD_ATTEST       "/spire.plugin.server.nodeattestor.v1.NodeAttestor/Attest"
#define METHOD_AID \
	"/spire.plugin.agent.nodeattestor.v1.NodeAttestor/AidAttestation"

#define SERVICE_CONFIG "spire.service.common.config.v1.Config"
#define SERVICE_SERVER "spire.plugin.server.nodeattestor.v1.NodeAttestor"
#define SERVICE_AGENT  "spire.plugin.agent.nodeattestor.v1.NodeAttestor"

enum {
	CALL_MS = 20000, /* what any single answer may take */
	EXIT_MS = 1000,  /* Shutdown to exit; go-plugin kills after 2 s */
};

struct host {
	struct process *process;
	struct client *client;
	grpc_channel *channel;
	struct broker *broker;
	struct call *start_stream, *stdio;
	char address[256];
	char dir[64]; /* of the broker's socket */
};

struct answer {
	grpc_status_code code;
	char text[8192];
};

struct validated {
	struct answer answer;
	bool valid;
	size_t note_count;
	char notes[16384]; /* each followed by a newline */
};

struct attested {
	struct answer answer; /* OK if attributes came, whatever followed */
	bool challenged;
	char challenge[4096]; /* with a NUL behind it */
	char id[2048];
	size_t selector_count;
	char selectors[65536]; /* each followed by a newline */
	bool can_reattest;
};

struct aided {
	struct answer answer; /* OK if a payload, or a response, came */
	size_t n;
	char payload[128 * 1024]; /* with a NUL behind it */
};

/* exec, handshake, dial, broker and stdio streams, ConnInfo. */
struct host *host_open(const struct process_options *o);

/* host_open without the dialling and after. */
struct host *host_launch(const struct process_options *o);
void host_connect(struct host *h);
void host_disconnect(struct host *h); /* ends the streams and the channel */

/* Init as SPIRE's server (agent): the names returned must be the right two. */
void host_init(struct host *h, bool is_server);
struct answer host_try_init(struct host *h, bool is_server); /* may fail */

struct answer host_configure(
    struct host *h, const char *trust_domain, const char *hcl);
void host_validate(struct host *h, const char *trust_domain, const char *hcl,
    struct validated *out);

/* Either of them (they take the same message), in steps. */
struct call *configure_start(struct host *h, const char *method,
    const char *trust_domain, const char *hcl);

/* All of the above, which must succeed; trust domain example.org. */
struct host *host_load(
    const struct process_options *o, bool is_server, const char *hcl);

/* One attestation of the server plugin. */
void host_attest(
    struct host *h, const void *payload, size_t n, struct attested *out);

/* The same in steps: the stream, a message, the outcome. */
struct call *attest_start(
    struct host *h, const struct header *headers, size_t n);
void attest_payload(struct call *c, const void *payload, size_t n);
void attest_response(struct call *c, const void *response, size_t n);
void attest_outcome(struct call *c, struct attested *out, int ms);

/* The agent plugin's payload. */
void host_aid(struct host *h, struct aided *out);
struct call *aid_start(struct host *h);
void aid_outcome(struct call *c, struct aided *out, int ms);
void aid_challenge(struct call *c, const void *challenge, size_t n);
void aid_answer(struct call *c, struct aided *out, int ms); /* to it */

struct answer host_health(struct host *h, const char *service, int *status);
struct answer host_deinit(struct host *h);

/*
 * Shutdown, then exit with 0 within EXIT_MS, both pipes at their end, nothing
 * on standard output, nothing left in TMPDIR.  Returns the milliseconds.
 */
int host_shut_down(struct host *h);

/* Deinit, host_shut_down, host_free. */
void host_unload(struct host *h);

/* Whatever state it is in; checks the log lines. */
void host_free(struct host *h);

/* Wait for n lines whose message holds text; fails the test without them. */
void host_wait_lines(
    struct host *h, const char *level, const char *message, size_t n, int ms);
void host_wait_line(
    struct host *h, const char *level, const char *message, int ms);

/* Fails if the plugin does not answer a health check at once. */
void host_is_alive(struct host *h);

#endif
