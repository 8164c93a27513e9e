/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/message.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "workload/claims.h"
#include "workload/workload.pb-c.h"

/*
 * protobuf-c's copies hold private keys and tokens: what it frees is wiped,
 * also when it gives up in the middle.
 */

struct block {
	size_t n;
	alignas(max_align_t) unsigned char p[];
};

/* allocator_data is where a failure is noted. */
static void *
wiping_alloc(void *failed, size_t n)
{
	struct block *b = NULL;

	if (n <= MESSAGE_MAX * 2U)
		b = malloc(sizeof(*b) + n);
	if (b == NULL) {
		*(bool *)failed = true;
		return NULL;
	}
	b->n = n;
	return b->p;
}

static void
wiping_free(void *failed, void *p)
{
	struct block *b;

	(void)failed;
	if (p == NULL)
		return;
	b = (struct block *)(void *)((char *)p - offsetof(struct block, p));
	secret_wipe(b->p, b->n);
	free(b);
}

#define WIPING(failed) \
	(&(ProtobufCAllocator){ wiping_alloc, wiping_free, &(failed) })

static struct str
str_of_bytes(ProtobufCBinaryData b)
{
	return (struct str){ (const char *)b.data, b.len };
}

static ProtobufCBinaryData
bytes_of(struct str s)
{
	return (ProtobufCBinaryData){ s.n, (uint8_t *)(uintptr_t)s.p };
}

static int
unreadable(bool no_memory, struct err *err)
{
	if (no_memory)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	return err_set(err, ERR_FORMAT, "the message cannot be read");
}

static int
missing(const char *field, struct err *err)
{
	return err_set(
	    err, ERR_FORMAT, "the message lacks its mandatory %s", field);
}

static int
add_svid(struct svid_set *svids, struct bundle_set *bundles,
    const Workload__X509SVID *m, struct err *err)
{
	struct svid *svid;
	int r;

	if (m->spiffe_id.len == 0)
		return missing("spiffe_id", err);
	if (m->x509_svid.len == 0)
		return missing("x509_svid", err);
	if (m->x509_svid_key.len == 0)
		return missing("x509_svid_key", err);
	if (m->bundle.len == 0)
		return missing("bundle", err);
	r = svid_new(&svid, str_of_bytes(m->spiffe_id),
	    str_of_bytes(m->x509_svid), str_of_bytes(m->x509_svid_key),
	    str_of_bytes(m->hint), err);
	if (r != ERR_OK)
		return r;
	r = bundle_set_add(bundles, spiffe_id_domain(&svid->id),
	    str_of_bytes(m->bundle), err);
	if (r == ERR_OK)
		r = svid_set_add(svids, svid, err);
	if (r != ERR_OK)
		svid_free(svid);
	return r;
}

static int
add_bundles(
    struct bundle_set *set, Workload__Entry **entries, size_t n,
    struct err *err)
{
	int r = ERR_OK;
	size_t i;

	for (i = 0; i < n && r == ERR_OK; i++)
		r = bundle_set_add(set, str_of_bytes(entries[i]->key),
		    str_of_bytes(entries[i]->value), err);
	return r;
}

static int
add_crls(struct bundle_set *set, const ProtobufCBinaryData *crls, size_t n,
    struct err *err)
{
	int r = ERR_OK;
	size_t i;

	for (i = 0; i < n && r == ERR_OK; i++)
		r = bundle_set_add_crl(set, str_of_bytes(crls[i]), err);
	return r;
}

/* The bundles of SVIDs first: a federated one cannot take their place. */
static int
fill_svids(struct svid_set *svids, struct bundle_set *bundles,
    const Workload__X509SVIDResponse *m, struct err *err)
{
	int r = ERR_OK;
	size_t i;

	if (m->n_svids == 0)
		return missing("svids", err);
	for (i = 0; i < m->n_svids && r == ERR_OK; i++)
		r = add_svid(svids, bundles, m->svids[i], err);
	if (r == ERR_OK)
		r = add_bundles(bundles, m->federated_bundles,
		    m->n_federated_bundles, err);
	if (r == ERR_OK)
		r = add_crls(bundles, m->crl, m->n_crl, err);
	return r;
}

int
message_svids(struct svid_set **svidsp, struct bundle_set **bundlesp,
    struct str message, struct err *err)
{
	struct svid_set *svids = NULL;
	struct bundle_set *bundles = NULL;
	bool no_memory = false;
	Workload__X509SVIDResponse *m = workload__x509_svidresponse__unpack(
	    WIPING(no_memory), message.n, (const uint8_t *)message.p);
	int r;

	if (m == NULL)
		return unreadable(no_memory, err);
	r = svid_set_new(&svids, err);
	if (r == ERR_OK)
		r = bundle_set_new(&bundles, err);
	if (r == ERR_OK)
		r = fill_svids(svids, bundles, m, err);
	workload__x509_svidresponse__free_unpacked(m, WIPING(no_memory));
	if (r == ERR_OK) {
		*svidsp = svids;
		*bundlesp = bundles;
		return ERR_OK;
	}
	svid_set_unref(svids);
	bundle_set_unref(bundles);
	return r;
}

int
message_bundles(
    struct bundle_set **bundlesp, struct str message, struct err *err)
{
	struct bundle_set *bundles = NULL;
	bool no_memory = false;
	Workload__X509BundlesResponse *m =
	    workload__x509_bundles_response__unpack(
		WIPING(no_memory), message.n, (const uint8_t *)message.p);
	int r;

	if (m == NULL)
		return unreadable(no_memory, err);
	r = m->n_bundles == 0 ? missing("bundles", err)
			      : bundle_set_new(&bundles, err);
	if (r == ERR_OK)
		r = add_bundles(bundles, m->bundles, m->n_bundles, err);
	if (r == ERR_OK)
		r = add_crls(bundles, m->crl, m->n_crl, err);
	workload__x509_bundles_response__free_unpacked(m, WIPING(no_memory));
	if (r == ERR_OK)
		*bundlesp = bundles;
	else
		bundle_set_unref(bundles);
	return r;
}

int
message_jwks(struct jwks_set **jwksp, struct str message, struct err *err)
{
	struct jwks_set *jwks = NULL;
	bool no_memory = false;
	Workload__JWTBundlesResponse *m =
	    workload__jwtbundles_response__unpack(
		WIPING(no_memory), message.n, (const uint8_t *)message.p);
	size_t i;
	int r;

	if (m == NULL)
		return unreadable(no_memory, err);
	r = m->n_bundles == 0 ? missing("bundles", err)
			      : jwks_set_new(&jwks, err);
	for (i = 0; r == ERR_OK && i < m->n_bundles; i++)
		r = jwks_set_add(jwks, str_of_bytes(m->bundles[i]->key),
		    str_of_bytes(m->bundles[i]->value), err);
	workload__jwtbundles_response__free_unpacked(m, WIPING(no_memory));
	if (r == ERR_OK)
		*jwksp = jwks;
	else
		jwks_set_unref(jwks);
	return r;
}

static int
add_jwt(struct jwt_list *list, const Workload__JWTSVID *m, struct err *err)
{
	struct jwt_svid *jwt;
	int r;

	if (m->spiffe_id.len == 0)
		return missing("spiffe_id", err);
	if (m->svid.len == 0)
		return missing("svid", err);
	if (m->hint.len > HINT_MAX)
		return err_set(
		    err, ERR_TOOBIG, "a hint of %zu bytes", m->hint.len);
	if (list->count == SVIDS_MAX)
		return err_set(
		    err, ERR_TOOBIG, "more than %d JWT-SVIDs", SVIDS_MAX);
	r = jwt_read(&jwt, str_of_bytes(m->svid), str_of_bytes(m->hint), err);
	if (r != ERR_OK)
		return r;
	list->at[list->count++] = jwt;
	if (!str_eq(str_of_bytes(m->spiffe_id), spiffe_id_text(&jwt->id)))
		return err_set(err, ERR_FORMAT, "the token is of \"%s\"",
		    CLEAN(spiffe_id_text(&jwt->id)));
	return ERR_OK;
}

int
message_jwts(struct jwt_list **listp, struct str message, struct err *err)
{
	struct jwt_list *list = calloc(1, sizeof(*list));
	Workload__JWTSVIDResponse *m;
	bool no_memory = false;
	int r = ERR_OK;
	size_t i;

	if (list == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	m = workload__jwtsvidresponse__unpack(
	    WIPING(no_memory), message.n, (const uint8_t *)message.p);
	if (m == NULL)
		r = unreadable(no_memory, err);
	else if (m->n_svids == 0)
		r = missing("svids", err);
	for (i = 0; r == ERR_OK && i < m->n_svids; i++) {
		r = add_jwt(list, m->svids[i], err);
		if (r != ERR_OK)
			(void)err_prefix(err, "JWT-SVID \"%s\": ",
			    CLEAN(str_of_bytes(m->svids[i]->spiffe_id)));
	}
	if (m != NULL)
		workload__jwtsvidresponse__free_unpacked(m, WIPING(no_memory));
	if (r == ERR_OK)
		*listp = list;
	else
		jwt_list_free(list);
	return r;
}

void
jwt_list_free(struct jwt_list *list)
{
	if (list == NULL)
		return;
	while (list->count > 0)
		jwt_free(list->at[--list->count]);
	free(list);
}

int
message_validated(struct spiffe_id *id, struct buf *claims, struct str message,
    struct err *err)
{
	struct spiffe_id got;
	bool no_memory = false;
	Workload__ValidateJWTSVIDResponse *m =
	    workload__validate_jwtsvidresponse__unpack(
		WIPING(no_memory), message.n, (const uint8_t *)message.p);
	int r = ERR_OK;

	if (m == NULL)
		return unreadable(no_memory, err);
	if (m->spiffe_id.len == 0)
		r = missing("spiffe_id", err);
	else if (m->claims.len == 0)
		r = missing("claims", err);
	if (r == ERR_OK)
		r = spiffe_id_parse(&got, str_of_bytes(m->spiffe_id), err);
	if (r == ERR_OK && claims != NULL)
		r = claims_write(claims, str_of_bytes(m->claims), err);
	if (r == ERR_OK)
		*id = got;
	workload__validate_jwtsvidresponse__free_unpacked(m, WIPING(no_memory));
	return r;
}

static int
check_audience(struct str audience, struct err *err)
{
	if (audience.n == 0)
		return err_set(err, ERR_CONFIG, "an empty audience");
	if (audience.n > AUDIENCE_MAX)
		return err_set(
		    err, ERR_TOOBIG, "an audience of %zu bytes", audience.n);
	return ERR_OK;
}

/* n bytes at the end of out, to be packed into; NULL if there is no room */
static uint8_t *
room_for(struct buf *out, size_t n)
{
	static const char zeros[64];
	size_t from = out->n;

	while (n > 0) {
		size_t some = n < sizeof(zeros) ? n : sizeof(zeros);

		buf_add(out, (struct str){ zeros, some });
		n -= some;
	}
	return buf_check(out, NULL) == ERR_OK ? (uint8_t *)out->p + from : NULL;
}

int
message_ask_jwts(struct buf *out, const char *const *audiences, const char *id,
    struct err *err)
{
	Workload__JWTSVIDRequest m = WORKLOAD__JWTSVIDREQUEST__INIT;
	ProtobufCBinaryData audience[AUDIENCES_MAX];
	struct spiffe_id parsed;
	uint8_t *p;
	size_t n;
	int r;

	for (n = 0; audiences != NULL && audiences[n] != NULL; n++) {
		if (n == AUDIENCES_MAX)
			return err_set(err, ERR_TOOBIG,
			    "more than %d audiences", AUDIENCES_MAX);
		r = check_audience(str_of(audiences[n]), err);
		if (r != ERR_OK)
			return r;
		audience[n] = bytes_of(str_of(audiences[n]));
	}
	if (n == 0)
		return err_set(err, ERR_CONFIG, "a JWT-SVID needs an audience");
	if (id != NULL) {
		r = spiffe_id_parse(&parsed, str_of(id), err);
		if (r != ERR_OK)
			return r;
		m.spiffe_id = bytes_of(str_of(id));
	}
	m.n_audience = n;
	m.audience = audience;
	p = room_for(out, workload__jwtsvidrequest__get_packed_size(&m));
	if (p != NULL)
		(void)workload__jwtsvidrequest__pack(&m, p);
	return buf_check(out, err);
}

int
message_ask_validation(
    struct buf *out, struct str audience, struct str token, struct err *err)
{
	Workload__ValidateJWTSVIDRequest m =
	    WORKLOAD__VALIDATE_JWTSVIDREQUEST__INIT;
	uint8_t *p;
	int r;

	r = check_audience(audience, err);
	if (r != ERR_OK)
		return r;
	if (token.n == 0)
		return err_set(err, ERR_FORMAT, "an empty token");
	if (token.n > JWT_MAX)
		return err_set(
		    err, ERR_TOOBIG, "a token of %zu bytes", token.n);
	m.audience = bytes_of(audience);
	m.svid = bytes_of(token);
	p = room_for(
	    out, workload__validate_jwtsvidrequest__get_packed_size(&m));
	if (p != NULL)
		(void)workload__validate_jwtsvidrequest__pack(&m, p);
	return buf_check(out, err);
}
