/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a request as text: to verify, if it has an Authorization
 * header, and else to sign and then verify.
 */
#include "fuzz.h"

#include <string.h>

#include "aws/sigv4.h"
#include "aws/vector.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static const struct sigv4_scope scope = { { "20150830T123600Z", 16 },
	{ "us-east-1", 9 }, { "service", 7 } };
static const struct sigv4_credentials cred = { { "AKIDEXAMPLE", 11 },
	{ SECRET, 40 }, { "token", 5 } };

static int
verify(const struct sigv4_request *req, struct err *err)
{
	struct sigv4_authorization auth;
	struct str value;
	int r = sigv4_find_header(&value, req, "Authorization", err);

	if (r == ERR_OK)
		r = sigv4_authorization_parse(&auth, value, err);
	if (r == ERR_OK)
		r = sigv4_verify(req, &auth, STR(SECRET), err);
	return r;
}

/* Normal is what making it normal does not change. */
static void
check_path(struct str path)
{
	struct buf once, twice;
	size_t i;

	buf_init(&once, SIGV4_TEXT_MAX);
	buf_init(&twice, SIGV4_TEXT_MAX);
	if (sigv4_canonical_path(&once, path, false, NULL) == ERR_OK) {
		FUZZ_CHECK(once.n > 0 && once.p[0] == '/');
		for (i = 0; i + 1 < once.n; i++)
			FUZZ_CHECK(once.p[i] != '/' || once.p[i + 1] != '/');
		for (i = 0; i < once.n; i++)
			FUZZ_CHECK(once.p[i] > ' ' && once.p[i] <= '~');
	}
	if (once.n > 0 && once.n <= SIGV4_TARGET_MAX &&
	    memchr(once.p, '%', once.n) == NULL) {
		FUZZ_CHECK(sigv4_canonical_path(
			       &twice, buf_str(&once), false, NULL) == ERR_OK);
		FUZZ_CHECK(str_eq(buf_str(&once), buf_str(&twice)));
	}
	buf_release(&once);
	buf_release(&twice);
}

/* The canonical query is its own. */
static void
check_query(struct str query)
{
	struct buf once, twice;

	buf_init(&once, SIGV4_TEXT_MAX);
	buf_init(&twice, SIGV4_TEXT_MAX);
	if (sigv4_canonical_query(&once, query, NULL) == ERR_OK &&
	    once.n <= SIGV4_TARGET_MAX) {
		FUZZ_CHECK(sigv4_canonical_query(
			       &twice, buf_str(&once), NULL) == ERR_OK);
		FUZZ_CHECK(str_eq(buf_str(&once), buf_str(&twice)));
	}
	buf_release(&once);
	buf_release(&twice);
}

/* What we sign is verified; with another body it is not. */
static void
check_signing(struct sigv4_request *req, unsigned flags)
{
	struct sigv4_signed out;
	struct err err = { 0 };
	size_t before = req->header_count;
	int r;

	sigv4_signed_init(&out);
	r = sigv4_sign(&out, req, &cred, &scope, flags, &err);
	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		FUZZ_CHECK(verify(req, NULL) == ERR_OK);
		req->body = req->body.n == 0 ? STR("x") : STR("");
		FUZZ_CHECK(verify(req, NULL) != ERR_OK);
	} else {
		FUZZ_CHECK(req->header_count == before);
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
	}
	sigv4_signed_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sigv4_request req;
	struct err err = { 0 };
	int r;

	if (vector_request(&req, fuzz_str(data, size), NULL) != ERR_OK)
		return 0;
	req.keep_path = size % 2 != 0;
	check_path(req.path);
	check_query(req.query);
	r = verify(&req, &err);
	FUZZ_CHECK(r == err.code);
	FUZZ_CHECK(r == ERR_OK || str_is_printable(str_of(err.msg)));
	if (r == ERR_MISSING)
		check_signing(&req, size % 3 != 0 ? SIGV4_SIGN_BODY : 0);
	return 0;
}
