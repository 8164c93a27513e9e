/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

static atomic_int log_fd = STDERR_FILENO;

/* The lines of one thread, until it has nothing better to do. */
static struct {
	pthread_t owner;
	atomic_bool on;
	size_t n;
	char p[LOG_GATHER_MAX];
} gathered;

/*
 * TAIL is kept for the end of a line whose fields did not all fit.  A message
 * of MESSAGE_MAX bytes fits even if every one grows to six.
 */
enum { TAIL = 64, MESSAGE_MAX = 1024 };

struct line {
	char p[LOG_LINE_MAX];
	size_t n;
	bool full;
};

static void
put(struct line *l, const char *p, size_t n)
{
	if (l->full || n > sizeof(l->p) - TAIL - l->n) {
		l->full = true;
		return;
	}
	memcpy(l->p + l->n, p, n);
	l->n += n;
}

static void
put_text(struct line *l, const char *text)
{
	put(l, text, strlen(text));
}

/* How many bytes at the begin of s go out as they are. */
static size_t
plain_length(struct str s)
{
	size_t n;

	for (n = 0; n < s.n; n++)
		if (s.p[n] < 0x20 || s.p[n] >= 0x7f || s.p[n] == '"' ||
		    s.p[n] == '\\')
			break;
	return n;
}

/* One character of s, escaped; returns how many bytes of s it took. */
static size_t
put_char(struct line *l, struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	char esc[8];
	uint32_t cp;
	size_t n;

	if (c == '"' || c == '\\') {
		esc[0] = '\\';
		esc[1] = (char)c;
		put(l, esc, 2);
		return 1;
	}
	if (c >= 0x20 && c < 0x7f) {
		put(l, s.p, 1);
		return 1;
	}
	n = utf8_decode(&cp, s.p, s.n);
	if (n > 1) {
		put(l, s.p, n);
		return n;
	}
	(void)snprintf(esc, sizeof(esc), "\\u%04x", n == 1 ? c : 0xfffd);
	put(l, esc, 6);
	return 1;
}

static void
put_string(struct line *l, struct str s, size_t max)
{
	bool cut = s.n > max;

	s = str_sub(s, 0, max);
	put(l, "\"", 1);
	while (s.n > 0 && !l->full) {
		size_t n = plain_length(s);

		if (n > 0)
			put(l, s.p, n);
		else
			n = put_char(l, s);
		s = str_sub(s, n, s.n);
	}
	put_text(l, cut ? "...\"" : "\"");
}

static void
put_field(struct line *l, const struct log_field *f)
{
	size_t mark = l->n;
	char num[24];
	struct str value = f->s;

	if (f->type == LOG_INT) {
		(void)snprintf(num, sizeof(num), "%lld", (long long)f->i);
		value = str_of(num);
	}
	if (value.n == 0)
		return;
	put(l, ",", 1);
	put_string(l, str_of(f->key), LOG_VALUE_MAX);
	put(l, ":", 1);
	put_string(l, value, LOG_VALUE_MAX);
	if (l->full)
		l->n = mark;
}

/* A pipe takes more than PIPE_BUF in parts: one writer at a time. */
static void
write_all(const char *p, size_t n)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	size_t done = 0;
	int saved = errno;

	(void)pthread_mutex_lock(&one);
	while (done < n) {
		ssize_t w = write(log_fd, p + done, n - done);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			break;
		done += (size_t)w;
	}
	(void)pthread_mutex_unlock(&one);
	errno = saved;
}

static bool
is_gathering(void)
{
	return atomic_load(&gathered.on) &&
	       pthread_equal(gathered.owner, pthread_self()) != 0;
}

static void
put_line(const struct line *l)
{
	if (!is_gathering()) {
		write_all(l->p, l->n);
		return;
	}
	if (l->n > sizeof(gathered.p) - gathered.n)
		log_flush();
	memcpy(gathered.p + gathered.n, l->p, l->n);
	gathered.n += l->n;
}

void
log_gather(void)
{
	gathered.owner = pthread_self();
	atomic_store(&gathered.on, true);
}

void
log_flush(void)
{
	size_t n = gathered.n;

	gathered.n = 0;
	if (n > 0)
		write_all(gathered.p, n);
}

bool
log_is_pending(void)
{
	return gathered.n > 0;
}

void
log_write(enum log_level level, const char *msg, const struct log_field *fields,
    size_t n)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	/* not on the stack, where it would be zeroed for each line */
	static _Thread_local struct line l;
	char stamp[CLOCK_STAMP_SIZE];
	size_t i;

	l.n = 0;
	l.full = false;
	clock_stamp(stamp, clock_wall_us());
	put_text(&l, "{\"@level\":\"");
	put_text(&l, names[level]);
	put_text(&l, "\",\"@message\":");
	put_string(&l, str_of(msg), MESSAGE_MAX);
	put_text(&l, ",\"@timestamp\":\"");
	put_text(&l, stamp);
	put_text(&l, "\"");
	for (i = 0; i < n && !l.full; i++)
		put_field(&l, &fields[i]);
	if (l.full) {
		memcpy(l.p + l.n, ",\"log_line\":\"cut\"", 17);
		l.n += 17;
	}
	memcpy(l.p + l.n, "}\n", 2);
	l.n += 2;
	put_line(&l);
}

bool
log_gate_open_for(struct log_gate *g, unsigned lines, int64_t now_ms,
    int64_t every_ms, uint64_t *held)
{
	if (now_ms >= g->next_ms) {
		g->next_ms = now_ms + every_ms;
		g->lines = 0;
	}
	if (g->lines >= lines) {
		g->held++;
		return false;
	}
	g->lines++;
	*held = g->held;
	g->held = 0;
	return true;
}

bool
log_gate_open(
    struct log_gate *g, int64_t now_ms, int64_t every_ms, uint64_t *held)
{
	return log_gate_open_for(g, 1, now_ms, every_ms, held);
}

void
log_set_fd(int fd)
{
	log_fd = fd;
}
