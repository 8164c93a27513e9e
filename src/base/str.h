/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.h - a borrowed run of bytes, not NUL-terminated unless said so
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){ (lit), sizeof(lit) - 1 })

/* For "%.*s"; use it only on text known to be clean. */
#define STR_FMT(s) (int)(s).n, (s).n > 0 ? (s).p : ""

struct str str_of(const char *text); /* NULL gives the empty one */

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII case only */
bool str_is(struct str s, const char *text);
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
int str_cmp(struct str a, struct str b); /* bytewise, as strcmp */

struct str str_trim(struct str s); /* ASCII white space off both ends */

/* bytes from..from+n, clamped to what is there */
struct str str_sub(struct str s, size_t from, size_t n);

/*
 * Cut s at the first c: returns the part before it, and *rest becomes the
 * part after it.  Without a c, returns s and *rest becomes {NULL, 0}.
 */
struct str str_cut(struct str *rest, struct str s, char c);

bool str_is_digits(struct str s);    /* one or more of 0-9 */
bool str_is_lower_hex(struct str s); /* one or more of 0-9a-f */

/* One or more letters, digits, or bytes of extra. */
bool str_is_alnum_or(struct str s, const char *extra);

/* Valid UTF-8 without C0 controls and DEL. */
bool str_is_printable(struct str s);

/*
 * Copy foreign bytes for an error text: what is not printable ASCII becomes
 * '?', and more than fits ends in "...".  Always terminates; returns out.
 */
const char *str_clean(char *out, size_t size, struct str s);

/* A buffer that lives to the end of the enclosing block, for err_set(). */
#define CLEAN(s) str_clean((char[68]){ 0 }, 68, (s))

/*
 * FNV-1a of 64 bits: to look among few, never to tell apart, since whoever
 * chooses texts can make two of one hash.
 */
uint64_t str_hash(struct str s);

/* Decimal digits only; false on overflow, sign, blank or any other byte. */
bool str_to_u64(uint64_t *out, struct str s);

#endif
