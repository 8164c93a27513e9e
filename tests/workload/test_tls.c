/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tls.c - both ends of a connection while identities rotate
 */
#include "workload/tls.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include "certs.h"
#include "testing.h"

#define SERVER "spiffe://home.test/server"
#define CLIENT "spiffe://home.test/client"

static struct cert home;
/* What each end holds; a test changes it. */
static struct source *server_source, *client_source;
static struct tls *server_tls, *client_tls;
static SSL_CTX *server_ctx, *client_ctx;
static SSL *server, *client;

static struct svid_set *
svids_of(const char *id, const struct cert *c, const struct cert *between,
    const char *hint)
{
	struct str chain = cert_der(c, between, NULL);
	struct str key = cert_key_der(c->key);
	struct svid_set *set = NULL;
	struct svid *svid = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(svid_set_new(&set, NULL), ERR_OK);
	ck_assert_msg(svid_new(&svid, str_of(id), chain, key, str_of(hint),
			  &err) == ERR_OK,
	    "%s", err.msg);
	ck_assert_int_eq(svid_set_add(set, svid, NULL), ERR_OK);
	cert_der_free(chain);
	cert_der_free(key);
	return set;
}

static struct bundle_set *
bundle_of(const char *domain, const struct cert *authority)
{
	struct str der = cert_der(authority, NULL);
	struct bundle_set *set = NULL;

	ck_assert_int_eq(bundle_set_new(&set, NULL), ERR_OK);
	ck_assert_int_eq(
	    bundle_set_add(set, str_of(domain), der, NULL), ERR_OK);
	cert_der_free(der);
	return set;
}

/* The end has a new leaf by this authority, and believes in that one. */
static void
rotate(struct source *source, const char *id, const struct cert *by,
    const struct cert *believes)
{
	struct cert leaf = cert_make_leaf(id, by);

	ck_assert_int_eq(
	    source_put(source,
		(struct snapshot){ svids_of(id, &leaf, NULL, ""),
		    bundle_of("home.test", believes), NULL },
		NULL),
	    ERR_OK);
	cert_free(&leaf);
}

static void
make_end(struct tls **tls, struct source *source, struct id_matcher expected)
{
	struct tls_config config = { .source = source, .expected = expected };
	struct err err = { 0 };

	tls_free(*tls);
	*tls = NULL;
	ck_assert_msg(tls_new(tls, &config, &err) == ERR_OK, "%s", err.msg);
}

static void
setup(void)
{
	const struct id_matcher any = { .kind = MATCH_ANY };

	home = cert_make_authority("home.test");
	ck_assert_int_eq(source_new(&server_source, NULL), ERR_OK);
	ck_assert_int_eq(source_new(&client_source, NULL), ERR_OK);
	rotate(server_source, SERVER, &home, &home);
	rotate(client_source, CLIENT, &home, &home);
	make_end(&server_tls, server_source, any);
	make_end(&client_tls, client_source, any);
	ck_assert_int_eq(tls_server_ctx(&server_ctx, server_tls, NULL), ERR_OK);
	ck_assert_int_eq(tls_client_ctx(&client_ctx, client_tls, NULL), ERR_OK);
}

static void
hang_up(void)
{
	SSL_free(server);
	SSL_free(client);
	server = NULL;
	client = NULL;
	ERR_clear_error();
}

static void
teardown(void)
{
	hang_up();
	SSL_CTX_free(server_ctx);
	SSL_CTX_free(client_ctx);
	tls_free(server_tls);
	tls_free(client_tls);
	server_tls = NULL;
	client_tls = NULL;
	source_free(server_source);
	source_free(client_source);
	cert_free(&home);
}

/* Other matchers than any; contexts are made anew. */
static void
expect_of(struct id_matcher of_server, struct id_matcher of_client)
{
	SSL_CTX_free(server_ctx);
	SSL_CTX_free(client_ctx);
	make_end(&server_tls, server_source, of_client);
	make_end(&client_tls, client_source, of_server);
	ck_assert_int_eq(tls_server_ctx(&server_ctx, server_tls, NULL), ERR_OK);
	ck_assert_int_eq(tls_client_ctx(&client_ctx, client_tls, NULL), ERR_OK);
}

/* The two ends over a pipe in memory; session: what the client would resume */
static void
dial(SSL_SESSION *session)
{
	BIO *a, *b;

	ck_assert_int_eq(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	server = SSL_new(server_ctx);
	client = SSL_new(client_ctx);
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	if (session != NULL)
		ck_assert_int_eq(SSL_set_session(client, session), 1);
}

/* 1: done; 0: refused by one end */
static int
step(SSL *ssl)
{
	int r = SSL_do_handshake(ssl);
	int why = SSL_get_error(ssl, r);

	if (r == 1)
		return 1;
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? -1
									 : 0;
}

static bool
shake(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		int c = step(client), s;

		/* the alert is the server's to read */
		if (c == 0)
			ERR_clear_error();
		s = step(server);
		if (c == 0 || s == 0)
			return false;
		if (c == 1 && s == 1)
			return true;
	}
	return false;
}

static bool
connects(void)
{
	hang_up();
	dial(NULL);
	return shake();
}

/* A byte from the client to the server and back. */
static bool
talks(void)
{
	char c = 'x';

	return SSL_write(client, "a", 1) == 1 && SSL_read(server, &c, 1) == 1 &&
	       c == 'a' && SSL_write(server, "b", 1) == 1 &&
	       SSL_read(client, &c, 1) == 1 && c == 'b';
}

static void
must_say(const SSL *ssl, const char *what)
{
	struct err err;

	tls_error(&err, ssl);
	ck_assert_msg(strstr(err.msg, what) != NULL, "%s", err.msg);
}

START_TEST(both_ends_know_each_other)
{
	struct spiffe_id id;
	struct err err = { 0 };

	dial(NULL);
	ck_assert_int_eq(tls_peer_id(&id, server, &err), ERR_NOT_NOW);
	ck_assert(shake());
	ck_assert(talks());
	ck_assert_int_eq(tls_peer_id(&id, server, NULL), ERR_OK);
	ck_str(spiffe_id_text(&id), CLIENT);
	ck_assert_int_eq(tls_peer_id(&id, client, NULL), ERR_OK);
	ck_str(spiffe_id_text(&id), SERVER);
	ck_assert_int_eq(SSL_version(client), TLS1_3_VERSION);
}
END_TEST

START_TEST(takes_tls_1_2_and_nothing_older)
{
	(void)SSL_CTX_set_max_proto_version(client_ctx, TLS1_2_VERSION);
	ck_assert(connects());
	ck_assert(talks());
	SSL_CTX_set_security_level(client_ctx, 0);
	(void)SSL_CTX_set_min_proto_version(client_ctx, TLS1_VERSION);
	(void)SSL_CTX_set_max_proto_version(client_ctx, TLS1_1_VERSION);
	(void)SSL_CTX_set_cipher_list(client_ctx, "ALL:@SECLEVEL=0");
	ck_assert(!connects());
}
END_TEST

START_TEST(refuses_a_client_without_a_certificate)
{
	SSL_CTX *bare = SSL_CTX_new(TLS_client_method());
	SSL_CTX *mine = client_ctx;

	client_ctx = bare;
	ck_assert(!connects());
	must_say(server, "certificate");
	client_ctx = mine;
	SSL_CTX_free(bare);
}
END_TEST

START_TEST(refuses_a_server_that_is_not_expected)
{
	static const char *const ids[] = { "spiffe://home.test/other", NULL };

	expect_of((struct id_matcher){ MATCH_IDS, NULL, ids },
	    (struct id_matcher){ .kind = MATCH_ANY });
	ck_assert(!connects());
	must_say(server, "alert");
	must_say(client, "peer \"" SERVER "\" refused: it is not expected");
}
END_TEST

START_TEST(refuses_a_client_that_is_not_expected)
{
	expect_of((struct id_matcher){ .kind = MATCH_ANY },
	    (struct id_matcher){ MATCH_DOMAIN, "other.test", NULL });
	ck_assert(!connects());
	must_say(server, "peer \"" CLIENT "\" refused: it is not expected");
}
END_TEST

START_TEST(expects_nobody_if_nobody_was_named)
{
	expect_of((struct id_matcher){ .kind = MATCH_NOBODY },
	    (struct id_matcher){ .kind = MATCH_ANY });
	ck_assert(!connects());
}
END_TEST

START_TEST(refuses_a_matcher_that_makes_no_sense)
{
	struct tls_config config = { .source = server_source,
		.expected = { MATCH_DOMAIN, "no/domain", NULL } };
	struct tls *tls = NULL;

	ck_assert_int_eq(tls_new(&tls, &config, NULL), ERR_CONFIG);
	ck_assert_ptr_null(tls);
}
END_TEST

static X509 *
shown_by_server(void)
{
	return SSL_get_peer_certificate(client);
}

START_TEST(each_handshake_shows_the_newest_and_kept_connections_live_on)
{
	X509 *first, *second;
	SSL *kept_server, *kept_client;

	ck_assert(connects());
	first = shown_by_server();
	kept_server = server;
	kept_client = client;
	server = client = NULL;
	rotate(server_source, SERVER, &home, &home);
	rotate(client_source, CLIENT, &home, &home);
	dial(NULL);
	ck_assert(shake());
	second = shown_by_server();
	ck_assert_int_ne(X509_cmp(first, second), 0);
	hang_up();
	server = kept_server;
	client = kept_client;
	ck_assert(talks());
	X509_free(first);
	X509_free(second);
}
END_TEST

START_TEST(trust_follows_the_newest_bundle)
{
	struct cert other = cert_make_authority("home.test");
	SSL *kept_server, *kept_client;

	ck_assert(connects());
	kept_server = server;
	kept_client = client;
	server = client = NULL;
	/* the client's domain has a new root, the server still has the old */
	rotate(client_source, CLIENT, &home, &other);
	dial(NULL);
	ck_assert(!shake());
	must_say(client, "not proven by the bundle of \"home.test\"");
	rotate(server_source, SERVER, &other, &home);
	ck_assert(connects());
	hang_up();
	server = kept_server;
	client = kept_client;
	ck_assert(talks());
	cert_free(&other);
}
END_TEST

START_TEST(federated_domains_meet)
{
	struct cert far = cert_make_authority("far.test");
	struct cert leaf = cert_make_leaf("spiffe://far.test/x", &far);
	struct cert own = cert_make_leaf(SERVER, &home);
	struct bundle_set *both = bundle_of("home.test", &home);
	struct str der = cert_der(&far, NULL);
	struct spiffe_id id;

	ck_assert_int_eq(
	    source_put(client_source,
		(struct snapshot){
		    svids_of("spiffe://far.test/x", &leaf, NULL, ""),
		    bundle_of("home.test", &home), NULL },
		NULL),
	    ERR_OK);
	ck_assert(!connects());
	must_say(server, "no bundle for its trust domain");
	ck_assert_int_eq(
	    bundle_set_add(both, STR("far.test"), der, NULL), ERR_OK);
	ck_assert_int_eq(
	    source_put(server_source,
		(struct snapshot){
		    svids_of(SERVER, &own, NULL, ""), both, NULL },
		NULL),
	    ERR_OK);
	ck_assert(connects());
	ck_assert_int_eq(tls_peer_id(&id, server, NULL), ERR_OK);
	ck_str(spiffe_id_text(&id), "spiffe://far.test/x");
	cert_der_free(der);
	cert_free(&own);
	cert_free(&leaf);
	cert_free(&far);
}
END_TEST

START_TEST(sends_its_intermediates)
{
	struct cert_spec spec = cert_authority("between");
	struct cert between = cert_make(&spec, &home);
	struct cert leaf = cert_make_leaf(SERVER, &between);

	ck_assert_int_eq(source_put(server_source,
			     (struct snapshot){
				 svids_of(SERVER, &leaf, &between, ""),
				 bundle_of("home.test", &home), NULL },
			     NULL),
	    ERR_OK);
	ck_assert(connects());
	cert_free(&leaf);
	cert_free(&between);
}
END_TEST

START_TEST(shows_the_svid_of_its_hint)
{
	struct tls_config config = { .source = server_source,
		.expected = { .kind = MATCH_ANY },
		.hint = "external" };
	struct cert leaf = cert_make_leaf(SERVER, &home);
	struct tls *tls = NULL;
	SSL_CTX *mine = server_ctx;

	ck_assert_int_eq(tls_new(&tls, &config, NULL), ERR_OK);
	ck_assert_int_eq(tls_server_ctx(&server_ctx, tls, NULL), ERR_OK);
	ck_assert(!connects());
	must_say(server, "no X.509-SVID with the hint external");
	ck_assert_int_eq(source_put(server_source,
			     (struct snapshot){
				 svids_of(SERVER, &leaf, NULL, "external"),
				 bundle_of("home.test", &home), NULL },
			     NULL),
	    ERR_OK);
	ck_assert(connects());
	hang_up();
	SSL_CTX_free(server_ctx);
	server_ctx = mine;
	tls_free(tls);
	cert_free(&leaf);
}
END_TEST

START_TEST(without_an_svid_there_is_no_handshake)
{
	struct snapshot none = { NULL, bundle_of("home.test", &home), NULL };

	ck_assert_int_eq(source_put(client_source, none, NULL), ERR_OK);
	ck_assert(!connects());
	must_say(client, "we hold no X.509-SVID");
	rotate(client_source, CLIENT, &home, &home);
	none.bundles = NULL;
	ck_assert_int_eq(source_put(server_source, none, NULL), ERR_OK);
	ck_assert(!connects());
	must_say(server, "we hold no X.509-SVID");
}
END_TEST

START_TEST(an_expired_svid_of_ours_is_not_shown)
{
	struct cert_spec spec = cert_leaf("URI:" CLIENT);
	struct cert old;

	spec.to_s = -60;
	old = cert_make(&spec, &home);
	ck_assert_int_eq(source_put(client_source,
			     (struct snapshot){
				 svids_of(CLIENT, &old, NULL, ""),
				 bundle_of("home.test", &home), NULL },
			     NULL),
	    ERR_OK);
	ck_assert(!connects());
	must_say(client, "has expired");
	cert_free(&old);
}
END_TEST

/* Sessions are kept by whoever wants to; resumed they are not. */
static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

START_TEST(nothing_is_resumed)
{
	struct cert other = cert_make_authority("home.test");
	SSL_SESSION *session;

	(void)SSL_CTX_set_max_proto_version(client_ctx, versions[_i]);
	(void)SSL_CTX_clear_options(client_ctx, SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_session_cache_mode(
	    client_ctx, SSL_SESS_CACHE_CLIENT);
	ck_assert(connects());
	ck_assert(talks());
	ck_assert_int_eq(SSL_version(client), versions[_i]);
	session = SSL_get1_session(client);
	ck_assert_ptr_nonnull(session);
	ck_assert(!SSL_SESSION_has_ticket(session));
	hang_up();
	dial(session);
	ck_assert(shake());
	ck_assert_int_eq(SSL_session_reused(server), 0);
	ck_assert_int_eq(SSL_session_reused(client), 0);
	/* a client that is no longer believed gains nothing by its session */
	rotate(server_source, SERVER, &home, &other);
	hang_up();
	dial(session);
	ck_assert(!shake());
	must_say(server, "not proven");
	SSL_SESSION_free(session);
	cert_free(&other);
}
END_TEST

static char heard[ERR_MSG_MAX];

static void
hear(void *arg, const struct err *err)
{
	ck_assert_ptr_eq(arg, heard);
	(void)snprintf(heard, sizeof(heard), "%s", err->msg);
}

/*
 * libcurl
 */

static int listener;
static unsigned short port;

/* So many connections, one request each. */
static void *
serve(void *arg)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
				     "Connection: close\r\n\r\nok";
	int left;

	for (left = *(int *)arg; left > 0; left--) {
		int fd = accept(listener, NULL, NULL);
		SSL *ssl = SSL_new(server_ctx);
		char request[1024];

		if (SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1 &&
		    SSL_read(ssl, request, sizeof(request)) > 0) {
			(void)SSL_write(ssl, answer, sizeof(answer) - 1);
			(void)SSL_shutdown(ssl);
		}
		SSL_free(ssl);
		(void)close(fd);
	}
	return NULL;
}

static void
listen_somewhere(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(in);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&in, n), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(
	    getsockname(listener, (struct sockaddr *)&in, &n), 0);
	port = ntohs(in.sin_port);
}

static CURLcode
on_ctx(CURL *curl, void *ctx, void *arg)
{
	(void)curl;
	return tls_set_up_client(ctx, arg, NULL) == ERR_OK
		   ? CURLE_OK
		   : CURLE_SSL_CERTPROBLEM;
}

static size_t
ignore(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

static CURLcode
get(CURL *curl, struct tls *tls)
{
	char url[64];

	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/", port);
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_ctx);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, tls);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
	(void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	return curl_easy_perform(curl);
}

START_TEST(libcurl_is_a_client_that_follows_rotation)
{
	struct tls_config config = { .source = client_source,
		.expected = { MATCH_DOMAIN, "home.test", NULL },
		.refused = hear,
		.arg = heard };
	struct cert other = cert_make_authority("home.test");
	int connections = 4;
	struct tls *tls = NULL;
	pthread_t thread;
	CURL *curl = curl_easy_init();

	ck_assert_ptr_nonnull(curl);
	ck_assert_int_eq(tls_new(&tls, &config, NULL), ERR_OK);
	listen_somewhere();
	ck_assert_int_eq(
	    pthread_create(&thread, NULL, serve, &connections), 0);
	ck_assert_int_eq(get(curl, tls), CURLE_OK);
	/* both ends move to another authority */
	rotate(client_source, CLIENT, &other, &other);
	ck_assert_int_ne(get(curl, tls), CURLE_OK);
	ck_assert_msg(strstr(heard, "not proven") != NULL, "%s", heard);
	rotate(server_source, SERVER, &other, &other);
	ck_assert_int_eq(get(curl, tls), CURLE_OK);
	/* a server of the domain that is an authority's no longer */
	rotate(server_source, SERVER, &home, &home);
	ck_assert_int_ne(get(curl, tls), CURLE_OK);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	curl_easy_cleanup(curl);
	tls_free(tls);
	(void)close(listener);
	cert_free(&other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls");
	TCase *tc = tcase_create("tls");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, both_ends_know_each_other);
	tcase_add_test(tc, takes_tls_1_2_and_nothing_older);
	tcase_add_test(tc, refuses_a_client_without_a_certificate);
	tcase_add_test(tc, refuses_a_server_that_is_not_expected);
	tcase_add_test(tc, refuses_a_client_that_is_not_expected);
	tcase_add_test(tc, expects_nobody_if_nobody_was_named);
	tcase_add_test(tc, refuses_a_matcher_that_makes_no_sense);
	tcase_add_test(
	    tc, each_handshake_shows_the_newest_and_kept_connections_live_on);
	tcase_add_test(tc, trust_follows_the_newest_bundle);
	tcase_add_test(tc, federated_domains_meet);
	tcase_add_test(tc, sends_its_intermediates);
	tcase_add_test(tc, shows_the_svid_of_its_hint);
	tcase_add_test(tc, without_an_svid_there_is_no_handshake);
	tcase_add_test(tc, an_expired_svid_of_ours_is_not_shown);
	ck_table(tc, nothing_is_resumed, versions);
	tcase_add_test(tc, libcurl_is_a_client_that_follows_rotation);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
