/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traced.h - is this a build with a sanitizer that watches the process?
 *
 * It is slower, and traces its own process at the end to find leaks.
 */
#ifndef BASE_TRACED_H
#define BASE_TRACED_H

#include <stdbool.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TRACED true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TRACED true
#endif
#ifndef TRACED
#define TRACED false
#endif

#endif
