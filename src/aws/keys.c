/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "aws/sigv4.h"
#include "base/secret.h"

/* The object and its strings are one block, wiped as one. */
struct block {
	struct aws_keys keys;
	size_t size;
	char bytes[];
};

static struct str
place(char **at, struct str s)
{
	struct str copy = { *at, s.n };

	if (s.n > 0)
		memcpy(*at, s.p, s.n);
	*at += s.n + 1;
	return copy;
}

int
aws_keys_new(
    struct aws_keys **keysp, const struct aws_keys *value, struct err *err)
{
	const struct sigv4_credentials cred = { value->access_key_id,
		value->secret, value->token };
	struct block *block;
	size_t n = value->access_key_id.n + value->secret.n + value->token.n +
		   value->role_arn.n + 4;
	char *at;
	int r = sigv4_check_credentials(&cred, err);

	if (r != ERR_OK)
		return r;
	block = calloc(1, sizeof(*block) + n);
	if (block == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	block->size = sizeof(*block) + n;
	block->keys = *value;
	at = block->bytes;
	block->keys.access_key_id = place(&at, value->access_key_id);
	block->keys.secret = place(&at, value->secret);
	block->keys.token = place(&at, value->token);
	block->keys.role_arn = place(&at, value->role_arn);
	block->keys.refs = 1;
	*keysp = &block->keys;
	return ERR_OK;
}

struct aws_keys *
aws_keys_ref(struct aws_keys *keys)
{
	assert(keys->refs > 0);
	keys->refs++;
	return keys;
}

void
aws_keys_unref(struct aws_keys *keys)
{
	struct block *block = (struct block *)(void *)keys;

	if (keys == NULL || --keys->refs > 0)
		return;
	secret_wipe(block, block->size);
	free(block);
}
