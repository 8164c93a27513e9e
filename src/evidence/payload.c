/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/payload.h"

#include "base/enc.h"
#include "evidence/message.h"
#include "json/json.h"

/* Bytes that s, UTF-8, has at most as a JSON string with quotes and a comma. */
static size_t
quoted_max(struct str s)
{
	size_t i, n = s.n + sizeof("\"\",") - 1;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			n++;
		else if (c < 0x20)
			n += sizeof("\\u0000") - 2;
	}
	return n;
}

static void
write_proof(struct buf *out, const struct payload *p)
{
	if (!p->has_version)
		return;
	buf_add(out, STR(",\"version\":" MESSAGE_VERSION));
	json_write_member(out, "task_arn", p->task_arn);
	message_write_nonce(out, "agent_nonce", p->agent_nonce);
}

/* As many as fit into room bytes. */
static void
write_selectors(struct buf *out, const struct payload *p, size_t room)
{
	size_t i, used = 0;

	for (i = 0; i < p->selector_count; i++) {
		used += quoted_max(p->selectors[i]);
		if (used > room)
			return;
		if (i > 0)
			buf_add_char(out, ',');
		json_write_string(out, p->selectors[i]);
	}
}

int
payload_encode(struct buf *out, const struct payload *p, struct err *err)
{
	size_t start = out->n, need;
	size_t rest = sizeof(",\"selectors\":[],\"version\":" MESSAGE_VERSION
			     ",\"task_arn\":,\"agent_nonce\":\"\"}") -
		      1 + BASE64URL_SIZE(NONCE_BYTES) + quoted_max(p->task_arn);

	buf_add_char(out, '{');
	json_write_member(out, "task_metadata", p->task_metadata);
	need = out->n - start + rest;
	if (need > PAYLOAD_MAX)
		return err_set(err, ERR_TOOBIG,
		    "the payload needs %zu bytes, more than %d", need,
		    PAYLOAD_MAX);
	buf_add(out, STR(",\"selectors\":["));
	write_selectors(out, p, PAYLOAD_MAX - need);
	buf_add_char(out, ']');
	write_proof(out, p);
	buf_add_char(out, '}');
	return buf_check(out, err);
}

static int
check_selectors(struct json selectors, struct err *err)
{
	struct json key, value;
	struct json_iter it;

	if (selectors.type != JSON_ARRAY)
		return ERR_OK;
	json_iter_init(&it, selectors);
	while (json_iter_next(&it, &key, &value))
		if (value.type != JSON_STRING)
			return err_set(err, ERR_FORMAT,
			    "selectors holds %s, which is not a string",
			    CLEAN(value.raw));
	return ERR_OK;
}

/* version, task_arn and agent_nonce: all of them or none. */
static int
take_proof(struct payload *p, struct json version, struct json arn,
    struct json nonce, struct arena *a, struct err *err)
{
	int r;

	if (version.type == 0 && arn.type == 0 && nonce.type == 0)
		return ERR_OK;
	if (version.type == 0 || arn.type == 0 || nonce.type == 0)
		return err_set(err, ERR_FORMAT,
		    "version, task_arn and agent_nonce come together; "
		    "%s is missing",
		    version.type == 0 ? "version"
		    : arn.type == 0   ? "task_arn"
				      : "agent_nonce");
	r = message_check_version(version, "agent", err);
	if (r != ERR_OK)
		return r;
	r = json_string(&p->task_arn, arn, a, err);
	if (r != ERR_OK)
		return r;
	if (p->task_arn.n == 0)
		return err_set(err, ERR_FORMAT, "task_arn is empty");
	p->has_version = true;
	return message_take_nonce(p->agent_nonce, nonce, "agent_nonce", a, err);
}

int
payload_decode(
    struct payload *p, struct arena *a, struct str bytes, struct err *err)
{
	struct json metadata = { 0 }, selectors = { 0 };
	struct json version = { 0 }, arn = { 0 }, nonce = { 0 };
	const struct json_want want[] = {
		{ "task_metadata", JSON_STRING, false, &metadata },
		/* what Go makes of a list that was never filled */
		{ "selectors", JSON_ARRAY | JSON_NULL, false, &selectors },
		{ "version", JSON_NUMBER, false, &version },
		{ "task_arn", JSON_STRING, false, &arn },
		{ "agent_nonce", JSON_STRING, false, &nonce },
	};
	struct payload got = { .has_version = false };
	int r;

	r = message_open(want, sizeof(want) / sizeof(want[0]), bytes, "payload",
	    PAYLOAD_MAX, err);
	if (r == ERR_OK)
		r = check_selectors(selectors, err);
	if (r == ERR_OK)
		r = take_proof(&got, version, arn, nonce, a, err);
	if (r == ERR_OK && metadata.type != 0)
		r = json_string(&got.task_metadata, metadata, a, err);
	if (r == ERR_OK)
		*p = got;
	return r;
}
