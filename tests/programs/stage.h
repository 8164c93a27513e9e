/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - an agent, an authority and the real programs, for one test
 *
 * The agent is tests/workload's fake; the programs are those that were built,
 * as children.  Everything here ends the test when it fails, or takes longer
 * than STAGE_WAIT_MS.
 */
#ifndef TESTS_PROGRAMS_STAGE_H
#define TESTS_PROGRAMS_STAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/ssl.h>

#include "base/buf.h"
#include "workload/certs.h"
#include "workload/fake_agent.h"

enum { STAGE_WAIT_MS = 20 * 1000, STAGE_FILES_MAX = 8 };

#define HOME "home.test"
#define API_ID "spiffe://home.test/api-service"
#define DEMO_ID "spiffe://home.test/demo-app"
#define CLI_ID "spiffe://home.test/cli-client"

/* Until it is true. */
#define UNTIL(condition) \
	do { \
		int64_t end_ = clock_ms() + STAGE_WAIT_MS; \
		while (!(condition)) { \
			ck_assert_msg(clock_ms() < end_, "%s", #condition); \
			(void)usleep(2000); \
		} \
	} while (0)

extern struct cert stage_home; /* the authority of home.test */
extern char stage_folder[64];

void stage_setup(void);
void stage_teardown(void); /* ends every program and agent */

/* An agent that gives this identity, by a leaf of home. */
struct fake_agent *stage_agent(const char *id);
struct fake_agent *stage_agent_at(const char *path);
void stage_agent_stop(struct fake_agent *agent); /* before the end */

/* Its leaf from now on: any certificate, by any authority. */
void stage_give(struct fake_agent *agent, const char *id,
    const struct cert *leaf, const struct cert *bundle, bool push);
void stage_rotate(struct fake_agent *agent, const char *id);

/* A file in the folder; the text may be NULL.  Returns its path. */
const char *stage_file(const char *name, const char *text);

struct child {
	pid_t pid; /* 0: none */
	int out, err;
	char url[96];    /* where it listens */
	char health[96]; /* and where for /health */
};

/*
 * program: "demo-app" and its like; agent NULL: none is set.  args end in
 * NULL.
 */
struct child *stage_start(const char *program, struct fake_agent *agent,
    const char *const *args);
/* Read the lines that say where it listens. */
void stage_ready(struct child *c, bool has_health);
/* All output, and the exit status. */
int stage_end(struct child *c, struct buf *out, struct buf *err);
void stage_signal(struct child *c, int number);
/* A line of /proc/PID/status, such as "VmRSS:". */
long stage_memory_kb(const struct child *c, const char *which);

/*
 * At no time was there 15 MB of resident memory, with all libraries, nor is
 * there 3 MB of its own.  Prints them; a sanitizer's build is never small.
 */
void stage_is_small(const struct child *c, const char *name);

/* api-service that allows demo-app and cli-client. */
struct child *stage_api(struct fake_agent *agent);

/*
 * A server in a thread of the test, that answers whatever it is asked with
 * these bytes and hangs up: over TLS with this leaf, asking nobody for theirs,
 * or (NULL) plainly.  One at a time; the URL is its own.
 */
const char *stage_serve(const struct cert *leaf, const char *answer);

/* A raw connection to the port of "http://..." or "https://...". */
int stage_connect(const char *url);
void stage_send(int fd, const char *text, size_t n);

/* Until the peer ends the connection, or the length that it says is there. */
int stage_read_answer(int fd, struct buf *out);
bool stage_is_hung_up(int fd);

/* One request on a connection of its own; returns the status. */
int stage_ask(const char *url, const char *request, struct buf *out);
int stage_get(const char *url, const char *path, struct buf *out);

/*
 * One request over TLS by this certificate (NULL: none), which believes in
 * everybody: what matters is what the server says.  0: no answer, and *why is
 * what OpenSSL says.
 */
int stage_tls_get(const char *url, const char *path, const struct cert *leaf,
    struct buf *out, char why[128]);

#endif
