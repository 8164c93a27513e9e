/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_config.h - a configuration's file, and --check-config of both plugins
 */
#ifndef CONF_CHECK_CONFIG_H
#define CONF_CHECK_CONFIG_H

#include <stdio.h>

#include "conf/options.h"

/*
 * Read path as check_config() does into conf, which was zeroed and is kind's
 * struct; NULL: the defaults.  Strings live in the arena.  SPIRE's trust
 * domain is known only if path is its whole configuration.  ERR_CONFIG: every
 * problem was printed to complaints.
 */
int config_load(void *conf, const struct config_kind *kind,
    struct arena *strings, const char *path, FILE *complaints) MUST_USE;

/*
 * Read path ("-": standard input), the body of plugin_data or a whole
 * server.conf or agent.conf.  Prints the effective settings to out and returns
 * 0, or every problem to complaints and returns 1.
 */
int check_config(const struct config_kind *kind, const char *path, FILE *out,
    FILE *complaints);

#endif
