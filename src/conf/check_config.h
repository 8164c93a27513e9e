/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_config.h - --check-config of both plugins
 */
#ifndef CONF_CHECK_CONFIG_H
#define CONF_CHECK_CONFIG_H

#include <stdio.h>

#include "conf/options.h"

/*
 * Read path ("-": standard input), the body of plugin_data or a whole
 * server.conf or agent.conf.  Prints the effective settings to out and returns
 * 0, or every problem to complaints and returns 1.
 */
int check_config(const struct config_kind *kind, const char *path, FILE *out,
    FILE *complaints);

#endif
