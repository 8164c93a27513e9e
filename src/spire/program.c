/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "spire/program.h"

#include <assert.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "goplugin/handshake.h"
#include "goplugin/plugin.h"

enum { HELP_COLUMN = 22, ERRANDS_MAX = 4, OPTIONS_BEFORE = 4 };

static int
version(const struct program *program)
{
	(void)printf(
	    "%s (%s) %s\n", program->name, PACKAGE_NAME, PACKAGE_VERSION);
	return EXIT_SUCCESS;
}

/* "  --NAME VALUE  text", the text in one column. */
static void
help_line(const char *name, const char *value, const char *text)
{
	char left[HELP_COLUMN];

	(void)snprintf(left, sizeof(left), "--%s%s%s", name,
	    value == NULL ? "" : " ", value == NULL ? "" : value);
	(void)printf("  %-*s  %s\n", HELP_COLUMN - 1, left, text);
}

static int
help(const struct program *program)
{
	const struct errand *errand = program->errands;

	(void)printf("Usage: %s [OPTION]\n"
		     "\n"
		     "The SPIRE %s plugin NodeAttestor \"aws_fargate_task\".\n"
		     "SPIRE starts it: name it as plugin_cmd in %s.conf.\n"
		     "By hand it can:\n"
		     "\n",
	    program->name, program->side, program->side);
	help_line("check-config", "FILE",
	    "check FILE, which is SPIRE's configuration or the");
	(void)printf("  %*s  text of plugin_data, and print the settings\n",
	    HELP_COLUMN - 1, "");
	for (; errand != NULL && errand->name != NULL; errand++)
		help_line(errand->name, errand->value, errand->help);
	if (program->errands != NULL)
		help_line("config", "FILE", "the settings for that");
	help_line("help", NULL, "print this");
	help_line("version", NULL, "print the version");
	(void)printf("\nManual: %s(8), aws_fargate_task_%s.conf(5)\n",
	    program->name, program->side);
	return EXIT_SUCCESS;
}

static int
usage(const struct program *program)
{
	(void)fprintf(stderr, "Try \"%s --help\".\n", program->name);
	return EXIT_FAILURE;
}

static int
refuse_by_hand(const struct program *program)
{
	(void)fprintf(stderr,
	    "%s is a plugin that SPIRE's %s starts, not a command to run by "
	    "hand; see \"man %s\".\n",
	    program->name, program->side, program->name);
	return EXIT_FAILURE;
}

/* A program with the host's services beside it. */
struct running {
	const struct program *program;
	struct spire_host *host;
};

static int
on_ready(void *arg, struct err *err)
{
	const struct running *running = arg;

	return running->program->ready(running->program->arg, err);
}

/* The program's last figures go out with all others. */
static void
on_stopping(void *arg)
{
	const struct running *running = arg;

	running->program->stopping(running->program->arg);
	spire_host_stop(running->host);
}

static int
serve(const struct program *program, struct gp_plugin *plugin,
    struct spire_host *host, struct err *err)
{
	struct running running = { program, host };
	const struct gp_program hooks = { &running, on_ready, on_stopping };
	const struct gp_method *methods[SPIRE_CONFIG_METHODS + 1];
	struct spire_config config = { .attestor = program->attestor,
		.ops = program->config,
		.arg = program->arg };
	size_t i;
	int r;

	spire_config_init(&config);
	for (i = 0; i < SPIRE_CONFIG_METHODS; i++)
		methods[i] = &config.methods[i];
	r = program->init(program->arg, gp_plugin_loop(plugin), host, err);
	if (r == ERR_OK) {
		methods[i] = program->method(program->arg);
		r = gp_plugin_run(
		    plugin, methods, SPIRE_CONFIG_METHODS + 1, &hooks, err);
	}
	program->release(program->arg);
	return r;
}

static int
run(const struct program *program)
{
	struct gp_plugin *plugin = NULL;
	struct spire_host *host = NULL;
	struct err err = { 0 };
	int r;

	r = gp_plugin_new(&plugin, &err);
	if (r == ERR_OK)
		r = spire_host_new(&host, plugin, &err);
	if (r == ERR_OK)
		r = serve(program, plugin, host, &err);
	if (r != ERR_OK)
		log_error("the plugin cannot run", F_TEXT("error", err.msg));
	log_flush();
	spire_host_free(host);
	gp_plugin_free(plugin);
	return r == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/*
 * What openssl.cnf may name, such as the legacy provider, is a shared object,
 * and a static program dies of loading it: it reads no such file, the host's
 * or another.  Said by the environment, before any thread, since the server
 * plugin need not even link OpenSSL.
 */
static void
forget_openssl_conf(void)
{
#ifdef STATIC_PLUGINS
	(void)setenv("OPENSSL_CONF", "/dev/null", 1);
#endif
}

enum option_value { OPT_ERRAND = 0x100 };

/* One errand at most; the settings go with it. */
struct command {
	int what; /* an option's value; 0: none */
	const char *value, *config;
};

static void
list_options(struct option *all, const struct program *program)
{
	static const struct option before[OPTIONS_BEFORE] = {
		{ "check-config", required_argument, NULL, 'c' },
		{ "config", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
	};
	const struct errand *errand = program->errands;
	size_t n = OPTIONS_BEFORE;

	memcpy(all, before, sizeof(before));
	for (; errand != NULL && errand->name != NULL; errand++) {
		assert(n < OPTIONS_BEFORE + ERRANDS_MAX);
		all[n] = (struct option){ errand->name,
			errand->value == NULL ? no_argument : required_argument,
			NULL, OPT_ERRAND + (int)(errand - program->errands) };
		n++;
	}
}

static bool
read_command(struct command *command, const struct program *program, int argc,
    char **argv)
{
	struct option all[OPTIONS_BEFORE + ERRANDS_MAX + 1] = { { 0 } };
	int option;

	list_options(all, program);
	while ((option = getopt_long(argc, argv, "", all, NULL)) != -1) {
		if (option == '?')
			return false;
		if (option == 'f' && command->config == NULL) {
			command->config = optarg;
		} else if (option != 'f' && command->what == 0) {
			command->what = option;
			command->value = optarg;
		} else {
			(void)fprintf(stderr, "%s does one thing at a time.\n",
			    program->name);
			return false;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "%s takes no argument \"%.64s\".\n",
		    program->name, argv[optind]);
		return false;
	}
	if (command->config == NULL || command->what >= OPT_ERRAND)
		return true;
	(void)fprintf(stderr,
	    "%s: --config goes with an option that uses the settings.\n",
	    program->name);
	return false;
}

int
program_main(const struct program *program, int argc, char **argv)
{
	struct command command = { 0, NULL, NULL };

	forget_openssl_conf();
	if (!read_command(&command, program, argc, argv))
		return usage(program);
	switch (command.what) {
	case 'c':
		return program->check_config(command.value);
	case 'h':
		return help(program);
	case 'V':
		return version(program);
	case 0:
		return handshake_has_cookie() ? run(program)
					      : refuse_by_hand(program);
	default:
		return program->errands[command.what - OPT_ERRAND].run(
		    command.value, command.config);
	}
}
