/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/ecs.h"

#include <string.h>

#define TARGET "AmazonEC2ContainerServiceV20141113."
#define TYPE   "application/x-amz-json-1.1"

enum { BODY_DEPTH_MAX = 16 };

static const struct action {
	const char *name;
	ecs_action_fn *fn;
} actions[] = {
	{ "DescribeTasks", ecs_describe_tasks },
	{ "DescribeTaskDefinition", ecs_describe_task_definition },
	{ "ListTasks", ecs_list_tasks },
};

/*
 * Requests
 */

static bool
refuse_type(struct ecs_call *c, const char *name, const char *want)
{
	ECS_FAIL(c, "SerializationException", "%s is not %s", name, want);
	return false;
}

bool
ecs_string(struct ecs_call *c, struct str *out, const char *name)
{
	struct json_object *v = NULL;

	*out = (struct str){ NULL, 0 };
	if (!json_object_object_get_ex(c->body, name, &v) || v == NULL)
		return true;
	if (!json_object_is_type(v, json_type_string))
		return refuse_type(c, name, "a string");
	out->p = json_object_get_string(v);
	out->n = (size_t)json_object_get_string_len(v);
	return true;
}

bool
ecs_strings(struct ecs_call *c, struct json_object **out, const char *name)
{
	struct json_object *v = NULL;

	*out = NULL;
	if (!json_object_object_get_ex(c->body, name, &v) || v == NULL)
		return true;
	if (!json_object_is_type(v, json_type_array))
		return refuse_type(c, name, "a list of strings");
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		if (!json_object_is_type(
			json_object_array_get_idx(v, i), json_type_string))
			return refuse_type(c, name, "a list of strings");
	}
	*out = v;
	return true;
}

struct str
ecs_item(struct json_object *strings, size_t i)
{
	struct json_object *v = json_object_array_get_idx(strings, i);

	return (struct str){ json_object_get_string(v),
		(size_t)json_object_get_string_len(v) };
}

bool
ecs_includes(struct ecs_call *c, const char *word, bool *ok)
{
	struct json_object *list;
	bool found = false;

	*ok = ecs_strings(c, &list, "include");
	for (size_t i = 0;
	     *ok && list != NULL && i < json_object_array_length(list); i++) {
		if (str_is(ecs_item(list, i), word)) {
			found = true;
			continue;
		}
		*ok = false;
		ECS_FAIL(c, "InvalidParameterException",
		    "Invalid include value: %s", CLEAN(ecs_item(list, i)));
	}
	return found;
}

/* A name, or an ARN of the caller's account and region. */
static bool
is_cluster(
    const struct ecs_call *c, const struct scenario_cluster *k, struct str text)
{
	return str_eq(k->account->id, c->caller->account) &&
	       str_eq(k->region, c->region) &&
	       (str_eq(k->name, text) || str_eq(k->arn, text));
}

const struct scenario_cluster *
ecs_cluster(struct ecs_call *c)
{
	const struct scenario *s = c->m->scenario;
	struct str text;

	if (!ecs_string(c, &text, "cluster"))
		return NULL;
	if (text.p == NULL)
		text = STR("default");
	for (size_t i = 0; i < s->cluster_count; i++) {
		if (is_cluster(c, &s->clusters[i], text))
			return &s->clusters[i];
	}
	ECS_FAIL(c, "ClusterNotFoundException", "Cluster not found.");
	return NULL;
}

void
ecs_begin(struct ecs_call *c, struct writer *w)
{
	char id[REQUEST_ID_SIZE];

	error_request_id(c->a, c->m, c->q, id);
	c->a->type = TYPE;
	writer_init(w, &c->a->body, false);
	writer_open(w, NULL);
}

void
ecs_end(struct ecs_call *c, struct writer *w)
{
	(void)c;
	writer_close(w, NULL);
}

/*
 * Who asks for what
 */

/* False has answered. */
static bool
is_signed(struct ecs_call *c)
{
	struct auth auth;
	enum auth_problem p = auth_check(&auth, c->a, c->m, c->q, "ecs");

	c->caller = auth.session;
	c->region = auth.region;
	switch (p) {
	case AUTH_FINE:
		return true;
	case AUTH_MISSING:
		ECS_FAIL(
		    c, "MissingAuthenticationTokenException", "%s", auth.text);
		break;
	case AUTH_INCOMPLETE:
		ECS_FAIL(c, "IncompleteSignatureException", "%s", auth.text);
		break;
	case AUTH_UNKNOWN_KEY:
		ECS_FAIL(c, "UnrecognizedClientException", "%s", auth.text);
		break;
	case AUTH_EXPIRED:
		ECS_FAIL(c, "ExpiredTokenException", "%s", auth.text);
		break;
	case AUTH_BAD_SIGNATURE:
		ECS_FAIL(c, "InvalidSignatureException", "%s", auth.text);
		break;
	case AUTH_BROKEN:
		ecs_error(
		    c->a, c->m, c->q, 500, "ServerException", "%s", auth.text);
		break;
	}
	return false;
}

static const struct action *
find_action(struct ecs_call *c)
{
	struct str target = request_header(c->q, "X-Amz-Target");

	if (!str_starts(target, TARGET))
		return NULL;
	target = str_sub(target, sizeof(TARGET) - 1, target.n);
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (str_is(target, actions[i].name))
			return &actions[i];
	}
	return NULL;
}

/* One JSON object and nothing else; NULL: it is not. */
static struct json_object *
parse_body(struct str text)
{
	struct json_tokener *tok = json_tokener_new_ex(BODY_DEPTH_MAX);
	struct json_object *o = NULL;

	if (tok == NULL)
		return NULL;
	json_tokener_set_flags(
	    tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (text.n < INT32_MAX)
		o = json_tokener_parse_ex(tok, text.p, (int)text.n);
	if (o != NULL && (json_tokener_get_parse_end(tok) != text.n ||
			     !json_object_is_type(o, json_type_object))) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	return o;
}

static bool
has_type(const struct request *q)
{
	struct str rest, type = request_header(q, "Content-Type");

	return str_eq_nocase(str_trim(str_cut(&rest, type, ';')), STR(TYPE));
}

static void
dispatch(struct ecs_call *c, const struct action *action)
{
	if (action == NULL || !has_type(c->q)) {
		ECS_FAIL(c, "UnknownOperationException",
		    "This mock knows no such X-Amz-Target, in " TYPE);
		return;
	}
	if (!is_signed(c))
		return;
	if (!auth_may(c->caller, "ecs", action->name)) {
		ECS_FAIL(c, "AccessDeniedException",
		    "User: %.*s is not authorized to perform: ecs:%s on "
		    "resource: * because no identity-based policy allows the "
		    "ecs:%s action",
		    STR_FMT(c->caller->arn), action->name, action->name);
		return;
	}
	c->body = parse_body(c->q->body);
	if (c->body == NULL)
		ECS_FAIL(c, "SerializationException",
		    "The body is not one JSON object");
	else
		action->fn(c);
	json_object_put(c->body);
}

void
ecs_answer(struct answer *a, const struct mock *m, const struct request *q)
{
	struct ecs_call c = { .a = a, .m = m, .q = q };

	dispatch(&c, find_action(&c));
}
