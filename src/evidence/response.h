/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.h - the third message of an attestation, agent to server
 *
 * {"version":1,"access_key_id":"ASIA...","amz_date":"YYYYMMDDTHHMMSSZ",
 *  "session_token":"...","signature":"<64 hex>"}
 * The parts of a signed request of which the server knows the rest.  An
 * unknown, missing, repeated or case-variant member is an error, in both
 * directions also a value outside its grammar, so that what was read fits
 * into a header of HTTP as it is.  Pure; any thread.
 *
 * session_token is a secret.  No error text quotes a value of a response.
 * The owner of the message wipes it: arena_release(), buf_wipe(), or
 * secret_wipe() on bytes of its own.
 */
#ifndef EVIDENCE_RESPONSE_H
#define EVIDENCE_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	RESPONSE_MAX = 16 * 1024,
	SESSION_TOKEN_MIN = 16,
	SESSION_TOKEN_MAX = 8 * 1024,
	AMZ_DATE_LEN = 16,
	SIGNATURE_LEN = 64,
};

struct response {
	struct str access_key_id; /* ASIA[A-Z0-9]{12,60} */
	struct str amz_date;      /* AMZ_DATE_LEN, a second that exists */
	struct str session_token; /* [A-Za-z0-9+/=], 16 to 8192 */
	struct str signature;     /* SIGNATURE_LEN of [0-9a-f] */
};

/*
 * Append a response.  ERR_FORMAT names a member that may not be sent.  To be
 * wiped after failure too.
 */
int response_encode(
    struct buf *out, const struct response *p, struct err *err) MUST_USE;

/*
 * Read a response; strings live in the arena or borrow from bytes.
 * ERR_FORMAT and ERR_TOOBIG say what is wrong.
 */
int response_decode(struct response *p, struct arena *a, struct str bytes,
    struct err *err) MUST_USE;

/*
 * YYYYMMDDTHHMMSSZ to seconds since 1970, in the calendar of POSIX: no second
 * 60, nothing before 1970.  False if it is no such second.
 */
bool amz_date_seconds(int64_t *seconds, struct str amz_date);

/* Seconds from now, seconds since 1970, to p's date; negative: it is past. */
int64_t response_ahead(const struct response *p, int64_t now);

#endif
