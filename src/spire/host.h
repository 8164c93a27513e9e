/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - the services that SPIRE offers its plugins: AgentStore, Metrics
 *
 * Sources: spire-plugin-sdk, hostservice/server/agentstore/v1 and
 * hostservice/common/metrics/v1.  The connection is made when first needed and
 * kept.  AgentStore answers FAILED_PRECONDITION until SPIRE has started, so it
 * is for attestations only; Metrics works at once.  Everything belongs to the
 * queue thread.
 */
#ifndef SPIRE_HOST_H
#define SPIRE_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "goplugin/plugin.h"

struct spire_host;

/* The plugin outlives it. */
int spire_host_new(struct spire_host **hostp, struct gp_plugin *plugin,
    struct err *err) MUST_USE;

/*
 * The end has begun: figures go out a last time, lookups under way are
 * answered ERR_CANCELLED, nothing new starts (ERR_NOT_NOW).
 */
void spire_host_stop(struct spire_host *host);
void spire_host_free(struct spire_host *host); /* after the loop; takes NULL */

/*
 * AgentStore: is there an agent of this ID?  done: ERR_OK there is;
 * ERR_MISSING there is not; ERR_UNAVAILABLE the host does not say, err tells
 * why; ERR_CANCELLED; ERR_MEMORY.
 */
struct agent_lookup;
typedef void agent_lookup_fn(void *arg, int r, const struct err *err);
int agent_lookup_start(struct agent_lookup **lookupp, struct spire_host *host,
    struct str agent_id, int64_t timeout_ms, agent_lookup_fn *done, void *arg,
    struct err *err) MUST_USE;
void agent_lookup_cancel(struct agent_lookup *lookup);

/*
 * Metrics.  Figures gather and go out once a second, so that a burst of
 * attestations costs the host a handful of calls: a counter as the sum since,
 * a gauge as its last value, of a sample's values at most METRICS_SAMPLES a
 * second.  Lost without a word when the host does not take them.  Strings are
 * constants; at most METRICS_MAX different figures (key and labels), further
 * ones are dropped.  key is below SPIRE's prefix.
 */
enum { METRICS_MAX = 128, METRICS_SAMPLES = 16, METRICS_LABELS_MAX = 3 };

struct metric {
	const char *key[3]; /* NULL ends: {"aws_fargate_task", "attested"} */
	struct {
		const char *name, *value;
	} labels[METRICS_LABELS_MAX]; /* name NULL ends */
};

void metrics_count(struct spire_host *host, const struct metric *metric,
    double n);
void metrics_gauge(struct spire_host *host, const struct metric *metric,
    double value);
void metrics_sample(struct spire_host *host, const struct metric *metric,
    double value);

#endif
