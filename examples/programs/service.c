/* SPDX-License-Identifier: Apache-2.0 */
#include "programs/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "programs/memory.h"
#include "programs/shown.h"
#include "workload/source.h"

enum { ANSWER_MAX = 4 * 1024 * 1024 };

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct service *s = arg;

	(void)number;
	(void)what;
	(void)event_base_loopbreak(s->base);
}

static void
log_identity(const struct service *s)
{
	const struct snapshot *snapshot =
	    source_get(workload_source(s->workload));
	const struct svid *svid = svid_set_find(snapshot->svids, NULL);

	if (svid != NULL)
		log_info("identity updated",
		    F_STR("spiffe_id", spiffe_id_text(&svid->id)),
		    F_INT("expires_in_s",
			svid->expires - (int64_t)time(NULL)));
	else
		log_warn("no identity", LOG_NO_FIELD);
	snapshot_unref(snapshot);
}

static void
on_news(evutil_socket_t fd, short what, void *arg)
{
	struct service *s = arg;

	(void)fd;
	(void)what;
	source_heed(workload_source(s->workload));
	log_identity(s);
	if (s->changed != NULL)
		s->changed(s->arg);
	memory_let_go();
}

static int
watch_workload(struct service *s, unsigned streams, struct err *err)
{
	struct workload_options options = { .streams = streams };
	int r = workload_open(&s->workload, &options, err);

	if (r != ERR_OK)
		return r;
	s->news = event_new(s->base, source_fd(workload_source(s->workload)),
	    EV_READ | EV_PERSIST, on_news, s);
	if (s->news == NULL || event_add(s->news, NULL) != 0)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	return ERR_OK;
}

int
service_init(
    struct service *s, const char *name, unsigned streams, struct err *err)
{
	struct event_config *config;

	memset(s, 0, sizeof(*s));
	s->name = name;
	memory_spare();
	(void)signal(SIGPIPE, SIG_IGN);
	web_raise_descriptors();
	config = event_config_new();
	if (config != NULL) {
		s->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	if (s->base == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	s->term = evsignal_new(s->base, SIGTERM, on_signal, s);
	s->interrupt = evsignal_new(s->base, SIGINT, on_signal, s);
	if (s->term == NULL || s->interrupt == NULL ||
	    event_add(s->term, NULL) != 0 || event_add(s->interrupt, NULL) != 0)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	return streams == 0 ? ERR_OK : watch_workload(s, streams, err);
}

void
service_release(struct service *s)
{
	struct event *events[] = { s->term, s->interrupt, s->news };
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i] != NULL)
			event_free(events[i]);
	if (s->base != NULL)
		event_base_free(s->base);
	workload_close(s->workload);
	memset(s, 0, sizeof(*s));
}

int
service_run(struct service *s, struct err *err)
{
	memory_let_go();
	if (event_base_dispatch(s->base) < 0)
		return err_set(err, ERR_SYSTEM, "the event loop failed");
	return ERR_OK;
}

int
service_announce(
    const struct service *s, const struct web *w, struct err *err)
{
	if (printf("%s: listening on %s\n", s->name, web_url(w)) < 0 ||
	    fflush(stdout) != 0)
		return err_set(err, ERR_SYSTEM, "nobody reads my output");
	return ERR_OK;
}

static const char *
state_of(const struct workload_status *status, const struct svid *svid)
{
	if (svid == NULL || svid->expires <= (int64_t)time(NULL))
		return "down";
	return status->connected && status->error.code == ERR_OK ? "ok"
								 : "degraded";
}

static struct json_object *
plain_health(const struct service *s)
{
	struct json_object *o = json_object_new_object();

	if (o != NULL) {
		shown_add(o, "status", "ok");
		shown_add(o, "service_name", s->name);
		shown_add(o, "mode", "plain");
	}
	return o;
}

static struct json_object *
own_health(const struct service *s)
{
	const struct snapshot *snapshot =
	    source_get(workload_source(s->workload));
	const struct svid *svid = svid_set_find(snapshot->svids, NULL);
	struct json_object *o = json_object_new_object();
	struct workload_status status;

	workload_status(&status, s->workload, WORKLOAD_SVIDS);
	if (o != NULL) {
		shown_add(o, "status", state_of(&status, svid));
		shown_add(o, "service_name", s->name);
		if (svid != NULL) {
			shown_add_str(
			    o, "spiffe_id", spiffe_id_text(&svid->id));
			shown_add_time(o, "expires", svid->expires);
			shown_add_int(o, "expires_in_s",
			    svid->expires - (int64_t)time(NULL));
		}
		shown_add_object(o, "workload_api", shown_stream(&status));
	}
	snapshot_unref(snapshot);
	return o;
}

struct json_object *
service_health(const struct service *s)
{
	return s->workload == NULL ? plain_health(s) : own_health(s);
}

void
service_answer_json(struct web_call *call, int status, struct json_object *o)
{
	struct buf b;

	buf_init(&b, ANSWER_MAX);
	if (shown_text(&b, o, NULL) == ERR_OK)
		web_answer(call, status, "application/json", buf_str(&b));
	else
		web_error(call, 500, err_text(ERR_MEMORY));
	buf_release(&b);
	json_object_put(o);
}

void
service_answer_health(struct web_call *call, void *arg)
{
	struct json_object *o = service_health(arg);
	bool is_down = strcmp(shown_get(o, "status"), "down") == 0;

	service_answer_json(call, is_down ? 503 : 200, o);
}

int
service_fail(const char *name, const struct err *err)
{
	(void)fprintf(stderr, "%s: %s\n", name, err->msg);
	return EXIT_FAILURE;
}
