/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - bytes that must not outlive their use
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

/* Zero n bytes, NULL for none; the compiler may not leave it out. */
void secret_wipe(void *p, size_t n);

#endif
