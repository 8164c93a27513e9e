/* SPDX-License-Identifier: Apache-2.0 */
#include "host/line.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/fail.h"
#include "jsonc.h"

static struct json_object *
parse(const char *text, size_t n)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *doc;

	NEED(tok != NULL, "no memory");
	json_tokener_set_flags(tok, JSONC_STRICTEST);
	/* with the NUL, which json-c needs to know that the text ended */
	doc = json_tokener_parse_ex(tok, text, (int)n + 1);
	if (json_tokener_get_error(tok) != json_tokener_success) {
		json_object_put(doc);
		doc = NULL;
	}
	json_tokener_free(tok);
	return doc;
}

/* The layout of hclog: exactly six digits of fraction. */
static bool
is_stamp(const char *s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddddd";
	size_t i;

	for (i = 0; form[i] != '\0'; i++) {
		if (form[i] == 'd' ? !isdigit((unsigned char)s[i])
				   : s[i] != form[i])
			return false;
	}
	s += i;
	if (strcmp(s, "Z") == 0)
		return true;
	return strlen(s) == 6 && (s[0] == '+' || s[0] == '-') && s[3] == ':';
}

static const char *
check_members(struct json_object *doc)
{
	static const char *const taken[] = { "level", "msg", "time",
		"timestamp", "external", "plugin_name", "plugin_type",
		"subsystem_name", "@module", "@caller" };
	static const char *const own[] = { "@level", "@message", "@timestamp" };
	struct json_object *value;
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (!json_object_object_get_ex(doc, own[i], &value))
			return "has no @level, @message or @timestamp";
		if (!json_object_is_type(value, json_type_string))
			return "would end SPIRE: a member is no string";
	}
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (json_object_object_get_ex(doc, taken[i], NULL))
			return "has a field whose name is SPIRE's";
	json_object_object_foreach(doc, key, v)
	{
		(void)key;
		if (json_object_is_type(v, json_type_int) ||
		    json_object_is_type(v, json_type_double))
			return "has a number, which SPIRE prints as a float";
	}
	return NULL;
}

static const char *
check_values(struct line *line, struct json_object *doc)
{
	static const char *const levels[] = { "debug", "info", "warn",
		"error" };
	const char *text;
	size_t i;

	json_object_object_get_ex(doc, "@timestamp", &doc);
	if (!is_stamp(json_object_get_string(doc)))
		return "has a timestamp that hclog does not read";
	text = line->level;
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(text, levels[i]) == 0)
			return NULL;
	return "has a level that SPIRE does not log";
}

const char *
line_read(struct line *line, const char *text, size_t n)
{
	struct json_object *doc, *value;
	const char *fault;
	size_t i;

	line->raw = need_alloc(n + 1);
	memcpy(line->raw, text, n);
	line->level[0] = '\0';
	line->message = NULL;
	if (n >= LINE_MAX_BYTES)
		return "is longer than go-plugin reads whole";
	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20)
			return "holds a control byte";
	doc = parse(line->raw, n);
	if (doc == NULL || !json_object_is_type(doc, json_type_object)) {
		json_object_put(doc);
		return "is no JSON object";
	}
	fault = check_members(doc);
	if (fault == NULL) {
		json_object_object_get_ex(doc, "@level", &value);
		snprintf(line->level, sizeof(line->level), "%s",
		    json_object_get_string(value));
		json_object_object_get_ex(doc, "@message", &value);
		line->message = strdup(json_object_get_string(value));
		fault = check_values(line, doc);
	}
	json_object_put(doc);
	return fault;
}

void
line_release(struct line *line)
{
	free(line->raw);
	free(line->message);
}

bool
line_field(const struct line *line, const char *key, char *out, size_t size)
{
	struct json_object *doc = parse(line->raw, strlen(line->raw)), *value;
	bool found = false;

	if (doc != NULL && json_object_object_get_ex(doc, key, &value)) {
		found = true;

		snprintf(out, size, "%s", json_object_get_string(value));
	}
	json_object_put(doc);
	return found;
}
