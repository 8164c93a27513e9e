/* SPDX-License-Identifier: Apache-2.0 */
#include "server/options.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "aws/endpoint.h"
#include "server/options_impl.h"
#include "task/arn.h"
#include "task/role.h"

enum {
	TAG_KEY_MAX = 128,
	SERVER_ID_MAX = 255,
	TASK_ROLE_MAX = 77, /* ACCOUNT/ROLE */
	EXTERNAL_ID_MIN = 2,
	EXTERNAL_ID_MAX = 1224,
};

static const char *const verifications[] = { "full", "sts", "metadata", NULL };
static const char *const sharings[] = { "refuse", "allow", NULL };
static const char *const client_ips[] = { "off", "required", NULL };
static const char *const exec_policies[] = { "allow", "deny", NULL };

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
check_task_role(struct str *value, const struct option *opt, struct err *err)
{
	struct str role, account = str_cut(&role, *value, '/');

	(void)opt;
	if (role.p == NULL ? is_role_name(account)
			   : is_account(account) && is_role_name(role))
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
	    "expected ROLE or ACCOUNT/ROLE, the name without its path");
}

static int
check_assume_role(struct str *value, const struct option *opt, struct err *err)
{
	(void)opt;
	if (is_role_name(*value))
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
	    "expected the name of a role, without ARN and path: it is assumed "
	    "in the account of each task");
}

/* The grammar of STS's ExternalId. */
static int
check_external_id(struct str *value, const struct option *opt, struct err *err)
{
	(void)opt;
	if (value->n >= EXTERNAL_ID_MIN &&
	    str_is_alnum_or(*value, "_+=,.@:/-"))
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
	    "expected %d to %d letters, digits and _ + = , . @ : / -",
	    EXTERNAL_ID_MIN, EXTERNAL_ID_MAX);
}

/* No key of AWS has a blank, and one that was copied with it only fails. */
static int
check_key(struct str *value, const struct option *opt, struct err *err)
{
	size_t i;

	(void)opt;
	for (i = 0; i < value->n; i++)
		if (value->p[i] <= ' ' || value->p[i] >= 0x7f)
			return err_set(err, ERR_CONFIG,
			    "expected printable ASCII without blanks");
	return ERR_OK;
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
	    .check = check_task_role,
	    .max = TASK_ROLE_MAX,
	    .doc = "task roles whose tasks may attest; none: all" },
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
	    .preset = SERVER_AGENT_PATH,
	    .empty_is_unset = true,
	    .doc = "the path of an agent's SPIFFE ID" },
	{ .name = "verification",
	    .type = OPTION_CHOICE,
	    AT(verification),
	    .preset = "full",
	    .choices = verifications,
	    .doc = "how a task proves what it is" },
	{ .name = "shared_agent_id",
	    .type = OPTION_CHOICE,
	    AT(shared_agent_id),
	    .preset = "refuse",
	    .choices = sharings,
	    .doc = "whether two live tasks may have one agent ID" },
	{ .name = "reattest",
	    .type = OPTION_BOOL,
	    AT(reattest),
	    .preset = "true",
	    .doc = "whether a known agent may attest again" },
	{ .name = "client_ip",
	    .type = OPTION_CHOICE,
	    AT(client_ip),
	    .preset = "off",
	    .choices = client_ips,
	    .doc = "whether the caller's address must be the task's" },
	{ .name = "exec_policy",
	    .type = OPTION_CHOICE,
	    AT(exec_policy),
	    .preset = "allow",
	    .choices = exec_policies,
	    .doc = "whether tasks with ECS Exec may attest" },
	{ .name = "tag_selectors",
	    .type = OPTION_LIST,
	    AT(tag_selectors),
	    .preset = "*",
	    .max = TAG_KEY_MAX,
	    .doc = "keys of the tags that become selectors; \"*\": all" },
	{ .name = "assume_role",
	    .type = OPTION_STRING,
	    AT(assume_role),
	    .check = check_assume_role,
	    .doc = "role to assume in the task's account" },
	{ .name = "external_id",
	    .type = OPTION_STRING,
	    AT(external_id),
	    .check = check_external_id,
	    .max = EXTERNAL_ID_MAX,
	    .doc = "external ID for assume_role" },
	{ .name = "partition",
	    .type = OPTION_CHOICE,
	    AT(partition),
	    .preset = "aws",
	    .choices = endpoint_partitions,
	    .doc = "the AWS partition of the tasks" },
	{ .name = "access_key_id",
	    .type = OPTION_STRING,
	    AT(access_key_id),
	    .check = check_key,
	    .doc = "access key for AWS",
	    .secret = true },
	{ .name = "secret_access_key",
	    .type = OPTION_STRING,
	    AT(secret_access_key),
	    .check = check_key,
	    .doc = "its secret",
	    .secret = true },
	{ .name = "sts_region",
	    .type = OPTION_STRING,
	    AT(sts_region),
	    .check = check_region,
	    .doc = "the region whose STS is asked" },
	{ .name = "sts_endpoint",
	    .type = OPTION_STRING,
	    AT(sts_endpoint),
	    .doc = "URL of STS" },
	{ .name = "ecs_endpoint",
	    .type = OPTION_STRING,
	    AT(ecs_endpoint),
	    .doc = "URL of ECS" },
	{ .name = "allow_insecure_endpoints",
	    .type = OPTION_BOOL,
	    AT(allow_insecure_endpoints),
	    .preset = "false",
	    .doc = "whether an endpoint may be http:// off this host" },
	{ .name = "ca_bundle_path",
	    .type = OPTION_STRING,
	    AT(ca_bundle_path),
	    .doc = "certificates of the authorities that vouch for AWS" },
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

const struct config_kind server_config_kind = {
	.plugin_name = SERVER_PLUGIN_NAME,
	.side = "server",
	.table = &server_options,
	.size = sizeof(struct server_config),
	.finish = server_config_finish,
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
