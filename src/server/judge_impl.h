/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge_impl.h - what the judge's two files share
 */
#ifndef SERVER_JUDGE_IMPL_H
#define SERVER_JUDGE_IMPL_H

#include <stdbool.h>

#include "server/judge.h"

/* Name what failed, before the sentence that says how.  Returns r. */
int judge_failed(struct err *err, int r, const char **reason, const char *word,
    const char *what);

bool judge_is_listed(const struct str_list *list, struct str value);

#endif
