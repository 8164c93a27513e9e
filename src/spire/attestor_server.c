/* SPDX-License-Identifier: Apache-2.0 */
#include "spire/attestor_server.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/secret.h"
#include "spire/spire.pb-c.h"
#include "spire/status.h"

enum { ATTRIBUTES_MAX = 128 * 1024 };

static void
attest_begin(struct gp_call *call, void *arg, struct str message)
{
	const struct attestor_server *attestor = arg;

	(void)message;
	attestor->ops->begin(call, attestor->arg);
}

static void
decode(struct gp_call *call, const struct attest_ops *ops, struct str message)
{
	Spire__AttestRequest *req = spire__attest_request__unpack(
	    NULL, message.n, (const uint8_t *)message.p);
	enum spire_request kind = SPIRE_NOT_UNDERSTOOD;
	struct str bytes = { NULL, 0 };

	if (req == NULL) {
		ops->request(call, kind, bytes);
		return;
	}
	if (req->request_case == SPIRE__ATTEST_REQUEST__REQUEST_PAYLOAD) {
		kind = SPIRE_PAYLOAD;
		bytes = (struct str){ (const char *)req->payload.data,
			req->payload.len };
	} else if (req->request_case ==
		   SPIRE__ATTEST_REQUEST__REQUEST_CHALLENGE_RESPONSE) {
		kind = SPIRE_CHALLENGE_RESPONSE;
		bytes =
		    (struct str){ (const char *)req->challenge_response.data,
			    req->challenge_response.len };
	}
	ops->request(call, kind, bytes);
	/* the answer to a challenge holds a session token */
	if (kind == SPIRE_CHALLENGE_RESPONSE)
		secret_wipe(
		    req->challenge_response.data, req->challenge_response.len);
	spire__attest_request__free_unpacked(req, NULL);
}

static void
attest_message(struct gp_call *call, const struct str *message)
{
	const struct attestor_server *attestor = gp_arg(call);

	if (message == NULL)
		attestor->ops->request(
		    call, SPIRE_NO_MORE, (struct str){ NULL, 0 });
	else
		decode(call, attestor->ops, *message);
}

static void
attest_end(struct gp_call *call)
{
	const struct attestor_server *attestor = gp_arg(call);

	attestor->ops->end(call);
}

static const struct gp_handler handler = {
	.begin = attest_begin,
	.message = attest_message,
	.end = attest_end,
};

void
attestor_server_init(struct attestor_server *attestor)
{
	attestor->method =
	    (struct gp_method){ "/" SPIRE_SERVER_ATTESTOR "/Attest", GP_STREAM,
		    64, &handler, attestor };
}

/* The generated types want NUL-terminated copies; all or nothing. */
static bool
fill(Spire__AgentAttributes *out, struct arena *a,
    const struct agent_attributes *attributes)
{
	size_t i;

	out->selector_values =
	    arena_calloc(a, attributes->selector_count, sizeof(char *));
	out->spiffe_id =
	    (char *)(uintptr_t)arena_dup(a, attributes->spiffe_id).p;
	if (out->selector_values == NULL || out->spiffe_id == NULL)
		return false;
	for (i = 0; i < attributes->selector_count; i++) {
		out->selector_values[i] =
		    (char *)(uintptr_t)arena_dup(a, attributes->selectors[i]).p;
		if (out->selector_values[i] == NULL)
			return false;
	}
	out->n_selector_values = attributes->selector_count;
	out->can_reattest = attributes->can_reattest;
	return true;
}

static bool
pack(
    struct str *out, struct arena *a, const struct agent_attributes *attributes)
{
	Spire__AgentAttributes agent;
	Spire__AttestResponse res;
	uint8_t *bytes;

	spire__agent_attributes__init(&agent);
	if (!fill(&agent, a, attributes))
		return false;
	spire__attest_response__init(&res);
	res.response_case = SPIRE__ATTEST_RESPONSE__RESPONSE_AGENT_ATTRIBUTES;
	res.agent_attributes = &agent;
	bytes = arena_alloc(a, spire__attest_response__get_packed_size(&res));
	if (bytes == NULL)
		return false;
	out->p = (const char *)bytes;
	out->n = spire__attest_response__pack(&res, bytes);
	return true;
}

bool
attest_challenge(struct gp_call *call, struct str challenge)
{
	Spire__AttestResponse res;
	struct str bytes;
	uint8_t *out;

	spire__attest_response__init(&res);
	res.response_case = SPIRE__ATTEST_RESPONSE__RESPONSE_CHALLENGE;
	res.challenge.data = (uint8_t *)(uintptr_t)challenge.p;
	res.challenge.len = challenge.n;
	out = malloc(spire__attest_response__get_packed_size(&res));
	if (out == NULL)
		return false;
	bytes.p = (const char *)out;
	bytes.n = spire__attest_response__pack(&res, out);
	gp_send(call, bytes);
	free(out);
	return true;
}

size_t
attest_client_ip(struct str *value, struct gp_call *call)
{
	return gp_metadata(value, call, "x-forwarded-client-ip");
}

bool
attest_accept(struct gp_call *call, const struct agent_attributes *attributes)
{
	struct arena arena;
	struct str bytes;
	bool packed;

	arena_init(&arena, ATTRIBUTES_MAX);
	packed = pack(&bytes, &arena, attributes);
	if (packed)
		gp_finish(call, GP_OK, NULL, &bytes);
	arena_release(&arena);
	return packed;
}

void
attest_refuse(struct gp_call *call, int code, const char *text)
{
	gp_finish(call, status_of(code), text, NULL);
}
