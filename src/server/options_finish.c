/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_finish.c - what settings say together
 *
 * A mode may not be asked to filter or to name by what it does not prove, and
 * a setting that would silently do nothing for safety is refused.
 */
#include "aws/endpoint.h"
#include "server/options_impl.h"

/* Which variables of a template each mode has values for. */
enum {
	VARS_OF_STS = 1U << AGENT_ID_ACCOUNT | 1U << AGENT_ID_PARTITION |
		      1U << AGENT_ID_TASK | 1U << AGENT_ID_ROLE |
		      1U << AGENT_ID_PLUGIN,
	VARS_OF_PROOF_ONLY = 1U << AGENT_ID_ROLE,
};

/* One configuration on its way. */
struct finishing {
	struct server_config *config;
	const struct option_places *places;
	struct problems *problems;
};

static struct hcl_pos
place(const struct finishing *f, const char *name)
{
	return options_place(&server_options, f->places, name);
}

static bool
is_given(const struct finishing *f, const char *name)
{
	return place(f, name).line != 0;
}

static bool
has(const struct str_list *list, struct str value)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (str_eq(list->items[i], value))
			return true;
	return false;
}

/* A shorthand that its list does not have would let nobody in. */
static void
check_shorthand(const struct finishing *f, const char *name, struct str value,
    const char *list_name, const struct str_list *list)
{
	if (value.n > 0 && list->count > 0 && !has(list, value))
		problems_add_at(f->problems, place(f, name),
		    "%s = \"%s\" is not in %s: no task could attest", name,
		    CLEAN(value), list_name);
}

static void
finish_trust_domain(const struct finishing *f, struct str trust_domain)
{
	struct server_config *config = f->config;

	if (config->trust_domain.n == 0)
		config->trust_domain = trust_domain;
	if (trust_domain.n > 0 && !str_eq(config->trust_domain, trust_domain))
		problems_add_at(f->problems, place(f, "trust_domain"),
		    "trust_domain = \"%s\": SPIRE's own is \"%s\"; leave the "
		    "key out",
		    CLEAN(config->trust_domain), CLEAN(trust_domain));
	else if (trust_domain.n > 0 && !is_trust_domain(trust_domain))
		problems_add(f->problems,
		    "SPIRE's trust domain \"%s\" is not a name of a-z, 0-9, "
		    "'.', '_' and '-'",
		    CLEAN(trust_domain));
	if (config->server_id.n == 0)
		config->server_id = config->trust_domain;
}

/* What the mode has no value for. */
static void
check_variables(const struct finishing *f)
{
	const struct server_config *config = f->config;
	unsigned vars = config->agent_path.vars;
	struct hcl_pos pos = place(f, "agent_path_template");

	if (config->verification == VERIFICATION_STS &&
	    (vars & ~(unsigned)VARS_OF_STS) != 0)
		problems_add_at(f->problems, pos,
		    "agent_path_template: \"sts\" proves no more than "
		    "accountID, partition, roleName and taskID");
	if (config->verification == VERIFICATION_METADATA &&
	    (vars & VARS_OF_PROOF_ONLY) != 0)
		problems_add_at(f->problems, pos,
		    "agent_path_template: {{ .roleName }}: a task's role is "
		    "not known in \"metadata\"");
	if (!config->reattest && (vars & 1U << AGENT_ID_TASK) == 0)
		problems_add_at(f->problems, pos,
		    "agent_path_template: without {{ .taskID }} and with an "
		    "agent ID given only once, one task would attest and none "
		    "after it");
}

static void
finish_template(const struct finishing *f)
{
	struct server_config *config = f->config;
	struct err err = { 0 };

	if (config->verification == VERIFICATION_STS) {
		config->reattest = false;
		if (!is_given(f, "agent_path_template"))
			config->agent_path_template =
			    STR(SERVER_AGENT_PATH_STS);
	}
	if (agent_id_template_parse(&config->agent_path,
		config->agent_path_template, SERVER_PLUGIN_NAME,
		&err) != ERR_OK)
		problems_add_at(f->problems, place(f, "agent_path_template"),
		    "agent_path_template: %s", err.msg);
	else
		check_variables(f);
}

static void
not_proven(const struct finishing *f, bool is_set, const char *name,
    const char *mode, const char *what)
{
	if (is_set)
		problems_add_at(f->problems, place(f, name),
		    "%s: verification = \"%s\" does not prove %s", name, mode,
		    what);
}

static void
check_sts(const struct finishing *f)
{
	const struct server_config *config = f->config;
	static const char mode[] = "sts", place_of[] = "where a task runs";

	if (config->allowed_accounts.count == 0)
		problems_add_at(f->problems, place(f, "verification"),
		    "verification = \"sts\" needs allowed_accounts: any "
		    "account of AWS could attest");
	not_proven(f, config->allowed_clusters.count > 0, "allowed_clusters",
	    mode, place_of);
	not_proven(f, config->allowed_regions.count > 0, "allowed_regions",
	    mode, place_of);
	not_proven(f, config->cluster.n > 0, "cluster", mode, place_of);
	not_proven(f, config->region.n > 0, "region", mode, place_of);
	not_proven(f, config->client_ip == CLIENT_IP_REQUIRED, "client_ip",
	    mode, "the address of a task");
	not_proven(f, config->exec_policy == EXEC_POLICY_DENY, "exec_policy",
	    mode, "whether ECS Exec is enabled");
}

static void
check_metadata(const struct finishing *f)
{
	struct server_config *config = f->config;
	static const char mode[] = "metadata";

	not_proven(f, config->allowed_task_roles.count > 0,
	    "allowed_task_roles", mode, "the role of a task");
	not_proven(f, config->client_ip == CLIENT_IP_REQUIRED, "client_ip",
	    mode, "the address of a task");
	not_proven(f, config->exec_policy == EXEC_POLICY_DENY, "exec_policy",
	    mode, "whether ECS Exec is enabled");
	config->any_partition = !is_given(f, "partition");
	if (!is_given(f, "shared_agent_id"))
		config->shared_agent_id = SHARED_AGENT_ID_ALLOW;
	not_proven(f, config->shared_agent_id == SHARED_AGENT_ID_REFUSE,
	    "shared_agent_id", mode,
	    "whether the other task lives; set it to \"allow\", or put "
	    "{{ .taskID }} into agent_path_template");
}

/* Keys, and roles that they assume. */
static void
check_access(const struct finishing *f)
{
	const struct server_config *config = f->config;
	bool has_id = is_given(f, "access_key_id");

	if (has_id != is_given(f, "secret_access_key"))
		problems_add_at(f->problems,
		    place(f, has_id ? "access_key_id" : "secret_access_key"),
		    "access_key_id and secret_access_key: one is set without "
		    "the other");
	if (config->assume_role.n > 0 && config->allowed_accounts.count == 0)
		problems_add_at(f->problems, place(f, "assume_role"),
		    "assume_role needs allowed_accounts: any account with a "
		    "role of that name could attest");
	if (config->external_id.n > 0 && config->assume_role.n == 0)
		problems_add_at(f->problems, place(f, "external_id"),
		    "external_id has no meaning without assume_role");
}

static void
check_endpoint(const struct finishing *f, const char *name, struct str url)
{
	struct endpoint e;
	struct err err = { 0 };

	if (url.n > 0 &&
	    endpoint_of_url(&e, url, f->config->allow_insecure_endpoints,
		&err) != ERR_OK)
		problems_add_at(f->problems, place(f, name), "%s = \"%s\": %s",
		    name, CLEAN(url), err.msg);
}

/* A region that belongs to another partition would let nobody in. */
static void
check_region(const struct finishing *f, const char *name, struct str region)
{
	struct endpoint e;
	struct err err = { 0 };

	if (region.n > 0 &&
	    endpoint_of_region(&e, "sts",
		str_of(endpoint_partitions[f->config->partition]), region, 0,
		&err) != ERR_OK)
		problems_add_at(f->problems, place(f, name), "%s = \"%s\": %s",
		    name, CLEAN(region), err.msg);
}

static void
check_places(const struct finishing *f)
{
	const struct server_config *config = f->config;
	size_t i;

	check_endpoint(f, "sts_endpoint", config->sts_endpoint);
	check_endpoint(f, "ecs_endpoint", config->ecs_endpoint);
	check_region(f, "sts_region", config->sts_region);
	if (config->verification != VERIFICATION_FULL)
		return;
	check_region(f, "region", config->region);
	for (i = 0; i < config->allowed_regions.count; i++)
		check_region(
		    f, "allowed_regions", config->allowed_regions.items[i]);
}

void
server_config_finish(void *conf, struct arena *a,
    const struct option_places *places, struct str trust_domain,
    struct problems *problems)
{
	const struct finishing f = { conf, places, problems };
	struct server_config *config = conf;
	struct str copy = arena_dup(a, trust_domain);

	if (copy.p == NULL) {
		problems_add(problems, "%s", err_text(ERR_MEMORY));
		return;
	}
	finish_trust_domain(&f, copy);
	finish_template(&f);
	check_shorthand(&f, "cluster", config->cluster, "allowed_clusters",
	    &config->allowed_clusters);
	check_shorthand(&f, "region", config->region, "allowed_regions",
	    &config->allowed_regions);
	if (config->tag_selectors.count > 1 &&
	    has(&config->tag_selectors, STR("*")))
		problems_add_at(problems, place(&f, "tag_selectors"),
		    "tag_selectors: \"*\" means all tags and stands alone");
	if (config->verification == VERIFICATION_STS)
		check_sts(&f);
	if (config->verification == VERIFICATION_METADATA)
		check_metadata(&f);
	check_access(&f);
	check_places(&f);
}
