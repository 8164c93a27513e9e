/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "loop/http_call.h"

enum { NAME_SIZE = 96, CAUSE_SIZE = 160 };

/*
 * What a transfer that failed means.  Whether the server is there at all may
 * change by the next attempt; what it is will not.
 */
struct failure {
	CURLcode code;
	int err;
	bool retry;
	const char *what;  /* stands before the server's name */
	const char *cause; /* NULL: libcurl says it */
};

static const struct failure failures[] = {
	{ CURLE_COULDNT_CONNECT, ERR_UNAVAILABLE, true, "no connection to",
	    NULL },
	{ CURLE_OPERATION_TIMEDOUT, ERR_UNAVAILABLE, true, "no connection to",
	    "Connection timed out" },
	{ CURLE_COULDNT_RESOLVE_HOST, ERR_UNAVAILABLE, true, "no connection to",
	    "the name does not resolve" },
	{ CURLE_SEND_ERROR, ERR_UNAVAILABLE, true, "broken connection to",
	    NULL },
	{ CURLE_RECV_ERROR, ERR_UNAVAILABLE, true, "broken connection to",
	    NULL },
	{ CURLE_GOT_NOTHING, ERR_UNAVAILABLE, true, "no answer from",
	    "the connection was closed" },
	{ CURLE_PARTIAL_FILE, ERR_UNAVAILABLE, true, "incomplete answer from",
	    "the connection was closed" },
	{ CURLE_COULDNT_RESOLVE_PROXY, ERR_UNAVAILABLE, true,
	    "no connection to", "the proxy's name does not resolve" },
	{ CURLE_SSL_CONNECT_ERROR, ERR_UNAVAILABLE, false,
	    "no TLS connection to", NULL },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_UNAVAILABLE, false,
	    "no TLS connection to", NULL },
	{ CURLE_SSL_CACERT_BADFILE, ERR_UNAVAILABLE, false,
	    "no TLS connection to", "the CA bundle cannot be used" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_UPSTREAM, false,
	    "no HTTP answer from", "not HTTP/1" },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_UPSTREAM, false, "no HTTP answer from",
	    NULL },
	{ CURLE_OUT_OF_MEMORY, ERR_MEMORY, false, "no memory to ask", NULL },
	{ CURLE_OK, ERR_UNAVAILABLE, false, "no answer from",
	    NULL }, /* other */
};

static const struct failure *
find_failure(CURLcode code)
{
	const struct failure *f = failures;

	while (f->code != code && f->code != CURLE_OK)
		f++;
	return f;
}

static void
name_server(char name[NAME_SIZE], const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL;

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		CURLUE_OK)
		(void)snprintf(
		    name, NAME_SIZE, "%s:%.5s", CLEAN(str_of(host)), port);
	else
		(void)snprintf(name, NAME_SIZE, "the server");
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
}

/* " (3 attempts)", or nothing when there was but one. */
static const char *
count_attempts(char out[32], const struct http_call *call)
{
	out[0] = '\0';
	if (call->answer.attempts > 1)
		(void)snprintf(
		    out, 32, " (%u attempts)", call->answer.attempts);
	return out;
}

int
http_explain_timeout(struct http_call *call)
{
	int64_t ms = call->deadline_ms - call->start_ms;
	unsigned n = call->answer.attempts;
	char name[NAME_SIZE];

	name_server(name, call->url);
	if (n == 0)
		return err_set(&call->err, ERR_TIMEOUT,
		    "no answer from %s within %lld ms (not asked: %u other "
		    "requests at a time)",
		    name, (long long)ms, call->parallel);
	return err_set(&call->err, ERR_TIMEOUT,
	    "no answer from %s within %lld ms (%u attempt%s)", name,
	    (long long)ms, n, n == 1 ? "" : "s");
}

static int
explain_size(struct http_call *call)
{
	char name[NAME_SIZE];

	name_server(name, call->url);
	if (call->body.code == ERR_MEMORY ||
	    call->header_lines.code == ERR_MEMORY)
		return err_set(&call->err, ERR_MEMORY,
		    "no memory for the answer of %s", name);
	if (call->header_bytes > HTTP_ANSWER_HEADERS_MAX)
		return err_set(&call->err, ERR_TOOBIG,
		    "answer of %s has more than %d bytes of headers", name,
		    HTTP_ANSWER_HEADERS_MAX);
	return err_set(&call->err, ERR_TOOBIG,
	    "answer of %s has more than %zu bytes", name, call->body_max);
}

/*
 * What is wrong with the certificate, by OpenSSL's number (X509_V_ERR_...);
 * another library's numbers are flags and mean nothing here.
 */
static const struct {
	long verdict;
	const char *says;
} certificates[] = {
	{ 9, "its certificate is not yet valid" },
	{ 10, "its certificate has expired" },
	{ 18, "its certificate is self-signed" },
	{ 19, "the issuer of its certificate is unknown" },
	{ 20, "the issuer of its certificate is unknown" },
	{ 21, "the issuer of its certificate is unknown" },
	{ 23, "its certificate is revoked" },
};

static const char *
certificate_cause(CURL *easy)
{
	long verdict = -1;
	size_t i;

	(void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
	/* The chain is fine, or was not yet asked for. */
	if (verdict == 0 || verdict == 1)
		return "its certificate is for another name";
	for (i = 0; i < sizeof(certificates) / sizeof(certificates[0]); i++)
		if (certificates[i].verdict == verdict)
			return certificates[i].says;
	return NULL;
}

static void
find_cause(char cause[CAUSE_SIZE], const struct http_call *call, CURLcode code,
    const struct failure *f)
{
	const char *text = f->cause;
	long os = 0;

	if (code == CURLE_COULDNT_CONNECT)
		(void)curl_easy_getinfo(
		    call->slot->easy, CURLINFO_OS_ERRNO, &os);
	if (os != 0) {
		errno = (int)os;
		(void)snprintf(cause, CAUSE_SIZE, "%m");
		return;
	}
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		text = certificate_cause(call->slot->easy);
	/* Which file that would be, only libcurl knows. */
	if (code == CURLE_SSL_CACERT_BADFILE && call->ca_path == NULL)
		text = NULL;
	if (text == NULL && call->slot->error[0] != '\0')
		text = call->slot->error;
	if (text == NULL)
		text = curl_easy_strerror(code);
	(void)str_clean(cause, CAUSE_SIZE, str_of(text));
}

static int
explain_failure(struct http_call *call, CURLcode code, const struct failure *f)
{
	char name[NAME_SIZE], cause[CAUSE_SIZE], attempts[32];
	const char *ca = call->ca_path;

	find_cause(cause, call, code, f);
	name_server(name, call->url);
	if (code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_CACERT_BADFILE)
		return err_set(&call->err, f->err, "%s %s: %s (CA bundle: %s)",
		    f->what, name, cause,
		    ca == NULL ? "the system's" : CLEAN(str_of(ca)));
	return err_set(&call->err, f->err, "%s %s: %s%s%s", f->what, name,
	    cause, call->proxy == NULL ? "" : " (HTTPS_PROXY is set)",
	    count_attempts(attempts, call));
}

static int
explain_encoding(struct http_call *call)
{
	char name[NAME_SIZE];

	name_server(name, call->url);
	return err_set(&call->err, ERR_UPSTREAM,
	    "answer of %s is encoded, which nobody asked for", name);
}

int
http_explain(struct http_call *call, CURLcode code, bool *retry)
{
	const struct failure *f;

	*retry = false;
	/* Newer libcurls refuse some encodings before we see them. */
	if (call->encoded || code == CURLE_BAD_CONTENT_ENCODING)
		return explain_encoding(call);
	if (call->body.code != ERR_OK || call->header_lines.code != ERR_OK ||
	    call->header_bytes > HTTP_ANSWER_HEADERS_MAX ||
	    code == CURLE_FILESIZE_EXCEEDED)
		return explain_size(call);
	if (code == CURLE_OPERATION_TIMEDOUT &&
	    clock_ms() + 1 >= call->deadline_ms)
		return http_explain_timeout(call);
	f = find_failure(code);
	*retry = f->retry;
	return explain_failure(call, code, f);
}
