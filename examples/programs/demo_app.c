/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demo_app.c - demo-app: what SPIRE has given this workload, in a browser
 *
 * Exit status: 0 served until a signal; 1 could not; 2 the command line is
 * wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "programs/demo.h"
#include "programs/settings.h"
#include "programs/shown.h"
#include "workload/tls.h"

enum { PAGE_MAX = 4 * 1024 * 1024 };

/* Everything from here, nothing inline, nothing else. */
#define POLICY \
	"Content-Security-Policy: default-src 'none'; style-src 'self';" \
	" script-src 'self'; connect-src 'self'; img-src data:;" \
	" form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n" \
	"Referrer-Policy: no-referrer\r\n"

static const struct setting settings[] = {
	{ "listen", SETTING_TEXT, offsetof(struct demo_settings, listen),
	    "127.0.0.1:8080", check_address,
	    "where to serve pages, plain HTTP", "127.0.0.1:8180" },
	{ "api_url", SETTING_TEXT, offsetof(struct demo_settings, api_url),
	    "https://127.0.0.1:8082/attestation", NULL,
	    "what the button calls", "http://127.0.0.1:9101/attestation" },
	{ "api_id", SETTING_TEXT, offsetof(struct demo_settings, api_id),
	    "spiffe://example.org/api-service", check_spiffe_id,
	    "who has to answer there", NULL },
	{ "jwt_audience", SETTING_TEXT,
	    offsetof(struct demo_settings, jwt_audience), NULL, NULL,
	    "of the JWT-SVID that is shown [the trust domain]", NULL },
	SETTING_PLAIN(struct demo_settings),
};

static int
judge(const void *values, struct err *err)
{
	const struct demo_settings *s = values;
	struct err why = { 0 };

	if (s->plain && s->api_id != NULL)
		return plain_clash(
		    err, "api_id", "the sidecar verifies who answers");
	if (s->plain && s->jwt_audience != NULL)
		return plain_clash(err, "jwt_audience",
		    "JWT-SVIDs come from the Workload API, which is not"
		    " asked");
	if (check_url(s->api_url, s->plain, &why) == ERR_OK)
		return ERR_OK;
	return s->plain ? plain_clash(err, "api_url", why.msg)
			: err_set(err, why.code, "api_url: %s", why.msg);
}

static const struct program program = { "demo-app",
	"Show what SPIRE has given this workload, in a browser.", settings,
	sizeof(settings) / sizeof(settings[0]), judge };

struct demo {
	struct service service; /* first: service_answer_health() */
	struct demo_settings settings;
	const char *api_ids[2];
	struct tls *tls;
	SSL_CTX *ctx;
	struct work *work;
	struct web *web;
	struct event *watch;
	char status[16]; /* of /health, when it was last looked at */
};

/* A call of the API that somebody waits for. */
struct waiting {
	struct demo *demo;
	struct web_call *call;
	struct work_job *job;
};

static void
answer_page(struct web_call *call, struct demo *demo, struct json_object *done)
{
	struct json_object *facts =
	    demo_facts(&demo->service, demo->work, &demo->settings);
	struct buf b;

	buf_init(&b, PAGE_MAX);
	if (facts != NULL)
		demo_page(&b, facts, done);
	if (facts == NULL || buf_check(&b, NULL) != ERR_OK)
		web_error(call, 500, err_text(ERR_MEMORY));
	else
		web_answer(call, 200, "text/html; charset=utf-8", buf_str(&b));
	buf_release(&b);
	json_object_put(facts);
}

static void
answer_root(struct web_call *call, void *arg)
{
	answer_page(call, arg, NULL);
}

static void
answer_json(struct web_call *call, void *arg)
{
	struct demo *demo = arg;

	service_answer_json(call, 200,
	    demo_facts(&demo->service, demo->work, &demo->settings));
}

static void
on_called(void *arg, struct json_object *done)
{
	struct waiting *w = arg;
	bool ok = json_object_get_boolean(shown_at(done, "ok"));

	log_info("API called", F_TEXT("url", shown_get(done, "url")),
	    F_TEXT("peer", shown_get(done, "peer")),
	    F_TEXT("error", shown_get(done, "error")),
	    F_INT("duration_us", shown_get_int(done, "duration_us")));
	web_later(w->call, NULL, NULL);
	if (web_wants_html(w->call)) {
		answer_page(w->call, w->demo, done);
		json_object_put(done);
	} else
		service_answer_json(w->call, ok ? 200 : 502, done);
	free(w);
}

static void
on_gone(void *arg)
{
	struct waiting *w = arg;

	work_forget(w->job);
	free(w);
}

static void
answer_call(struct web_call *call, void *arg)
{
	struct waiting *w = calloc(1, sizeof(*w));
	struct err err = { 0 };

	if (w == NULL) {
		web_error(call, 503, err_text(ERR_MEMORY));
		return;
	}
	w->demo = arg;
	w->call = call;
	if (work_call(&w->job, w->demo->work, on_called, w, &err) != ERR_OK) {
		web_error(call, 503, err.msg);
		free(w);
		return;
	}
	web_later(call, on_gone, w);
}

static void
answer_events(struct web_call *call, void *arg)
{
	(void)arg;
	/* at once: what has changed since the page was made is not lost */
	web_stream(call, STR("retry: 2000\nevent: update\ndata: now\n\n"));
}

static void
answer_style(struct web_call *call, void *arg)
{
	(void)arg;
	web_answer(call, 200, "text/css; charset=utf-8", str_of(demo_style));
}

static void
answer_script(struct web_call *call, void *arg)
{
	(void)arg;
	web_answer(call, 200, "text/javascript; charset=utf-8",
	    str_of(demo_script));
}

static const struct web_route routes[] = {
	{ "/", WEB_GET, answer_root },
	{ "/json", WEB_GET, answer_json },
	{ "/health", WEB_GET, service_answer_health },
	{ "/api-call", WEB_GET | WEB_POST, answer_call },
	{ "/events", WEB_GET, answer_events },
	{ "/style.css", WEB_GET, answer_style },
	{ "/script.js", WEB_GET, answer_script },
};

static void
tell(void *arg)
{
	struct demo *demo = arg;

	web_tell(demo->web, STR("event: update\ndata: now\n\n"));
}

static void
on_identity(void *arg)
{
	struct demo *demo = arg;

	work_renew(demo->work);
	tell(arg);
}

/* That the agent is gone rings no bell. */
static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct demo *demo = arg;
	struct json_object *health = service_health(&demo->service);
	const char *status = shown_get(health, "status");

	(void)fd;
	(void)what;
	if (strcmp(demo->status, status) != 0) {
		(void)snprintf(
		    demo->status, sizeof(demo->status), "%s", status);
		tell(demo);
	}
	json_object_put(health);
}

static int
open_watch(struct demo *demo, struct err *err)
{
	const struct timeval second = { 1, 0 };

	demo->watch = event_new(
	    demo->service.base, -1, EV_PERSIST, on_watch, demo);
	if (demo->watch == NULL || event_add(demo->watch, &second) != 0)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	return ERR_OK;
}

static int
open_tls(struct demo *demo, struct err *err)
{
	struct tls_config config = {
		.source = workload_source(demo->service.workload),
		.expected = { .kind = MATCH_IDS, .ids = demo->api_ids },
	};
	int r;

	demo->api_ids[0] = demo->settings.api_id;
	r = tls_new(&demo->tls, &config, err);
	return r == ERR_OK ? tls_client_ctx(&demo->ctx, demo->tls, err) : r;
}

static int
open_work(struct demo *demo, struct err *err)
{
	struct work_config work = {
		.base = demo->service.base,
		.workload = demo->service.workload,
		.settings = &demo->settings,
		.metadata = getenv("ECS_CONTAINER_METADATA_URI_V4"),
		.changed = tell,
		.arg = demo,
	};
	int r = demo->settings.plain ? ERR_OK : open_tls(demo, err);

	work.ctx = demo->ctx;
	return r == ERR_OK ? work_new(&demo->work, &work, err) : r;
}

static int
serve(struct demo *demo, struct err *err)
{
	struct web_config config = { demo->settings.listen, NULL, routes,
		sizeof(routes) / sizeof(routes[0]), demo, POLICY };
	int r;

	r = service_init(&demo->service, program.name,
	    demo->settings.plain
		? 0
		: 1U << WORKLOAD_SVIDS | 1U << WORKLOAD_BUNDLES,
	    err);
	if (r == ERR_OK)
		r = open_work(demo, err);
	if (r == ERR_OK)
		r = web_new(&demo->web, demo->service.base, &config, err);
	if (r == ERR_OK && !demo->settings.plain)
		r = open_watch(demo, err);
	if (r == ERR_OK)
		r = service_announce(&demo->service, demo->web, err);
	demo->service.changed = on_identity;
	demo->service.arg = demo;
	if (r == ERR_OK)
		r = service_run(&demo->service, err);
	if (demo->watch != NULL)
		event_free(demo->watch);
	web_free(demo->web);
	work_free(demo->work);
	SSL_CTX_free(demo->ctx);
	tls_free(demo->tls);
	service_release(&demo->service);
	return r;
}

int
main(int argc, char **argv)
{
	struct demo demo = { 0 };
	struct err err = { 0 };
	int status = EXIT_SUCCESS;

	settings_start(&demo.settings, &program, argc, argv);
	if (serve(&demo, &err) != ERR_OK)
		status = service_fail(program.name, &err);
	settings_release(&demo.settings, &program);
	return status;
}
