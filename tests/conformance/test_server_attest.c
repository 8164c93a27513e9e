/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attest of the server plugin, stream by stream: who speaks when, who gives
 * up when, and what SPIRE gets to see of it.
 */
#include "config.h"

#include <stdio.h>

#include "conformance/fixture.h"

static struct attested out;

static void
send_good(struct call *c)
{
	attest_payload(c, good_payload(), strlen(good_payload()));
}

START_TEST(answers_with_attributes)
{
	struct host *h = load_server(METADATA_MODE);

	must_attest(h, good_payload(), &out);
	ck_assert_str_eq(out.id,
	    "spiffe://example.org/aws_fargate_task/" ACCOUNT "/my-cluster");
	ck_assert(out.can_reattest);
	ck_assert_int_gt((int)out.selector_count, 8);
	host_unload(h);
}
END_TEST

START_TEST(understands_our_own_agent)
{
	struct host *h = load_server(METADATA_MODE);

	must_attest(h, payload(NULL, NULL), &out);
	ck_assert_str_eq(out.id,
	    "spiffe://example.org/aws_fargate_task/" ACCOUNT "/my-cluster");
	host_unload(h);
}
END_TEST

/* SPIRE's checks: valid, non-empty, at most 255 bytes; it sorts itself. */
START_TEST(gives_selectors_that_spire_can_store)
{
	struct host *h = load_server(METADATA_MODE);
	char last[512] = "", *line, *rest;

	must_attest(h, good_payload(), &out);
	for (rest = out.selectors; *rest != '\0';) {
		line = strsep(&rest, "\n");
		ck_assert_msg(line[0] != '\0', "an empty selector");
		ck_assert_msg(strlen(line) <= 255, "%s", line);
		ck_assert_msg(
		    strcmp(last, line) < 0, "%s after %s", line, last);
		ck_assert_msg(!begins(line, "aws_fargate"), "%s", line);
		snprintf(last, sizeof(last), "%s", line);
	}
	host_unload(h);
}
END_TEST

START_TEST(drops_what_does_not_fit_a_selector)
{
	struct host *h = load_server(METADATA_MODE);
	const char *tags =
	    print("{\"Long\":\"%s\",\"Short\":\"x\"}", run_of('v', 300));

	must_attest(h, payload_of(metadata("TaskTags", tags, NULL)), &out);
	ck_assert(has_line(out.selectors, "tag:Short:x"));
	ck_assert(strstr(out.selectors, "tag:Long") == NULL);
	host_wait_line(h, "warn", "selectors left out", 5000);
	host_unload(h);
}
END_TEST

START_TEST(ends_the_stream_after_its_answer)
{
	struct host *h = load_server(METADATA_MODE);
	struct call *c = attest_start(h, NULL, 0);

	send_good(c);
	attest_outcome(c, &out, CALL_MS);
	ck_assert_int_eq((int)call_wait(c, 5000), GRPC_STATUS_OK);
	call_free(c);
	host_unload(h);
}
END_TEST

START_TEST(answers_when_the_host_half_closes)
{
	struct host *h = load_server(METADATA_MODE);
	struct call *c = attest_start(h, NULL, 0);

	send_good(c);
	call_half_close(c);
	attest_outcome(c, &out, CALL_MS);
	ck_assert_msg(out.answer.code == GRPC_STATUS_OK, "%s", out.answer.text);
	call_free(c);
	host_unload(h);
}
END_TEST

static void
ends_with(struct call *c, grpc_status_code code, const char *text)
{
	attest_outcome(c, &out, CALL_MS);
	ck_assert_msg(
	    out.answer.code == code && strstr(out.answer.text, text) != NULL,
	    "got %d \"%s\", want %d with \"%s\"", (int)out.answer.code,
	    out.answer.text, (int)code, text);
	call_free(c);
}

START_TEST(refuses_a_half_closed_empty_stream)
{
	struct host *h = load_server(METADATA_MODE);
	struct call *c = attest_start(h, NULL, 0);

	call_half_close(c);
	ends_with(c, GRPC_STATUS_INVALID_ARGUMENT, "payload");
	host_unload(h);
}
END_TEST

START_TEST(refuses_a_challenge_response_first)
{
	struct host *h = load_server(METADATA_MODE);
	struct call *c = attest_start(h, NULL, 0);

	attest_response(c, "{}", 2);
	ends_with(c, GRPC_STATUS_INVALID_ARGUMENT, "challenge response");
	host_unload(h);
}
END_TEST

START_TEST(refuses_an_empty_request)
{
	struct host *h = load_server(METADATA_MODE);
	struct call *c = attest_start(h, NULL, 0);

	call_send(c, "", 0);
	ends_with(c, GRPC_STATUS_INVALID_ARGUMENT, "");
	host_unload(h);
}
END_TEST

START_TEST(refuses_what_is_no_request)
{
	static const char *const bytes[] = { "\xff\xff\xff", "\x0a\x7fxx",
		"\x12", "garbage" };
	struct host *h = load_server(METADATA_MODE);
	size_t i;

	for (i = 0; i < COUNT_OF(bytes); i++) {
		struct call *c = attest_start(h, NULL, 0);

		call_send(c, bytes[i], strlen(bytes[i]));
		ends_with(c, GRPC_STATUS_INVALID_ARGUMENT, "");
	}
	must_attest(h, good_payload(), &out);
	host_unload(h);
}
END_TEST

/* SPIRE loses an error that comes before it has sent its payload. */
START_TEST(reads_the_payload_before_it_fails)
{
	const struct process_options o = plugin_options(&plugins[0]);
	struct host *h = host_open(&o);
	struct call *c = attest_start(h, NULL, 0);
	int i;

	host_init(h, true);
	call_read(c);
	for (i = 0; i < 20; i++)
		host_is_alive(h);
	ck_assert(!call_has_ended(c));
	send_good(c);
	ends_with(c, GRPC_STATUS_FAILED_PRECONDITION, "not configured");
	host_unload(h);
}
END_TEST

START_TEST(gives_up_on_a_payload_after_five_seconds)
{
	struct host *h = load_server(METADATA_MODE);
	struct call *c = attest_start(h, NULL, 0);
	const int64_t from = now_ms();

	ends_with(c, GRPC_STATUS_DEADLINE_EXCEEDED, "payload");
	ck_assert_int_ge((int)(now_ms() - from), 4500);
	ck_assert_int_le((int)(now_ms() - from), patience(15000));
	must_attest(h, good_payload(), &out);
	host_unload(h);
}
END_TEST

START_TEST(takes_a_late_payload)
{
	struct host *h = load_server(METADATA_MODE);
	struct call *c = attest_start(h, NULL, 0);
	const int64_t until = now_ms() + 2000;

	while (now_ms() < until)
		client_pump(h->client, 100);
	send_good(c);
	attest_outcome(c, &out, CALL_MS);
	ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_OK);
	call_free(c);
	host_unload(h);
}
END_TEST

START_TEST(survives_a_second_message)
{
	struct host *h = load_server(METADATA_MODE);
	int i;

	for (i = 0; i < 50; i++) {
		struct call *c = attest_start(h, NULL, 0);

		send_good(c);
		if (i % 2 == 0)
			attest_response(c, "{}", 2);
		else
			send_good(c);
		attest_outcome(c, &out, CALL_MS);
		ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_OK);
		call_free(c);
	}
	host_is_alive(h);
	host_unload(h);
}
END_TEST

START_TEST(survives_cancels_at_any_point)
{
	struct host *h = load_server(METADATA_MODE);
	struct call *c;
	int i;

	for (i = 0; i < 200; i++) {
		c = attest_start(h, NULL, 0);
		if (i % 4 > 0)
			client_pump(h->client, 1);
		if (i % 4 > 1)
			send_good(c);
		if (i % 4 > 2)
			client_pump(h->client, 1);
		call_cancel(c);
		call_free(c);
	}
	must_attest(h, good_payload(), &out);
	host_unload(h);
}
END_TEST

/* SPIRE adds these from 1.13.3 and 1.15.2 on; 1.12 sends neither. */
static const struct header metadata_headers[][2] = {
	{ { "x-untrusted-forwarded-host", "spire.example.org" },
	    { "x-forwarded-client-ip", "10.0.0.5" } },
	{ { "x-untrusted-forwarded-host", "" },
	    { "x-forwarded-client-ip", "" } },
	{ { "x-forwarded-client-ip", "10.0.0.5" },
	    { "x-forwarded-client-ip", "10.0.0.6" } },
	{ { "x-forwarded-client-ip", "not an address" },
	    { "authorization", "Bearer x" } },
};

START_TEST(takes_what_the_host_adds)
{
	struct host *h = load_server(METADATA_MODE);
	struct call *c = attest_start(h, metadata_headers[_i], 2);

	send_good(c);
	attest_outcome(c, &out, CALL_MS);
	ck_assert_msg(out.answer.code == GRPC_STATUS_OK, "%s", out.answer.text);
	call_free(c);
	host_unload(h);
}
END_TEST

START_TEST(takes_a_payload_of_64_KiB_and_no_more)
{
	enum { MAX = 64 * 1024 };
	struct host *h = load_server(METADATA_MODE);
	const char *text = good_payload();
	const size_t n = strlen(text);

	/* white space behind the object counts, and is legal JSON */
	must_attest(h, print("%s%s", text, run_of(' ', MAX - n)), &out);
	must_refuse(h, print("%s%s", text, run_of(' ', MAX - n + 1)), MAX + 1,
	    GRPC_STATUS_INVALID_ARGUMENT,
	    "failed to unmarshal attestation data: ");
	host_unload(h);
}
END_TEST

enum { CROWD = 4 };

static struct host *
load_small(struct call *silent[], size_t n)
{
	struct host *h =
	    load_server(print(METADATA_MODE "max_attestations = %d", CROWD));
	size_t i;
	int j;

	for (i = 0; i < n; i++) {
		silent[i] = attest_start(h, NULL, 0);
		call_read(silent[i]);
	}
	/* the streams are ahead of these on the one connection */
	for (j = 0; j < 10; j++)
		host_is_alive(h);
	return h;
}

START_TEST(ends_the_oldest_silent_stream_when_crowded)
{
	struct call *silent[CROWD + 2];
	struct host *h = load_small(silent, CROWD + 2);
	size_t i;

	for (i = 0; i < 2; i++) {
		ck_assert_msg(call_wait(silent[i], 2000) ==
				  GRPC_STATUS_RESOURCE_EXHAUSTED,
		    "%s", call_text(silent[i]));
		call_free(silent[i]);
	}
	host_wait_line(h, "warn", "max_attestations", 2000);
	for (; i < CROWD + 2; i++)
		ck_assert(!call_has_ended(silent[i]));
	for (i = 2; i < CROWD + 2; i++) {
		send_good(silent[i]);
		attest_outcome(silent[i], &out, CALL_MS);
		ck_assert_msg(
		    out.answer.code == GRPC_STATUS_OK, "%s", out.answer.text);
		call_free(silent[i]);
	}
	host_unload(h);
}
END_TEST

START_TEST(silent_streams_lock_out_nobody)
{
	struct call *silent[CROWD];
	struct host *h = load_small(silent, CROWD);
	const int64_t from = now_ms();
	size_t i;

	must_attest(h, good_payload(), &out);
	ck_assert_int_le((int)(now_ms() - from), patience(3000));
	for (i = 0; i < CROWD; i++)
		call_free(silent[i]);
	host_unload(h);
}
END_TEST

START_TEST(cancelled_streams_make_room)
{
	struct call *silent[CROWD];
	struct host *h = load_small(silent, CROWD);
	struct call *more[CROWD];
	size_t i;
	int j;

	for (i = 0; i < CROWD; i++)
		call_free(silent[i]);
	for (j = 0; j < 10; j++)
		host_is_alive(h);
	for (i = 0; i < CROWD; i++) {
		more[i] = attest_start(h, NULL, 0);
		call_read(more[i]);
	}
	for (j = 0; j < 10; j++)
		host_is_alive(h);
	for (i = 0; i < CROWD; i++) {
		ck_assert(!call_has_ended(more[i]));
		call_free(more[i]);
	}
	host_unload(h);
}
END_TEST

START_TEST(logs_one_line_per_attestation)
{
	struct host *h = load_server(METADATA_MODE);
	struct line line;
	char text[512];
	int i;

	for (i = 0; i < 3; i++)
		must_attest(h, good_payload(), &out);
	host_wait_lines(h, "info", "attested", 3, 5000);
	ck_assert_int_eq((int)process_count(h->process, "info", "attested"), 3);
	ck_assert(process_find(h->process, "info", "attested", 0, &line));
	ck_assert(line_field(&line, "agent_id", text, sizeof(text)));
	ck_assert_str_eq(text, out.id);
	host_unload(h);
}
END_TEST

/* At most one a minute while it attests. */
START_TEST(does_not_warn_each_time)
{
	struct host *h = load_server(METADATA_MODE);
	size_t before;
	int i;

	for (i = 0; i < 20; i++)
		must_attest(h, good_payload(), &out);
	before = process_count(h->process, "warn", "");
	ck_assert_int_le((int)before, 5);
	host_unload(h);
}
END_TEST

START_TEST(warns_when_two_tasks_share_an_id)
{
	struct host *h = load_server(METADATA_MODE);

	must_attest(h, good_payload(), &out);
	ck_assert_int_eq(
	    (int)process_count(h->process, "warn", "same agent ID"), 0);
	must_attest(h,
	    payload_of(metadata("TaskARN",
		"\"arn:aws:ecs:us-east-1:" ACCOUNT
		":task/my-cluster/ffffffffffffffffffffffffffffffff\"",
		NULL)),
	    &out);
	host_wait_line(h, "warn", "same agent ID", 2000);
	host_unload(h);
}
END_TEST

/* Nothing of a foreign byte may reach a log line or a status raw. */
START_TEST(repeats_no_foreign_byte)
{
	static const char *const evil[] = {
		"\"x\\u0000y\"",
		"\"\\n{\\\"@level\\\":7}\\n\"",
		"\"\\u001b[31mred\\u001b[0m\"",
		"\"\\u202eright to left\"",
		"\"\xff\xfe\"",
	};
	static const char *const keys[] = { "Cluster", "TaskARN", "Family",
		"LaunchType" };
	struct host *h = load_server(METADATA_MODE
	    "agent_path_template = \"/x/{{ .family }}/{{ .cluster }}\"");
	size_t i, j, k;

	for (i = 0; i < COUNT_OF(keys); i++)
		for (j = 0; j < COUNT_OF(evil); j++) {
			const char *doc =
			    print("{\"TaskARN\":\"" TASK_ARN "\",\"%s\":%s}",
				keys[i], evil[j]);

			if (i == 1)
				doc = print("{\"TaskARN\":%s}", evil[j]);
			host_attest(
			    h, payload_of(doc), strlen(payload_of(doc)), &out);
			for (k = 0; out.answer.text[k] != '\0'; k++)
				ck_assert_msg(out.answer.text[k] >= ' ' &&
						  out.answer.text[k] <= '~',
				    "%s", out.answer.text);
		}
	host_unload(h);
}
END_TEST

START_TEST(keeps_its_answers_short)
{
	struct host *h = load_server(METADATA_MODE);
	const char *doc = metadata("TaskARN",
	    print("\"arn:aws:ecs:us-east-1:%s:task/c/x\"", run_of('9', 20000)),
	    NULL);

	host_attest(h, payload_of(doc), strlen(payload_of(doc)), &out);
	ck_assert_int_eq((int)out.answer.code, GRPC_STATUS_INVALID_ARGUMENT);
	ck_assert_int_le((int)strlen(out.answer.text), 1024);
	host_unload(h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("server_attest");
	TCase *tc = new_case(s, "stream", 40);

	tcase_add_test(tc, answers_with_attributes);
	tcase_add_test(tc, understands_our_own_agent);
	tcase_add_test(tc, gives_selectors_that_spire_can_store);
	tcase_add_test(tc, drops_what_does_not_fit_a_selector);
	tcase_add_test(tc, ends_the_stream_after_its_answer);
	tcase_add_test(tc, answers_when_the_host_half_closes);
	tcase_add_test(tc, refuses_a_half_closed_empty_stream);
	tcase_add_test(tc, refuses_a_challenge_response_first);
	tcase_add_test(tc, refuses_an_empty_request);
	tcase_add_test(tc, refuses_what_is_no_request);
	tcase_add_test(tc, reads_the_payload_before_it_fails);
	tcase_add_test(tc, gives_up_on_a_payload_after_five_seconds);
	tcase_add_test(tc, takes_a_late_payload);
	tcase_add_test(tc, survives_a_second_message);
	tcase_add_test(tc, survives_cancels_at_any_point);
	ck_table(tc, takes_what_the_host_adds, metadata_headers);
	tcase_add_test(tc, takes_a_payload_of_64_KiB_and_no_more);

	tc = new_case(s, "crowd", 40);
	tcase_add_test(tc, ends_the_oldest_silent_stream_when_crowded);
	tcase_add_test(tc, silent_streams_lock_out_nobody);
	tcase_add_test(tc, cancelled_streams_make_room);

	tc = new_case(s, "log", 40);
	tcase_add_test(tc, logs_one_line_per_attestation);
	tcase_add_test(tc, does_not_warn_each_time);
	tcase_add_test(tc, warns_when_two_tasks_share_an_id);
	tcase_add_test(tc, repeats_no_foreign_byte);
	tcase_add_test(tc, keeps_its_answers_short);
	return run_tests(s);
}
