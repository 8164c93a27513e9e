/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - SHA-256, HMAC-SHA-256 and a comparison, by libcrypto
 *
 * The one file of the room that libcrypto's headers reach.  False: libcrypto
 * has no memory, or no SHA-256.
 */
#ifndef AWS_DIGEST_H
#define AWS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum { DIGEST_BYTES = 32 };

bool digest_sha256(unsigned char out[DIGEST_BYTES], struct str text);

/* out may be key; key_len at most 4096. */
bool digest_hmac(unsigned char out[DIGEST_BYTES], const unsigned char *key,
    size_t key_len, struct str text);

/* In a time that depends on the lengths only. */
bool digest_equal(struct str a, struct str b);

#endif
