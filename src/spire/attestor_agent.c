/* SPDX-License-Identifier: Apache-2.0 */
#include "spire/attestor_agent.h"

#include <stdlib.h>

#include "base/secret.h"
#include "spire/spire.pb-c.h"
#include "spire/status.h"

static void
aid_begin(struct gp_call *call, void *arg, struct str message)
{
	const struct attestor_agent *attestor = arg;

	(void)message;
	attestor->ops->begin(call, attestor->arg);
}

static void
aid_message(struct gp_call *call, const struct str *message)
{
	const struct attestor_agent *attestor = gp_arg(call);
	Spire__Challenge *msg = NULL;
	struct str challenge;

	if (message != NULL)
		msg = spire__challenge__unpack(
		    NULL, message->n, (const uint8_t *)message->p);
	if (msg == NULL) {
		attestor->ops->challenge(call, NULL);
		return;
	}
	challenge = (struct str){ (const char *)msg->challenge.data,
		msg->challenge.len };
	attestor->ops->challenge(call, &challenge);
	spire__challenge__free_unpacked(msg, NULL);
}

static void
aid_cancelled(struct gp_call *call)
{
	const struct attestor_agent *attestor = gp_arg(call);

	attestor->ops->cancelled(call);
}

static void
aid_end(struct gp_call *call)
{
	const struct attestor_agent *attestor = gp_arg(call);

	attestor->ops->end(call);
}

static const struct gp_handler handler = {
	.begin = aid_begin,
	.message = aid_message,
	.cancelled = aid_cancelled,
	.end = aid_end,
};

void
attestor_agent_init(struct attestor_agent *attestor)
{
	attestor->method =
	    (struct gp_method){ "/" SPIRE_AGENT_ATTESTOR "/AidAttestation",
		    GP_STREAM, 16, &handler, attestor };
}

static ProtobufCBinaryData
binary(struct str s)
{
	return (ProtobufCBinaryData){ s.n, (uint8_t *)(uintptr_t)s.p };
}

/* What is packed here may be a response: wiped. */
static bool
send_message(struct gp_call *call, const Spire__PayloadOrChallengeResponse *msg)
{
	size_t n = spire__payload_or_challenge_response__get_packed_size(msg);
	uint8_t *out = malloc(n);
	bool sent;

	if (out == NULL)
		return false;
	(void)spire__payload_or_challenge_response__pack(msg, out);
	sent = gp_send_secret(call, (struct str){ (const char *)out, n });
	secret_wipe(out, n);
	free(out);
	return sent;
}

bool
aid_send_payload(struct gp_call *call, struct str payload)
{
	Spire__PayloadOrChallengeResponse msg;

	spire__payload_or_challenge_response__init(&msg);
	msg.data_case = SPIRE__PAYLOAD_OR_CHALLENGE_RESPONSE__DATA_PAYLOAD;
	msg.payload = binary(payload);
	return send_message(call, &msg);
}

bool
aid_send_response(struct gp_call *call, struct str response)
{
	Spire__PayloadOrChallengeResponse msg;

	spire__payload_or_challenge_response__init(&msg);
	msg.data_case =
	    SPIRE__PAYLOAD_OR_CHALLENGE_RESPONSE__DATA_CHALLENGE_RESPONSE;
	msg.challenge_response = binary(response);
	return send_message(call, &msg);
}

void
aid_refuse(struct gp_call *call, int code, const char *text)
{
	gp_finish(call, status_of(code), text, NULL);
}
