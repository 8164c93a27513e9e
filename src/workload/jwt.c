/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/jwt.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/arena.h"
#include "base/enc.h"
#include "base/secret.h"
#include "json/json.h"

enum {
	ARENA_MAX = 4 * JWT_MAX,
	SIGNATURE_MAX = 2048, /* RSA of 16384 bits */
};

struct alg {
	const char *name;
	int type; /* EVP_PKEY_RSA or EVP_PKEY_EC */
	int padding;
	const EVP_MD *(*digest)(void);
	int bits;    /* of the curve */
	size_t half; /* bytes of r and of s */
};

/* JWT-SVID 2.1: these and no other */
static const struct alg algs[] = {
	{ "RS256", EVP_PKEY_RSA, RSA_PKCS1_PADDING, EVP_sha256, 0, 0 },
	{ "RS384", EVP_PKEY_RSA, RSA_PKCS1_PADDING, EVP_sha384, 0, 0 },
	{ "RS512", EVP_PKEY_RSA, RSA_PKCS1_PADDING, EVP_sha512, 0, 0 },
	{ "ES256", EVP_PKEY_EC, 0, EVP_sha256, 256, 32 },
	{ "ES384", EVP_PKEY_EC, 0, EVP_sha384, 384, 48 },
	{ "ES512", EVP_PKEY_EC, 0, EVP_sha512, 521, 66 },
	{ "PS256", EVP_PKEY_RSA, RSA_PKCS1_PSS_PADDING, EVP_sha256, 0, 0 },
	{ "PS384", EVP_PKEY_RSA, RSA_PKCS1_PSS_PADDING, EVP_sha384, 0, 0 },
	{ "PS512", EVP_PKEY_RSA, RSA_PKCS1_PSS_PADDING, EVP_sha512, 0, 0 },
};

/* A token taken apart; strings live in the arena. */
struct parts {
	struct str signed_part; /* header and payload as they came */
	struct str payload;     /* JSON */
	struct str signature;   /* bytes */
	const struct alg *alg;
	struct str kid; /* p is NULL: none */
	struct spiffe_id id;
	struct json aud;
	int64_t exp, nbf;
};

static int
decode(struct str *out, struct str in, struct arena *a, struct err *err)
{
	size_t n = in.n * 3 / 4;
	char *p = n == 0 ? NULL : arena_alloc(a, n);

	if (n > 0 && p == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	if (n == 0 || !base64url_decode(p, n, in))
		return err_set(
		    err, ERR_FORMAT, "a part of the token is not base64url");
	*out = (struct str){ p, n };
	return ERR_OK;
}

static int
find_alg(const struct alg **alg, struct json v, struct err *err)
{
	size_t i;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (json_string_is(v, algs[i].name)) {
			*alg = &algs[i];
			return ERR_OK;
		}
	return err_set(err, ERR_POLICY, "the algorithm %s is not allowed",
	    CLEAN(v.raw));
}

static int
read_header(struct parts *t, struct str text, struct arena *a, struct err *err)
{
	struct json root, alg, kid, typ;
	const struct json_want want[] = {
		{ "alg", JSON_STRING, true, &alg },
		{ "kid", JSON_STRING, false, &kid },
		{ "typ", JSON_STRING, false, &typ },
	};
	int r;

	r = json_open(&root, text, err);
	if (r == ERR_OK)
		r = json_members(root, want, 3, JSON_EXACT, err);
	if (r == ERR_OK && kid.type != 0)
		r = json_string(&t->kid, kid, a, err);
	if (r != ERR_OK) {
		(void)err_prefix(err, "the header of the token: ");
		return r;
	}
	if (typ.type != 0 && !json_string_is(typ, "JWT") &&
	    !json_string_is(typ, "JOSE"))
		return err_set(err, ERR_POLICY,
		    "the type %s is neither JWT nor JOSE", CLEAN(typ.raw));
	return find_alg(&t->alg, alg, err);
}

/* NumericDate: seconds, maybe with a fraction, which is cut off. */
static int
read_date(int64_t *out, struct json v, const char *name, struct err *err)
{
	struct str fraction, whole = str_cut(&fraction, v.raw, '.');
	uint64_t n;

	if (!str_to_u64(&n, whole) || n > INT64_MAX / 2 ||
	    (fraction.p != NULL && !str_is_digits(fraction)))
		return err_set(err, ERR_FORMAT,
		    "\"%s\" is %s, not a number of seconds", name,
		    CLEAN(v.raw));
	*out = (int64_t)n;
	return ERR_OK;
}

/* One text, or a list of them that is not empty. */
static int
check_audience(struct json aud, struct err *err)
{
	struct json key, v;
	struct json_iter it;
	size_t n = 0;

	if (aud.type == JSON_STRING)
		return ERR_OK;
	json_iter_init(&it, aud);
	while (json_iter_next(&it, &key, &v)) {
		if (v.type != JSON_STRING)
			return err_set(
			    err, ERR_FORMAT, "\"aud\" has what is no text");
		n++;
	}
	if (n == 0)
		return err_set(err, ERR_FORMAT, "\"aud\" is empty");
	return ERR_OK;
}

static bool
has_audience(struct json aud, const char *want)
{
	struct json key, v;
	struct json_iter it;

	if (aud.type == JSON_STRING)
		return json_string_is(aud, want);
	json_iter_init(&it, aud);
	while (json_iter_next(&it, &key, &v))
		if (json_string_is(v, want))
			return true;
	return false;
}

static int
read_claims(struct parts *t, struct arena *a, struct err *err)
{
	struct json root, sub, exp, nbf;
	const struct json_want want[] = {
		{ "sub", JSON_STRING, true, &sub },
		{ "aud", JSON_STRING | JSON_ARRAY, true, &t->aud },
		{ "exp", JSON_NUMBER, true, &exp },
		{ "nbf", JSON_NUMBER, false, &nbf },
	};
	struct str text;
	int r;

	r = json_open(&root, t->payload, err);
	if (r == ERR_OK)
		r = json_members(root, want, 4, 0, err);
	if (r == ERR_OK)
		r = json_string(&text, sub, a, err);
	if (r == ERR_OK)
		r = spiffe_id_parse(&t->id, text, err);
	if (r == ERR_OK)
		r = check_audience(t->aud, err);
	if (r == ERR_OK)
		r = read_date(&t->exp, exp, "exp", err);
	if (r == ERR_OK && nbf.type != 0)
		r = read_date(&t->nbf, nbf, "nbf", err);
	if (r != ERR_OK)
		(void)err_prefix(err, "the claims of the token: ");
	return r;
}

static int
take_apart(struct parts *t, struct str token, struct arena *a, struct err *err)
{
	struct str header, payload, rest, text;
	int r;

	if (token.n > JWT_MAX)
		return err_set(err, ERR_TOOBIG,
		    "a token of %zu bytes, at most %d are allowed", token.n,
		    JWT_MAX);
	header = str_cut(&rest, token, '.');
	payload = str_cut(&rest, rest, '.');
	if (rest.p == NULL || memchr(rest.p, '.', rest.n) != NULL)
		return err_set(err, ERR_FORMAT,
		    "the token does not have three parts: only JWS in compact"
		    " serialization is allowed");
	t->signed_part = str_sub(token, 0, header.n + 1 + payload.n);
	r = decode(&text, header, a, err);
	if (r == ERR_OK)
		r = read_header(t, text, a, err);
	if (r == ERR_OK)
		r = decode(&t->payload, payload, a, err);
	if (r == ERR_OK)
		r = read_claims(t, a, err);
	if (r == ERR_OK)
		r = decode(&t->signature, rest, a, err);
	return r;
}

/* RFC 7518 3.4: r and s side by side; OpenSSL wants them in DER. */
static int
ec_signature(unsigned char **der, const struct parts *t)
{
	const unsigned char *p = (const unsigned char *)t->signature.p;
	int half = (int)t->alg->half;
	ECDSA_SIG *sig;
	BIGNUM *r, *s;
	int n = -1;

	if (t->signature.n != 2 * t->alg->half)
		return -1;
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(p, half, NULL);
	s = BN_bin2bn(p + half, half, NULL);
	if (sig != NULL && r != NULL && s != NULL &&
	    ECDSA_SIG_set0(sig, r, s) == 1)
		n = i2d_ECDSA_SIG(sig, der);
	else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	return n;
}

static bool
is_signed(
    const struct parts *t, EVP_PKEY *key, const unsigned char *sig, size_t n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool ok;

	ok = ctx != NULL && EVP_DigestVerifyInit(ctx, &pctx, t->alg->digest(),
				NULL, key) == 1;
	if (ok && t->alg->type == EVP_PKEY_RSA)
		ok = EVP_PKEY_CTX_set_rsa_padding(pctx, t->alg->padding) == 1;
	/* RFC 7518 3.5: as long as the digest; MGF1 follows the digest */
	if (ok && t->alg->padding == RSA_PKCS1_PSS_PADDING)
		ok = EVP_PKEY_CTX_set_rsa_pss_saltlen(
			 pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestVerify(ctx, sig, n,
		       (const unsigned char *)t->signed_part.p,
		       t->signed_part.n) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

static bool
fits(const struct parts *t, const struct jwk *jwk)
{
	if (t->kid.p != NULL && !str_is(t->kid, jwk->kid))
		return false;
	return EVP_PKEY_base_id(jwk->key) == t->alg->type &&
	       (t->alg->bits == 0 ||
		   EVP_PKEY_bits(jwk->key) == t->alg->bits);
}

static int
check_signature(
    const struct parts *t, const struct jwks *jwks, struct err *err)
{
	const unsigned char *sig = (const unsigned char *)t->signature.p;
	unsigned char *der = NULL;
	int n = (int)t->signature.n;
	bool ok = false, found = false;
	size_t i;

	if (t->alg->type == EVP_PKEY_EC) {
		n = ec_signature(&der, t);
		sig = der;
	}
	for (i = 0; i < jwks->count && !ok; i++) {
		if (!fits(t, &jwks->keys[i]))
			continue;
		found = true;
		ok = n > 0 &&
		     is_signed(t, jwks->keys[i].key, sig, (size_t)n);
	}
	OPENSSL_free(der);
	if (ok)
		return ERR_OK;
	if (!found)
		return err_set(err, ERR_POLICY,
		    "the bundle of its trust domain has no key \"%s\" for %s",
		    CLEAN(t->kid), t->alg->name);
	return err_set(err, ERR_POLICY, "the signature is wrong");
}

static int
judge(const struct parts *t, const char *audience,
    const struct jwks_set *bundles, int64_t now, struct err *err)
{
	const struct jwks *jwks;
	int r;

	if (jwks_set_count(bundles) == 0)
		return err_set(err, ERR_UNAVAILABLE, "we hold no JWT bundles");
	jwks = jwks_set_find(bundles, spiffe_id_domain(&t->id));
	if (jwks == NULL)
		return err_set(err, ERR_POLICY,
		    "there is no JWT bundle for its trust domain");
	r = check_signature(t, jwks, err);
	if (r != ERR_OK)
		return r;
	if (now >= t->exp)
		return err_set(err, ERR_POLICY, "it has expired");
	if (now + JWT_LEEWAY_S < t->nbf)
		return err_set(err, ERR_POLICY, "it is not valid yet");
	if (!has_audience(t->aud, audience))
		return err_set(err, ERR_POLICY, "\"%s\" is not its audience",
		    CLEAN(str_of(audience)));
	return ERR_OK;
}

static int
make(struct jwt_svid **jwtp, const struct parts *t, struct str token,
    struct str hint, struct err *err)
{
	struct jwt_svid *jwt = calloc(1, sizeof(*jwt));

	if (jwt != NULL) {
		jwt->id = t->id;
		jwt->expires = t->exp;
		jwt->hint = strndup(hint.n > 0 ? hint.p : "", hint.n);
		jwt->token = strndup(token.p, token.n);
		jwt->claims = strndup(t->payload.p, t->payload.n);
	}
	if (jwt == NULL || jwt->hint == NULL || jwt->token == NULL ||
	    jwt->claims == NULL) {
		jwt_free(jwt);
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	*jwtp = jwt;
	return ERR_OK;
}

int
jwt_read(
    struct jwt_svid **jwtp, struct str token, struct str hint, struct err *err)
{
	struct parts t = { .nbf = 0 };
	struct arena a;
	int r;

	arena_init(&a, ARENA_MAX);
	r = take_apart(&t, token, &a, err);
	if (r == ERR_OK)
		r = make(jwtp, &t, token, hint, err);
	arena_release(&a);
	return r;
}

int
jwt_verify(struct jwt_svid **jwtp, struct str token, const char *audience,
    const struct jwks_set *bundles, int64_t now, struct err *err)
{
	struct parts t = { .nbf = 0 };
	struct arena a;
	int r;

	arena_init(&a, ARENA_MAX);
	r = take_apart(&t, token, &a, err);
	if (r == ERR_OK) {
		r = judge(&t, audience, bundles, now, err);
		if (r != ERR_OK)
			(void)err_prefix(err, "token of \"%s\" refused: ",
			    CLEAN(spiffe_id_text(&t.id)));
	}
	if (r == ERR_OK)
		r = make(jwtp, &t, token, STR(""), err);
	arena_release(&a);
	return r;
}

bool
jwt_has_audience(const struct jwt_svid *jwt, const char *audience)
{
	struct json root, aud;
	const struct json_want want[] = { { "aud", JSON_STRING | JSON_ARRAY,
	    true, &aud } };

	return json_open(&root, str_of(jwt->claims), NULL) == ERR_OK &&
	       json_members(root, want, 1, 0, NULL) == ERR_OK &&
	       has_audience(aud, audience);
}

void
jwt_free(struct jwt_svid *jwt)
{
	if (jwt == NULL)
		return;
	if (jwt->token != NULL)
		secret_wipe(jwt->token, strlen(jwt->token));
	free(jwt->token);
	free(jwt->claims);
	free(jwt->hint);
	free(jwt);
}
