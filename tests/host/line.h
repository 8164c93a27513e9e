/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.h - one line of a plugin's standard error, as go-plugin would read it
 *
 * Stricter than go-plugin, which logs what it cannot read as raw text: here
 * that is a fault, because a raw line may forge SPIRE's log and a non-string
 * "@level", "@message" or "@timestamp" ends SPIRE.
 */
#ifndef HOST_LINE_H
#define HOST_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum { LINE_MAX_BYTES = 64 * 1024 };

struct line {
	char *raw;     /* NUL-terminated, without the line's end */
	char level[8]; /* "" if the line could not be read */
	char *message; /* "" likewise */
};

/*
 * Read text[0..n).  Returns NULL, or what is wrong with it as a constant; the
 * line is filled in either way and keeps a copy.
 */
const char *line_read(struct line *line, const char *text, size_t n);
void line_release(struct line *line);

/* A field's text in out; false if the line has no such field. */
bool line_field(
    const struct line *line, const char *key, char *out, size_t size);

#endif
