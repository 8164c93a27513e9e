/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/spiffe_id.h"

#include <string.h>

#define SCHEME "spiffe://"
enum { SCHEME_N = sizeof(SCHEME) - 1 };

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
	       c == '-' || c == '_';
}

static int
check_domain(struct str domain, struct err *err)
{
	size_t i;

	if (domain.n == 0)
		return err_set(err, ERR_FORMAT, "the trust domain is missing");
	if (domain.n > TRUST_DOMAIN_MAX)
		return err_set(err, ERR_FORMAT,
		    "the trust domain has %zu bytes, at most %d are allowed",
		    domain.n, TRUST_DOMAIN_MAX);
	for (i = 0; i < domain.n; i++)
		if (!is_name_char(domain.p[i]))
			return err_set(err, ERR_FORMAT,
			    "trust domain \"%s\" may only have lower case"
			    " letters, digits, dots, dashes and underscores",
			    CLEAN(domain));
	return ERR_OK;
}

static int
check_segment(struct str segment, struct err *err)
{
	if (segment.n == 0)
		return err_set(err, ERR_FORMAT,
		    "the path has an empty segment or a slash at its end");
	if (str_is(segment, ".") || str_is(segment, ".."))
		return err_set(err, ERR_FORMAT,
		    "the path has a relative segment, \"%s\"", CLEAN(segment));
	if (!str_is_alnum_or(segment, ".-_"))
		return err_set(err, ERR_FORMAT,
		    "path segment \"%s\" may only have letters, digits, dots,"
		    " dashes and underscores",
		    CLEAN(segment));
	return ERR_OK;
}

/* path begins with a slash, or is empty */
static int
check_path(struct str path, struct err *err)
{
	struct str rest = path;
	int r;

	if (path.n == 0)
		return ERR_OK;
	rest = str_sub(rest, 1, rest.n);
	/* "a/" is cut into "a" and an empty rest that is there */
	do {
		r = check_segment(str_cut(&rest, rest, '/'), err);
	} while (r == ERR_OK && rest.p != NULL);
	return r;
}

int
spiffe_id_parse(struct spiffe_id *id, struct str text, struct err *err)
{
	struct str rest, domain, path;
	const char *slash;
	int r;

	if (text.n > SPIFFE_ID_MAX)
		return err_set(err, ERR_FORMAT,
		    "a SPIFFE ID of %zu bytes, at most %d are allowed", text.n,
		    SPIFFE_ID_MAX);
	if (!str_starts(text, SCHEME))
		return err_set(err, ERR_FORMAT,
		    "\"%s\" does not begin with " SCHEME, CLEAN(text));
	rest = str_sub(text, SCHEME_N, text.n);
	slash = memchr(rest.p, '/', rest.n);
	domain = slash == NULL
		     ? rest
		     : str_sub(rest, 0, (size_t)(slash - rest.p));
	path = str_sub(rest, domain.n, rest.n);
	r = check_domain(domain, err);
	if (r == ERR_OK)
		r = check_path(path, err);
	if (r != ERR_OK) {
		(void)err_prefix(err, "\"%s\" is no SPIFFE ID: ", CLEAN(text));
		return r;
	}
	memcpy(id->text, text.p, text.n);
	id->text[text.n] = '\0';
	id->n = text.n;
	id->domain_n = domain.n;
	return ERR_OK;
}

struct str
spiffe_id_text(const struct spiffe_id *id)
{
	return (struct str){ id->text, id->n };
}

struct str
spiffe_id_domain(const struct spiffe_id *id)
{
	return str_sub(spiffe_id_text(id), SCHEME_N, id->domain_n);
}

struct str
spiffe_id_path(const struct spiffe_id *id)
{
	return str_sub(spiffe_id_text(id), SCHEME_N + id->domain_n, id->n);
}

bool
spiffe_id_eq(const struct spiffe_id *a, const struct spiffe_id *b)
{
	return str_eq(spiffe_id_text(a), spiffe_id_text(b));
}

int
trust_domain_parse(struct str *name, struct str text, struct err *err)
{
	struct str domain = text;
	int r;

	if (str_starts(text, SCHEME))
		domain = str_sub(text, SCHEME_N, text.n);
	r = check_domain(domain, err);
	if (r == ERR_OK)
		*name = domain;
	return r;
}

int
id_matcher_check(const struct id_matcher *m, struct err *err)
{
	struct spiffe_id id;
	struct str name;
	size_t i;

	if (m->kind == MATCH_DOMAIN &&
	    trust_domain_parse(&name, str_of(m->domain), err) != ERR_OK)
		goto bad;
	if (m->kind == MATCH_IDS && (m->ids == NULL || m->ids[0] == NULL))
		return err_set(err, ERR_CONFIG, "no expected SPIFFE ID");
	for (i = 0; m->kind == MATCH_IDS && m->ids[i] != NULL; i++)
		if (spiffe_id_parse(&id, str_of(m->ids[i]), err) != ERR_OK)
			goto bad;
	return ERR_OK;
bad:
	if (err != NULL)
		err->code = ERR_CONFIG;
	return ERR_CONFIG;
}

bool
id_matches(const struct id_matcher *m, const struct spiffe_id *id)
{
	struct str name;
	size_t i;

	switch (m->kind) {
	case MATCH_NOBODY:
		return false;
	case MATCH_ANY:
		return true;
	case MATCH_DOMAIN:
		return trust_domain_parse(&name, str_of(m->domain), NULL) ==
			   ERR_OK &&
		       str_eq(name, spiffe_id_domain(id));
	case MATCH_IDS:
		for (i = 0; m->ids != NULL && m->ids[i] != NULL; i++)
			if (str_is(spiffe_id_text(id), m->ids[i]))
				return true;
		return false;
	}
	return false;
}
