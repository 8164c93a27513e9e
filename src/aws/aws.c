/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/aws.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/client.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "base/clock.h"
#include "base/log.h"

enum {
	SETTINGS_MAX = 64 * 1024,
	PLACES_MAX = 1024, /* of each kind, in use or kept */
	STS_BURST = 300,
	ECS_BURST = 50,
};

/* The budget for STS of one account and region. */
struct sts_place {
	struct list link; /* of aws->sts_places, least used first */
	struct aws_gate *gate;
	size_t users;
	struct str key;
	char bytes[];
};

struct aws_account {
	struct list link;
	struct account *account;
	char id[13];
};

struct aws {
	unsigned refs;
	struct loop *loop;
	struct aws_caller caller;
	struct aws_settings settings; /* its strings in arena */
	struct arena arena;
	unsigned endpoint_flags;
	struct endpoint sts, ecs; /* configured; else url[0] is NUL */
	struct credentials *base;
	struct list accounts, clients, sts_places;
	size_t client_count, sts_place_count;
};

/*
 * Settings
 */

static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

static int
check_bundle(const char *path, const char *setting, struct err *err)
{
	if (access(path, R_OK) == 0)
		return ERR_OK;
	return err_set(err, ERR_CONFIG, "%s = \"%s\": that file cannot be read",
	    setting, CLEAN(str_of(path)));
}

static int
find_bundle(const char **path, struct str configured, struct err *err)
{
	const char *from_environment = getenv("AWS_CA_BUNDLE");
	size_t i;

	*path = NULL;
	if (configured.n > 0) {
		*path = configured.p;
		return check_bundle(*path, "ca_bundle_path", err);
	}
	if (from_environment != NULL && from_environment[0] != '\0') {
		*path = from_environment;
		return check_bundle(*path, "AWS_CA_BUNDLE", err);
	}
	for (i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++)
		if (access(bundles[i], R_OK) == 0) {
			*path = bundles[i];
			break;
		}
	return ERR_OK;
}

static int
take_endpoint(struct endpoint *e, struct str url, const char *name,
    const struct aws *aws, struct err *err)
{
	int r;

	if (url.n == 0)
		return ERR_OK;
	r = endpoint_of_url(
	    e, url, aws->settings.allow_insecure_endpoints, err);
	if (r != ERR_OK)
		(void)err_prefix(err, "%s: ", name);
	return r;
}

/* Copies with a NUL behind each. */
static int
copy_settings(struct aws *aws, const struct aws_settings *from, struct err *err)
{
	struct str *const strings[] = {
		&aws->settings.partition,
		&aws->settings.access_key_id,
		&aws->settings.secret_access_key,
		&aws->settings.assume_role,
		&aws->settings.external_id,
		&aws->settings.sts_region,
		&aws->settings.sts_endpoint,
		&aws->settings.ecs_endpoint,
		&aws->settings.ca_bundle_path,
	};
	size_t i;

	aws->settings = *from;
	arena_init(&aws->arena, SETTINGS_MAX);
	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		*strings[i] = arena_dup(&aws->arena, *strings[i]);
		if (strings[i]->p == NULL)
			return err_set(
			    err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	return ERR_OK;
}

static int
set_up(struct aws *aws, struct err *err)
{
	const struct credentials_settings settings = {
		.access_key_id = aws->settings.access_key_id,
		.secret_access_key = aws->settings.secret_access_key,
		.partition = aws->settings.partition,
		.sts_region = aws->settings.sts_region,
		.sts_endpoint = aws->settings.sts_endpoint,
		.allow_insecure_endpoints =
		    aws->settings.allow_insecure_endpoints,
	};
	int r = find_bundle(
	    &aws->caller.ca_path, aws->settings.ca_bundle_path, err);

	if (r == ERR_OK)
		r = take_endpoint(&aws->sts, aws->settings.sts_endpoint,
		    "sts_endpoint", aws, err);
	if (r == ERR_OK)
		r = take_endpoint(&aws->ecs, aws->settings.ecs_endpoint,
		    "ecs_endpoint", aws, err);
	aws->endpoint_flags = endpoint_flags_of_environment();
	if (r == ERR_OK)
		r = credentials_new(&aws->base, &aws->caller, &settings, err);
	return r;
}

int
aws_new(struct aws **awsp, struct loop *loop, struct http *const *http,
    const struct aws_settings *settings, const struct aws_observer *observer,
    struct err *err)
{
	struct aws *aws = calloc(1, sizeof(*aws));
	int r;

	if (aws == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	aws->refs = 1;
	aws->loop = loop;
	aws->caller = (struct aws_caller){
		.loop = loop, .http = http, .observer = observer
	};
	list_init(&aws->accounts);
	list_init(&aws->clients);
	list_init(&aws->sts_places);
	r = copy_settings(aws, settings, err);
	if (r == ERR_OK)
		r = set_up(aws, err);
	if (r == ERR_OK)
		*awsp = aws;
	else
		aws_unref(aws);
	return r;
}

struct aws *
aws_ref(struct aws *aws)
{
	assert(aws->refs > 0);
	aws->refs++;
	return aws;
}

static void
client_free(struct aws *aws, struct client *client)
{
	batch_free_groups(client);
	definitions_free(client);
	aws_gate_free(client->gate);
	list_remove(&client->link);
	aws->client_count--;
	free(client);
}

static void
sts_place_free(struct aws *aws, struct sts_place *place)
{
	aws_gate_free(place->gate);
	list_remove(&place->link);
	aws->sts_place_count--;
	free(place);
}

void
aws_unref(struct aws *aws)
{
	struct list *item;

	if (aws == NULL || --aws->refs > 0)
		return;
	while ((item = list_first(&aws->clients)) != NULL)
		client_free(aws, container_of(item, struct client, link));
	while ((item = list_first(&aws->sts_places)) != NULL)
		sts_place_free(aws, container_of(item, struct sts_place, link));
	while ((item = list_first(&aws->accounts)) != NULL) {
		struct aws_account *account =
		    container_of(item, struct aws_account, link);

		list_remove(item);
		account_free(account->account);
		free(account);
	}
	credentials_free(aws->base);
	arena_release(&aws->arena);
	free(aws);
}

void
aws_stop(struct aws *aws)
{
	struct list *item;

	for (item = aws->accounts.next; item != &aws->accounts;
	     item = item->next)
		account_stop(
		    container_of(item, struct aws_account, link)->account);
	for (item = aws->clients.next; item != &aws->clients; item = item->next)
		definitions_stop(container_of(item, struct client, link));
}

/*
 * Places
 */

int
aws_sts_endpoint(struct endpoint *e, struct str *sts_region,
    const struct aws *aws, struct str task_region, struct err *err)
{
	struct str region = aws->settings.sts_region.n > 0
				? aws->settings.sts_region
				: task_region;
	int r = ERR_OK;

	if (aws->sts.url[0] != '\0')
		*e = aws->sts;
	else
		r = endpoint_of_region(e, "sts", aws->settings.partition,
		    region, aws->endpoint_flags, err);
	if (r == ERR_OK)
		*sts_region = region;
	return r;
}

static int
ecs_endpoint(struct endpoint *e, const struct aws *aws, struct str region,
    struct err *err)
{
	if (aws->ecs.url[0] == '\0')
		return endpoint_of_region(e, "ecs", aws->settings.partition,
		    region, aws->endpoint_flags, err);
	*e = aws->ecs;
	return ERR_OK;
}

/* "123456789012 us-east-1" */
static bool
is_key(struct str key, struct str account, struct str region)
{
	return key.n == account.n + 1 + region.n &&
	       str_eq(str_sub(key, 0, account.n), account) &&
	       str_eq(str_sub(key, account.n + 1, key.n), region);
}

static struct str
write_key(char *at, struct str account, struct str region)
{
	memcpy(at, account.p, account.n);
	at[account.n] = ' ';
	memcpy(at + account.n + 1, region.p, region.n);
	return (struct str){ at, account.n + 1 + region.n };
}

static int
crowded(struct err *err)
{
	return err_set(err, ERR_UNAVAILABLE,
	    "more than %d pairs of account and region at once", PLACES_MAX);
}

/* The one of that account and region becomes the last in the list. */
static struct sts_place *
find_sts_place(struct aws *aws, struct str account, struct str region)
{
	struct list *item;

	for (item = aws->sts_places.prev; item != &aws->sts_places;
	     item = item->prev) {
		struct sts_place *place =
		    container_of(item, struct sts_place, link);

		if (!is_key(place->key, account, region))
			continue;
		list_remove(item);
		list_append(&aws->sts_places, item);
		return place;
	}
	return NULL;
}

static int
make_room_for_sts(struct aws *aws, struct err *err)
{
	struct list *item;

	if (aws->sts_place_count < PLACES_MAX)
		return ERR_OK;
	for (item = aws->sts_places.next; item != &aws->sts_places;
	     item = item->next) {
		struct sts_place *place =
		    container_of(item, struct sts_place, link);

		if (place->users > 0)
			continue;
		sts_place_free(aws, place);
		return ERR_OK;
	}
	return crowded(err);
}

static int
get_sts_place(struct sts_place **placep, struct aws *aws, struct str account,
    struct str region, struct err *err)
{
	struct sts_place *place = find_sts_place(aws, account, region);
	int r;

	if (place != NULL) {
		*placep = place;
		return ERR_OK;
	}
	r = make_room_for_sts(aws, err);
	if (r != ERR_OK)
		return r;
	place = calloc(1, sizeof(*place) + account.n + region.n + 1);
	if (place == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	r = aws_gate_new(
	    &place->gate, aws->loop, aws->settings.sts_rate, STS_BURST, err);
	if (r != ERR_OK) {
		free(place);
		return r;
	}
	place->key = write_key(place->bytes, account, region);
	list_append(&aws->sts_places, &place->link);
	aws->sts_place_count++;
	*placep = place;
	return ERR_OK;
}

static struct aws_account *
find_account(struct aws *aws, struct str id)
{
	struct list *item;

	for (item = aws->accounts.next; item != &aws->accounts;
	     item = item->next) {
		struct aws_account *account =
		    container_of(item, struct aws_account, link);

		if (str_is(id, account->id))
			return account;
	}
	return NULL;
}

static int
get_account(struct aws_account **accountp, struct aws *aws, struct str id,
    struct str region, struct err *err)
{
	struct aws_account *account = find_account(aws, id);
	struct account_settings settings = {
		.aws = aws,
		.caller = &aws->caller,
		.base = aws->base,
		.id = id,
		.partition = aws->settings.partition,
		.role = aws->settings.assume_role,
		.external_id = aws->settings.external_id,
	};
	struct endpoint sts;
	int r;

	if (account != NULL) {
		*accountp = account;
		return ERR_OK;
	}
	r = aws_sts_endpoint(&sts, &settings.sts_region, aws, region, err);
	if (r != ERR_OK)
		return r;
	settings.sts = &sts;
	account = calloc(1, sizeof(*account));
	if (account == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	(void)snprintf(account->id, sizeof(account->id), "%.*s", STR_FMT(id));
	r = account_new(&account->account, &settings, err);
	if (r != ERR_OK) {
		free(account);
		return r;
	}
	list_append(&aws->accounts, &account->link);
	*accountp = account;
	return ERR_OK;
}

static struct client *
find_client(struct aws *aws, struct str account, struct str region)
{
	struct list *item;

	for (item = aws->clients.prev; item != &aws->clients;
	     item = item->prev) {
		struct client *client = container_of(item, struct client, link);

		if (!is_key(client->key, account, region))
			continue;
		list_remove(item);
		list_append(&aws->clients, item);
		return client;
	}
	return NULL;
}

static int
make_room_for_client(struct aws *aws, struct err *err)
{
	struct list *item;

	if (aws->client_count < PLACES_MAX)
		return ERR_OK;
	for (item = aws->clients.next; item != &aws->clients;
	     item = item->next) {
		struct client *client = container_of(item, struct client, link);

		if (client->users > 0)
			continue;
		client_free(aws, client);
		return ERR_OK;
	}
	return crowded(err);
}

static int
new_client(struct client **clientp, struct aws *aws,
    struct aws_account *account, struct str region, struct err *err)
{
	struct str id = str_of(account->id);
	struct client *client =
	    calloc(1, sizeof(*client) + id.n + region.n + 1);
	int r;

	if (client == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	client->aws = aws;
	client->caller = &aws->caller;
	client->account = account->account;
	client->tags = aws->settings.tags;
	list_init(&client->groups);
	list_init(&client->definitions);
	client->key = write_key(client->bytes, id, region);
	client->region = str_sub(client->key, id.n + 1, client->key.n);
	r = ecs_endpoint(&client->ecs, aws, region, err);
	if (r == ERR_OK)
		r = aws_gate_new(&client->gate, aws->loop,
		    aws->settings.ecs_rate, ECS_BURST, err);
	if (r == ERR_OK)
		*clientp = client;
	else
		free(client);
	return r;
}

static int
get_client(struct client **clientp, struct aws *aws, struct str account,
    struct str region, struct err *err)
{
	struct client *client = find_client(aws, account, region);
	struct aws_account *owner = NULL;
	int r;

	if (client != NULL) {
		*clientp = client;
		return ERR_OK;
	}
	r = make_room_for_client(aws, err);
	if (r == ERR_OK)
		r = get_account(&owner, aws, account, region, err);
	if (r == ERR_OK)
		r = new_client(&client, aws, owner, region, err);
	if (r != ERR_OK)
		return r;
	assert(client != NULL);
	list_append(&aws->clients, &client->link);
	aws->client_count++;
	*clientp = client;
	return ERR_OK;
}

/*
 * Ops
 */

static void
op_free(struct aws_op *op)
{
	struct aws *aws = op->aws;

	list_remove(&op->link);
	loop_timer_stop(aws->loop, &op->timer);
	if (op->client != NULL)
		op->client->users--;
	if (op->place != NULL)
		op->place->users--;
	free(op);
	aws_unref(aws);
}

static const struct err gone = { ERR_CANCELLED, "cancelled" };

void
op_end_task(struct aws_op *op, int r, struct json json, struct str request_id,
    const struct err *err)
{
	if (op->cancelled) {
		r = ERR_CANCELLED;
		err = &gone;
	}
	op->on_task(op->arg, r, json, request_id, err);
	op_free(op);
}

void
op_end_definition(struct aws_op *op, int r,
    const struct ecs_definition *definition, const struct err *err)
{
	if (op->cancelled) {
		r = ERR_CANCELLED;
		definition = NULL;
		err = &gone;
	}
	op->on_definition(op->arg, r, definition, err);
	op_free(op);
}

void
op_end_error(struct aws_op *op, int r, const struct err *err)
{
	const struct json nothing = { .type = 0 };

	if (op->kind == OP_TASK)
		op_end_task(op, r, nothing, STR(""), err);
	else
		op_end_definition(op, r, NULL, err);
}

static void on_time(struct loop_timer *timer);

/* The timer that it keeps to its end. */
static int
op_arm(struct aws_op *op, int64_t deadline_ms, struct err *err)
{
	int64_t left = deadline_ms - clock_ms();
	int r = loop_timer_set(
	    op->aws->loop, &op->timer, left < 0 ? 0 : left, on_time);

	op->deadline_ms = deadline_ms;
	if (r != ERR_OK)
		return err_set(err, r, "%s", err_text(r));
	return ERR_OK;
}

/* What waits for nothing: a definition that has just gone, a missing task. */
static bool
may_join_again(const struct aws_op *op)
{
	if (op->batch != NULL || !list_is_empty(&op->link) ||
	    clock_ms() >= op->deadline_ms)
		return false;
	return op->kind == OP_DEFINITION || op->missing > 0;
}

/* A known definition is answered, a missing task asked for again. */
static bool
goes_on(struct aws_op *op)
{
	struct err err = { 0 };
	int r;

	if (op->kind == OP_DEFINITION && definition_answer(op))
		return true;
	if (!may_join_again(op))
		return false;
	r = op_arm(op, op->deadline_ms, &err);
	if (r == ERR_OK)
		r = op->kind == OP_TASK ? batch_join(op, &err)
					: definition_join(op, &err);
	if (r != ERR_OK)
		op_end_error(op, r, &err);
	return true;
}

static void
on_time(struct loop_timer *timer)
{
	struct aws_op *op = container_of(timer, struct aws_op, timer);
	struct err err = { 0 };
	int r;

	if (!op->cancelled && goes_on(op))
		return;
	if (op->kind == OP_TASK)
		batch_leave(op);
	else
		list_remove(&op->link);
	if (op->cancelled)
		r = err_set(&err, ERR_CANCELLED, "cancelled");
	else
		r = err_set(&err, ERR_UNAVAILABLE,
		    "ECS did not answer in time: see timeout");
	op_end_error(op, r, &err);
}

static struct aws_op *
op_new(struct aws *aws, enum op_kind kind, struct str cluster_arn,
    struct str arn, void *arg, struct err *err)
{
	struct aws_op *op = calloc(1, sizeof(*op) + cluster_arn.n + arn.n);

	if (op == NULL) {
		(void)err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
		return NULL;
	}
	op->kind = kind;
	op->aws = aws_ref(aws);
	op->arg = arg;
	list_init(&op->link);
	memcpy(op->bytes, cluster_arn.p, cluster_arn.n);
	memcpy(op->bytes + cluster_arn.n, arn.p, arn.n);
	op->cluster_arn = (struct str){ op->bytes, cluster_arn.n };
	op->arn = (struct str){ op->bytes + cluster_arn.n, arn.n };
	return op;
}

static int
op_place(
    struct aws_op *op, struct str account, struct str region, struct err *err)
{
	int r = get_client(&op->client, op->aws, account, region, err);

	if (r == ERR_OK)
		op->client->users++;
	return r;
}

static void
on_identity(void *arg, int r, const struct sts_identity *identity,
    const struct err *err)
{
	struct aws_op *op = arg;

	op->on_identity(op->arg, r, identity, err);
	op_free(op);
}

int
aws_identify(struct aws_op **opp, struct aws *aws, struct str account,
    const struct sts_proof *proof, int64_t deadline_ms, sts_identity_fn *done,
    void *arg, struct err *err)
{
	struct aws_op *op =
	    op_new(aws, OP_IDENTIFY, STR(""), STR(""), arg, err);
	int r;

	if (op == NULL)
		return ERR_MEMORY;
	op->on_identity = done;
	r = get_sts_place(&op->place, aws, account, proof->region, err);
	if (r == ERR_OK) {
		op->place->users++;
		r = sts_identify_start(&op->identify, &aws->caller, proof,
		    op->place->gate, deadline_ms, on_identity, op, err);
	}
	if (r == ERR_OK)
		*opp = op;
	else
		op_free(op);
	return r;
}

int
aws_describe_task(struct aws_op **opp, struct aws *aws,
    const struct aws_place *place, struct str task_arn, int64_t deadline_ms,
    aws_task_fn *done, void *arg, struct err *err)
{
	struct aws_op *op =
	    op_new(aws, OP_TASK, place->cluster_arn, task_arn, arg, err);
	int r;

	if (op == NULL)
		return ERR_MEMORY;
	op->on_task = done;
	r = op_place(op, place->account, place->region, err);
	if (r == ERR_OK)
		r = op_arm(op, deadline_ms, err);
	if (r == ERR_OK)
		r = batch_join(op, err);
	if (r == ERR_OK)
		*opp = op;
	else
		op_free(op);
	return r;
}

int
aws_describe_definition(struct aws_op **opp, struct aws *aws,
    struct str account, struct str region, struct str definition_arn,
    int64_t deadline_ms, aws_definition_fn *done, void *arg, struct err *err)
{
	struct aws_op *op =
	    op_new(aws, OP_DEFINITION, STR(""), definition_arn, arg, err);
	int r;

	if (op == NULL)
		return ERR_MEMORY;
	op->on_definition = done;
	r = op_place(op, account, region, err);
	if (r == ERR_OK)
		r = op_arm(op, deadline_ms, err);
	if (r == ERR_OK)
		r = definition_join(op, err);
	if (r == ERR_OK)
		*opp = op;
	else
		op_free(op);
	return r;
}

void
aws_op_cancel(struct aws_op *op)
{
	if (op->cancelled)
		return;
	op->cancelled = true;
	if (op->kind == OP_IDENTIFY)
		sts_identify_cancel(op->identify);
	else
		loop_timer_move(op->aws->loop, &op->timer, 0);
}

void
aws_warn_of_environment(void)
{
	static const char *const names[] = { "AWS_ENDPOINT_URL",
		"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_ECS" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (getenv(names[i]) != NULL) {
			log_warn("an endpoint of AWS in the environment is "
				 "ignored: sts_endpoint and ecs_endpoint set "
				 "one",
			    F_TEXT("variable", names[i]));
			return;
		}
}
