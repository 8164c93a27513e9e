/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - messages of the Workload API, put together field by field
 *
 * Not by the code under test, and so that any field can be missing or wrong.
 */
#ifndef TESTS_WORKLOAD_WIRE_H
#define TESTS_WORKLOAD_WIRE_H

#include "base/buf.h"
#include "certs.h"

/* A field of bytes. */
void wire_put(struct buf *out, unsigned field, struct str bytes);

/* An entry of a map, or a message, inside of field. */
void wire_put_entry(
    struct buf *out, unsigned field, struct str key, struct str value);

struct wire_svid {
	struct str id, chain, key, bundle, hint; /* empty: left out */
};
void wire_put_svid(struct buf *out, const struct wire_svid *svid);

/* One SVID with its key and the bundle of its authority. */
void wire_put_leaf(struct buf *out, const char *id, const struct cert *leaf,
    const struct cert *authority, const char *hint);

#endif
