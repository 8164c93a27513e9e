/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <json-c/json.h>

#include "vector.h"

/* Absent or null: the empty string. */
static struct str
text_of(struct json_object *doc, const char *name)
{
	struct json_object *v = NULL;

	if (!json_object_object_get_ex(doc, name, &v) ||
	    !json_object_is_type(v, json_type_string))
		return (struct str){ NULL, 0 };
	return (struct str){ json_object_get_string(v),
		(size_t)json_object_get_string_len(v) };
}

static bool
flag_of(struct json_object *doc, const char *name, bool otherwise)
{
	struct json_object *v = NULL;

	if (!json_object_object_get_ex(doc, name, &v))
		return otherwise;
	return json_object_get_boolean(v) != 0;
}

/* 2015-08-30T12:36:00Z without its marks */
static int
read_timestamp(struct vector_context *c, struct str text, struct err *err)
{
	size_t i, n = 0;

	for (i = 0; i < text.n && n < sizeof(c->amz_date) - 1; i++)
		if (text.p[i] != '-' && text.p[i] != ':')
			c->amz_date[n++] = text.p[i];
	c->amz_date[n] = '\0';
	c->scope.amz_date = str_of(c->amz_date);
	if (text.n != 20 || !sigv4_is_amz_date(c->scope.amz_date))
		return err_set(err, ERR_FORMAT,
		    "timestamp \"%s\" is not of the form 2015-08-30T12:36:00Z",
		    CLEAN(text));
	return ERR_OK;
}

int
vector_context(struct vector_context *c, const char *json, struct err *err)
{
	struct json_object *doc = json_tokener_parse(json), *cred = NULL;

	memset(c, 0, sizeof(*c));
	if (!json_object_is_type(doc, json_type_object) ||
	    !json_object_object_get_ex(doc, "credentials", &cred) ||
	    !json_object_is_type(cred, json_type_object)) {
		json_object_put(doc);
		return err_set(err, ERR_FORMAT,
		    "the context is not a JSON object with credentials");
	}
	c->doc = doc;
	c->credentials.access_key_id = text_of(cred, "access_key_id");
	c->credentials.secret = text_of(cred, "secret_access_key");
	c->credentials.token = text_of(cred, "token");
	c->scope.region = text_of(doc, "region");
	c->scope.service = text_of(doc, "service");
	c->keep_path = !flag_of(doc, "normalize", true);
	if (flag_of(doc, "sign_body", false))
		c->flags |= SIGV4_SIGN_BODY;
	if (flag_of(doc, "omit_session_token", false))
		c->flags |= SIGV4_TOKEN_UNSIGNED;
	return read_timestamp(c, text_of(doc, "timestamp"), err);
}

void
vector_context_release(struct vector_context *c)
{
	json_object_put(c->doc);
	c->doc = NULL;
}
