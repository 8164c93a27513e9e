/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - what lies between the server plugin and the mock of AWS
 *
 * An HTTP server that passes every request on to the mock and its answer back,
 * byte for byte, so that signatures hold; counts them by operation; and
 * answers, edits, or holds up what a test tells it to.  Operations are
 * "GetCallerIdentity" (with an agent's signature), "whoami" (the same question
 * with the server's own), "AssumeRole", "DescribeTasks",
 * "DescribeTaskDefinition", or "other".
 */
#ifndef CONFORMANCE_WIRE_H
#define CONFORMANCE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/httpd.h"

struct wire;

/*
 * In the JSON of the mock's answer: where (RFC 6901) and the new value, which
 * may be any text, JSON or not; NULL takes the member away.
 */
struct wire_edit {
	const char *at, *value;
};

/* The first that fits a request is applied; strings live as long as it. */
struct wire_rule {
	const char *operation;    /* NULL: any */
	size_t skip, times;       /* not the first of them; 0: all from there */
	const char *only;         /* NULL: any; text that its body holds */
	const struct wire_edit *edits; /* ended by at == NULL */
	int status;               /* or this answer, not the mock's: */
	const char *type, *body;  /* type NULL: no Content-Type */
	httpd_fn *handler;        /* or whatever it does, r->arg being arg: */
	void *arg;
	bool hold;                /* first wait for wire_let_go() */
};

struct wire *wire_start(uint16_t mock_port);
void wire_stop(struct wire *w); /* lets go, too */

const char *wire_url(const struct wire *w);
const char *wire_host(const struct wire *w); /* the Host header's value */

void wire_add(struct wire *w, const struct wire_rule *rule);
void wire_be_honest(struct wire *w); /* forget all rules, let go */
void wire_let_go(struct wire *w);

/* So far; NULL: of all operations. */
size_t wire_count(struct wire *w, const char *operation);
size_t wire_held(struct wire *w);                        /* now */
size_t wire_peak(struct wire *w); /* most requests at the same time */

/* Head and body of the last one; false if there was none. */
bool wire_last(struct wire *w, const char *operation, char *out, size_t size);

#endif
