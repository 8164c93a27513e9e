/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first_use.h - agent IDs that are being given out for the first time
 *
 * With reattest = false an ID is given once.  SPIRE knows of it only after our
 * answer, so an ID that is being decided on, or was given a moment ago, is
 * locked here.  Per process: two servers can still race.  Bounded; belongs to
 * the queue thread.
 */
#ifndef SERVER_FIRST_USE_H
#define SERVER_FIRST_USE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { FIRST_USE_MAX = 16 * 1024, FIRST_USE_KEEP_MS = 60 * 1000 };

struct first_use;

int first_use_new(struct first_use **firstp, struct err *err) MUST_USE;
void first_use_free(struct first_use *first); /* takes NULL */

/* False: it is locked, or there is no room to lock it. */
bool first_use_lock(
    struct first_use *first, struct str agent_id, int64_t now_ms) MUST_USE;

/* Given out: the lock stays for a while.  Or not: it goes. */
void first_use_keep(
    struct first_use *first, struct str agent_id, int64_t now_ms);
void first_use_drop(struct first_use *first, struct str agent_id);

#endif
