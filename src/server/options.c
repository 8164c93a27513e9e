/* SPDX-License-Identifier: Apache-2.0 */
#include "server/options.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "task/arn.h"

enum { TAG_KEY_MAX = 128, SERVER_ID_MAX = 255 };

#define PROOF "this version verifies by metadata only: "

static const char *const verifications[] = { "full", "sts", "metadata", NULL };
static const char *const sharings[] = { "refuse", "allow", NULL };
static const char *const client_ips[] = { "off", "required", NULL };
static const char *const exec_policies[] = { "allow", "deny", NULL };
static const char *const partitions[] = { "aws", "aws-cn", "aws-us-gov",
	"aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", NULL };

static int
check_trust_domain(struct str *value, const struct option *opt, struct err *err)
{
	(void)opt;
	if (is_trust_domain(*value))
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
	    "expected a trust domain's name, such as \"example.org\"");
}

static int
check_account(struct str *value, const struct option *opt, struct err *err)
{
	(void)opt;
	if (is_account(*value))
		return ERR_OK;
	return err_set(err, ERR_CONFIG, "expected the 12 digits of an account");
}

static int
check_cluster(struct str *value, const struct option *opt, struct err *err)
{
	struct str name;

	(void)opt;
	if (cluster_name_parse(&name, *value, NULL) != ERR_OK)
		return err_set(err, ERR_CONFIG,
		    "expected the name or the ARN of an ECS cluster");
	*value = name;
	return ERR_OK;
}

static int
check_region(struct str *value, const struct option *opt, struct err *err)
{
	(void)opt;
	if (is_region(*value))
		return ERR_OK;
	return err_set(
	    err, ERR_CONFIG, "expected an AWS region, such as \"us-east-1\"");
}

static int
check_server_id(struct str *value, const struct option *opt, struct err *err)
{
	(void)opt;
	if (str_is_alnum_or(*value, "._:/-"))
		return ERR_OK;
	return err_set(
	    err, ERR_CONFIG, "expected letters, digits and . _ : / - only");
}

#define AT(member) .offset = offsetof(struct server_config, member)

static const struct option rows[] = {
	{ .name = "trust_domain",
	    .type = OPTION_STRING,
	    AT(trust_domain),
	    .check = check_trust_domain,
	    .doc = "SPIRE's trust domain, which it must equal" },
	{ .name = "allowed_accounts",
	    .type = OPTION_LIST,
	    AT(allowed_accounts),
	    .check = check_account,
	    .doc = "AWS accounts whose tasks may attest; none: all" },
	{ .name = "allowed_clusters",
	    .type = OPTION_LIST,
	    AT(allowed_clusters),
	    .check = check_cluster,
	    .doc = "ECS clusters whose tasks may attest; none: all" },
	{ .name = "allowed_regions",
	    .type = OPTION_LIST,
	    AT(allowed_regions),
	    .check = check_region,
	    .doc = "AWS regions whose tasks may attest; none: all" },
	{ .name = "allowed_task_roles",
	    .type = OPTION_LIST,
	    AT(allowed_task_roles),
	    .doc = "task roles whose tasks may attest; none: all",
	    .later = PROOF "a task's role is known only to the proof by STS, "
			   "which comes later; leave the key out" },
	{ .name = "cluster",
	    .type = OPTION_STRING,
	    AT(cluster),
	    .check = check_cluster,
	    .doc = "the only ECS cluster whose tasks may attest" },
	{ .name = "region",
	    .type = OPTION_STRING,
	    AT(region),
	    .check = check_region,
	    .doc = "the only AWS region whose tasks may attest" },
	{ .name = "agent_path_template",
	    .type = OPTION_STRING,
	    AT(agent_path_template),
	    .preset = "/aws_fargate_task/{{ .accountID }}/{{ .cluster }}",
	    .empty_is_unset = true,
	    .doc = "the path of an agent's SPIFFE ID" },
	{ .name = "verification",
	    .type = OPTION_CHOICE,
	    AT(verification),
	    .preset = "metadata",
	    .choices = verifications,
	    .doc = "how a task proves what it is",
	    .later = PROOF "proof by STS and ECS comes later; \"metadata\" "
			   "proves nothing and is for development" },
	{ .name = "shared_agent_id",
	    .type = OPTION_CHOICE,
	    AT(shared_agent_id),
	    .preset = "allow",
	    .choices = sharings,
	    .doc = "whether two live tasks may have one agent ID",
	    .later =
		PROOF "whether a task is alive is not known, and \"refuse\" "
		      "comes with the proof by ECS; put {{ .taskID }} into "
		      "agent_path_template instead" },
	{ .name = "reattest",
	    .type = OPTION_BOOL,
	    AT(reattest),
	    .preset = "true",
	    .doc = "whether a known agent may attest again",
	    .later =
		PROOF "trust on first use comes later; leave the key out" },
	{ .name = "client_ip",
	    .type = OPTION_CHOICE,
	    AT(client_ip),
	    .preset = "off",
	    .choices = client_ips,
	    .doc = "whether the caller's address must be the task's",
	    .later = PROOF "a task's address is known only to the proof by "
			   "ECS, which comes later; leave the key out" },
	{ .name = "exec_policy",
	    .type = OPTION_CHOICE,
	    AT(exec_policy),
	    .preset = "allow",
	    .choices = exec_policies,
	    .doc = "whether tasks with ECS Exec may attest",
	    .later =
		PROOF "whether ECS Exec is enabled is known only to the "
		      "proof by ECS, which comes later; leave the key out" },
	{ .name = "tag_selectors",
	    .type = OPTION_LIST,
	    AT(tag_selectors),
	    .preset = "*",
	    .max = TAG_KEY_MAX,
	    .doc = "keys of the tags that become selectors; \"*\": all" },
	{ .name = "assume_role",
	    .type = OPTION_STRING,
	    AT(assume_role),
	    .max = 64,
	    .doc = "role to assume in the task's account",
	    .later = PROOF "nothing is asked of AWS; leave the key out" },
	{ .name = "external_id",
	    .type = OPTION_STRING,
	    AT(external_id),
	    .doc = "external ID for assume_role",
	    .later = PROOF "nothing is asked of AWS; leave the key out" },
	{ .name = "partition",
	    .type = OPTION_CHOICE,
	    AT(partition),
	    .preset = "aws",
	    .choices = partitions,
	    .doc = "the AWS partition of the tasks",
	    .later = PROOF "no endpoint of AWS is asked, and tasks of every "
			   "partition may attest; leave the key out" },
	{ .name = "access_key_id",
	    .type = OPTION_STRING,
	    AT(access_key_id),
	    .doc = "access key for AWS",
	    .secret = true,
	    .later = PROOF "nothing is asked of AWS; leave the key out" },
	{ .name = "secret_access_key",
	    .type = OPTION_STRING,
	    AT(secret_access_key),
	    .doc = "its secret",
	    .secret = true,
	    .later = PROOF "nothing is asked of AWS; leave the key out" },
	{ .name = "sts_region",
	    .type = OPTION_STRING,
	    AT(sts_region),
	    .check = check_region,
	    .doc = "the region whose STS is asked",
	    .later = PROOF "nothing is asked of STS; leave the key out" },
	{ .name = "sts_endpoint",
	    .type = OPTION_STRING,
	    AT(sts_endpoint),
	    .doc = "URL of STS",
	    .later = PROOF "nothing is asked of STS; leave the key out" },
	{ .name = "ecs_endpoint",
	    .type = OPTION_STRING,
	    AT(ecs_endpoint),
	    .doc = "URL of ECS",
	    .later = PROOF "nothing is asked of ECS; leave the key out" },
	{ .name = "allow_insecure_endpoints",
	    .type = OPTION_BOOL,
	    AT(allow_insecure_endpoints),
	    .preset = "false",
	    .doc = "whether an endpoint may be http:// off this host",
	    .later = PROOF "nothing is asked of AWS; leave the key out" },
	{ .name = "ca_bundle_path",
	    .type = OPTION_STRING,
	    AT(ca_bundle_path),
	    .doc = "certificates of the authorities that vouch for AWS",
	    .later = PROOF "nothing is asked of AWS; leave the key out" },
	{ .name = "server_id",
	    .type = OPTION_STRING,
	    AT(server_id),
	    .check = check_server_id,
	    .max = SERVER_ID_MAX,
	    .doc = "tells deployments of one trust domain apart" },
	{ .name = "timeout",
	    .type = OPTION_DURATION,
	    AT(timeout),
	    .preset = "20s",
	    .min = 100,
	    .max = 600000,
	    .doc = "for what one attestation asks of AWS" },
	{ .name = "challenge_timeout",
	    .type = OPTION_DURATION,
	    AT(challenge_timeout),
	    .preset = "30s",
	    .min = 100,
	    .max = 600000,
	    .doc = "for an agent to answer the challenge" },
	{ .name = "ecs_rate",
	    .type = OPTION_INT,
	    AT(ecs_rate),
	    .preset = "10",
	    .min = 1,
	    .max = 10000,
	    .doc = "calls a second to ECS, per account and region" },
	{ .name = "sts_rate",
	    .type = OPTION_INT,
	    AT(sts_rate),
	    .preset = "300",
	    .min = 1,
	    .max = 100000,
	    .doc = "calls a second to STS, per account and region" },
	{ .name = "max_attestations",
	    .type = OPTION_INT,
	    AT(max_attestations),
	    .preset = "1024",
	    .min = 1,
	    .max = 100000,
	    .doc = "attestations in flight" },
};

const struct option_table server_options = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};

static bool
has(const struct str_list *list, struct str value)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (str_eq(list->items[i], value))
			return true;
	return false;
}

static struct hcl_pos
place(const struct option_places *places, const char *name)
{
	return options_place(&server_options, places, name);
}

/* A shorthand that its list does not have would let nobody in. */
static void
check_shorthand(const char *name, struct str value, const char *list_name,
    const struct str_list *list, const struct option_places *places,
    struct problems *problems)
{
	if (value.n > 0 && list->count > 0 && !has(list, value))
		problems_add_at(problems, place(places, name),
		    "%s = \"%s\" is not in %s: no task could attest", name,
		    CLEAN(value), list_name);
}

static void
finish_trust_domain(struct server_config *config,
    const struct option_places *places, struct str trust_domain,
    struct problems *problems)
{
	if (config->trust_domain.n == 0)
		config->trust_domain = trust_domain;
	if (trust_domain.n > 0 && !str_eq(config->trust_domain, trust_domain))
		problems_add_at(problems, place(places, "trust_domain"),
		    "trust_domain = \"%s\": SPIRE's own is \"%s\"; leave the "
		    "key out",
		    CLEAN(config->trust_domain), CLEAN(trust_domain));
	else if (trust_domain.n > 0 && !is_trust_domain(trust_domain))
		problems_add(problems,
		    "SPIRE's trust domain \"%s\" is not a name of a-z, 0-9, "
		    "'.', '_' and '-'",
		    CLEAN(trust_domain));
	if (config->server_id.n == 0)
		config->server_id = config->trust_domain;
}

static void
finish_template(struct server_config *config,
    const struct option_places *places, struct problems *problems)
{
	struct hcl_pos pos = place(places, "agent_path_template");
	struct err err = { 0 };

	if (agent_id_template_parse(&config->agent_path,
		config->agent_path_template, SERVER_PLUGIN_NAME,
		&err) != ERR_OK)
		problems_add_at(
		    problems, pos, "agent_path_template: %s", err.msg);
	else if ((config->agent_path.vars & 1U << AGENT_ID_ROLE) != 0)
		problems_add_at(problems, pos,
		    "agent_path_template: {{ .roleName }}: " PROOF
		    "a task's role is known only to the proof by STS, which "
		    "comes later");
}

static void
finish(void *conf, struct arena *a, const struct option_places *places,
    struct str trust_domain, struct problems *problems)
{
	struct server_config *config = conf;
	struct str copy = arena_dup(a, trust_domain);

	if (copy.p == NULL) {
		problems_add(problems, "%s", err_text(ERR_MEMORY));
		return;
	}
	finish_trust_domain(config, places, copy, problems);
	finish_template(config, places, problems);
	check_shorthand("cluster", config->cluster, "allowed_clusters",
	    &config->allowed_clusters, places, problems);
	check_shorthand("region", config->region, "allowed_regions",
	    &config->allowed_regions, places, problems);
	if (config->tag_selectors.count > 1 &&
	    has(&config->tag_selectors, STR("*")))
		problems_add_at(problems, place(places, "tag_selectors"),
		    "tag_selectors: \"*\" means all tags and stands alone");
}

const struct config_kind server_config_kind = {
	.plugin_name = SERVER_PLUGIN_NAME,
	.side = "server",
	.table = &server_options,
	.size = sizeof(struct server_config),
	.finish = finish,
};

int
server_config_load(struct server_config **out, struct str trust_domain,
    struct str text, struct problems *problems)
{
	struct server_config *config = calloc(1, sizeof(*config));
	size_t before = problems->count;

	if (config == NULL) {
		problems_add(problems, "%s", err_text(ERR_MEMORY));
		return ERR_MEMORY;
	}
	config->refs = 1;
	arena_init(&config->arena, OPTIONS_ARENA_MAX);
	config_read(config, &server_config_kind, &config->arena, trust_domain,
	    text, problems);
	if (problems->count == before && config->trust_domain.n == 0)
		problems_add(problems, "SPIRE names no trust domain, and "
				       "trust_domain is not set");
	if (problems->count > before) {
		server_config_unref(config);
		return ERR_CONFIG;
	}
	*out = config;
	return ERR_OK;
}

struct server_config *
server_config_ref(struct server_config *config)
{
	assert(config->refs > 0);
	config->refs++;
	return config;
}

void
server_config_unref(struct server_config *config)
{
	if (config == NULL || --config->refs > 0)
		return;
	arena_release(&config->arena);
	free(config);
}

int
server_check_config(const char *path)
{
	return check_config(&server_config_kind, path, stdout, stderr);
}
