/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.h - JSON, and XML of the same shape, straight into a buffer
 *
 * For answers of hundreds of kilobytes, of which a load test asks hundreds.
 * Keys are constants; in an array, and for the root, they are NULL.  An XML
 * document has neither arrays nor a key that is NULL.
 */
#ifndef MOCK_WRITER_H
#define MOCK_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct writer {
	struct buf *out;
	bool xml;
	bool comma;     /* a member was written at this depth */
	unsigned depth; /* of XML elements */
};

void writer_init(struct writer *w, struct buf *out, bool xml);

void writer_open(struct writer *w, const char *key); /* an object */
void writer_close(struct writer *w, const char *key);
void writer_open_list(struct writer *w, const char *key);
void writer_close_list(struct writer *w);

/* Valid UTF-8. */
void writer_str(struct writer *w, const char *key, struct str s);
void writer_text(struct writer *w, const char *key, const char *text);
void writer_print(struct writer *w, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))); /* up to 1023 bytes */
void writer_int(struct writer *w, const char *key, int64_t n);
void writer_bool(struct writer *w, const char *key, bool is_true);
void writer_null(struct writer *w, const char *key); /* no XML */

/* Seconds since 1970 with their fraction: 1768472345.61 */
void writer_time(struct writer *w, const char *key, int64_t us);

/* The same as AWS's query services write it: 1.768472345E9 */
void writer_time_scientific(struct writer *w, const char *key, int64_t us);

#endif
