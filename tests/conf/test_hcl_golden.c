/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every case of tests/data/hcl against what the Go module said of it.  A file
 * is a row of
 *
 *     --- name
 *     the text, of which the last newline is no part, with %XX for bytes
 *     +++ its value as JSON, or the word error
 *
 * scripts/dev/hcl-oracle writes the answers into *.cases; those of
 * deviations.txt are ours.
 */
#include <stdio.h>

#include "conf/hcl.h"
#include "testing.h"
#include "tools/hcl_go.h"

enum { CASES_MAX = 256 * 1024 };

static const struct {
	const char *file;
	size_t least; /* a file that lost its cases must not pass */
} files[] = {
	{ "comments.cases", 30 },
	{ "heredocs.cases", 60 },
	{ "json.cases", 130 },
	{ "keys.cases", 45 },
	{ "layout.cases", 70 },
	{ "lists.cases", 35 },
	{ "numbers.cases", 100 },
	{ "objects.cases", 50 },
	{ "repeats.cases", 65 },
	{ "spire.cases", 12 },
	{ "strings.cases", 80 },
	{ "deviations.txt", 11 },
};

static struct str
read_cases(char *text, size_t size, const char *file)
{
	const char *top = getenv("abs_top_srcdir");
	char path[4096];
	size_t n;
	FILE *f;

	ck_assert_ptr_nonnull(top);
	(void)snprintf(path, sizeof(path), "%s/tests/data/hcl/%s", top, file);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "cannot open %s", path);
	n = fread(text, 1, size, f);
	(void)fclose(f);
	ck_assert_uint_lt(n, size);
	return (struct str){ text, n };
}

static unsigned
hex_value(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/* In place: %XX becomes a byte. */
static struct str
unescape(char *p, size_t n)
{
	size_t i, out = 0;

	for (i = 0; i < n; i++) {
		if (p[i] == '%' && i + 2 < n && is_hex(p[i + 1]) &&
		    is_hex(p[i + 2])) {
			p[out++] = (char)(hex_value(p[i + 1]) * 16 +
					  hex_value(p[i + 2]));
			i += 2;
		} else {
			p[out++] = p[i];
		}
	}
	return (struct str){ p, out };
}

static void
check_case(struct str name, struct str text, struct str want)
{
	struct hcl_value root = { 0 };
	struct err err = { 0 };
	struct arena a;
	struct buf out;
	int code;

	arena_init(&a, 2 * HCL_ARENA_MAX);
	buf_init(&out, CASES_MAX);
	code = hcl_parse(&root, &a, text, &err);
	if (code == ERR_OK)
		code = hcl_go_print(&out, &root, &a, &err);
	if (code != ERR_OK) {
		buf_clear(&out);
		buf_add_text(&out, "error");
		ck_assert_int_eq(code, ERR_CONFIG);
	}
	ck_assert_msg(str_eq(buf_str(&out), want),
	    "%.*s: got %.*s (%s), want %.*s", STR_FMT(name),
	    STR_FMT(buf_str(&out)), err.msg, STR_FMT(want));
	buf_release(&out);
	arena_release(&a);
}

/* Cut one case off the front of rest; false behind the last. */
static bool
next_case(struct str *name, char **text, size_t *n, struct str *want,
    struct str *rest)
{
	struct str line = { 0 };
	const char *first;

	while (rest->p != NULL && !str_starts(line, "--- "))
		line = str_cut(rest, *rest, '\n');
	if (rest->p == NULL)
		return false;
	*name = str_sub(line, 4, line.n);
	first = rest->p;
	do {
		ck_assert_msg(
		    rest->p != NULL, "%.*s has no end", STR_FMT(*name));
		line = str_cut(rest, *rest, '\n');
	} while (!str_starts(line, "+++ "));
	*want = str_sub(line, 4, line.n);
	*n = (size_t)(line.p - first);
	*n -= *n > 0;
	*text = malloc(*n + 1);
	ck_assert_ptr_nonnull(*text);
	memcpy(*text, first, *n);
	return true;
}

START_TEST(reads_as_the_go_module_does)
{
	static char all[CASES_MAX];
	struct str rest = read_cases(all, sizeof(all), files[_i].file);
	struct str name, want;
	size_t n, count = 0;
	char *text;

	while (next_case(&name, &text, &n, &want, &rest)) {
		check_case(name, unescape(text, n), want);
		free(text);
		count++;
	}
	ck_assert_uint_ge(count, files[_i].least);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hcl_golden");
	TCase *tc = tcase_create("cases");

	ck_table(tc, reads_as_the_go_module_does, files);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
