/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/scenario_text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mock/scenario.h"

/*
 * libconfuse takes a text that ends inside a section or a comment.  So a mark
 * is put behind it, and has to be seen at the top, on a line of its own.
 */
#define END_MARK "end_of_scenario"

/*
 * libconfuse's callbacks carry no argument, and its lexer is global anyway:
 * this is who parses now, NULL while nobody does.
 */
static struct parse {
	const char *file;
	int lines; /* of the text; the mark is below */
	bool ended;
	struct err *err;
} * parsing;

int
scenario_bad(cfg_t *sec, const char *file, int line, struct err *err,
    const char *fmt, ...)
{
	const char *title = cfg_title(sec);
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (title == NULL)
		return err_set(err, ERR_CONFIG, "%s:%d: %s", file, line, text);
	return err_set(err, ERR_CONFIG, "%s:%d: %s '%s': %s", file, line,
	    cfg_name(sec), CLEAN(str_of(title)), text);
}

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[160], clean[160];

	if (parsing == NULL)
		return;
	if (cfg->line > parsing->lines) {
		(void)scenario_bad(cfg, parsing->file, parsing->lines,
		    parsing->err,
		    "the file ends too early: a quote, a value or a closing "
		    "brace is missing");
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	(void)scenario_bad(cfg, parsing->file, cfg->line, parsing->err, "%s",
	    str_clean(clean, sizeof(clean), str_of(text)));
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	size_t n = strlen(text);
	struct scenario_value *v;

	if (parsing->err->code != ERR_OK)
		return -1;
	v = malloc(sizeof(*v) + n + 1);
	if (v == NULL) {
		(void)err_set(parsing->err, ERR_MEMORY, "out of memory");
		return -1;
	}
	memcpy(v->bytes, text, n + 1);
	v->line = cfg->line;
	v->key = opt->name;
	v->text = (struct str){ v->bytes, n };
	memcpy(result, &v, sizeof(v));
	return 0;
}

/* libconfuse lets the last of two settings win and drops the first here. */
static void
on_drop(void *value)
{
	struct scenario_value *v = value;

	if (parsing != NULL)
		(void)err_set(parsing->err, ERR_CONFIG,
		    "%s:%d: \"%s\" is set here and again further down",
		    parsing->file, v->line, v->key);
	free(v);
}

static int
on_end(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	(void)argc;
	(void)argv;
	if (cfg->line <= parsing->lines)
		return scenario_bad(cfg, parsing->file, cfg->line, parsing->err,
		    "no such option '%s'", opt->name);
	parsing->ended = true;
	return 0;
}

#define VALUE(name) CFG_PTR_CB(name, NULL, CFGF_NODEFAULT, on_value, on_drop)
#define VALUES(name) \
	CFG_PTR_LIST_CB(name, NULL, CFGF_NODEFAULT, on_value, on_drop)
#define SECTIONS(name, opts) \
	CFG_SEC(name, opts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)

/* The whole language; fargate-mock.conf(5) names the same. */
static cfg_t *
cfg_new(void)
{
	cfg_opt_t account[] = { VALUE("partition"), CFG_END() };
	cfg_opt_t cluster[] = { VALUE("account"), VALUE("name"),
		VALUE("region"), CFG_END() };
	cfg_opt_t role[] = { VALUE("account"), VALUES("deny"),
		VALUE("external_id"), VALUE("name"), VALUE("path"),
		VALUES("trust"), VALUES("web_identity_tokens"), CFG_END() };
	cfg_opt_t access_key[] = { VALUE("account"), VALUES("deny"),
		VALUE("expires"), VALUE("role"), VALUE("secret"),
		VALUE("session"), VALUE("token"), VALUE("user"), CFG_END() };
	cfg_opt_t container[] = { VALUE("cpu"), VALUE("image"),
		VALUE("image_digest"), VALUE("image_id"), VALUE("memory"),
		CFG_END() };
	cfg_opt_t definition[] = { VALUE("cpu"), VALUE("execution_role"),
		VALUE("memory"), VALUE("pid_mode"), VALUE("task_role"),
		SECTIONS("container", container), CFG_END() };
	cfg_opt_t task[] = { VALUE("address"), VALUE("attachment_status"),
		VALUE("availability_zone"), VALUE("capacity_provider"),
		VALUE("cluster"), VALUE("count"), VALUE("created_at"),
		VALUE("exec"), VALUE("group"), VALUE("id"),
		VALUE("ipv6_address"), VALUE("launch_type"),
		VALUES("overrides"), VALUE("platform_family"),
		VALUE("platform_version"), VALUE("service"),
		VALUE("started_at"), VALUE("started_by"), VALUE("status"),
		VALUE("subnet"), VALUES("tags"), VALUE("task_definition"),
		VALUE("task_role"), CFG_END() };
	cfg_opt_t top[] = { VALUE("default_task"), VALUE("instance_role"),
		SECTIONS("account", account), SECTIONS("cluster", cluster),
		SECTIONS("role", role), SECTIONS("access_key", access_key),
		SECTIONS("task_definition", definition), SECTIONS("task", task),
		CFG_FUNC(END_MARK, on_end), CFG_END() };

	return cfg_init(top, CFGF_NONE);
}

static int
count_lines(struct str text)
{
	int lines = 1;

	for (size_t i = 0; i + 1 < text.n; i++)
		lines += text.p[i] == '\n';
	return lines;
}

static int
check_text(struct str text, const char *file, struct err *err)
{
	if (text.n > SCENARIO_BYTES_MAX)
		return err_set(err, ERR_TOOBIG, "%s: it is over %d bytes", file,
		    SCENARIO_BYTES_MAX);
	if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL)
		return err_set(err, ERR_CONFIG,
		    "%s: it holds a NUL byte: it is not a text", file);
	return ERR_OK;
}

/* Where a quoted text that begins at p ends, behind its quote. */
static const char *
skip_quoted(const char *p, const char *end)
{
	char quote = *p++;

	while (p < end && *p != quote) {
		const char *close = NULL;

		if (quote == '"' && end - p > 1 && p[0] == '$' && p[1] == '{')
			close = memchr(p, '}', (size_t)(end - p));
		if (close != NULL)
			p = close;
		else if (*p == '\\' && end - p > 1)
			p++;
		p++;
	}
	return p < end ? p + 1 : end;
}

/*
 * Where a comment that begins at p ends; p itself if none does, or if it has
 * no end: that is left to libconfuse.
 */
static const char *
skip_comment(const char *p, const char *end, bool is_start)
{
	bool block = is_start && end - p > 1 && p[0] == '/' && p[1] == '*';
	bool line = *p == '#' ||
		    (is_start && end - p > 1 && p[0] == '/' && p[1] == '/');
	const char *start = p;

	if (block) {
		for (p += 2; end - p > 1; p++) {
			if (p[0] == '*' && p[1] == '/')
				return p + 2;
		}
		return start;
	}
	while (line && p < end && *p != '\n')
		p++;
	return p;
}

/*
 * Append the text with blanks for its comments, which libconfuse 3.3 counts
 * as several lines each.
 */
static void
add_without_comments(struct buf *b, struct str text)
{
	const char *p = text.p, *end, *to;
	bool is_start = true; /* of a word */

	if (text.n == 0)
		return;
	end = p + text.n;
	for (; p < end; p = to) {
		to = skip_comment(p, end, is_start);
		if (to != p) {
			for (; p < to; p++)
				buf_add_char(b, *p == '\n' ? '\n' : ' ');
			is_start = true;
			continue;
		}
		to = *p == '\'' || *p == '"' ? skip_quoted(p, end) : p + 1;
		buf_add(b, (struct str){ p, (size_t)(to - p) });
		is_start = memchr("\t\n\r \"'={}()+,", *p, 13) != NULL;
	}
}

int
scenario_text_parse(
    cfg_t **cfgp, struct str text, const char *file, struct err *err)
{
	struct err first = { 0 };
	struct parse parse = { file, count_lines(text), false, &first };
	cfg_t *cfg = NULL;
	struct buf b;
	const char *p;
	int r, parsed;

	buf_init(&b, SCENARIO_BYTES_MAX + 64);
	r = check_text(text, file, &first);
	if (r != ERR_OK)
		goto out;
	add_without_comments(&b, text);
	buf_add_text(&b, "\n\n" END_MARK "()\n");
	p = buf_text(&b);
	cfg = cfg_new();
	if (p == NULL || cfg == NULL) {
		r = err_set(&first, ERR_MEMORY, "out of memory");
		goto out;
	}
	(void)cfg_set_error_function(cfg, on_error);
	parsing = &parse;
	parsed = cfg_parse_buf(cfg, p);
	parsing = NULL;
	r = first.code;
	if (r == ERR_OK && (parsed != CFG_SUCCESS || !parse.ended))
		r = scenario_bad(cfg, file, parse.lines, &first,
		    "the file ends inside a comment or a section");
out:
	if (r == ERR_OK)
		*cfgp = cfg;
	else if (cfg != NULL)
		cfg_free(cfg);
	if (r != ERR_OK)
		(void)err_set(err, r, "%s", first.msg);
	buf_release(&b);
	return r;
}

const struct scenario_value *
scenario_value_at(cfg_t *sec, const char *key, size_t i)
{
	return cfg_getnptr(sec, key, (unsigned)i);
}

const struct scenario_value *
scenario_value(cfg_t *sec, const char *key)
{
	return cfg_size(sec, key) > 0 ? scenario_value_at(sec, key, 0) : NULL;
}
