/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.h - bytes on a plugin's socket that no gRPC library would send
 */
#ifndef HOST_RAW_H
#define HOST_RAW_H

#include <stdbool.h>
#include <stddef.h>

/* Connect; -1 with errno if it is refused. */
int raw_connect(const char *address);

/* False if the peer closed before all was taken. */
bool raw_send(int fd, const void *bytes, size_t n);

/* The connection preface of HTTP/2 and empty SETTINGS. */
bool raw_preface(int fd);

/* A frame of HTTP/2, RFC 9113 4.1. */
bool raw_frame(int fd, unsigned type, unsigned flags, unsigned stream,
    const void *payload, size_t n);

/* A HEADERS frame that opens method on stream, with extra literal headers. */
bool raw_open(int fd, unsigned stream, const char *method, const char *header,
    size_t header_value_n);

/* Wait for the peer to close; false if it does not within ms. */
bool raw_is_closed(int fd, int ms);

#endif
