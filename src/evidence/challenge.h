/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge.h - the second message of an attestation, server to agent
 *
 * {"version":1,"nonce":"<32 bytes, base64url>","trust_domain":"...",
 *  "server_id":"...","sts_host":"...","region":"...","ttl":30}
 * An unknown, missing, repeated or case-variant member is an error, in both
 * directions also a value outside its grammar.  Pure; any thread.
 */
#ifndef EVIDENCE_CHALLENGE_H
#define EVIDENCE_CHALLENGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "evidence/message.h"

enum { CHALLENGE_MAX = 2 * 1024, CHALLENGE_TTL_MAX = 600 };

struct challenge {
	unsigned char nonce[NONCE_BYTES];
	struct str trust_domain; /* [a-z0-9._-]{1,255} */
	struct str server_id;    /* [A-Za-z0-9._:/-]{1,255} */
	struct str sts_host;     /* the Host header: host, host:port, [v6] */
	struct str region;       /* a DNS label of [a-z0-9-] */
	unsigned ttl;            /* seconds to answer in, from 1 on */
};

/* Append a challenge.  ERR_FORMAT names a member that may not be sent. */
int challenge_encode(
    struct buf *out, const struct challenge *c, struct err *err) MUST_USE;

/*
 * Read a challenge; strings live in the arena or borrow from bytes.
 * ERR_FORMAT and ERR_TOOBIG say what is wrong.
 */
int challenge_decode(struct challenge *c, struct arena *a, struct str bytes,
    struct err *err) MUST_USE;

/*
 * What an agent demands before it signs: trust domain, server_id, STS host
 * and region are, byte for byte, those it would name itself.  ERR_POLICY names
 * the first that differs, both values and the cure.  own's nonce and ttl are
 * not looked at.
 */
int challenge_check(const struct challenge *c, const struct challenge *own,
    struct err *err) MUST_USE;

#endif
