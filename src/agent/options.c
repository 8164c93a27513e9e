/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/options.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "aws/endpoint.h"
#include "task/arn.h"

enum { ENDPOINT_MAX = 1024, PORT_MAX = 65535, SERVER_ID_MAX = 255 };

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

/* HOST or HOST:PORT, HOST being a name, an IPv4 address or [IPv6]. */
static bool
is_host_port(struct str s)
{
	struct str host, port;
	uint64_t number;
	bool has_port;

	if (s.n > 0 && s.p[0] == '[') {
		host = str_cut(&port, str_sub(s, 1, s.n), ']');
		if (port.p == NULL || !str_is_alnum_or(host, ":."))
			return false;
		has_port = port.n > 0;
		if (has_port && port.p[0] != ':')
			return false;
		port = str_sub(port, 1, port.n);
	} else {
		host = str_cut(&port, s, ':');
		has_port = port.p != NULL;
		if (!str_is_alnum_or(host, ".-_"))
			return false;
	}
	return !has_port ||
	       (str_to_u64(&number, port) && number > 0 && number <= PORT_MAX);
}

/*
 * A query or fragment would swallow what the plugin puts behind a URL, and
 * userinfo would hand a secret to whoever reads the log.
 */
static int
check_url(struct str *value, const struct option *opt, struct err *err)
{
	struct str url = *value, path, host;
	size_t i;

	(void)opt;
	if (str_starts(url, "http://"))
		url = str_sub(url, sizeof("http://") - 1, url.n);
	else if (str_starts(url, "https://"))
		url = str_sub(url, sizeof("https://") - 1, url.n);
	else
		return err_set(
		    err, ERR_CONFIG, "expected an http:// or https:// URL");
	for (i = 0; i < url.n; i++)
		if (url.p[i] <= ' ' || url.p[i] >= 0x7f || url.p[i] == '@' ||
		    url.p[i] == '?' || url.p[i] == '#' || url.p[i] == '\\')
			return err_set(err, ERR_CONFIG,
			    "expected a URL without user name, query, "
			    "fragment, blanks and backslashes");
	host = str_cut(&path, url, '/');
	if (!is_host_port(host))
		return err_set(err, ERR_CONFIG,
		    "expected a URL with a host, and a port of 1 to 65535 if "
		    "any");
	return ERR_OK;
}

/* The plugin asks URL/task. */
static int
check_endpoint(struct str *value, const struct option *opt, struct err *err)
{
	int r = check_url(value, opt, err);

	while (r == ERR_OK && value->p[value->n - 1] == '/')
		value->n--;
	return r;
}

/* It is compared and signed, never asked: http is no risk. */
static int
check_sts(struct str *value, const struct option *opt, struct err *err)
{
	struct endpoint e;

	(void)opt;
	if (endpoint_of_url(&e, *value, true, NULL) == ERR_OK)
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
	    "expected a URL of host, and port if any, alone, such as "
	    "\"https://sts.us-east-1.amazonaws.com\"");
}

#define AT(member) .offset = offsetof(struct agent_config, member)

static const struct option rows[] = {
	{ .name = "metadata_endpoint",
	    .type = OPTION_STRING,
	    AT(metadata_endpoint),
	    .check = check_endpoint,
	    .max = ENDPOINT_MAX,
	    .empty_is_unset = true,
	    .doc = "URL of the ECS task metadata endpoint, version 4" },
	{ .name = "timeout",
	    .type = OPTION_DURATION,
	    AT(timeout),
	    .preset = "30s",
	    .min = 1,
	    .max = 600000,
	    .empty_is_unset = true,
	    .doc = "for all work on the metadata of one attestation, and as "
		   "much again for the credentials" },
	{ .name = "cluster",
	    .type = OPTION_STRING,
	    AT(cluster),
	    .check = check_cluster,
	    .doc = "the ECS cluster that the task must be in" },
	{ .name = "region",
	    .type = OPTION_STRING,
	    AT(region),
	    .check = check_region,
	    .doc = "the AWS region that the task must be in" },
	{ .name = "credentials_endpoint",
	    .type = OPTION_STRING,
	    AT(credentials_endpoint),
	    .check = check_url,
	    .max = ENDPOINT_MAX,
	    .doc = "URL of the task's credentials" },
	{ .name = "sts_endpoint",
	    .type = OPTION_STRING,
	    AT(sts_endpoint),
	    .check = check_sts,
	    .max = ENDPOINT_MAX,
	    .doc = "URL of the STS that the server may name" },
	{ .name = "sts_region",
	    .type = OPTION_STRING,
	    AT(sts_region),
	    .check = check_region,
	    .doc = "the region whose STS the server may name" },
	{ .name = "server_id",
	    .type = OPTION_STRING,
	    AT(server_id),
	    .check = check_server_id,
	    .max = SERVER_ID_MAX,
	    .doc = "the server_id of the server plugin" },
};

const struct option_table agent_options = {
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};

static void
finish(void *conf, struct arena *a, const struct option_places *places,
    struct str trust_domain, struct problems *problems)
{
	struct agent_config *config = conf;

	(void)places;
	config->trust_domain = arena_dup(a, trust_domain);
	if (config->trust_domain.p == NULL)
		problems_add(problems, "%s", err_text(ERR_MEMORY));
	if (config->server_id.n == 0)
		config->server_id = config->trust_domain;
}

const struct config_kind agent_config_kind = {
	.plugin_name = AGENT_PLUGIN_NAME,
	.side = "agent",
	.table = &agent_options,
	.size = sizeof(struct agent_config),
	.finish = finish,
};

int
agent_config_load(struct agent_config **out, struct str trust_domain,
    struct str text, struct problems *problems)
{
	struct agent_config *config = calloc(1, sizeof(*config));
	size_t before = problems->count;

	if (config == NULL) {
		problems_add(problems, "%s", err_text(ERR_MEMORY));
		return ERR_MEMORY;
	}
	config->refs = 1;
	arena_init(&config->arena, OPTIONS_ARENA_MAX);
	config_read(config, &agent_config_kind, &config->arena, trust_domain,
	    text, problems);
	if (problems->count == before && config->trust_domain.n == 0)
		problems_add(problems, "SPIRE names no trust domain");
	if (problems->count > before) {
		agent_config_unref(config);
		return ERR_CONFIG;
	}
	*out = config;
	return ERR_OK;
}

struct agent_config *
agent_config_ref(struct agent_config *config)
{
	assert(config->refs > 0);
	config->refs++;
	return config;
}

void
agent_config_unref(struct agent_config *config)
{
	if (config == NULL || --config->refs > 0)
		return;
	arena_release(&config->arena);
	free(config);
}

int
agent_check_config(const char *path)
{
	return check_config(&agent_config_kind, path, stdout, stderr);
}
