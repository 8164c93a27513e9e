/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/workload.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/support/time.h>
#include <openssl/rand.h>

#include "base/clock.h"
#include "workload/endpoint.h"
#include "workload/workload_impl.h"

enum {
	BACKOFF_MS = 1000,
	BACKOFF_MAX_MS = 30 * 1000,
	DOUBLINGS_MAX = 16,
};

static const char *const methods[WORKLOAD_STREAMS] = {
	[WORKLOAD_SVIDS] = WORKLOAD_FETCH_SVID,
	[WORKLOAD_BUNDLES] = WORKLOAD_FETCH_BUNDLES,
	[WORKLOAD_JWKS] = WORKLOAD_FETCH_JWKS,
};

static int64_t
now_s(void)
{
	return clock_wall_us() / 1000000;
}

/* Under the lock. */
static void
set_connected(struct stream *s, bool connected)
{
	if (s->status.connected == connected && s->status.since != 0)
		return;
	s->status.connected = connected;
	s->status.since = now_s();
}

static void
note_error(struct stream *s, const struct err *err)
{
	(void)pthread_mutex_lock(&s->w->lock);
	s->status.error = *err;
	(void)pthread_mutex_unlock(&s->w->lock);
}

/*
 * What the streams brought, to the source
 */

static int
publish(struct workload *w, struct err *err)
{
	struct bundle_set *bundles =
	    w->bundles != NULL ? w->bundles : w->own_bundles;
	struct snapshot s = { NULL, NULL, NULL };

	if (w->svids != NULL)
		s.svids = svid_set_ref(w->svids);
	if (bundles != NULL)
		s.bundles = bundle_set_ref(bundles);
	if (w->jwks != NULL)
		s.jwks = jwks_set_ref(w->jwks);
	return source_put(w->source, s, err);
}

static void
forget(struct workload *w, enum workload_stream kind)
{
	if (kind == WORKLOAD_SVIDS) {
		svid_set_unref(w->svids);
		bundle_set_unref(w->own_bundles);
		w->svids = NULL;
		w->own_bundles = NULL;
	} else if (kind == WORKLOAD_BUNDLES) {
		bundle_set_unref(w->bundles);
		w->bundles = NULL;
	} else {
		jwks_set_unref(w->jwks);
		w->jwks = NULL;
	}
}

/* Under the lock. */
static void
note_message(struct stream *s)
{
	set_connected(s, true);
	s->status.updated = now_s();
	s->status.updates++;
	s->status.failed = 0;
	memset(&s->status.error, 0, sizeof(s->status.error));
	s->worked = true;
}

/*
 * A good message replaces all; a bad one changes nothing.  Who sees what it
 * brought finds it in the status too: hence one lock around both.
 */
static int
apply(struct stream *s, struct str message, struct err *err)
{
	struct workload *w = s->w;
	struct svid_set *svids = NULL;
	struct bundle_set *bundles = NULL;
	struct jwks_set *jwks = NULL;
	int r;

	if (s->kind == WORKLOAD_SVIDS)
		r = message_svids(&svids, &bundles, message, err);
	else if (s->kind == WORKLOAD_BUNDLES)
		r = message_bundles(&bundles, message, err);
	else
		r = message_jwks(&jwks, message, err);
	if (r != ERR_OK)
		return r;
	forget(w, s->kind);
	if (s->kind == WORKLOAD_SVIDS) {
		w->svids = svids;
		w->own_bundles = bundles;
	} else if (s->kind == WORKLOAD_BUNDLES)
		w->bundles = bundles;
	else
		w->jwks = jwks;
	(void)pthread_mutex_lock(&w->lock);
	r = publish(w, err);
	if (r == ERR_OK)
		note_message(s);
	(void)pthread_mutex_unlock(&w->lock);
	return r;
}

static void
take_message(struct stream *s)
{
	struct err err = { 0 };
	struct buf message;
	int r;

	buf_init(&message, MESSAGE_MAX);
	r = rpc_take(&message, &s->rpc, &err);
	if (r == ERR_OK)
		r = apply(s, buf_str(&message), &err);
	buf_wipe(&message);
	if (r != ERR_OK) {
		(void)err_prefix(&err, "a message was discarded: ");
		note_error(s, &err);
	}
}

/*
 * The streams
 */

static void
open_stream(struct stream *s)
{
	struct workload *w = s->w;

	s->retry_ms = 0;
	s->worked = false;
	(void)pthread_mutex_lock(&w->lock);
	if (!w->stopping) {
		rpc_begin(&s->rpc, w->channel, w->queue, methods[s->kind],
		    STR(""), 0);
		rpc_send(&s->rpc, &s->sent);
		rpc_receive(&s->rpc, &s->received);
		rpc_await_status(&s->rpc, &s->ended);
		s->under_way = 3;
	}
	(void)pthread_mutex_unlock(&w->lock);
}

/* From half of it to all of it, so that a crowd does not come back at once. */
static int64_t
jitter(int64_t delay_ms)
{
	uint32_t random = 0;

	(void)RAND_bytes((unsigned char *)&random, sizeof(random));
	return delay_ms - (int64_t)(random % (uint64_t)(delay_ms / 2 + 1));
}

static int64_t
delay_of(struct stream *s, grpc_status_code status, int64_t now)
{
	struct workload *w = s->w;
	unsigned doublings = s->status.failed > 0 ? s->status.failed - 1 : 0;
	int64_t delay;

	/* "the client SHOULD immediately establish a new connection" (4.2) */
	if (s->worked && status != GRPC_STATUS_PERMISSION_DENIED &&
	    (s->at_once_ms == 0 || now - s->at_once_ms >= w->backoff_max_ms)) {
		s->at_once_ms = now;
		return 0;
	}
	if (doublings > DOUBLINGS_MAX)
		doublings = DOUBLINGS_MAX;
	delay = w->backoff_ms << doublings;
	if (delay > w->backoff_max_ms)
		delay = w->backoff_max_ms;
	return jitter(delay);
}

static void
take_away(struct stream *s)
{
	struct err err = { 0 };

	forget(s->w, s->kind);
	if (publish(s->w, &err) != ERR_OK)
		note_error(s, &err);
}

/* The call is over and nothing of it is under way. */
static void
on_closed(struct stream *s)
{
	struct workload *w = s->w;
	grpc_status_code status = s->rpc.status;
	struct err err = { 0 };
	int64_t now = clock_ms();

	if (rpc_status(&s->rpc, &err) == ERR_OK)
		(void)err_set(&err, ERR_UNAVAILABLE,
		    "the Workload API has ended the stream");
	(void)pthread_mutex_lock(&w->lock);
	rpc_end(&s->rpc);
	set_connected(s, false);
	s->status.error = err;
	/* the end of a stream that had worked is no failed attempt */
	if (!s->worked)
		s->status.failed++;
	s->status.is_final = status == GRPC_STATUS_INVALID_ARGUMENT;
	(void)pthread_mutex_unlock(&w->lock);
	if (status == GRPC_STATUS_PERMISSION_DENIED)
		take_away(s);
	if (status == GRPC_STATUS_INVALID_ARGUMENT)
		source_fail(w->source, &err);
	else
		s->retry_ms = now + delay_of(s, status, now);
}

static void
tag_done(struct stream *s)
{
	if (--s->under_way == 0)
		on_closed(s);
}

static void
on_sent(struct stream *s, bool ok)
{
	(void)ok;
	tag_done(s);
}

static void
on_received(struct stream *s, bool ok)
{
	bool more = false;

	if (ok && s->rpc.in != NULL) {
		take_message(s);
		(void)pthread_mutex_lock(&s->w->lock);
		more = !s->w->stopping;
		if (more)
			rpc_receive(&s->rpc, &s->received);
		(void)pthread_mutex_unlock(&s->w->lock);
	}
	if (!more)
		tag_done(s);
}

static void
on_ended(struct stream *s, bool ok)
{
	(void)ok;
	tag_done(s);
}

/*
 * The thread
 */

static void
open_due(struct workload *w)
{
	int64_t now = clock_ms();
	size_t i;

	for (i = 0; i < WORKLOAD_STREAMS; i++) {
		struct stream *s = &w->streams[i];

		if (s->retry_ms != 0 && s->retry_ms <= now)
			open_stream(s);
	}
}

static gpr_timespec
next_due(const struct workload *w)
{
	gpr_timespec t = gpr_inf_future(GPR_CLOCK_MONOTONIC);
	int64_t due = 0;
	size_t i;

	for (i = 0; i < WORKLOAD_STREAMS; i++) {
		int64_t at = w->streams[i].retry_ms;

		if (at != 0 && (due == 0 || at < due))
			due = at;
	}
	if (due != 0) {
		t.tv_sec = due / 1000;
		t.tv_nsec = (int32_t)(due % 1000) * 1000000;
	}
	return t;
}

static void *
run(void *arg)
{
	struct workload *w = arg;

	for (;;) {
		grpc_event ev;

		open_due(w);
		ev = grpc_completion_queue_next(w->queue, next_due(w), NULL);
		if (ev.type == GRPC_QUEUE_SHUTDOWN)
			return NULL;
		if (ev.type == GRPC_OP_COMPLETE) {
			struct stream_tag *tag = ev.tag;

			tag->fn(tag->stream, ev.success != 0);
		}
	}
}

/* The program's signals are the program's. */
static int
start_thread(struct workload *w, struct err *err)
{
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	r = pthread_create(&w->thread, NULL, run, w);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0)
		return err_set(err, ERR_SYSTEM, "no thread: %s", strerror(r));
	return ERR_OK;
}

/*
 * The client
 */

static void
init_streams(struct workload *w, unsigned wanted)
{
	size_t i;

	if (wanted == 0)
		wanted = 1U << WORKLOAD_SVIDS;
	for (i = 0; i < WORKLOAD_STREAMS; i++) {
		struct stream *s = &w->streams[i];

		s->w = w;
		s->kind = (enum workload_stream)i;
		s->wanted = (wanted & (1U << i)) != 0;
		s->sent = (struct stream_tag){ on_sent, s };
		s->received = (struct stream_tag){ on_received, s };
		s->ended = (struct stream_tag){ on_ended, s };
		s->status.since = now_s();
		/* long past: due at once */
		s->retry_ms = s->wanted ? 1 : 0;
	}
}

static void
release(struct workload *w)
{
	size_t i;

	grpc_completion_queue_destroy(w->queue);
	grpc_channel_destroy(w->channel);
	grpc_shutdown_blocking();
	for (i = 0; i < WORKLOAD_STREAMS; i++)
		forget(w, (enum workload_stream)i);
	source_free(w->source);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

int
workload_open(struct workload **wp, const struct workload_options *options,
    struct err *err)
{
	char target[ENDPOINT_SIZE];
	struct workload *w;
	int r;

	r = endpoint_target(target, options->endpoint, err);
	if (r != ERR_OK)
		return r;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	r = source_new(&w->source, err);
	if (r != ERR_OK) {
		free(w);
		return r;
	}
	list_init(&w->asked);
	(void)pthread_mutex_init(&w->lock, NULL);
	w->backoff_ms =
	    options->backoff_ms > 0 ? options->backoff_ms : BACKOFF_MS;
	w->backoff_max_ms = options->backoff_max_ms > 0
				? options->backoff_max_ms
				: BACKOFF_MAX_MS;
	grpc_init();
	w->channel = rpc_dial(target);
	w->queue = grpc_completion_queue_create_for_next(NULL);
	init_streams(w, options->streams);
	r = start_thread(w, err);
	if (r == ERR_OK) {
		*wp = w;
		return ERR_OK;
	}
	grpc_completion_queue_shutdown(w->queue);
	release(w);
	return r;
}

void
workload_close(struct workload *w)
{
	size_t i;

	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->stopping = true;
	for (i = 0; i < WORKLOAD_STREAMS; i++)
		if (w->streams[i].rpc.call != NULL)
			(void)grpc_call_cancel(w->streams[i].rpc.call, NULL);
	/* no batch begins after this: its starters look at stopping */
	grpc_completion_queue_shutdown(w->queue);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	release(w);
}

struct source *
workload_source(struct workload *w)
{
	return w->source;
}

void
workload_status(struct workload_status *status, struct workload *w,
    enum workload_stream stream)
{
	const struct snapshot *s;

	(void)pthread_mutex_lock(&w->lock);
	s = source_get(w->source);
	*status = w->streams[stream].status;
	(void)pthread_mutex_unlock(&w->lock);
	status->expires = snapshot_expires(s);
	snapshot_unref(s);
}
