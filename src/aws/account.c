/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/account.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/aws.h"
#include "base/clock.h"

enum {
	ARN_SIZE = 256,
	FETCH_MS = 20 * 1000, /* for keys, whoever waits for them */
	ID_SIZE = 13,
};

struct account {
	struct aws *aws;
	const struct aws_caller *caller;
	struct credentials *base, *own; /* own: of the assumed role */
	char id[ID_SIZE];
	struct endpoint sts;
	char sts_region[64];

	struct list waiting;
	struct credentials_wait *fetch; /* keys are being fetched */
	struct sts_identify *whoami;    /* whose they are is being asked */
	struct aws_keys *asked;         /* those; a reference */
	struct aws_keys *verified;      /* of this account; a reference */
	struct aws_keys *foreign;       /* of another one; a reference */
};

static void
answer_all(struct account *account, int r, struct aws_keys *keys,
    const struct err *err)
{
	struct list waiting, *item;

	list_init(&waiting);
	while ((item = list_first(&account->waiting)) != NULL) {
		list_remove(item);
		list_append(&waiting, item);
	}
	while ((item = list_first(&waiting)) != NULL) {
		struct keys_wait *wait =
		    container_of(item, struct keys_wait, link);

		list_remove(item);
		wait->fn(wait, r, keys, err);
	}
}

static int
say_foreign(const struct account *account, struct err *err)
{
	return err_set(err, ERR_NOT_NOW,
	    "no credentials for account %s: the server's own belong to "
	    "another; set assume_role to the name of a role in that account",
	    account->id);
}

static void
settle(struct account *account, const struct sts_identity *identity)
{
	struct err err = { 0 };
	struct aws_keys *keys = account->asked;

	account->asked = NULL;
	if (str_is(identity->account, account->id)) {
		aws_keys_unref(account->verified);
		account->verified = keys;
		answer_all(account, ERR_OK, keys, NULL);
		return;
	}
	aws_keys_unref(account->foreign);
	account->foreign = keys;
	answer_all(account, say_foreign(account, &err), NULL, &err);
}

static void
on_identity(void *arg, int r, const struct sts_identity *identity,
    const struct err *err)
{
	struct account *account = arg;
	struct err why = { 0 };

	account->whoami = NULL;
	if (r == ERR_OK) {
		settle(account, identity);
	} else {
		aws_keys_unref(account->asked);
		account->asked = NULL;
		if (r == ERR_POLICY)
			(void)err_set(&why, ERR_NOT_NOW,
			    "the server's own credentials are refused: %s",
			    err->msg);
		else
			why = *err;
		answer_all(account, why.code, NULL, &why);
	}
	aws_unref(account->aws);
}

/* Whose keys are these? */
static int
ask_whose(struct account *account, struct aws_keys *keys, struct err *err)
{
	int r = sts_whoami_start(&account->whoami, account->caller, keys,
	    &account->sts, str_of(account->sts_region), clock_ms() + FETCH_MS,
	    on_identity, account, err);

	if (r == ERR_OK) {
		account->asked = aws_keys_ref(keys);
		(void)aws_ref(account->aws);
	}
	return r;
}

/* What is wrong with our settings is not the agent's fault. */
static int
blame_settings(int r)
{
	return r == ERR_POLICY || r == ERR_CONFIG || r == ERR_MISSING
		   ? ERR_NOT_NOW
		   : r;
}

/* Keys have come: are they of this account? */
static void
take_keys(struct account *account, struct aws_keys *keys)
{
	struct err err = { 0 };
	int r = ERR_OK;

	if (account->own != NULL || keys == account->verified) {
		answer_all(account, ERR_OK, keys, NULL);
		return;
	}
	if (keys == account->foreign)
		r = say_foreign(account, &err);
	else
		r = ask_whose(account, keys, &err);
	if (r != ERR_OK)
		answer_all(account, r, NULL, &err);
}

static void
on_keys(void *arg, int r, struct aws_keys *keys, const struct err *err)
{
	struct account *account = arg;
	struct err why = { 0 };

	account->fetch = NULL;
	if (r == ERR_OK) {
		take_keys(account, keys);
	} else {
		why = *err;
		why.code = blame_settings(r);
		answer_all(account, why.code, NULL, &why);
	}
	aws_unref(account->aws);
}

static struct credentials *
source(struct account *account)
{
	return account->own != NULL ? account->own : account->base;
}

struct aws_keys *
account_now(struct account *account)
{
	struct aws_keys *keys = credentials_now(source(account));

	if (keys == NULL || account->own != NULL)
		return keys;
	return keys == account->verified ? keys : NULL;
}

int
account_wait(struct account *account, struct keys_wait *wait, struct err *err)
{
	int r;

	if (account->fetch == NULL && account->whoami == NULL) {
		r = credentials_get(&account->fetch, source(account),
		    clock_ms() + FETCH_MS, on_keys, account, err);
		if (r != ERR_OK && err != NULL)
			err->code = blame_settings(r);
		if (r != ERR_OK)
			return blame_settings(r);
		(void)aws_ref(account->aws);
	}
	list_append(&account->waiting, &wait->link);
	return ERR_OK;
}

void
account_leave(struct keys_wait *wait)
{
	list_remove(&wait->link);
}

static int
assume(struct account *account, const struct account_settings *settings,
    struct err *err)
{
	char arn[ARN_SIZE];

	(void)snprintf(arn, sizeof(arn), "arn:%.*s:iam::%s:role/%.*s",
	    STR_FMT(settings->partition), account->id, STR_FMT(settings->role));
	return credentials_new_role(&account->own, account->caller,
	    account->base, str_of(arn), settings->external_id,
	    str_of(account->sts_region), &account->sts, err);
}

int
account_new(struct account **accountp, const struct account_settings *settings,
    struct err *err)
{
	struct account *account = calloc(1, sizeof(*account));
	int r = ERR_OK;

	if (account == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	account->aws = settings->aws;
	account->caller = settings->caller;
	account->base = settings->base;
	account->sts = *settings->sts;
	(void)snprintf(
	    account->id, sizeof(account->id), "%.*s", STR_FMT(settings->id));
	(void)snprintf(account->sts_region, sizeof(account->sts_region), "%.*s",
	    STR_FMT(settings->sts_region));
	list_init(&account->waiting);
	if (settings->role.n > 0)
		r = assume(account, settings, err);
	if (r == ERR_OK)
		*accountp = account;
	else
		free(account);
	return r;
}

void
account_stop(struct account *account)
{
	if (account->fetch != NULL)
		credentials_cancel(account->fetch);
	if (account->whoami != NULL)
		sts_identify_cancel(account->whoami);
}

void
account_free(struct account *account)
{
	if (account == NULL)
		return;
	assert(list_is_empty(&account->waiting) && account->fetch == NULL &&
	       account->whoami == NULL);
	credentials_free(account->own);
	aws_keys_unref(account->verified);
	aws_keys_unref(account->foreign);
	free(account);
}
