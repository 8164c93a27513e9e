/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - what payload, challenge and response have in common
 *
 * Each is one JSON object of exactly the members its reader wants, with
 * "version":1, the integer token.  For the files of this room.
 */
#ifndef EVIDENCE_MESSAGE_H
#define EVIDENCE_MESSAGE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "json/json.h"

enum { NONCE_BYTES = 32 };

#define MESSAGE_VERSION "1"

/*
 * Read the members of a message of at most max bytes.  name is "payload" and
 * the like.  ERR_FORMAT, ERR_TOOBIG.
 */
int message_open(const struct json_want *want, size_t n, struct str bytes,
    const char *name, size_t max, struct err *err) MUST_USE;

/* sender, "agent" or "server", is blamed in the sentence. */
int message_check_version(
    struct json version, const char *sender, struct err *err) MUST_USE;

/* Canonical base64url of NONCE_BYTES; out is unspecified on failure. */
int message_take_nonce(unsigned char out[NONCE_BYTES], struct json v,
    const char *name, struct arena *a, struct err *err) MUST_USE;

void message_write_nonce(
    struct buf *out, const char *name, const unsigned char nonce[NONCE_BYTES]);

#endif
