/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims.h - google.protobuf.Struct to JSON
 */
#ifndef WORKLOAD_CLAIMS_H
#define WORKLOAD_CLAIMS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { CLAIMS_DEPTH_MAX = 16 };

/*
 * Append the object that an encoded Struct is.  ERR_FORMAT: not one, nested
 * too deep, or with a number that JSON cannot say.  out may hold a part then.
 */
int claims_write(struct buf *out, struct str encoded, struct err *err) MUST_USE;

#endif
