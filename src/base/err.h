/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - the one error model: 0 or a negative code, and one sentence
 *
 * A function that can fail returns ERR_OK or a negative code.  Its optional
 * last parameter takes the code and a sentence for a person; the first error
 * wins.  Outputs are untouched on failure.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

#define ERR_TABLE(X)                            \
	X(ERR_OK, 0, "ok")                      \
	X(ERR_MEMORY, -1, "out of memory")      \
	X(ERR_FORMAT, -2, "malformed")          \
	X(ERR_TOOBIG, -3, "too big")            \
	X(ERR_CONFIG, -4, "bad configuration")  \
	X(ERR_NOT_NOW, -5, "not possible now")  \
	X(ERR_POLICY, -6, "not allowed")        \
	X(ERR_UNAVAILABLE, -7, "not available") \
	X(ERR_BUSY, -8, "too busy")             \
	X(ERR_TIMEOUT, -9, "timed out")         \
	X(ERR_CANCELLED, -10, "cancelled")      \
	X(ERR_MISSING, -11, "not found")        \
	X(ERR_UPSTREAM, -12, "unusable answer") \
	X(ERR_SYSTEM, -13, "system error")      \
	X(ERR_INTERNAL, -14, "internal error")  \
	X(ERR_UNIMPLEMENTED, -15, "not supported")

enum err_code {
#define X(name, value, text) name = (value),
	ERR_TABLE(X)
#undef X
};

enum { ERR_MSG_MAX = 240 };

/* Zero it before use; it owns nothing. */
struct err {
	int code;
	char msg[ERR_MSG_MAX]; /* cut at a whole UTF-8 character */
};

#define MUST_USE __attribute__((warn_unused_result))

/*
 * Record code and sentence, unless err is NULL or holds an error already.
 * Returns code, so that "return err_set(err, ERR_FORMAT, ...)" is one line.
 * Foreign bytes in the arguments must have passed str_clean() or be ASCII.
 */
int err_set(struct err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put context before the sentence that is there; keeps the code. */
int err_prefix(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The constant text of a code, for logs; never NULL. */
const char *err_text(int code);

#endif
