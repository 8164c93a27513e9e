/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payload.h - the first message of an attestation, agent to server
 *
 * {"task_metadata":"<JSON text>","selectors":[...],"version":1,
 *  "task_arn":"...","agent_nonce":"<32 bytes, base64url>"}
 * One superset for all modes: the original Go plugins send and read the first
 * two members only.  An unknown, repeated or case-variant member is an error.
 */
#ifndef EVIDENCE_PAYLOAD_H
#define EVIDENCE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "evidence/message.h"

enum { PAYLOAD_MAX = 64 * 1024 };

struct payload {
	struct str task_metadata;    /* JSON text; n == 0: absent */
	const struct str *selectors; /* written by the agent, never read */
	size_t selector_count;
	bool has_version; /* version, task_arn and agent_nonce come together */
	struct str task_arn;
	unsigned char agent_nonce[NONCE_BYTES];
};

/*
 * Append a payload.  Selectors that would take it past PAYLOAD_MAX are left
 * out from the end, since no server believes them; ERR_TOOBIG if the rest
 * alone does.
 */
int payload_encode(
    struct buf *out, const struct payload *p, struct err *err) MUST_USE;

/*
 * Read a payload; strings live in the arena or borrow from bytes.  ERR_FORMAT
 * and ERR_TOOBIG say what is wrong.  selectors are checked to be an array of
 * strings and dropped: nothing the agent lists is believed.
 */
int payload_decode(struct payload *p, struct arena *a, struct str bytes,
    struct err *err) MUST_USE;

#endif
