/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_service.c - api-service: a JSON API for those it knows, over mutual TLS
 *
 * The handshake lets in whom a bundle that we hold proves; after that, only
 * allowed_ids may ask, and everybody else is told who was refused.  Plain HTTP
 * is there for /health on loopback, if health_listen is set, and for nothing
 * else.
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
#include "workload/tls.h"

enum { REFUSALS_A_SECOND = 50 };

struct api_settings {
	char *listen, *health_listen;
	struct texts allowed_ids;
};

static const struct setting settings[] = {
	{ "listen", SETTING_TEXT, offsetof(struct api_settings, listen),
	    "0.0.0.0:8082", check_address, "where to serve, over mutual TLS" },
	{ "allowed_ids", SETTING_LIST,
	    offsetof(struct api_settings, allowed_ids), NULL, check_spiffe_id,
	    "a list: the SPIFFE IDs that may ask" },
	{ "health_listen", SETTING_TEXT,
	    offsetof(struct api_settings, health_listen), NULL, check_loopback,
	    "on loopback, where plain HTTP answers /health" },
};

static const struct program program = { "api-service",
	"Answer questions about this service, over mutual TLS by SPIFFE.",
	settings, sizeof(settings) / sizeof(settings[0]) };

struct api {
	struct service service; /* first: service_answer_health() */
	struct id_matcher allowed;
	struct log_gate refusals;
	struct tls *tls;
	SSL_CTX *ctx;
	struct web *web, *health;
};

/* True: answered already. */
static bool
refuses(struct api *api, struct web_call *call, struct spiffe_id *caller)
{
	struct err err = { 0 };
	char sentence[SPIFFE_ID_MAX + 64];
	uint64_t held;

	if (tls_peer_id(caller, web_ssl(call), &err) != ERR_OK) {
		web_error(call, 403, err.msg);
		return true;
	}
	if (id_matches(&api->allowed, caller))
		return false;
	if (log_gate_open_for(&api->refusals, REFUSALS_A_SECOND, clock_ms(),
		1000, &held))
		log_warn("caller refused",
		    F_STR("spiffe_id", spiffe_id_text(caller)),
		    F_TEXT("error", "it is not one of allowed_ids"),
		    F_INT("held_back", held));
	(void)snprintf(sentence, sizeof(sentence),
	    "%s is not one of the callers that are allowed here",
	    caller->text);
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
answer_attestation(struct web_call *call, void *arg)
{
	struct api *api = arg;
	struct spiffe_id caller;
	struct json_object *o, *data, *tls;

	if (refuses(api, call, &caller))
		return;
	o = json_object_new_object();
	data = json_object_new_object();
	tls = json_object_new_object();
	if (o != NULL && data != NULL && tls != NULL) {
		shown_add(o, "service_name", program.name);
		shown_add(o, "version", PACKAGE_VERSION);
		shown_add_time(o, "timestamp", (int64_t)time(NULL));
		shown_add(o, "status", "attested");
		add_service(data, api);
		shown_add_str(data, "caller", spiffe_id_text(&caller));
		shown_add(tls, "version", SSL_get_version(web_ssl(call)));
		shown_add(tls, "cipher", SSL_get_cipher_name(web_ssl(call)));
		shown_add_object(data, "tls", tls);
		shown_add_object(o, "data", data);
	} else {
		json_object_put(tls);
		json_object_put(data);
		json_object_put(o);
		o = NULL;
	}
	service_answer_json(call, 200, o);
}

static void
answer_health(struct web_call *call, void *arg)
{
	struct spiffe_id caller;

	if (!refuses(arg, call, &caller))
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
	r = service_init(
	    &api->service, program.name, 1U << WORKLOAD_SVIDS, err);
	if (r == ERR_OK)
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
