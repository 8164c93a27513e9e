/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both plugins under load: silent crowds, Configure in the middle of it,
 * Shutdown in the middle of it, a host that does not read.
 */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "conformance/many.h"
#include "host/httpd.h"

#define PLUGIN (&plugins[_i])

enum { CROWD = 1000 };

static struct attested out;

static struct str
good(size_t i)
{
	(void)i;
	return str_of(good_payload());
}

static void
is_good(size_t i, const struct attested *got)
{
	ck_assert_msg(got->answer.code == GRPC_STATUS_OK, "%zu: %d %s", i,
	    (int)got->answer.code, got->answer.text);
}

START_TEST(answers_many_at_once)
{
	struct host *h = load_server(METADATA_MODE);

	attest_many(h, patience(1) > 1 ? 500 : 5000, 64, good, is_good);
	host_unload(h);
}
END_TEST

START_TEST(does_not_grow_by_attesting)
{
	const size_t total = patience(1) > 1 ? 500 : 10000;
	struct host *h = load_server(METADATA_MODE);
	size_t before, after;

	attest_many(h, 2000, 64, good, is_good);
	before = process_rss(h->process);
	attest_many(h, total, 64, good, is_good);
	after = process_rss(h->process);
	ck_assert_msg(patience(1) > 1 || after < before + 2 * 1024 * 1024,
	    "%zu bytes, then %zu", before, after);
	host_unload(h);
}
END_TEST

/* Held silent, then all of them speak. */
START_TEST(holds_a_crowd_and_serves_it)
{
	struct host *h = load_server(METADATA_MODE);
	struct call **streams = open_streams(h, &plugins[0], CROWD);
	size_t i;

	for (i = 0; i < CROWD; i++)
		attest_payload(
		    streams[i], good_payload(), strlen(good_payload()));
	for (i = 0; i < CROWD; i++) {
		attest_outcome(streams[i], &out, CALL_MS);
		is_good(i, &out);
	}
	free_streams(streams, CROWD);
	host_unload(h);
}
END_TEST

START_TEST(gives_memory_back_after_a_crowd)
{
	struct host *h = load_server(METADATA_MODE "max_attestations = 5000");
	struct call **streams;
	size_t before, held, after;
	int64_t until;

	attest_many(h, 1000, 64, good, is_good);
	before = process_rss(h->process);
	streams = open_streams(h, &plugins[0], 4000);
	must_attest(h, good_payload(), &out);
	after = held = process_rss(h->process);
	free_streams(streams, 4000);
	for (until = now_ms() + patience(8000); now_ms() < until;) {
		after = process_rss(h->process);
		if (after < before + 6 * 1024 * 1024)
			break;
		client_pump(h->client, 50);
	}
	ck_assert_msg(patience(1) > 1 || (held - before) / 4000 < 20 * 1024,
	    "%zu bytes a stream", (held - before) / 4000);
	ck_assert_msg(patience(1) > 1 || after < before + 6 * 1024 * 1024,
	    "%zu bytes, with a crowd %zu, then %zu", before, held, after);
	host_unload(h);
}
END_TEST

START_TEST(a_silent_crowd_harms_nobody)
{
	struct host *h = load_server(METADATA_MODE);
	struct call **streams = open_streams(h, &plugins[0], CROWD);
	int64_t from;
	size_t i;

	must_attest(h, good_payload(), &out);
	from = now_ms();
	must_attest(h, good_payload(), &out);
	ck_assert_int_le((int)(now_ms() - from), patience(3000));
	for (i = 0; i < CROWD; i++)
		ck_assert_int_eq((int)call_wait(streams[i], 10000),
		    GRPC_STATUS_DEADLINE_EXCEEDED);
	free_streams(streams, CROWD);
	must_attest(h, good_payload(), &out);
	host_unload(h);
}
END_TEST

START_TEST(a_crowd_beyond_the_cap_harms_nobody)
{
	struct host *h = load_server(METADATA_MODE "max_attestations = 50");
	struct call **streams = open_streams(h, &plugins[0], CROWD);
	size_t i, exhausted = 0;

	for (i = 0; i < 5; i++)
		must_attest(h, good_payload(), &out);
	for (i = 0; i < CROWD; i++)
		exhausted += call_wait(streams[i], 10000) ==
			     GRPC_STATUS_RESOURCE_EXHAUSTED;
	ck_assert_uint_ge(exhausted, CROWD - 50);
	free_streams(streams, CROWD);
	host_unload(h);
}
END_TEST

/* Two configurations that give every answer a different look. */
#define LOOK(x)                                                          \
	METADATA_MODE "agent_path_template = \"/" x "/{{ .taskID }}\"\n" \
		      "tag_selectors = [\"" x "\"]\n"

static struct str
two_tags(size_t i)
{
	(void)i;
	return str_of(payload_of(
	    metadata("TaskTags", "{\"a\":\"1\",\"b\":\"1\"}", NULL)));
}

static size_t seen[2];

static void
is_of_one_configuration(size_t i, const struct attested *got)
{
	const bool a = begins(got->id, "spiffe://example.org/a/");

	is_good(i, got);
	ck_assert_msg(
	    a || begins(got->id, "spiffe://example.org/b/"), "%s", got->id);
	ck_assert_msg(has_line(got->selectors, "tag:a:1") == a &&
			  has_line(got->selectors, "tag:b:1") == !a,
	    "%s with %s", got->id, got->selectors);
	seen[a]++;
}

START_TEST(takes_1000_configurations_under_load)
{
	const int rounds = patience(1) > 1 ? 100 : 500;
	struct host *h = load_server(LOOK("a"));
	int i;

	seen[0] = seen[1] = 0;
	for (i = 0; i < rounds; i++) {
		struct call *flying[4];
		size_t j;

		for (j = 0; j < COUNT_OF(flying); j++) {
			flying[j] = attest_start(h, NULL, 0);
			attest_payload(flying[j], two_tags(0).p, two_tags(0).n);
			call_read(flying[j]);
		}
		must_configure(h, i % 2 == 0 ? LOOK("b") : LOOK("a"));
		must_not_configure(h, "agent_path_template = \"none\"", "");
		for (j = 0; j < COUNT_OF(flying); j++) {
			attest_outcome(flying[j], &out, CALL_MS);
			is_of_one_configuration(j, &out);
			call_free(flying[j]);
		}
		attest_many(h, 2, 2, two_tags, is_of_one_configuration);
	}
	ck_assert(seen[0] > 0 && seen[1] > 0);
	host_unload(h);
}
END_TEST

static void
hang(struct httpd_request *r)
{
	httpd_hang(r);
}

/* Shutdown with a crowd in flight: reply, exit 0, nothing left behind. */
START_TEST(shuts_down_with_a_crowd_in_flight)
{
	struct httpd *s = httpd_start(0, hang, NULL);
	struct host *h = load(PLUGIN);
	struct call **streams;

	if (!PLUGIN->is_server)
		must_configure(
		    h, print("metadata_endpoint = \"%s\"", httpd_url(s)));
	streams = open_streams(h, PLUGIN, CROWD);
	host_is_alive(h);
	ck_assert_int_eq((int)host_deinit(h).code, GRPC_STATUS_OK);
	host_shut_down(h);
	free_streams(streams, CROWD);
	host_free(h);
	httpd_stop(s);
}
END_TEST

START_TEST(shuts_down_while_attesting)
{
	struct host *h = load_server(METADATA_MODE);
	struct call *flying[200];
	size_t i;

	for (i = 0; i < COUNT_OF(flying); i++) {
		flying[i] = attest_start(h, NULL, 0);
		attest_payload(
		    flying[i], good_payload(), strlen(good_payload()));
		call_read(flying[i]);
	}
	host_shut_down(h);
	for (i = 0; i < COUNT_OF(flying); i++)
		call_free(flying[i]);
	host_free(h);
}
END_TEST

START_TEST(is_killed_in_the_middle)
{
	struct host *h = load_server(METADATA_MODE);
	struct call **streams = open_streams(h, &plugins[0], CROWD);
	size_t i;

	ck_assert_int_eq(kill(process_pid(h->process), SIGKILL), 0);
	for (i = 0; i < CROWD; i++)
		ck_assert_int_eq(
		    (int)call_wait(streams[i], 10000), GRPC_STATUS_UNAVAILABLE);
	free_streams(streams, CROWD);
	host_free(h);
}
END_TEST

START_TEST(drops_a_crowd_that_cancels)
{
	struct httpd *s = httpd_start(0, hang, NULL);
	struct host *h = load(PLUGIN);
	int i;

	if (!PLUGIN->is_server)
		must_configure(
		    h, print("metadata_endpoint = \"%s\"", httpd_url(s)));
	for (i = 0; i < 5; i++)
		free_streams(open_streams(h, PLUGIN, 300), 300);
	host_is_alive(h);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

/* A lost connection takes all its streams along. */
START_TEST(drops_a_crowd_whose_connection_is_lost)
{
	struct host *h = load_server(METADATA_MODE);
	grpc_channel *first = h->channel;
	int i;

	for (i = 0; i < 5; i++) {
		struct call **streams;

		h->channel = client_dial(h->address);
		streams = open_streams(h, &plugins[0], 200);
		must_attest(h, good_payload(), &out);
		free_streams(streams, 200);
		grpc_channel_destroy(h->channel);
	}
	h->channel = first;
	must_attest(h, good_payload(), &out);
	host_unload(h);
}
END_TEST

/* The agent gives up beyond its own bound, and not before. */
START_TEST(the_agent_bounds_its_crowd)
{
	enum { MANY = 1500 };
	struct httpd *s = httpd_start(0, hang, NULL);
	struct host *h = load_agent(print(
	    "metadata_endpoint = \"%s\"\ntimeout = \"2s\"", httpd_url(s)));
	struct call **streams = open_streams(h, &plugins[1], MANY);
	size_t i, busy = 0;

	for (i = 0; i < MANY; i++) {
		const grpc_status_code code = call_wait(streams[i], 10000);

		busy += code == GRPC_STATUS_RESOURCE_EXHAUSTED;
		ck_assert_msg(code == GRPC_STATUS_RESOURCE_EXHAUSTED ||
				  code == GRPC_STATUS_INTERNAL,
		    "%d %s", (int)code, call_text(streams[i]));
	}
	ck_assert_uint_ge(busy, 400);
	ck_assert_uint_lt(busy, MANY);
	free_streams(streams, MANY);
	host_is_alive(h);
	host_unload(h);
	httpd_stop(s);
}
END_TEST

static bool
has_ended(void *arg)
{
	return call_has_ended(arg);
}

/* SPIRE drains standard error; should it stall, so may we, for as long. */
START_TEST(goes_on_after_a_stalled_standard_error)
{
	const char *noisy =
	    print("%s = 1\n%s = 2\n", run_of('j', 200), run_of('k', 200));
	struct process_options o = plugin_options(PLUGIN);
	struct call *c = NULL;
	struct host *h;
	int i;

	o.deaf = true;
	h = host_load(&o, PLUGIN->is_server, PLUGIN->config);
	for (i = 0; i < 1000; i++) {
		c = configure_start(h, METHOD_CONFIGURE, "example.org", noisy);
		call_read(c);
		if (!client_until(h->client, has_ended, c, patience(500)))
			break;
		call_free(c);
	}
	process_listen(h->process);
	if (i < 1000) {
		ck_assert_int_eq(
		    (int)call_wait(c, 10000), GRPC_STATUS_INVALID_ARGUMENT);
		call_free(c);
	}
	attests(h, PLUGIN);
	host_wait_lines(h, "error", "configuration refused", (size_t)i, 5000);
	host_unload(h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("load");
	TCase *tc = new_case(s, "load", 120);
	const int both = COUNT_OF(plugins);

	tcase_add_test(tc, answers_many_at_once);
	tcase_add_test(tc, does_not_grow_by_attesting);
	tcase_add_test(tc, holds_a_crowd_and_serves_it);
	tcase_add_test(tc, gives_memory_back_after_a_crowd);
	tcase_add_test(tc, a_silent_crowd_harms_nobody);
	tcase_add_test(tc, a_crowd_beyond_the_cap_harms_nobody);
	tcase_add_test(tc, takes_1000_configurations_under_load);
	tcase_add_loop_test(tc, shuts_down_with_a_crowd_in_flight, 0, both);
	tcase_add_test(tc, shuts_down_while_attesting);
	tcase_add_test(tc, is_killed_in_the_middle);
	tcase_add_loop_test(tc, drops_a_crowd_that_cancels, 0, both);
	tcase_add_test(tc, drops_a_crowd_whose_connection_is_lost);
	tcase_add_test(tc, the_agent_bounds_its_crowd);
	tcase_add_loop_test(
	    tc, goes_on_after_a_stalled_standard_error, 0, both);
	return run_tests(s);
}
