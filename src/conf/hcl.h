/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hcl.h - a reader for HCL 1, the language of SPIRE's configuration
 *
 * Reads what the Go module github.com/hashicorp/hcl v1.0.1-vault-7 reads: its
 * own syntax, and JSON where '{' is the first byte that is not white space.
 * The result is a tree with positions; what it means is options.h's business.
 * Pure; any thread.
 *
 * It is held to the Go module by scripts/dev/hcl-oracle, and differs from it
 * in these points only:
 *  - a heredoc may end with the text, without a newline behind its tag, since
 *    SPIRE prints it so; the Go module cannot read that back;
 *  - text that makes the Go module panic ("\400", a JSON "\ud83d") is refused,
 *    also in the key of an "x =" that ends the text, which Go never looks at;
 *  - the bounds below.
 *
 * What may surprise is the Go module's: JSON objects that hold only objects
 * become labels, and a JSON list of objects becomes repeated keys; true, false
 * and '[' inside a JSON list are passed over, and so is what follows a missing
 * comma; a JSON null is the empty string; "<<-TAG" must end in an indented TAG.
 */
#ifndef CONF_HCL_H
#define CONF_HCL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	HCL_TEXT_MAX = 64 * 1024, /* bytes of a configuration */
	HCL_DEPTH_MAX = 32,       /* objects and lists inside one another */
	HCL_NODES_MAX = 8192,     /* keys and values together */
	HCL_KEYS_MAX = 32,        /* a key and its labels */
	HCL_ARENA_MAX = 8 * 1024 * 1024, /* enough for any text in bounds */
};

enum hcl_type {
	HCL_STRING, /* text: decoded */
	HCL_NUMBER, /* text: as spelt, of an integer not checked; is_float */
	HCL_BOOL,   /* text: "true" or "false" */
	HCL_LIST,
	HCL_OBJECT,
};

struct hcl_pos {
	unsigned line, column; /* from 1; the column counts characters */
};

struct hcl_key {
	struct str text;
	struct hcl_pos pos;
};

struct hcl_value {
	enum hcl_type type;
	struct hcl_pos pos;
	struct str text;
	bool is_float;   /* HCL_NUMBER: spelt with a point or exponent */
	bool is_heredoc; /* HCL_STRING */
	struct hcl_value *values; /* HCL_LIST: first element */
	struct hcl_item
	    *items; /* HCL_OBJECT: first item, in order of the text */
	struct hcl_value *next; /* the next element of the list it is in */
};

/* key [label...] = value, or key [label...] { ... } */
struct hcl_item {
	struct hcl_key *keys;
	size_t key_count;        /* 1, or more with labels */
	bool is_block;           /* written without '='; never in JSON */
	struct hcl_value *value; /* NULL: "x =" at the end of the text */
	struct hcl_item *next;
};

/*
 * Parse text into an HCL_OBJECT.  The tree lives in the arena and borrows
 * nothing from text.  Nothing but ERR_CONFIG, whose sentence begins
 * "line:column: " and says what was expected, and ERR_MEMORY.
 */
int hcl_parse(struct hcl_value *root, struct arena *a, struct str text,
    struct err *err) MUST_USE;

/*
 * The same for the settings of a plugin, where a number may stand for a string
 * and keeps its spelling: 012345678901 is an account, although HCL 1 takes it
 * for an octal number with an 8 in it.
 */
int hcl_parse_settings(struct hcl_value *root, struct arena *a, struct str text,
    struct err *err) MUST_USE;

#endif
