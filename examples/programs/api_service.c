/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_service.c - api-service: a JSON API for those it knows
 *
 * Over mutual TLS, by itself or (plain) by a sidecar, Envoy.
 *
 * The handshake lets in whom a bundle that we hold proves; after that, only
 * allowed_ids may ask, and everybody else is told who was refused.  Plain HTTP
 * is there for /health on loopback, if health_listen is set, and for nothing
 * else.
 *
 * In plain mode the sidecar does the handshake and says in the header of xfcc.h
 * whom it has let in.  Without that header nobody is answered.  The header can
 * be believed for one reason: only the sidecar reaches us.  So we listen on
 * loopback, which a task on Fargate has for itself.
 *
 * Exit status: 0 served until a signal; 1 could not; 2 the command line is
 * wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "config.h"
#include "programs/service.h"
#include "programs/settings.h"
#include "programs/shown.h"
#include "programs/xfcc.h"
#include "workload/tls.h"

enum { REFUSALS_A_SECOND = 50 };

struct api_settings {
	char *listen, *health_listen;
	struct texts allowed_ids;
	bool plain;
};

static const struct setting settings[] = {
	{ "listen", SETTING_TEXT, offsetof(struct api_settings, listen),
	    "0.0.0.0:8082", check_address, "where to serve, over mutual TLS",
	    "127.0.0.1:8183" },
	{ "allowed_ids", SETTING_LIST,
	    offsetof(struct api_settings, allowed_ids), NULL, check_spiffe_id,
	    "a list: the SPIFFE IDs that may ask", NULL },
	{ "health_listen", SETTING_TEXT,
	    offsetof(struct api_settings, health_listen), NULL, check_loopback,
	    "on loopback, where plain HTTP answers /health", NULL },
	SETTING_PLAIN(struct api_settings),
};

static int
judge(const void *values, struct err *err)
{
	const struct api_settings *s = values;
	struct err why = { 0 };

	if (s->plain && s->health_listen != NULL)
		return plain_clash(err, "health_listen",
		    "/health is answered where \"listen\" says");
	if (s->plain && s->listen != NULL &&
	    check_loopback(s->listen, &why) != ERR_OK)
		return plain_clash(err, "listen", why.msg);
	return ERR_OK;
}

static const struct program program = { "api-service",
	"Answer questions about this service, over mutual TLS by SPIFFE.",
	settings, sizeof(settings) / sizeof(settings[0]), judge };

struct api {
	struct service service; /* first: service_answer_health() */
	struct id_matcher allowed;
	struct log_gate refusals;
	bool plain;
	struct tls *tls;
	SSL_CTX *ctx;
	struct web *web, *health;
};

/* Who asks, and in plain mode how we know. */
struct caller {
	struct spiffe_id id;
	struct xfcc xfcc;
};

static void
log_refusal(struct api *api, struct str id, const char *why)
{
	uint64_t held;

	if (log_gate_open_for(&api->refusals, REFUSALS_A_SECOND, clock_ms(),
		1000, &held))
		log_warn("caller refused", F_STR("spiffe_id", id),
		    F_TEXT("error", why), F_INT("held_back", held));
}

static int
forwarded(struct caller *caller, const struct web_call *call, struct err *err)
{
	struct str header;
	unsigned n = web_client_cert(call, &header);
	int r;

	if (n == 0)
		return err_set(err, ERR_POLICY,
		    "no " XFCC_NAME " came with the request: it has not"
		    " passed the sidecar");
	if (n > 1)
		return err_set(err, ERR_FORMAT,
		    XFCC_NAME ": it stands there %u times", n);
	r = xfcc_parse(&caller->xfcc, header, err);
	if (r == ERR_OK)
		caller->id = caller->xfcc.uri;
	return r;
}

/* True: answered already. */
static bool
refuses(struct api *api, struct web_call *call, struct caller *caller)
{
	struct err err = { 0 };
	char sentence[SPIFFE_ID_MAX + 64];
	int r = api->plain ? forwarded(caller, call, &err)
			   : tls_peer_id(&caller->id, web_ssl(call), &err);

	if (r != ERR_OK) {
		log_refusal(api, STR(""), err.msg);
		web_error(call, 403, err.msg);
		return true;
	}
	if (id_matches(&api->allowed, &caller->id))
		return false;
	log_refusal(api, spiffe_id_text(&caller->id),
	    "it is not one of allowed_ids");
	(void)snprintf(sentence, sizeof(sentence),
	    "%s is not one of the callers that are allowed here",
	    caller->id.text);
	web_error(call, 403, sentence);
	return true;
}

static void
add_service(struct json_object *data, struct api *api)
{
	const struct snapshot *s =
	    source_get(workload_source(api->service.workload));
	const struct svid *svid = svid_set_find(s->svids, NULL);

	if (svid != NULL) {
		shown_add_str(data, "spiffe_id", spiffe_id_text(&svid->id));
		shown_add_str(
		    data, "trust_domain", spiffe_id_domain(&svid->id));
		shown_add_time(data, "expires", svid->expires);
	}
	snapshot_unref(s);
}

static void
add_tls(struct json_object *data, const struct web_call *call)
{
	struct json_object *tls = json_object_new_object();

	if (tls == NULL)
		return;
	shown_add(tls, "version", SSL_get_version(web_ssl(call)));
	shown_add(tls, "cipher", SSL_get_cipher_name(web_ssl(call)));
	shown_add_object(data, "tls", tls);
}

/* What the sidecar has said of the caller, and of us. */
static void
add_forwarded(struct json_object *data, const struct xfcc *xfcc)
{
	struct json_object *o = json_object_new_object();

	if (xfcc->by.n > 0) {
		shown_add_str(data, "spiffe_id", spiffe_id_text(&xfcc->by));
		shown_add_str(
		    data, "trust_domain", spiffe_id_domain(&xfcc->by));
	}
	if (o == NULL)
		return;
	shown_add_str(o, "uri", spiffe_id_text(&xfcc->uri));
	shown_add(o, "hash", xfcc->hash);
	shown_add_str(o, "by", spiffe_id_text(&xfcc->by));
	shown_add_object(data, "x_forwarded_client_cert", o);
}

static void
answer_attestation(struct web_call *call, void *arg)
{
	struct api *api = arg;
	struct caller caller;
	struct json_object *o, *data;

	if (refuses(api, call, &caller))
		return;
	o = json_object_new_object();
	data = json_object_new_object();
	if (o != NULL && data != NULL) {
		shown_add(o, "service_name", program.name);
		shown_add(o, "version", PACKAGE_VERSION);
		shown_add_time(o, "timestamp", (int64_t)time(NULL));
		shown_add(o, "status", "attested");
		if (api->plain)
			shown_add(o, "mode", "plain");
		else
			add_service(data, api);
		shown_add_str(data, "caller", spiffe_id_text(&caller.id));
		if (api->plain)
			add_forwarded(data, &caller.xfcc);
		else
			add_tls(data, call);
		shown_add_object(o, "data", data);
	} else {
		json_object_put(data);
		json_object_put(o);
		o = NULL;
	}
	service_answer_json(call, 200, o);
}

/*
 * A plain one also answers the health check of its own task, which does not
 * come by the sidecar.
 */
static void
answer_health(struct web_call *call, void *arg)
{
	const struct api *api = arg;
	struct caller caller;
	struct str header;

	if ((api->plain && web_client_cert(call, &header) == 0) ||
	    !refuses(arg, call, &caller))
		service_answer_health(call, arg);
}

static const struct web_route routes[] = {
	{ "/attestation", WEB_GET, answer_attestation },
	{ "/health", WEB_GET, answer_health },
};

static const struct web_route health_routes[] = {
	{ "/health", WEB_GET, service_answer_health },
};

static int
open_tls(struct api *api, struct err *err)
{
	struct tls_config config = {
		.source = workload_source(api->service.workload),
		.expected = { .kind = MATCH_ANY },
	};
	int r;

	r = tls_new(&api->tls, &config, err);
	if (r == ERR_OK)
		r = tls_server_ctx(&api->ctx, api->tls, err);
	return r;
}

static int
open_webs(struct api *api, const struct api_settings *s, struct err *err)
{
	struct web_config config = { s->listen, api->ctx, routes,
		sizeof(routes) / sizeof(routes[0]), api, "" };
	struct web_config health = { s->health_listen, NULL, health_routes, 1,
		api, "" };
	int r;

	r = web_new(&api->web, api->service.base, &config, err);
	if (r == ERR_OK)
		r = service_announce(&api->service, api->web, err);
	if (r != ERR_OK || s->health_listen == NULL)
		return r;
	r = web_new(&api->health, api->service.base, &health, err);
	return r == ERR_OK
		   ? service_announce(&api->service, api->health, err)
		   : r;
}

static int
serve(struct api *api, const struct api_settings *s, struct err *err)
{
	int r;

	if (s->allowed_ids.count == 0)
		return err_set(err, ERR_CONFIG,
		    "allowed_ids names nobody who may ask: give it in the"
		    " file of -c FILE");
	api->allowed = (struct id_matcher){ .kind = MATCH_IDS,
		.ids = (const char *const *)s->allowed_ids.at };
	api->plain = s->plain;
	r = service_init(&api->service, program.name,
	    s->plain ? 0 : 1U << WORKLOAD_SVIDS, err);
	if (r == ERR_OK && !s->plain)
		r = open_tls(api, err);
	if (r == ERR_OK)
		r = open_webs(api, s, err);
	if (r == ERR_OK)
		r = service_run(&api->service, err);
	web_free(api->health);
	web_free(api->web);
	SSL_CTX_free(api->ctx);
	tls_free(api->tls);
	service_release(&api->service);
	return r;
}

int
main(int argc, char **argv)
{
	struct api_settings s = { 0 };
	struct api api = { 0 };
	struct err err = { 0 };
	int status = EXIT_SUCCESS;

	settings_start(&s, &program, argc, argv);
	if (serve(&api, &s, &err) != ERR_OK)
		status = service_fail(program.name, &err);
	settings_release(&s, &program);
	return status;
}
