/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options-dump.c - print a plugin's option table for tests/check_options.sh
 *
 * A row a line, its fields parted by tabs: name, type, default as one writes
 * it ("-": none), doc.  With a file as its argument, check that as --check-config does.
 * Compiled once for each plugin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef DUMP_SERVER
#include "server/options.h"
#define TABLE server_options
#define KIND  server_config_kind
#else
#include "agent/options.h"
#define TABLE agent_options
#define KIND  agent_config_kind
#endif

static const char *
type_text(enum option_type type)
{
	switch (type) {
	case OPTION_STRING:
		return "string";
	case OPTION_LIST:
		return "list";
	case OPTION_BOOL:
		return "bool";
	case OPTION_INT:
		return "number";
	case OPTION_DURATION:
		return "duration";
	case OPTION_CHOICE:
		return "choice";
	}
	return "-";
}

/* options_print() says "NAME = DEFAULT", or "# NAME is not set". */
static void
dump_row(const struct option *opt, struct str line)
{
	struct str preset = STR("-");

	if (!str_starts(line, "# "))
		preset = str_sub(line, strlen(opt->name) + 3, line.n);
	(void)printf("%s\t%s\t%.*s\t%s\n", opt->name, type_text(opt->type),
	    STR_FMT(preset), opt->doc);
}

static int
dump(void)
{
	void *conf = calloc(1, KIND.size);
	struct problems problems = { .count = 0 };
	struct str rest;
	struct arena arena;
	struct buf text;
	size_t i;

	arena_init(&arena, OPTIONS_ARENA_MAX);
	buf_init(&text, HCL_TEXT_MAX);
	if (conf == NULL)
		return EXIT_FAILURE;
	config_read(conf, &KIND, &arena, STR(""), STR(""), &problems);
	options_print(&text, &TABLE, conf);
	if (problems.count > 0 || buf_check(&text, NULL) != ERR_OK)
		return EXIT_FAILURE;
	rest = buf_str(&text);
	for (i = 0; i < TABLE.count; i++)
		dump_row(&TABLE.rows[i], str_cut(&rest, rest, '\n'));
	buf_release(&text);
	arena_release(&arena);
	free(conf);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	if (argc == 2)
		return check_config(&KIND, argv[1], stdout, stderr);
	return dump();
}
