/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestor.c - what all attestations share: configurations, the end
 */
#include <stdlib.h>

#include "aws/endpoint.h"
#include "server/attest.h"
#include "server/attest_impl.h"
#include "server/figures.h"
#include "server/policy.h"

int
attestor_init(struct attestor *attestor, struct loop *loop,
    struct spire_host *host, struct err *err)
{
	int r = holders_new(&attestor->holders, err);

	if (r == ERR_OK)
		r = first_use_new(&attestor->first_use, err);
	if (r != ERR_OK)
		return r;
	attestor->loop = loop;
	attestor->host = host;
	attestor->observer = figures_observer(host);
	list_init(&attestor->waiting);
	list_init(&attestor->challenged);
	list_init(&attestor->proving);
	attestor->service.ops = &attestation_ops;
	attestor->service.arg = attestor;
	attestor_server_init(&attestor->service);
	return ERR_OK;
}

void
attestor_release(struct attestor *attestor)
{
	holders_free(attestor->holders);
	first_use_free(attestor->first_use);
	aws_unref(attestor->aws);
	attestor->aws = NULL;
	server_config_unref(attestor->config);
	attestor->config = NULL;
}

void
attestor_stop(struct attestor *attestor)
{
	attestor->stopping = true;
}

void
attestor_end(struct attestor *attestor)
{
	struct http *http = attestor->http;
	struct list *item, *next;

	attestor->stopping = true;
	for (item = attestor->proving.next; item != &attestor->proving;
	     item = next) {
		next = item->next;
		attest_give_up_text(
		    container_of(item, struct attestation, link), "stopping",
		    ERR_UNAVAILABLE, "the server is stopping");
	}
	if (attestor->aws != NULL)
		aws_stop(attestor->aws);
	attestor->http = NULL;
	http_free(http);
}

static int
make_aws(struct setup *setup, struct attestor *attestor, struct err *err)
{
	struct aws_settings settings;
	int r = ERR_OK;

	if (attestor->http == NULL && !attestor->stopping)
		r = http_new(
		    &attestor->http, attestor->loop, HTTP_AWS_PARALLEL, err);
	if (r != ERR_OK)
		return r;
	access_of(&settings, setup->config);
	return aws_new(&setup->aws, attestor->loop, &attestor->http, &settings,
	    &attestor->observer, err);
}

int
setup_new(struct setup **setupp, struct attestor *attestor,
    struct server_config *config, struct err *err)
{
	struct setup *setup = calloc(1, sizeof(*setup));
	int r = ERR_OK;

	if (setup == NULL) {
		server_config_unref(config);
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	setup->config = config;
	if (config->verification != VERIFICATION_METADATA)
		r = make_aws(setup, attestor, err);
	if (r == ERR_OK)
		*setupp = setup;
	else
		setup_free(setup);
	return r;
}

void
setup_free(struct setup *setup)
{
	if (setup == NULL)
		return;
	aws_unref(setup->aws);
	server_config_unref(setup->config);
	free(setup);
}

static void
warn_of_template(const struct agent_id_template *t)
{
	if ((t->vars & 1U << AGENT_ID_TASK) == 0)
		log_warn("agent_path_template has no {{ .taskID }}: all tasks "
			 "that it cannot tell apart get one agent ID, and only "
			 "one of them may run",
		    F_STR("agent_path_template", t->text));
	if (!t->in_namespace)
		log_warn(
		    "agent_path_template leaves /spire/agent/" SERVER_PLUGIN_NAME
		    "/: SPIRE cannot show, evict or ban such agents, and "
		    "will refuse them one day",
		    F_STR("agent_path_template", t->text));
}

static void
log_configured(const struct server_config *config)
{
	log_info("configured", F_TEXT("verification", attest_mode(config)),
	    F_TEXT("partition", endpoint_partitions[config->partition]),
	    F_STR("server_id", config->server_id),
	    F_STR("sts_endpoint", config->sts_endpoint),
	    F_STR("sts_region", config->sts_region),
	    F_STR("ecs_endpoint", config->ecs_endpoint),
	    F_STR("assume_role", config->assume_role));
}

void
attestor_configure(struct attestor *attestor, struct setup *setup)
{
	const struct server_config *config = setup->config;

	aws_unref(attestor->aws);
	server_config_unref(attestor->config);
	attestor->config = setup->config;
	attestor->aws = setup->aws;
	free(setup);
	if (config->verification == VERIFICATION_METADATA)
		log_warn("verification = \"metadata\" proves nothing: whoever "
			 "reaches this server may claim to be any task; for "
			 "development only",
		    LOG_NO_FIELD);
	else
		aws_warn_of_environment();
	warn_of_template(&config->agent_path);
	log_configured(config);
}
