/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imds.h - credentials of an EC2 instance, by version 2 of its metadata service
 *
 * A token is put, the role's name got, then its keys; where the token is
 * refused, another is put, once.  Version 1, which needs no token, is not
 * fallen back to.  No proxy, no redirect.  Everything belongs to the queue
 * thread.
 */
#ifndef AWS_IMDS_H
#define AWS_IMDS_H

#include "aws/keys.h"
#include "base/err.h"
#include "loop/http.h"

struct imds_fetch;

/* As container_fn. */
typedef void imds_fn(
    void *arg, int r, struct aws_keys *keys, const struct err *err);

/*
 * ERR_MISSING: AWS_EC2_METADATA_DISABLED is "true".  ERR_CONFIG:
 * AWS_EC2_METADATA_SERVICE_ENDPOINT is neither the link-local address nor this
 * host.  done: ERR_MISSING when nobody answers, or the instance has no role.
 */
int imds_fetch_start(struct imds_fetch **fetchp, struct http *http,
    imds_fn *done, void *arg, struct err *err) MUST_USE;
void imds_fetch_cancel(struct imds_fetch *fetch);

#endif
