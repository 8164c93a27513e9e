/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the server plugin, wired together
 */
#include "server/attest.h"
#include "server/describe.h"
#include "server/options.h"
#include "spire/configure.h"
#include "spire/program.h"

static void *
load(void *arg, struct str trust_domain, struct str text,
    struct spire_notes *notes)
{
	struct problems problems = { .count = 0 };
	struct server_config *config = NULL;
	struct setup *setup = NULL;
	struct err err = { 0 };
	size_t i;

	if (server_config_load(&config, trust_domain, text, &problems) ==
	    ERR_OK) {
		if (setup_new(&setup, arg, config, &err) == ERR_OK)
			return setup;
		spire_note(notes, err.msg);
	}
	for (i = 0; i < problems_kept(&problems); i++)
		spire_note(notes, problems.text[i]);
	return NULL;
}

static void
take(void *arg, void *setup)
{
	attestor_configure(arg, setup);
}

static void
drop(void *setup)
{
	setup_free(setup);
}

static void
deinit(void *arg)
{
	attestor_stop(arg);
}

static int
init(void *arg, struct loop *loop, struct spire_host *host, struct err *err)
{
	return attestor_init(arg, loop, host, err);
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
	attestor_end(arg);
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
	.deinit = deinit,
};

int
main(int argc, char **argv)
{
	static struct attestor attestor;
	static const struct errand errands[] = {
		{ "describe", "TASK_ARN",
		    "ask ECS: what would this task become?", server_describe },
		{ NULL, NULL, NULL, NULL },
	};
	const struct program program = {
		.name = "aws-fargate-server-nodeattestor",
		.side = "server",
		.attestor = SPIRE_SERVER_ATTESTOR,
		.check_config = server_check_config,
		.errands = errands,
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
