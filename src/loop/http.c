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
#include "loop/http_call.h"

enum {
	URL_MAX = 2048,
	REST_FIRST_MS = 100,
	REST_MAX_MS = 2000,
	SCAN_MS = 10,        /* between two looks at all that wait */
	NAP_MS = 60 * 1000,  /* nothing to wait for but a wakeup */
	CA_CACHE_S = 5 * 60, /* a bundle is read again after that */
	EXPECTED_MAX = 1024 * 1024,
};

struct http {
	/* The queue thread's. */
	struct loop *loop;
	struct loop_bell *bell;
	CURLU *parser;
	char checked[URL_MAX + 1]; /* the last good URL; is it https? */
	bool checked_https;
	pthread_t thread;
	char *proxy, *no_proxy; /* of the environment; NULL: none */
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
	struct http_slot *free_slots;
	int64_t wake_ms; /* nothing that waits is due earlier */
	uint64_t random;
	unsigned parallel;
	struct http_slot slots[];
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

/* What is promised is made room for at once, within reason. */
static void
expect_body(struct buf *body, CURL *easy)
{
	curl_off_t n = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &n);
	if (n > 0 && n <= EXPECTED_MAX && (uint64_t)n <= body->max)
		buf_reserve(body, (size_t)n);
}

static size_t
on_body(char *p, size_t one, size_t n, void *arg)
{
	struct http_slot *slot = arg;
	struct buf *body = &slot->call->body;

	(void)one;
	if (body->n == 0)
		expect_body(body, slot->easy);
	buf_add(body, (struct str){ p, n });
	return body->code == ERR_OK ? n : 0;
}

static size_t
on_header(char *p, size_t one, size_t n, void *arg)
{
	struct http_slot *slot = arg;

	(void)one;
	return http_call_take_header(slot->call, (struct str){ p, n }) ? n : 0;
}

#define SET(option, value)                                                 \
	do {                                                               \
		if (curl_easy_setopt(easy, (option), (value)) != CURLE_OK) \
			return ERR_MEMORY;                                 \
	} while (0)

/* What all requests have in common. */
static int
set_fixed(CURL *easy, struct http_slot *slot)
{
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PRIVATE, slot);
	SET(CURLOPT_ERRORBUFFER, slot->error);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, slot);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, slot);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_TCP_NODELAY, 1L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	SET(CURLOPT_CA_CACHE_TIMEOUT, (long)CA_CACHE_S);
	/* Else giving up on a name waits for the resolver's own timeout. */
	SET(CURLOPT_QUICK_EXIT, 1L);
#endif
	return ERR_OK;
}

/* libcurl's own bundle cannot be had back but by a reset. */
static int
set_ca(struct http_slot *slot, const char *ca_path)
{
	CURL *easy = slot->easy;

	if (ca_path == NULL && slot->has_ca) {
		curl_easy_reset(easy);
		slot->has_ca = false;
		return set_fixed(easy, slot);
	}
	if (ca_path == NULL)
		return ERR_OK;
	slot->has_ca = true;
	SET(CURLOPT_CAINFO, ca_path);
	SET(CURLOPT_CAPATH, NULL);
	/* not every libcurl speaks TLS with a proxy */
	(void)curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, ca_path);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
	return ERR_OK;
}

static int
set_method(CURL *easy, const struct http_call *call)
{
	if (call->method == NULL) {
		SET(CURLOPT_HTTPGET, 1L);
	} else {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDS, call->sent.p);
		SET(CURLOPT_POSTFIELDSIZE, (long)call->sent.n);
	}
	SET(CURLOPT_CUSTOMREQUEST, call->method);
	SET(CURLOPT_HTTPHEADER, call->headers);
	return ERR_OK;
}

static int
set_request(struct http_slot *slot, const struct http_call *call, int64_t now)
{
	CURL *easy = slot->easy;
	int64_t left = call->deadline_ms - now;

	if (left < 1)
		left = 1;
	if (set_ca(slot, call->ca_path) != ERR_OK)
		return ERR_MEMORY;
	SET(CURLOPT_URL, call->url);
	/* With either of them NULL libcurl would ask the environment. */
	SET(CURLOPT_PROXY, call->proxy == NULL ? "" : call->proxy);
	SET(CURLOPT_NOPROXY, call->proxy == NULL      ? "*"
			     : call->no_proxy == NULL ? ""
						      : call->no_proxy);
	SET(CURLOPT_TIMEOUT_MS, (long)left);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(left < call->connect_ms ? left : call->connect_ms));
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)call->body_max);
	return set_method(easy, call);
}

/* What libcurl borrowed is the call's and goes with it. */
static void
forget_request(CURL *easy)
{
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
}

static void
leave_slot(struct http *http, struct http_call *call)
{
	struct http_slot *slot = call->slot;

	if (slot == NULL)
		return;
	if (slot->easy != NULL) {
		(void)curl_multi_remove_handle(http->multi, slot->easy);
		forget_request(slot->easy);
	}
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
	struct http_slot *slot = call->slot;

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
	if (set_request(slot, call, now) != ERR_OK ||
	    curl_multi_add_handle(http->multi, slot->easy) != CURLM_OK)
		return ERR_MEMORY;
	return ERR_OK;
}

static void
admit(struct http *http, int64_t now)
{
	while (http->free_slots != NULL && !list_is_empty(&http->ready)) {
		struct http_slot *slot = http->free_slots;
		struct http_call *call = pop_call(&http->ready);

		http->free_slots = slot->next_free;
		slot->call = call;
		slot->error[0] = '\0';
		call->slot = slot;
		call->answer.attempts++;
		http_call_renew(call);
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
		call->answer.headers = buf_str(&call->header_lines);
		retry = is_passing_trouble(call->answer.status);
	} else {
		r = http_explain(call, code, &retry);
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
		struct http_slot *slot;

		if (msg == NULL)
			return;
		if (msg->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(
		    msg->easy_handle, CURLINFO_PRIVATE, &private);
		slot = (struct http_slot *)(void *)private;
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
			finish(http, call, http_explain_timeout(call));
	}
	/* Thousands with deadlines of their own are not looked at for each. */
	if (http->wake_ms < now + SCAN_MS)
		http->wake_ms = now + SCAN_MS;
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
		call->answer.headers = (struct str){ NULL, 0 };
	}
	call->done(call->arg, call->r, &call->answer, err);
	http_call_free(call);
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
	free(http->proxy);
	free(http->no_proxy);
	free(http);
	curl_global_cleanup();
}

/* A copy of a variable, by its first name that is set; "" is not set. */
static int
copy_env(char **value, const char *name, const char *other)
{
	const char *text = getenv(name);

	if (text == NULL || text[0] == '\0')
		text = getenv(other);
	if (text == NULL || text[0] == '\0')
		return ERR_OK;
	*value = strdup(text);
	return *value == NULL ? ERR_MEMORY : ERR_OK;
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
	if (http->parser == NULL || http->multi == NULL ||
	    copy_env(&http->proxy, "HTTPS_PROXY", "https_proxy") != ERR_OK ||
	    copy_env(&http->no_proxy, "NO_PROXY", "no_proxy") != ERR_OK) {
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
parse_url(struct http *http, const char *url, bool *https, struct err *err)
{
	char *scheme = NULL;
	CURLUcode code;
	int r = ERR_OK;

	/* to the URL before, this one would be relative */
	(void)curl_url_set(http->parser, CURLUPART_URL, NULL, 0);
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
	else
		*https = strcmp(scheme, "https") == 0;
	curl_free(scheme);
	return r;
}

/* AWS is asked by the same few URLs for ever. */
static int
check_url(struct http *http, const char *url, bool *https, struct err *err)
{
	size_t n = strlen(url);
	int r = ERR_OK;

	if (n > URL_MAX)
		return err_set(
		    err, ERR_TOOBIG, "URL is longer than %d bytes", URL_MAX);
	if (n == 0 || strcmp(url, http->checked) != 0)
		r = parse_url(http, url, &http->checked_https, err);
	if (r != ERR_OK) {
		http->checked[0] = '\0';
		return r;
	}
	memcpy(http->checked, url, n + 1);
	*https = http->checked_https;
	return ERR_OK;
}

int
http_start(struct http_call **callp, struct http *http,
    const struct http_request *req, http_done_fn *done, void *arg,
    struct err *err)
{
	struct http_call *call = NULL;
	bool https = false;
	int r;

	assert(loop_is_here(http->loop));
	assert(req->timeout_ms > 0);
	if (http->closing)
		return err_set(err, ERR_NOT_NOW, "HTTP requests have ended");
	r = check_url(http, req->url, &https, err);
	if (r == ERR_OK)
		r = http_call_new(&call, req, err);
	if (r != ERR_OK)
		return r;
	call->http = http;
	call->parallel = http->parallel;
	call->done = done;
	call->arg = arg;
	call->start_ms = clock_ms();
	call->deadline_ms = call->start_ms + req->timeout_ms;
	if (https && (req->flags & HTTP_ENV_PROXY) != 0) {
		call->proxy = http->proxy;
		call->no_proxy = http->no_proxy;
	}
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
