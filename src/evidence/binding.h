/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding.h - what ties a signed request to one attestation
 *
 * The header x-spire-fargate-binding: "v1." and the base64url of SHA-256 over
 * these strings, each behind its length as u32, big endian:
 * "spire-aws-fargate/v1", trust domain, plugin name, server_id, task ARN, STS
 * host, server nonce, agent nonce.  Each side makes it from its own view, and
 * AWS checks that the agent signed the server's.  Pure; any thread.
 */
#ifndef EVIDENCE_BINDING_H
#define EVIDENCE_BINDING_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "evidence/message.h"

#define BINDING_HEADER "x-spire-fargate-binding"

enum {
	BINDING_SIZE = 47, /* of the header's value, with the NUL */
	BINDING_STRING_MAX = 4096,
};

struct binding {
	struct str trust_domain;
	struct str plugin_name;
	struct str server_id;
	struct str task_arn;
	struct str sts_host; /* exactly the Host header */
	unsigned char server_nonce[NONCE_BYTES];
	unsigned char agent_nonce[NONCE_BYTES];
};

/*
 * The header's value.  ERR_TOOBIG for a string of more than
 * BINDING_STRING_MAX; ERR_MEMORY or ERR_SYSTEM when libcrypto cannot hash.
 */
int binding_value(
    char out[BINDING_SIZE], const struct binding *b, struct err *err) MUST_USE;

/* In a time that depends on the lengths only. */
bool binding_equal(struct str a, struct str b);

#endif
