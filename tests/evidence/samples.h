/* SPDX-License-Identifier: Apache-2.0 */
/*
 * samples.h - the cases of tests/data/evidence, which golden.py checks too
 */
#ifndef TESTS_EVIDENCE_SAMPLES_H
#define TESTS_EVIDENCE_SAMPLES_H

#include <stdio.h>

#include "base/enc.h"
#include "testing.h"
#include "json/json.h"

/* Open the array of cases in NAME.json; text holds it. */
static inline void
samples_open(struct json_iter *it, struct buf *text, const char *name)
{
	const char *top = getenv("abs_top_srcdir");
	char path[1024], part[4096];
	struct json root;
	struct err err = { 0 };
	FILE *f;
	size_t n;
	int r;

	(void)snprintf(path, sizeof(path), "%s/tests/data/evidence/%s.json",
	    top == NULL ? "." : top, name);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: cannot be read", path);
	buf_init(text, 256 * 1024);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(text, (struct str){ part, n });
	(void)fclose(f);
	r = json_open(&root, buf_str(text), &err);
	ck_assert_msg(r == ERR_OK, "%s: %s", path, err.msg);
	json_iter_init(it, root);
}

/* A member of a case; its type is 0 if the case has none. */
static inline struct json
sample_find(struct json sample, const char *name)
{
	struct json key, value;
	struct json_iter it;

	json_iter_init(&it, sample);
	while (json_iter_next(&it, &key, &value))
		if (json_string_is(key, name))
			return value;
	return (struct json){ .raw = { NULL, 0 } };
}

static inline struct str
sample_text(struct json sample, const char *name, struct arena *a)
{
	struct str text;
	struct err err = { 0 };
	int r;

	r = json_string(&text, sample_find(sample, name), a, &err);
	ck_assert_msg(r == ERR_OK, "%s: %s", name, err.msg);
	return text;
}

static inline uint64_t
sample_number(struct json sample, const char *name)
{
	uint64_t number = 0;

	ck_assert_msg(json_u64(&number, sample_find(sample, name)), "%s", name);
	return number;
}

/* 32 bytes in hex. */
static inline void
sample_nonce(unsigned char nonce[32], struct json sample, const char *name)
{
	struct str hex = sample_find(sample, name).raw;
	char back[67];
	unsigned byte;
	size_t i;

	ck_assert_uint_eq(hex.n, 66);
	for (i = 0; i < 32; i++) {
		char pair[3] = { hex.p[1 + 2 * i], hex.p[2 + 2 * i] };

		byte = (unsigned)strtoul(pair, NULL, 16);
		nonce[i] = (unsigned char)byte;
	}
	hex_encode(back, nonce, 32);
	ck_assert(memcmp(back, hex.p + 1, 64) == 0);
}

#endif
