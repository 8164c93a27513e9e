/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grpclog.h - gRPC's own log lines as lines of ours
 */
#ifndef GOPLUGIN_GRPCLOG_H
#define GOPLUGIN_GRPCLOG_H

/*
 * Before grpc_init().  A gRPC without a log hook is silenced by
 * handshake_prepare() instead.
 */
void grpclog_install(void);

#endif
