/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/bundle.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "workload/x509.h"

struct bundle_set {
	atomic_uint refs;
	size_t count;
	struct bundle *at[BUNDLES_MAX];
	STACK_OF(X509_CRL) *crls;
};

int
bundle_set_new(struct bundle_set **setp, struct err *err)
{
	struct bundle_set *set = calloc(1, sizeof(*set));

	if (set != NULL)
		set->crls = sk_X509_CRL_new_null();
	if (set == NULL || set->crls == NULL) {
		free(set);
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	atomic_init(&set->refs, 1);
	*setp = set;
	return ERR_OK;
}

static void
bundle_free(struct bundle *b)
{
	if (b == NULL)
		return;
	X509_STORE_free(b->store);
	sk_X509_pop_free(b->authorities, X509_free);
	free(b);
}

static int
fill(struct bundle *b, struct str der, struct err *err)
{
	int i;
	int r;

	r = x509_parse_list(&b->authorities, der, AUTHORITIES_MAX, err);
	if (r != ERR_OK)
		return r;
	b->store = X509_STORE_new();
	for (i = 0; i < sk_X509_num(b->authorities); i++) {
		X509 *cert = sk_X509_value(b->authorities, i);

		r = x509_check_authority(cert, err);
		if (r != ERR_OK)
			return r;
		if (b->store != NULL &&
		    X509_STORE_add_cert(b->store, cert) != 1)
			return err_set(err, ERR_FORMAT,
			    "an authority cannot be used: %s", x509_reason());
	}
	if (b->store == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	return ERR_OK;
}

int
bundle_set_add(
    struct bundle_set *set, struct str domain, struct str der, struct err *err)
{
	struct bundle *b;
	struct str name;
	int r;

	r = trust_domain_parse(&name, domain, err);
	if (r != ERR_OK)
		return r;
	if (bundle_set_find(set, name) != NULL)
		return ERR_OK;
	if (set->count == BUNDLES_MAX)
		return err_set(
		    err, ERR_TOOBIG, "more than %d bundles", BUNDLES_MAX);
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	memcpy(b->domain, name.p, name.n);
	r = fill(b, der, err);
	if (r == ERR_OK) {
		set->at[set->count++] = b;
		return ERR_OK;
	}
	(void)err_prefix(err, "bundle of \"%s\": ", CLEAN(name));
	bundle_free(b);
	return r;
}

int
bundle_set_add_crl(struct bundle_set *set, struct str der, struct err *err)
{
	const unsigned char *p = (const unsigned char *)der.p;
	X509_CRL *crl = NULL;

	if (sk_X509_CRL_num(set->crls) == CRLS_MAX)
		return err_set(
		    err, ERR_TOOBIG, "more than %d revocation lists", CRLS_MAX);
	if (der.n > 0)
		crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	if (crl == NULL || p != (const unsigned char *)der.p + der.n) {
		X509_CRL_free(crl);
		return err_set(err, ERR_FORMAT,
		    "a revocation list is not DER: %s", x509_reason());
	}
	if (sk_X509_CRL_push(set->crls, crl) == 0) {
		X509_CRL_free(crl);
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	return ERR_OK;
}

struct bundle_set *
bundle_set_ref(struct bundle_set *set)
{
	atomic_fetch_add(&set->refs, 1);
	return set;
}

void
bundle_set_unref(struct bundle_set *set)
{
	if (set == NULL || atomic_fetch_sub(&set->refs, 1) > 1)
		return;
	while (set->count > 0)
		bundle_free(set->at[--set->count]);
	sk_X509_CRL_pop_free(set->crls, X509_CRL_free);
	free(set);
}

size_t
bundle_set_count(const struct bundle_set *set)
{
	return set == NULL ? 0 : set->count;
}

const struct bundle *
bundle_set_at(const struct bundle_set *set, size_t i)
{
	return i < bundle_set_count(set) ? set->at[i] : NULL;
}

const struct bundle *
bundle_set_find(const struct bundle_set *set, struct str domain)
{
	size_t i;

	for (i = 0; i < bundle_set_count(set); i++)
		if (str_is(domain, set->at[i]->domain))
			return set->at[i];
	return NULL;
}

const STACK_OF(X509_CRL) *
bundle_set_crls(const struct bundle_set *set)
{
	return set == NULL ? NULL : set->crls;
}
