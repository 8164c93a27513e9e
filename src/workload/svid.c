/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/svid.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "workload/x509.h"

struct svid_set {
	atomic_uint refs;
	size_t count;
	struct svid *at[SVIDS_MAX];
};

static int
parse_key(EVP_PKEY **key, struct str der, struct err *err)
{
	const unsigned char *p = (const unsigned char *)der.p;
	PKCS8_PRIV_KEY_INFO *info = NULL;

	if (der.n > 0)
		info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
	if (info == NULL || p != (const unsigned char *)der.p + der.n) {
		PKCS8_PRIV_KEY_INFO_free(info);
		ERR_clear_error();
		return err_set(
		    err, ERR_FORMAT, "the private key is not PKCS#8 in DER");
	}
	*key = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	if (*key == NULL)
		return err_set(err, ERR_FORMAT,
		    "the private key cannot be used: %s", x509_reason());
	return ERR_OK;
}

static int
fill(struct svid *svid, struct str id, struct str chain, struct str key,
    struct err *err)
{
	int r;

	r = x509_parse_list(&svid->chain, chain, SVID_CHAIN_MAX, err);
	if (r != ERR_OK)
		return r;
	svid->leaf = sk_X509_shift(svid->chain);
	if (svid->leaf == NULL)
		return err_set(err, ERR_FORMAT, "there is no certificate");
	r = x509_check_leaf(&svid->id, svid->leaf, err);
	if (r != ERR_OK)
		return r;
	if (!str_eq(id, spiffe_id_text(&svid->id)))
		return err_set(err, ERR_POLICY,
		    "the certificate is of \"%s\"",
		    CLEAN(spiffe_id_text(&svid->id)));
	r = parse_key(&svid->key, key, err);
	if (r != ERR_OK)
		return r;
	if (X509_check_private_key(svid->leaf, svid->key) != 1) {
		ERR_clear_error();
		return err_set(err, ERR_POLICY,
		    "the private key is not the certificate's");
	}
	svid->expires = x509_expires(svid->leaf);
	return ERR_OK;
}

int
svid_new(struct svid **svidp, struct str id, struct str chain, struct str key,
    struct str hint, struct err *err)
{
	struct svid *svid;
	int r;

	if (hint.n > HINT_MAX)
		return err_set(err, ERR_TOOBIG, "a hint of %zu bytes", hint.n);
	svid = calloc(1, sizeof(*svid));
	if (svid != NULL)
		svid->hint = strndup(hint.n > 0 ? hint.p : "", hint.n);
	if (svid == NULL || svid->hint == NULL)
		r = err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	else
		r = fill(svid, id, chain, key, err);
	if (r == ERR_OK) {
		*svidp = svid;
		return ERR_OK;
	}
	(void)err_prefix(err, "X.509-SVID \"%s\": ", CLEAN(id));
	svid_free(svid);
	return r;
}

void
svid_free(struct svid *svid)
{
	if (svid == NULL)
		return;
	EVP_PKEY_free(svid->key);
	X509_free(svid->leaf);
	sk_X509_pop_free(svid->chain, X509_free);
	free(svid->hint);
	free(svid);
}

int
svid_set_new(struct svid_set **setp, struct err *err)
{
	struct svid_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	atomic_init(&set->refs, 1);
	*setp = set;
	return ERR_OK;
}

int
svid_set_add(struct svid_set *set, struct svid *svid, struct err *err)
{
	if (set->count == SVIDS_MAX)
		return err_set(
		    err, ERR_TOOBIG, "more than %d SVIDs", SVIDS_MAX);
	set->at[set->count++] = svid;
	return ERR_OK;
}

struct svid_set *
svid_set_ref(struct svid_set *set)
{
	atomic_fetch_add(&set->refs, 1);
	return set;
}

void
svid_set_unref(struct svid_set *set)
{
	if (set == NULL || atomic_fetch_sub(&set->refs, 1) > 1)
		return;
	while (set->count > 0)
		svid_free(set->at[--set->count]);
	free(set);
}

size_t
svid_set_count(const struct svid_set *set)
{
	return set == NULL ? 0 : set->count;
}

const struct svid *
svid_set_at(const struct svid_set *set, size_t i)
{
	return i < svid_set_count(set) ? set->at[i] : NULL;
}

const struct svid *
svid_set_find(const struct svid_set *set, const char *hint)
{
	size_t i;

	if (hint == NULL || hint[0] == '\0')
		return svid_set_at(set, 0);
	for (i = 0; i < svid_set_count(set); i++)
		if (strcmp(set->at[i]->hint, hint) == 0)
			return set->at[i];
	return NULL;
}
