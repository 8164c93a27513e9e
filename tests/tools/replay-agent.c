/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay-agent.c - the agent plugin of somebody who has listened
 *
 * It is the real one, but what it would send is taken from files: of
 * REPLAY_PAYLOAD and REPLAY_RESPONSE, each the name of a file or not set, the
 * file is sent if it is there, else what would be sent is written to it.
 * Linked with --wrap around the two functions that send.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "spire/attestor_agent.h"

enum { MESSAGE_MAX = 64 * 1024 };

/* The linker's names for the functions themselves. */
bool __real_aid_send_payload(struct gp_call *call, struct str bytes);
bool __real_aid_send_response(struct gp_call *call, struct str bytes);
bool __wrap_aid_send_payload(struct gp_call *call, struct str bytes);
bool __wrap_aid_send_response(struct gp_call *call, struct str bytes);

static char recorded[MESSAGE_MAX];

static void
fail(const char *path)
{
	(void)fprintf(stderr,
	    "{\"@level\":\"error\",\"@message\":\"cannot use %s\","
	    "\"@timestamp\":\"2026-01-01T00:00:00.000000Z\"}\n",
	    path);
	exit(EXIT_FAILURE);
}

static struct str
replayed(const char *variable, struct str bytes)
{
	const char *path = getenv(variable);
	ssize_t n;
	int fd;

	if (path == NULL)
		return bytes;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, recorded, sizeof(recorded));
		(void)close(fd);
		if (n <= 0)
			fail(path);
		return (struct str){ recorded, (size_t)n };
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n ||
	    close(fd) != 0)
		fail(path);
	return bytes;
}

bool
__wrap_aid_send_payload(struct gp_call *call, struct str bytes)
{
	return __real_aid_send_payload(
	    call, replayed("REPLAY_PAYLOAD", bytes));
}

bool
__wrap_aid_send_response(struct gp_call *call, struct str bytes)
{
	return __real_aid_send_response(
	    call, replayed("REPLAY_RESPONSE", bytes));
}
