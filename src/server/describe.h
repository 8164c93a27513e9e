/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe.h - --describe TASK_ARN: what a task would become, asked of ECS
 *
 * A process of its own, with its own loop.  Nothing is proven: the task is
 * taken to hold the credentials of its own role.
 */
#ifndef SERVER_DESCRIBE_H
#define SERVER_DESCRIBE_H

/*
 * config_path: as of --check-config, or NULL for the defaults.  Prints agent
 * ID and selectors, or why the task would be refused, which is exit status 1.
 */
int server_describe(const char *task_arn, const char *config_path);

#endif
