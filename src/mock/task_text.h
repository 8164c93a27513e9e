/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task_text.h - a posted task in the language of the scenario
 *
 * {"name": "web", "count": 2, "tags": {"Team": "red"}} becomes
 * task 'web' { count = '2' tags = { 'Team=red' } }, which the scenario's
 * reader then holds to its grammar: there is one list of keys and bounds.
 */
#ifndef MOCK_TASK_TEXT_H
#define MOCK_TASK_TEXT_H

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Append the text.  ERR_CONFIG: not an object, no "name", a member whose name
 * could be none of the language, a value that is no string, number, boolean,
 * list of strings or object of strings, a NUL in a string.
 */
int task_text_format(
    struct buf *out, struct json_object *o, struct err *err) MUST_USE;

#endif
