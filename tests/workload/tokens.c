/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/enc.h"

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "no test token: %s\n", what);
	exit(EXIT_FAILURE);
}

EVP_PKEY *
token_key(const char *alg)
{
	bool ec = alg[0] == 'E';
	EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_id(ec ? EVP_PKEY_EC : EVP_PKEY_RSA, NULL);
	EVP_PKEY *key = NULL;
	int curve = strcmp(alg, "ES256") == 0	? NID_X9_62_prime256v1
		    : strcmp(alg, "ES384") == 0 ? NID_secp384r1
						: NID_secp521r1;

	must(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1, "key");
	must(ec ? EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, curve) == 1
		: EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) == 1,
	    "kind of key");
	must(EVP_PKEY_keygen(ctx, &key) == 1, "key");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
add_encoded(struct buf *out, const void *p, size_t n)
{
	char *text = malloc(BASE64URL_SIZE(n));

	must(text != NULL, "memory");
	base64url_encode(text, p, n);
	buf_add_text(out, text);
	free(text);
}

/* DER of r and s to the two side by side */
static size_t
flatten(unsigned char *sig, size_t n, size_t half)
{
	const unsigned char *p = sig;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)n);

	must(s != NULL &&
		 BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, (int)half) > 0 &&
		 BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + half, (int)half) > 0,
	    "ECDSA");
	ECDSA_SIG_free(s);
	return 2 * half;
}

void
token_sign(struct buf *out, const char *alg, EVP_PKEY *key, const char *header,
    const char *payload)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	unsigned char sig[1024];
	size_t n = sizeof(sig);
	char digest[16];

	(void)snprintf(digest, sizeof(digest), "SHA%s", alg + 2);
	buf_clear(out);
	add_encoded(out, header, strlen(header));
	buf_add_char(out, '.');
	add_encoded(out, payload, strlen(payload));
	must(EVP_DigestSignInit(ctx, &pctx, EVP_get_digestbyname(digest), NULL,
		 key) == 1,
	    "sign");
	if (alg[0] == 'P')
		must(EVP_PKEY_CTX_set_rsa_padding(
			 pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
			 EVP_PKEY_CTX_set_rsa_pss_saltlen(
			     pctx, RSA_PSS_SALTLEN_DIGEST) == 1,
		    "PSS");
	must(EVP_DigestSign(ctx, sig, &n, (const unsigned char *)out->p,
		 out->n) == 1,
	    "signature");
	EVP_MD_CTX_free(ctx);
	if (alg[0] == 'E')
		n = flatten(sig, n, ((size_t)EVP_PKEY_bits(key) + 7) / 8);
	buf_add_char(out, '.');
	add_encoded(out, sig, n);
	must(buf_text(out) != NULL, "memory");
}

void
token_make(struct buf *out, const char *alg, EVP_PKEY *key, const char *kid,
    const char *sub, const char *aud, int64_t exp)
{
	char header[256], payload[512];

	(void)snprintf(header, sizeof(header),
	    "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", alg, kid);
	(void)snprintf(payload, sizeof(payload),
	    "{\"sub\":\"%s\",\"aud\":[\"%s\"],\"exp\":%" PRId64 "}", sub, aud,
	    exp);
	token_sign(out, alg, key, header, payload);
}

static void
add_rsa(struct buf *out, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PublicKey(key, &der);
	const unsigned char *p = der;
	static const char *const names[] = { "n", "e" };
	unsigned char bytes[1024];
	int tag, class;
	size_t i;
	long n;

	must(len > 0 &&
		 (ASN1_get_object(&p, &n, &tag, &class, len) & 0x80) == 0,
	    "RSA");
	for (i = 0; i < 2; i++) {
		ASN1_INTEGER *v = d2i_ASN1_INTEGER(NULL, &p, n);
		BIGNUM *bn = ASN1_INTEGER_to_BN(v, NULL);

		buf_addf(out, ",\"%s\":\"", names[i]);
		add_encoded(out, bytes, (size_t)BN_bn2bin(bn, bytes));
		buf_add_char(out, '"');
		BN_free(bn);
		ASN1_INTEGER_free(v);
	}
	OPENSSL_free(der);
}

static void
add_ec(struct buf *out, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	size_t len = (size_t)i2d_PUBKEY(key, &der);
	size_t half = ((size_t)EVP_PKEY_bits(key) + 7) / 8;

	buf_addf(out, ",\"crv\":\"P-%d\",\"x\":\"", EVP_PKEY_bits(key));
	add_encoded(out, der + len - 2 * half, half);
	buf_add_text(out, "\",\"y\":\"");
	add_encoded(out, der + len - half, half);
	buf_add_char(out, '"');
	OPENSSL_free(der);
}

void
token_jwk(struct buf *out, EVP_PKEY *key, const char *more)
{
	bool ec = EVP_PKEY_base_id(key) == EVP_PKEY_EC;

	buf_addf(out, "{\"kty\":\"%s\"", ec ? "EC" : "RSA");
	if (ec)
		add_ec(out, key);
	else
		add_rsa(out, key);
	buf_addf(out, "%s}", more);
}
