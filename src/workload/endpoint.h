/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoint.h - where the Workload API is: SPIFFE_ENDPOINT_SOCKET
 *
 * Source: SPIFFE_Workload_Endpoint, section 4.  Pure, but for the environment.
 */
#ifndef WORKLOAD_ENDPOINT_H
#define WORKLOAD_ENDPOINT_H

#include "base/err.h"

enum { ENDPOINT_SIZE = 160 };

/*
 * "unix:///path", "unix:/path" (absolute, at most 107 bytes, without '%') or
 * "tcp://IP:PORT" to gRPC's name for it.  NULL: the environment variable.
 * ERR_CONFIG says what is wrong.
 */
int endpoint_target(
    char target[ENDPOINT_SIZE], const char *uri, struct err *err) MUST_USE;

#endif
