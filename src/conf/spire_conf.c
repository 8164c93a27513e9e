/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/spire_conf.h"

#include <stddef.h>

enum { MATCHES_MAX = 4 };

/* Items found at the end of a path, the first few of them. */
struct matches {
	const struct hcl_item *items[MATCHES_MAX];
	size_t count;
};

/*
 * Follow path, whose steps are keys, labels or the keys of objects within:
 * HCL and JSON write the same thing in all these ways.  Case does not matter,
 * as in HCL.
 */
static void
follow(struct matches *m, const struct hcl_value *v, const char *const *path,
    size_t steps)
{
	const struct hcl_value *element;
	const struct hcl_item *item;
	size_t k;

	for (element = v->values; element != NULL; element = element->next)
		follow(m, element, path, steps);
	for (item = v->items; item != NULL; item = item->next) {
		for (k = 0; k < item->key_count && k < steps; k++)
			if (!str_eq_nocase(item->keys[k].text, str_of(path[k])))
				break;
		if (k < item->key_count)
			continue;
		if (k < steps && item->value != NULL) {
			follow(m, item->value, path + k, steps - k);
		} else if (k == steps) {
			if (m->count < MATCHES_MAX)
				m->items[m->count] = item;
			m->count++;
		}
	}
}

/* The first item at path; *again is told of a second one. */
static const struct hcl_item *
first(const struct hcl_value *v, const char *const *path, size_t steps,
    const struct hcl_item **again)
{
	struct matches m = { .count = 0 };

	follow(&m, v, path, steps);
	*again = m.count > 1 ? m.items[1] : NULL;
	return m.count == 0 ? NULL : m.items[0];
}

static bool
has_key(const struct hcl_value *root, const char *name)
{
	const struct hcl_item *item;

	for (item = root->items; item != NULL; item = item->next)
		if (str_eq_nocase(item->keys[0].text, str_of(name)))
			return true;
	return false;
}

bool
spire_conf_is_whole(const struct hcl_value *root)
{
	return has_key(root, "plugins") || has_key(root, "server") ||
	       has_key(root, "agent");
}

/* The object of a block; JSON may wrap it in a list of one. */
static const struct hcl_value *
object_of(const struct hcl_item *item)
{
	const struct hcl_value *v = item->value;

	if (v != NULL && v->type == HCL_LIST && v->values != NULL &&
	    v->values->next == NULL)
		v = v->values;
	return v != NULL && v->type == HCL_OBJECT ? v : NULL;
}

static void
find_trust_domain(
    struct spire_conf *out, const struct hcl_value *root, const char *side)
{
	const char *const path[] = { side, "trust_domain" };
	const struct hcl_item *again;
	const struct hcl_item *item = first(root, path, 2, &again);

	if (item == NULL || item->value == NULL ||
	    item->value->type != HCL_STRING)
		return;
	out->trust_domain = item->value->text;
	if (str_starts(out->trust_domain, "spiffe://"))
		out->trust_domain = str_sub(out->trust_domain,
		    sizeof("spiffe://") - 1, out->trust_domain.n);
}

static void
find_data(struct spire_conf *out, const struct hcl_value *plugin,
    struct problems *problems)
{
	static const char *const data_path[] = { "plugin_data" };
	static const char *const file_path[] = { "plugin_data_file" };
	const struct hcl_item *data, *file, *again;

	data = first(plugin, data_path, 1, &again);
	if (again != NULL)
		problems_add_at(problems, again->keys[0].pos,
		    "plugin_data is given again: SPIRE would use the first "
		    "and say nothing of this one");
	if (data != NULL) {
		out->data = object_of(data);
		if (out->data == NULL)
			problems_add_at(problems, data->keys[0].pos,
			    "plugin_data: expected a block, plugin_data { }");
	}
	file = first(plugin, file_path, 1, &again);
	if (file == NULL)
		return;
	if (data != NULL)
		problems_add_at(problems, file->keys[0].pos,
		    "plugin_data_file beside plugin_data: SPIRE takes only "
		    "one of the two");
	else if (file->value == NULL || file->value->type != HCL_STRING ||
		 file->value->text.n == 0 ||
		 file->value->text.n > SPIRE_CONF_PATH_MAX ||
		 !str_is_printable(file->value->text))
		problems_add_at(problems, file->keys[0].pos,
		    "plugin_data_file: expected a path of at most %d bytes",
		    SPIRE_CONF_PATH_MAX);
	else
		out->data_file = file->value->text;
}

void
spire_conf_find(struct spire_conf *out, const struct hcl_value *root,
    const char *side, const char *plugin_name, struct problems *problems)
{
	const char *const path[] = { "plugins", "NodeAttestor", plugin_name };
	const char *other = str_is(str_of(side), "server") ? "agent" : "server";
	const struct hcl_item *plugin, *again;
	const struct hcl_value *object;
	struct hcl_key name;

	*out = (struct spire_conf){ .data = NULL };
	if (!has_key(root, side) && has_key(root, other)) {
		problems_add(problems,
		    "this is the configuration of a SPIRE %s: ask the %s "
		    "plugin to check it",
		    other, other);
		return;
	}
	find_trust_domain(out, root, side);
	plugin = first(root, path, 3, &again);
	if (plugin == NULL) {
		problems_add(problems,
		    "no NodeAttestor \"%s\" in the plugins of this file",
		    plugin_name);
		return;
	}
	name = plugin->keys[plugin->key_count - 1];
	if (!str_is(name.text, plugin_name))
		problems_add_at(problems, name.pos,
		    "NodeAttestor \"%s\": SPIRE minds the case; the name is "
		    "\"%s\"",
		    CLEAN(name.text), plugin_name);
	if (again != NULL)
		problems_add_at(problems, again->keys[0].pos,
		    "NodeAttestor \"%s\" is given again", plugin_name);
	object = object_of(plugin);
	if (object == NULL)
		problems_add_at(problems, plugin->keys[0].pos,
		    "NodeAttestor \"%s\": expected a block", plugin_name);
	else
		find_data(out, object, problems);
}
