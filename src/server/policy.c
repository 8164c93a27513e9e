/* SPDX-License-Identifier: Apache-2.0 */
#include "server/policy.h"

#include "aws/endpoint.h"

void
policy_of(struct judge_policy *policy, const struct server_config *config)
{
	*policy = (struct judge_policy){
		.trust_domain = config->trust_domain,
		.plugin_name = SERVER_PLUGIN_NAME,
		.agent_path = config->agent_path,
		.allowed_accounts = config->allowed_accounts,
		.allowed_clusters = config->allowed_clusters,
		.allowed_regions = config->allowed_regions,
		.cluster = config->cluster,
		.region = config->region,
		.tag_selectors = config->tag_selectors,
		.reattest = config->reattest,
		.allowed_task_roles = config->allowed_task_roles,
		.client_ip_required = config->client_ip == CLIENT_IP_REQUIRED,
		.exec_denied = config->exec_policy == EXEC_POLICY_DENY,
	};
	if (!config->any_partition)
		policy->partition =
		    str_of(endpoint_partitions[config->partition]);
}

void
access_of(struct aws_settings *settings, const struct server_config *config)
{
	*settings = (struct aws_settings){
		.partition = str_of(endpoint_partitions[config->partition]),
		.access_key_id = config->access_key_id,
		.secret_access_key = config->secret_access_key,
		.assume_role = config->assume_role,
		.external_id = config->external_id,
		.sts_region = config->sts_region,
		.sts_endpoint = config->sts_endpoint,
		.ecs_endpoint = config->ecs_endpoint,
		.allow_insecure_endpoints = config->allow_insecure_endpoints,
		.ca_bundle_path = config->ca_bundle_path,
		.ecs_rate = config->ecs_rate,
		.sts_rate = config->sts_rate,
		.tags = config->tag_selectors.count > 0,
	};
}
