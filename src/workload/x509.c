/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/x509.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

const char *
x509_reason(void)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return why == NULL ? "no reason given" : why;
}

int
x509_parse_list(
    STACK_OF(X509) **certs, struct str der, int max, struct err *err)
{
	/* bytes of no length may have no address */
	const unsigned char *p =
	    (const unsigned char *)(der.n == 0 ? "" : der.p);
	const unsigned char *end = p + der.n;
	STACK_OF(X509) *got = sk_X509_new_null();
	X509 *cert = NULL;
	int r = ERR_OK;

	if (got == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	while (p < end && r == ERR_OK) {
		int n = sk_X509_num(got);

		if (n == max) {
			r = err_set(err, ERR_TOOBIG,
			    "more than %d certificates", max);
			break;
		}
		cert = d2i_X509(NULL, &p, end - p);
		if (cert == NULL)
			r = err_set(err, ERR_FORMAT,
			    "certificate %d is not DER: %s", n + 1,
			    x509_reason());
		else if (sk_X509_push(got, cert) == 0) {
			X509_free(cert);
			r = err_set(
			    err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
		}
	}
	if (r == ERR_OK)
		*certs = got;
	else
		sk_X509_pop_free(got, X509_free);
	return r;
}

/* An extension that is there twice, or cannot be read, is not "absent". */
static int
get_extension(void **ext, int *critical, const X509 *cert, int nid,
    struct err *err)
{
	*ext = X509_get_ext_d2i(cert, nid, critical, NULL);
	if (*ext == NULL && *critical != -1) {
		ERR_clear_error();
		return err_set(err, ERR_POLICY,
		    "the certificate's %s is malformed or there twice",
		    OBJ_nid2ln(nid));
	}
	return ERR_OK;
}

/* The only URI among the names; *uri borrows from them. */
static int
only_uri(struct str *uri, const GENERAL_NAMES *names, struct err *err)
{
	int count = 0;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		int type;
		ASN1_IA5STRING *s = GENERAL_NAME_get0_value(name, &type);

		if (type != GEN_URI)
			continue;
		count++;
		*uri = (struct str){ (const char *)ASN1_STRING_get0_data(s),
			(size_t)ASN1_STRING_length(s) };
	}
	if (count == 1)
		return ERR_OK;
	return err_set(err, ERR_POLICY,
	    "the certificate has %d URI names, exactly one is allowed", count);
}

static int
read_id(struct spiffe_id *id, X509 *cert, struct err *err)
{
	struct str uri = STR("");
	void *names;
	int critical;
	int r;

	r = get_extension(&names, &critical, cert, NID_subject_alt_name, err);
	if (r != ERR_OK)
		return r;
	r = only_uri(&uri, names, err);
	if (r == ERR_OK && spiffe_id_parse(id, uri, err) != ERR_OK) {
		r = ERR_POLICY;
		if (err != NULL)
			err->code = r;
	}
	GENERAL_NAMES_free(names);
	if (r != ERR_OK)
		return r;
	if (spiffe_id_path(id).n == 0)
		return err_set(err, ERR_POLICY,
		    "\"%s\" has no path: it is a trust domain's, not a"
		    " workload's",
		    CLEAN(spiffe_id_text(id)));
	if (critical == 0 &&
	    X509_NAME_entry_count(X509_get_subject_name(cert)) == 0)
		return err_set(err, ERR_POLICY,
		    "the certificate has neither a subject nor critical names");
	return ERR_OK;
}

/* *ca is false without the extension: that is its default. */
static int
read_ca(bool *ca, const X509 *cert, struct err *err)
{
	void *ext;
	int critical;
	int r;

	r = get_extension(&ext, &critical, cert, NID_basic_constraints, err);
	if (r != ERR_OK)
		return r;
	*ca = ext != NULL && ((BASIC_CONSTRAINTS *)ext)->ca != 0;
	BASIC_CONSTRAINTS_free(ext);
	return ERR_OK;
}

enum { DIGITAL_SIGNATURE = 0, KEY_CERT_SIGN = 5, CRL_SIGN = 6 }; /* bits */

static int
check_leaf_usage(const X509 *cert, struct err *err)
{
	void *usage;
	int critical;
	int r;

	r = get_extension(&usage, &critical, cert, NID_key_usage, err);
	if (r != ERR_OK)
		return r;
	if (usage == NULL)
		r = err_set(
		    err, ERR_POLICY, "the certificate has no key usage");
	else if (critical != 1)
		r = err_set(err, ERR_POLICY,
		    "the certificate's key usage is not critical");
	else if (!ASN1_BIT_STRING_get_bit(usage, DIGITAL_SIGNATURE))
		r = err_set(err, ERR_POLICY,
		    "the certificate's key usage lacks digitalSignature");
	else if (ASN1_BIT_STRING_get_bit(usage, KEY_CERT_SIGN))
		r = err_set(err, ERR_POLICY,
		    "the certificate's key usage has keyCertSign: it is an"
		    " authority's");
	else if (ASN1_BIT_STRING_get_bit(usage, CRL_SIGN))
		r = err_set(err, ERR_POLICY,
		    "the certificate's key usage has cRLSign: it is an"
		    " authority's");
	ASN1_BIT_STRING_free(usage);
	return r;
}

/* "When included, id-kp-serverAuth and id-kp-clientAuth MUST be set." */
static int
check_extended_usage(const X509 *cert, struct err *err)
{
	bool server = false, client = false;
	EXTENDED_KEY_USAGE *usage;
	void *ext;
	int critical;
	int i;
	int r;

	r = get_extension(&ext, &critical, cert, NID_ext_key_usage, err);
	if (r != ERR_OK || ext == NULL)
		return r;
	usage = ext;
	for (i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, i));

		server = server || nid == NID_server_auth;
		client = client || nid == NID_client_auth;
	}
	EXTENDED_KEY_USAGE_free(usage);
	if (server && client)
		return ERR_OK;
	return err_set(err, ERR_POLICY,
	    "the certificate's extended key usage lacks %s",
	    server ? "clientAuth" : "serverAuth");
}

int
x509_check_leaf(struct spiffe_id *id, X509 *cert, struct err *err)
{
	struct spiffe_id got = { .n = 0 };
	bool ca = false;
	int r;

	ERR_clear_error();
	r = read_id(&got, cert, err);
	if (id != NULL)
		*id = got;
	if (r == ERR_OK)
		r = read_ca(&ca, cert, err);
	if (r != ERR_OK)
		return r;
	if (ca)
		return err_set(err, ERR_POLICY,
		    "the certificate is an authority's (CA:TRUE)");
	r = check_leaf_usage(cert, err);
	if (r != ERR_OK)
		return r;
	return check_extended_usage(cert, err);
}

/* An authority needs no SPIFFE ID, but one it has may not be a workload's. */
static int
check_authority_id(const X509 *cert, struct err *err)
{
	struct spiffe_id id;
	struct str uri;
	void *names;
	int critical;
	int r;

	r = get_extension(&names, &critical, cert, NID_subject_alt_name, err);
	if (r != ERR_OK)
		return r;
	if (only_uri(&uri, names, NULL) == ERR_OK &&
	    spiffe_id_parse(&id, uri, NULL) == ERR_OK &&
	    spiffe_id_path(&id).n > 0)
		r = err_set(err, ERR_POLICY,
		    "an authority has the ID of a workload, \"%s\"",
		    CLEAN(uri));
	GENERAL_NAMES_free(names);
	return r;
}

int
x509_check_authority(X509 *cert, struct err *err)
{
	void *usage;
	bool ca = false;
	int critical;
	int r;

	ERR_clear_error();
	r = read_ca(&ca, cert, err);
	if (r != ERR_OK)
		return r;
	if (!ca)
		return err_set(err, ERR_POLICY,
		    "a certificate that should be an authority's is none"
		    " (CA:FALSE)");
	r = get_extension(&usage, &critical, cert, NID_key_usage, err);
	if (r != ERR_OK)
		return r;
	if (usage == NULL || !ASN1_BIT_STRING_get_bit(usage, KEY_CERT_SIGN))
		r = err_set(err, ERR_POLICY,
		    "an authority's key usage lacks keyCertSign");
	ASN1_BIT_STRING_free(usage);
	if (r != ERR_OK)
		return r;
	return check_authority_id(cert, err);
}

int64_t
x509_expires(const X509 *cert)
{
	struct tm tm;
	time_t t;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
		return 0;
	t = timegm(&tm);
	return t < 0 ? 0 : (int64_t)t;
}
