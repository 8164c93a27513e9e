/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "conf/json_form.h"
#include "conf/value.h"

enum { NAMES_MAX = 180, HINTS_MAX = 220, NAME_MAX = 40, TYPO_MAX = 2 };

/* Keys that have no row, gathered into one problem. */
struct strangers {
	struct buf names, hints;
	size_t count;
};

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* How many letters must be changed, put in or left out (Levenshtein). */
static size_t
distance(struct str a, struct str b)
{
	size_t row[NAME_MAX + 1], i, j, diagonal, above;

	for (j = 0; j <= b.n; j++)
		row[j] = j;
	for (i = 1; i <= a.n; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= b.n; j++) {
			above = row[j];
			row[j] = least(row[j - 1] + 1, above + 1,
			    diagonal + (a.p[i - 1] != b.p[j - 1]));
			diagonal = above;
		}
	}
	return row[b.n];
}

/* The row that key was meant to be, or NULL. */
static const struct option *
guess(const struct option_table *table, struct str key)
{
	const struct option *best = NULL;
	size_t i, d, least_d = TYPO_MAX + 1;

	if (key.n > NAME_MAX)
		return NULL;
	for (i = 0; i < table->count; i++) {
		struct str name = str_of(table->rows[i].name);

		assert(name.n <= NAME_MAX);
		if (str_eq_nocase(key, name))
			return &table->rows[i];
		d = distance(key, name);
		if (d < least_d && d * 2 < name.n) {
			best = &table->rows[i];
			least_d = d;
		}
	}
	return best;
}

/* Parts of a whole server.conf, taken for what stands inside plugin_data. */
static bool
is_wrapping(struct str key)
{
	return str_is(key, "plugins") || str_is(key, "NodeAttestor") ||
	       str_is(key, "plugin_data");
}

static void
add_stranger(struct strangers *strangers, const struct option_table *table,
    const struct hcl_key *key)
{
	const struct option *meant = guess(table, key->text);

	if (strangers->count++ > 0) {
		buf_add_char(&strangers->names, ',');
		buf_add_text(&strangers->hints, "; ");
	}
	buf_add_text(&strangers->names, CLEAN(key->text));
	buf_addf(&strangers->hints, "line %u, column %u%s%s%s", key->pos.line,
	    key->pos.column, meant == NULL ? "" : ": did you mean ",
	    meant == NULL ? "" : meant->name, meant == NULL ? "" : "?");
	if (meant == NULL && is_wrapping(key->text))
		buf_add_text(&strangers->hints,
		    ": only what stands inside plugin_data { } belongs here");
}

/* What fitted, with "..." for what did not. */
static void
report_strangers(struct strangers *strangers, struct problems *problems)
{
	struct str names = buf_str(&strangers->names);
	struct str hints = buf_str(&strangers->hints);

	if (strangers->count > 0)
		problems_add(problems,
		    "unknown configurations detected: %.*s%s (%.*s%s)",
		    STR_FMT(names),
		    strangers->names.code == ERR_OK ? "" : "...",
		    STR_FMT(hints),
		    strangers->hints.code == ERR_OK ? "" : "...");
	buf_release(&strangers->names);
	buf_release(&strangers->hints);
}

static const struct option *
find(const struct option_table *table, struct str name)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (str_is(name, table->rows[i].name))
			return &table->rows[i];
	return NULL;
}

static void
read_item(void *out, const struct option *opt, struct arena *a,
    const struct hcl_item *item, struct hcl_pos *place,
    struct problems *problems)
{
	struct hcl_pos pos = item->keys[0].pos;

	if (place->line != 0) {
		problems_add_at(problems, pos,
		    "%s is given again: it stands at line %u already",
		    opt->name, place->line);
		return;
	}
	*place = pos;
	if (item->key_count > 1 || item->is_block)
		problems_add_at(problems, pos,
		    "%s is written as a block: expected %s = VALUE", opt->name,
		    opt->name);
	else if (item->value == NULL)
		problems_add_at(problems, pos,
		    "%s has no value: leave the key out if nothing is meant",
		    opt->name);
	else
		value_assign(out, opt, a, item->value, problems);
}

void
options_read_tree(void *out, const struct option_table *table, struct arena *a,
    const struct hcl_value *root, struct option_places *places,
    struct problems *problems)
{
	struct strangers strangers = { .count = 0 };
	const struct hcl_item *item;
	const struct option *opt;
	size_t i;

	assert(table->count <= OPTIONS_MAX && root->type == HCL_OBJECT);
	buf_init(&strangers.names, NAMES_MAX);
	buf_init(&strangers.hints, HINTS_MAX);
	memset(places, 0, sizeof(*places));
	for (i = 0; i < table->count; i++) {
		if (value_preset(out, &table->rows[i], a) == ERR_OK)
			continue;
		problems_add(problems, "%s", err_text(ERR_MEMORY));
		return;
	}
	for (item = root->items; item != NULL; item = item->next) {
		opt = find(table, item->keys[0].text);
		if (opt == NULL)
			add_stranger(&strangers, table, &item->keys[0]);
		else
			read_item(out, opt, a, item,
			    &places->at[opt - table->rows], problems);
	}
	report_strangers(&strangers, problems);
}

/* hcl_parse_settings() begins its sentence with "line:column: ". */
static void
add_syntax_error(struct problems *problems, const char *msg)
{
	struct str rest, line, column;
	uint64_t l, c;

	line = str_cut(&rest, str_of(msg), ':');
	column = str_cut(&rest, rest, ':');
	if (!str_to_u64(&l, line) || !str_to_u64(&c, column)) {
		problems_add(problems, "%s", msg);
		return;
	}
	rest = str_trim(rest);
	problems_add_at(problems, (struct hcl_pos){ (unsigned)l, (unsigned)c },
	    "syntax: %.*s", STR_FMT(rest));
}

int
options_parse(struct hcl_value *root, struct arena *a, struct str text,
    struct problems *problems)
{
	struct err err = { 0 };
	int r = hcl_parse_settings(root, a, text, &err);

	if (r == ERR_OK)
		r = json_form_check(text, &err);
	if (r != ERR_OK)
		add_syntax_error(problems, err.msg);
	return r;
}

void
config_read_tree(void *conf, const struct config_kind *kind, struct arena *a,
    struct str trust_domain, const struct hcl_value *root,
    struct problems *problems)
{
	struct option_places places;

	options_read_tree(conf, kind->table, a, root, &places, problems);
	kind->finish(conf, a, &places, trust_domain, problems);
}

void
config_read(void *conf, const struct config_kind *kind, struct arena *a,
    struct str trust_domain, struct str text, struct problems *problems)
{
	struct hcl_value root = { .type = HCL_OBJECT };
	struct arena tree;

	arena_init(&tree, HCL_ARENA_MAX);
	if (options_parse(&root, &tree, text, problems) == ERR_OK)
		config_read_tree(conf, kind, a, trust_domain, &root, problems);
	arena_release(&tree);
}

struct hcl_pos
options_place(const struct option_table *table,
    const struct option_places *places, const char *name)
{
	const struct option *opt = find(table, str_of(name));

	assert(opt != NULL);
	return places->at[opt - table->rows];
}

void
options_print(
    struct buf *out, const struct option_table *table, const void *conf)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		value_print(out, &table->rows[i], conf);
}
