/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workload-watch.c - say what the Workload API gives, for check-spire
 *
 * workload-watch AUDIENCE.  A line for each update of the SVIDs, until it is
 * killed; at the first one also a JWT-SVID, verified by the agent and by the
 * JWT bundle.  Nothing secret is printed.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/bn.h>

#include "workload/verify.h"
#include "workload/workload.h"

enum { PATIENCE_MS = 60 * 1000 };

static void
die(const char *what, const struct err *err)
{
	(void)printf("error %s: %s\n", what, err->msg);
	(void)fflush(stdout);
	exit(EXIT_FAILURE);
}

static void
say_svid(const struct svid *svid, const struct snapshot *s)
{
	const struct id_matcher self = { .kind = MATCH_IDS,
		.ids = (const char *const[]){ svid->id.text, NULL } };
	struct verify_peer peer = { svid->leaf, svid->chain,
		(int64_t)time(NULL) };
	BIGNUM *bn =
	    ASN1_INTEGER_to_BN(X509_get0_serialNumber(svid->leaf), NULL);
	char *serial = BN_bn2hex(bn);
	struct err err = { 0 };

	(void)printf("svid %s hint=%s serial=%s expires=%" PRId64
		     " verified=%s\n",
	    svid->id.text, svid->hint, serial, svid->expires,
	    verify_peer(NULL, NULL, &peer, s->bundles, &self, &err) == ERR_OK
		? "yes"
		: err.msg);
	OPENSSL_free(serial);
	BN_free(bn);
}

static void
say_snapshot(struct source *source)
{
	const struct snapshot *s = source_get(source);
	size_t i;

	for (i = 0; i < svid_set_count(s->svids); i++)
		say_svid(svid_set_at(s->svids, i), s);
	for (i = 0; i < bundle_set_count(s->bundles); i++)
		(void)printf(
		    "bundle %s\n", bundle_set_at(s->bundles, i)->domain);
	(void)printf("update svids=%zu bundles=%zu jwks=%zu\n",
	    svid_set_count(s->svids), bundle_set_count(s->bundles),
	    jwks_set_count(s->jwks));
	(void)fflush(stdout);
	snapshot_unref(s);
}

static void
say_jwt(struct workload *w, const char *audience)
{
	const char *const audiences[] = { audience, NULL };
	const struct snapshot *s = source_get(workload_source(w));
	struct jwt_list *list = NULL;
	struct jwt_svid *own = NULL;
	struct err err = { 0 };
	struct spiffe_id id;
	struct buf claims;
	struct str token;

	buf_init(&claims, CLAIMS_MAX);
	if (workload_fetch_jwts(
		&list, w, audiences, NULL, PATIENCE_MS, &err) != ERR_OK)
		die("fetch", &err);
	token = str_of(list->at[0]->token);
	if (workload_validate_jwt(&id, &claims, w, token, audience,
		PATIENCE_MS, &err) != ERR_OK)
		die("validate", &err);
	if (jwt_verify(&own, token, audience, s->jwks,
		(int64_t)time(NULL), &err) != ERR_OK)
		die("verify", &err);
	(void)printf("jwt %s hint=%s agent=%s own=%s claims=%s\n",
	    list->at[0]->id.text, list->at[0]->hint, id.text, own->id.text,
	    buf_text(&claims));
	if (workload_validate_jwt(&id, NULL, w, token, "somebody-else",
		PATIENCE_MS, &err) == ERR_POLICY)
		(void)printf("jwt refused for another audience: %s\n", err.msg);
	jwt_free(own);
	jwt_list_free(list);
	buf_release(&claims);
	snapshot_unref(s);
}

int
main(int argc, char **argv)
{
	const struct workload_options options = { .streams =
						      1U << WORKLOAD_SVIDS |
						      1U << WORKLOAD_BUNDLES |
						      1U << WORKLOAD_JWKS };
	struct workload *w = NULL;
	struct err err = { 0 };
	struct pollfd fd;

	if (argc != 2)
		return EXIT_FAILURE;
	if (workload_open(&w, &options, &err) != ERR_OK)
		die("open", &err);
	if (source_wait(workload_source(w),
		SOURCE_SVIDS | SOURCE_BUNDLES | SOURCE_JWKS, PATIENCE_MS,
		&err) != ERR_OK)
		die("wait", &err);
	say_jwt(w, argv[1]);
	fd = (struct pollfd){ source_fd(workload_source(w)), POLLIN, 0 };
	for (;;) {
		source_heed(workload_source(w));
		say_snapshot(workload_source(w));
		(void)poll(&fd, 1, -1);
	}
}
