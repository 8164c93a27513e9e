/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - launch a plugin binary as SPIRE launches it
 *
 * Cookie and PLUGIN_* variables, umask 0027, pipes on standard output and
 * error, parent-death signal; each with a way to be wrong.  A thread reads
 * both pipes without pause.  Every plugin gets a TMPDIR of its own, so that
 * what it leaves behind is seen.  One thread may use a process.
 */
#ifndef HOST_PROCESS_H
#define HOST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

#include "host/line.h"

/* Zeroed is what SPIRE does. */
struct process_options {
	const char *program;     /* absolute path */
	const char *const *args; /* without argv[0]; NULL: none */
	const char *const *env;  /* "NAME=value" sets, "NAME" unsets */
	const char *cookie; /* value of NodeAttestor; NULL: right, "": unset */
	const char *tmpdir; /* TMPDIR; NULL: a fresh one */
	unsigned missing_fds; /* bit n: descriptor n is closed at exec */
	int umask;            /* 0: 0027; -1: 0 */
	bool outlives_host;   /* no parent-death signal */
	bool raw_lines;       /* standard error need not be JSON */
	bool drops_stderr;    /* it is read, and forgotten */
	bool deaf;            /* standard error is not read */
	bool close_stderr;    /* our end of standard error is closed at once */
	rlim_t files;         /* RLIMIT_NOFILE; 0: ours */
	rlim_t memory;        /* RLIMIT_AS; 0: ours */
	const char *as_user;  /* "uid" in digits: not root */
	struct timespec *exec_at; /* shared memory: when exec was called */
};

struct process;

struct process *process_start(const struct process_options *o);

/* Kills it if it runs, forgets it, removes its TMPDIR if we made it. */
void process_free(struct process *p);

/* The first line of standard output, or NULL if the end came first. */
const char *process_first_line(struct process *p, int ms);

/*
 * As go-plugin reads the handshake; the socket's path.  Fails the test if the
 * line is not one, or does not come in time.
 */
const char *process_handshake(struct process *p, int ms);

/* A deaf process: begin to read its standard error. */
void process_listen(struct process *p);

pid_t process_pid(const struct process *p);
const char *process_tmpdir(const struct process *p);

/* How many bytes came on standard output after the first line. */
size_t process_extra_output(struct process *p);

/*
 * Wait until it has exited and both pipes are at their end, as go-plugin
 * does.  *status as from waitpid; false if it still runs after ms.
 */
bool process_exited(struct process *p, int *status, int ms);

/* Why process_exited() was false, for a sentence; not to be freed. */
const char *process_state(struct process *p);

/* Fails the test if a line broke the rules of line.h so far. */
void process_check(struct process *p);

/* The lines so far whose message holds text, at level ("": any). */
size_t process_count(struct process *p, const char *level, const char *message);

/* The nth (from 0) such line; false if there is none.  Borrowed until free. */
bool process_find(struct process *p, const char *level, const char *message,
    size_t nth, struct line *out);

/* Its beginning, for sentences; not to be freed. */
const char *process_stderr(struct process *p);

/* Whether text is anywhere on standard error so far. */
bool process_said(struct process *p, const char *text);

/* Resident set in bytes, from /proc; 0 if it is gone. */
size_t process_rss(const struct process *p);

/* How many descriptors it has open. */
size_t process_fds(const struct process *p);

/* Whether the directory holds nothing. */
bool is_empty_dir(const char *path);

#endif
