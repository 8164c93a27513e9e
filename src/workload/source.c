/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/source.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"

struct counted {
	atomic_uint refs;
	struct snapshot s;
};

struct source {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct counted *newest;
	struct err failure; /* code ERR_OK: none */
	int fd;
};

static void
release_parts(struct snapshot *s)
{
	svid_set_unref(s->svids);
	bundle_set_unref(s->bundles);
	jwks_set_unref(s->jwks);
}

void
snapshot_unref(const struct snapshot *snapshot)
{
	struct counted *c;

	if (snapshot == NULL)
		return;
	c = container_of((uintptr_t)snapshot, struct counted, s);
	if (atomic_fetch_sub(&c->refs, 1) > 1)
		return;
	release_parts(&c->s);
	free(c);
}

static int
counted_new(struct counted **cp, struct snapshot s, struct err *err)
{
	struct counted *c = malloc(sizeof(*c));

	if (c == NULL) {
		release_parts(&s);
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	atomic_init(&c->refs, 1);
	c->s = s;
	*cp = c;
	return ERR_OK;
}

static int
init_sync(struct source *source)
{
	pthread_condattr_t attr;
	int r;

	if (pthread_condattr_init(&attr) != 0)
		return ERR_MEMORY;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	r = pthread_cond_init(&source->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (r != 0)
		return ERR_MEMORY;
	if (pthread_mutex_init(&source->lock, NULL) == 0)
		return ERR_OK;
	(void)pthread_cond_destroy(&source->changed);
	return ERR_MEMORY;
}

int
source_new(struct source **sourcep, struct err *err)
{
	struct source *source = calloc(1, sizeof(*source));
	struct snapshot none = { NULL, NULL, NULL };

	if (source == NULL || init_sync(source) != ERR_OK) {
		free(source);
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	source->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (source->fd < 0) {
		int r = err_set(err, ERR_SYSTEM, "eventfd: no descriptor left");

		source_free(source);
		return r;
	}
	if (counted_new(&source->newest, none, err) != ERR_OK) {
		source_free(source);
		return ERR_MEMORY;
	}
	*sourcep = source;
	return ERR_OK;
}

void
source_free(struct source *source)
{
	if (source == NULL)
		return;
	if (source->newest != NULL)
		snapshot_unref(&source->newest->s);
	if (source->fd >= 0)
		(void)close(source->fd);
	(void)pthread_mutex_destroy(&source->lock);
	(void)pthread_cond_destroy(&source->changed);
	free(source);
}

const struct snapshot *
source_get(struct source *source)
{
	struct counted *c;

	(void)pthread_mutex_lock(&source->lock);
	c = source->newest;
	atomic_fetch_add(&c->refs, 1);
	(void)pthread_mutex_unlock(&source->lock);
	return &c->s;
}

int64_t
snapshot_expires(const struct snapshot *snapshot)
{
	int64_t first = 0;
	size_t i;

	for (i = 0; i < svid_set_count(snapshot->svids); i++) {
		int64_t t = svid_set_at(snapshot->svids, i)->expires;

		if (i == 0 || t < first)
			first = t;
	}
	return first;
}

/* Under the lock.  The counter may be full: then it is readable anyway. */
static void
announce(struct source *source)
{
	(void)pthread_cond_broadcast(&source->changed);
	(void)eventfd_write(source->fd, 1);
}

int
source_put(struct source *source, struct snapshot s, struct err *err)
{
	struct counted *c, *old;
	int r;

	r = counted_new(&c, s, err);
	if (r != ERR_OK)
		return r;
	(void)pthread_mutex_lock(&source->lock);
	old = source->newest;
	source->newest = c;
	announce(source);
	(void)pthread_mutex_unlock(&source->lock);
	snapshot_unref(&old->s);
	return ERR_OK;
}

void
source_fail(struct source *source, const struct err *err)
{
	assert(err->code != ERR_OK);
	(void)pthread_mutex_lock(&source->lock);
	source->failure = *err;
	announce(source);
	(void)pthread_mutex_unlock(&source->lock);
}

int
source_fd(const struct source *source)
{
	return source->fd;
}

void
source_heed(struct source *source)
{
	eventfd_t n;

	(void)eventfd_read(source->fd, &n);
}

static unsigned
missing(const struct snapshot *s, unsigned what)
{
	return what & ((s->svids == NULL ? SOURCE_SVIDS : 0U) |
			  (s->bundles == NULL ? SOURCE_BUNDLES : 0U) |
			  (s->jwks == NULL ? SOURCE_JWKS : 0U));
}

static struct timespec
moment(int64_t timeout_ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(timeout_ms / 1000);
	t.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

int
source_wait(
    struct source *source, unsigned what, int64_t timeout_ms, struct err *err)
{
	struct timespec until = moment(timeout_ms);
	int waited = 0;
	int r = ERR_OK;

	(void)pthread_mutex_lock(&source->lock);
	while (missing(&source->newest->s, what) != 0 && waited != ETIMEDOUT &&
	       source->failure.code == ERR_OK)
		waited = pthread_cond_timedwait(
		    &source->changed, &source->lock, &until);
	if (missing(&source->newest->s, what) == 0)
		r = ERR_OK;
	else if (source->failure.code != ERR_OK)
		r = err_set(err, source->failure.code, "%s",
		    source->failure.msg);
	else
		r = err_set(err, ERR_TIMEOUT,
		    "the Workload API gave no %s within %lld ms",
		    missing(&source->newest->s, what) & SOURCE_SVIDS
			? "X.509-SVID"
			: "bundle",
		    (long long)timeout_ms);
	(void)pthread_mutex_unlock(&source->lock);
	return r;
}
