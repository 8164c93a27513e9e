/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - JSON lines on standard error, in the shape go-plugin reads
 *
 * A line is one object with "@level", "@message" and "@timestamp" as strings
 * and our fields, at most LOG_LINE_MAX bytes, never in parts; a non-string in one of the three would end the host.  Any thread may log.
 * Messages are constants; data are fields; every byte is escaped here.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { LOG_LINE_MAX = 8192, LOG_VALUE_MAX = 2048 };

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Values go out as JSON strings: SPIRE turns numbers into floats. */
struct log_field {
	const char *key;
	struct str s;
	int64_t i;
	enum { LOG_STR, LOG_INT } type;
};

#define F_STR(k, v) \
	((struct log_field){ .key = (k), .s = (v), .type = LOG_STR })
#define F_TEXT(k, v) F_STR(k, str_of(v))
#define F_INT(k, v) \
	((struct log_field){ .key = (k), .i = (int64_t)(v), .type = LOG_INT })

/* A field with an empty string is left out. */
void log_write(enum log_level level, const char *msg,
    const struct log_field *fields, size_t n);

#define LOG_CALL(level, msg, ...)                                        \
	log_write(level, msg, (const struct log_field[]){ __VA_ARGS__ }, \
	    sizeof((const struct log_field[]){ __VA_ARGS__ }) /          \
		sizeof(struct log_field))

/* At least one field each; F_STR("", STR("")) is none. */
#define log_debug(msg, ...) LOG_CALL(LOG_DEBUG, msg, __VA_ARGS__)
#define log_info(msg, ...)  LOG_CALL(LOG_INFO, msg, __VA_ARGS__)
#define log_warn(msg, ...)  LOG_CALL(LOG_WARN, msg, __VA_ARGS__)
#define log_error(msg, ...) LOG_CALL(LOG_ERROR, msg, __VA_ARGS__)
#define LOG_NO_FIELD        F_STR("", STR(""))

/*
 * At most `lines` lines, or one, in every_ms.  Zero it before use; one thread
 * owns it.  True if the line may go out; *held is how many were held back
 * since.
 */
struct log_gate {
	int64_t next_ms;
	unsigned lines; /* since every_ms before that */
	uint64_t held;
};
bool log_gate_open_for(struct log_gate *g, unsigned lines, int64_t now_ms,
    int64_t every_ms, uint64_t *held);
bool log_gate_open(
    struct log_gate *g, int64_t now_ms, int64_t every_ms, uint64_t *held);

/*
 * From here on the lines of the calling thread gather, and go out together
 * when log_flush() is called there or LOG_GATHER_MAX is reached: a reader that
 * is woken for each line costs more than the line.  Lines of other threads go
 * out at once.
 */
enum { LOG_GATHER_MAX = 32 * 1024 };
void log_gather(void);
void log_flush(void);

/* Are there lines that log_flush() would write?  On that thread. */
bool log_is_pending(void);

/* Tests read lines from another descriptor. */
void log_set_fd(int fd);

#endif
