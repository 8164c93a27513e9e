/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - AWS keys, shared by those who sign with them
 *
 * Immutable, counted, wiped when the last reference goes.  The count belongs
 * to the queue thread.
 */
#ifndef AWS_KEYS_H
#define AWS_KEYS_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct aws_keys {
	struct str access_key_id, secret;
	struct str token;    /* n == 0: long-term keys */
	struct str role_arn; /* of container credentials; else empty */
	int64_t expires_s;   /* seconds since 1970; 0: never */
	const char *source;  /* a constant for logs: "environment" ... */
	unsigned refs;
};

/*
 * Strings are copied.  Each must be within SigV4's grammar and bounds
 * (sigv4_check_credentials()): ERR_FORMAT else.  *keysp has one reference.
 */
int aws_keys_new(struct aws_keys **keysp, const struct aws_keys *value,
    struct err *err) MUST_USE;
struct aws_keys *aws_keys_ref(struct aws_keys *keys);
void aws_keys_unref(struct aws_keys *keys); /* takes NULL */

#endif
