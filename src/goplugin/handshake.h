/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handshake.h - what go-plugin demands of a process before its first call
 *
 * Source: hashicorp/go-plugin client.go and server.go, v1.6.3 to v1.8.0; the
 * cookie is SPIRE's plugin type.  All of it runs before other threads exist.
 */
#ifndef GOPLUGIN_HANDSHAKE_H
#define GOPLUGIN_HANDSHAKE_H

#include <stdbool.h>

#include "base/err.h"

/* Has SPIRE started us?  Key and value of its magic cookie. */
bool handshake_has_cookie(void);

/*
 * Make the process fit to be a plugin: descriptors 0 to 2 exist, stray signals
 * are ignored, the death of the host is heard, gRPC's tracing is off.
 */
void handshake_prepare(void);

/*
 * Make a private directory for the socket, in PLUGIN_UNIX_SOCKET_DIR, else
 * TMPDIR, else /tmp.  ERR_SYSTEM's sentence names directory and variable.
 */
int handshake_open(struct err *err) MUST_USE;

/* "unix:/path" as a URI, what gRPC binds to; valid after handshake_open(). */
const char *handshake_target(void);

/*
 * Print the handshake line on standard output, once the socket listens, and
 * close standard output to everything else: it is /dev/null from here on.
 */
int handshake_print(struct err *err) MUST_USE;

/* Remove socket and directory.  Async-signal-safe; may be called twice. */
void handshake_remove(void);

/* Has SIGTERM arrived? */
bool handshake_is_terminated(void);

/* Is the process that started us gone? */
bool handshake_is_orphan(void);

/* Remove the socket and exit with 0 in ms from now, whatever happens. */
void handshake_exit_within(long ms);

#endif
