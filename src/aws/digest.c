/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/digest.h"

#include <assert.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/secret.h"

enum { KEY_MAX = 4096 };

bool
digest_sha256(unsigned char out[DIGEST_BYTES], struct str text)
{
	return EVP_Digest(text.n > 0 ? text.p : "", text.n, out, NULL,
		   EVP_sha256(), NULL) == 1;
}

bool
digest_hmac(unsigned char out[DIGEST_BYTES], const unsigned char *key,
    size_t key_len, struct str text)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	bool ok;

	assert(key_len <= KEY_MAX);
	ok = HMAC(EVP_sha256(), key, (int)key_len,
		 (const unsigned char *)(text.n > 0 ? text.p : ""), text.n, mac,
		 &n) != NULL &&
	     n == DIGEST_BYTES;
	if (ok)
		memcpy(out, mac, DIGEST_BYTES);
	secret_wipe(mac, sizeof(mac));
	return ok;
}

bool
digest_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
