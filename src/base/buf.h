/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - a growing buffer with a ceiling
 *
 * An append that fails (ceiling, memory) marks the buffer as failed and every
 * later append does nothing, so a writer checks once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct buf {
	char *p; /* NULL while empty */
	size_t n;
	size_t cap;
	size_t max;
	int code; /* ERR_OK, ERR_TOOBIG or ERR_MEMORY */
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b); /* frees; the buffer can be used again */
void buf_wipe(struct buf *b);    /* zeroes what it held, then frees */
void buf_clear(struct buf *b);   /* empty again, memory kept, no error */

/* Room for n more bytes, which are known to come. */
void buf_reserve(struct buf *b, size_t n);

void buf_add(struct buf *b, struct str s);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ERR_OK, or the first append that failed; err names the ceiling. */
int buf_check(const struct buf *b, struct err *err) MUST_USE;

struct str buf_str(const struct buf *b); /* borrowed until the next append */

/* The content with a NUL behind it; NULL if that cannot be had. */
const char *buf_text(struct buf *b);

#endif
