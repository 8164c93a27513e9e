/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - the parts of spire-cli
 */
#ifndef PROGRAMS_CLI_H
#define PROGRAMS_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/err.h"

enum {
	EXIT_USAGE = 2,
	EXIT_NO_IDENTITY = 3, /* the Workload API gave none in time */
};

struct cli_options {
	bool self, query, watch, json, plain;
	const char *endpoint; /* of -query */
	const char *id;       /* who has to answer; NULL: api-service of ours */
	const char *jwt;      /* an audience; NULL: no JWT-SVID is wanted */
	const char *validate; /* a token; NULL: none */
	const char *audience; /* of it; NULL: we ourselves */
	int64_t timeout_ms;
};

/* Ends the process for -help, -version and a wrong command line. */
void cli_options_parse(struct cli_options *o, int argc, char **argv);

/*
 * For people: aligned fields, colour on a terminal only.  What is foreign
 * cannot steer the terminal.
 */
void cli_print_self(struct json_object *self);
void cli_print_call(struct json_object *call);
void cli_print_jwt(struct json_object *jwt);
void cli_print_valid(struct json_object *valid);
void cli_print_rotation(struct json_object *rotation);

#endif
