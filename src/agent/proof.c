/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "agent/proof.h"

#include <stdio.h>
#include <string.h>

#include "aws/sts.h"
#include "base/secret.h"
#include "evidence/binding.h"
#include "evidence/response.h"
#include "json/json.h"

/* What stops an agent from signing is a precondition that failed. */
static int
refuse(struct err *err)
{
	if (err != NULL && err->code != ERR_MEMORY)
		err->code = ERR_NOT_NOW;
	return err == NULL ? ERR_NOT_NOW : err->code;
}

int
proof_place(struct endpoint *sts, struct str *region,
    const struct agent_config *config, const struct task_arn *task,
    struct str host, struct err *err)
{
	struct str name =
	    config->sts_region.n > 0 ? config->sts_region : task->region;
	struct endpoint e;
	int r;

	if (config->sts_endpoint.n > 0) {
		/* Nothing is ever sent there, so http is no risk here. */
		r = endpoint_of_url(&e, config->sts_endpoint, true, err);
	} else {
		r = endpoint_of_region(
		    &e, "sts", task->partition, name, 0, err);
		if (r == ERR_OK && host.n < sizeof(e.host) &&
		    endpoint_is_of_region(host, "sts", task->partition, name)) {
			(void)snprintf(
			    e.host, sizeof(e.host), "%.*s", STR_FMT(host));
			(void)snprintf(
			    e.url, sizeof(e.url), "https://%s/", e.host);
		}
	}
	if (r != ERR_OK)
		return refuse(err);
	*sts = e;
	*region = name;
	return ERR_OK;
}

int
proof_check(struct endpoint *sts, struct str *region,
    const struct agent_config *config, const struct task_arn *task,
    const struct challenge *challenge, struct err *err)
{
	struct challenge own = {
		.trust_domain = config->trust_domain,
		.server_id = config->server_id,
	};
	struct endpoint e;
	int r;

	r = proof_place(
	    &e, &own.region, config, task, challenge->sts_host, err);
	if (r != ERR_OK)
		return r;
	own.sts_host = str_of(e.host);
	r = challenge_check(challenge, &own, err);
	if (r != ERR_OK)
		return refuse(err);
	*sts = e;
	*region = own.region;
	return ERR_OK;
}

int
proof_respond(struct buf *out, const struct proof *proof,
    const struct aws_keys *keys, int64_t now_s, struct err *err)
{
	struct binding binding = {
		.trust_domain = proof->config->trust_domain,
		.plugin_name = STR(AGENT_PLUGIN_NAME),
		.server_id = proof->config->server_id,
		.task_arn = proof->task->text,
		.sts_host = str_of(proof->sts->host),
	};
	char value[BINDING_SIZE], signature[SIGNATURE_LEN + 1];
	char amz_date[AMZ_DATE_LEN + 1];
	struct response response;
	int r;

	memcpy(binding.server_nonce, proof->challenge->nonce, NONCE_BYTES);
	memcpy(binding.agent_nonce, proof->agent_nonce, NONCE_BYTES);
	r = binding_value(value, &binding, err);
	if (r != ERR_OK)
		return r;
	r = sts_proof_sign(signature, amz_date, keys, proof->sts, proof->region,
	    str_of(value), now_s, err);
	if (r != ERR_OK)
		return refuse(err);
	response = (struct response){
		.access_key_id = keys->access_key_id,
		.amz_date = str_of(amz_date),
		.session_token = keys->token,
		.signature = str_of(signature),
	};
	r = response_encode(out, &response, err);
	secret_wipe(signature, sizeof(signature));
	return r == ERR_OK ? ERR_OK : refuse(err);
}

bool
clock_is_off(struct str document)
{
	static const char bad[] = "NOT_SYNCHRONIZED";
	struct json root, drift = { 0 }, status = { 0 };
	const struct json_want outer[] = {
		{ "ClockDrift", JSON_OBJECT, false, &drift },
	};
	const struct json_want inner[] = {
		{ "ClockSynchronizationStatus", JSON_STRING, false, &status },
	};

	/* Seldom there, and reading a document twice is dear. */
	if (memmem(document.p, document.n, bad, sizeof(bad) - 1) == NULL)
		return false;
	return json_open(&root, document, NULL) == ERR_OK &&
	       json_members(root, outer, 1, 0, NULL) == ERR_OK &&
	       drift.type == JSON_OBJECT &&
	       json_members(drift, inner, 1, 0, NULL) == ERR_OK &&
	       json_string_is(status, bad);
}
