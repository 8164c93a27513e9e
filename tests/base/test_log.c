/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log line that go-plugin cannot read ends the host, so whatever is logged
 * must be one JSON object with three strings.  The lines go into a datagram
 * socket: one write is one datagram.
 */
#include "testing.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/utf8.h"
#include "jsonc.h"

enum { THREADS = 4, LINES_EACH = 200 };

static int ends[2]; /* read here, written there */

static void
setup(void)
{
	int room = 4 * 1024 * 1024;

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	(void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	log_set_fd(ends[1]);
}

static void
teardown(void)
{
	log_set_fd(STDERR_FILENO);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* d is a digit, all else itself. */
static bool
is_stamp(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
	size_t i;

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9'
				   : text[i] != form[i])
			return false;
	return true;
}

static const char *
text_of(struct json_object *line, const char *key)
{
	struct json_object *value = NULL;

	ck_assert_msg(json_object_object_get_ex(line, key, &value),
	    "no member %s in %.300s", key, json_object_to_json_string(line));
	ck_assert_int_eq(json_object_get_type(value), json_type_string);
	return json_object_get_string(value);
}

/* The next line, which must be whole and good; the caller puts it. */
static struct json_object *
read_line(void)
{
	char text[2 * LOG_LINE_MAX];
	struct json_object *line;
	struct json_tokener *tok = json_tokener_new();
	ssize_t n = recv(ends[0], text, sizeof(text), MSG_DONTWAIT);
	size_t i, controls = 0;

	ck_assert_ptr_nonnull(tok);
	ck_assert_msg(n > 0, "no line");
	ck_assert_int_le(n, LOG_LINE_MAX);
	ck_assert_int_eq(text[n - 1], '\n');
	for (i = 0; i < (size_t)n - 1; i++)
		controls += (unsigned char)text[i] < 0x20;
	ck_assert_uint_eq(controls, 0);
	ck_assert(utf8_is_valid(text, (size_t)n));
	text[n - 1] = '\0';
	json_tokener_set_flags(tok, JSONC_STRICTEST);
	line = json_tokener_parse_ex(tok, text, (int)n);
	ck_assert_msg(line != NULL, "not JSON: %.300s", text);
	json_tokener_free(tok);
	ck_assert_int_eq(json_object_get_type(line), json_type_object);
	(void)text_of(line, "@level");
	(void)text_of(line, "@message");
	ck_assert(is_stamp(text_of(line, "@timestamp")));
	return line;
}

static void
no_more_lines(void)
{
	char c;

	ck_assert_int_lt(recv(ends[0], &c, 1, MSG_DONTWAIT), 0);
}

START_TEST(writes_a_line)
{
	struct json_object *line;

	log_info("attested", F_TEXT("task", "arn:aws"), F_INT("ms", -12),
	    F_TEXT("empty", ""), F_STR("nothing", str_of(NULL)),
	    F_INT("big", INT64_MIN));
	line = read_line();
	ck_assert_int_eq(json_object_object_length(line), 6);
	ck_assert_str_eq(text_of(line, "@level"), "info");
	ck_assert_str_eq(text_of(line, "@message"), "attested");
	ck_assert_str_eq(text_of(line, "task"), "arn:aws");
	ck_assert_str_eq(text_of(line, "ms"), "-12");
	ck_assert_str_eq(text_of(line, "big"), "-9223372036854775808");
	json_object_put(line);
	no_more_lines();
}
END_TEST

START_TEST(names_the_level)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	struct json_object *line;
	size_t i;

	log_debug("a", LOG_NO_FIELD);
	log_info("a", LOG_NO_FIELD);
	log_warn("a", LOG_NO_FIELD);
	log_error("a", LOG_NO_FIELD);
	for (i = 0; i < COUNT_OF(names); i++) {
		line = read_line();
		ck_assert_str_eq(text_of(line, "@level"), names[i]);
		ck_assert_int_eq(json_object_object_length(line), 3);
		json_object_put(line);
	}
}
END_TEST

/* Each byte alone and among others, as value, key and message. */
START_TEST(escapes_every_byte)
{
	struct json_object *line;
	const char *got;
	int c;

	for (c = 0; c < 256; c++) {
		char value[4] = { 'a', (char)c, 'b', '\0' };
		char key[3] = { 'k', (char)c, '\0' };

		log_write(LOG_INFO, key,
		    (struct log_field[]){
			F_STR("v", ((struct str){ value, 3 })),
			F_TEXT(key, "x") },
		    2);
		line = read_line();
		got = text_of(line, "v");
		ck_assert_int_eq(got[0], 'a');
		if (c > 0 && c < 0x80)
			ck_assert_str_eq(got, value);
		if (c >= 0x80)
			ck_assert_str_eq(got, "a\xef\xbf\xbd"
					      "b");
		json_object_put(line);
		no_more_lines();
	}
}
END_TEST

static const struct {
	struct str value;
	const char *want;
} values[] = {
	{ { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9 },
	    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ { "\xe2\x82", 2 }, "\xef\xbf\xbd\xef\xbf\xbd" },
	{ { "\xed\xa0\x80", 3 }, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ { "a\nb\r\n{\"@level\":1}", 17 }, "a\nb\r\n{\"@level\":1}" },
	{ { "\",\"@level\":\"", 12 }, "\",\"@level\":\"" },
	{ { "\\u0041%s%n", 10 }, "\\u0041%s%n" },
};

START_TEST(keeps_the_value)
{
	struct json_object *line;

	log_warn("odd", F_STR("v", values[_i].value));
	line = read_line();
	ck_assert_str_eq(text_of(line, "v"), values[_i].want);
	ck_assert_int_eq(json_object_object_length(line), 4);
	json_object_put(line);
	no_more_lines();
}
END_TEST

static char *
fill(size_t n, const char *pattern)
{
	size_t i, len = strlen(pattern);
	char *p = malloc(n + 1);

	ck_assert_ptr_nonnull(p);
	for (i = 0; i < n; i++)
		p[i] = pattern[i % len];
	p[n] = '\0';
	return p;
}

/* Patterns from the plainest to those that grow most when escaped. */
static const char *const patterns[] = { "x", "\"", "\x01", "\xff",
	"\xe2\x82\xac", "a\xe2\x82\xac", "\xf0\x9f\x98\x80", "\\\n" };

/* Around the limit of a value and of a line, and far beyond. */
static const size_t sizes[] = { LOG_VALUE_MAX - 1, LOG_VALUE_MAX,
	LOG_VALUE_MAX + 1, LOG_LINE_MAX, 100 * 1024 };

START_TEST(bounds_values_of_any_size)
{
	struct json_object *line;
	const char *got;
	size_t i;

	for (i = 0; i < COUNT_OF(sizes); i++) {
		char *big = fill(sizes[i], patterns[_i]);

		log_error("big", F_TEXT("first", "1"), F_TEXT("big", big),
		    F_TEXT("last", "2"));
		line = read_line();
		ck_assert_str_eq(text_of(line, "first"), "1");
		if (json_object_object_get_ex(line, "log_line", NULL)) {
			ck_assert_str_eq(text_of(line, "log_line"), "cut");
			ck_assert(
			    !json_object_object_get_ex(line, "big", NULL));
		} else {
			got = text_of(line, "big");
			ck_assert_int_eq(
			    strcmp(got + strlen(got) - 3, "...") == 0,
			    sizes[i] > LOG_VALUE_MAX);
			ck_assert_str_eq(text_of(line, "last"), "2");
		}
		json_object_put(line);
		no_more_lines();
		free(big);
	}
}
END_TEST

START_TEST(bounds_messages_of_any_size)
{
	struct json_object *line;
	size_t i;

	for (i = 0; i < COUNT_OF(sizes); i++) {
		char *big = fill(sizes[i], patterns[_i]);

		log_write(LOG_INFO, big,
		    (struct log_field[]){ F_TEXT("task", "here") }, 1);
		line = read_line();
		ck_assert_uint_gt(strlen(text_of(line, "@message")), 100);
		ck_assert_str_eq(text_of(line, "task"), "here");
		json_object_put(line);
		free(big);
	}
}
END_TEST

/* A field more each time, until far more than fit: each line stays good. */
START_TEST(bounds_many_fields)
{
	static struct log_field fields[260];
	static char keys[260][8];
	struct json_object *line;
	bool cut = false;
	size_t i;

	for (i = 0; i < COUNT_OF(fields); i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		fields[i] = F_TEXT(keys[i], "some value of 23 bytes.");
		log_write(LOG_DEBUG, "many", fields, i + 1);
		line = read_line();
		if (json_object_object_get_ex(line, "log_line", NULL))
			cut = true;
		else
			ck_assert_str_eq(
			    text_of(line, keys[i]), "some value of 23 bytes.");
		ck_assert_str_eq(text_of(line, "k0"), fields[0].s.p);
		json_object_put(line);
	}
	ck_assert(cut);
}
END_TEST

/* Around the very last byte, one byte at a time. */
START_TEST(bounds_the_line_to_the_byte)
{
	struct json_object *line;
	size_t n, longest = 0;

	for (n = 1980; n <= LOG_VALUE_MAX; n++) {
		char *big = fill(n, "x");

		log_info("m", F_TEXT("a", big), F_TEXT("b", big),
		    F_TEXT("c", big), F_TEXT("d", big), F_TEXT("e", "end"));
		line = read_line();
		if (!json_object_object_get_ex(line, "log_line", NULL)) {
			ck_assert_str_eq(text_of(line, "e"), "end");
			longest = n;
		}
		json_object_put(line);
		free(big);
	}
	ck_assert_uint_ge(longest, 1980);
	ck_assert_uint_lt(longest, LOG_VALUE_MAX);
}
END_TEST

static void *
write_lines(void *arg)
{
	static const char *const texts[THREADS] = { "0", "1", "2", "3" };
	const int *number = arg;
	int i;

	for (i = 0; i < LINES_EACH; i++)
		log_info("from a thread", F_TEXT("thread", texts[*number]),
		    F_INT("line", i));
	return NULL;
}

START_TEST(takes_lines_from_any_thread)
{
	static int numbers[THREADS] = { 0, 1, 2, 3 };
	pthread_t threads[THREADS];
	int next[THREADS] = { 0 };
	struct json_object *line;
	int i, want;

	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, write_lines, &numbers[i]),
		    0);
	for (i = 0; i < THREADS * LINES_EACH; i++) {
		char c;

		(void)recv(ends[0], &c, 1, MSG_PEEK); /* wait for one */
		line = read_line();
		want = text_of(line, "thread")[0] - '0';
		ck_assert_int_eq(
		    strtol(text_of(line, "line"), NULL, 10), next[want]++);
		json_object_put(line);
	}
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	no_more_lines();
}
END_TEST

START_TEST(survives_a_reader_that_is_gone)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)shutdown(ends[0], SHUT_RDWR);
	errno = 7;
	log_info("nobody reads", LOG_NO_FIELD);
	ck_assert_int_eq(errno, 7);
}
END_TEST

START_TEST(opens_the_gate_once_in_a_while)
{
	struct log_gate gate = { 0 };
	uint64_t held = 77;

	ck_assert(log_gate_open(&gate, 1000, 60000, &held));
	ck_assert_uint_eq(held, 0);
	held = 77;
	ck_assert(!log_gate_open(&gate, 1000, 60000, &held));
	ck_assert(!log_gate_open(&gate, 60999, 60000, &held));
	ck_assert_uint_eq(held, 77);
	ck_assert(log_gate_open(&gate, 61000, 60000, &held));
	ck_assert_uint_eq(held, 2);
	ck_assert(!log_gate_open(&gate, 61001, 60000, &held));
}
END_TEST

START_TEST(lets_a_few_lines_out_at_once)
{
	struct log_gate gate = { 0 };
	uint64_t held = 99;

	ck_assert(log_gate_open_for(&gate, 2, 1000, 1000, &held));
	ck_assert(log_gate_open_for(&gate, 2, 1500, 1000, &held));
	ck_assert_uint_eq(held, 0);
	ck_assert(!log_gate_open_for(&gate, 2, 1999, 1000, &held));
	ck_assert(log_gate_open_for(&gate, 2, 2000, 1000, &held));
	ck_assert_uint_eq(held, 1);
	ck_assert(log_gate_open_for(&gate, 2, 2001, 1000, &held));
	ck_assert_uint_eq(held, 0);
	ck_assert(!log_gate_open_for(&gate, 2, 2002, 1000, &held));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log");
	TCase *tc = tcase_create("lines");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, writes_a_line);
	tcase_add_test(tc, names_the_level);
	tcase_add_test(tc, escapes_every_byte);
	ck_table(tc, keeps_the_value, values);
	ck_table(tc, bounds_values_of_any_size, patterns);
	ck_table(tc, bounds_messages_of_any_size, patterns);
	tcase_add_test(tc, bounds_many_fields);
	tcase_add_test(tc, bounds_the_line_to_the_byte);
	tcase_add_test(tc, takes_lines_from_any_thread);
	tcase_add_test(tc, survives_a_reader_that_is_gone);
	suite_add_tcase(suite, tc);
	tc = tcase_create("gate");
	tcase_add_test(tc, opens_the_gate_once_in_a_while);
	tcase_add_test(tc, lets_a_few_lines_out_at_once);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
