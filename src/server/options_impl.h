/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_impl.h - what the files of the server's options share
 *
 * options.c: the table, and each value by itself; options_finish.c: values
 * that depend on each other.
 */
#ifndef SERVER_OPTIONS_IMPL_H
#define SERVER_OPTIONS_IMPL_H

#include "server/options.h"

#define SERVER_AGENT_PATH "/aws_fargate_task/{{ .accountID }}/{{ .cluster }}"

/* Where no cluster is proven, and an ID is given once. */
#define SERVER_AGENT_PATH_STS       \
	"/spire/agent/aws_fargate_task/" \
	"{{ .accountID }}/{{ .taskID }}"

/* config_kind's finish; conf is a struct server_config. */
void server_config_finish(void *conf, struct arena *a,
    const struct option_places *places, struct str trust_domain,
    struct problems *problems);

#endif
