/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duration.h - durations as Go's time.ParseDuration reads them
 *
 * SPIRE's users write "30s", "1m30s", "1.5h", "100ms".  Pure.
 */
#ifndef CONF_DURATION_H
#define CONF_DURATION_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/*
 * In milliseconds, cut towards zero.  ERR_CONFIG's sentence is Go's, byte for
 * byte but for its length: `time: invalid duration "x"`.
 */
int duration_parse(int64_t *ms, struct str text, struct err *err) MUST_USE;

/* The shortest whole number of one unit: "100ms", "90s", "2m", "1h". */
void duration_format(struct buf *out, int64_t ms);

#endif
