/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 24 cases that the plugin suite's documentation promises of its agent
 * plugin, as behaviour of the plugin process before an endpoint on loopback.
 */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>

#include "conformance/fixture.h"
#include "host/httpd.h"

static struct aided out;

/* What the endpoint answers; one test runs at a time. */
static struct {
	int status;
	char body[64 * 1024];
	bool hang;
} endpoint;

static void
answer(struct httpd_request *r)
{
	if (endpoint.hang)
		httpd_hang(r);
	else
		httpd_reply(r, endpoint.status, endpoint.body);
}

static struct httpd *
serve(int status, const char *body)
{
	endpoint.status = status;
	snprintf(endpoint.body, sizeof(endpoint.body), "%s", body);
	return httpd_start(0, answer, NULL);
}

/* An endpoint that takes requests and says nothing. */
static struct httpd *
serve_silence(void)
{
	endpoint.hang = true;
	return httpd_start(0, answer, NULL);
}

static struct host *
load_at(const struct httpd *s, const char *more)
{
	return load_agent(
	    print("metadata_endpoint = \"%s\"\n%s", httpd_url(s), more));
}

static void
succeeds(struct host *h)
{
	host_aid(h, &out);
	ck_assert_msg(out.answer.code == GRPC_STATUS_OK, "%d %s",
	    (int)out.answer.code, out.answer.text);
}

static void
fails(struct host *h, const char *text)
{
	host_aid(h, &out);
	ck_assert_msg(
	    out.answer.code == GRPC_STATUS_INTERNAL &&
		strstr(out.answer.text, text) != NULL &&
		begins(out.answer.text, "failed to fetch task metadata: "),
	    "%d %s", (int)out.answer.code, out.answer.text);
}

static void
fails_with(int status, const char *body, const char *more, const char *text)
{
	struct httpd *s = serve(status, body);
	struct host *h = load_at(s, more);

	fails(h, text);
	host_unload(h);
	httpd_stop(s);
}

static struct json_object *
get(struct json_object *doc, const char *name)
{
	struct json_object *value = NULL;

	ck_assert_msg(
	    json_object_object_get_ex(doc, name, &value), "no %s", name);
	return value;
}

/* The selectors that the agent lists for a metadata text. */
static const char *
selectors_of(const char *text)
{
	struct httpd *s = serve(200, text);
	struct host *h = load_at(s, "");
	struct json_object *doc, *list;
	const char *all = "";
	size_t i;

	succeeds(h);
	doc = json_tokener_parse(out.payload);
	ck_assert_ptr_nonnull(doc);
	list = get(doc, "selectors");
	for (i = 0; i < json_object_array_length(list); i++)
		all = print("%s%s\n", all,
		    json_object_get_string(json_object_array_get_idx(list, i)));
	json_object_put(doc);
	host_unload(h);
	httpd_stop(s);
	return all;
}

START_TEST(configuration)
{
	struct host *h = load_agent(
	    "metadata_endpoint = \"http://169.254.170.2/v4/metadata\"\n"
	    "timeout = \"30s\"\n");

	host_unload(h);
}
END_TEST

START_TEST(configuration_with_another_endpoint)
{
	struct httpd *s = serve(200, metadata(NULL, NULL));
	struct host *h = load_at(s, "");

	succeeds(h);
	ck_assert(httpd_saw(s, "/task"));
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(configuration_with_another_timeout)
{
	struct httpd *s = serve_silence();
	struct host *h = load_at(s, "timeout = \"200ms\"");
	const int64_t from = now_ms();

	fails(h, "");
	ck_assert_int_lt((int)(now_ms() - from), patience(3000));
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(configuration_defaults)
{
	struct httpd *s = serve(200, metadata(NULL, NULL));
	struct process_options o = plugin_options(&plugins[1]);
	const char *env[2] = {
		print("ECS_CONTAINER_METADATA_URI_V4=%s", httpd_url(s)), NULL
	};
	struct host *h;

	o.env = env;
	h = host_load(&o, false, "");
	succeeds(h);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(configuration_that_is_invalid)
{
	struct host *h = load_agent("");

	must_not_configure(h, "not { valid HCL", "");
	host_unload(h);
}
END_TEST

START_TEST(invalid_timeout)
{
	struct host *h = load_agent("");

	must_not_configure(h, "timeout = \"invalid\"",
	    "unable to parse timeout duration: time: invalid duration "
	    "\"invalid\"");
	host_unload(h);
}
END_TEST

START_TEST(success)
{
	struct httpd *s = serve(200, metadata(NULL, NULL));
	struct host *h = load_at(s, "");

	succeeds(h);
	ck_assert(strstr(out.payload, TASK_ARN) != NULL);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(metadata_timeout)
{
	struct httpd *s = serve_silence();
	struct host *h = load_at(s, "timeout = \"100ms\"");

	fails(h, "within 100 ms");
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(metadata_404)
{
	fails_with(
	    404, "not found", "", "metadata endpoint returned status 404");
}
END_TEST

START_TEST(metadata_500)
{
	fails_with(500, "error", "", "metadata endpoint returned status 500");
}
END_TEST

START_TEST(metadata_invalid_json)
{
	fails_with(200, "invalid json", "", "failed to parse");
}
END_TEST

START_TEST(not_configured)
{
	const struct process_options o = plugin_options(&plugins[1]);
	struct host *h = host_open(&o);

	host_init(h, false);
	host_aid(h, &out);
	ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_FAILED_PRECONDITION);
	ck_assert_str_eq(out.answer.text, "plugin not configured");
	host_unload(h);
}
END_TEST

START_TEST(fetch)
{
	struct httpd *s = serve(200, metadata("Family", "\"fetched\"", NULL));
	struct host *h = load_at(s, "");

	succeeds(h);
	ck_assert(strstr(out.payload, "fetched") != NULL);
	ck_assert_int_eq((int)httpd_requests(s), 1);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(fetch_without_an_endpoint)
{
	struct host *h = load_agent("");

	fails(h, "no metadata endpoint configured and "
		 "ECS_CONTAINER_METADATA_URI_V4 not set");
	host_unload(h);
}
END_TEST

START_TEST(fetch_from_an_endpoint_that_is_gone)
{
	struct host *h = load_agent(print(
	    "metadata_endpoint = \"http://127.0.0.1:%d\"\ntimeout = \"500ms\"",
	    httpd_unused_port()));

	fails(h, "127.0.0.1");
	host_unload(h);
}
END_TEST

START_TEST(fetch_of_an_empty_answer)
{
	fails_with(200, "", "timeout = \"1s\"", "");
}
END_TEST

START_TEST(configuration_swap)
{
	struct httpd *s = serve(200, metadata(NULL, NULL));
	struct host *h = load_agent(
	    "metadata_endpoint = \"http://127.0.0.1:1\"\ntimeout = \"100ms\"");

	fails(h, "");
	must_configure(h, print("metadata_endpoint = \"%s\"", httpd_url(s)));
	succeeds(h);
	must_not_configure(h, "timeout = \"invalid\"", "timeout");
	succeeds(h);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

START_TEST(selector_of_the_cluster)
{
	ck_assert(has_line(selectors_of(metadata(NULL, NULL)),
	    "aws_fargate:cluster:my-cluster"));
	ck_assert(
	    has_line(selectors_of(metadata("Cluster", "\"my-cluster\"", NULL)),
		"aws_fargate:cluster:my-cluster"));
}
END_TEST

START_TEST(selector_of_the_family)
{
	ck_assert(has_line(selectors_of(metadata(NULL, NULL)),
	    "aws_fargate:family:my-task-family"));
}
END_TEST

START_TEST(selector_of_the_service)
{
	ck_assert(has_line(selectors_of(metadata(NULL, NULL)),
	    "aws_fargate:service:my-service"));
}
END_TEST

START_TEST(selectors_of_place_and_launch)
{
	const char *all = selectors_of(metadata(NULL, NULL));

	ck_assert_msg(has_line(all, "aws_fargate:az:us-east-1a"), "%s", all);
	ck_assert_msg(
	    has_line(all, "aws_fargate:launch_type:FARGATE"), "%s", all);
}
END_TEST

START_TEST(selectors_of_tags)
{
	const char *all = selectors_of(metadata(NULL, NULL));

	ck_assert_msg(
	    has_line(all, "aws_fargate:tag:Environment:production"), "%s", all);
	ck_assert_msg(has_line(all, "aws_fargate:tag:Team:backend"), "%s", all);
}
END_TEST

START_TEST(selectors_of_a_sparse_document)
{
	const char *all =
	    selectors_of("{\"TaskARN\":\"" TASK_ARN "\",\"Family\":\"\"}");

	ck_assert_msg(
	    has_line(all, "aws_fargate:cluster:my-cluster"), "%s", all);
	ck_assert_msg(strstr(all, "family") == NULL, "%s", all);
	ck_assert_msg(strstr(all, "service") == NULL, "%s", all);
	ck_assert_msg(strstr(all, "tag:") == NULL, "%s", all);
}
END_TEST

START_TEST(payload_shape)
{
	struct httpd *s = serve(200, metadata(NULL, NULL));
	struct host *h = load_at(s, "");
	struct json_object *doc, *task;

	succeeds(h);
	doc = json_tokener_parse(out.payload);
	ck_assert(json_object_is_type(doc, json_type_object));
	ck_assert(
	    json_object_is_type(get(doc, "task_metadata"), json_type_string));
	ck_assert(json_object_is_type(get(doc, "selectors"), json_type_array));
	task = json_tokener_parse(
	    json_object_get_string(get(doc, "task_metadata")));
	ck_assert(json_object_is_type(task, json_type_object));
	ck_assert_str_eq(
	    json_object_get_string(get(task, "TaskARN")), TASK_ARN);
	json_object_put(task);
	json_object_put(doc);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

/*
 * The original server: Go reads the two members it knows into its types, an
 * unknown one is passed over, and the answer follows at once: no challenge.
 */
static void
original_server_reads(const char *payload)
{
	static const char *const texts[] = { "Cluster", "TaskARN", "Family",
		"Revision", "ServiceName", "AvailabilityZone", "LaunchType",
		"DesiredStatus", "KnownStatus" };
	struct json_object *doc = json_tokener_parse(payload), *task, *list;

	ck_assert_ptr_nonnull(doc);
	list = get(doc, "selectors");
	ck_assert_uint_gt(json_object_array_length(list), 0);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		ck_assert(begins(json_object_get_string(
				     json_object_array_get_idx(list, i)),
		    "aws_fargate:"));
	task = json_tokener_parse(
	    json_object_get_string(get(doc, "task_metadata")));
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		ck_assert_msg(json_object_is_type(
				  get(task, texts[i]), json_type_string),
		    "%s", texts[i]);
	json_object_object_foreach(get(task, "TaskTags"), name, value)
		ck_assert_msg(json_object_is_type(value, json_type_string),
		    "%s", name);
	ck_assert(
	    json_object_is_type(get(task, "Containers"), json_type_array));
	json_object_put(task);
	json_object_put(doc);
}

START_TEST(suits_the_original_server)
{
	struct httpd *s = serve(200, metadata(NULL, NULL));
	struct host *h = load_at(s, "");
	struct call *c;

	for (int i = 0; i < 3; i++) {
		c = aid_start(h);
		aid_outcome(c, &out, CALL_MS);
		ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_OK);
		original_server_reads(out.payload);
		/* attested: SPIRE ends the stream, one way or the other */
		if (i != 1) {
			call_half_close(c);
			ck_assert_int_eq(
			    (int)call_wait(c, CALL_MS), GRPC_STATUS_OK);
		}
		call_free(c);
	}
	host_is_alive(h);
	ck_assert_uint_eq(process_count(h->process, "warn", ""), 0);
	ck_assert_uint_eq(process_count(h->process, "error", ""), 0);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("documented_agent");
	TCase *tc = new_case(s, "documented", 30);

	tcase_add_test(tc, configuration);
	tcase_add_test(tc, configuration_with_another_endpoint);
	tcase_add_test(tc, configuration_with_another_timeout);
	tcase_add_test(tc, configuration_defaults);
	tcase_add_test(tc, configuration_that_is_invalid);
	tcase_add_test(tc, invalid_timeout);
	tcase_add_test(tc, success);
	tcase_add_test(tc, metadata_timeout);
	tcase_add_test(tc, metadata_404);
	tcase_add_test(tc, metadata_500);
	tcase_add_test(tc, metadata_invalid_json);
	tcase_add_test(tc, not_configured);
	tcase_add_test(tc, fetch);
	tcase_add_test(tc, fetch_without_an_endpoint);
	tcase_add_test(tc, fetch_from_an_endpoint_that_is_gone);
	tcase_add_test(tc, fetch_of_an_empty_answer);
	tcase_add_test(tc, configuration_swap);
	tcase_add_test(tc, selector_of_the_cluster);
	tcase_add_test(tc, selector_of_the_family);
	tcase_add_test(tc, selector_of_the_service);
	tcase_add_test(tc, selectors_of_place_and_launch);
	tcase_add_test(tc, selectors_of_tags);
	tcase_add_test(tc, selectors_of_a_sparse_document);
	tcase_add_test(tc, payload_shape);
	tcase_add_test(tc, suits_the_original_server);
	return run_tests(s);
}
