/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enc.h - hex and unpadded base64url (RFC 4648 section 5), strict
 */
#ifndef BASE_ENC_H
#define BASE_ENC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define BASE64URL_SIZE(n) (((n)*4 + 2) / 3 + 1) /* with the NUL */

/* Lower case, NUL-terminated: out has 2n + 1 bytes. */
void hex_encode(char *out, const void *in, size_t n);

/* out has BASE64URL_SIZE(n) bytes. */
void base64url_encode(char *out, const void *in, size_t n);

/*
 * Decode exactly n bytes.  False on padding, another alphabet, another length
 * or bits set beyond the last byte; out is then unspecified.
 */
bool base64url_decode(void *out, size_t n, struct str in);

#endif
