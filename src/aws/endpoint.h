/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoint.h - where AWS's services are, by partition and region
 *
 * Source: botocore's partitions.json and the rule sets of STS and ECS.  A
 * region comes from a task's ARN, which is an agent's word: it is held to the
 * grammar of a DNS label and the shape of a region's name, letters first and a
 * number last, before it becomes part of a host's name.  Pure but for
 * endpoint_flags_of_environment().
 */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum { ENDPOINT_HOST_SIZE = 256, ENDPOINT_URL_SIZE = 288 };

enum endpoint_flags { ENDPOINT_FIPS = 1, ENDPOINT_DUALSTACK = 2 };

struct endpoint {
	char url[ENDPOINT_URL_SIZE];   /* "https://HOST/" */
	char host[ENDPOINT_HOST_SIZE]; /* exactly the Host header */
};

/* "aws", "aws-cn" ...; in the order of the option `partition`; NULL ends. */
extern const char *const endpoint_partitions[];

/*
 * service is "sts" or "ecs".  ERR_FORMAT: unknown partition, no region; also a
 * region that by its name belongs to another known partition.
 */
int endpoint_of_region(struct endpoint *e, const char *service,
    struct str partition, struct str region, unsigned flags,
    struct err *err) MUST_USE;

/*
 * A URL that somebody configured: http or https, host and port, path empty or
 * "/", nothing else.  http off loopback is ERR_CONFIG unless allow_insecure.
 */
int endpoint_of_url(struct endpoint *e, struct str url, bool allow_insecure,
    struct err *err) MUST_USE;

/*
 * Is host one of the (at most four: FIPS, dual stack) names of the service in
 * that region?
 */
bool endpoint_is_of_region(struct str host, const char *service,
    struct str partition, struct str region);

/* AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, "true" in any case. */
unsigned endpoint_flags_of_environment(void);

#endif
