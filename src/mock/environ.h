/* SPDX-License-Identifier: Apache-2.0 */
/*
 * environ.h - the environment that ECS gives the containers of a task
 */
#ifndef MOCK_ENVIRON_H
#define MOCK_ENVIRON_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mock/scenario.h"

/*
 * Append NAME=VALUE lines for the task that who names, by name or ID, and for
 * its first container; TASK/CONTAINER names another one.  base is the mock's
 * URL without a slash at its end.  ERR_MISSING says what is not there.
 */
int environ_format(struct buf *out, const struct scenario *s, struct str who,
    const char *base, struct err *err) MUST_USE;

#endif
