/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cred_source.h - one source of keys, as the files of this room see it
 *
 * The chain is a source whose base is the source that was found; a role's base
 * is the source that signs for it.
 */
#ifndef AWS_CRED_SOURCE_H
#define AWS_CRED_SOURCE_H

#include <stdbool.h>

#include "aws/container.h"
#include "aws/credentials.h"
#include "aws/imds.h"
#include "aws/sts.h"
#include "base/arena.h"
#include "base/list.h"

#define CRED_SESSION_NAME "spire-aws-fargate"

enum {
	CRED_ARENA_MAX = 64 * 1024,
	WEB_TOKEN_MAX = 20000, /* STS's limit */
	WEB_TOKEN_ARENA = 2 * WEB_TOKEN_MAX,
};

enum cred_kind {
	CRED_CHAIN,
	CRED_STATIC,
	CRED_WEB,
	CRED_ROLE,
	CRED_CONTAINER,
	CRED_IMDS,
};

struct credentials {
	enum cred_kind kind;
	struct aws_caller caller;
	struct arena arena;    /* of its strings */
	struct aws_keys *keys; /* the latest; a reference */
	struct list waits;
	bool fetching, freed;
	int64_t rest_until_ms; /* no early fetch before; none after a failure */
	struct err failure;    /* of the last one, if it failed */

	/* what is under way while fetching */
	enum {
		CRED_STAGE_STS,
		CRED_STAGE_BASE,
		CRED_STAGE_CONTAINER,
		CRED_STAGE_IMDS,
	} stage;
	union {
		struct sts_assume *sts;
		struct credentials_wait *base;
		struct container_fetch *container;
		struct imds_fetch *imds;
	} under_way;

	struct credentials *base; /* CRED_CHAIN, CRED_ROLE */
	bool owns_base;
	struct credentials_settings settings; /* CRED_CHAIN */
	struct container_source container;    /* CRED_CONTAINER */

	/* CRED_ROLE, CRED_WEB */
	struct endpoint sts;
	struct str role_arn, external_id, session_name, region, token_file;
	unsigned duration_s;
};

int cred_new(struct credentials **credp, const struct aws_caller *caller,
    enum cred_kind kind, struct err *err) MUST_USE;

/* cred_find.c: the first source that exists. */
int cred_find(struct credentials **found, const struct credentials *chain,
    struct err *err) MUST_USE;

/* Of a bounded file, into the arena, without white space around. */
int web_token_read(struct str *token, struct arena *a, struct str path,
    struct err *err) MUST_USE;

#endif
