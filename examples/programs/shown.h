/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shown.h - identities, bundles and tokens as documents to be shown
 *
 * What /json answers, the pages are made from, and spire-cli prints.  Each
 * returns a new json-c object, the caller's, or NULL without memory.  Nothing
 * secret is ever in one: no private key, no token, no signature of one.
 */
#ifndef PROGRAMS_SHOWN_H
#define PROGRAMS_SHOWN_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "programs/client.h"
#include "workload/bundle.h"
#include "workload/jwt.h"
#include "workload/svid.h"
#include "workload/workload.h"

struct json_object *shown_svid(const struct svid *svid);
struct json_object *shown_svids(const struct svid_set *svids);
struct json_object *shown_bundles(const struct bundle_set *bundles);
struct json_object *shown_jwt(const struct jwt_svid *jwt);
struct json_object *shown_stream(const struct workload_status *status);

/* A call, how it went, and its connection. */
struct json_object *shown_call(const char *url, const char *expected,
    const struct client_answer *answer, const struct err *err);

/*
 * A call by way of a sidecar: who the API says that it has seen is "seen_as",
 * and a refusal says whether the API answered or a proxy on the way.
 */
struct json_object *shown_plain_call(const char *url,
    const struct client_answer *answer, const struct err *err);

/* Members; text must be UTF-8, else it is cleaned. */
void shown_add(struct json_object *o, const char *key, const char *text);
void shown_add_str(struct json_object *o, const char *key, struct str s);
void shown_add_int(struct json_object *o, const char *key, int64_t n);
void shown_add_bool(struct json_object *o, const char *key, bool is);
void shown_add_time(struct json_object *o, const char *key, int64_t s);
void shown_add_object(
    struct json_object *o, const char *key, struct json_object *value);

/* The document as text with its end of line; NULL o is an error. */
int shown_text(struct buf *out, struct json_object *o, struct err *err)
    MUST_USE;

/* Reading what was shown: "" and 0 for what is not there. */
const char *shown_get(struct json_object *o, const char *key);
int64_t shown_get_int(struct json_object *o, const char *key);
struct json_object *shown_at(struct json_object *o, const char *key);
size_t shown_count(struct json_object *array);

#endif
