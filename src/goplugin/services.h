/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services.h - go-plugin's own services: broker, stdio, controller, health
 *
 * Sources: hashicorp/go-plugin grpc_broker.go, grpc_stdio.go,
 * grpc_controller.go; the gRPC health checking protocol.
 */
#ifndef GOPLUGIN_SERVICES_H
#define GOPLUGIN_SERVICES_H

#include <stddef.h>

#include "goplugin/server.h"

enum { SERVICES_COUNT = 5, BROKER_ADDRESS_MAX = 104 };

struct services {
	struct gp_method methods[SERVICES_COUNT];
	void (*on_shutdown)(void *arg);   /* Shutdown was answered */
	void (*on_stream_end)(void *arg); /* one less; maybe the host is gone */
	void *arg;
	unsigned streams; /* broker and stdio: open as long as the host is */
	/* the host's own socket, "unix:/path"; empty until it is told */
	char host[sizeof("unix:") + BROKER_ADDRESS_MAX];
};

/* The callbacks and arg are set by the caller before. */
void services_init(struct services *services);

#endif
