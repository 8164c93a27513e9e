/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stamp.h - times as AWS's services spell them, in UTC
 *
 * Microseconds since 1970; fractions of a second are left out.
 */
#ifndef MOCK_STAMP_H
#define MOCK_STAMP_H

#include <stdint.h>

#include "base/str.h"

enum { STAMP_ISO_SIZE = 21, STAMP_AMZ_SIZE = 17 };

void stamp_iso(char out[STAMP_ISO_SIZE], int64_t us); /* 2026-01-15T16:18:20Z */
void stamp_amz(char out[STAMP_AMZ_SIZE], int64_t us); /* 20260115T161820Z */

/* Of what sigv4_is_amz_date() says yes to. */
int64_t stamp_amz_us(struct str s);

#endif
