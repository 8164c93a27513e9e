/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "loop/http.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"

enum {
	URL_MAX = 2048,
	HEADERS_MAX = 16 * 1024, /* ECS sends a few hundred bytes */
	CONNECT_MS = 5000,
	REST_FIRST_MS = 100,
	REST_MAX_MS = 2000,
	NAP_MS = 60 * 1000, /* nothing to wait for but a wakeup */
	NAME_SIZE = 96,
	CAUSE_SIZE = 128,
};

/* An easy handle, made when first needed and kept. */
struct slot {
	CURL *easy;
	struct http_call *call; /* NULL: free */
	struct slot *next_free;
	char error[CURL_ERROR_SIZE];
};

struct http_call {
	struct list link;   /* in the one list it waits in, if any */
	struct list cancel; /* in http->cancels; under the lock */
	bool finished;      /* under the lock: it has left the HTTP thread */
	bool cancelled;     /* the queue thread's */

	/* Set at the start. */
	struct http *http;
	http_done_fn *done;
	void *arg;
	size_t body_max;
	int64_t start_ms, deadline_ms;
	unsigned retries;

	/* The HTTP thread's until it is finished, then the queue thread's. */
	struct slot *slot; /* while libcurl has it */
	int64_t due_ms;    /* end of the rest between two attempts */
	size_t header_bytes;
	struct buf body;
	struct http_answer answer;
	struct err err;
	int r;

	char url[];
};

struct http {
	/* The queue thread's. */
	struct loop *loop;
	struct loop_bell *bell;
	CURLU *parser;
	pthread_t thread;
	bool delivering, closing;

	/* Shared, under the lock. */
	pthread_mutex_t lock;
	struct list inbox;   /* started */
	struct list cancels; /* by their cancel link */
	struct list finished;
	bool asleep, quit;

	/* The HTTP thread's. */
	CURLM *multi;        /* but anyone may curl_multi_wakeup() */
	struct list ready;   /* waiting for a slot */
	struct list resting; /* between two attempts */
	struct list done;    /* to be handed over */
	struct slot *free_slots;
	int64_t wake_ms; /* nothing that waits is due earlier */
	uint64_t random;
	unsigned parallel;
	struct slot slots[];
};

static void
take_all(struct list *to, struct list *from)
{
	struct list *item;

	for (item = list_first(from); item != NULL; item = list_first(from)) {
		list_remove(item);
		list_append(to, item);
	}
}

/* Takes the first call off a list that is not empty. */
static struct http_call *
pop_call(struct list *list)
{
	struct list *item = list->next;

	list_remove(item);
	return container_of(item, struct http_call, link);
}

/*
 * What a transfer that failed means.  Whether the server is there at all may
 * change by the next attempt; what it is will not.
 */
struct failure {
	CURLcode code;
	int err;
	bool retry;
	const char *what;  /* stands before the server's name */
	const char *cause; /* NULL: libcurl says it */
};

static const struct failure failures[] = {
	{ CURLE_COULDNT_CONNECT, ERR_UNAVAILABLE, true, "no connection to",
	    NULL },
	{ CURLE_OPERATION_TIMEDOUT, ERR_UNAVAILABLE, true, "no connection to",
	    "Connection timed out" },
	{ CURLE_COULDNT_RESOLVE_HOST, ERR_UNAVAILABLE, true, "no connection to",
	    "the name does not resolve" },
	{ CURLE_SEND_ERROR, ERR_UNAVAILABLE, true, "broken connection to",
	    NULL },
	{ CURLE_RECV_ERROR, ERR_UNAVAILABLE, true, "broken connection to",
	    NULL },
	{ CURLE_GOT_NOTHING, ERR_UNAVAILABLE, true, "no answer from",
	    "the connection was closed" },
	{ CURLE_PARTIAL_FILE, ERR_UNAVAILABLE, true, "incomplete answer from",
	    "the connection was closed" },
	{ CURLE_SSL_CONNECT_ERROR, ERR_UNAVAILABLE, true,
	    "no TLS connection to", NULL },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_UNAVAILABLE, false,
	    "no TLS connection to", NULL },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_UPSTREAM, false,
	    "no HTTP answer from", "not HTTP/1" },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_UPSTREAM, false, "no HTTP answer from",
	    NULL },
	{ CURLE_BAD_CONTENT_ENCODING, ERR_UPSTREAM, false,
	    "no HTTP answer from", NULL },
	{ CURLE_OUT_OF_MEMORY, ERR_MEMORY, false, "no memory to ask", NULL },
	{ CURLE_OK, ERR_UNAVAILABLE, false, "no answer from",
	    NULL }, /* other */
};

static const struct failure *
find_failure(CURLcode code)
{
	const struct failure *f = failures;

	while (f->code != code && f->code != CURLE_OK)
		f++;
	return f;
}

static void
name_server(char name[NAME_SIZE], const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL;

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		CURLUE_OK)
		(void)snprintf(
		    name, NAME_SIZE, "%s:%.5s", CLEAN(str_of(host)), port);
	else
		(void)snprintf(name, NAME_SIZE, "the server");
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
}

/* " (3 attempts)", or nothing when there was but one. */
static const char *
count_attempts(char out[32], const struct http_call *call)
{
	out[0] = '\0';
	if (call->answer.attempts > 1)
		(void)snprintf(
		    out, 32, " (%u attempts)", call->answer.attempts);
	return out;
}

static int
explain_timeout(struct http_call *call)
{
	int64_t ms = call->deadline_ms - call->start_ms;
	unsigned n = call->answer.attempts;
	char name[NAME_SIZE];

	name_server(name, call->url);
	if (n == 0)
		return err_set(&call->err, ERR_TIMEOUT,
		    "no answer from %s within %lld ms (not asked: %u other "
		    "requests at a time)",
		    name, (long long)ms, call->http->parallel);
	return err_set(&call->err, ERR_TIMEOUT,
	    "no answer from %s within %lld ms (%u attempt%s)", name,
	    (long long)ms, n, n == 1 ? "" : "s");
}

static int
explain_size(struct http_call *call)
{
	char name[NAME_SIZE];

	name_server(name, call->url);
	if (call->body.code == ERR_MEMORY)
		return err_set(&call->err, ERR_MEMORY,
		    "no memory for the answer of %s", name);
	if (call->header_bytes > HEADERS_MAX)
		return err_set(&call->err, ERR_TOOBIG,
		    "answer of %s has more than %d bytes of headers", name,
		    HEADERS_MAX);
	return err_set(&call->err, ERR_TOOBIG,
	    "answer of %s has more than %zu bytes", name, call->body_max);
}

static int
explain_failure(struct http_call *call, CURLcode code, const struct failure *f)
{
	char name[NAME_SIZE], cause[CAUSE_SIZE], attempts[32];
	const char *text = f->cause;
	long os = 0;

	if (code == CURLE_COULDNT_CONNECT)
		(void)curl_easy_getinfo(
		    call->slot->easy, CURLINFO_OS_ERRNO, &os);
	if (text == NULL && call->slot->error[0] != '\0')
		text = call->slot->error;
	if (text == NULL)
		text = curl_easy_strerror(code);
	(void)str_clean(cause, sizeof(cause), str_of(text));
	if (os != 0) {
		errno = (int)os;
		(void)snprintf(cause, sizeof(cause), "%m");
	}
	name_server(name, call->url);
	return err_set(&call->err, f->err, "%s %s: %s%s", f->what, name, cause,
	    count_attempts(attempts, call));
}

/* Sets the call's sentence; *retry says whether another attempt may help. */
static int
explain(struct http_call *call, CURLcode code, bool *retry)
{
	const struct failure *f;

	*retry = false;
	if (call->body.code != ERR_OK || call->header_bytes > HEADERS_MAX ||
	    code == CURLE_FILESIZE_EXCEEDED)
		return explain_size(call);
	if (code == CURLE_OPERATION_TIMEDOUT &&
	    clock_ms() + 1 >= call->deadline_ms)
		return explain_timeout(call);
	f = find_failure(code);
	*retry = f->retry;
	return explain_failure(call, code, f);
}

static size_t
on_body(char *p, size_t one, size_t n, void *arg)
{
	struct slot *slot = arg;
	struct buf *body = &slot->call->body;

	(void)one;
	buf_add(body, (struct str){ p, n });
	return body->code == ERR_OK ? n : 0;
}

static size_t
on_header(char *p, size_t one, size_t n, void *arg)
{
	struct slot *slot = arg;
	struct http_call *call = slot->call;

	(void)p;
	(void)one;
	call->header_bytes += n;
	return call->header_bytes <= HEADERS_MAX ? n : 0;
}

#define SET(option, value)                                                 \
	do {                                                               \
		if (curl_easy_setopt(easy, (option), (value)) != CURLE_OK) \
			return ERR_MEMORY;                                 \
	} while (0)

/* What all requests have in common. */
static int
set_fixed(CURL *easy, struct slot *slot)
{
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PRIVATE, slot);
	SET(CURLOPT_ERRORBUFFER, slot->error);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, slot);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, slot);
	SET(CURLOPT_HTTPGET, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_TCP_NODELAY, 1L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Else giving up on a name waits for the resolver's own timeout. */
	SET(CURLOPT_QUICK_EXIT, 1L);
#endif
	return ERR_OK;
}

static int
set_request(CURL *easy, const struct http_call *call, int64_t now)
{
	int64_t left = call->deadline_ms - now;
	const char *url = call->url;

	if (left < 1)
		left = 1;
	SET(CURLOPT_URL, url);
	SET(CURLOPT_TIMEOUT_MS, (long)left);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(left < CONNECT_MS ? left : CONNECT_MS));
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)call->body_max);
	return ERR_OK;
}

static void
leave_slot(struct http *http, struct http_call *call)
{
	struct slot *slot = call->slot;

	if (slot == NULL)
		return;
	if (slot->easy != NULL)
		(void)curl_multi_remove_handle(http->multi, slot->easy);
	call->slot = NULL;
	slot->call = NULL;
	slot->next_free = http->free_slots;
	http->free_slots = slot;
}

/* The call's last act on the HTTP thread, but for handing it over. */
static void
finish(struct http *http, struct http_call *call, int r)
{
	leave_slot(http, call);
	list_remove(&call->link);
	call->r = r;
	call->answer.elapsed_ms = clock_ms() - call->start_ms;
	list_append(&http->done, &call->link);
}

static void
finish_cancelled(struct http *http, struct http_call *call)
{
	call->err = (struct err){ 0 };
	finish(http, call,
	    err_set(&call->err, ERR_CANCELLED, "the request was cancelled"));
}

/* Hand a call with a slot to libcurl. */
static int
launch(struct http *http, struct http_call *call, int64_t now)
{
	struct slot *slot = call->slot;

	if (slot->easy == NULL) {
		slot->easy = curl_easy_init();
		if (slot->easy == NULL)
			return ERR_MEMORY;
		if (set_fixed(slot->easy, slot) != ERR_OK) {
			curl_easy_cleanup(slot->easy);
			slot->easy = NULL;
			return ERR_MEMORY;
		}
	}
	if (set_request(slot->easy, call, now) != ERR_OK ||
	    curl_multi_add_handle(http->multi, slot->easy) != CURLM_OK)
		return ERR_MEMORY;
	return ERR_OK;
}

static void
admit(struct http *http, int64_t now)
{
	while (http->free_slots != NULL && !list_is_empty(&http->ready)) {
		struct slot *slot = http->free_slots;
		struct http_call *call = pop_call(&http->ready);

		http->free_slots = slot->next_free;
		slot->call = call;
		slot->error[0] = '\0';
		call->slot = slot;
		call->answer.attempts++;
		call->header_bytes = 0;
		buf_clear(&call->body);
		call->err = (struct err){ 0 };
		if (launch(http, call, now) != ERR_OK)
			finish(http, call,
			    err_set(&call->err, ERR_MEMORY,
				"no memory for a request"));
	}
}

static void
wake_by(struct http *http, int64_t due_ms)
{
	if (due_ms < http->wake_ms)
		http->wake_ms = due_ms;
}

/* splitmix64: jitter needs no secrecy. */
static uint64_t
next_random(struct http *http)
{
	uint64_t z = http->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Try again after a rest, if there is an attempt and time left. */
static bool
rest(struct http *http, struct http_call *call)
{
	unsigned n = call->answer.attempts;
	uint64_t most = REST_MAX_MS;
	int64_t due;

	if (n > call->retries)
		return false;
	if (n <= 5 && (uint64_t)REST_FIRST_MS << (n - 1) < most)
		most = (uint64_t)REST_FIRST_MS << (n - 1);
	due = clock_ms() + (int64_t)(next_random(http) % (most + 1));
	if (due >= call->deadline_ms)
		return false;
	leave_slot(http, call);
	call->due_ms = due;
	list_append(&http->resting, &call->link);
	wake_by(http, due);
	return true;
}

static bool
is_passing_trouble(long status)
{
	return status == 408 || status == 429 || status >= 500;
}

static void
settle(struct http *http, struct http_call *call, CURLcode code)
{
	bool retry;
	int r = ERR_OK;

	if (code == CURLE_OK) {
		(void)curl_easy_getinfo(call->slot->easy,
		    CURLINFO_RESPONSE_CODE, &call->answer.status);
		call->answer.body = buf_str(&call->body);
		retry = is_passing_trouble(call->answer.status);
	} else {
		r = explain(call, code, &retry);
	}
	if (!retry || !rest(http, call))
		finish(http, call, r);
}

static void
reap(struct http *http)
{
	for (;;) {
		int left;
		CURLMsg *msg = curl_multi_info_read(http->multi, &left);
		char *private = NULL;
		struct slot *slot;

		if (msg == NULL)
			return;
		if (msg->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(
		    msg->easy_handle, CURLINFO_PRIVATE, &private);
		slot = (struct slot *)(void *)private;
		settle(http, slot->call, msg->data.result);
	}
}

/* Deadlines of those that wait, and rests that are over. */
static void
run_due(struct http *http, int64_t now)
{
	struct list *item, *next;
	struct http_call *call;

	if (now < http->wake_ms)
		return;
	http->wake_ms = INT64_MAX;
	for (item = http->resting.next; item != &http->resting; item = next) {
		next = item->next;
		call = container_of(item, struct http_call, link);
		if (call->due_ms > now) {
			wake_by(http, call->due_ms);
			continue;
		}
		/* It has waited already: to the front. */
		list_remove(item);
		list_append(http->ready.next, item);
	}
	for (item = http->ready.next; item != &http->ready; item = next) {
		next = item->next;
		call = container_of(item, struct http_call, link);
		if (call->deadline_ms > now)
			wake_by(http, call->deadline_ms);
		else
			finish(http, call, explain_timeout(call));
	}
}

/* Take what the queue thread wants; false when it wants the end. */
static bool
take_orders(struct http *http)
{
	struct list inbox, dropped, *item;
	struct http_call *call;
	bool quit;

	list_init(&inbox);
	list_init(&dropped);
	pthread_mutex_lock(&http->lock);
	http->asleep = false;
	quit = http->quit;
	take_all(&inbox, &http->inbox);
	while (!list_is_empty(&http->cancels)) {
		item = http->cancels.next;
		list_remove(item);
		call = container_of(item, struct http_call, cancel);
		list_remove(&call->link);
		list_append(&dropped, &call->link);
	}
	pthread_mutex_unlock(&http->lock);

	while (!list_is_empty(&dropped))
		finish_cancelled(http, pop_call(&dropped));
	while (!list_is_empty(&inbox)) {
		call = pop_call(&inbox);
		list_append(&http->ready, &call->link);
		wake_by(http, call->deadline_ms);
	}
	return !quit;
}

/* Give back what is done; true if there is nothing to do but to wait. */
static bool
hand_over(struct http *http)
{
	bool idle, any = !list_is_empty(&http->done);
	bool may_admit =
	    http->free_slots != NULL && !list_is_empty(&http->ready);

	pthread_mutex_lock(&http->lock);
	while (!list_is_empty(&http->done)) {
		struct http_call *call = pop_call(&http->done);

		call->finished = true;
		list_remove(&call->cancel);
		list_append(&http->finished, &call->link);
	}
	idle = list_is_empty(&http->inbox) && list_is_empty(&http->cancels) &&
	       !http->quit && !may_admit;
	http->asleep = idle;
	pthread_mutex_unlock(&http->lock);
	if (any)
		loop_bell_ring(http->bell);
	return idle;
}

static void
cancel_all(struct http *http)
{
	unsigned i;

	for (i = 0; i < http->parallel; i++)
		if (http->slots[i].call != NULL)
			finish_cancelled(http, http->slots[i].call);
	while (!list_is_empty(&http->ready))
		finish_cancelled(http, pop_call(&http->ready));
	while (!list_is_empty(&http->resting))
		finish_cancelled(http, pop_call(&http->resting));
}

static void *
run(void *arg)
{
	struct http *http = arg;

	(void)pthread_setname_np(pthread_self(), "http");
	while (take_orders(http)) {
		int64_t nap, now = clock_ms();
		int running;

		run_due(http, now);
		admit(http, now);
		(void)curl_multi_perform(http->multi, &running);
		reap(http);
		if (!hand_over(http))
			continue;
		nap = http->wake_ms - clock_ms();
		nap = nap < 0 ? 0 : nap > NAP_MS ? NAP_MS : nap;
		(void)curl_multi_poll(http->multi, NULL, 0, (int)nap, NULL);
	}
	cancel_all(http);
	(void)hand_over(http);
	return NULL;
}

static void
deliver(struct http_call *call)
{
	struct err cancelled = { 0 };
	const struct err *err = &call->err;

	if (call->cancelled && call->r != ERR_CANCELLED) {
		call->r = err_set(
		    &cancelled, ERR_CANCELLED, "the request was cancelled");
		err = &cancelled;
	}
	if (call->r != ERR_OK) {
		call->answer.status = 0;
		call->answer.body = (struct str){ NULL, 0 };
	}
	call->done(call->arg, call->r, &call->answer, err);
	buf_wipe(&call->body);
	free(call);
}

static void
on_bell(void *arg)
{
	struct http *http = arg;
	struct list calls;

	list_init(&calls);
	pthread_mutex_lock(&http->lock);
	take_all(&calls, &http->finished);
	pthread_mutex_unlock(&http->lock);
	http->delivering = true;
	while (!list_is_empty(&calls))
		deliver(pop_call(&calls));
	http->delivering = false;
}

static int
start_thread(struct http *http, struct err *err)
{
	sigset_t all, old;
	int r;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&http->thread, NULL, run, http);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r == 0)
		return ERR_OK;
	errno = r;
	return err_set(err, ERR_SYSTEM, "no thread for HTTP requests: %m");
}

static void
release(struct http *http)
{
	unsigned i;

	loop_bell_free(http->bell);
	for (i = 0; i < http->parallel; i++)
		curl_easy_cleanup(http->slots[i].easy);
	(void)curl_multi_cleanup(http->multi);
	curl_url_cleanup(http->parser);
	pthread_mutex_destroy(&http->lock);
	free(http);
	curl_global_cleanup();
}

static void
init(struct http *http, struct loop *loop, unsigned parallel)
{
	unsigned i;

	http->loop = loop;
	http->parallel = parallel;
	http->wake_ms = INT64_MAX;
	http->random = (uint64_t)clock_wall_us() ^ ((uint64_t)getpid() << 48);
	list_init(&http->inbox);
	list_init(&http->cancels);
	list_init(&http->finished);
	list_init(&http->ready);
	list_init(&http->resting);
	list_init(&http->done);
	for (i = parallel; i-- > 0;) {
		http->slots[i].next_free = http->free_slots;
		http->free_slots = &http->slots[i];
	}
	pthread_mutex_init(&http->lock, NULL);
}

int
http_new(
    struct http **httpp, struct loop *loop, unsigned parallel, struct err *err)
{
	struct http *http;
	int r;

	assert(loop_is_here(loop));
	assert(parallel > 0);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_SYSTEM, "libcurl does not start");
	http = calloc(1, sizeof(*http) + parallel * sizeof(http->slots[0]));
	if (http == NULL) {
		curl_global_cleanup();
		return err_set(err, ERR_MEMORY, "no memory for HTTP requests");
	}
	init(http, loop, parallel);
	http->parser = curl_url();
	http->multi = curl_multi_init();
	if (http->parser == NULL || http->multi == NULL) {
		r = err_set(err, ERR_MEMORY, "no memory for HTTP requests");
		goto fail;
	}
	(void)curl_multi_setopt(
	    http->multi, CURLMOPT_MAXCONNECTS, (long)parallel);
	r = loop_bell_new(&http->bell, loop, on_bell, http, err);
	if (r != ERR_OK)
		goto fail;
	r = start_thread(http, err);
	if (r != ERR_OK)
		goto fail;
	*httpp = http;
	return ERR_OK;
fail:
	release(http);
	return r;
}

/* Called with the lock held, which it gives back. */
static void
unlock_and_wake(struct http *http)
{
	bool wake = http->asleep;

	http->asleep = false;
	pthread_mutex_unlock(&http->lock);
	if (wake)
		(void)curl_multi_wakeup(http->multi);
}

void
http_free(struct http *http)
{
	struct http_call *call;

	if (http == NULL)
		return;
	assert(loop_is_here(http->loop));
	assert(!http->delivering);
	http->closing = true;
	pthread_mutex_lock(&http->lock);
	http->quit = true;
	unlock_and_wake(http);
	pthread_join(http->thread, NULL);
	while (!list_is_empty(&http->finished)) {
		call = pop_call(&http->finished);
		call->cancelled = true;
		deliver(call);
	}
	release(http);
}

static int
check_url(struct http *http, const char *url, struct err *err)
{
	char *scheme = NULL;
	CURLUcode code;
	int r = ERR_OK;

	if (strlen(url) > URL_MAX)
		return err_set(
		    err, ERR_TOOBIG, "URL is longer than %d bytes", URL_MAX);
	code =
	    curl_url_set(http->parser, CURLUPART_URL, url, CURLU_DISALLOW_USER);
	if (code == CURLUE_OUT_OF_MEMORY)
		return err_set(err, ERR_MEMORY, "no memory for a request");
	if (code == CURLUE_USER_NOT_ALLOWED)
		return err_set(err, ERR_FORMAT, "URL holds a user name");
	if (code == CURLUE_OK)
		code = curl_url_get(http->parser, CURLUPART_SCHEME, &scheme, 0);
	if (code != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		r = err_set(err, ERR_FORMAT, "\"%s\" is no http or https URL",
		    CLEAN(str_of(url)));
	curl_free(scheme);
	return r;
}

int
http_start(struct http_call **callp, struct http *http,
    const struct http_request *req, http_done_fn *done, void *arg,
    struct err *err)
{
	struct http_call *call;
	size_t n;
	int r;

	assert(loop_is_here(http->loop));
	assert(req->timeout_ms > 0);
	if (http->closing)
		return err_set(err, ERR_NOT_NOW, "HTTP requests have ended");
	r = check_url(http, req->url, err);
	if (r != ERR_OK)
		return r;
	n = strlen(req->url) + 1;
	call = calloc(1, sizeof(*call) + n);
	if (call == NULL)
		return err_set(err, ERR_MEMORY, "no memory for a request");
	list_init(&call->cancel);
	call->http = http;
	call->done = done;
	call->arg = arg;
	call->body_max = req->body_max;
	call->start_ms = clock_ms();
	call->deadline_ms = call->start_ms + req->timeout_ms;
	call->retries = req->retries;
	buf_init(&call->body, req->body_max);
	memcpy(call->url, req->url, n);

	pthread_mutex_lock(&http->lock);
	list_append(&http->inbox, &call->link);
	unlock_and_wake(http);
	*callp = call;
	return ERR_OK;
}

void
http_cancel(struct http_call *call)
{
	struct http *http = call->http;

	assert(loop_is_here(http->loop));
	call->cancelled = true;
	pthread_mutex_lock(&http->lock);
	if (!call->finished && list_is_empty(&call->cancel))
		list_append(&http->cancels, &call->cancel);
	unlock_and_wake(http);
}
