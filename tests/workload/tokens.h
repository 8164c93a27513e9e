/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.h - JWT-SVIDs and JWK Sets of every kind, made for one test
 */
#ifndef TESTS_WORKLOAD_TOKENS_H
#define TESTS_WORKLOAD_TOKENS_H

#include <openssl/evp.h>

#include "base/buf.h"

/* "RS256" and its like: a key that fits. */
EVP_PKEY *token_key(const char *alg);

/* header and payload as given, signed as alg says; into out, cleared. */
void token_sign(struct buf *out, const char *alg, EVP_PKEY *key,
    const char *header, const char *payload);

/* The usual one: alg, kid and typ; sub, aud and exp. */
void token_make(struct buf *out, const char *alg, EVP_PKEY *key,
    const char *kid, const char *sub, const char *aud, int64_t exp);

/* Append {"kty":...}; more: further members, with a comma before, or "". */
void token_jwk(struct buf *out, EVP_PKEY *key, const char *more);

#endif
