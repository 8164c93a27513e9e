/* SPDX-License-Identifier: Apache-2.0 */
#include "programs/xfcc.h"

#include <stdio.h>
#include <string.h>

enum key { BY, HASH, CERT, CHAIN, SUBJECT, URI, DNS, KEYS };

static const char *const keys[KEYS] = { "By", "Hash", "Cert", "Chain",
	"Subject", "URI", "DNS" };

static int
bad(struct err *err, const char *sentence)
{
	return err_set(err, ERR_FORMAT, XFCC_NAME ": %s", sentence);
}

/* Up to the closing quote; *s becomes what follows it. */
static int
take_quoted(struct str *value, struct str *s, struct err *err)
{
	size_t i, slashes = 0;

	for (i = 1; i < s->n; i++) {
		if (s->p[i] == '\\') {
			slashes++;
			continue;
		}
		/* Envoy escapes quotes only, so of two one cannot tell */
		if (s->p[i] == '"' && slashes > 1)
			return bad(err, "a quote after two backslashes");
		if (s->p[i] == '"' && slashes == 0)
			break;
		slashes = 0;
	}
	if (i == s->n)
		return bad(err, "a quote has no end");
	*value = str_sub(*s, 1, i - 1);
	*s = str_sub(*s, i + 1, s->n);
	return ERR_OK;
}

static int
take_bare(struct str *value, struct str *s, struct err *err)
{
	size_t n = 0;

	while (n < s->n && s->p[n] != ';' && s->p[n] != ',') {
		if (s->p[n] <= ' ' || s->p[n] > '~' || s->p[n] == '"' ||
		    s->p[n] == '=')
			return bad(err, "a value that had to be quoted");
		n++;
	}
	*value = str_sub(*s, 0, n);
	*s = str_sub(*s, n, s->n);
	return ERR_OK;
}

static int
take_key(enum key *key, struct str *s, struct err *err)
{
	struct str rest, name = str_cut(&rest, *s, '=');
	int i;

	for (i = 0; i < KEYS; i++)
		if (rest.p != NULL && str_is(name, keys[i])) {
			*key = (enum key)i;
			*s = rest;
			return ERR_OK;
		}
	return err_set(err, ERR_FORMAT,
	    XFCC_NAME ": \"%s\" is no part that is known", CLEAN(name));
}

/* Is there another part?  A comma would begin another element. */
static int
take_separator(bool *more, struct str *s, struct err *err)
{
	*more = s->n > 0;
	if (s->n == 0)
		return ERR_OK;
	if (s->p[0] == ',')
		return bad(err, "it names more than one certificate");
	if (s->p[0] != ';')
		return bad(err, "a quote ends within a value");
	*s = str_sub(*s, 1, s->n);
	return ERR_OK;
}

static int
keep(struct xfcc *x, enum key key, struct str value, struct err *err)
{
	int r = ERR_OK;

	if (key == URI || key == BY) {
		r = spiffe_id_parse(key == URI ? &x->uri : &x->by, value, err);
		if (r != ERR_OK)
			return err_prefix(err, XFCC_NAME ": %s: ", keys[key]);
	} else if (key == HASH) {
		if (value.n != XFCC_HASH_DIGITS || !str_is_lower_hex(value))
			return bad(err, "Hash is no SHA-256");
		(void)snprintf(
		    x->hash, sizeof(x->hash), "%.*s", STR_FMT(value));
	}
	return r;
}

static int
take_part(struct xfcc *x, unsigned *seen, struct str *s, struct err *err)
{
	struct str value;
	enum key key;
	int r = take_key(&key, s, err);

	if (r != ERR_OK)
		return r;
	/* a certificate may have many DNS names */
	if (key != DNS && (*seen & 1U << key) != 0)
		return err_set(err, ERR_FORMAT,
		    XFCC_NAME ": %s stands there twice", keys[key]);
	*seen |= 1U << key;
	r = s->n > 0 && s->p[0] == '"' ? take_quoted(&value, s, err)
				       : take_bare(&value, s, err);
	return r == ERR_OK ? keep(x, key, value, err) : r;
}

int
xfcc_parse(struct xfcc *x, struct str header, struct err *err)
{
	struct xfcc read;
	unsigned seen = 0, parts = 0;
	bool more = true;
	int r = ERR_OK;

	memset(&read, 0, sizeof(read));
	if (header.n > XFCC_MAX)
		return bad(err, "it is over 8192 bytes");
	while (r == ERR_OK && more) {
		if (++parts > XFCC_PARTS_MAX)
			return bad(err, "it has over 32 parts");
		r = take_part(&read, &seen, &header, err);
		if (r == ERR_OK)
			r = take_separator(&more, &header, err);
	}
	if (r == ERR_OK && (seen & 1U << URI) == 0)
		r = bad(err, "the certificate has no URI");
	if (r == ERR_OK)
		*x = read;
	return r;
}
