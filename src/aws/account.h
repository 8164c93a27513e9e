/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.h - the keys of exactly one account
 *
 * Keys that serve one account are never used for another.  With a role to
 * assume, each account has keys of its own, from the role of that account;
 * without, our own keys serve the account that STS says they belong to, and no
 * other.  For the files of this room; everything belongs to the queue thread.
 */
#ifndef AWS_ACCOUNT_H
#define AWS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/credentials.h"
#include "aws/sts.h"
#include "base/list.h"

struct account;
struct aws;

/* Where STS is for this account's calls; copied. */
struct account_settings {
	struct aws *aws; /* kept alive by what is under way */
	const struct aws_caller *caller;
	struct credentials *base; /* our own; outlives the account */
	struct str id, partition;
	struct str role, external_id; /* a name; empty: none to assume */
	const struct endpoint *sts;
	struct str sts_region;
};

int account_new(struct account **accountp,
    const struct account_settings *settings, struct err *err) MUST_USE;

/* What is under way is given up: the answers still come. */
void account_stop(struct account *account);

/* Nobody waits and nothing is under way.  NULL is fine. */
void account_free(struct account *account);

/* It lives in its owner, which may not go while it waits. */
struct keys_wait {
	struct list link;
	/* keys are borrowed; ERR_NOT_NOW: there are none for this account */
	void (*fn)(struct keys_wait *wait, int r, struct aws_keys *keys,
	    const struct err *err);
};

/* Borrowed keys for now; NULL: account_wait() for them. */
struct aws_keys *account_now(struct account *account);
int account_wait(
    struct account *account, struct keys_wait *wait, struct err *err) MUST_USE;

/* Give up: fn is not called any more. */
void account_leave(struct keys_wait *wait);

#endif
