/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h - UTF-8 as RFC 3629 has it: no surrogates, no overlong forms
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decode the character at p of n bytes.  Returns its length, 1 to 4, and sets
 * *cp; returns 0 if the bytes there are not a whole valid character.
 */
size_t utf8_decode(uint32_t *cp, const char *p, size_t n);

/* Write cp (a scalar value) into p, which has 4 bytes; returns its length. */
size_t utf8_encode(char p[4], uint32_t cp);

bool utf8_is_valid(const char *p, size_t n);

/* Cut an incomplete character from the end of a NUL-terminated text. */
void utf8_trim(char *text);

#endif
