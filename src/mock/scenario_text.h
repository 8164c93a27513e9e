/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_text.h - scenario text to libconfuse's sections and values
 *
 * Which sections and keys there are is said here; what a value may be is not.
 * A key that is unknown, or set twice in a section, a name that two sections
 * of a kind share, and a text that ends too early are errors.  Inside the
 * room only; main thread only, since libconfuse keeps globals.
 */
#ifndef MOCK_SCENARIO_TEXT_H
#define MOCK_SCENARIO_TEXT_H

#include <confuse.h>

#include "base/err.h"
#include "base/str.h"

/* A value as it stands in the text. */
struct scenario_value {
	int line;
	const char *key;
	struct str text;
	char bytes[]; /* the same with a NUL */
};

/*
 * ERR_CONFIG names file and line.  The caller frees *cfgp with cfg_free().
 * The line of a section is the one that ends it.
 */
int scenario_text_parse(
    cfg_t **cfgp, struct str text, const char *file, struct err *err) MUST_USE;

/* The only, or the first, value of a key; NULL if it has none. */
const struct scenario_value *scenario_value(cfg_t *sec, const char *key);
const struct scenario_value *scenario_value_at(
    cfg_t *sec, const char *key, size_t i);

/* Set "FILE:LINE: SECTION 'NAME': ..."; always ERR_CONFIG. */
int scenario_bad(cfg_t *sec, const char *file, int line, struct err *err,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
