/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - a configuration as the judge sees it, and as AWS's room does
 *
 * Both borrow from the configuration.
 */
#ifndef SERVER_POLICY_H
#define SERVER_POLICY_H

#include "aws/aws.h"
#include "server/judge.h"
#include "server/options.h"

void policy_of(struct judge_policy *policy, const struct server_config *config);
void access_of(
    struct aws_settings *settings, const struct server_config *config);

#endif
