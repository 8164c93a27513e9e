/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "programs/client.h"
#include "programs/demo.h"
#include "programs/shown.h"
#include "workload/jwt.h"
#include "workload/message.h"
#include "workload/source.h"

enum {
	JOBS_MAX = 16,
	CALL_MS = 5000,
	JWT_MS = 5000,
	METADATA_MS = 3000,
	METADATA_S = 60, /* tags and status may change */
	RETRY_S = 5,
	STACK_BYTES = 256 * 1024,
};

struct work_job {
	struct list in_list;
	void (*done)(void *arg, struct json_object *call); /* NULL: forgotten */
	void *arg;
	struct json_object *call;
};

struct work {
	struct work_config config;
	struct event *bell;
	pthread_t threads[2];
	size_t thread_count;
	int fd; /* the bell's */

	pthread_mutex_t lock;
	pthread_cond_t call, fetch; /* there is something to do */
	struct list todo, done; /* jobs */
	size_t jobs;
	bool ends, renew, news;
	struct json_object *jwt, *metadata; /* NULL: nothing yet */

	struct client *api; /* of the thread that calls */
	struct client *endpoint; /* of the one that fetches, as these */
	int64_t jwt_due, metadata_due; /* seconds since 1970 */
};

static void
ring(const struct work *w)
{
	(void)eventfd_write(w->fd, 1);
}

/* A new document takes the place of the old one. */
static void
put(struct work *w, struct json_object **place, struct json_object *o)
{
	struct json_object *old;

	(void)pthread_mutex_lock(&w->lock);
	old = *place;
	*place = o;
	w->news = true;
	(void)pthread_mutex_unlock(&w->lock);
	json_object_put(old);
	ring(w);
}

static struct json_object *
failure(const struct err *err)
{
	struct json_object *o = json_object_new_object();

	if (o != NULL)
		shown_add(o, "error", err->msg);
	return o;
}

/* NULL: the trust domain, once we know it. */
static bool
audience_of(char out[SPIFFE_ID_MAX + 1], const struct work *w)
{
	const struct snapshot *s =
	    source_get(workload_source(w->config.workload));
	const struct svid *svid = svid_set_find(s->svids, NULL);
	const char *set = w->config.settings->jwt_audience;

	if (set != NULL)
		(void)snprintf(out, SPIFFE_ID_MAX + 1, "%s", set);
	else if (svid != NULL)
		(void)snprintf(out, SPIFFE_ID_MAX + 1, "spiffe://%.*s",
		    STR_FMT(spiffe_id_domain(&svid->id)));
	snapshot_unref(s);
	return set != NULL || svid != NULL;
}

static void
fetch_jwt(struct work *w)
{
	int64_t now;
	char audience[SPIFFE_ID_MAX + 1];
	const char *audiences[] = { audience, NULL };
	struct jwt_list *list = NULL;
	struct err err = { 0 };

	int r;

	r = audience_of(audience, w)
		? workload_fetch_jwts(&list, w->config.workload, audiences,
		      NULL, JWT_MS, &err)
		: err_set(&err, ERR_NOT_NOW, "we have no identity");
	now = (int64_t)time(NULL);
	w->jwt_due = now + RETRY_S;
	if (r != ERR_OK) {
		put(w, &w->jwt, failure(&err));
		return;
	}
	/* half of its life, as SPIRE's own agent does */
	if (list->count > 0) {
		w->jwt_due = now + (list->at[0]->expires - now) / 2;
		if (w->jwt_due < now + RETRY_S)
			w->jwt_due = now + RETRY_S;
		put(w, &w->jwt, shown_jwt(list->at[0]));
	}
	jwt_list_free(list);
}

static int
ask_endpoint(struct client_answer *a, struct work *w, const char *suffix,
    struct err *err)
{
	char url[CLIENT_TARGET_SIZE];
	size_t n = strlen(w->config.metadata);

	while (n > 0 && w->config.metadata[n - 1] == '/')
		n--;
	if (snprintf(url, sizeof(url), "%.*s%s", (int)n, w->config.metadata,
		suffix) >= (int)sizeof(url))
		return err_set(err, ERR_CONFIG, "the URL is too long");
	buf_clear(&a->body);
	return client_get(a, w->endpoint, url, METADATA_MS, err);
}

static void
fetch_metadata(struct work *w)
{
	struct json_object *o = NULL;
	struct client_answer a;
	struct err err = { 0 };
	int r;

	if (w->config.metadata == NULL) {
		w->metadata_due = INT64_MAX;
		return;
	}
	client_answer_init(&a);
	r = ask_endpoint(&a, w, "/task", &err);
	if (r == ERR_OK && a.status == 404)
		r = ask_endpoint(&a, w, "", &err);
	if (r == ERR_OK && a.status != 200)
		r = err_set(&err, ERR_UPSTREAM,
		    "the metadata endpoint answered with status %d", a.status);
	if (r == ERR_OK)
		o = demo_metadata(buf_str(&a.body), &err);
	w->metadata_due =
	    (int64_t)time(NULL) + (o == NULL ? RETRY_S : METADATA_S);
	put(w, &w->metadata, o == NULL ? failure(&err) : o);
	client_answer_release(&a);
}

static void
call_api(struct work *w, struct work_job *job)
{
	const struct demo_settings *s = w->config.settings;
	struct client_answer a;
	struct err err = { 0 };

	client_answer_init(&a);
	/* a failure is what there is to show */
	if (client_get(&a, w->api, s->api_url, CALL_MS, &err) != ERR_OK)
		a.status = 0;
	job->call = s->plain ? shown_plain_call(s->api_url, &a, &err)
			     : shown_call(s->api_url, s->api_id, &a, &err);
	client_answer_release(&a);
}

/* Two threads: a call does not wait for an agent that does not answer. */
static void *
run_calls(void *arg)
{
	struct work *w = arg;
	struct list *l;

	(void)pthread_mutex_lock(&w->lock);
	while (!w->ends) {
		l = list_first(&w->todo);
		if (l == NULL) {
			(void)pthread_cond_wait(&w->call, &w->lock);
			continue;
		}
		list_remove(l);
		(void)pthread_mutex_unlock(&w->lock);
		call_api(w, container_of(l, struct work_job, in_list));
		(void)pthread_mutex_lock(&w->lock);
		list_append(&w->done, l);
		ring(w);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Under the lock.  Until something is due. */
static void
wait_to_fetch(struct work *w)
{
	struct timespec t = { 0, 0 };
	int64_t due;

	while (!w->ends && !w->renew) {
		due = w->jwt_due < w->metadata_due ? w->jwt_due
						   : w->metadata_due;
		if ((int64_t)time(NULL) >= due)
			return;
		t.tv_sec = (time_t)due;
		if (due == INT64_MAX)
			(void)pthread_cond_wait(&w->fetch, &w->lock);
		else
			(void)pthread_cond_timedwait(&w->fetch, &w->lock, &t);
	}
}

static void *
run_fetches(void *arg)
{
	struct work *w = arg;

	(void)pthread_mutex_lock(&w->lock);
	for (;;) {
		wait_to_fetch(w);
		if (w->ends)
			break;
		if (w->renew)
			w->jwt_due = 0;
		w->renew = false;
		(void)pthread_mutex_unlock(&w->lock);
		if ((int64_t)time(NULL) >= w->metadata_due)
			fetch_metadata(w);
		if ((int64_t)time(NULL) >= w->jwt_due)
			fetch_jwt(w);
		(void)pthread_mutex_lock(&w->lock);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

static struct work_job *
next_done(struct work *w)
{
	struct list *l;

	(void)pthread_mutex_lock(&w->lock);
	l = list_first(&w->done);
	if (l != NULL) {
		list_remove(l);
		w->jobs--;
	}
	(void)pthread_mutex_unlock(&w->lock);
	return l == NULL ? NULL : container_of(l, struct work_job, in_list);
}

static void
on_bell(evutil_socket_t fd, short what, void *arg)
{
	struct work *w = arg;
	struct work_job *job;
	eventfd_t n;
	bool news;

	(void)what;
	(void)eventfd_read(fd, &n);
	(void)pthread_mutex_lock(&w->lock);
	news = w->news;
	w->news = false;
	(void)pthread_mutex_unlock(&w->lock);
	while ((job = next_done(w)) != NULL) {
		if (job->done != NULL)
			job->done(job->arg, job->call);
		else
			json_object_put(job->call);
		free(job);
	}
	if (news)
		w->config.changed(w->config.arg);
}

static int
start(struct work *w, struct err *err)
{
	void *(*const runs[2])(void *) = { run_calls, run_fetches };
	pthread_attr_t attr;
	size_t i;
	int r = 0;

	w->bell = event_new(
	    w->config.base, w->fd, EV_READ | EV_PERSIST, on_bell, w);
	if (w->bell == NULL || event_add(w->bell, NULL) != 0 ||
	    pthread_attr_init(&attr) != 0)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (i = 0; r == 0 && i < 2; i++) {
		r = pthread_create(&w->threads[i], &attr, runs[i], w);
		if (r == 0)
			w->thread_count++;
	}
	(void)pthread_attr_destroy(&attr);
	return r == 0 ? ERR_OK
		      : err_set(err, ERR_SYSTEM, "no thread: %s", strerror(r));
}

int
work_new(struct work **wp, const struct work_config *config, struct err *err)
{
	struct work *w = calloc(1, sizeof(*w));
	int r;

	if (w == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	w->config = *config;
	if (config->workload == NULL)
		w->jwt_due = INT64_MAX;
	list_init(&w->todo);
	list_init(&w->done);
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->call, NULL);
	(void)pthread_cond_init(&w->fetch, NULL);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = w->fd < 0 ? err_set(err, ERR_SYSTEM, "no descriptor left")
		      : client_new(&w->api,
			    config->settings->plain ? CLIENT_PLAIN : CLIENT_TLS,
			    config->ctx, err);
	if (r == ERR_OK)
		r = client_new(&w->endpoint, CLIENT_PLAIN, NULL, err);
	if (r == ERR_OK)
		r = start(w, err);
	if (r == ERR_OK)
		*wp = w;
	else
		work_free(w);
	return r;
}

static void
free_jobs(struct list *jobs)
{
	struct list *l;

	while ((l = list_first(jobs)) != NULL) {
		struct work_job *job =
		    container_of(l, struct work_job, in_list);

		list_remove(l);
		json_object_put(job->call);
		free(job);
	}
}

void
work_free(struct work *w)
{
	size_t i;

	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->ends = true;
	(void)pthread_cond_signal(&w->call);
	(void)pthread_cond_signal(&w->fetch);
	(void)pthread_mutex_unlock(&w->lock);
	if (w->thread_count > 0) {
		client_interrupt(w->api);
		client_interrupt(w->endpoint);
		workload_interrupt(w->config.workload);
	}
	for (i = 0; i < w->thread_count; i++)
		(void)pthread_join(w->threads[i], NULL);
	free_jobs(&w->todo);
	free_jobs(&w->done);
	client_free(w->api);
	client_free(w->endpoint);
	json_object_put(w->jwt);
	json_object_put(w->metadata);
	if (w->bell != NULL)
		event_free(w->bell);
	if (w->fd >= 0)
		(void)close(w->fd);
	(void)pthread_mutex_destroy(&w->lock);
	(void)pthread_cond_destroy(&w->call);
	(void)pthread_cond_destroy(&w->fetch);
	free(w);
}

int
work_call(struct work_job **jobp, struct work *w,
    void (*done)(void *arg, struct json_object *call), void *arg,
    struct err *err)
{
	struct work_job *job = calloc(1, sizeof(*job));
	int r = ERR_OK;

	if (job == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	job->done = done;
	job->arg = arg;
	(void)pthread_mutex_lock(&w->lock);
	if (w->jobs >= JOBS_MAX)
		r = err_set(err, ERR_BUSY, "%d calls wait already", JOBS_MAX);
	else {
		w->jobs++;
		list_append(&w->todo, &job->in_list);
		(void)pthread_cond_signal(&w->call);
	}
	(void)pthread_mutex_unlock(&w->lock);
	if (r == ERR_OK)
		*jobp = job;
	else
		free(job);
	return r;
}

void
work_forget(struct work_job *job)
{
	job->done = NULL;
}

void
work_renew(struct work *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->renew = true;
	(void)pthread_cond_signal(&w->fetch);
	(void)pthread_mutex_unlock(&w->lock);
}

/* json-c counts references without atomics: the loop gets its own. */
static void
add_copy(struct json_object *facts, const char *key, struct json_object *o)
{
	struct json_object *copy = NULL;

	if (o == NULL || json_object_deep_copy(o, &copy, NULL) == 0)
		shown_add_object(facts, key, copy);
}

void
work_add_facts(struct json_object *facts, struct work *w)
{
	(void)pthread_mutex_lock(&w->lock);
	if (w->config.workload != NULL)
		add_copy(facts, "jwt_svid", w->jwt);
	add_copy(facts, "ecs_metadata", w->metadata);
	(void)pthread_mutex_unlock(&w->lock);
}
