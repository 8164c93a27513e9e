/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/message.h"

#include "base/enc.h"

int
message_open(const struct json_want *want, size_t n, struct str bytes,
    const char *name, size_t max, struct err *err)
{
	struct json root;
	int r;

	if (bytes.n == 0)
		return err_set(err, ERR_FORMAT, "the %s is empty", name);
	if (bytes.n > max)
		return err_set(err, ERR_TOOBIG,
		    "the %s has %zu bytes, more than %zu", name, bytes.n, max);
	r = json_open(&root, bytes, err);
	if (r == ERR_OK)
		r = json_members(root, want, n, JSON_EXACT, err);
	return r;
}

int
message_check_version(struct json version, const char *sender, struct err *err)
{
	if (str_is(version.raw, MESSAGE_VERSION))
		return ERR_OK;
	return err_set(err, ERR_FORMAT,
	    "version %s is not " MESSAGE_VERSION
	    ": the %s plugin is of another release",
	    CLEAN(version.raw), sender);
}

int
message_take_nonce(unsigned char out[NONCE_BYTES], struct json v,
    const char *name, struct arena *a, struct err *err)
{
	struct str text;
	int r;

	r = json_string(&text, v, a, err);
	if (r != ERR_OK)
		return r;
	if (!base64url_decode(out, NONCE_BYTES, text))
		return err_set(err, ERR_FORMAT,
		    "%s is not %d bytes in unpadded base64url", name,
		    NONCE_BYTES);
	return ERR_OK;
}

void
message_write_nonce(
    struct buf *out, const char *name, const unsigned char nonce[NONCE_BYTES])
{
	char text[BASE64URL_SIZE(NONCE_BYTES)];

	base64url_encode(text, nonce, NONCE_BYTES);
	json_write_member(out, name, str_of(text));
}
