/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_aws.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab.h"
#include "testing.h"

enum {
	CONNS_MAX = 512,
	REQUESTS_MAX = 4096,
	REPLIES_MAX = 128,
	HEAD_MAX = 32 * 1024,
	BODY_MAX = 64 * 1024,
	ANSWER_MAX = 1024 * 1024,
};

struct conn {
	struct fake_aws *fake;
	pthread_t thread;
	int fd;
	char in[4096];
	size_t in_from, in_to;
};

struct fake_aws {
	pthread_t thread;
	int fd, port;
	char url[64];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_open, stopping;
	struct conn *conns[CONNS_MAX];
	unsigned conn_count;
	struct fake_request *requests[REQUESTS_MAX];
	unsigned request_count;
	struct fake_reply replies[REPLIES_MAX];
	unsigned used[REPLIES_MAX];
	unsigned reply_count;
};

/*
 * Reading
 */

static int
get(struct conn *c)
{
	ssize_t n;

	if (c->in_from == c->in_to) {
		n = recv(c->fd, c->in, sizeof(c->in), 0);
		if (n <= 0)
			return -1;
		c->in_from = 0;
		c->in_to = (size_t)n;
	}
	return (unsigned char)c->in[c->in_from++];
}

static bool
read_head(struct conn *c, struct buf *head)
{
	while (!str_ends(buf_str(head), "\r\n\r\n")) {
		int byte = get(c);

		if (byte < 0 || head->code != ERR_OK)
			return false;
		buf_add_char(head, (char)byte);
	}
	return true;
}

static struct str
find_header(struct str head, const char *name)
{
	struct str line, after, rest = head;

	while (rest.n > 0) {
		line = str_cut(&rest, rest, '\n');
		if (str_eq_nocase(str_cut(&after, line, ':'), str_of(name)) &&
		    after.p != NULL)
			return str_trim(after);
	}
	return (struct str){ NULL, 0 };
}

static bool
read_body(struct conn *c, struct buf *body, struct str head)
{
	uint64_t n = 0;

	(void)str_to_u64(&n, find_header(head, "Content-Length"));
	while (n-- > 0) {
		int byte = get(c);

		if (byte < 0 || body->code != ERR_OK)
			return false;
		buf_add_char(body, (char)byte);
	}
	return true;
}

static struct str
copy(struct str s)
{
	char *p = malloc(s.n + 1);

	if (p == NULL)
		abort();
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct str){ p, s.n };
}

static void
name_operation(struct fake_request *r)
{
	struct str rest, word, method;
	struct str target = find_header(r->head, "X-Amz-Target");

	if (target.n > 0) {
		(void)str_cut(&word, target, '.');
	} else if (str_starts(r->body, "Action=")) {
		word = str_cut(
		    &rest, str_sub(r->body, sizeof("Action=") - 1, r->body.n),
		    '&');
	} else {
		method = str_cut(&rest, r->head, ' ');
		word = (struct str){ r->head.p,
			method.n + 1 + str_cut(&rest, rest, ' ').n };
	}
	(void)snprintf(r->op, sizeof(r->op), "%.*s", STR_FMT(word));
}

/* Counted and kept; NULL: the connection has ended. */
static struct fake_request *
take_request(struct conn *c)
{
	struct fake_aws *fake = c->fake;
	struct fake_request *r = NULL;
	struct buf head, body;
	unsigned i;

	buf_init(&head, HEAD_MAX);
	buf_init(&body, BODY_MAX);
	if (!read_head(c, &head) || !read_body(c, &body, buf_str(&head)))
		goto out;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		abort();
	r->head = copy(buf_str(&head));
	r->body = copy(buf_str(&body));
	r->nth = 1;
	name_operation(r);
	pthread_mutex_lock(&fake->lock);
	if (fake->request_count == REQUESTS_MAX)
		abort();
	for (i = 0; i < fake->request_count; i++)
		if (strcmp(fake->requests[i]->op, r->op) == 0)
			r->nth++;
	fake->requests[fake->request_count++] = r;
	pthread_mutex_unlock(&fake->lock);
out:
	buf_release(&head);
	buf_release(&body);
	return r;
}

/*
 * Answering
 */

static bool
put(struct conn *c, struct str s)
{
	while (s.n > 0) {
		ssize_t n = send(c->fd, s.p, s.n, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		s = str_sub(s, (size_t)n, s.n);
	}
	return true;
}

static struct fake_reply
choose(struct fake_aws *fake, const char *op)
{
	struct fake_reply reply = { .status = 404, .body = "not scripted" };
	unsigned i;

	pthread_mutex_lock(&fake->lock);
	for (i = 0; i < fake->reply_count; i++) {
		const struct fake_reply *r = &fake->replies[i];

		if (strcmp(r->op, op) != 0 ||
		    (r->times > 0 && fake->used[i] == r->times))
			continue;
		fake->used[i]++;
		reply = *r;
		break;
	}
	while (reply.how == FAKE_HOLDS && !fake->is_open && !fake->stopping)
		pthread_cond_wait(&fake->changed, &fake->lock);
	pthread_mutex_unlock(&fake->lock);
	return reply;
}

static bool
pour(struct conn *c)
{
	static const char bytes[4096];

	while (put(c, (struct str){ bytes, sizeof(bytes) }))
		;
	return false;
}

static bool
answer(struct conn *c, const struct fake_request *r)
{
	struct fake_reply reply = choose(c->fake, r->op);
	struct buf body, out;
	bool ok;

	if (reply.how == FAKE_DROPS)
		return false;
	buf_init(&body, ANSWER_MAX);
	buf_init(&out, ANSWER_MAX + HEAD_MAX);
	if (reply.write != NULL)
		reply.write(&body, r);
	else if (reply.body != NULL)
		buf_add_text(&body, reply.body);
	buf_addf(&out, "HTTP/1.1 %d Said\r\n",
	    reply.status == 0 ? 200 : reply.status);
	if (reply.headers != NULL)
		buf_add_text(&out, reply.headers);
	if (reply.how != FAKE_ENDLESS)
		buf_addf(&out, "Content-Length: %zu\r\n", body.n);
	buf_add_text(&out, "\r\n");
	buf_add(&out, buf_str(&body));
	ok = out.code == ERR_OK && body.code == ERR_OK &&
	     put(c, buf_str(&out));
	if (ok && reply.how == FAKE_ENDLESS)
		ok = pour(c);
	buf_release(&body);
	buf_release(&out);
	return ok;
}

static void *
run_conn(void *arg)
{
	struct conn *c = arg;
	struct fake_request *r;

	do {
		r = take_request(c);
	} while (r != NULL && answer(c, r));
	pthread_mutex_lock(&c->fake->lock);
	(void)close(c->fd);
	c->fd = -1;
	pthread_mutex_unlock(&c->fake->lock);
	return NULL;
}

static bool
take_conn(struct fake_aws *fake, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));
	bool ok = false;

	if (c == NULL)
		abort();
	c->fake = fake;
	c->fd = fd;
	pthread_mutex_lock(&fake->lock);
	if (!fake->stopping && fake->conn_count < CONNS_MAX &&
	    pthread_create(&c->thread, NULL, run_conn, c) == 0) {
		fake->conns[fake->conn_count++] = c;
		ok = true;
	}
	pthread_mutex_unlock(&fake->lock);
	if (!ok) {
		(void)close(fd);
		free(c);
	}
	return ok;
}

static void *
run_listener(void *arg)
{
	struct fake_aws *fake = arg;
	int fd;

	do {
		fd = accept(fake->fd, NULL, NULL);
	} while (fd >= 0 && take_conn(fake, fd));
	return NULL;
}

/*
 * For tests
 */

struct fake_aws *
fake_aws_start(void)
{
	struct fake_aws *fake = calloc(1, sizeof(*fake));
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);

	ck_assert_ptr_nonnull(fake);
	pthread_mutex_init(&fake->lock, NULL);
	pthread_cond_init(&fake->changed, NULL);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fake->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fake->fd, 0);
	ck_assert_int_eq(bind(fake->fd, (struct sockaddr *)&a, n), 0);
	ck_assert_int_eq(listen(fake->fd, 128), 0);
	ck_assert_int_eq(getsockname(fake->fd, (struct sockaddr *)&a, &n), 0);
	fake->port = ntohs(a.sin_port);
	(void)snprintf(fake->url, sizeof(fake->url), "http://127.0.0.1:%d",
	    fake->port);
	ck_assert_int_eq(
	    pthread_create(&fake->thread, NULL, run_listener, fake), 0);
	return fake;
}

static void
free_request(struct fake_request *r)
{
	free((char *)(uintptr_t)r->head.p);
	free((char *)(uintptr_t)r->body.p);
	free(r);
}

void
fake_aws_stop(struct fake_aws *fake)
{
	unsigned i;

	if (fake == NULL)
		return;
	pthread_mutex_lock(&fake->lock);
	fake->stopping = true;
	pthread_cond_broadcast(&fake->changed);
	for (i = 0; i < fake->conn_count; i++)
		if (fake->conns[i]->fd >= 0)
			(void)shutdown(fake->conns[i]->fd, SHUT_RDWR);
	pthread_mutex_unlock(&fake->lock);
	(void)shutdown(fake->fd, SHUT_RDWR);
	pthread_join(fake->thread, NULL);
	(void)close(fake->fd);
	for (i = 0; i < fake->conn_count; i++) {
		pthread_join(fake->conns[i]->thread, NULL);
		free(fake->conns[i]);
	}
	for (i = 0; i < fake->request_count; i++)
		free_request(fake->requests[i]);
	pthread_cond_destroy(&fake->changed);
	pthread_mutex_destroy(&fake->lock);
	free(fake);
}

int
fake_aws_port(const struct fake_aws *fake)
{
	return fake->port;
}

const char *
fake_aws_url(const struct fake_aws *fake)
{
	return fake->url;
}

void
fake_aws_reply(struct fake_aws *fake, const struct fake_reply *reply)
{
	pthread_mutex_lock(&fake->lock);
	ck_assert_uint_lt(fake->reply_count, REPLIES_MAX);
	fake->replies[fake->reply_count++] = *reply;
	pthread_mutex_unlock(&fake->lock);
}

void
fake_aws_open(struct fake_aws *fake)
{
	pthread_mutex_lock(&fake->lock);
	fake->is_open = true;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

unsigned
fake_aws_count(struct fake_aws *fake, const char *op)
{
	unsigned i, n = 0;

	pthread_mutex_lock(&fake->lock);
	for (i = 0; i < fake->request_count; i++)
		if (op == NULL || strcmp(fake->requests[i]->op, op) == 0)
			n++;
	pthread_mutex_unlock(&fake->lock);
	return n;
}

unsigned
fake_aws_connections(struct fake_aws *fake)
{
	unsigned n;

	pthread_mutex_lock(&fake->lock);
	n = fake->conn_count;
	pthread_mutex_unlock(&fake->lock);
	return n;
}

const struct fake_request *
fake_aws_request(struct fake_aws *fake, const char *op, unsigned nth)
{
	const struct fake_request *r = NULL;
	unsigned i;

	pthread_mutex_lock(&fake->lock);
	for (i = 0; i < fake->request_count && r == NULL; i++)
		if (strcmp(fake->requests[i]->op, op) == 0 &&
		    fake->requests[i]->nth == nth)
			r = fake->requests[i];
	pthread_mutex_unlock(&fake->lock);
	ck_assert_msg(r != NULL, "%s has not come %u times", op, nth);
	return r;
}

struct str
fake_header(const struct fake_request *request, const char *name)
{
	return find_header(request->head, name);
}

struct coming {
	struct fake_aws *fake;
	const char *op;
	unsigned n;
};

static bool
have_come(const void *arg)
{
	const struct coming *c = arg;

	return fake_aws_count(c->fake, c->op) >= c->n;
}

void
fake_aws_until(struct fake_aws *fake, const char *op, unsigned n)
{
	const struct coming c = { fake, op, n };

	lab_until(have_come, &c);
}
