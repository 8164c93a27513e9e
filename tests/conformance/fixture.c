/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/fixture.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>

enum { POOL = 16, POOL_TEXT = 256 * 1024 };

/* Never asked for: nothing here fetches metadata unless it says where. */
#define NOWHERE "metadata_endpoint = \"http://127.0.0.1:1/v4\"\n"

const struct plugin plugins[2] = {
	{ "server", true, METADATA_MODE "trust_domain = \"example.org\"\n",
	    METADATA_MODE "allowed_acounts = [\"123456789012\"]\n" },
	{ "agent", false, NOWHERE "timeout = \"50ms\"\n",
	    NOWHERE "timout = \"1s\"\n" },
};

static char *
pool_next(void)
{
	static char *pool[POOL];
	static size_t next;
	char **p = &pool[next++ % POOL];

	if (*p == NULL)
		*p = need_alloc(POOL_TEXT);
	return *p;
}

const char *
print(const char *fmt, ...)
{
	char *out = pool_next();
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, POOL_TEXT, fmt, ap);
	va_end(ap);
	NEED(n >= 0 && n < POOL_TEXT, "too long for the pool");
	return out;
}

const char *
run_of(char c, size_t n)
{
	char *out = pool_next();

	NEED(n < POOL_TEXT, "too long for the pool");
	memset(out, c, n);
	out[n] = '\0';
	return out;
}

struct process_options
plugin_options(const struct plugin *p)
{
	const char *path =
	    getenv(p->is_server ? "server_plugin" : "agent_plugin");
	const char *top = getenv("abs_top_builddir");

	if (path == NULL) {
		NEED(top != NULL, "abs_top_builddir is not set");
		path = print("%s/%s", top,
		    p->is_server ? "src/server/aws-fargate-server-nodeattestor"
				 : "src/agent/aws-fargate-nodeattestor");
	}
	return (struct process_options){ .program = path };
}

struct host *
load_server(const char *config)
{
	const struct process_options o = plugin_options(&plugins[0]);

	return host_load(&o, true, config);
}

struct host *
load_agent(const char *config)
{
	const struct process_options o = plugin_options(&plugins[1]);

	return host_load(&o, false, config);
}

struct host *
load(const struct plugin *p)
{
	return p->is_server ? load_server(p->config) : load_agent(p->config);
}

void
attests(struct host *h, const struct plugin *p)
{
	static struct attested attested;
	static struct aided aided;

	if (p->is_server) {
		must_attest(h, good_payload(), &attested);
		return;
	}
	host_aid(h, &aided);
	ck_assert_msg(
	    aided.answer.code == GRPC_STATUS_INTERNAL &&
		begins(aided.answer.text, "failed to fetch task metadata: "),
	    "%d %s", (int)aided.answer.code, aided.answer.text);
}

static const char base_metadata[] =
    "{\"Cluster\":\"arn:aws:ecs:us-east-1:" ACCOUNT ":cluster/my-cluster\","
    "\"TaskARN\":\"" TASK_ARN "\","
    "\"Family\":\"my-task-family\",\"Revision\":\"1\","
    "\"ServiceName\":\"my-service\",\"DesiredStatus\":\"RUNNING\","
    "\"KnownStatus\":\"RUNNING\",\"AvailabilityZone\":\"us-east-1a\","
    "\"LaunchType\":\"FARGATE\","
    "\"TaskTags\":{\"Environment\":\"production\",\"Team\":\"backend\"},"
    "\"Containers\":[{\"DockerId\":\"x-1\",\"Name\":\"app\","
    "\"Image\":\"example/app:1.0\",\"ImageID\":\"sha256:"
    "1f0e1f0e1f0e1f0e1f0e1f0e1f0e1f0e1f0e1f0e1f0e1f0e1f0e1f0e1f0e1f0e\","
    "\"Labels\":{},\"Type\":\"NORMAL\"}]}";

static struct json_object *
read_json(const char *text)
{
	struct json_object *doc = json_tokener_parse(text);

	NEED(doc != NULL || strcmp(text, "null") == 0, "bad JSON in a test: %s",
	    text);
	return doc;
}

static void
replace(struct json_object *doc, const char *name, va_list ap)
{
	for (; name != NULL; name = va_arg(ap, const char *)) {
		const char *value = va_arg(ap, const char *);

		if (value == NULL)
			json_object_object_del(doc, name);
		else
			json_object_object_add(doc, name, read_json(value));
	}
}

static const char *
take(struct json_object *doc)
{
	const char *text = print(
	    "%s", json_object_to_json_string_ext(doc,
		      JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(doc);
	return text;
}

const char *
metadata(const char *name, ...)
{
	struct json_object *doc = read_json(base_metadata);
	va_list ap;

	va_start(ap, name);
	replace(doc, name, ap);
	va_end(ap);
	return take(doc);
}

static struct json_object *
naive_payload(const char *text)
{
	struct json_object *doc = json_object_new_object();
	struct json_object *list = json_object_new_array();

	json_object_array_add(
	    list, json_object_new_string("aws_fargate:cluster:my-cluster"));
	json_object_object_add(
	    doc, "task_metadata", json_object_new_string(text));
	json_object_object_add(doc, "selectors", list);
	return doc;
}

const char *
payload_of(const char *metadata_text)
{
	return take(naive_payload(metadata_text));
}

const char *
good_payload(void)
{
	return payload_of(base_metadata);
}

const char *
payload(const char *name, ...)
{
	struct json_object *doc = naive_payload(base_metadata);
	va_list ap;

	json_object_object_add(doc, "version", json_object_new_int(1));
	json_object_object_add(
	    doc, "task_arn", json_object_new_string(TASK_ARN));
	json_object_object_add(
	    doc, "agent_nonce", json_object_new_string(NONCE));
	va_start(ap, name);
	replace(doc, name, ap);
	va_end(ap);
	return take(doc);
}

bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool
has_line(const char *list, const char *line)
{
	const size_t n = strlen(line);
	const char *at;

	for (at = list; at != NULL && *at != '\0';
	     at = strchr(at, '\n') == NULL ? NULL : strchr(at, '\n') + 1)
		if (strncmp(at, line, n) == 0 && at[n] == '\n')
			return true;
	return false;
}

void
must_attest(struct host *h, const char *text, struct attested *out)
{
	host_attest(h, text, strlen(text), out);
	ck_assert_msg(out->answer.code == GRPC_STATUS_OK, "%d %s for %.2000s",
	    (int)out->answer.code, out->answer.text, text);
	ck_assert_msg(!out->challenged, "challenged in metadata mode");
}

void
must_refuse(struct host *h, const void *bytes, size_t n, grpc_status_code code,
    const char *text)
{
	static struct attested out;

	host_attest(h, bytes, n, &out);
	ck_assert_msg(out.answer.code == code && begins(out.answer.text, text),
	    "got %d \"%s\", want %d \"%s...\"", (int)out.answer.code,
	    out.answer.text, (int)code, text);
}

void
must_configure(struct host *h, const char *config)
{
	const struct answer a = host_configure(h, "example.org", config);

	ck_assert_msg(a.code == GRPC_STATUS_OK, "%d %s for %s", (int)a.code,
	    a.text, config);
}

void
must_not_configure(struct host *h, const char *config, const char *text)
{
	const struct answer a = host_configure(h, "example.org", config);

	ck_assert_msg(a.code == GRPC_STATUS_INVALID_ARGUMENT &&
			  strstr(a.text, text) != NULL,
	    "got %d \"%s\", want a refusal with \"%s\" for %.1000s",
	    (int)a.code, a.text, text, config);
}

/* Check dies of a message that is too long for it. */
static void
abort_test(const char *file, int line, const char *text)
{
	ck_abort_msg("%s:%d: %.3000s", file, line, text);
}

TCase *
new_case(Suite *s, const char *name, int seconds)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, patience(seconds));
	suite_add_tcase(s, tc);
	return tc;
}

int
run_tests(Suite *s)
{
	fail_hook = abort_test;
	return run_suite(s);
}
