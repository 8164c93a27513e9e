/* SPDX-License-Identifier: Apache-2.0 */
#include "host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "goplugin/goplugin.pb-c.h"
#include "spire/spire.pb-c.h"

/* A packed message, for one call_send. */
struct packed {
	unsigned char *p;
	size_t n;
};

static struct packed
pack(const ProtobufCMessage *m)
{
	struct packed out;

	out.n = protobuf_c_message_get_packed_size(m);
	out.p = need_alloc(out.n);
	protobuf_c_message_pack(m, out.p);
	return out;
}

static void
send_message(struct call *c, const ProtobufCMessage *m, bool last)
{
	const struct packed bytes = pack(m);

	if (last)
		call_send_last(c, bytes.p, bytes.n);
	else
		call_send(c, bytes.p, bytes.n);
	free(bytes.p);
}

/* protobuf-c's strings are not const, but it only reads them here. */
static char *
borrow(const char *text)
{
	union {
		const char *in;
		char *out;
	} u = { text };

	return u.out;
}

static ProtobufCBinaryData
binary(const void *p, size_t n)
{
	union {
		const void *in;
		uint8_t *out;
	} u = { p };

	return (ProtobufCBinaryData){ n, u.out };
}

static void
answer_take(struct answer *a, const struct call *c)
{
	a->code = call_code(c);
	snprintf(a->text, sizeof(a->text), "%s", call_text(c));
}

struct host *
host_launch(const struct process_options *o)
{
	struct host *h = need_alloc(sizeof(*h));

	snprintf(h->dir, sizeof(h->dir), "/tmp/spire-XXXXXX");
	NEED(mkdtemp(h->dir) != NULL, "%s: %m", h->dir);
	h->process = process_start(o);
	snprintf(h->address, sizeof(h->address), "%s",
	    process_handshake(h->process, patience(10000)));
	h->client = client_new();
	return h;
}

static void
announce(struct host *h)
{
	Goplugin__ConnInfo info;

	goplugin__conn_info__init(&info);
	info.service_id = 1;
	info.network = borrow("unix");
	info.address = borrow(broker_address(h->broker));
	send_message(h->start_stream, &info.base, false);
}

void
host_connect(struct host *h)
{
	h->channel = client_dial(h->address);
	if (h->broker == NULL)
		h->broker = broker_new(h->client, h->dir);
	h->start_stream =
	    call_start(h->client, h->channel, METHOD_START_STREAM, NULL);
	h->stdio = call_start(h->client, h->channel, METHOD_STDIO, NULL);
	call_send_last(h->stdio, "", 0);
	announce(h);
	call_read(h->start_stream);
	call_read(h->stdio);
}

void
host_disconnect(struct host *h)
{
	call_free(h->start_stream);
	call_free(h->stdio);
	h->start_stream = h->stdio = NULL;
	if (h->channel != NULL)
		grpc_channel_destroy(h->channel);
	h->channel = NULL;
}

struct host *
host_open(const struct process_options *o)
{
	struct host *h = host_launch(o);

	host_connect(h);
	return h;
}

/* The right two names, and nothing else. */
static void
check_init_reply(const void *reply, size_t n, bool is_server)
{
	Spire__InitResponse *response =
	    spire__init_response__unpack(NULL, n, reply);
	bool own = false, config = false;
	size_t i;

	NEED(response != NULL, "InitResponse does not parse");
	NEED(response->n_plugin_service_names == 2, "Init: not two names");
	for (i = 0; i < 2; i++) {
		const char *name = response->plugin_service_names[i];

		own |= strcmp(name,
			   is_server ? SERVICE_SERVER : SERVICE_AGENT) == 0;
		config |= strcmp(name, SERVICE_CONFIG) == 0;
	}
	NEED(own && config, "Init: wrong service names");
	spire__init_response__free_unpacked(response, NULL);
}

struct answer
host_try_init(struct host *h, bool is_server)
{
	static const char *const names[] = {
		"spire.hostservice.common.metrics.v1.Metrics",
		"spire.hostservice.server.identityprovider.v1.IdentityProvider",
		"spire.hostservice.server.agentstore.v1.AgentStore",
	};
	Spire__InitRequest request;
	char *list[3] = { borrow(names[0]), borrow(names[1]),
		borrow(names[2]) };
	struct call *c = call_start(h->client, h->channel, METHOD_INIT, NULL);
	struct answer a = { 0 };
	struct packed bytes;
	const void *reply;
	size_t n;

	spire__init_request__init(&request);
	request.n_host_service_names = is_server ? 3 : 1;
	request.host_service_names = list;
	bytes = pack(&request.base);
	if (call_unary(c, bytes.p, bytes.n, &reply, &n, CALL_MS) ==
	    GRPC_STATUS_OK)
		check_init_reply(reply, n, is_server);
	answer_take(&a, c);
	free(bytes.p);
	call_free(c);
	return a;
}

void
host_init(struct host *h, bool is_server)
{
	const struct answer a = host_try_init(h, is_server);

	NEED(a.code == GRPC_STATUS_OK, "Init: %s", a.text);
}

struct call *
configure_start(struct host *h, const char *method, const char *trust_domain,
    const char *hcl)
{
	Spire__CoreConfiguration core;
	Spire__ConfigureRequest request;
	struct call *c = call_start(h->client, h->channel, method, NULL);

	spire__core_configuration__init(&core);
	spire__configure_request__init(&request);
	core.trust_domain = borrow(trust_domain);
	request.core_configuration = &core;
	request.hcl_configuration = borrow(hcl);
	send_message(c, &request.base, true);
	return c;
}

struct answer
host_configure(struct host *h, const char *trust_domain, const char *hcl)
{
	struct call *c =
	    configure_start(h, METHOD_CONFIGURE, trust_domain, hcl);
	struct answer a = { 0 };
	const void *reply;
	size_t n;
	const bool replied = call_next(c, &reply, &n, CALL_MS);

	call_wait(c, CALL_MS);
	answer_take(&a, c);
	NEED(
	    replied == (a.code == GRPC_STATUS_OK), "Configure: half an answer");
	call_free(c);
	process_check(h->process);
	return a;
}

static void
add_text(char *list, size_t size, const char *text)
{
	const size_t used = strlen(list);

	NEED(used + strlen(text) + 2 < size, "too many values for this test");
	snprintf(list + used, size - used, "%s\n", text);
}

void
host_validate(struct host *h, const char *trust_domain, const char *hcl,
    struct validated *out)
{
	struct call *c = configure_start(h, METHOD_VALIDATE, trust_domain, hcl);
	Spire__ValidateResponse *response;
	const void *reply;
	size_t i, n;

	memset(out, 0, sizeof(*out));
	if (call_next(c, &reply, &n, CALL_MS)) {
		response = spire__validate_response__unpack(NULL, n, reply);
		NEED(response != NULL, "ValidateResponse does not parse");
		out->valid = response->valid != 0;
		out->note_count = response->n_notes;
		for (i = 0; i < response->n_notes; i++)
			add_text(
			    out->notes, sizeof(out->notes), response->notes[i]);
		spire__validate_response__free_unpacked(response, NULL);
	}
	call_wait(c, CALL_MS);
	answer_take(&out->answer, c);
	call_free(c);
	process_check(h->process);
}

struct host *
host_load(const struct process_options *o, bool is_server, const char *hcl)
{
	struct host *h = host_open(o);
	struct answer a;

	host_init(h, is_server);
	a = host_configure(h, "example.org", hcl);
	NEED(a.code == GRPC_STATUS_OK, "Configure: %s", a.text);
	return h;
}

struct call *
attest_start(struct host *h, const struct header *headers, size_t n)
{
	const struct call_options o = { .headers = headers, .header_count = n };

	return call_start(h->client, h->channel, METHOD_ATTEST, &o);
}

void
attest_payload(struct call *c, const void *payload, size_t n)
{
	Spire__AttestRequest request;

	spire__attest_request__init(&request);
	request.request_case = SPIRE__ATTEST_REQUEST__REQUEST_PAYLOAD;
	request.payload = binary(payload, n);
	send_message(c, &request.base, false);
}

void
attest_response(struct call *c, const void *response, size_t n)
{
	Spire__AttestRequest request;

	spire__attest_request__init(&request);
	request.request_case =
	    SPIRE__ATTEST_REQUEST__REQUEST_CHALLENGE_RESPONSE;
	request.challenge_response = binary(response, n);
	send_message(c, &request.base, false);
}

static void
read_attributes(struct attested *out, const Spire__AgentAttributes *a)
{
	size_t i;

	snprintf(out->id, sizeof(out->id), "%s", a->spiffe_id);
	out->can_reattest = a->can_reattest != 0;
	out->selector_count = a->n_selector_values;
	for (i = 0; i < a->n_selector_values; i++)
		add_text(out->selectors, sizeof(out->selectors),
		    a->selector_values[i]);
}

static void
read_challenge(struct attested *out, const ProtobufCBinaryData *challenge)
{
	NEED(challenge->len < sizeof(out->challenge), "huge challenge");
	out->challenged = true;
	memcpy(out->challenge, challenge->data, challenge->len);
	out->challenge[challenge->len] = '\0';
}

/* As SPIRE: attributes are success and the stream's end is not waited for. */
void
attest_outcome(struct call *c, struct attested *out, int ms)
{
	Spire__AttestResponse *response;
	const void *bytes;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (!call_next(c, &bytes, &n, ms)) {
		call_wait(c, ms);
		answer_take(&out->answer, c);
		NEED(out->answer.code != GRPC_STATUS_OK,
		    "plugin closed stream unexpectedly");
		return;
	}
	response = spire__attest_response__unpack(NULL, n, bytes);
	NEED(response != NULL, "AttestResponse does not parse");
	if (response->response_case ==
	    SPIRE__ATTEST_RESPONSE__RESPONSE_AGENT_ATTRIBUTES)
		read_attributes(out, response->agent_attributes);
	else if (response->response_case ==
		 SPIRE__ATTEST_RESPONSE__RESPONSE_CHALLENGE)
		read_challenge(out, &response->challenge);
	else
		FAIL("plugin response missing challenge or agent attributes");
	spire__attest_response__free_unpacked(response, NULL);
}

void
host_attest(struct host *h, const void *payload, size_t n, struct attested *out)
{
	struct call *c = attest_start(h, NULL, 0);

	attest_payload(c, payload, n);
	attest_outcome(c, out, CALL_MS);
	call_free(c);
	process_check(h->process);
}

/* SPIRE opens this stream with headers alone. */
struct call *
aid_start(struct host *h)
{
	return call_start(h->client, h->channel, METHOD_AID, NULL);
}

/* One message of the plugin: its payload, or its answer to a challenge. */
static void
aid_next(struct call *c, struct aided *out, int ms,
    Spire__PayloadOrChallengeResponse__DataCase kind, const char *what)
{
	Spire__PayloadOrChallengeResponse *response;
	const ProtobufCBinaryData *data;
	const void *bytes;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (!call_next(c, &bytes, &n, ms)) {
		call_wait(c, ms);
		answer_take(&out->answer, c);
		NEED(out->answer.code != GRPC_STATUS_OK,
		    "the stream ended with OK and no %s", what);
		return;
	}
	response = spire__payload_or_challenge_response__unpack(NULL, n, bytes);
	NEED(response != NULL && response->data_case == kind,
	    "plugin response missing %s", what);
	data = kind == SPIRE__PAYLOAD_OR_CHALLENGE_RESPONSE__DATA_PAYLOAD
		   ? &response->payload
		   : &response->challenge_response;
	NEED(data->len > 0, "plugin response missing %s", what);
	NEED(data->len < sizeof(out->payload), "huge %s", what);
	out->n = data->len;
	memcpy(out->payload, data->data, out->n);
	spire__payload_or_challenge_response__free_unpacked(response, NULL);
}

void
aid_outcome(struct call *c, struct aided *out, int ms)
{
	aid_next(c, out, ms, SPIRE__PAYLOAD_OR_CHALLENGE_RESPONSE__DATA_PAYLOAD,
	    "attestation payload");
}

void
aid_answer(struct call *c, struct aided *out, int ms)
{
	aid_next(c, out, ms,
	    SPIRE__PAYLOAD_OR_CHALLENGE_RESPONSE__DATA_CHALLENGE_RESPONSE,
	    "challenge response");
}

void
aid_challenge(struct call *c, const void *challenge, size_t n)
{
	Spire__Challenge message;

	spire__challenge__init(&message);
	message.challenge = binary(challenge, n);
	send_message(c, &message.base, false);
}

void
host_aid(struct host *h, struct aided *out)
{
	struct call *c = aid_start(h);

	aid_outcome(c, out, CALL_MS);
	call_free(c);
	process_check(h->process);
}

struct answer
host_health(struct host *h, const char *service, int *status)
{
	Goplugin__HealthCheckRequest request;
	Goplugin__HealthCheckResponse *response;
	struct call *c = call_start(h->client, h->channel, METHOD_CHECK, NULL);
	struct answer a = { 0 };
	struct packed bytes;
	const void *reply;
	size_t n;

	goplugin__health_check_request__init(&request);
	request.service = borrow(service);
	bytes = pack(&request.base);
	*status = -1;
	if (call_unary(c, bytes.p, bytes.n, &reply, &n, CALL_MS) ==
	    GRPC_STATUS_OK) {
		response =
		    goplugin__health_check_response__unpack(NULL, n, reply);
		NEED(response != NULL, "HealthCheckResponse does not parse");
		*status = (int)response->status;
		goplugin__health_check_response__free_unpacked(response, NULL);
	}
	answer_take(&a, c);
	free(bytes.p);
	call_free(c);
	return a;
}

void
host_is_alive(struct host *h)
{
	int status;
	const struct answer a = host_health(h, "plugin", &status);

	NEED(a.code == GRPC_STATUS_OK && status == 1,
	    "the plugin is not well: %d %s", (int)a.code, a.text);
	process_check(h->process);
}

struct answer
host_deinit(struct host *h)
{
	struct call *c = call_start(h->client, h->channel, METHOD_DEINIT, NULL);
	struct answer a = { 0 };
	const void *reply;
	size_t n;

	call_unary(c, "", 0, &reply, &n, 10000);
	answer_take(&a, c);
	call_free(c);
	return a;
}

static void
report_late_exit(struct host *h)
{
	const int64_t from = now_ms();
	char state[512];
	int status;
	bool ended;

	snprintf(state, sizeof(state), "%s", process_state(h->process));
	ended = process_exited(h->process, &status, 10000);
	FAIL("plugin failed to exit gracefully: %d ms after Shutdown it %s; "
	     "%d ms later it %s; standard error: %s",
	    patience(EXIT_MS), state, (int)(now_ms() - from),
	    ended ? "has exited" : "still runs", process_stderr(h->process));
}

int
host_shut_down(struct host *h)
{
	struct call *c =
	    call_start(h->client, h->channel, METHOD_SHUTDOWN, NULL);
	const int64_t from = now_ms();
	const void *reply;
	size_t n;
	int status = -1;

	NEED(call_unary(c, "", 0, &reply, &n, CALL_MS) == GRPC_STATUS_OK,
	    "Shutdown: %s", call_text(c));
	call_free(c);
	host_disconnect(h);
	if (!process_exited(h->process, &status, patience(EXIT_MS)))
		report_late_exit(h);
	NEED(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "exit status %#x: %s", (unsigned)status,
	    process_stderr(h->process));
	NEED(process_extra_output(h->process) == 0,
	    "standard output after the handshake");
	NEED(is_empty_dir(process_tmpdir(h->process)),
	    "the plugin left something in TMPDIR");
	process_check(h->process);
	return (int)(now_ms() - from);
}

void
host_free(struct host *h)
{
	if (h == NULL)
		return;
	process_check(h->process);
	host_disconnect(h);
	broker_free(h->broker);
	client_free(h->client);
	process_free(h->process);
	rmdir(h->dir);
	free(h);
}

void
host_unload(struct host *h)
{
	const struct answer a = host_deinit(h);

	NEED(a.code == GRPC_STATUS_OK, "Deinit: %s", a.text);
	host_shut_down(h);
	host_free(h);
}

struct awaited {
	struct host *host;
	const char *level, *message;
	size_t n;
};

static bool
lines_came(void *arg)
{
	const struct awaited *w = arg;

	return process_count(w->host->process, w->level, w->message) >= w->n;
}

void
host_wait_lines(
    struct host *h, const char *level, const char *message, size_t n, int ms)
{
	struct awaited w = { h, level, message, n };

	NEED(client_until(h->client, lines_came, &w, patience(ms)),
	    "not %zu but %zu %s lines say \"%s\"; standard error: %s", n,
	    process_count(h->process, level, message), level, message,
	    process_stderr(h->process));
}

void
host_wait_line(struct host *h, const char *level, const char *message, int ms)
{
	host_wait_lines(h, level, message, 1, ms);
}
