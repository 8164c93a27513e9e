/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hcl_impl.h - what the two syntaxes of hcl.h share
 *
 * Only the hcl*.c files include this.  Functions that can fail record where
 * and why in the reader's err and return its code.
 */
#ifndef CONF_HCL_IMPL_H
#define CONF_HCL_IMPL_H

#include <stdint.h>

#include "conf/hcl.h"

enum hcl_token_type {
	TOKEN_END,
	TOKEN_WORD, /* an identifier; only the native syntax has them */
	TOKEN_BOOL,
	TOKEN_NULL, /* only JSON has it */
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_STRING,
	TOKEN_HEREDOC,
	TOKEN_MARK, /* one of [ ] { } , = : . */
};

struct hcl_token {
	enum hcl_token_type type;
	char mark; /* TOKEN_MARK */
	struct hcl_pos pos;
	struct str raw;  /* as spelt */
	struct str text; /* native syntax: decoded */
};

struct hcl_reader {
	struct str text;
	size_t at;
	struct hcl_pos pos;     /* of the character at text.p[at] */
	struct hcl_token token; /* the last one read */
	struct arena *arena;
	struct err *err;
	size_t nodes;
	unsigned depth;
	bool any_digits; /* of hcl_parse_settings() */
};

/* "line:column: " and the sentence, as ERR_CONFIG. */
int hcl_fail(struct hcl_reader *r, struct hcl_pos pos, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The kind of the token, for "expected ..., found %s". */
const char *hcl_found(const struct hcl_reader *r);
bool hcl_is_mark(const struct hcl_token *token, char mark);

/* These count against HCL_NODES_MAX, HCL_KEYS_MAX and the arena. */
int hcl_new_value(struct hcl_value **out, struct hcl_reader *r,
    enum hcl_type type, struct hcl_pos pos) MUST_USE;
int hcl_add_key(struct hcl_reader *r, struct hcl_item *item, struct str text,
    struct hcl_pos pos) MUST_USE;
int hcl_memory(struct hcl_reader *r);

/* Around an object or list: HCL_DEPTH_MAX. */
int hcl_enter(struct hcl_reader *r, struct hcl_pos pos) MUST_USE;
void hcl_leave(struct hcl_reader *r);

/* Move past n bytes, which are whole characters. */
void hcl_skip(struct hcl_reader *r, size_t n);

/* Native syntax: the next token into r->token. */
int hcl_lex(struct hcl_reader *r) MUST_USE;

int hcl_read_native(struct hcl_value *root, struct hcl_reader *r) MUST_USE;
int hcl_read_json(struct hcl_value *root, struct hcl_reader *r) MUST_USE;

/* Bytes of the escape whose backslash was at p[-1]; 0: there is none. */
size_t hcl_escape_length(const char *p, size_t n);

/*
 * The text of a string literal at pos, quotes included, whose escapes all have
 * a length.  In HCL "${...}" is kept as it is; in JSON that means nothing, and
 * surrogates are refused.
 */
int hcl_unquote(struct str *out, struct hcl_reader *r, struct str raw,
    struct hcl_pos pos, bool is_json) MUST_USE;

/* The text of a heredoc: raw from its '<', length with its last newline. */
int hcl_heredoc(struct str *out, struct hcl_reader *r, struct str raw,
    size_t length) MUST_USE;

/* Whether a float literal at pos is one and fits a double. */
int hcl_check_float(
    struct hcl_reader *r, struct str raw, struct hcl_pos pos) MUST_USE;

bool hcl_is_letter(uint32_t c); /* and '_' */
bool hcl_is_digit(uint32_t c);

#endif
