/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the server plugin, wired together
 */
#include "server/attest.h"
#include "server/options.h"
#include "spire/configure.h"
#include "spire/program.h"

static void *
load(struct str trust_domain, struct str text, struct spire_notes *notes)
{
	struct problems problems = { .count = 0 };
	struct server_config *config = NULL;
	size_t i;

	if (server_config_load(&config, trust_domain, text, &problems) ==
	    ERR_OK)
		return config;
	for (i = 0; i < problems_kept(&problems); i++)
		spire_note(notes, problems.text[i]);
	return NULL;
}

static void
take(void *arg, void *config)
{
	attestor_configure(arg, config);
}

static void
drop(void *config)
{
	server_config_unref(config);
}

static int
init(void *arg, struct loop *loop, struct spire_host *host, struct err *err)
{
	(void)host;
	return attestor_init(arg, loop, err);
}

static const struct gp_method *
method(void *arg)
{
	const struct attestor *attestor = arg;

	return &attestor->service.method;
}

static int
ready(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	return ERR_OK;
}

static void
stopping(void *arg)
{
	attestor_stop(arg);
}

static void
release(void *arg)
{
	attestor_release(arg);
}

static const struct spire_config_ops config_ops = {
	.load = load,
	.take = take,
	.drop = drop,
	.deinit = stopping,
};

int
main(int argc, char **argv)
{
	static struct attestor attestor;
	const struct program program = {
		.name = "aws-fargate-server-nodeattestor",
		.side = "server",
		.attestor = SPIRE_SERVER_ATTESTOR,
		.check_config = server_check_config,
		.arg = &attestor,
		.init = init,
		.method = method,
		.config = &config_ops,
		.ready = ready,
		.stopping = stopping,
		.release = release,
	};

	return program_main(&program, argc, argv);
}
