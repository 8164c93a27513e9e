/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_roles.c - roles that can be assumed, and the keys of servers
 */
#include "mock/scenario_reader.h"
#include "mock/scenario_text.h"

static bool
is_role_path(struct str s)
{
	return s.n <= 512 && str_starts(s, "/") && str_ends(s, "/") &&
	       str_is_alnum_or(s, "/_+=,.@-");
}

/* 12 digits, an ARN, a service or "*"; compared, never taken apart. */
static bool
is_principal(struct str s)
{
	return str_is(s, "*") ||
	       (s.n >= 3 && s.n <= 2048 && str_is_alnum_or(s, ":/_+=,.@-"));
}

/* STS's grammar. */
static bool
is_external_id(struct str s)
{
	return s.n >= 2 && s.n <= 1224 && str_is_alnum_or(s, "_+=,.@:/-");
}

static bool
is_session_name(struct str s)
{
	return s.n >= 2 && s.n <= 64 && str_is_alnum_or(s, "_+=,.@-");
}

static bool
is_visible(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	}
	return s.n > 0;
}

static bool
is_web_token(struct str s)
{
	return s.n >= 4 && s.n <= 8000 && is_visible(s);
}

static bool
is_secret(struct str s)
{
	return s.n <= 128 && is_visible(s);
}

static bool
is_session_token(struct str s)
{
	return s.n <= 4096 && is_visible(s);
}

static bool
is_key_id(struct str s)
{
	return s.n >= 16 && s.n <= 128 && str_is_alnum_or(s, "_");
}

static bool
is_action(struct str s)
{
	struct str name, service = str_cut(&name, s, ':');

	return (str_is(service, "sts") || str_is(service, "ecs")) &&
	       (str_is(name, "*") || str_is_alnum_or(name, ""));
}

static const struct grammar action = { is_action,
	"an action, such as ecs:DescribeTasks or ecs:*" };
static const struct grammar external_id = { is_external_id,
	"2 to 1224 letters, digits or _+=,.@:/-" };
static const struct grammar key_id = { is_key_id,
	"16 to 128 letters, digits or '_'" };
static const struct grammar principal = { is_principal,
	"an account, an ARN, a service or '*'" };
static const struct grammar role_name = { is_iam_name,
	"a role's name: 1 to 64 letters, digits or _+=,.@-" };
static const struct grammar role_path = { is_role_path,
	"a path, such as /team/blue/" };
static const struct grammar secret = { is_secret,
	"1 to 128 visible ASCII characters" };
static const struct grammar session_name = { is_session_name,
	"2 to 64 letters, digits or _+=,.@-" };
static const struct grammar session_token = { is_session_token,
	"1 to 4096 visible ASCII characters" };
static const struct grammar user_name = { is_iam_name,
	"a user's name: 1 to 64 letters, digits or _+=,.@-" };
static const struct grammar web_token = { is_web_token,
	"4 to 8000 visible ASCII characters" };

/* Of many accounts it is the first one. */
static int
read_home(
    struct reader *rd, cfg_t *sec, const struct scenario_account **account)
{
	const struct scenario *s = rd->s;
	const void *found = &s->accounts[0];
	int r = ERR_OK;

	if (scenario_value(sec, "account") != NULL)
		r = reader_reference(rd, &found, sec, "account", s->accounts,
		    s->account_count, sizeof(*s->accounts));
	if (r == ERR_OK)
		*account = found;
	return r;
}

static int
name_role(struct reader *rd, cfg_t *sec, struct scenario_role *role)
{
	struct scenario_role_ref ref = { .path = role->path,
		.name = role->name };
	char arn[SCENARIO_ROLE_ARN_SIZE];

	for (const struct scenario_role *o = rd->s->roles; o != role; o++) {
		if (o->account == role->account &&
		    str_eq_nocase(o->name, role->name))
			return scenario_bad(sec, rd->file, sec->line, rd->err,
			    "roles '%s' and '%s' are both \"%s\" of account "
			    "%.*s",
			    CLEAN(o->label), CLEAN(role->label),
			    CLEAN(role->name), STR_FMT(role->account->id));
	}
	scenario_role_arn(arn, &ref, role->account);
	return reader_keep(rd, &role->arn, str_of(arn));
}

static int
read_role(struct reader *rd, cfg_t *sec, struct scenario_role *role)
{
	int r;

	role->path = STR("/");
	r = reader_keep(rd, &role->label, str_of(cfg_title(sec)));
	role->name = role->label;
	if (r == ERR_OK)
		r = reader_text(rd, &role->name, sec, "name", &role_name);
	if (r == ERR_OK)
		r = reader_name(rd, sec, role->name, &role_name);
	if (r == ERR_OK)
		r = reader_text(rd, &role->path, sec, "path", &role_path);
	if (r == ERR_OK)
		r = read_home(rd, sec, &role->account);
	if (r == ERR_OK)
		r = reader_list(rd, &role->trust, &role->trust_count, sec,
		    "trust", &principal);
	if (r == ERR_OK)
		r = reader_text(
		    rd, &role->external_id, sec, "external_id", &external_id);
	if (r == ERR_OK)
		r = reader_list(rd, &role->web_tokens, &role->web_token_count,
		    sec, "web_identity_tokens", &web_token);
	if (r == ERR_OK)
		r = reader_list(rd, &role->denied, &role->denied_count, sec,
		    "deny", &action);
	return r == ERR_OK ? name_role(rd, sec, role) : r;
}

static int
read_instance_role(struct reader *rd, cfg_t *cfg)
{
	const struct scenario *s = rd->s;
	const void *role = NULL;
	int r;

	if (scenario_value(cfg, "instance_role") == NULL)
		return ERR_OK;
	r = reader_reference(rd, &role, cfg, "instance_role", s->roles,
	    s->role_count, sizeof(*s->roles));
	if (r == ERR_OK)
		rd->s->instance_role = role;
	return r;
}

int
read_roles(struct reader *rd, const struct source src[2])
{
	cfg_t *cfg = reader_choose(rd, src, "role");
	unsigned n = cfg_size(cfg, "role");
	struct scenario_role *all;
	int r = ERR_OK;

	all = reader_sections_new(rd, "role", n, sizeof(*all));
	if (all == NULL)
		return rd->err->code;
	rd->s->roles = all;
	for (unsigned i = 0; i < n && r == ERR_OK; i++) {
		r = read_role(rd, cfg_getnsec(cfg, "role", i), &all[i]);
		rd->s->role_count += r == ERR_OK;
	}
	if (r == ERR_OK)
		r = read_instance_role(rd, cfg);
	if (r == ERR_OK && cfg != src[0].cfg) {
		rd->file = src[0].file;
		r = read_instance_role(rd, src[0].cfg);
	}
	return r;
}

/* A user's or a role's: the default is the root user of the account. */
static int
read_owner(struct reader *rd, cfg_t *sec, struct scenario_access_key *key)
{
	const struct scenario *s = rd->s;
	const struct scenario_value *v = scenario_value(sec, "role");
	const void *role = NULL;
	int r;

	r = read_home(rd, sec, &key->account);
	if (r == ERR_OK)
		r = reader_text(rd, &key->user, sec, "user", &user_name);
	if (r != ERR_OK || v == NULL)
		return r;
	if (key->user.n > 0 || scenario_value(sec, "account") != NULL)
		return scenario_bad(sec, rd->file, v->line, rd->err,
		    "a key of a role takes neither \"user\" nor \"account\": "
		    "the role has its own");
	r = reader_reference(
	    rd, &role, sec, "role", s->roles, s->role_count, sizeof(*s->roles));
	if (r != ERR_OK)
		return r;
	key->role = role;
	key->account = key->role->account;
	key->session = STR("fargate-mock");
	return reader_text(rd, &key->session, sec, "session", &session_name);
}

static int
read_access_key(struct reader *rd, cfg_t *sec, struct scenario_access_key *key)
{
	int r;

	r = reader_keep(rd, &key->id, str_of(cfg_title(sec)));
	if (r == ERR_OK)
		r = reader_name(rd, sec, key->id, &key_id);
	if (r == ERR_OK && scenario_value(sec, "secret") == NULL)
		r = scenario_bad(
		    sec, rd->file, sec->line, rd->err, "\"secret\" is missing");
	if (r == ERR_OK)
		r = reader_text(rd, &key->secret, sec, "secret", &secret);
	if (r == ERR_OK)
		r = reader_text(rd, &key->token, sec, "token", &session_token);
	if (r == ERR_OK)
		r = read_owner(rd, sec, key);
	if (r == ERR_OK)
		r = reader_time(rd, &key->expires_us, sec, "expires");
	if (r == ERR_OK && key->expires_us != 0 && key->token.n == 0)
		r = scenario_bad(sec, rd->file, sec->line, rd->err,
		    "only a key with a \"token\" has \"expires\"");
	if (r == ERR_OK)
		r = reader_list(
		    rd, &key->denied, &key->denied_count, sec, "deny", &action);
	return r;
}

int
read_access_keys(struct reader *rd, const struct source src[2])
{
	cfg_t *cfg = reader_choose(rd, src, "access_key");
	unsigned n = cfg_size(cfg, "access_key");
	struct scenario_access_key *all;
	int r = ERR_OK;

	all = reader_sections_new(rd, "access_key", n, sizeof(*all));
	if (all == NULL)
		return rd->err->code;
	rd->s->access_keys = all;
	rd->s->access_key_count = n;
	for (unsigned i = 0; i < n && r == ERR_OK; i++)
		r = read_access_key(
		    rd, cfg_getnsec(cfg, "access_key", i), &all[i]);
	return r;
}
