/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spiffe_id.h - SPIFFE IDs and trust domains, and whom to accept
 *
 * Source: the SPIFFE-ID specification, sections 2.1 to 2.3.  Pure; any thread.
 */
#ifndef WORKLOAD_SPIFFE_ID_H
#define WORKLOAD_SPIFFE_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum { SPIFFE_ID_MAX = 2048, TRUST_DOMAIN_MAX = 255 }; /* bytes */

/* A value: copy it freely, it owns nothing. */
struct spiffe_id {
	char text[SPIFFE_ID_MAX + 1];
	size_t n;
	size_t domain_n;
};

/*
 * ERR_FORMAT says which rule is broken.  The rules want lower case in scheme
 * and trust domain, so an ID in upper case is refused, not folded.  On failure
 * *id is untouched.
 */
int spiffe_id_parse(
    struct spiffe_id *id, struct str text, struct err *err) MUST_USE;

/* Borrowed from the ID; the text of a parsed one is also id->text, with NUL. */
struct str spiffe_id_text(const struct spiffe_id *id);
struct str spiffe_id_domain(const struct spiffe_id *id); /* "example.org" */
struct str spiffe_id_path(const struct spiffe_id *id);   /* "/a/b", or "" */

bool spiffe_id_eq(const struct spiffe_id *a, const struct spiffe_id *b);

/*
 * "example.org" or "spiffe://example.org", as bundles are keyed.  *name
 * borrows from text.
 */
int trust_domain_parse(
    struct str *name, struct str text, struct err *err) MUST_USE;

/* Which IDs are expected.  A zeroed matcher accepts nobody. */
enum id_match {
	MATCH_NOBODY,
	MATCH_ANY,    /* whoever a bundle we hold proves */
	MATCH_DOMAIN, /* members of one trust domain */
	MATCH_IDS,    /* one of a list */
};
struct id_matcher {
	enum id_match kind;
	const char *domain;     /* MATCH_DOMAIN */
	const char *const *ids; /* MATCH_IDS: NULL ends */
};

/* ERR_CONFIG if it names what is no SPIFFE ID or trust domain. */
int id_matcher_check(const struct id_matcher *m, struct err *err) MUST_USE;

bool id_matches(const struct id_matcher *m, const struct spiffe_id *id);

#endif
