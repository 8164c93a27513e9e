/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/scenario_reader.h"

#include <string.h>
#include <time.h>

#include "mock/scenario_text.h"
#include "task/arn.h"

enum {
	SECTIONS_MAX = 1000, /* of a kind, but for tasks */
	LIST_MAX = 1000,
	ROLE_PATH_MAX = 512, /* IAM's */
};

bool
is_one_of(struct str s, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (str_is(s, *words))
			return true;
	}
	return false;
}

bool
is_iam_name(struct str s)
{
	return s.n <= 64 && str_is_alnum_or(s, "_+=,.@-");
}

int
reader_no_memory(struct reader *rd)
{
	return err_set(rd->err, ERR_MEMORY, "out of memory");
}

int
reader_keep(struct reader *rd, struct str *out, struct str s)
{
	struct str copy = arena_dup(&rd->s->arena, s);

	if (copy.p == NULL)
		return reader_no_memory(rd);
	*out = copy;
	return ERR_OK;
}

int
reader_text(struct reader *rd, struct str *out, cfg_t *sec, const char *key,
    const struct grammar *g)
{
	const struct scenario_value *v = scenario_value(sec, key);

	if (v == NULL)
		return ERR_OK;
	if (!g->is_fine(v->text))
		return scenario_bad(sec, rd->file, v->line, rd->err,
		    "%s \"%s\" is not %s", key, CLEAN(v->text), g->words);
	return reader_keep(rd, out, v->text);
}

int
reader_number(
    struct reader *rd, uint64_t *out, cfg_t *sec, const char *key, uint64_t max)
{
	const struct scenario_value *v = scenario_value(sec, key);
	uint64_t n;

	if (v == NULL)
		return ERR_OK;
	if (!str_to_u64(&n, v->text) || n == 0 || n > max)
		return scenario_bad(sec, rd->file, v->line, rd->err,
		    "%s \"%s\" is not a number from 1 to %llu", key,
		    CLEAN(v->text), (unsigned long long)max);
	*out = n;
	return ERR_OK;
}

int
reader_name(
    struct reader *rd, cfg_t *sec, struct str name, const struct grammar *g)
{
	if (g->is_fine(name))
		return ERR_OK;
	return scenario_bad(sec, rd->file, sec->line, rd->err,
	    "the name \"%s\" is not %s", CLEAN(name), g->words);
}

int
reader_reference(struct reader *rd, const void **out, cfg_t *sec,
    const char *key, const void *all, size_t n, size_t stride)
{
	const struct scenario_value *v = scenario_value(sec, key);
	const char *p = all;
	struct str label;

	if (v == NULL && n == 1) {
		*out = p;
		return ERR_OK;
	}
	if (v == NULL)
		return scenario_bad(sec, rd->file, sec->line, rd->err,
		    "\"%s\" is missing, and there are %zu to choose from", key,
		    n);
	for (size_t i = 0; i < n; i++, p += stride) {
		memcpy(&label, p, sizeof(label));
		if (str_eq(label, v->text)) {
			*out = p;
			return ERR_OK;
		}
	}
	return scenario_bad(sec, rd->file, v->line, rd->err,
	    "there is no %s '%s'", key, CLEAN(v->text));
}

cfg_t *
reader_choose(struct reader *rd, const struct source src[2], const char *kind)
{
	const struct source *from = &src[cfg_size(src[0].cfg, kind) == 0];

	rd->file = from->file;
	return from->cfg;
}

void *
reader_sections_new(struct reader *rd, const char *kind, size_t n, size_t size)
{
	void *p;

	if (n > SECTIONS_MAX) {
		(void)err_set(rd->err, ERR_CONFIG,
		    "%s: it has %zu sections \"%s\", it may have %d", rd->file,
		    n, kind, SECTIONS_MAX);
		return NULL;
	}
	p = arena_calloc(&rd->s->arena, n, size);
	if (p == NULL)
		(void)reader_no_memory(rd);
	return p;
}

int
reader_list(struct reader *rd, const struct str **out, size_t *n, cfg_t *sec,
    const char *key, const struct grammar *g)
{
	size_t count = cfg_size(sec, key);
	struct str *list;

	if (count == 0)
		return ERR_OK;
	if (count > LIST_MAX)
		return scenario_bad(sec, rd->file, sec->line, rd->err,
		    "\"%s\" has %zu values, it may have %d", key, count,
		    LIST_MAX);
	list = arena_calloc(&rd->s->arena, count, sizeof(*list));
	if (list == NULL)
		return reader_no_memory(rd);
	for (size_t i = 0; i < count; i++) {
		const struct scenario_value *v = scenario_value_at(sec, key, i);
		int r;

		if (!g->is_fine(v->text))
			return scenario_bad(sec, rd->file, v->line, rd->err,
			    "%s \"%s\" is not %s", key, CLEAN(v->text),
			    g->words);
		r = reader_keep(rd, &list[i], v->text);
		if (r != ERR_OK)
			return r;
	}
	*out = list;
	*n = count;
	return ERR_OK;
}

/* The number of so many digits at an offset; false if it is over max. */
static bool
digits(int *out, struct str s, size_t from, size_t n, int max)
{
	struct str part = str_sub(s, from, n);
	uint64_t v;

	if (part.n != n || !str_to_u64(&v, part) || v > (uint64_t)max)
		return false;
	*out = (int)v;
	return true;
}

/* ".25Z" or "Z" */
static bool
fraction(int64_t *us, struct str s)
{
	int64_t unit = 100 * 1000;

	*us = 0;
	if (str_is(s, "Z"))
		return true;
	if (s.n < 3 || s.n > 11 || s.p[0] != '.' || s.p[s.n - 1] != 'Z' ||
	    !str_is_digits(str_sub(s, 1, s.n - 2)))
		return false;
	for (size_t i = 1; i < s.n - 1; i++, unit /= 10)
		*us += unit * (s.p[i] - '0');
	return true;
}

/* RFC 3339 in UTC, from 1971 on, so that no time is 0. */
static bool
time_of(int64_t *us, struct str s)
{
	static const char shape[] = "....-..-..T..:..:..";
	struct tm tm = { 0 }, copy;
	int64_t part;
	time_t t;

	for (size_t i = 0; i < sizeof(shape) - 1; i++) {
		if (i >= s.n || (shape[i] != '.' && shape[i] != s.p[i]))
			return false;
	}
	if (!digits(&tm.tm_year, s, 0, 4, 9999) || tm.tm_year < 1971 ||
	    !digits(&tm.tm_mon, s, 5, 2, 12) ||
	    !digits(&tm.tm_mday, s, 8, 2, 31) ||
	    !digits(&tm.tm_hour, s, 11, 2, 23) ||
	    !digits(&tm.tm_min, s, 14, 2, 59) ||
	    !digits(&tm.tm_sec, s, 17, 2, 59) ||
	    !fraction(&part, str_sub(s, sizeof(shape) - 1, s.n)))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	copy = tm;
	t = timegm(&copy);
	if (copy.tm_mon != tm.tm_mon || copy.tm_mday != tm.tm_mday)
		return false;
	*us = (int64_t)t * 1000 * 1000 + part;
	return true;
}

int
reader_time(struct reader *rd, int64_t *us, cfg_t *sec, const char *key)
{
	const struct scenario_value *v = scenario_value(sec, key);

	if (v == NULL || time_of(us, v->text))
		return ERR_OK;
	return scenario_bad(sec, rd->file, v->line, rd->err,
	    "%s \"%s\" is not a time such as 2026-01-15T10:18:21.9Z", key,
	    CLEAN(v->text));
}

/* PATH/NAME, the path without its first '/' and maybe empty. */
static bool
role_path_name(struct reader *rd, struct scenario_role_ref *out, struct str s)
{
	size_t cut = s.n;

	while (cut > 0 && s.p[cut - 1] != '/')
		cut--;
	out->name = str_sub(s, cut, s.n);
	out->path =
	    arena_printf(&rd->s->arena, "/%.*s", STR_FMT(str_sub(s, 0, cut)));
	return cut <= ROLE_PATH_MAX - 1 && !str_starts(s, "/") &&
	       is_iam_name(out->name) &&
	       (cut == 0 || str_is_alnum_or(str_sub(s, 0, cut), "/_+=,.@-"));
}

/* arn:P:iam::ACCOUNT:role/PATH/NAME or the part behind role/ */
static bool
role_ref_of(struct reader *rd, struct scenario_role_ref *out, struct str s)
{
	struct str rest = s;

	if (!str_starts(s, "arn:"))
		return role_path_name(rd, out, s);
	rest = str_sub(s, 4, s.n);
	out->partition = str_cut(&rest, rest, ':');
	if (!str_starts(rest, "iam::"))
		return false;
	rest = str_sub(rest, 5, rest.n);
	out->account = str_cut(&rest, rest, ':');
	if (!str_starts(rest, "role/"))
		return false;
	return is_partition(out->partition) && is_account(out->account) &&
	       role_path_name(rd, out, str_sub(rest, 5, rest.n));
}

int
reader_role_ref(struct reader *rd, struct scenario_role_ref *out, cfg_t *sec,
    const char *key)
{
	const struct scenario_value *v = scenario_value(sec, key);
	struct scenario_role_ref got = { .name = { NULL, 0 } };
	struct str text = { 0 };
	int r;

	if (v == NULL)
		return ERR_OK;
	if (str_is(v->text, "none")) {
		*out = got;
		return ERR_OK;
	}
	r = reader_keep(rd, &text, v->text);
	if (r != ERR_OK)
		return r;
	if (!role_ref_of(rd, &got, text))
		return scenario_bad(sec, rd->file, v->line, rd->err,
		    "%s \"%s\" is not a role: NAME, PATH/NAME, its ARN or "
		    "none",
		    key, CLEAN(text));
	if (got.path.p == NULL)
		return reader_no_memory(rd);
	*out = got;
	return ERR_OK;
}
