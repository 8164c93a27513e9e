/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_form.h - refuses JSON that HCL 1 would read less of than is written
 *
 * HCL 1 stops quietly at a missing comma, looks at nothing behind the closing
 * brace, and passes over true, false, null and brackets inside a list: a list
 * of allowed accounts could shrink to none, and none means all.
 */
#ifndef CONF_JSON_FORM_H
#define CONF_JSON_FORM_H

#include "base/err.h"
#include "base/str.h"

/*
 * ERR_OK for text whose first byte that is not white space is no '{', since
 * that is not JSON to HCL 1, and for JSON of RFC 8259's form whose lists hold
 * strings, numbers and objects only.  A comma before a closing bracket is
 * allowed.  ERR_CONFIG's sentence begins "line:column: ".
 */
int json_form_check(struct str text, struct err *err) MUST_USE;

#endif
