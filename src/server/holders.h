/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holders.h - which task was last given an agent ID
 *
 * A bounded memory, per process and lost with it.  IDs are told apart by all
 * of their bytes, and an ID is pushed out only by HOLDERS_MAX others that were
 * asked for or taken after it.  It belongs to the queue thread.
 */
#ifndef SERVER_HOLDERS_H
#define SERVER_HOLDERS_H

#include "base/err.h"
#include "base/str.h"

/* HOLDER_TASK_MAX: the longest ARN of a task that task/arn.h lets pass. */
enum { HOLDERS_MAX = 1024, HOLDER_TASK_MAX = 442 };

struct holders;

int holders_new(struct holders **holdersp, struct err *err) MUST_USE;
void holders_free(struct holders *holders); /* takes NULL */

/*
 * The task that holds the ID, or the empty string.  Borrowed until the next
 * call.
 */
struct str holders_find(struct holders *holders, struct str agent_id);

/*
 * The task, an ARN or an ID, takes the agent ID.  Returns the task that held
 * it before, if another did and is remembered; else the empty string.
 * Borrowed until the next call.  Neither is longer than AGENT_ID_MAX,
 * HOLDER_TASK_MAX.
 */
struct str holders_take(
    struct holders *holders, struct str agent_id, struct str task);

#endif
