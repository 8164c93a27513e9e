/* SPDX-License-Identifier: Apache-2.0 */
#include "host/raw.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/fail.h"

enum {
	FRAME_HEADERS = 1,
	FRAME_SETTINGS = 4,
	FRAME_CONTINUATION = 9,
	END_HEADERS = 4,
	FRAME_MAX = 16384
};

int
raw_connect(const char *address)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	union {
		struct sockaddr_un *un;
		struct sockaddr *any;
	} u = { &a };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int saved;

	NEED(fd >= 0, "socket: %m");
	NEED(strlen(address) < sizeof(a.sun_path), "long address");
	memcpy(a.sun_path, address, strlen(address) + 1);
	if (connect(fd, u.any, sizeof(a)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

bool
raw_send(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	ssize_t sent;

	while (n > 0) {
		sent = send(fd, p, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

bool
raw_frame(int fd, unsigned type, unsigned flags, unsigned stream,
    const void *payload, size_t n)
{
	const unsigned char head[9] = { (unsigned char)(n >> 16),
		(unsigned char)(n >> 8), (unsigned char)n, (unsigned char)type,
		(unsigned char)flags, (unsigned char)(stream >> 24),
		(unsigned char)(stream >> 16), (unsigned char)(stream >> 8),
		(unsigned char)stream };

	return raw_send(fd, head, sizeof(head)) && raw_send(fd, payload, n);
}

bool
raw_preface(int fd)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

	return raw_send(fd, preface, sizeof(preface) - 1) &&
	       raw_frame(fd, FRAME_SETTINGS, 0, 0, "", 0);
}

/* An HPACK integer with a prefix of 7 bits, RFC 7541 5.1. */
static size_t
put_length(unsigned char *p, size_t n)
{
	size_t i = 1;

	if (n < 127) {
		p[0] = (unsigned char)n;
		return 1;
	}
	p[0] = 127;
	for (n -= 127; n >= 128; n >>= 7)
		p[i++] = (unsigned char)(n & 127) | 128;
	p[i++] = (unsigned char)n;
	return i;
}

/* A literal header without indexing, RFC 7541 6.2.2. */
static size_t
put_header(unsigned char *p, const char *name, const char *value, size_t n)
{
	const size_t name_n = strlen(name);
	size_t i = 0;

	p[i++] = 0;
	i += put_length(p + i, name_n);
	memcpy(p + i, name, name_n);
	i += name_n;
	i += put_length(p + i, n);
	memcpy(p + i, value, n);
	return i + n;
}

static bool
send_headers(int fd, unsigned stream, const unsigned char *p, size_t n)
{
	unsigned type = FRAME_HEADERS;
	size_t part;

	do {
		part = n < FRAME_MAX ? n : FRAME_MAX;
		if (!raw_frame(
			fd, type, part == n ? END_HEADERS : 0, stream, p, part))
			return false;
		type = FRAME_CONTINUATION;
		p += part;
		n -= part;
	} while (n > 0);
	return true;
}

bool
raw_open(int fd, unsigned stream, const char *method, const char *header,
    size_t header_value_n)
{
	static const char *const fixed[][2] = { { ":method", "POST" },
		{ ":scheme", "http" }, { ":authority", "unused" },
		{ "content-type", "application/grpc" }, { "te", "trailers" } };
	unsigned char *block = need_alloc(header_value_n + 4096);
	char *value = need_alloc(header_value_n + 1);
	size_t i, n = 0;
	bool sent;

	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		n += put_header(
		    block + n, fixed[i][0], fixed[i][1], strlen(fixed[i][1]));
		if (i == 1)
			n += put_header(
			    block + n, ":path", method, strlen(method));
	}
	memset(value, 'x', header_value_n);
	if (header != NULL)
		n += put_header(block + n, header, value, header_value_n);
	sent = send_headers(fd, stream, block, n);
	free(value);
	free(block);
	return sent;
}

bool
raw_is_closed(int fd, int ms)
{
	const int64_t until = now_ms() + ms;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	while (now_ms() < until) {
		if (poll(&p, 1, (int)(until - now_ms())) <= 0)
			continue;
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n == 0 || (n < 0 && errno != EINTR))
			return true;
	}
	return false;
}
