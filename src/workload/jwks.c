/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/jwks.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "base/enc.h"
#include "json/json.h"

enum {
	NUMBER_MAX = 2048, /* bytes of an RSA modulus: 16384 bits */
	RSA_BITS_MIN = 2048, /* RFC 7518, 3.3 and 3.5 */
	TEXT_MAX = 2 * JWKS_BYTES_MAX,
};

struct jwks_set {
	atomic_uint refs;
	size_t count;
	struct jwks *at[JWKS_MAX];
};

struct bytes {
	unsigned char p[NUMBER_MAX];
	size_t n;
};

/* base64url has nothing to escape: what is between the quotes is it. */
static bool
decode(struct bytes *out, struct json v)
{
	struct str text = v.raw;

	if (v.type != JSON_STRING)
		return false;
	text = str_sub(text, 1, text.n - 2);
	out->n = text.n * 3 / 4;
	return out->n > 0 && out->n <= sizeof(out->p) &&
	       base64url_decode(out->p, out->n, text);
}

/* An unsigned number as an ASN.1 INTEGER; returns its length, 0 on failure. */
static size_t
put_integer(unsigned char **out, const struct bytes *number)
{
	BIGNUM *bn = BN_bin2bn(number->p, (int)number->n, NULL);
	ASN1_INTEGER *i = bn == NULL ? NULL : BN_to_ASN1_INTEGER(bn, NULL);
	int n = i == NULL ? 0 : i2d_ASN1_INTEGER(i, out);

	ASN1_INTEGER_free(i);
	BN_free(bn);
	return n < 0 ? 0 : (size_t)n;
}

/* RSAPublicKey of RFC 8017: a SEQUENCE of modulus and exponent */
static EVP_PKEY *
rsa_key(const struct bytes *n, const struct bytes *e)
{
	unsigned char body[2 * (NUMBER_MAX + 8)], der[sizeof(body) + 8];
	unsigned char *p = body, *q = der;
	const unsigned char *in = der;
	EVP_PKEY *key;
	size_t len;

	len = put_integer(&p, n);
	len += put_integer(&p, e);
	ASN1_put_object(
	    &q, 1, (int)len, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	memcpy(q, body, len);
	key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &in, (q - der) + (long)len);
	if (key != NULL && EVP_PKEY_bits(key) < RSA_BITS_MIN) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

/* What is before x and y in a SubjectPublicKeyInfo, uncompressed. */
static const struct {
	const char *name;
	size_t size; /* of a coordinate */
	struct str head;
} curves[] = {
	{ "P-256", 32,
	    STR("\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08"
		"\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04") },
	{ "P-384", 48,
	    STR("\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05"
		"\x2b\x81\x04\x00\x22\x03\x62\x00\x04") },
	{ "P-521", 66,
	    STR("\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06"
		"\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00\x04") },
};

static EVP_PKEY *
ec_key(struct json curve, const struct bytes *x, const struct bytes *y)
{
	unsigned char der[256];
	const unsigned char *in = der;
	size_t i;

	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		struct str head = curves[i].head;
		size_t n = curves[i].size;

		if (!json_string_is(curve, curves[i].name))
			continue;
		if (x->n != n || y->n != n)
			return NULL;
		memcpy(der, head.p, head.n);
		memcpy(der + head.n, x->p, n);
		memcpy(der + head.n + n, y->p, n);
		/* refuses a point that is not on the curve */
		return d2i_PUBKEY(NULL, &in, (long)(head.n + 2 * n));
	}
	return NULL;
}

static bool
is_absent_or(struct json v, const char *text)
{
	return v.type == 0 || json_string_is(v, text);
}

/* *jwk stays as it is if this key is not to be used. */
static int
read_key(struct jwk *jwk, struct json v, struct arena *a, struct err *err)
{
	struct json kty, use = { 0 }, kid, crv, x, y, n, e;
	const struct json_want want[] = {
		{ "kty", JSON_STRING, true, &kty },
		{ "use", JSON_STRING, false, &use },
		{ "kid", JSON_STRING, true, &kid },
		{ "crv", JSON_STRING, false, &crv },
		{ "x", JSON_STRING, false, &x },
		{ "y", JSON_STRING, false, &y },
		{ "n", JSON_STRING, false, &n },
		{ "e", JSON_STRING, false, &e },
	};
	struct bytes first, second;
	EVP_PKEY *key = NULL;
	struct str name;
	int r;

	if (json_members(v, want, sizeof(want) / sizeof(want[0]), 0, NULL) !=
		ERR_OK ||
	    !is_absent_or(use, "jwt-svid"))
		return ERR_OK;
	r = json_string(&name, kid, a, err);
	if (r != ERR_OK)
		return r;
	if (name.n == 0)
		return ERR_OK;
	if (json_string_is(kty, "RSA") && decode(&first, n) &&
	    decode(&second, e))
		key = rsa_key(&first, &second);
	else if (json_string_is(kty, "EC") && crv.type != 0 &&
		 decode(&first, x) && decode(&second, y))
		key = ec_key(crv, &first, &second);
	ERR_clear_error();
	if (key == NULL)
		return ERR_OK;
	jwk->kid = strndup(name.p, name.n);
	if (jwk->kid == NULL) {
		EVP_PKEY_free(key);
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	jwk->key = key;
	return ERR_OK;
}

static int
fill(struct jwks *jwks, struct str text, struct arena *a, struct err *err)
{
	struct json root, keys, key, v;
	const struct json_want want[] = { { "keys", JSON_ARRAY, true, &keys } };
	struct json_iter it;
	size_t n = 0;
	int r;

	if (text.n > JWKS_BYTES_MAX)
		return err_set(err, ERR_TOOBIG, "%zu bytes", text.n);
	r = json_open(&root, text, err);
	if (r == ERR_OK)
		r = json_members(root, want, 1, 0, err);
	if (r != ERR_OK)
		return r;
	json_iter_init(&it, keys);
	while (json_iter_next(&it, &key, &v))
		n++;
	if (n > JWKS_KEYS_MAX)
		return err_set(err, ERR_TOOBIG, "%zu keys", n);
	jwks->keys = calloc(n + 1, sizeof(*jwks->keys));
	if (jwks->keys == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	json_iter_init(&it, keys);
	while (r == ERR_OK && json_iter_next(&it, &key, &v)) {
		struct jwk *jwk = &jwks->keys[jwks->count];

		r = read_key(jwk, v, a, err);
		if (jwk->key != NULL)
			jwks->count++;
	}
	return r;
}

static void
jwks_free(struct jwks *jwks)
{
	while (jwks->count > 0) {
		struct jwk *jwk = &jwks->keys[--jwks->count];

		free(jwk->kid);
		EVP_PKEY_free(jwk->key);
	}
	free(jwks->keys);
	free(jwks);
}

int
jwks_set_new(struct jwks_set **setp, struct err *err)
{
	struct jwks_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	atomic_init(&set->refs, 1);
	*setp = set;
	return ERR_OK;
}

int
jwks_set_add(
    struct jwks_set *set, struct str domain, struct str json, struct err *err)
{
	struct jwks *jwks;
	struct arena a;
	struct str name;
	int r;

	r = trust_domain_parse(&name, domain, err);
	if (r != ERR_OK || jwks_set_find(set, name) != NULL)
		return r;
	if (set->count == JWKS_MAX)
		return err_set(
		    err, ERR_TOOBIG, "more than %d JWT bundles", JWKS_MAX);
	jwks = calloc(1, sizeof(*jwks));
	if (jwks == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	memcpy(jwks->domain, name.p, name.n);
	arena_init(&a, TEXT_MAX);
	r = fill(jwks, json, &a, err);
	arena_release(&a);
	if (r == ERR_OK) {
		set->at[set->count++] = jwks;
		return ERR_OK;
	}
	(void)err_prefix(err, "JWT bundle of \"%s\": ", CLEAN(name));
	jwks_free(jwks);
	return r;
}

struct jwks_set *
jwks_set_ref(struct jwks_set *set)
{
	atomic_fetch_add(&set->refs, 1);
	return set;
}

void
jwks_set_unref(struct jwks_set *set)
{
	if (set == NULL || atomic_fetch_sub(&set->refs, 1) > 1)
		return;
	while (set->count > 0)
		jwks_free(set->at[--set->count]);
	free(set);
}

size_t
jwks_set_count(const struct jwks_set *set)
{
	return set == NULL ? 0 : set->count;
}

const struct jwks *
jwks_set_at(const struct jwks_set *set, size_t i)
{
	return i < jwks_set_count(set) ? set->at[i] : NULL;
}

const struct jwks *
jwks_set_find(const struct jwks_set *set, struct str domain)
{
	size_t i;

	for (i = 0; i < jwks_set_count(set); i++)
		if (str_is(domain, set->at[i]->domain))
			return set->at[i];
	return NULL;
}
