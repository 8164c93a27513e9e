/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/task_text.h"

#include <string.h>

#include "base/str.h"

static int
bad(const char *name, struct err *err)
{
	return err_set(err, ERR_CONFIG,
	    "\"%s\" is not a text, a number, or a list of texts",
	    CLEAN(str_of(name)));
}

/* What ends a text in single quotes, and what takes that meaning away. */
static void
add_escaped(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'' || s.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, s.p[i]);
	}
}

/* NULL: it has a NUL inside, or is no string. */
static const char *
text_of(struct json_object *v)
{
	const char *p;

	if (!json_object_is_type(v, json_type_string))
		return NULL;
	p = json_object_get_string(v);
	return strlen(p) == (size_t)json_object_get_string_len(v) ? p : NULL;
}

static int
add_list(struct buf *out, const char *name, struct json_object *v,
    struct err *err)
{
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		const char *text = text_of(json_object_array_get_idx(v, i));

		if (text == NULL)
			return bad(name, err);
		buf_add_text(out, i == 0 ? " '" : ", '");
		add_escaped(out, str_of(text));
		buf_add_char(out, '\'');
	}
	return ERR_OK;
}

static int
add_pairs(struct buf *out, const char *name, struct json_object *o,
    struct err *err)
{
	const char *comma = " '";
	int r = ERR_OK;

	json_object_object_foreach(o, key, v)
	{
		const char *text = text_of(v);

		if (text == NULL || strchr(key, '=') != NULL) {
			r = bad(name, err);
			continue;
		}
		buf_add_text(out, comma);
		add_escaped(out, str_of(key));
		buf_add_char(out, '=');
		add_escaped(out, str_of(text));
		buf_add_char(out, '\'');
		comma = ", '";
	}
	return r;
}

static int
add_value(struct buf *out, const char *name, struct json_object *v,
    struct err *err)
{
	bool is_list = json_object_is_type(v, json_type_array);
	int r;

	if (is_list || json_object_is_type(v, json_type_object)) {
		buf_addf(out, "\t%s = {", name);
		r = is_list ? add_list(out, name, v, err)
			    : add_pairs(out, name, v, err);
		buf_add_text(out, " }\n");
		return r;
	}
	if (json_object_is_type(v, json_type_int)) {
		buf_addf(out, "\t%s = '%lld'\n", name,
		    (long long)json_object_get_int64(v));
		return ERR_OK;
	}
	if (text_of(v) == NULL)
		return bad(name, err);
	buf_addf(out, "\t%s = '", name);
	add_escaped(out, str_of(text_of(v)));
	buf_add_text(out, "'\n");
	return ERR_OK;
}

static bool
is_key(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((s.p[i] < 'a' || s.p[i] > 'z') && s.p[i] != '_' &&
		    (s.p[i] < '0' || s.p[i] > '9' || i == 0))
			return false;
	}
	return s.n > 0 && s.n <= 64;
}

int
task_text_format(struct buf *out, struct json_object *o, struct err *err)
{
	struct json_object *title = NULL;
	int r = ERR_OK;

	if (!json_object_is_type(o, json_type_object))
		return err_set(err, ERR_CONFIG, "a task is a JSON object");
	if (!json_object_object_get_ex(o, "name", &title) ||
	    text_of(title) == NULL)
		return err_set(
		    err, ERR_CONFIG, "the task has no text as its \"name\"");
	buf_add_text(out, "task '");
	add_escaped(out, str_of(text_of(title)));
	buf_add_text(out, "' {\n");
	json_object_object_foreach(o, name, v)
	{
		if (r != ERR_OK || strcmp(name, "name") == 0)
			continue;
		if (is_key(str_of(name)))
			r = add_value(out, name, v, err);
		else
			r = err_set(err, ERR_CONFIG,
			    "a task has no member \"%s\"", CLEAN(str_of(name)));
	}
	buf_add_text(out, "}\n");
	return r == ERR_OK ? buf_check(out, err) : r;
}
