/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigv4.h - AWS Signature Version 4 in an Authorization header
 *
 * For any request, ours or another's, to sign it or to verify it.  Each step
 * is a function that appends its text, so that a difference has a name.  Rules
 * from AWS's "Create a signed AWS API request" and the signatures published in
 * aws-c-auth's aws-signing-test-suite.
 *
 * Pure functions of their arguments; strings are borrowed.  ERR_FORMAT: an
 * argument breaks its grammar; ERR_TOOBIG: a bound below; ERR_MEMORY.  On
 * failure what was appended to a buffer is unspecified, all else is untouched.
 * No error text holds a secret, a token or a signature.
 */
#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	SIGV4_METHOD_MAX = 16,
	SIGV4_TARGET_MAX = 8 * 1024, /* path and query, each */
	SIGV4_PARAMS_MAX = 128,      /* of a query */
	SIGV4_HEADERS_MAX = 64,
	SIGV4_NAME_MAX = 128,       /* of a header */
	SIGV4_VALUE_MAX = 8 * 1024, /* of a header */
	SIGV4_ACCESS_KEY_MAX = 128,
	SIGV4_SECRET_MAX = 256,
	SIGV4_TOKEN_MAX = 8 * 1024,
	SIGV4_LABEL_MAX = 63,        /* region, service */
	SIGV4_TEXT_MAX = 128 * 1024, /* a good ceiling for any step's buffer */
	SIGV4_KEY_BYTES = 32,
	SIGV4_HEX_SIZE = 65, /* SHA-256 in lower-case hex, with the NUL */
};

struct sigv4_header {
	struct str name, value; /* as sent; any case, white space around */
};

/* Headers are in the order they are sent in. */
struct sigv4_request {
	struct str method; /* upper case */
	struct str path;   /* as sent; raw spaces and UTF-8 are encoded */
	struct str query;  /* behind the '?' */
	struct sigv4_header headers[SIGV4_HEADERS_MAX];
	size_t header_count;
	struct str body;
	struct str payload_hash; /* n > 0: lower-case hex, for the body's */
	bool keep_path;          /* keep dot segments, repeated slashes */

	/*
	 * n > 0: "host;x-amz-date", these headers and no other are signed,
	 * and each is there.  Else all but those a proxy may change.
	 */
	struct str signed_headers;
};

struct sigv4_scope {
	struct str amz_date; /* 20150830T123600Z */
	struct str region, service;
};

struct sigv4_credentials {
	struct str access_key_id, secret;
	struct str token; /* n == 0: long-term keys */
};

int sigv4_add_header(struct sigv4_request *req, struct str name,
    struct str value, struct err *err) MUST_USE;

/* The grammars; false is not further explained. */
bool sigv4_is_amz_date(struct str s); /* and a day of the calendar */
bool sigv4_is_label(struct str s);    /* a region or a service */
bool sigv4_is_access_key_id(struct str s);
bool sigv4_is_signature(struct str s); /* 64 of lower-case hex */

int sigv4_check_scope(const struct sigv4_scope *s, struct err *err) MUST_USE;
int sigv4_check_credentials(
    const struct sigv4_credentials *c, struct err *err) MUST_USE;

/*
 * The steps, first to last.
 */

int sigv4_payload_hash(
    char out[SIGV4_HEX_SIZE], struct str body, struct err *err) MUST_USE;

/*
 * Every byte of the path is encoded as it stands, so a path as sent has its
 * percent signs encoded again, as all services but S3 demand.
 */
int sigv4_canonical_path(
    struct buf *out, struct str path, bool keep, struct err *err) MUST_USE;

/* A '+' is a plus sign; empty parameters, "a&&b", vanish. */
int sigv4_canonical_query(
    struct buf *out, struct str query, struct err *err) MUST_USE;

/* A line for each signed header, "name:value\n". */
int sigv4_canonical_headers(
    struct buf *out, const struct sigv4_request *req, struct err *err) MUST_USE;

/* Their names, "host;x-amz-date". */
int sigv4_signed_headers(
    struct buf *out, const struct sigv4_request *req, struct err *err) MUST_USE;

int sigv4_canonical_request(
    struct buf *out, const struct sigv4_request *req, struct err *err) MUST_USE;

int sigv4_credential_scope(
    struct buf *out, const struct sigv4_scope *scope, struct err *err) MUST_USE;

int sigv4_string_to_sign(struct buf *out, const struct sigv4_scope *scope,
    struct str canonical_request, struct err *err) MUST_USE;

/* Good for a day, a region and a service; the caller wipes it. */
int sigv4_signing_key(unsigned char key[SIGV4_KEY_BYTES], struct str secret,
    const struct sigv4_scope *scope, struct err *err) MUST_USE;

int sigv4_signature(char out[SIGV4_HEX_SIZE],
    const unsigned char key[SIGV4_KEY_BYTES], struct str string_to_sign,
    struct err *err) MUST_USE;

/* The value of the Authorization header. */
int sigv4_authorization(struct buf *out, struct str access_key_id,
    const struct sigv4_scope *scope, struct str signed_headers,
    struct str signature, struct err *err) MUST_USE;

/*
 * All at once
 */

enum sigv4_flags {
	SIGV4_SIGN_BODY = 1,      /* with X-Amz-Content-Sha256 */
	SIGV4_TOKEN_UNSIGNED = 2, /* the token is added after signing */
};

/* What signing made; req's new headers borrow from it. */
struct sigv4_signed {
	char payload_hash[SIGV4_HEX_SIZE];
	char signature[SIGV4_HEX_SIZE];
	struct buf canonical_request, string_to_sign;
	struct buf signed_headers, authorization;
};

void sigv4_signed_init(struct sigv4_signed *s);
void sigv4_signed_release(struct sigv4_signed *s); /* wipes */

/*
 * Sign req, which has Host and neither Authorization nor what is added here:
 * X-Amz-Date, and as told X-Amz-Content-Sha256 and X-Amz-Security-Token.
 * Authorization is added last.  flags: of enum sigv4_flags.  out was
 * initialised; on failure req is as before.  ERR_MISSING: no Host.
 */
int sigv4_sign(struct sigv4_signed *out, struct sigv4_request *req,
    const struct sigv4_credentials *cred, const struct sigv4_scope *scope,
    unsigned flags, struct err *err) MUST_USE;

/* An Authorization header, taken apart; borrows from it. */
struct sigv4_authorization {
	struct str access_key_id;
	struct str day; /* 20150830 */
	struct str region, service;
	struct str signed_headers;
	struct str signature;
};

int sigv4_authorization_parse(struct sigv4_authorization *auth,
    struct str value, struct err *err) MUST_USE;

/* The value of the one header of that name; ERR_MISSING, ERR_FORMAT if two. */
int sigv4_find_header(struct str *value, const struct sigv4_request *req,
    const char *name, struct err *err) MUST_USE;

/*
 * Is auth the signature of req by secret?  ERR_POLICY: it is not.  ERR_MISSING:
 * no Host or X-Amz-Date.  ERR_FORMAT also if one of these is repeated, if host
 * or an x-amz-* header is not signed, if the date is not of auth's day, if
 * X-Amz-Content-Sha256 is not the payload's hash.
 * Whether key, region, service, time and token are right is the caller's to
 * judge.  req's signed_headers is not read.
 */
int sigv4_verify(const struct sigv4_request *req,
    const struct sigv4_authorization *auth, struct str secret,
    struct err *err) MUST_USE;

/* The same with the signing key of auth's day, region and service. */
int sigv4_verify_by_key(const struct sigv4_request *req,
    const struct sigv4_authorization *auth,
    const unsigned char key[SIGV4_KEY_BYTES], struct err *err) MUST_USE;

/* In a time that depends on the lengths only. */
bool sigv4_equal(struct str a, struct str b);

#endif
