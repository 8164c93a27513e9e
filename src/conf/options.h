/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - one table of options makes struct, defaults, checks and docs
 *
 * A plugin has one table.  From its rows come the filled struct, the bounds,
 * the effective settings that --check-config prints, and, by test, the rows of
 * the man page and the keys of the sample file.  Pure; any thread.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/hcl.h"
#include "conf/problems.h"

enum {
	OPTIONS_MAX = 64, /* rows of a table */
	OPTION_TEXT_MAX =
	    1024, /* bytes of a string without a bound of its own */

	/* Holds every string that a configuration in bounds can have. */
	OPTIONS_ARENA_MAX = 1024 * 1024,
};

enum option_type {
	OPTION_STRING,   /* struct str; n == 0 when not set */
	OPTION_LIST,     /* struct str_list */
	OPTION_BOOL,     /* bool */
	OPTION_INT,      /* int64_t */
	OPTION_DURATION, /* int64_t, ms; Go's time.ParseDuration text */
	OPTION_CHOICE,   /* int: index into choices */
};

struct str_list {
	struct str *items;
	size_t count;
};

struct option;

/*
 * Check one string (each element of a list).  The sentence says what was
 * expected; key, value and place are put around it.  May replace *value by a
 * part of itself.
 */
typedef int option_check_fn(
    struct str *value, const struct option *opt, struct err *err);

struct option {
	const char *name;
	enum option_type type;
	size_t offset;      /* into the filled struct */
	const char *preset; /* default, without quotes; of a list its element */
	int64_t min, max; /* OPTION_INT; OPTION_DURATION in ms; bytes of text */
	const char *const *choices; /* OPTION_CHOICE, NULL at the end */
	option_check_fn *check;     /* or NULL */
	const char *doc;            /* one line */
	bool secret;         /* never printed */
	bool empty_is_unset; /* "" means the default; else "" is refused */
};

struct option_table {
	const struct option *rows;
	size_t count; /* at most OPTIONS_MAX */
};

/* Where each key stands in the text, in table order; line 0: nowhere. */
struct option_places {
	struct hcl_pos at[OPTIONS_MAX];
};

/* A plugin's configuration: its table, and what concerns several keys. */
struct config_kind {
	const char *plugin_name; /* "aws_fargate_task" */
	const char *side;        /* "server" or "agent" */
	const struct option_table *table;
	size_t size; /* of the struct that the table fills */

	/*
	 * Called after options_read_tree(), with problems or without.
	 * trust_domain is SPIRE's own; empty where it is not known.
	 */
	void (*finish)(void *conf, struct arena *a,
	    const struct option_places *places, struct str trust_domain,
	    struct problems *problems);
};

/*
 * Read text (the body of plugin_data, or a plugin_data_file) into conf, which
 * was zeroed, and finish it.  Strings live in the arena.  Every problem is
 * added; none added means success.
 */
void config_read(void *conf, const struct config_kind *kind, struct arena *a,
    struct str trust_domain, struct str text, struct problems *problems);

/* The same for text that options_parse() has read. */
void config_read_tree(void *conf, const struct config_kind *kind,
    struct arena *a, struct str trust_domain, const struct hcl_value *root,
    struct problems *problems);

/*
 * Read the items of root, an HCL_OBJECT, into out, which
 * was zeroed and is table's struct.  Defaults are filled in first and stay
 * where a value is refused.  Every problem is added; none added means success.
 * Strings live in the arena and are never borrowed from root.
 *
 * Refused, with line and column: unknown or wrongly cased keys (all in one
 * problem, "unknown configurations detected: a,b"), repeated keys, blocks,
 * labels, keys without a value, wrong types, values out of bounds.
 */
void options_read_tree(void *out, const struct option_table *table,
    struct arena *a, const struct hcl_value *root, struct option_places *places,
    struct problems *problems);

/* hcl_parse_settings(), with bounds and JSON's form checked; a fault is a problem. */
int options_parse(struct hcl_value *root, struct arena *a, struct str text,
    struct problems *problems) MUST_USE;

/* Where name stands; name is a row of the table. */
struct hcl_pos options_place(const struct option_table *table,
    const struct option_places *places, const char *name);

/*
 * The effective settings in table order, as HCL that can be read again: "key =
 * value" a line; a comment for what is not set or secret.
 */
void options_print(
    struct buf *out, const struct option_table *table, const void *conf);

#endif
