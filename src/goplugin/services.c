/* SPDX-License-Identifier: Apache-2.0 */
#include "goplugin/services.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "goplugin/goplugin.pb-c.h"

/* The id under which SPIRE offers its services to every plugin. */
enum { HOST_SERVICE_ID = 1, CONN_INFO_MAX = 4096 };

static void
learn_host(struct services *services, struct str message)
{
	Goplugin__ConnInfo *info;

	if (message.n > CONN_INFO_MAX)
		return;
	info = goplugin__conn_info__unpack(
	    NULL, message.n, (const uint8_t *)message.p);
	if (info == NULL)
		return;
	if (info->service_id == HOST_SERVICE_ID && info->knock == NULL &&
	    strcmp(info->network, "unix") == 0 && info->address[0] == '/' &&
	    strlen(info->address) < BROKER_ADDRESS_MAX)
		(void)snprintf(services->host, sizeof(services->host),
		    "unix:%s", info->address);
	else
		log_debug("broker message ignored",
		    F_INT("service_id", info->service_id),
		    F_TEXT("network", info->network));
	goplugin__conn_info__free_unpacked(info, NULL);
}

static void
broker_begin(struct gp_call *call, void *arg, struct str message)
{
	struct services *services = arg;

	(void)message;
	services->streams++;
	gp_set_state(call, services);
	gp_watch(call);
	gp_read(call);
}

static void
broker_message(struct gp_call *call, const struct str *message)
{
	/* The host takes an early end of this stream for a dead broker. */
	if (message == NULL)
		return;
	learn_host(gp_state(call), *message);
	gp_read(call);
}

static void
hold_cancelled(struct gp_call *call)
{
	gp_finish(call, GP_CANCELLED, "cancelled", NULL);
}

static void
stream_end(struct gp_call *call)
{
	struct services *services = gp_state(call);

	services->streams--;
	services->on_stream_end(services->arg);
}

/* SPIRE throws away what comes here; an open stream keeps its channel awake. */
static void
stdio_begin(struct gp_call *call, void *arg, struct str message)
{
	struct services *services = arg;

	(void)message;
	services->streams++;
	gp_set_state(call, services);
	gp_watch(call);
}

static void
shutdown_begin(struct gp_call *call, void *arg, struct str message)
{
	(void)message;
	gp_set_state(call, arg);
	gp_finish(call, GP_OK, NULL, &STR(""));
}

static void
shutdown_end(struct gp_call *call)
{
	struct services *services = gp_state(call);

	services->on_shutdown(services->arg);
}

enum { HEALTH_REQUEST_MAX = 1024, HEALTH_RESPONSE_MAX = 16 };

/* Is it a service whose health we know?  "plugin" and the whole. */
static bool
is_health_known(struct str message)
{
	Goplugin__HealthCheckRequest *req;
	bool known = false;

	if (message.n > HEALTH_REQUEST_MAX)
		return false;
	req = goplugin__health_check_request__unpack(
	    NULL, message.n, (const uint8_t *)message.p);
	if (req == NULL)
		return false;
	known = req->service[0] == '\0' || strcmp(req->service, "plugin") == 0;
	goplugin__health_check_request__free_unpacked(req, NULL);
	return known;
}

static struct str
serving(uint8_t out[HEALTH_RESPONSE_MAX])
{
	Goplugin__HealthCheckResponse res =
	    GOPLUGIN__HEALTH_CHECK_RESPONSE__INIT;

	res.status = GOPLUGIN__HEALTH_CHECK_RESPONSE__STATUS__SERVING;
	return (struct str){ (const char *)out,
		goplugin__health_check_response__pack(&res, out) };
}

static void
check_begin(struct gp_call *call, void *arg, struct str message)
{
	uint8_t out[HEALTH_RESPONSE_MAX];
	struct str res = serving(out);

	(void)arg;
	if (is_health_known(message))
		gp_finish(call, GP_OK, NULL, &res);
	else
		gp_finish(call, GP_NOT_FOUND, "unknown service", NULL);
}

static void
watch_begin(struct gp_call *call, void *arg, struct str message)
{
	(void)arg;
	(void)message;
	gp_watch(call);
	gp_read(call);
}

static void
watch_message(struct gp_call *call, const struct str *message)
{
	uint8_t out[HEALTH_RESPONSE_MAX];

	if (message != NULL && is_health_known(*message))
		gp_send(call, serving(out));
	else
		gp_finish(call, GP_NOT_FOUND, "unknown service", NULL);
}

static const struct gp_handler broker = {
	.begin = broker_begin,
	.message = broker_message,
	.cancelled = hold_cancelled,
	.end = stream_end,
};
static const struct gp_handler stdio = {
	.begin = stdio_begin,
	.cancelled = hold_cancelled,
	.end = stream_end,
};
static const struct gp_handler controller = {
	.begin = shutdown_begin,
	.end = shutdown_end,
};
static const struct gp_handler check = { .begin = check_begin };
static const struct gp_handler watch = {
	.begin = watch_begin,
	.message = watch_message,
	.cancelled = hold_cancelled,
};

void
services_init(struct services *services)
{
	const struct gp_method methods[SERVICES_COUNT] = {
		{ "/plugin.GRPCBroker/StartStream", GP_STREAM, 2, &broker,
		    services },
		{ "/plugin.GRPCStdio/StreamStdio", GP_STREAM, 2, &stdio,
		    services },
		{ "/plugin.GRPCController/Shutdown", GP_UNARY, 2, &controller,
		    services },
		{ "/grpc.health.v1.Health/Check", GP_UNARY, 2, &check,
		    services },
		{ "/grpc.health.v1.Health/Watch", GP_STREAM, 2, &watch,
		    services },
	};

	memcpy(services->methods, methods, sizeof(methods));
	services->host[0] = '\0';
	services->streams = 0;
}
