/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hcl-dump [FILE]: print a text's value as JSON, or "error: line:column: ..."
 *
 * The JSON is that of Go's hcl.Decode into a map[string]interface{}.  Exits 1
 * on such an error, 2 if the text cannot be had.  With --batch, standard input
 * holds many texts, each behind a line with its length, and every text gets a
 * line; only a length that is none ends it early.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/hcl.h"
#include "tools/hcl_go.h"

enum { OUT_MAX = 64 * 1024 * 1024, DECODE_MAX = 256 * 1024 * 1024 };

static int
dump(struct str text)
{
	struct hcl_value root = { 0 };
	struct err err = { 0 };
	struct arena a, decoded;
	struct buf out;
	int code;

	arena_init(&a, HCL_ARENA_MAX);
	arena_init(&decoded, DECODE_MAX);
	buf_init(&out, OUT_MAX);
	code = hcl_parse(&root, &a, text, &err);
	if (code == ERR_OK)
		code = hcl_go_print(&out, &root, &decoded, &err);
	if (code == ERR_OK)
		printf("%.*s\n", STR_FMT(buf_str(&out)));
	else
		printf("error: %s\n", err.msg);
	buf_release(&out);
	arena_release(&decoded);
	arena_release(&a);
	return code == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
dump_batch(void)
{
	static char text[2 * HCL_TEXT_MAX];
	char line[32], *end;
	unsigned long n;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		n = strtoul(line, &end, 10);
		if (end == line || *end != '\n' || n > sizeof(text) ||
		    fread(text, 1, n, stdin) != n) {
			(void)fprintf(stderr, "hcl-dump: not a batch\n");
			return 2;
		}
		(void)dump((struct str){ text, n });
		(void)fflush(stdout);
	}
	return EXIT_SUCCESS;
}

static int
dump_file(const char *path)
{
	static char text[HCL_TEXT_MAX + 1];
	FILE *f = path == NULL ? stdin : fopen(path, "rb");
	size_t n = 0;
	int failed = f == NULL;

	if (f != NULL) {
		n = fread(text, 1, sizeof(text), f);
		failed = ferror(f);
	}
	if (failed)
		(void)fprintf(stderr, "hcl-dump: %s: %s\n",
		    path == NULL ? "standard input" : path, strerror(errno));
	if (f != NULL && f != stdin)
		(void)fclose(f);
	return failed ? 2 : dump((struct str){ text, n });
}

int
main(int argc, char **argv)
{
	if (argc > 2) {
		(void)fprintf(stderr, "usage: hcl-dump [FILE | --batch]\n");
		return 2;
	}
	if (argc == 2 && strcmp(argv[1], "--batch") == 0)
		return dump_batch();
	return dump_file(argc == 2 ? argv[1] : NULL);
}
