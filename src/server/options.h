/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the server plugin's configuration
 *
 * A configuration does not change once it is loaded; an attestation keeps the
 * one it began with.  The count of references belongs to the queue thread.
 */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/check_config.h"
#include "conf/options.h"
#include "conf/problems.h"
#include "task/agent_id.h"

#define SERVER_PLUGIN_NAME "aws_fargate_task"

enum verification {
	VERIFICATION_FULL,
	VERIFICATION_STS,
	VERIFICATION_METADATA,
};

enum shared_agent_id { SHARED_AGENT_ID_REFUSE, SHARED_AGENT_ID_ALLOW };
enum client_ip { CLIENT_IP_OFF, CLIENT_IP_REQUIRED };
enum exec_policy { EXEC_POLICY_ALLOW, EXEC_POLICY_DENY };

/* Named as the keys, whose meaning the table in options.c tells. */
struct server_config {
	struct str trust_domain; /* never empty once loaded */
	struct str_list
	    allowed_accounts; /* empty: no filter; so are the next */
	struct str_list allowed_clusters; /* short names */
	struct str_list allowed_regions;
	struct str_list allowed_task_roles;
	struct str cluster, region;
	struct str agent_path_template;
	struct agent_id_template agent_path; /* the same, understood */
	int verification;                    /* enum verification */
	int shared_agent_id;                 /* enum shared_agent_id */
	bool reattest;
	int client_ip;                 /* enum client_ip */
	int exec_policy;               /* enum exec_policy */
	struct str_list tag_selectors; /* "*" alone: all */
	struct str assume_role, external_id;
	int partition;      /* index into the choices of its row */
	bool any_partition; /* of "metadata", where the key is not set */
	struct str access_key_id, secret_access_key;
	struct str sts_region, sts_endpoint, ecs_endpoint;
	bool allow_insecure_endpoints;
	struct str ca_bundle_path;
	struct str server_id;               /* the trust domain, if not set */
	int64_t timeout, challenge_timeout; /* ms */
	int64_t ecs_rate, sts_rate;         /* calls a second */
	int64_t max_attestations;

	struct arena arena; /* of all its strings */
	unsigned refs;
};

extern const struct option_table server_options;
extern const struct config_kind server_config_kind;

/*
 * Load text, the HCL or JSON of plugin_data; trust_domain is SPIRE's own.  On
 * success *out has one reference; else it is untouched and problems says all
 * that is wrong.  Every problem is added; ERR_CONFIG or ERR_MEMORY.
 */
int server_config_load(struct server_config **out, struct str trust_domain,
    struct str text, struct problems *problems) MUST_USE;

struct server_config *server_config_ref(struct server_config *config);
void server_config_unref(struct server_config *config); /* takes NULL */

/* --check-config on standard output and error; returns the exit status. */
int server_check_config(const char *path);

#endif
