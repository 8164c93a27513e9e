/* SPDX-License-Identifier: Apache-2.0 */
#include "task/agent_id.h"

#include <assert.h>
#include <string.h>

enum { TRUST_DOMAIN_MAX = 255 };

#define SCHEME "spiffe://"
#define VAR_NAMES                                                               \
	"accountID cluster region partition taskID family revision service az " \
	"launchType roleName PluginName"

static const char *const var_names[AGENT_ID_VARS] = {
	[AGENT_ID_ACCOUNT] = "accountID",
	[AGENT_ID_CLUSTER] = "cluster",
	[AGENT_ID_REGION] = "region",
	[AGENT_ID_PARTITION] = "partition",
	[AGENT_ID_TASK] = "taskID",
	[AGENT_ID_FAMILY] = "family",
	[AGENT_ID_REVISION] = "revision",
	[AGENT_ID_SERVICE] = "service",
	[AGENT_ID_AZ] = "az",
	[AGENT_ID_LAUNCH_TYPE] = "launchType",
	[AGENT_ID_ROLE] = "roleName",
	[AGENT_ID_PLUGIN] = "PluginName",
};

/* A path in the making: one ID can hold no more. */
struct path {
	char text[AGENT_ID_MAX];
	size_t n;
	bool overflow;
};

static void
path_add(struct path *path, struct str s)
{
	if (path->overflow || s.n > sizeof(path->text) - path->n) {
		path->overflow = true;
		return;
	}
	if (s.n > 0)
		memcpy(path->text + path->n, s.p, s.n);
	path->n += s.n;
}

static struct str
path_str(const struct path *path)
{
	return (struct str){ path->text, path->n };
}

static bool
is_segment(struct str s)
{
	return str_is_alnum_or(s, "._-") && !str_is(s, ".") && !str_is(s, "..");
}

/* SPIFFE-ID section 2.2: non-empty segments, no slash at the end. */
static bool
is_spiffe_path(struct str path)
{
	struct str rest;

	if (path.n == 0 || path.p[0] != '/')
		return false;
	rest = str_sub(path, 1, path.n);
	do {
		if (!is_segment(str_cut(&rest, rest, '/')))
			return false;
	} while (rest.p != NULL);
	return true;
}

/* Under /spire/agent/PLUGIN/, which SPIRE keeps for this plugin's agents. */
static bool
is_own_namespace(struct str path, struct str plugin)
{
	struct str rest = path, first, second, third;

	(void)str_cut(&rest, rest, '/');
	first = str_cut(&rest, rest, '/');
	second = str_cut(&rest, rest, '/');
	third = str_cut(&rest, rest, '/');
	return rest.n > 0 && str_is(first, "spire") &&
	       str_is(second, "agent") && str_eq(third, plugin);
}

/*
 * The server's own ID, and the agents of other attestors, whose record an
 * attestation would overwrite.
 */
static bool
is_reserved(struct str path, struct str plugin)
{
	return (str_is(path, "/spire") || str_starts(path, "/spire/")) &&
	       !is_own_namespace(path, plugin);
}

static bool
is_var_name(struct str spelt, struct str name)
{
	return spelt.n == name.n &&
	       str_eq_nocase(str_sub(spelt, 0, 1), str_sub(name, 0, 1)) &&
	       str_eq(str_sub(spelt, 1, spelt.n), str_sub(name, 1, name.n));
}

/* What stands between "{{" and "}}" to a variable. */
static int
var_parse(enum agent_id_var *var, struct str inside, struct err *err)
{
	struct str name = str_trim(inside);
	int i;

	if (name.n < 2 || name.p[0] != '.' ||
	    !str_is_alnum_or(str_sub(name, 1, name.n), "_"))
		return err_set(err, ERR_CONFIG,
		    "\"{{%s}}\" is not a variable: only {{ .name }} is "
		    "understood, no functions",
		    CLEAN(inside));
	name = str_sub(name, 1, name.n);
	for (i = 0; i < AGENT_ID_VARS; i++) {
		if (!is_var_name(name, str_of(var_names[i])))
			continue;
		*var = (enum agent_id_var)i;
		return ERR_OK;
	}
	return err_set(err, ERR_CONFIG,
	    "unknown variable \"%s\"; known are: " VAR_NAMES, CLEAN(name));
}

/*
 * Take the next piece off the template: literal text, or else a variable.
 * False at the end; *r tells whether of the text or by an error.
 */
static bool
piece_next(struct str *rest, struct str *literal, enum agent_id_var *var,
    int *r, struct err *err)
{
	const char *end;
	size_t i;

	*literal = (struct str){ NULL, 0 };
	*r = ERR_OK;
	if (rest->n == 0)
		return false;
	if (!str_starts(*rest, "{{")) {
		for (i = 1; i < rest->n; i++)
			if (str_starts(str_sub(*rest, i, 2), "{{"))
				break;
		*literal = str_sub(*rest, 0, i);
		*rest = str_sub(*rest, i, rest->n);
		return true;
	}
	end = memchr(rest->p, '}', rest->n);
	i = end == NULL ? rest->n : (size_t)(end - rest->p);
	if (!str_is(str_sub(*rest, i, 2), "}}")) {
		*r = err_set(err, ERR_CONFIG, "\"%s\" has no closing \"}}\"",
		    CLEAN(*rest));
		return false;
	}
	*r = var_parse(var, str_sub(*rest, 2, i - 2), err);
	*rest = str_sub(*rest, i + 2, rest->n);
	return *r == ERR_OK;
}

int
agent_id_template_parse(struct agent_id_template *t, struct str text,
    const char *plugin_name, struct err *err)
{
	struct agent_id_template got = { .text = text };
	struct str plugin = str_of(plugin_name), rest = text, literal;
	struct path path = { .n = 0 };
	enum agent_id_var var;
	int r;

	while (piece_next(&rest, &literal, &var, &r, err)) {
		if (literal.n > 0) {
			path_add(&path, literal);
			continue;
		}
		got.vars |= 1U << var;
		/* a value that no reserved name and no dot segment has */
		path_add(&path, var == AGENT_ID_PLUGIN ? plugin : STR("x"));
	}
	if (r != ERR_OK)
		return r;
	if (path.overflow)
		return err_set(err, ERR_CONFIG,
		    "\"%s\" gives IDs longer than %d bytes", CLEAN(text),
		    AGENT_ID_MAX);
	if (!is_spiffe_path(path_str(&path)))
		return err_set(err, ERR_CONFIG,
		    "\"%s\" does not give a SPIFFE path: expected /A/B with "
		    "no slash at the end, each part of letters, digits, '.', "
		    "'_' and '-'",
		    CLEAN(text));
	if (is_reserved(path_str(&path), plugin))
		return err_set(err, ERR_CONFIG,
		    "\"%s\" is a name that SPIRE keeps for others: under "
		    "/spire/ only /spire/agent/%s/... is for this plugin",
		    CLEAN(text), plugin_name);
	got.in_namespace = is_own_namespace(path_str(&path), plugin);
	*t = got;
	return ERR_OK;
}

/* A template that was parsed, with its values. */
static int
path_expand(struct path *path, const struct agent_id_template *t,
    const struct str values[AGENT_ID_VARS], struct err *err)
{
	struct str rest = t->text, literal;
	enum agent_id_var var;
	int r;

	while (piece_next(&rest, &literal, &var, &r, err)) {
		if (literal.n > 0) {
			path_add(path, literal);
			continue;
		}
		if (values[var].n == 0)
			return err_set(err, ERR_POLICY,
			    "no agent ID can be made: agent_path_template "
			    "has {{ .%s }}, which this task does not have",
			    var_names[var]);
		if (!is_segment(values[var]))
			return err_set(err, ERR_POLICY,
			    "no agent ID can be made: %s \"%s\" is not one "
			    "path segment of letters, digits, '.', '_' and '-'",
			    var_names[var], CLEAN(values[var]));
		path_add(path, values[var]);
	}
	return r;
}

int
agent_id_expand(struct str *id, struct arena *a,
    const struct agent_id_template *t, struct str trust_domain,
    const char *plugin_name, const struct str values[AGENT_ID_VARS],
    struct err *err)
{
	struct path path = { .n = 0 };
	size_t head = sizeof(SCHEME) - 1 + trust_domain.n;
	struct str s;
	char *p;
	int r;

	assert(is_trust_domain(trust_domain));
	r = path_expand(&path, t, values, err);
	if (r != ERR_OK)
		return r;
	s = path_str(&path);
	if (path.overflow || head + s.n > AGENT_ID_MAX)
		return err_set(err, ERR_POLICY,
		    "no agent ID can be made: it would be longer than %d "
		    "bytes; a shorter agent_path_template helps",
		    AGENT_ID_MAX);
	if (!is_spiffe_path(s) || is_reserved(s, str_of(plugin_name)))
		return err_set(err, ERR_POLICY,
		    "no agent ID can be made: path \"%s\" is not one that "
		    "this plugin may give",
		    CLEAN(s));
	p = arena_alloc(a, head + s.n + 1);
	if (p == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	memcpy(p, SCHEME, sizeof(SCHEME) - 1);
	memcpy(p + sizeof(SCHEME) - 1, trust_domain.p, trust_domain.n);
	memcpy(p + head, s.p, s.n);
	*id = (struct str){ p, head + s.n };
	return ERR_OK;
}

void
agent_id_values(struct str values[AGENT_ID_VARS], const struct task_metadata *m,
    const char *plugin_name)
{
	memset(values, 0, AGENT_ID_VARS * sizeof(values[0]));
	values[AGENT_ID_ACCOUNT] = m->arn.account;
	values[AGENT_ID_CLUSTER] = m->arn.cluster;
	values[AGENT_ID_REGION] = m->arn.region;
	values[AGENT_ID_PARTITION] = m->arn.partition;
	values[AGENT_ID_TASK] = m->arn.task_id;
	values[AGENT_ID_FAMILY] = m->family;
	values[AGENT_ID_REVISION] = m->revision;
	values[AGENT_ID_SERVICE] = m->service;
	values[AGENT_ID_AZ] = m->availability_zone;
	values[AGENT_ID_LAUNCH_TYPE] = m->launch_type;
	values[AGENT_ID_PLUGIN] = str_of(plugin_name);
}

bool
is_trust_domain(struct str s)
{
	size_t i;

	if (s.n > TRUST_DOMAIN_MAX || !str_is_alnum_or(s, "._-"))
		return false;
	for (i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return false;
	return true;
}
