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
#include "conf/problems.h"

enum option_type {
	OPTION_STRING, /* struct str; n == 0 when not set */
	OPTION_LIST, /* struct str_list */
	OPTION_BOOL, /* bool */
	OPTION_INT, /* int64_t */
	OPTION_DURATION, /* int64_t, ms; Go's time.ParseDuration text */
	OPTION_CHOICE, /* int: index into choices */
};

struct str_list {
	struct str *items;
	size_t count;
};

struct option;

/* Check one string (each element of a list).  May replace *value. */
typedef int option_check_fn(
    struct str *value, const struct option *opt, struct err *err);

struct option {
	const char *name;
	enum option_type type;
	size_t offset; /* into the filled struct */
	const char *preset; /* default, as one would write it; NULL: none */
	int64_t min, max; /* OPTION_INT; OPTION_DURATION in ms */
	const char *const *choices; /* OPTION_CHOICE, NULL at the end */
	option_check_fn *check; /* or NULL */
	const char *doc; /* one line */
	const char *later; /* why a value other than the default is refused */
	bool secret; /* never printed */
};

struct option_table {
	const struct option *rows;
	size_t count;
};

/*
 * Read text (the body of plugin_data, or a plugin_data_file) into out, which
 * was zeroed and is table's struct.  Defaults are filled in first.  Every
 * problem is added; none added means success.  Strings live in the arena.
 * Refused, with line and column: unknown or wrongly cased keys (all in one
 * problem, "unknown configurations detected: a,b"), repeated keys, blocks,
 * labels, wrong types, values out of bounds.  set, if not NULL, has
 * table->count places and learns which keys the text holds.
 */
void options_read(void *out, const struct option_table *table, struct arena *a,
    struct str text, bool *set, struct problems *problems);

/* The effective settings, one "key = value" a line, in table order. */
void options_print(
    struct buf *out, const struct option_table *table, const void *conf);

/*
 * Go's time.ParseDuration: "1h30m", "1.5s", "100ms".  ERR_CONFIG's sentence
 * is Go's: `time: invalid duration "x"`.
 */
int duration_parse(int64_t *ms, struct str text, struct err *err) MUST_USE;

/*
 * Find the plugin_data of the NodeAttestor called plugin_name in a whole
 * server.conf or agent.conf; *body is its text, printed as SPIRE would send
 * it, in the arena.  If text has no "plugins" block it is taken as the body
 * itself.  plugin_data_file is followed by the caller: *file is its path.
 */
int options_find_body(struct str *body, struct str *file, struct arena *a,
    struct str text, const char *plugin_name, struct err *err) MUST_USE;

#endif
