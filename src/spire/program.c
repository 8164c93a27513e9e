/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "spire/program.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "goplugin/handshake.h"
#include "goplugin/plugin.h"

static int
version(const struct program *program)
{
	(void)printf(
	    "%s (%s) %s\n", program->name, PACKAGE_NAME, PACKAGE_VERSION);
	return EXIT_SUCCESS;
}

static int
help(const struct program *program)
{
	(void)printf("Usage: %s [--check-config FILE | --help | --version]\n"
		     "\n"
		     "The SPIRE %s plugin NodeAttestor \"aws_fargate_task\".\n"
		     "SPIRE starts it: name it as plugin_cmd in %s.conf.\n"
		     "By hand it can:\n"
		     "\n",
	    program->name, program->side, program->side);
	(void)printf(
	    "  --check-config FILE  check FILE: %s.conf, or the text of "
	    "plugin_data,\n"
	    "                       and print the effective settings "
	    "(-: standard input)\n"
	    "  --help               print this\n"
	    "  --version            print the version\n"
	    "\n"
	    "Manual: %s(8), aws_fargate_task_%s.conf(5)\n",
	    program->side, program->name, program->side);
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

static int
serve(const struct program *program, struct gp_plugin *plugin, struct err *err)
{
	const struct gp_program hooks = { program->arg, program->ready,
		program->stopping };
	const struct gp_method *methods[SPIRE_CONFIG_METHODS + 1];
	struct spire_config config = { .attestor = program->attestor,
		.ops = program->config,
		.arg = program->arg };
	size_t i;
	int r;

	spire_config_init(&config);
	for (i = 0; i < SPIRE_CONFIG_METHODS; i++)
		methods[i] = &config.methods[i];
	r = program->init(program->arg, gp_plugin_loop(plugin), NULL, err);
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
	struct err err = { 0 };
	int r;

	r = gp_plugin_new(&plugin, &err);
	if (r == ERR_OK)
		r = serve(program, plugin, &err);
	if (r != ERR_OK)
		log_error("the plugin cannot run", F_TEXT("error", err.msg));
	log_flush();
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

int
program_main(const struct program *program, int argc, char **argv)
{
	static const struct option options[] = {
		{ "check-config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};

	forget_openssl_conf();
	/* one option at most: each is an errand of its own */
	switch (getopt_long(argc, argv, "", options, NULL)) {
	case 'c':
		return optind < argc ? usage(program)
				     : program->check_config(optarg);
	case 'h':
		return help(program);
	case 'V':
		return version(program);
	case -1:
		break;
	default:
		return usage(program);
	}
	if (optind < argc) {
		(void)fprintf(stderr, "%s takes no argument \"%.64s\".\n",
		    program->name, argv[optind]);
		return usage(program);
	}
	if (!handshake_has_cookie())
		return refuse_by_hand(program);
	return run(program);
}
