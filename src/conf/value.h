/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - one value of a configuration, by the rules of its option
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/options.h"

/* Put the default into the option's field of out; ERR_MEMORY only. */
int value_preset(void *out, const struct option *opt, struct arena *a) MUST_USE;

/*
 * Put v into the option's field of out, or leave that as it is and add why to
 * problems.
 */
void value_assign(void *out, const struct option *opt, struct arena *a,
    const struct hcl_value *v, struct problems *problems);

/* "key = value" and a newline. */
void value_print(struct buf *out, const struct option *opt, const void *conf);

#endif
