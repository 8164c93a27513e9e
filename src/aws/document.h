/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.h - JSON documents with keys in them, as AWS's endpoints give them
 *
 * Pure.  No error text quotes the document.
 */
#ifndef AWS_DOCUMENT_H
#define AWS_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/keys.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "json/json.h"

enum { DOCUMENT_MAX = 64 * 1024 };

/* "2026-11-22T03:04:05Z", with a fraction or not, or seconds as a number. */
bool document_time(int64_t *seconds, struct json v);

/*
 * The document of a container's credentials or of an instance's: AccessKeyId,
 * SecretAccessKey, Token, Expiration; RoleArn, Code and Message as there are.
 * Unknown members are ignored, repeated ones refused.  ERR_UPSTREAM; also
 * without Token, with a Code other than "Success", or expired by now_s.
 */
int document_keys(struct aws_keys **keysp, struct str body, const char *source,
    int64_t now_s, struct err *err) MUST_USE;

#endif
