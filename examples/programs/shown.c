/* SPDX-License-Identifier: Apache-2.0 */
#include "programs/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/enc.h"
#include "base/utf8.h"
#include "workload/x509.h"

enum { PEM_MAX = 64 * 1024 };

void
shown_add_object(
    struct json_object *o, const char *key, struct json_object *value)
{
	if (json_object_object_add(o, key, value) != 0)
		json_object_put(value);
}

void
shown_add_str(struct json_object *o, const char *key, struct str s)
{
	char clean[512];

	if (!utf8_is_valid(s.p, s.n))
		s = str_of(str_clean(clean, sizeof(clean), s));
	shown_add_object(o, key,
	    json_object_new_string_len(s.n > 0 ? s.p : "", (int)s.n));
}

void
shown_add(struct json_object *o, const char *key, const char *text)
{
	shown_add_str(o, key, str_of(text));
}

void
shown_add_int(struct json_object *o, const char *key, int64_t n)
{
	shown_add_object(o, key, json_object_new_int64(n));
}

void
shown_add_bool(struct json_object *o, const char *key, bool is)
{
	shown_add_object(o, key, json_object_new_boolean(is));
}

void
shown_add_time(struct json_object *o, const char *key, int64_t s)
{
	time_t t = (time_t)s;
	struct tm tm;
	char text[40] = "";

	if (s != 0 && gmtime_r(&t, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	shown_add(o, key, text);
}

int
shown_text(struct buf *out, struct json_object *o, struct err *err)
{
	const char *text = NULL;

	if (o != NULL)
		text = json_object_to_json_string_ext(o,
		    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	buf_add_text(out, text);
	buf_add_char(out, '\n');
	return buf_check(out, err);
}

struct json_object *
shown_at(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(o, json_type_object))
		(void)json_object_object_get_ex(o, key, &value);
	return value;
}

const char *
shown_get(struct json_object *o, const char *key)
{
	struct json_object *value = shown_at(o, key);
	const char *text = NULL;

	if (json_object_is_type(value, json_type_string))
		text = json_object_get_string(value);
	else if (value != NULL)
		text = json_object_to_json_string_ext(value,
		    JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	return text == NULL ? "" : text;
}

int64_t
shown_get_int(struct json_object *o, const char *key)
{
	return json_object_get_int64(shown_at(o, key));
}

size_t
shown_count(struct json_object *array)
{
	return json_object_is_type(array, json_type_array)
		   ? json_object_array_length(array)
		   : 0;
}

static int64_t
begins(const X509 *cert)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notBefore(cert), &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

static void
add_name(struct json_object *o, const char *key, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	if (bio == NULL)
		return;
	/* as RFC 2253 has it, but in the order of the certificate */
	(void)X509_NAME_print_ex(bio, name, 0,
	    XN_FLAG_RFC2253 & ~(unsigned long)XN_FLAG_DN_REV);
	n = BIO_get_mem_data(bio, &p);
	shown_add_str(o, key, (struct str){ p, n > 0 ? (size_t)n : 0 });
	(void)BIO_free(bio);
}

static void
add_serial(struct json_object *o, const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	char hex[2 * 64 + 1];
	int n = ASN1_STRING_length(serial);

	if (n > 64)
		n = 64;
	hex_encode(hex, ASN1_STRING_get0_data(serial), (size_t)n);
	shown_add(o, "serial", hex);
}

static void
add_digest(struct json_object *o, const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned n = 0;

	if (X509_digest(cert, EVP_sha256(), digest, &n) != 1)
		return;
	hex_encode(hex, digest, n);
	shown_add(o, "sha256", hex);
}

static void
add_key(struct json_object *o, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	const char *name;
	char text[64];

	if (key == NULL)
		return;
	name = OBJ_nid2sn(EVP_PKEY_base_id(key));
	(void)snprintf(text, sizeof(text), "%s, %d bits",
	    EVP_PKEY_base_id(key) == EVP_PKEY_EC    ? "EC"
	    : EVP_PKEY_base_id(key) == EVP_PKEY_RSA ? "RSA"
	    : name == NULL			    ? "unknown"
						    : name,
	    EVP_PKEY_bits(key));
	shown_add(o, "key", text);
	name = OBJ_nid2ln(X509_get_signature_nid(cert));
	shown_add(o, "signature", name == NULL ? "unknown" : name);
}

static void
add_pem(struct json_object *o, const char *key, X509 *leaf,
    const STACK_OF(X509) *chain)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;
	int i;

	if (bio == NULL)
		return;
	(void)PEM_write_bio_X509(bio, leaf);
	for (i = 0; i < sk_X509_num(chain); i++)
		(void)PEM_write_bio_X509(bio, sk_X509_value(chain, i));
	n = BIO_get_mem_data(bio, &p);
	if (n > 0 && n < PEM_MAX)
		shown_add_str(o, key, (struct str){ p, (size_t)n });
	(void)BIO_free(bio);
}

static void
add_certificate(struct json_object *o, X509 *cert)
{
	add_name(o, "subject", X509_get_subject_name(cert));
	add_name(o, "issuer", X509_get_issuer_name(cert));
	add_serial(o, cert);
	shown_add_time(o, "not_before", begins(cert));
	shown_add_time(o, "not_after", x509_expires(cert));
	shown_add_int(o, "not_before_s", begins(cert));
	shown_add_int(o, "not_after_s", x509_expires(cert));
	add_key(o, cert);
	add_digest(o, cert);
}

struct json_object *
shown_svid(const struct svid *svid)
{
	struct json_object *o = json_object_new_object();

	if (o == NULL)
		return NULL;
	shown_add_str(o, "spiffe_id", spiffe_id_text(&svid->id));
	shown_add_str(o, "trust_domain", spiffe_id_domain(&svid->id));
	if (svid->hint[0] != '\0')
		shown_add(o, "hint", svid->hint);
	add_certificate(o, svid->leaf);
	shown_add_int(o, "chain_length", 1 + sk_X509_num(svid->chain));
	add_pem(o, "pem", svid->leaf, svid->chain);
	return o;
}

struct json_object *
shown_svids(const struct svid_set *svids)
{
	struct json_object *all = json_object_new_array();
	size_t i;

	for (i = 0; all != NULL && i < svid_set_count(svids); i++)
		(void)json_object_array_add(
		    all, shown_svid(svid_set_at(svids, i)));
	return all;
}

static struct json_object *
shown_bundle(const struct bundle *bundle)
{
	struct json_object *o = json_object_new_object();
	struct json_object *all = json_object_new_array();
	int i;

	if (o == NULL || all == NULL) {
		json_object_put(o);
		json_object_put(all);
		return NULL;
	}
	shown_add(o, "trust_domain", bundle->domain);
	shown_add_object(o, "authorities", all);
	for (i = 0; i < sk_X509_num(bundle->authorities); i++) {
		X509 *cert = sk_X509_value(bundle->authorities, i);
		struct json_object *one = json_object_new_object();

		if (one == NULL)
			break;
		add_certificate(one, cert);
		add_pem(one, "pem", cert, NULL);
		(void)json_object_array_add(all, one);
	}
	return o;
}

struct json_object *
shown_bundles(const struct bundle_set *bundles)
{
	struct json_object *all = json_object_new_array();
	size_t i;

	for (i = 0; all != NULL && i < bundle_set_count(bundles); i++)
		(void)json_object_array_add(
		    all, shown_bundle(bundle_set_at(bundles, i)));
	return all;
}

/* The header of a token, decoded: what stands before the first dot. */
static struct json_object *
header_of(const char *token)
{
	struct str rest, part = str_cut(&rest, str_of(token), '.');
	size_t n = part.n / 4 * 3 + (part.n % 4 == 0 ? 0 : part.n % 4 - 1);
	struct json_object *o = NULL;
	char *text;

	if (part.n > JWT_MAX)
		return NULL;
	text = calloc(1, n + 1);
	if (text != NULL && base64url_decode(text, n, part))
		o = json_tokener_parse(text);
	free(text);
	return o;
}

struct json_object *
shown_jwt(const struct jwt_svid *jwt)
{
	struct json_object *o = json_object_new_object();
	struct json_object *claims;

	if (o == NULL)
		return NULL;
	claims = json_tokener_parse(jwt->claims);
	shown_add_str(o, "spiffe_id", spiffe_id_text(&jwt->id));
	shown_add_object(
	    o, "audience", json_object_get(shown_at(claims, "aud")));
	shown_add_time(o, "expires", jwt->expires);
	shown_add_int(o, "expires_s", jwt->expires);
	shown_add_object(o, "header", header_of(jwt->token));
	shown_add_object(o, "claims", claims);
	return o;
}

struct json_object *
shown_stream(const struct workload_status *status)
{
	struct json_object *o = json_object_new_object();

	if (o == NULL)
		return NULL;
	shown_add_bool(o, "connected", status->connected);
	shown_add_time(o, "since", status->since);
	shown_add_time(o, "updated", status->updated);
	shown_add_int(o, "updates", (int64_t)status->updates);
	shown_add_int(o, "failed_attempts", status->failed);
	if (status->error.code != ERR_OK)
		shown_add(o, "error", status->error.msg);
	return o;
}

static void
add_body(struct json_object *o, const struct buf *body)
{
	struct json_tokener *reader = json_tokener_new();
	struct json_object *value = NULL;

	if (reader == NULL)
		return;
	json_tokener_set_flags(reader, JSON_TOKENER_VALIDATE_UTF8);
	if (body->n > 0)
		value = json_tokener_parse_ex(reader, body->p, (int)body->n);
	if (value != NULL)
		shown_add_object(o, "answer", value);
	else if (body->n > 0)
		shown_add_str(o, "answer", buf_str(body));
	json_tokener_free(reader);
}

struct json_object *
shown_call(const char *url, const char *expected,
    const struct client_answer *answer, const struct err *err)
{
	struct json_object *o = json_object_new_object();

	if (o == NULL)
		return NULL;
	shown_add(o, "url", url);
	shown_add_bool(
	    o, "ok", err->code == ERR_OK && answer->status == 200);
	if (expected != NULL)
		shown_add(o, "expected_peer", expected);
	if (err->code != ERR_OK)
		shown_add(o, "error", err->msg);
	else if (answer->status != 200) {
		char text[48];

		(void)snprintf(text, sizeof(text),
		    "the peer answered with status %d", answer->status);
		shown_add(o, "error", text);
	}
	if (answer->peer.n > 0) {
		shown_add_str(o, "peer", spiffe_id_text(&answer->peer));
		shown_add_time(o, "peer_expires", answer->peer_expires);
	}
	if (answer->tls[0] != '\0') {
		shown_add(o, "tls_version", answer->tls);
		shown_add(o, "cipher", answer->cipher);
		shown_add_bool(o, "kept_connection", answer->kept);
	}
	shown_add_int(o, "duration_us", answer->took_us);
	if (answer->status != 0)
		shown_add_int(o, "status", answer->status);
	add_body(o, &answer->body);
	return o;
}

/* Our API says all that it says in JSON, and a proxy what it says in text. */
static void
add_refusal(struct json_object *o, const struct client_answer *answer)
{
	struct json_object *said = shown_at(o, "answer");
	bool is_api = json_object_is_type(said, json_type_object);
	char why[256], text[320];

	(void)str_clean(why, sizeof(why), is_api
		? str_of(shown_get(said, "error"))
		: str_trim(buf_str(&answer->body)));
	(void)snprintf(text, sizeof(text), "%s answered with status %d%s%s",
	    is_api ? "the API" : "a proxy, not the API,", answer->status,
	    why[0] == '\0' ? "" : ": ", why);
	shown_add(o, "error", text);
}

struct json_object *
shown_plain_call(const char *url, const struct client_answer *answer,
    const struct err *err)
{
	struct json_object *o = shown_call(url, NULL, answer, err);
	const char *caller =
	    shown_get(shown_at(shown_at(o, "answer"), "data"), "caller");

	if (o == NULL)
		return NULL;
	shown_add_bool(o, "kept_connection", answer->kept);
	if (caller[0] != '\0')
		shown_add(o, "seen_as", caller);
	if (err->code == ERR_OK && answer->status != 200)
		add_refusal(o, answer);
	return o;
}
