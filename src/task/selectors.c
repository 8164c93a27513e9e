/* SPDX-License-Identifier: Apache-2.0 */
#include "task/selectors.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD_PREFIX "aws_fargate:"

enum { DIGEST_HEX = 64, PARTS_MAX = 4 };

/* A list in the making. */
struct gather {
	struct selectors out;
	struct arena *a;
	struct str prefix;
	struct str values[SELECTORS_MAX];
	int code;
};

static size_t
total(const struct str *parts, size_t n)
{
	size_t i, sum = 0;

	for (i = 0; i < n; i++)
		sum += parts[i].n;
	return sum;
}

static struct str
join(struct arena *a, const struct str *parts, size_t n)
{
	char *p = arena_alloc(a, total(parts, n) + 1);
	size_t i, at = 0;

	if (p == NULL)
		return (struct str){ NULL, 0 };
	for (i = 0; i < n; i++) {
		if (parts[i].n > 0)
			memcpy(p + at, parts[i].p, parts[i].n);
		at += parts[i].n;
	}
	return (struct str){ p, at };
}

/* All parts but the last are the key. */
static void
drop(struct gather *g, const struct str *parts, size_t n)
{
	if (g->out.dropped_count++ > 0)
		return;
	if (total(parts, n - 1) > SELECTOR_MAX)
		n = 2;
	g->out.dropped = join(g->a, parts, n - 1);
	if (g->out.dropped.p == NULL)
		g->code = ERR_MEMORY;
}

static bool
is_printable(const struct str *parts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!str_is_printable(parts[i]))
			return false;
	return true;
}

/* parts[0] is written by us, the others came from outside. */
static void
add_parts(struct gather *g, const struct str *parts, size_t n)
{
	struct str all[PARTS_MAX + 1] = { g->prefix };
	struct str made;

	if (g->code != ERR_OK)
		return;
	memcpy(all + 1, parts, n * sizeof(parts[0]));
	if (g->out.count == SELECTORS_MAX || total(all, n + 1) > SELECTOR_MAX ||
	    !is_printable(parts, n)) {
		drop(g, parts, n);
		return;
	}
	made = join(g->a, all, n + 1);
	if (made.p == NULL)
		g->code = ERR_MEMORY;
	else
		g->values[g->out.count++] = made;
}

/* Nothing is said of what is not known. */
static void
add(struct gather *g, const char *key, struct str value)
{
	const struct str parts[] = { str_of(key), value };

	if (value.n > 0)
		add_parts(g, parts, 2);
}

static void
add_task(struct gather *g, const struct task_metadata *m)
{
	add(g, "account:", m->arn.account);
	add(g, "cluster:", m->arn.cluster);
	add(g, "family:", m->family);
	add(g, "revision:", m->revision);
	add(g, "service:", m->service);
	add(g, "az:", m->availability_zone);
	add(g, "launch_type:", m->launch_type);
	add(g, "task_definition_arn:", m->task_definition_arn);
}

static bool
is_reserved(char c)
{
	return c == '%' || c == ':';
}

/* '%' and ':' as %25 and %3A, so that "tag:a:b:c" has one reading. */
static struct str
escape_key(struct gather *g, struct str key)
{
	size_t i, n = 0, reserved = 0;
	char *p;

	for (i = 0; i < key.n; i++)
		reserved += is_reserved(key.p[i]);
	if (reserved == 0 || key.n > SELECTOR_MAX)
		return key;
	p = arena_alloc(g->a, key.n + 2 * reserved);
	if (p == NULL) {
		g->code = ERR_MEMORY;
		return key;
	}
	for (i = 0; i < key.n; i++) {
		if (is_reserved(key.p[i])) {
			memcpy(p + n, key.p[i] == '%' ? "%25" : "%3A", 3);
			n += 3;
		} else {
			p[n++] = key.p[i];
		}
	}
	return (struct str){ p, n };
}

static bool
is_listed(struct str key, const struct str *keys, size_t n)
{
	size_t i;

	if (n == 1 && str_is(keys[0], "*"))
		return true;
	for (i = 0; i < n; i++)
		if (str_eq(keys[i], key))
			return true;
	return false;
}

static void
add_tags(struct gather *g, const struct task_metadata *m,
    const struct str *keys, size_t n)
{
	size_t i;

	for (i = 0; i < m->tag_count; i++) {
		const struct task_tag *t = &m->tags[i];

		if (is_listed(t->key, keys, n))
			add_parts(g,
			    (const struct str[]){ STR("tag:"),
				escape_key(g, t->key), STR(":"), t->value },
			    4);
	}
}

static bool
is_digest(struct str s)
{
	struct str hex, algorithm = str_cut(&hex, s, ':');

	return str_is(algorithm, "sha256") && hex.n == DIGEST_HEX &&
	       str_is_lower_hex(hex);
}

/*
 * That which ECS pulled, or else that of a reference "REPOSITORY@sha256:HEX".
 * The endpoint's ImageID is that of the configuration, not of the manifest.
 */
static struct str
image_digest(const struct task_container *c)
{
	struct str digest;

	if (is_digest(c->image_digest))
		return c->image_digest;
	(void)str_cut(&digest, c->image, '@');
	return is_digest(digest) ? digest : (struct str){ NULL, 0 };
}

static void
add_containers(struct gather *g, const struct task_metadata *m)
{
	size_t i;

	for (i = 0; i < m->container_count; i++) {
		const struct task_container *c = &m->containers[i];
		struct str digest = image_digest(c);

		add(g, "container:", c->name);
		if (c->image.n > 0)
			add_parts(g,
			    (const struct str[]){
				STR("image:"), c->name, STR(":"), c->image },
			    4);
		if (digest.n > 0)
			add_parts(g,
			    (const struct str[]){ STR("image_digest:"), c->name,
				STR(":"), digest },
			    4);
	}
}

static int
compare(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

/* Sort what was gathered, drop doubles, and give it away. */
static int
finish(struct selectors *out, struct gather *g, struct err *err)
{
	struct selectors *got = &g->out;
	size_t i, n = 0;

	qsort(g->values, got->count, sizeof(g->values[0]), compare);
	for (i = 0; i < got->count; i++)
		if (n == 0 || !str_eq(g->values[n - 1], g->values[i]))
			g->values[n++] = g->values[i];
	got->count = n;
	got->values = arena_calloc(g->a, n, sizeof(g->values[0]));
	if (g->code != ERR_OK || got->values == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	memcpy(got->values, g->values, n * sizeof(g->values[0]));
	*out = *got;
	return ERR_OK;
}

static void
add_all(struct gather *g, const struct task_metadata *m,
    const struct str *tag_keys, size_t tag_key_count)
{
	add_task(g, m);
	add(g, "region:", m->arn.region);
	add(g, "partition:", m->arn.partition);
	add(g, "task_id:", m->arn.task_id);
	add(g, "platform_version:", m->platform_version);
	add_tags(g, m, tag_keys, tag_key_count);
	add_containers(g, m);
}

int
selectors_from_metadata(struct selectors *out, struct arena *a,
    const struct task_metadata *m, const struct str *tag_keys,
    size_t tag_key_count, struct err *err)
{
	struct gather g = { .a = a };

	add_all(&g, m, tag_keys, tag_key_count);
	return finish(out, &g, err);
}

static void
add_role(struct gather *g, struct str account, struct str role)
{
	const struct str parts[] = { STR("task_role:"), account, STR("/"),
		role };

	add_parts(g, parts, 4);
}

int
selectors_from_proof(struct selectors *out, struct arena *a,
    const struct task_metadata *m, const struct task_proof *proof,
    const struct str *tag_keys, size_t tag_key_count, struct err *err)
{
	struct gather g = { .a = a };

	/* the few of a kind first: many tags leave out none of them */
	add_role(&g, proof->account, proof->role);
	add(&g, "subnet:", proof->subnet);
	add(&g, "capacity_provider:", proof->capacity_provider);
	add(&g,
	    "exec:", proof->exec_enabled ? STR("enabled") : STR("disabled"));
	add(&g,
	    "overrides:", proof->has_overrides ? STR("present") : STR("none"));
	if (proof->client_ip_verified)
		add(&g, "client_ip:", STR("verified"));
	add_all(&g, m, tag_keys, tag_key_count);
	return finish(out, &g, err);
}

int
selectors_from_session(struct selectors *out, struct arena *a,
    struct str partition, struct str account, struct str role,
    struct str task_id, struct err *err)
{
	struct gather g = { .a = a };

	add(&g, "partition:", partition);
	add(&g, "account:", account);
	add(&g, "task_id:", task_id);
	add_role(&g, account, role);
	return finish(out, &g, err);
}

int
selectors_for_payload(struct selectors *out, struct arena *a,
    const struct task_metadata *m, struct err *err)
{
	static const struct str all = { "*", 1 };
	struct gather g = { .a = a, .prefix = STR(PAYLOAD_PREFIX) };

	add_task(&g, m);
	add_tags(&g, m, &all, 1);
	return finish(out, &g, err);
}
