/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture.h - the two plugins under test, and what they are fed
 *
 * The programs are those of this build, or what the variables server_plugin
 * and agent_plugin name.
 */
#ifndef CONFORMANCE_FIXTURE_H
#define CONFORMANCE_FIXTURE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/host.h"
#include "testing.h"

#define ACCOUNT  "123456789012"
#define TASK_ID  "0123456789abcdef0123456789abcdef"
#define TASK_ARN "arn:aws:ecs:us-east-1:" ACCOUNT ":task/my-cluster/" TASK_ID
#define NONCE    "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"

/* What every server configuration here begins with. */
#define METADATA_MODE "verification = \"metadata\"\n"

/* For loop tests over both plugins: i = 0 server, 1 agent. */
struct plugin {
	const char *name; /* of the program */
	bool is_server;
	const char *config; /* one that is accepted */
	const char *bad_config;
};
extern const struct plugin plugins[2];

struct process_options plugin_options(const struct plugin *p);

/* host_load for either, in one line. */
struct host *load_server(const char *config);
struct host *load_agent(const char *config);
struct host *load(const struct plugin *p);

/* Has this call of the plugin been answered OK, as its kind demands? */
void attests(struct host *h, const struct plugin *p);

/*
 * The metadata of a Fargate task, with members replaced: name, JSON text of
 * the value (NULL removes), ..., NULL.  The result lives until a few more
 * calls of these functions.
 */
const char *metadata(const char *name, ...) __attribute__((sentinel));

/* The payload of the original Go plugin around a metadata text. */
const char *payload_of(const char *metadata_text);

/* That around the plain metadata: what any server here accepts. */
const char *good_payload(void);

/* Our own agent's payload; members replaced as above. */
const char *payload(const char *name, ...) __attribute__((sentinel));

/* text of that many bytes, made of c. */
const char *run_of(char c, size_t n);

/* printf into the same pool. */
const char *print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Attest and expect OK. */
void must_attest(struct host *h, const char *payload, struct attested *out);

/* Attest and expect a code and the beginning of the text. */
void must_refuse(struct host *h, const void *payload, size_t n,
    grpc_status_code code, const char *text);

/* Configure and expect OK, or a refusal that contains text. */
void must_configure(struct host *h, const char *config);
void must_not_configure(struct host *h, const char *config, const char *text);

/* "a\nb\n" holds the line "a". */
bool has_line(const char *list, const char *line);
bool begins(const char *text, const char *with);

/* A suite of one case, its timeout stretched for this build. */
TCase *new_case(Suite *s, const char *name, int seconds);
int run_tests(Suite *s);

#endif
