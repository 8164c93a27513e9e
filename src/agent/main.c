/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the agent plugin, wired together
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include "agent/aid.h"
#include "agent/diagnose.h"
#include "agent/options.h"
#include "base/traced.h"
#include "spire/configure.h"
#include "spire/program.h"

static void *
load(void *arg, struct str trust_domain, struct str text,
    struct spire_notes *notes)
{
	struct problems problems = { .count = 0 };
	struct agent_config *config = NULL;
	size_t i;

	(void)arg;
	if (agent_config_load(&config, trust_domain, text, &problems) == ERR_OK)
		return config;
	for (i = 0; i < problems_kept(&problems); i++)
		spire_note(notes, problems.text[i]);
	return NULL;
}

static void
take(void *arg, void *config)
{
	aider_configure(arg, config);
}

static void
drop(void *config)
{
	agent_config_unref(config);
}

/* An attestation that is being helped may still end well. */
static void
deinit(void *arg)
{
	(void)arg;
}

/*
 * The task's keys pass through this memory: no core file, and no reading by
 * others of the same user.  A sanitizer traces its own process at the end.
 */
static void
hide_memory(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	if (!TRACED)
		(void)prctl(PR_SET_DUMPABLE, 0);
}

static int
diagnose(const char *value, const char *config_path)
{
	hide_memory();
	return agent_diagnose(value, config_path);
}

static int
init(void *arg, struct loop *loop, struct spire_host *host, struct err *err)
{
	(void)host;
	(void)err;
	hide_memory();
	aider_init(arg, loop);
	return ERR_OK;
}

static const struct gp_method *
method(void *arg)
{
	const struct aider *aider = arg;

	return &aider->service.method;
}

static int
ready(void *arg, struct err *err)
{
	return aider_start(arg, err);
}

static void
stopping(void *arg)
{
	aider_stop(arg);
}

static void
release(void *arg)
{
	aider_release(arg);
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
	static struct aider aider;
	static const struct errand errands[] = {
		{ "diagnose", NULL,
		    "inside of a task: say what the server would see of it",
		    diagnose },
		{ NULL, NULL, NULL, NULL },
	};
	const struct program program = {
		.name = "aws-fargate-nodeattestor",
		.side = "agent",
		.attestor = SPIRE_AGENT_ATTESTOR,
		.check_config = agent_check_config,
		.errands = errands,
		.arg = &aider,
		.init = init,
		.method = method,
		.config = &config_ops,
		.ready = ready,
		.stopping = stopping,
		.release = release,
	};

	return program_main(&program, argc, argv);
}
