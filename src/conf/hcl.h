/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hcl.h - a reader for HCL 1, the language of SPIRE's configuration
 *
 * Reads what github.com/hashicorp/hcl v1 reads: its own syntax and JSON, into
 * a tree with positions.  What the tree means is options.h's business.  Pure;
 * any thread.
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
	HCL_DEPTH_MAX = 32, /* objects and lists inside one another */
	HCL_NODES_MAX = 8192, /* keys and values together */
	HCL_ARENA_MAX = 4 * 1024 * 1024, /* enough for any text in bounds */
};

enum hcl_type {
	HCL_STRING, /* text: decoded */
	HCL_NUMBER, /* text: as spelt; is_float says which kind */
	HCL_BOOL, /* text: "true" or "false" */
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
	bool is_float;
	struct hcl_value *values; /* HCL_LIST: first element */
	struct hcl_item *items; /* HCL_OBJECT: first item, in order of the text */
	struct hcl_value *next; /* the next element of the list it is in */
};

/* key [label...] = value, or key [label...] { ... } */
struct hcl_item {
	struct hcl_key *keys;
	size_t key_count; /* 1, or more with labels */
	bool is_block; /* written without '=' */
	struct hcl_value *value; /* NULL: "x =" at the end of the text */
	struct hcl_item *next;
};

/*
 * Parse text into an HCL_OBJECT.  The tree lives in the arena and borrows
 * nothing from text.  ERR_CONFIG's sentence begins "line:column: ".
 */
int hcl_parse(struct hcl_value *root, struct arena *a, struct str text,
    struct err *err) MUST_USE;

#endif
