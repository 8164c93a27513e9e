/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "programs/demo.h"
#include "programs/shown.h"
#include "task/metadata.h"
#include "task/selectors.h"
#include "workload/source.h"

enum { ARENA_MAX = 2 * METADATA_BYTES_MAX, LINE_MAX_BYTES = 16 * 1024 };

#define PLUGIN "aws_fargate_task"

static void
add_tags(struct json_object *o, const struct task_metadata *m)
{
	struct json_object *tags = json_object_new_object();
	char key[512];
	size_t i;

	for (i = 0; tags != NULL && i < m->tag_count; i++) {
		(void)snprintf(key, sizeof(key), "%.*s",
		    STR_FMT(m->tags[i].key));
		shown_add_str(tags, key, m->tags[i].value);
	}
	shown_add_object(o, "tags", tags);
}

static void
add_containers(struct json_object *o, const struct task_metadata *m)
{
	struct json_object *all = json_object_new_array();
	size_t i;

	for (i = 0; all != NULL && i < m->container_count; i++) {
		struct json_object *one = json_object_new_object();

		if (one == NULL)
			break;
		shown_add_str(one, "name", m->containers[i].name);
		shown_add_str(one, "image", m->containers[i].image);
		shown_add_str(one, "image_id", m->containers[i].image_id);
		(void)json_object_array_add(all, one);
	}
	shown_add_object(o, "containers", all);
}

static void
add_selectors(
    struct json_object *o, const struct task_metadata *m, struct arena *arena)
{
	const struct str every = STR("*");
	struct json_object *all = json_object_new_array();
	struct selectors selectors;
	char text[SELECTOR_MAX + 32];
	size_t i;

	if (all != NULL && selectors_from_metadata(&selectors, arena, m, &every,
			       1, NULL) == ERR_OK) {
		for (i = 0; i < selectors.count; i++) {
			(void)snprintf(text, sizeof(text), PLUGIN ":%.*s",
			    STR_FMT(selectors.values[i]));
			(void)json_object_array_add(
			    all, json_object_new_string(text));
		}
	}
	shown_add_object(o, "selectors", all);
}

static struct json_object *
metadata_object(const struct task_metadata *m, struct arena *arena)
{
	struct json_object *o = json_object_new_object();

	if (o == NULL)
		return NULL;
	shown_add(o, "note",
	    "Hints: the endpoint signs nothing. What SPIRE has verified is in"
	    " the SVID.");
	shown_add_str(o, "task_arn", m->arn.text);
	shown_add_str(o, "account", m->arn.account);
	shown_add_str(o, "region", m->arn.region);
	shown_add_str(o, "task_id", m->arn.task_id);
	shown_add_str(o, "cluster", m->cluster);
	shown_add_str(o, "family", m->family);
	shown_add_str(o, "revision", m->revision);
	shown_add_str(o, "service", m->service);
	shown_add_str(o, "availability_zone", m->availability_zone);
	shown_add_str(o, "launch_type", m->launch_type);
	shown_add_str(o, "platform_version", m->platform_version);
	shown_add_str(o, "desired_status", m->desired_status);
	shown_add_str(o, "known_status", m->known_status);
	shown_add_str(o, "task_definition_arn", m->task_definition_arn);
	add_tags(o, m);
	add_containers(o, m);
	add_selectors(o, m, arena);
	return o;
}

struct json_object *
demo_metadata(struct str json, struct err *err)
{
	struct json_object *o = NULL;
	struct task_metadata m;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	if (task_metadata_parse(&m, &arena, json, TASK_ID_ANY, err) == ERR_OK) {
		o = metadata_object(&m, &arena);
		if (o == NULL)
			(void)err_set(
			    err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	}
	arena_release(&arena);
	return o;
}

/* One word of a shell's command line, whatever is in it. */
static void
add_word(struct buf *b, const char *word)
{
	struct str s = str_of(word);
	size_t i;

	buf_add_char(b, ' ');
	if (str_is_alnum_or(s, "-._:/@%+=,")) {
		buf_add(b, s);
		return;
	}
	buf_add_char(b, '\'');
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_add_text(b, "'\\''");
		else
			buf_add_char(b, s.p[i]);
	}
	buf_add_char(b, '\'');
}

static void
add_selector(struct buf *b, const char *key, struct json_object *metadata)
{
	char text[SELECTOR_MAX + 64];

	(void)snprintf(text, sizeof(text), PLUGIN ":%s:%s", key,
	    shown_get(metadata, key));
	buf_add_text(b, " \\\n    -selector");
	add_word(b, text);
}

/*
 * Two commands: an alias for all tasks of this family, and this workload under
 * it, so that a new task needs no new entry.
 */
static void
add_entry(struct json_object *facts, struct json_object *metadata,
    const struct svid *svid)
{
	char alias[SPIFFE_ID_MAX + 512], uid[32];
	struct buf b;

	if (svid == NULL || shown_get(metadata, "family")[0] == '\0')
		return;
	(void)snprintf(alias, sizeof(alias),
	    "spiffe://%.*s/" PLUGIN "/%s/%s/%s",
	    STR_FMT(spiffe_id_domain(&svid->id)),
	    shown_get(metadata, "account"), shown_get(metadata, "cluster"),
	    shown_get(metadata, "family"));
	(void)snprintf(uid, sizeof(uid), "unix:uid:%ld", (long)getuid());
	buf_init(&b, LINE_MAX_BYTES);
	buf_add_text(&b, "spire-server entry create -node \\\n    -spiffeID");
	add_word(&b, alias);
	add_selector(&b, "account", metadata);
	add_selector(&b, "cluster", metadata);
	add_selector(&b, "family", metadata);
	buf_add_text(&b, "\nspire-server entry create \\\n    -parentID");
	add_word(&b, alias);
	buf_add_text(&b, " \\\n    -spiffeID");
	add_word(&b, svid->id.text);
	buf_add_text(&b, " \\\n    -selector");
	add_word(&b, uid);
	if (buf_check(&b, NULL) == ERR_OK)
		shown_add_str(facts, "entry_create", buf_str(&b));
	buf_release(&b);
}

static void
add_api(struct json_object *facts, const struct demo_settings *settings)
{
	struct json_object *o = json_object_new_object();

	if (o == NULL)
		return;
	shown_add(o, "url", settings->api_url);
	if (!settings->plain)
		shown_add(o, "expected_peer", settings->api_id);
	shown_add_object(facts, "api", o);
}

static void
add_head(struct json_object *facts, const struct service *s,
    struct json_object *health)
{
	shown_add(facts, "service_name", s->name);
	shown_add(facts, "version", PACKAGE_VERSION);
	shown_add_time(facts, "timestamp", (int64_t)time(NULL));
	shown_add_int(facts, "timestamp_s", (int64_t)time(NULL));
	shown_add(facts, "status", shown_get(health, "status"));
}

static void
add_identity(struct json_object *facts, const struct snapshot *snapshot,
    const struct svid *svid, struct json_object *health)
{
	shown_add(facts, "spiffe_id", svid == NULL ? "" : svid->id.text);
	shown_add_object(facts, "workload_api",
	    json_object_get(shown_at(health, "workload_api")));
	shown_add_object(facts, "x509_svids", shown_svids(snapshot->svids));
	shown_add_object(
	    facts, "trust_bundles", shown_bundles(snapshot->bundles));
}

static struct json_object *
plain_facts(const struct service *s, struct work *w,
    const struct demo_settings *settings)
{
	struct json_object *facts = json_object_new_object();
	struct json_object *health = service_health(s);

	if (facts != NULL) {
		add_head(facts, s, health);
		shown_add(facts, "mode", "plain");
		shown_add(facts, "identity",
		    "The sidecar's. This program has no certificate and speaks"
		    " plain HTTP, on loopback; Envoy beside it shows others"
		    " the certificate of this task and verifies theirs.");
		work_add_facts(facts, w);
		add_api(facts, settings);
	}
	json_object_put(health);
	return facts;
}

static struct json_object *
own_facts(const struct service *s, struct work *w,
    const struct demo_settings *settings)
{
	const struct snapshot *snapshot =
	    source_get(workload_source(s->workload));
	struct json_object *facts = json_object_new_object();
	struct json_object *health = service_health(s);
	const struct svid *svid = svid_set_find(snapshot->svids, NULL);

	if (facts != NULL) {
		add_head(facts, s, health);
		add_identity(facts, snapshot, svid, health);
		work_add_facts(facts, w);
		add_entry(facts, shown_at(facts, "ecs_metadata"), svid);
		add_api(facts, settings);
	}
	json_object_put(health);
	snapshot_unref(snapshot);
	return facts;
}

struct json_object *
demo_facts(const struct service *s, struct work *w,
    const struct demo_settings *settings)
{
	return settings->plain ? plain_facts(s, w, settings)
			       : own_facts(s, w, settings);
}
