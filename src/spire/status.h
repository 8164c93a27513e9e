/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h - our error codes as gRPC statuses, the words of DESIGN 3.5
 *
 * PERMISSION_DENIED makes a SPIRE agent exit at once, so only ERR_POLICY gives
 * it; whatever may pass by itself is UNAVAILABLE or INTERNAL.
 */
#ifndef SPIRE_STATUS_H
#define SPIRE_STATUS_H

#include "base/err.h"
#include "goplugin/server.h"

enum gp_status status_of(int code);

#endif
