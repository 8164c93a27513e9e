/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - what a program is told: by its file, then by its command line
 *
 * A program has one table.  From it come the presets, what the file may say
 * (libconfuse's language, "name = value", no name twice), the checks and the
 * list that --help prints.  Where to find the Workload API is no setting:
 * SPIFFE_ENDPOINT_SOCKET says it.
 */
#ifndef PROGRAMS_SETTINGS_H
#define PROGRAMS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"

enum { SETTINGS_BYTES_MAX = 64 * 1024, SETTINGS_LIST_MAX = 64 };

/* A list of texts; at[count] is NULL, as struct id_matcher wants it. */
struct texts {
	size_t count;
	char **at;
};

struct setting {
	const char *name;
	enum { SETTING_TEXT, SETTING_LIST, SETTING_FLAG } type;
	size_t at;          /* offset of its char *, struct texts, or bool */
	const char *preset; /* of a text; NULL: none */
	int (*check)(const char *value, struct err *err); /* of each text */
	const char *words; /* for --help, one line */
	const char *plain; /* its preset in plain mode; NULL: the same */
};

/*
 * Plain mode: a flag of each server here, "plain = yes" or --plain.  Such a
 * program is a plain HTTP program behind a sidecar that has the identity.
 */
#define SETTING_PLAIN(type) \
	{ "plain", SETTING_FLAG, offsetof(type, plain), NULL, NULL, \
	    "yes: plain HTTP behind a sidecar, without TLS or SPIRE", NULL }

struct program {
	const char *name, *purpose;
	const struct setting *settings;
	size_t count;
	/* What no setting says alone; before presets are there. */
	int (*judge)(const void *values, struct err *err);
};

/*
 * Into a zeroed struct, without presets; release it also after a failure.
 * path NULL: no file.
 */
int settings_read(void *values, const struct program *program,
    const char *path, struct err *err) MUST_USE;

/* One text from elsewhere than the file, in place of what it said. */
int settings_set(void *values, const struct program *program, const char *name,
    const char *text, struct err *err) MUST_USE;

/* The judgement, then the presets of what was not set. */
int settings_finish(void *values, const struct program *program,
    struct err *err) MUST_USE;

void settings_release(void *values, const struct program *program);

/*
 * The command line of a server: -c FILE, --listen, --plain, --help, --version.
 * Ends the process with 0 when it was asked for help, 2 when the command line
 * is wrong, and 1 when the settings are.
 */
void settings_start(
    void *values, const struct program *program, int argc, char **argv);

/* "127.0.0.1:80" or "[::1]:80"; the port must be there. */
int address_parse(struct sockaddr_storage *a, const char *value,
    struct err *err) MUST_USE;

/* Checks for tables. */
int check_spiffe_id(const char *value, struct err *err) MUST_USE;
int check_address(const char *value, struct err *err) MUST_USE;
int check_loopback(const char *value, struct err *err) MUST_USE;

/*
 * A URL as the mode wants it, for judge(); NULL is fine.  What is asked plainly
 * has to be on loopback: the sidecar is, and beyond it there is no protection.
 */
int check_url(const char *value, bool plain, struct err *err) MUST_USE;

/* ERR_CONFIG "plain and NAME do not go together: WHY". */
int plain_clash(struct err *err, const char *name, const char *why);

#endif
