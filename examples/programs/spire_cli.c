/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spire_cli.c - spire-cli: what SPIRE has given this workload, and its use
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "programs/cli.h"
#include "programs/client.h"
#include "programs/memory.h"
#include "programs/shown.h"
#include "workload/message.h"
#include "workload/source.h"
#include "workload/tls.h"
#include "workload/workload.h"

struct cli {
	struct cli_options options;
	struct workload *workload;
	struct json_object *all; /* -json: what the actions found */
	sigset_t unblocked;      /* -watch: while it waits */
};

static volatile sig_atomic_t is_over;

static void
on_signal(int number)
{
	(void)number;
	is_over = 1;
}

/* Print it now, or keep it for the one document; takes o. */
static int
show(struct cli *cli, const char *name, struct json_object *o,
    void (*print)(struct json_object *o), struct err *err)
{
	if (o == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	if (cli->options.json) {
		shown_add_object(cli->all, name, o);
		return ERR_OK;
	}
	print(o);
	json_object_put(o);
	return ERR_OK;
}

static void
add_left(struct json_object *o)
{
	int64_t left = shown_get_int(o, "not_after_s") - (int64_t)time(NULL);

	shown_add_int(o, "left_s", left > 0 ? left : 0);
}

static int
show_self(struct cli *cli, struct err *err)
{
	const struct snapshot *s = source_get(workload_source(cli->workload));
	struct json_object *o = json_object_new_object();
	struct json_object *svids = shown_svids(s->svids);
	size_t i;

	for (i = 0; i < shown_count(svids); i++)
		add_left(json_object_array_get_idx(svids, i));
	if (o != NULL) {
		shown_add_object(o, "x509_svids", svids);
		shown_add_object(
		    o, "trust_bundles", shown_bundles(s->bundles));
	} else
		json_object_put(svids);
	snapshot_unref(s);
	return show(cli, "self", o, cli_print_self, err);
}

/* Our default identity. */
static int
own_id(struct spiffe_id *id, const struct cli *cli, struct err *err)
{
	const struct snapshot *s = source_get(workload_source(cli->workload));
	const struct svid *svid = svid_set_find(s->svids, NULL);

	if (svid != NULL)
		*id = svid->id;
	snapshot_unref(s);
	return svid != NULL
		   ? ERR_OK
		   : err_set(err, ERR_UNAVAILABLE, "we have no identity");
}

static void
default_peer(char out[SPIFFE_ID_MAX + 1], const struct spiffe_id *own)
{
	(void)snprintf(out, SPIFFE_ID_MAX + 1, "spiffe://%.*s/api-service",
	    STR_FMT(spiffe_id_domain(own)));
}

/* "https://host:1" asks for /attestation. */
static void
endpoint_url(char out[CLIENT_TARGET_SIZE], const char *endpoint)
{
	const char *path = strchr(strstr(endpoint, "://") + 3, '/');

	(void)snprintf(out, CLIENT_TARGET_SIZE, "%s%s", endpoint,
	    path == NULL	   ? "/attestation"
	    : strcmp(path, "/") == 0 ? "attestation"
				     : "");
}

/* Without ctx and peer: plainly, by the sidecar. */
static int
call(struct cli *cli, SSL_CTX *ctx, const char *peer, struct err *err)
{
	char url[CLIENT_TARGET_SIZE];
	struct json_object *o = NULL;
	struct client_answer a;
	struct client *client;
	int r;

	r = client_new(
	    &client, cli->options.plain ? CLIENT_PLAIN : CLIENT_TLS, ctx, err);
	if (r != ERR_OK)
		return r;
	endpoint_url(url, cli->options.endpoint);
	client_answer_init(&a);
	r = client_get(&a, client, url, cli->options.timeout_ms, err);
	if (cli->options.plain)
		o = shown_plain_call(url, &a, err);
	if (r == ERR_OK && a.status != 200)
		r = cli->options.plain
			? err_set(err, ERR_UPSTREAM, "%s",
			      shown_get(o, "error"))
			: err_set(err, ERR_UPSTREAM,
			      "the API answered with status %d", a.status);
	if (!cli->options.plain)
		o = shown_call(url, peer, &a, err);
	client_answer_release(&a);
	client_free(client);
	if (show(cli, "query", o, cli_print_call, err) != ERR_OK)
		return ERR_MEMORY;
	return r;
}

static int
query_by_tls(struct cli *cli, struct err *err)
{
	char peer[SPIFFE_ID_MAX + 1];
	const char *expected[] = { cli->options.id, NULL };
	struct tls_config config = {
		.source = workload_source(cli->workload),
		.expected = { .kind = MATCH_IDS, .ids = expected },
	};
	struct spiffe_id own;
	struct tls *tls = NULL;
	SSL_CTX *ctx = NULL;
	int r;

	r = own_id(&own, cli, err);
	if (r != ERR_OK)
		return r;
	if (expected[0] == NULL) {
		default_peer(peer, &own);
		expected[0] = peer;
	}
	r = tls_new(&tls, &config, err);
	if (r == ERR_OK)
		r = tls_client_ctx(&ctx, tls, err);
	if (r == ERR_OK)
		r = call(cli, ctx, expected[0], err);
	SSL_CTX_free(ctx);
	tls_free(tls);
	return r;
}

static int
query(struct cli *cli, struct err *err)
{
	return cli->options.plain ? call(cli, NULL, NULL, err)
				  : query_by_tls(cli, err);
}

static int
fetch_jwt(struct cli *cli, struct err *err)
{
	const char *audiences[] = { cli->options.jwt, NULL };
	struct json_object *o = NULL;
	struct jwt_list *list;
	int r;

	r = workload_fetch_jwts(&list, cli->workload, audiences, NULL,
	    cli->options.timeout_ms, err);
	if (r != ERR_OK)
		return r;
	if (list->count > 0)
		o = shown_jwt(list->at[0]);
	/* it was asked for in order to be used */
	if (o != NULL)
		shown_add(o, "token", list->at[0]->token);
	jwt_list_free(list);
	return show(cli, "jwt", o, cli_print_jwt, err);
}

/* "-": standard input, without the end of its line. */
static int
take_token(struct buf *out, const char *token, struct err *err)
{
	char chunk[1024];
	size_t n;

	if (strcmp(token, "-") != 0)
		buf_add_text(out, token);
	else {
		while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
			buf_add(out, (struct str){ chunk, n });
		if (ferror(stdin))
			return err_set(err, ERR_SYSTEM,
			    "the token cannot be read: %s", strerror(errno));
		secret_wipe(chunk, sizeof(chunk));
	}
	return buf_check(out, err);
}

static int
validate(struct cli *cli, struct err *err)
{
	struct spiffe_id id, own;
	struct buf token, claims;
	const char *audience = cli->options.audience;
	struct json_object *o = NULL;
	int r;

	buf_init(&token, JWT_MAX);
	buf_init(&claims, CLAIMS_MAX);
	r = take_token(&token, cli->options.validate, err);
	if (r == ERR_OK && cli->options.audience == NULL) {
		r = own_id(&own, cli, err);
		audience = own.text;
	}
	if (r == ERR_OK)
		r = workload_validate_jwt(&id, &claims, cli->workload,
		    str_trim(buf_str(&token)), audience,
		    cli->options.timeout_ms, err);
	if (r == ERR_OK) {
		o = json_object_new_object();
		if (o != NULL && buf_text(&claims) != NULL) {
			shown_add_str(o, "spiffe_id", spiffe_id_text(&id));
			shown_add(o, "audience", audience);
			shown_add_object(o, "claims",
			    json_tokener_parse(buf_text(&claims)));
		}
		r = show(cli, "validate", o, cli_print_valid, err);
	}
	buf_wipe(&token);
	buf_release(&claims);
	return r;
}

static int
show_rotation(const struct cli *cli, struct err *err)
{
	const struct snapshot *s = source_get(workload_source(cli->workload));
	const struct svid *svid = svid_set_find(s->svids, NULL);
	struct json_object *o =
	    svid == NULL ? json_object_new_object() : shown_svid(svid);
	int r = ERR_OK;

	snapshot_unref(s);
	if (o == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	shown_add_time(o, "time", (int64_t)time(NULL));
	if (svid != NULL)
		add_left(o);
	json_object_object_del(o, "pem");
	if (cli->options.json)
		(void)printf("%s\n",
		    json_object_to_json_string_ext(o,
			JSON_C_TO_STRING_PLAIN |
			    JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		cli_print_rotation(o);
	json_object_put(o);
	if (fflush(stdout) != 0)
		r = err_set(err, ERR_SYSTEM, "nobody reads my output");
	return r;
}

/*
 * Before there is another thread: they inherit the mask, so that a signal comes
 * to the one that waits for it.
 */
static void
block_signals(struct cli *cli)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigemptyset(&block);
	(void)sigaddset(&block, SIGINT);
	(void)sigaddset(&block, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &block, &cli->unblocked);
}

static int
watch(const struct cli *cli, struct err *err)
{
	struct source *source = workload_source(cli->workload);
	struct pollfd p = { .fd = source_fd(source), .events = POLLIN };
	int r = ERR_OK;

	memory_let_go();
	while (r == ERR_OK && !is_over) {
		if (ppoll(&p, 1, NULL, &cli->unblocked) > 0) {
			source_heed(source);
			r = show_rotation(cli, err);
		}
	}
	return r;
}

/* In this order; the first that fails ends it. */
static int
act(struct cli *cli, struct err *err)
{
	const struct cli_options *o = &cli->options;
	int r = ERR_OK;

	if (o->self)
		r = show_self(cli, err);
	if (r == ERR_OK && o->query)
		r = query(cli, err);
	if (r == ERR_OK && o->jwt != NULL)
		r = fetch_jwt(cli, err);
	if (r == ERR_OK && o->validate != NULL)
		r = validate(cli, err);
	if (o->json && json_object_object_length(cli->all) > 0) {
		struct buf b;

		buf_init(&b, 4 * 1024 * 1024);
		if (shown_text(&b, cli->all, err) == ERR_OK)
			(void)fwrite(b.p, 1, b.n, stdout);
		buf_release(&b);
	}
	if (r == ERR_OK && o->watch)
		r = watch(cli, err);
	return r;
}

static int
fail(const struct err *err, int status)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "spire-cli: %s\n", err->msg);
	return status;
}

static bool
needs_identity(const struct cli_options *o)
{
	return o->self || (o->query && !o->plain) ||
	       (o->validate != NULL && o->audience == NULL);
}

/* What keeps the Workload API from giving, if it has said so. */
static void
explain(struct err *err, const struct cli *cli)
{
	struct workload_status status;

	workload_status(&status, cli->workload, WORKLOAD_SVIDS);
	if (err->code == ERR_TIMEOUT && status.error.code != ERR_OK)
		*err = status.error;
}

int
main(int argc, char **argv)
{
	struct workload_options options = { 0 };
	struct cli cli = { 0 };
	struct err err = { 0 };
	int status = EXIT_SUCCESS;

	cli_options_parse(&cli.options, argc, argv);
	memory_spare();
	(void)signal(SIGPIPE, SIG_IGN);
	if (cli.options.watch)
		block_signals(&cli);
	cli.all = json_object_new_object();
	if (cli.all == NULL ||
	    (!cli.options.plain &&
		workload_open(&cli.workload, &options, &err) != ERR_OK)) {
		json_object_put(cli.all);
		return fail(&err, EXIT_FAILURE);
	}
	if (needs_identity(&cli.options) &&
	    source_wait(workload_source(cli.workload), SOURCE_SVIDS,
		cli.options.timeout_ms, &err) != ERR_OK) {
		explain(&err, &cli);
		status = fail(&err, EXIT_NO_IDENTITY);
	} else if (act(&cli, &err) != ERR_OK)
		status = fail(&err, EXIT_FAILURE);
	else if (fflush(stdout) != 0)
		status = EXIT_FAILURE;
	json_object_put(cli.all);
	workload_close(cli.workload);
	return status;
}
