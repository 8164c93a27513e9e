/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/delivery.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	COPY_MAX = 8 * 1024, /* more is handed over, not copied */
	FLOOD_CHUNK = 64 * 1024,
};

struct job {
	struct list in_jobs;
	struct evhttp_request *req;
	struct event *timer;
	struct answer answer;
	bool is_head, is_begun;
	size_t sent, end; /* of the body */
	uint64_t flood;   /* still to come */
};

static bool
add_headers(struct evhttp_request *req, const struct answer *a, uint64_t length)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)length);
	if ((a->type != NULL &&
		evhttp_add_header(headers, "Content-Type", a->type) != 0) ||
	    evhttp_add_header(headers, "Content-Length", text) != 0 ||
	    (a->allow[0] != '\0' &&
		evhttp_add_header(headers, "Allow", a->allow) != 0))
		return false;
	for (size_t i = 0; i < a->header_count; i++) {
		if (evhttp_add_header(
			headers, a->headers[i].name, a->headers[i].value) != 0)
			return false;
	}
	return true;
}

static void
free_bytes(const void *bytes, size_t n, void *arg)
{
	(void)bytes;
	(void)n;
	free(arg);
}

/* A long body changes hands. */
static bool
add_body(struct evbuffer *out, struct answer *a)
{
	struct buf *b = &a->body;

	if (b->n <= COPY_MAX)
		return evbuffer_add(out, b->p, b->n) == 0;
	if (evbuffer_add_reference(out, b->p, b->n, free_bytes, b->p) != 0)
		return false;
	buf_init(b, 0);
	return true;
}

/* libevent sends a body with HEAD if it is given one. */
static void
send_whole(struct evhttp_request *req, struct answer *a, bool is_head)
{
	struct evbuffer *out = evbuffer_new();

	if (out == NULL || !add_headers(req, a, a->body.n) ||
	    (!is_head && !add_body(out, a)))
		evhttp_send_error(req, HTTP_INTERNAL, NULL);
	else
		evhttp_send_reply(req, a->status, NULL, out);
	if (out != NULL)
		evbuffer_free(out);
}

static void
job_free(struct job *j)
{
	list_remove(&j->in_jobs);
	if (j->timer != NULL)
		event_free(j->timer);
	answer_release(&j->answer);
	free(j);
}

/* A request that its connection left behind is ours to free. */
static void
on_close(struct evhttp_connection *conn, void *arg)
{
	struct job *j = arg;

	(void)conn;
	if (evhttp_request_get_connection(j->req) == NULL)
		evhttp_request_free(j->req);
	job_free(j);
}

static void
job_end(struct job *j)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(j->req);

	if (conn != NULL)
		evhttp_connection_set_closecb(conn, NULL, NULL);
	job_free(j);
}

/* Its connection goes, and the request with it. */
static void
hang_up(struct job *j)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(j->req);

	job_end(j);
	if (conn != NULL)
		evhttp_connection_free(conn);
}

static void
wait_for(struct job *j, int64_t ms)
{
	const struct timeval pause = { (time_t)(ms / 1000),
		(suseconds_t)(ms % 1000 * 1000) };

	if (event_add(j->timer, &pause) != 0)
		hang_up(j);
}

static void
on_flushed(struct evhttp_connection *conn, void *arg)
{
	struct job *j = arg;

	(void)conn;
	wait_for(j, j->sent < j->end ? j->answer.delivery.drip_ms : 0);
}

/* The next bytes; on_flushed() when they are out. */
static void
send_some(struct job *j)
{
	static const char noise[FLOOD_CHUNK];
	struct evbuffer *out = evbuffer_new();
	size_t n = j->end - j->sent;
	bool is_fine = out != NULL;

	if (n > 0) {
		if (j->answer.delivery.drip_ms > 0)
			n = 1;
		is_fine = is_fine &&
			  evbuffer_add(out, j->answer.body.p + j->sent, n) == 0;
		j->sent += n;
	} else {
		n = j->flood < FLOOD_CHUNK ? (size_t)j->flood : FLOOD_CHUNK;
		is_fine = is_fine && evbuffer_add_reference(
					 out, noise, n, NULL, NULL) == 0;
		j->flood -= n;
	}
	if (is_fine)
		evhttp_send_reply_chunk_with_cb(j->req, out, on_flushed, j);
	if (out != NULL)
		evbuffer_free(out);
	if (!is_fine)
		hang_up(j);
}

static bool
job_begin(struct job *j)
{
	struct answer *a = &j->answer;

	j->is_begun = true;
	if (!add_headers(j->req, a, a->body.n + a->delivery.flood))
		return false;
	evhttp_send_reply_start(j->req, a->status, NULL);
	return true;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct job *j = arg;
	const struct delivery *d = &j->answer.delivery;
	struct evhttp_request *req = j->req;

	(void)fd;
	(void)what;
	if (d->drop) {
		hang_up(j);
	} else if (j->is_head ||
		   (!d->truncate && d->drip_ms == 0 && d->flood == 0)) {
		evhttp_connection_set_closecb(
		    evhttp_request_get_connection(req), NULL, NULL);
		send_whole(req, &j->answer, j->is_head);
		job_free(j);
	} else if (!j->is_begun && !job_begin(j)) {
		hang_up(j);
	} else if (j->sent < j->end || j->flood > 0) {
		send_some(j);
	} else if (d->truncate) {
		hang_up(j);
	} else {
		job_end(j);
		evhttp_send_reply_end(req);
	}
}

static struct job *
job_new(struct deliveries *ds, struct evhttp_request *req, struct answer *a)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->timer = evtimer_new(ds->base, on_timer, j);
	if (j->timer == NULL) {
		free(j);
		return NULL;
	}
	j->req = req;
	j->answer = *a;
	if (a->type == a->type_bytes)
		j->answer.type = j->answer.type_bytes;
	buf_init(&a->body, 0);
	j->end = j->answer.body.n;
	j->flood = a->delivery.flood;
	if (a->delivery.truncate) {
		j->end /= 2;
		j->flood /= 2;
	}
	list_append(&ds->jobs, &j->in_jobs);
	return j;
}

void
deliveries_init(struct deliveries *ds, struct event_base *base)
{
	ds->base = base;
	list_init(&ds->jobs);
}

void
deliveries_release(struct deliveries *ds)
{
	struct list *l;

	while ((l = list_first(&ds->jobs)) != NULL)
		job_end(container_of(l, struct job, in_jobs));
}

static bool
is_plain(const struct delivery *d)
{
	return d->delay_ms == 0 && !d->drop && !d->truncate &&
	       d->drip_ms == 0 && d->flood == 0;
}

void
deliver(struct deliveries *ds, struct evhttp_request *req, struct answer *a,
    bool is_head)
{
	struct job *j =
	    is_plain(&a->delivery) ? NULL : job_new(ds, req, a);

	if (j == NULL) {
		send_whole(req, a, is_head);
		answer_release(a);
		return;
	}
	j->is_head = is_head;
	evhttp_connection_set_closecb(
	    evhttp_request_get_connection(req), on_close, j);
	wait_for(j, j->answer.delivery.delay_ms);
}
