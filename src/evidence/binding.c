/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/binding.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/enc.h"

#define CONTEXT "spire-aws-fargate/v1"
#define PREFIX  "v1."

enum { DIGEST_BYTES = 32 };

_Static_assert(
    sizeof(PREFIX) - 1 + BASE64URL_SIZE(DIGEST_BYTES) == BINDING_SIZE,
    "a value and its NUL");

static bool
hash_part(EVP_MD_CTX *ctx, struct str s)
{
	const unsigned char length[] = {
		(unsigned char)(s.n >> 24),
		(unsigned char)(s.n >> 16),
		(unsigned char)(s.n >> 8),
		(unsigned char)s.n,
	};

	return EVP_DigestUpdate(ctx, length, sizeof(length)) == 1 &&
	       EVP_DigestUpdate(ctx, s.n == 0 ? "" : s.p, s.n) == 1;
}

static struct str
nonce_str(const unsigned char nonce[NONCE_BYTES])
{
	return (struct str){ (const char *)nonce, NONCE_BYTES };
}

static bool
hash_all(unsigned char digest[DIGEST_BYTES], EVP_MD_CTX *ctx,
    const struct str *parts, size_t n)
{
	size_t i;

	if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
		return false;
	for (i = 0; i < n; i++)
		if (!hash_part(ctx, parts[i]))
			return false;
	return EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
}

int
binding_value(char out[BINDING_SIZE], const struct binding *b, struct err *err)
{
	const struct str parts[] = {
		STR(CONTEXT),
		b->trust_domain,
		b->plugin_name,
		b->server_id,
		b->task_arn,
		b->sts_host,
		nonce_str(b->server_nonce),
		nonce_str(b->agent_nonce),
	};
	unsigned char digest[DIGEST_BYTES];
	EVP_MD_CTX *ctx;
	size_t i, n = sizeof(parts) / sizeof(parts[0]);
	bool ok;

	for (i = 0; i < n; i++)
		if (parts[i].n > BINDING_STRING_MAX)
			return err_set(err, ERR_TOOBIG,
			    "a string of %zu bytes cannot be bound, only %d",
			    parts[i].n, BINDING_STRING_MAX);
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	ok = hash_all(digest, ctx, parts, n);
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return err_set(err, ERR_SYSTEM,
		    "libcrypto cannot compute SHA-256: check its "
		    "configuration");
	memcpy(out, PREFIX, sizeof(PREFIX) - 1);
	base64url_encode(out + sizeof(PREFIX) - 1, digest, DIGEST_BYTES);
	return ERR_OK;
}

bool
binding_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
