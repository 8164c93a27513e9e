/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workload.h - a client of the SPIFFE Workload API
 *
 * workload_open() starts a thread that keeps streams to the SPIRE agent open
 * and puts what they bring into a source (source.h).  A stream that ends is
 * opened again: at once if it had worked, then after 1 s, doubling to 30 s,
 * with jitter.  Meanwhile the source keeps what it has; users look at expiry.
 * By the specification
 *
 *   - each message replaces all that the same stream had brought before;
 *   - a message that is malformed or lacks a mandatory field is discarded,
 *     the error is in the status;
 *   - "PermissionDenied" (no identity issued) takes away what the stream had
 *     brought, and is tried again;
 *   - "InvalidArgument" is final: source_wait() fails from then on.
 *
 * A program with an event loop watches source_fd(); one without waits with
 * source_wait():
 *
 *	r = workload_open(&w, &(struct workload_options){ 0 }, &err);
 *	r = source_wait(workload_source(w), SOURCE_SVIDS, 30000, &err);
 *	snapshot = source_get(workload_source(w));
 *	svid = svid_set_find(snapshot->svids, NULL);
 *	...
 *	snapshot_unref(snapshot);
 *	workload_close(w);
 */
#ifndef WORKLOAD_WORKLOAD_H
#define WORKLOAD_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "workload/message.h"
#include "workload/source.h"

struct workload;

enum workload_stream {
	WORKLOAD_SVIDS,   /* X.509-SVIDs and the bundles that belong to them */
	WORKLOAD_BUNDLES, /* X.509 bundles: go before those of WORKLOAD_SVIDS */
	WORKLOAD_JWKS,    /* JWT bundles */
	WORKLOAD_STREAMS,
};

struct workload_options {
	const char *endpoint; /* NULL: SPIFFE_ENDPOINT_SOCKET */
	unsigned streams;     /* 1 << WORKLOAD_...; 0: WORKLOAD_SVIDS */
	int64_t backoff_ms, backoff_max_ms; /* 0: 1 s, 30 s */
};

/*
 * ERR_CONFIG: the endpoint makes no sense; ERR_MEMORY, ERR_SYSTEM.  That
 * nobody listens there is no error here, but a status.
 */
int workload_open(struct workload **wp, const struct workload_options *options,
    struct err *err) MUST_USE;

/*
 * Ends the thread and frees the source; snapshots that were taken live on.
 * No call may be under way, and no TLS context may use the source any more.
 */
void workload_close(struct workload *w); /* takes NULL */

struct source *workload_source(struct workload *w);

/*
 * How a stream is: what it has put into the source is in here too.  Times are
 * seconds since 1970.
 */
struct workload_status {
	bool connected;   /* open, and has brought a message */
	bool is_final;    /* will not be tried again */
	int64_t since;    /* when connected became what it is */
	int64_t updated;  /* the last message that was good; 0: none yet */
	uint64_t updates; /* good messages so far */
	unsigned failed;  /* attempts since the last good message */
	int64_t expires;  /* the first of all SVIDs held; 0: none */
	struct err error; /* since the last good message; ERR_OK: none */
};
void workload_status(struct workload_status *status, struct workload *w,
    enum workload_stream stream);

/*
 * The calls below block for at most timeout_ms.  Any thread, any number at a
 * time.  ERR_TIMEOUT; ERR_UNAVAILABLE: nobody listens; ERR_POLICY: refused, or
 * no identity issued; ERR_FORMAT, ERR_UPSTREAM: an answer that is of no use;
 * ERR_CANCELLED: interrupted.
 */

/* Tokens for the audiences (NULL ends), of one identity or (NULL) of all. */
int workload_fetch_jwts(struct jwt_list **list, struct workload *w,
    const char *const *audiences, const char *id, int64_t timeout_ms,
    struct err *err) MUST_USE;

/*
 * Whose token is this?  The agent verifies it.  Its claims are appended to
 * claims as a JSON object, unless that is NULL.
 */
int workload_validate_jwt(struct spiffe_id *id, struct buf *claims,
    struct workload *w, struct str token, const char *audience,
    int64_t timeout_ms, struct err *err) MUST_USE;

/* End those calls, and each that begins later. */
void workload_interrupt(struct workload *w); /* takes NULL */

#endif
