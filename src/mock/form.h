/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.h - application/x-www-form-urlencoded, strictly
 */
#ifndef MOCK_FORM_H
#define MOCK_FORM_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { FORM_FIELDS_MAX = 64 };

struct form {
	struct {
		struct str name, value; /* decoded, in the arena */
	} fields[FORM_FIELDS_MAX];
	size_t count;
};

/*
 * ERR_FORMAT: a '%' without two hex digits, a byte that has to be encoded, a
 * field without a name or without '=', a repeated name, text that is not
 * printable UTF-8.  ERR_TOOBIG: too many fields.
 */
int form_parse(
    struct form *f, struct arena *a, struct str text, struct err *err) MUST_USE;

struct str form_value(const struct form *f, const char *name); /* or {NULL} */

#endif
