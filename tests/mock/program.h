/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - the fargate-mock that was built, as its users meet it
 *
 * Everything here ends the test when it fails or takes longer than
 * PROGRAM_WAIT_MS.
 */
#ifndef TESTS_MOCK_PROGRAM_H
#define TESTS_MOCK_PROGRAM_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum { PROGRAM_WAIT_MS = 20 * 1000 };

struct program {
	pid_t pid; /* 0: none */
	int out;   /* its standard output */
	int err;
	uint16_t port;
};

/* How many files the next one may have open; 0: as many as the test. */
extern unsigned program_files_max;

/* args ends in NULL and begins behind the program's name. */
void program_start(struct program *p, const char *const *args);

/* The line that says where it listens; sets p->port. */
void program_ready(struct program *p);

/* Read what is left of both outputs, wait, and give the exit status. */
int program_end(struct program *p, struct buf *out, struct buf *err);

void program_kill(struct program *p); /* for a fixture; none is fine */

/* A connection to it. */
int program_connect(const struct program *p);

void send_all(int fd, const void *bytes, size_t n);

/*
 * Read one response, as long as its Content-Length says, or without a body if
 * head.  Appends it whole and returns its status; 0 if the connection ended
 * before a byte of it.
 */
int read_response(int fd, struct buf *out, int head);

/* True if the peer hangs up and sends nothing more. */
int is_hung_up(int fd);

#endif
