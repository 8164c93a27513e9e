/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hcl_go.h - what Go's hcl.Decode makes of a text, as encoding/json prints it
 *
 * The target is a map[string]interface{}: a key's value takes its type from
 * its first appearance, objects become lists of maps, and a later appearance
 * must fit that type.
 */
#ifndef TOOLS_HCL_GO_H
#define TOOLS_HCL_GO_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "conf/hcl.h"

/* Append root as JSON.  ERR_CONFIG's sentence begins "line:column: ". */
int hcl_go_print(struct buf *out, const struct hcl_value *root, struct arena *a,
    struct err *err) MUST_USE;

#endif
