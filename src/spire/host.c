/* SPDX-License-Identifier: Apache-2.0 */
#include "spire/host.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "goplugin/client.h"
#include "spire/spire.pb-c.h"

#define AGENT_STORE "/spire.hostservice.server.agentstore.v1.AgentStore/"
#define METRICS     "/spire.hostservice.common.metrics.v1.Metrics/"

enum {
	FLUSH_MS = 1000,
	METRIC_CALL_MS = 5000,
	LAST_CALL_MS = 200,
	CALLS_MAX = 256, /* of Metrics under way */
	KEYS_MAX = 3,
	MESSAGE_MAX = 1024,
	WARN_MS = 60 * 1000,
};

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_SAMPLE, METRIC_KINDS };

static const char *const metric_methods[METRIC_KINDS] = {
	METRICS "IncrCounter",
	METRICS "SetGauge",
	METRICS "AddSample",
};

struct figure {
	struct metric metric;
	enum metric_kind kind;
	bool pending;
	double value;    /* sum of a counter, last value of a gauge */
	double *samples; /* METRICS_SAMPLES of them */
	size_t sample_count;
};

struct metric_call {
	struct list link;
	struct spire_host *host;
	struct gp_client_call *call;
};

struct agent_lookup {
	struct list link;
	struct gp_client_call *call;
	bool cancelled;
	agent_lookup_fn *done;
	void *arg;
};

struct spire_host {
	struct gp_plugin *plugin;
	struct gp_client *client; /* NULL: not needed so far */
	bool stopping;
	struct list lookups, calls;
	size_t call_count;
	struct loop_timer flush;
	struct log_gate refused;
	struct figure figures[METRICS_MAX];
	size_t figure_count;
};

int
spire_host_new(
    struct spire_host **hostp, struct gp_plugin *plugin, struct err *err)
{
	struct spire_host *host = calloc(1, sizeof(*host));

	if (host == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	host->plugin = plugin;
	list_init(&host->lookups);
	list_init(&host->calls);
	*hostp = host;
	return ERR_OK;
}

static struct loop *
loop_of(const struct spire_host *host)
{
	return gp_plugin_loop(host->plugin);
}

static int
connect_host(struct spire_host *host, struct err *err)
{
	const char *target = gp_plugin_host(host->plugin);

	if (host->stopping)
		return err_set(err, ERR_NOT_NOW, "the plugin is stopping");
	if (host->client != NULL)
		return ERR_OK;
	if (target == NULL)
		return err_set(err, ERR_UNAVAILABLE,
		    "SPIRE has not said where its services are");
	return gp_client_new(&host->client, loop_of(host), target, err);
}

/*
 * AgentStore
 */

static void
on_looked_up(void *arg, int status, struct str reply, const char *text)
{
	struct agent_lookup *lookup = arg;
	struct err err = { 0 };
	int r = ERR_OK;

	(void)reply;
	if (lookup->cancelled)
		r = err_set(&err, ERR_CANCELLED, "cancelled");
	else if (status == GP_NOT_FOUND)
		r = err_set(&err, ERR_MISSING, "there is no such agent");
	else if (status != GP_OK)
		r = err_set(&err, ERR_UNAVAILABLE,
		    "SPIRE does not say whether the agent is known: %s", text);
	list_remove(&lookup->link);
	lookup->done(lookup->arg, r, &err);
	free(lookup);
}

static int
send_lookup(struct agent_lookup *lookup, struct spire_host *host,
    struct str agent_id, int64_t timeout_ms, struct err *err)
{
	Spire__GetAgentInfoRequest req;
	uint8_t bytes[MESSAGE_MAX];
	char id[MESSAGE_MAX / 2];
	struct str message = { (const char *)bytes, 0 };

	if (agent_id.n >= sizeof(id))
		return err_set(err, ERR_TOOBIG, "the agent ID is too long");
	spire__get_agent_info_request__init(&req);
	memcpy(id, agent_id.p, agent_id.n);
	id[agent_id.n] = '\0';
	req.agent_id = id;
	message.n = spire__get_agent_info_request__pack(&req, bytes);
	return gp_client_call(&lookup->call, host->client,
	    AGENT_STORE "GetAgentInfo", message, timeout_ms, on_looked_up,
	    lookup, err);
}

int
agent_lookup_start(struct agent_lookup **lookupp, struct spire_host *host,
    struct str agent_id, int64_t timeout_ms, agent_lookup_fn *done, void *arg,
    struct err *err)
{
	struct agent_lookup *lookup;
	int r = connect_host(host, err);

	if (r != ERR_OK)
		return r;
	lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	lookup->done = done;
	lookup->arg = arg;
	r = send_lookup(lookup, host, agent_id, timeout_ms, err);
	if (r != ERR_OK) {
		free(lookup);
		return r;
	}
	list_append(&host->lookups, &lookup->link);
	*lookupp = lookup;
	return ERR_OK;
}

void
agent_lookup_cancel(struct agent_lookup *lookup)
{
	lookup->cancelled = true;
	gp_client_cancel(lookup->call);
}

/*
 * Metrics
 */

static void
on_taken(void *arg, int status, struct str reply, const char *text)
{
	struct metric_call *call = arg;
	struct spire_host *host = call->host;
	uint64_t held;

	(void)reply;
	if (status != GP_OK && !host->stopping &&
	    log_gate_open(
		&host->refused, loop_now(loop_of(host)), WARN_MS, &held))
		log_warn("SPIRE does not take the plugin's figures",
		    F_INT("status", status), F_TEXT("text", text),
		    F_INT("not_logged_before", held));
	list_remove(&call->link);
	host->call_count--;
	free(call);
}

static size_t
pack(uint8_t bytes[MESSAGE_MAX], const struct metric *metric, double value)
{
	Spire__Metric msg;
	Spire__MetricLabel labels[METRICS_LABELS_MAX];
	Spire__MetricLabel *list[METRICS_LABELS_MAX];
	char *key[KEYS_MAX];
	size_t i;

	spire__metric__init(&msg);
	for (i = 0; i < KEYS_MAX && metric->key[i] != NULL; i++)
		key[i] = (char *)(uintptr_t)metric->key[i];
	msg.n_key = i;
	msg.key = key;
	msg.val = (float)value;
	for (i = 0; i < METRICS_LABELS_MAX && metric->labels[i].name != NULL;
	     i++) {
		spire__metric_label__init(&labels[i]);
		labels[i].name = (char *)(uintptr_t)metric->labels[i].name;
		labels[i].value = (char *)(uintptr_t)metric->labels[i].value;
		list[i] = &labels[i];
	}
	msg.n_labels = i;
	msg.labels = list;
	if (spire__metric__get_packed_size(&msg) > MESSAGE_MAX)
		return 0;
	return spire__metric__pack(&msg, bytes);
}

static void
send_figure(struct spire_host *host, const struct figure *figure, double value,
    int64_t timeout_ms)
{
	struct metric_call *call;
	uint8_t bytes[MESSAGE_MAX];
	struct str message = { (const char *)bytes, 0 };

	message.n = pack(bytes, &figure->metric, value);
	if (message.n == 0 || host->call_count >= CALLS_MAX)
		return;
	call = calloc(1, sizeof(*call));
	if (call == NULL)
		return;
	call->host = host;
	if (gp_client_call(&call->call, host->client,
		metric_methods[figure->kind], message, timeout_ms, on_taken,
		call, NULL) != ERR_OK) {
		free(call);
		return;
	}
	list_append(&host->calls, &call->link);
	host->call_count++;
}

static void
send_pending(struct spire_host *host, int64_t timeout_ms)
{
	size_t i, k;

	for (i = 0; i < host->figure_count; i++) {
		struct figure *figure = &host->figures[i];

		if (!figure->pending)
			continue;
		figure->pending = false;
		if (figure->kind != METRIC_SAMPLE)
			send_figure(host, figure, figure->value, timeout_ms);
		for (k = 0; k < figure->sample_count; k++)
			send_figure(
			    host, figure, figure->samples[k], timeout_ms);
		figure->sample_count = 0;
		if (figure->kind == METRIC_COUNTER)
			figure->value = 0;
	}
}

static void on_flush(struct loop_timer *timer);

static void
flush_later(struct spire_host *host)
{
	if (host->flush.slot == 0)
		/* without memory the next figure tries again */
		if (loop_timer_set(loop_of(host), &host->flush, FLUSH_MS,
			on_flush) != ERR_OK)
			return;
}

static void
on_flush(struct loop_timer *timer)
{
	struct spire_host *host = container_of(timer, struct spire_host, flush);

	/* before the host has said where it is, they go on gathering */
	if (connect_host(host, NULL) != ERR_OK) {
		flush_later(host);
		return;
	}
	send_pending(host, METRIC_CALL_MS);
}

static bool
is_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_same(const struct metric *a, const struct metric *b)
{
	size_t i;

	for (i = 0; i < KEYS_MAX; i++)
		if (!is_text(a->key[i], b->key[i]))
			return false;
	for (i = 0; i < METRICS_LABELS_MAX; i++)
		if (!is_text(a->labels[i].name, b->labels[i].name) ||
		    !is_text(a->labels[i].value, b->labels[i].value))
			return false;
	return true;
}

static struct figure *
find_figure(
    struct spire_host *host, const struct metric *metric, enum metric_kind kind)
{
	struct figure *figure;
	size_t i;

	if (host == NULL || host->stopping)
		return NULL;
	for (i = 0; i < host->figure_count; i++)
		if (host->figures[i].kind == kind &&
		    is_same(&host->figures[i].metric, metric))
			return &host->figures[i];
	if (host->figure_count == METRICS_MAX)
		return NULL;
	figure = &host->figures[host->figure_count];
	if (kind == METRIC_SAMPLE) {
		figure->samples = calloc(METRICS_SAMPLES, sizeof(double));
		if (figure->samples == NULL)
			return NULL;
	}
	figure->metric = *metric;
	figure->kind = kind;
	host->figure_count++;
	return figure;
}

void
metrics_count(struct spire_host *host, const struct metric *metric, double n)
{
	struct figure *figure = find_figure(host, metric, METRIC_COUNTER);

	if (figure == NULL)
		return;
	figure->value += n;
	figure->pending = true;
	flush_later(host);
}

void
metrics_gauge(
    struct spire_host *host, const struct metric *metric, double value)
{
	struct figure *figure = find_figure(host, metric, METRIC_GAUGE);

	if (figure == NULL)
		return;
	figure->value = value;
	figure->pending = true;
	flush_later(host);
}

void
metrics_sample(
    struct spire_host *host, const struct metric *metric, double value)
{
	struct figure *figure = find_figure(host, metric, METRIC_SAMPLE);

	if (figure == NULL || figure->sample_count == METRICS_SAMPLES)
		return;
	figure->samples[figure->sample_count++] = value;
	figure->pending = true;
	flush_later(host);
}

/*
 * The end
 */

void
spire_host_stop(struct spire_host *host)
{
	struct list *item;

	if (host->stopping)
		return;
	loop_timer_stop(loop_of(host), &host->flush);
	for (item = host->calls.next; item != &host->calls; item = item->next)
		gp_client_cancel(
		    container_of(item, struct metric_call, link)->call);
	if (connect_host(host, NULL) == ERR_OK)
		send_pending(host, LAST_CALL_MS);
	host->stopping = true;
	for (item = host->lookups.next; item != &host->lookups;
	     item = item->next)
		agent_lookup_cancel(
		    container_of(item, struct agent_lookup, link));
}

void
spire_host_free(struct spire_host *host)
{
	size_t i;

	if (host == NULL)
		return;
	assert(list_is_empty(&host->calls) && list_is_empty(&host->lookups));
	gp_client_free(host->client);
	for (i = 0; i < host->figure_count; i++)
		free(host->figures[i].samples);
	free(host);
}
