/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/sessions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/list.h"
#include "base/secret.h"

#define SECOND_US ((int64_t)1000 * 1000)

/* Tokens of STS begin alike; the rest is 455 bytes in base64. */
#define TOKEN_START "IQoJb3JpZ2luX2Vj"

enum {
	BUCKETS = 16 * 1024, /* a power of two */
	KEY_ID_LEN = 20,
	UNIQUE_ID_LEN = 21,
	SECRET_BYTES = 30,
	TOKEN_BYTES = 455,
	TOKEN_SIZE = 16 + 608 + 1,
	KEPT_MAX = 2, /* STS and ECS of one region */
	IMDS_TOKENS_MAX = 1024,
};

/* Whoever has a current session: a task, by its ARN, or the instance. */
struct holder {
	struct list in_bucket;
	struct str name;
	unsigned generation;
	struct entry *current; /* or NULL */
	char bytes[];
};

struct kept_key {
	char scope[8 + 2 * (SIGV4_LABEL_MAX + 1) + 1]; /* empty: none */
	unsigned char key[SIGV4_KEY_BYTES];
};

struct entry {
	struct session s;
	struct list in_bucket, by_age; /* by_age: only if it was made */
	struct holder *holder;         /* whose current one it is, or NULL */
	struct kept_key kept[KEPT_MAX];
	unsigned kept_next;
	char key_id[KEY_ID_LEN + 1], secret[41], token[TOKEN_SIZE];
	char account[13], arn[320], user_id[96];
	char role_arn[SCENARIO_ROLE_ARN_SIZE];
};

struct imds_token {
	char text[IMDS_TOKEN_SIZE];
	int64_t expires_us;
};

struct sessions {
	const struct scenario *scenario;
	struct list entries[BUCKETS], holders[BUCKETS];
	struct list by_age; /* the oldest first */
	size_t made;        /* of those in by_age */
	uint64_t serial, requests;
	struct imds_token imds[IMDS_TOKENS_MAX];
	uint64_t imds_serial;
};

/*
 * Names become what looks random
 */

/* n capitals and digits, as in AKIDs and unique IDs. */
static void
base32_of(char *out, size_t n, struct str s, const char *salt)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char hex[65];

	scenario_hex(hex, 4, s, salt);
	for (size_t i = 0; i < n; i++)
		out[i] =
		    digits[(unsigned char)(hex[2 * i] * 2 + hex[2 * i + 1]) %
			   32];
	out[n] = '\0';
}

/* Padded base64 of so many bytes, at most TOKEN_BYTES. */
static void
base64_of(char *out, size_t bytes, struct str s, const char *salt)
{
	char hex[TOKEN_BYTES + 16 + 1];
	size_t n;

	scenario_hex(hex, bytes / 16 + 1, s, salt);
	for (size_t i = 0; i < bytes; i++)
		hex[i] = (char)(hex[i] * 16 ^ hex[bytes - 1 - i]);
	base64url_encode(out, hex, bytes);
	n = strlen(out);
	for (size_t i = 0; i < n; i++) {
		if (out[i] == '-')
			out[i] = '+';
		else if (out[i] == '_')
			out[i] = '/';
	}
	for (; n % 4 != 0; n++)
		out[n] = '=';
	out[n] = '\0';
}

/* IAM's unique ID of a role or user, whose names differ in more than case. */
static void
unique_id(char out[UNIQUE_ID_LEN + 1], const char *kind, struct str account,
    struct str name)
{
	char text[12 + 1 + 64 + 1];
	int n;

	n = snprintf(
	    text, sizeof(text), "%.*s/%.*s", STR_FMT(account), STR_FMT(name));
	for (int i = 0; i < n; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
	}
	memcpy(out, kind, 4);
	base32_of(out + 4, UNIQUE_ID_LEN - 4, str_of(text), kind);
}

static struct list *
bucket_of(struct list *buckets, struct str key)
{
	return &buckets[scenario_number(key) & (BUCKETS - 1)];
}

static struct entry *
entry_find(struct sessions *ss, struct str key)
{
	struct list *head = bucket_of(ss->entries, key);

	for (struct list *l = head->next; l != head; l = l->next) {
		struct entry *e = container_of(l, struct entry, in_bucket);

		if (str_eq(e->s.access_key_id, key))
			return e;
	}
	return NULL;
}

static void
entry_free(struct entry *e)
{
	list_remove(&e->in_bucket);
	list_remove(&e->by_age);
	if (e->holder != NULL)
		e->holder->current = NULL;
	secret_wipe(e, sizeof(*e));
	free(e);
}

static struct entry *
entry_new(void)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	list_init(&e->in_bucket);
	list_init(&e->by_age);
	return e;
}

static void
entry_add(struct sessions *ss, struct entry *e)
{
	list_append(bucket_of(ss->entries, e->s.access_key_id), &e->in_bucket);
}

/* The strings that are made of the account and who it is there. */
static void entry_name(struct entry *e, struct str account, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

static void
entry_name(struct entry *e, struct str account, const char *fmt, ...)
{
	va_list ap;

	snprintf(e->account, sizeof(e->account), "%.*s", STR_FMT(account));
	va_start(ap, fmt);
	vsnprintf(e->arn, sizeof(e->arn), fmt, ap);
	va_end(ap);
	e->s.account = str_of(e->account);
	e->s.arn = str_of(e->arn);
}

/* A session of a role: all but its keys. */
static void
entry_set_role(struct entry *e, const struct scenario *s,
    const struct scenario_role_ref *ref, const struct scenario_account *home,
    struct str session)
{
	struct str partition =
	    ref->partition.n > 0 ? ref->partition : home->partition;
	struct str account = ref->account.n > 0 ? ref->account : home->id;
	const struct scenario_role *listed =
	    scenario_role_find(s, account, ref->name);
	char id[UNIQUE_ID_LEN + 1];

	entry_name(e, account, "arn:%.*s:sts::%.*s:assumed-role/%.*s/%.*s",
	    STR_FMT(partition), STR_FMT(account), STR_FMT(ref->name),
	    STR_FMT(session));
	unique_id(id, "AROA", account, ref->name);
	snprintf(
	    e->user_id, sizeof(e->user_id), "%s:%.*s", id, STR_FMT(session));
	scenario_role_arn(e->role_arn, ref, home);
	e->s.user_id = str_of(e->user_id);
	e->s.role_arn = str_of(e->role_arn);
	if (listed != NULL) {
		e->s.denied = listed->denied;
		e->s.denied_count = listed->denied_count;
	}
}

/* Keys and token, of a text that no other session has. */
static void
entry_set_keys(struct entry *e, const char *seed)
{
	struct str s = str_of(seed);

	memcpy(e->key_id, "ASIA", 4);
	base32_of(e->key_id + 4, KEY_ID_LEN - 4, s, "access key");
	base64_of(e->secret, SECRET_BYTES, s, "secret");
	memcpy(e->token, TOKEN_START, sizeof(TOKEN_START));
	base64_of(e->token + sizeof(TOKEN_START) - 1, TOKEN_BYTES, s, "token");
	e->s.access_key_id = str_of(e->key_id);
	e->s.secret = str_of(e->secret);
	e->s.token = str_of(e->token);
}

static struct scenario_role_ref
ref_of(const struct scenario_role *role)
{
	return (
	    struct scenario_role_ref){ .path = role->path, .name = role->name };
}

static void
entry_set_user(struct entry *e, const struct scenario_access_key *key)
{
	struct str partition = key->account->partition;
	struct str account = key->account->id;

	if (key->user.n == 0) {
		entry_name(e, account, "arn:%.*s:iam::%.*s:root",
		    STR_FMT(partition), STR_FMT(account));
		e->s.user_id = e->s.account;
		return;
	}
	entry_name(e, account, "arn:%.*s:iam::%.*s:user/%.*s",
	    STR_FMT(partition), STR_FMT(account), STR_FMT(key->user));
	unique_id(e->user_id, "AIDA", account, key->user);
	e->s.user_id = str_of(e->user_id);
}

static int
add_access_key(struct sessions *ss, const struct scenario_access_key *key)
{
	struct entry *e = entry_new();
	struct scenario_role_ref ref;

	if (e == NULL)
		return ERR_MEMORY;
	if (key->role != NULL) {
		ref = ref_of(key->role);
		entry_set_role(
		    e, ss->scenario, &ref, key->account, key->session);
	} else {
		entry_set_user(e, key);
	}
	e->s.access_key_id = key->id;
	e->s.secret = key->secret;
	e->s.token = key->token;
	e->s.expires_us = key->expires_us;
	if (key->denied_count > 0) {
		e->s.denied = key->denied;
		e->s.denied_count = key->denied_count;
	}
	entry_add(ss, e);
	return ERR_OK;
}

int
sessions_new(struct sessions **sp, const struct scenario *s, struct err *err)
{
	struct sessions *ss = calloc(1, sizeof(*ss));
	int r = ERR_OK;

	if (ss == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	ss->scenario = s;
	list_init(&ss->by_age);
	for (size_t i = 0; i < BUCKETS; i++) {
		list_init(&ss->entries[i]);
		list_init(&ss->holders[i]);
	}
	for (size_t i = 0; i < s->access_key_count && r == ERR_OK; i++)
		r = add_access_key(ss, &s->access_keys[i]);
	if (r != ERR_OK) {
		sessions_free(ss);
		return err_set(err, r, "out of memory");
	}
	*sp = ss;
	return ERR_OK;
}

void
sessions_free(struct sessions *ss)
{
	struct list *l;

	if (ss == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while ((l = list_first(&ss->entries[i])) != NULL)
			entry_free(container_of(l, struct entry, in_bucket));
	}
	/* Only now: an entry tells its holder. */
	for (size_t i = 0; i < BUCKETS; i++) {
		while ((l = list_first(&ss->holders[i])) != NULL) {
			list_remove(l);
			free(container_of(l, struct holder, in_bucket));
		}
	}
	secret_wipe(ss->imds, sizeof(ss->imds));
	free(ss);
}

const struct session *
sessions_find(struct sessions *ss, struct str access_key_id)
{
	struct entry *e = entry_find(ss, access_key_id);

	return e == NULL ? NULL : &e->s;
}

int
sessions_signing_key(unsigned char key[SIGV4_KEY_BYTES], struct sessions *ss,
    const struct sigv4_authorization *auth, struct err *err)
{
	struct entry *e = entry_find(ss, auth->access_key_id);
	struct kept_key *k;
	struct sigv4_scope scope = { .region = auth->region,
		.service = auth->service };
	char text[sizeof(k->scope)], date[17];
	int r;

	if (e == NULL)
		return err_set(err, ERR_MISSING, "nobody has that key");
	snprintf(text, sizeof(text), "%.*s/%.*s/%.*s", STR_FMT(auth->day),
	    STR_FMT(auth->region), STR_FMT(auth->service));
	for (size_t i = 0; i < KEPT_MAX; i++) {
		if (strcmp(e->kept[i].scope, text) == 0) {
			memcpy(key, e->kept[i].key, SIGV4_KEY_BYTES);
			return ERR_OK;
		}
	}
	snprintf(date, sizeof(date), "%.*sT000000Z", STR_FMT(auth->day));
	scope.amz_date = str_of(date);
	r = sigv4_signing_key(key, e->s.secret, &scope, err);
	if (r != ERR_OK)
		return r;
	k = &e->kept[e->kept_next];
	e->kept_next = (e->kept_next + 1) % KEPT_MAX;
	memcpy(k->scope, text, sizeof(k->scope));
	memcpy(k->key, key, SIGV4_KEY_BYTES);
	return ERR_OK;
}

/*
 * Made sessions
 */

static void
make_room(struct sessions *ss)
{
	struct list *oldest;

	while (ss->made >= SESSIONS_MAX) {
		oldest = list_first(&ss->by_age);
		if (oldest == NULL)
			return;
		entry_free(container_of(oldest, struct entry, by_age));
		ss->made--;
	}
}

static struct entry *
session_make(struct sessions *ss, const struct scenario_role_ref *ref,
    const struct scenario_account *home, struct str session, const char *seed,
    int64_t expires_us)
{
	struct entry *e = entry_new();

	if (e == NULL)
		return NULL;
	make_room(ss);
	entry_set_role(e, ss->scenario, ref, home, session);
	entry_set_keys(e, seed);
	e->s.expires_us = expires_us;
	entry_add(ss, e);
	list_append(&ss->by_age, &e->by_age);
	ss->made++;
	return e;
}

static struct holder *
holder_find(struct sessions *ss, struct str name)
{
	struct list *head = bucket_of(ss->holders, name);

	for (struct list *l = head->next; l != head; l = l->next) {
		struct holder *h = container_of(l, struct holder, in_bucket);

		if (str_eq(h->name, name))
			return h;
	}
	return NULL;
}

static struct holder *
holder_of(struct sessions *ss, struct str name)
{
	struct holder *h = holder_find(ss, name);

	if (h != NULL)
		return h;
	h = calloc(1, sizeof(*h) + name.n);
	if (h == NULL)
		return NULL;
	memcpy(h->bytes, name.p, name.n);
	h->name = (struct str){ h->bytes, name.n };
	list_append(bucket_of(ss->holders, name), &h->in_bucket);
	return h;
}

/* What it has is not its current one any more. */
static void
holder_drop(struct holder *h)
{
	if (h->current != NULL)
		h->current->holder = NULL;
	h->current = NULL;
	h->generation++;
}

static int
current(const struct session **out, struct sessions *ss, struct str name,
    const struct scenario_role_ref *ref, const struct scenario_account *home,
    struct str session, int64_t now_us, struct err *err)
{
	struct holder *h = holder_of(ss, name);
	char seed[512];

	if (h == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	if (h->current != NULL &&
	    h->current->s.expires_us < now_us + SESSION_RENEW_S * SECOND_US)
		holder_drop(h);
	if (h->current == NULL) {
		snprintf(seed, sizeof(seed), "%u/%.*s/%.*s", h->generation,
		    STR_FMT(name), STR_FMT(ref->name));
		h->current = session_make(ss, ref, home, session, seed,
		    now_us + SESSION_TASK_S * SECOND_US);
	}
	if (h->current == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	h->current->holder = h;
	*out = &h->current->s;
	return ERR_OK;
}

int
sessions_of_task(const struct session **out, struct sessions *ss,
    const struct scenario_task *t, int64_t now_us, struct err *err)
{
	const struct scenario_role_ref *ref = scenario_task_role(t);

	if (ref == NULL)
		return err_set(
		    err, ERR_MISSING, "task %s has no role", CLEAN(t->id));
	return current(
	    out, ss, t->arn, ref, t->cluster->account, t->id, now_us, err);
}

int
sessions_of_instance(const struct session **out, struct sessions *ss,
    int64_t now_us, struct err *err)
{
	const struct scenario_role *role = ss->scenario->instance_role;
	struct scenario_role_ref ref;

	if (role == NULL)
		return err_set(err, ERR_MISSING, "the instance has no role");
	ref = ref_of(role);
	return current(out, ss, STR("instance"), &ref, role->account,
	    STR("i-0123456789abcdef0"), now_us, err);
}

void
sessions_rotate(struct sessions *ss, const struct scenario_task *t)
{
	struct holder *h = holder_find(ss, t->arn);

	if (h != NULL)
		holder_drop(h);
}

void
sessions_expire(
    struct sessions *ss, const struct scenario_task *t, int64_t now_us)
{
	struct holder *h = holder_find(ss, t->arn);

	if (h == NULL)
		return;
	if (h->current != NULL)
		h->current->s.expires_us = now_us;
	holder_drop(h);
}

int
sessions_assume(const struct session **out, struct sessions *ss,
    const struct scenario_role *role, struct str session_name,
    int64_t expires_us, struct err *err)
{
	struct scenario_role_ref ref = ref_of(role);
	struct entry *e;
	char seed[64];

	snprintf(seed, sizeof(seed), "assumed/%" PRIu64, ss->serial++);
	e = session_make(
	    ss, &ref, role->account, session_name, seed, expires_us);
	if (e == NULL)
		return err_set(err, ERR_MEMORY, "out of memory");
	*out = &e->s;
	return ERR_OK;
}

/*
 * Tokens of IMDS, and request IDs
 */

void
sessions_imds_token(
    char out[IMDS_TOKEN_SIZE], struct sessions *ss, int64_t expires_us)
{
	struct imds_token *t = &ss->imds[ss->imds_serial % IMDS_TOKENS_MAX];
	char seed[32];

	snprintf(seed, sizeof(seed), "%" PRIu64, ss->imds_serial++);
	base64_of(t->text, 40, str_of(seed), "imds");
	t->expires_us = expires_us;
	memcpy(out, t->text, IMDS_TOKEN_SIZE);
}

bool
sessions_is_imds_token(
    const struct sessions *ss, struct str token, int64_t now_us)
{
	for (size_t i = 0; i < IMDS_TOKENS_MAX; i++) {
		if (ss->imds[i].expires_us > now_us &&
		    sigv4_equal(token, str_of(ss->imds[i].text)))
			return true;
	}
	return false;
}

void
sessions_request_id(
    char out[REQUEST_ID_SIZE], struct sessions *ss, int64_t now_us)
{
	char seed[64];

	snprintf(
	    seed, sizeof(seed), "%" PRIu64 "/%" PRId64, ss->requests++, now_us);
	scenario_uuid(out, str_of(seed), "request");
}
