/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_reader.h - values of a scenario's text, held against a grammar
 *
 * For the files that make a scenario.  Each function reads one key of a
 * section: without the key *out keeps its default, and a value that breaks
 * its grammar is ERR_CONFIG with file and line.  What is read is copied into
 * the scenario's arena.
 */
#ifndef MOCK_SCENARIO_READER_H
#define MOCK_SCENARIO_READER_H

#include <confuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "mock/scenario.h"

/* One of the two texts: the user's and the built-in one. */
struct source {
	const char *file;
	cfg_t *cfg;
};

struct reader {
	struct scenario *s;
	const char *file; /* of the source that is being read */
	struct err *err;
};

/* What a text value may be, in code and in words. */
struct grammar {
	bool (*is_fine)(struct str s);
	const char *words;
};

/* A list of words, NULL at its end. */
bool is_one_of(struct str s, const char *const *words);

/* What IAM calls roles and users: 1-64 of letters, digits and _+=,.@- */
bool is_iam_name(struct str s);

int reader_no_memory(struct reader *rd);
int reader_keep(struct reader *rd, struct str *out, struct str s) MUST_USE;

int reader_text(struct reader *rd, struct str *out, cfg_t *sec, const char *key,
    const struct grammar *g) MUST_USE;
int reader_list(struct reader *rd, const struct str **out, size_t *n,
    cfg_t *sec, const char *key, const struct grammar *g) MUST_USE;
int reader_number(struct reader *rd, uint64_t *out, cfg_t *sec, const char *key,
    uint64_t max) MUST_USE; /* 1 to max */
int reader_time(struct reader *rd, int64_t *us, cfg_t *sec,
    const char *key) MUST_USE; /* 2026-01-15T10:18:21.9Z */

/* NAME, PATH/NAME, an ARN, or "none". */
int reader_role_ref(struct reader *rd, struct scenario_role_ref *out,
    cfg_t *sec, const char *key) MUST_USE;

/* The title of a section. */
int reader_name(struct reader *rd, cfg_t *sec, struct str name,
    const struct grammar *g) MUST_USE;

/*
 * Which of n sections a key names; the only one there is if it is not set.
 * Accounts, clusters, definitions and roles all begin with the struct str that
 * they are called by, and are stride bytes apart.
 */
int reader_reference(struct reader *rd, const void **out, cfg_t *sec,
    const char *key, const void *all, size_t n, size_t stride) MUST_USE;

/* The text that has sections of this kind: the user's, else the built-in. */
cfg_t *reader_choose(
    struct reader *rd, const struct source src[2], const char *kind);

/* Room for n sections of a kind, n being bounded; NULL: see rd->err. */
void *reader_sections_new(
    struct reader *rd, const char *kind, size_t n, size_t size);

/* scenario_roles.c: the roles, then the keys, then who has what. */
int read_roles(struct reader *rd, const struct source src[2]) MUST_USE;
int read_access_keys(struct reader *rd, const struct source src[2]) MUST_USE;

#endif
