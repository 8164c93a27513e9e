/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/options.h"

#include <stddef.h>

#include "conf/check_config.h"
#include "testing.h"

static const char *const colours[] = { "red", "green", "blue", NULL };

struct settings {
	struct str name;
	struct str_list keys;
	bool flag;
	int64_t count;
	int64_t wait;
	int colour;
	struct str password;
	struct str url;
	struct str trust_domain;
};

static int
check_key(struct str *value, const struct option *opt, struct err *err)
{
	(void)opt;
	if (!str_starts(*value, "k"))
		return err_set(err, ERR_CONFIG, "expected a k at the begin");
	if (str_starts(*value, "k:"))
		*value = str_sub(*value, 2, value->n);
	return ERR_OK;
}

#define AT(member) .offset = offsetof(struct settings, member)

static const struct option rows[] = {
	{ .name = "name", .type = OPTION_STRING, AT(name), .max = 8 },
	{ .name = "keys", .type = OPTION_LIST, AT(keys), .check = check_key },
	{ .name = "flag", .type = OPTION_BOOL, AT(flag), .preset = "true" },
	{ .name = "count",
	    .type = OPTION_INT,
	    AT(count),
	    .preset = "7",
	    .min = -8,
	    .max = 100 },
	{ .name = "wait",
	    .type = OPTION_DURATION,
	    AT(wait),
	    .preset = "90s",
	    .min = 100,
	    .max = 600000 },
	{ .name = "colour",
	    .type = OPTION_CHOICE,
	    AT(colour),
	    .preset = "green",
	    .choices = colours },
	{ .name = "password",
	    .type = OPTION_STRING,
	    AT(password),
	    .secret = true },
	{ .name = "url",
	    .type = OPTION_STRING,
	    AT(url),
	    .preset = "http://h",
	    .empty_is_unset = true },
};

static const struct option_table table = { rows, COUNT_OF(rows) };

static void
finish(void *conf, struct arena *a, const struct option_places *places,
    struct str trust_domain, struct problems *problems)
{
	struct settings *got = conf;
	struct hcl_pos pos = options_place(&table, places, "name");

	got->trust_domain = arena_dup(a, trust_domain);
	if (str_is(got->name, "joint"))
		problems_add_at(problems, pos, "joint problem");
}

static const struct config_kind kind = {
	.plugin_name = "kin",
	.side = "server",
	.table = &table,
	.size = sizeof(struct settings),
	.finish = finish,
};

static struct arena arena;
static struct settings got;
static struct problems problems;

static void
setup(void)
{
	arena_init(&arena, OPTIONS_ARENA_MAX);
	memset(&got, 0, sizeof(got));
	memset(&problems, 0, sizeof(problems));
}

static void
teardown(void)
{
	arena_release(&arena);
}

static void
load(const char *text)
{
	config_read(
	    &got, &kind, &arena, STR("example.org"), str_of(text), &problems);
}

static void
must_load(const char *text)
{
	load(text);
	ck_assert_msg(problems.count == 0, "%s: %s", text, problems.text[0]);
}

static void
check_printed(const char *want)
{
	struct buf out;

	buf_init(&out, 4096);
	options_print(&out, &table, &got);
	ck_str(buf_str(&out), want);
	buf_release(&out);
}

#define DEFAULTS                  \
	"# name is not set\n"     \
	"keys = []\n"             \
	"flag = true\n"           \
	"count = 7\n"             \
	"wait = \"90s\"\n"        \
	"colour = \"green\"\n"    \
	"# password is not set\n" \
	"url = \"http://h\"\n"

static const char *const same_as_defaults[] = {
	"",
	"# nothing\n",
	"{}",
	"url = \"\"",
	"flag = true count = 7 wait = \"1.5m\" colour = \"green\" keys = []",
};

START_TEST(fills_in_defaults)
{
	must_load(same_as_defaults[_i]);
	check_printed(DEFAULTS);
	ck_str(got.trust_domain, "example.org");
}
END_TEST

START_TEST(reads_every_type)
{
	must_load("name = \"n\"\nkeys = [\"k1\", \"k:long\",]\nflag = false\n"
		  "count = -8\nwait = \"1m30.5s\"\ncolour = \"blue\"\n"
		  "password = \"secret\"\n");
	ck_str(got.name, "n");
	ck_assert_uint_eq(got.keys.count, 2);
	ck_str(got.keys.items[0], "k1");
	ck_str(got.keys.items[1], "long");
	ck_assert(!got.flag);
	ck_assert_int_eq(got.count, -8);
	ck_assert_int_eq(got.wait, 90500);
	ck_assert_int_eq(got.colour, 2);
	ck_str(got.password, "secret");
}
END_TEST

START_TEST(reads_json)
{
	must_load("{\"name\": 12, \"keys\": [\"k1\"], \"flag\": false,\n"
		  " \"count\": 3, \"wait\": \"5s\"}");
	ck_str(got.name, "12");
	ck_assert_uint_eq(got.keys.count, 1);
	ck_assert(!got.flag);
	ck_assert_int_eq(got.count, 3);
	ck_assert_int_eq(got.wait, 5000);
}
END_TEST

static const struct {
	const char *text;
	const char *name;
} spelt[] = {
	{ "name = 0123", "0123" },
	{ "name = 00", "00" },
	{ "name = 0x1F", "0x1F" },
	{ "name = 1e3", "1e3" },
	{ "name = -1.50", "-1.50" },
	{ "\"name\" = \"\\u00e9\"", "\xc3\xa9" },
};

START_TEST(keeps_the_spelling_of_a_number)
{
	must_load(spelt[_i].text);
	ck_str(got.name, spelt[_i].name);
}
END_TEST

static const struct {
	const char *text;
	int64_t count;
} integers[] = {
	{ "count = 0", 0 },
	{ "count = 0x1f", 31 },
	{ "count = 0X1F", 31 },
	{ "count = 017", 15 },
	{ "count = 00", 0 },
	{ "count = \"12\"", 12 },
	{ "count = \"-3\"", -3 },
};

START_TEST(reads_integers_as_hcl)
{
	must_load(integers[_i].text);
	ck_assert_int_eq(got.count, integers[_i].count);
}
END_TEST

static const struct {
	const char *text;
	bool flag;
} bools[] = {
	{ "flag = true", true },
	{ "flag = false", false },
	{ "flag = \"false\"", false },
	{ "flag = \"TRUE\"", true },
	{ "flag = 0", false },
	{ "flag = \"1\"", true },
};

START_TEST(reads_bools_as_hcl)
{
	must_load(bools[_i].text);
	ck_assert_int_eq(got.flag, bools[_i].flag);
}
END_TEST

#define UNKNOWN "unknown configurations detected: "

/* The one problem of each. */
static const struct {
	const char *text, *why;
} refused[] = {
	{ "nam = 1", UNKNOWN "nam (line 1, column 1: did you mean name?)" },
	{ "Keys = [\"k\"]",
	    UNKNOWN "Keys (line 1, column 1: did you mean keys?)" },
	{ "name = 1\n  elsewhere = 1\nb \"c\" {}",
	    UNKNOWN "elsewhere,b (line 2, column 3; line 3, column 1)" },
	{ "policy {\n keys = [\"k\"]\n}", UNKNOWN "policy (line 1, column 1)" },
	{ "plugin_data {\n keys = [\"k\"]\n}",
	    UNKNOWN "plugin_data (line 1, column 1: only what stands inside "
		    "plugin_data { } belongs here)" },
	{ "\"a\\nb\" = 1", UNKNOWN "a?b (line 1, column 1)" },
	{ "a,b = 1", "syntax: " },
	{ "keys = [\"k\"]\nkeys = [\"k2\"]",
	    "keys is given again: it stands at line 1 already (line 2, column "
	    "1)" },
	{ "{\"name\":\"a\",\"name\":\"b\"}",
	    "name is given again: it stands at line 1 already (line 1, column "
	    "13)" },
	{ "keys { a = 1 }",
	    "keys is written as a block: expected keys = VALUE (line 1, column "
	    "1)" },
	{ "name \"x\" {}",
	    "name is written as a block: expected name = VALUE (line 1, column "
	    "1)" },
	{ "{\"keys\":{\"k\":{}}}",
	    "keys is written as a block: expected keys = VALUE (line 1, column "
	    "2)" },
	{ "keys =",
	    "keys has no value: leave the key out if nothing is meant (line 1, "
	    "column 1)" },
	{ "{\"keys\":null}",
	    "keys = \"\": expected a list of strings in brackets, found a "
	    "string (line 1, column 9)" },
	{ "keys = \"k\"",
	    "keys = \"k\": expected a list of strings in brackets, found a "
	    "string (line 1, column 8)" },
	{ "keys = 12",
	    "keys = 12: expected a list of strings in brackets, found a number "
	    "(line 1, column 8)" },
	{ "keys = {}",
	    "keys = {...}: expected a list of strings in brackets, found an "
	    "object (line 1, column 8)" },
	{ "keys = [\"k\", true]",
	    "keys = true: expected only strings in this list, found a bool "
	    "(line 1, column 14)" },
	{ "keys = [\"k\", [\"k\"]]",
	    "keys = [...]: expected only strings in this list, found a list "
	    "(line 1, column 14)" },
	{ "keys = [\"k\", \"\"]",
	    "keys = \"\": empty: leave the key out if nothing is meant (line "
	    "1, column 14)" },
	{ "keys = [\"k\",\n\"x\"]",
	    "keys = \"x\": expected a k at the begin (line 2, column 1)" },
	{ "{\"keys\":[true]}",
	    "syntax: JSON: expected a string (line 1, column 10)" },
	{ "name = true",
	    "name = true: expected a string, found a bool (line 1, column 8)" },
	{ "name = [\"a\"]",
	    "name = [...]: expected a string, found a list (line 1, column "
	    "8)" },
	{ "name = \"\"",
	    "name = \"\": empty: leave the key out if nothing is meant (line "
	    "1, column 8)" },
	{ "name = \"a\\nb\"",
	    "name = \"a?b\": expected UTF-8 without control characters (line "
	    "1, column 8)" },
	{ "name = \"123456789\"",
	    "name = \"123456789\": expected at most 8 bytes (line 1, column "
	    "8)" },
	{ "flag = \"yes\"",
	    "flag = \"yes\": expected true or false (line 1, column 8)" },
	{ "flag = 2", "flag = 2: expected true or false (line 1, column 8)" },
	{ "flag = [true]",
	    "flag = [...]: expected true or false (line 1, column 8)" },
	{ "count = 101",
	    "count = 101: expected a whole number from -8 to 100 (line 1, "
	    "column 9)" },
	{ "count = -9",
	    "count = -9: expected a whole number from -8 to 100 (line 1, "
	    "column 9)" },
	{ "count = 1.0",
	    "count = 1.0: expected a whole number from -8 to 100 (line 1, "
	    "column 9)" },
	{ "count = \"99999999999999999999\"",
	    "count = \"99999999999999999999\": expected a whole number from -8 "
	    "to 100 (line 1, column 9)" },
	{ "count = \"\"",
	    "count = \"\": expected a whole number from -8 to 100 (line 1, "
	    "column 9)" },
	{ "count = \"1 \"",
	    "count = \"1 \": expected a whole number from -8 to 100 (line 1, "
	    "column 9)" },
	{ "count = true",
	    "count = true: expected a whole number from -8 to 100 (line 1, "
	    "column 9)" },
	{ "wait = \"x\"",
	    "unable to parse wait duration: time: invalid duration \"x\" (line "
	    "1, column 8)" },
	{ "wait = 30",
	    "unable to parse wait duration: time: missing unit in duration "
	    "\"30\" (line 1, column 8)" },
	{ "wait = \"99ms\"",
	    "wait = \"99ms\": expected a duration from 100ms to 10m (line 1, "
	    "column 8)" },
	{ "wait = \"-1s\"",
	    "wait = \"-1s\": expected a duration from 100ms to 10m (line 1, "
	    "column 8)" },
	{ "wait = \"601s\"",
	    "wait = \"601s\": expected a duration from 100ms to 10m (line 1, "
	    "column 8)" },
	{ "wait = true",
	    "wait = true: expected a duration, such as \"30s\", found a bool "
	    "(line 1, column 8)" },
	{ "colour = \"Red\"",
	    "colour = \"Red\": expected \"red\", \"green\" or \"blue\" (line "
	    "1, column 10)" },
	{ "colour = 1",
	    "colour = 1: expected \"red\", \"green\" or \"blue\" (line 1, "
	    "column 10)" },
	{ "password = true",
	    "password = (not shown): expected a string, found a bool (line 1, "
	    "column 12)" },
	{ "name = \"joint\"", "joint problem (line 1, column 1)" },
	{ "name = <<E\nab\nE",
	    "name = \"ab?\": expected UTF-8 without control characters (line "
	    "1, column 8)" },
	{ "name = ]", "syntax: " },
	{ "name", "syntax: " },
};

START_TEST(refuses)
{
	const char *why = refused[_i].why;

	load(refused[_i].text);
	ck_assert_msg(problems.count == 1, "%s: %zu problems, first: %s",
	    refused[_i].text, problems.count, problems.text[0]);
	if (str_ends(str_of(why), ": "))
		ck_assert_msg(str_starts(str_of(problems.text[0]), why), "%s",
		    problems.text[0]);
	else
		ck_assert_str_eq(problems.text[0], why);
}
END_TEST

START_TEST(leaves_the_default_where_it_refuses)
{
	load("name = true keys = [\"k\", 1] flag = 3 count = 1000 wait = \"x\" "
	     "colour = \"x\" password = [] url = {}");
	ck_assert_uint_eq(problems.count, 8);
	check_printed(DEFAULTS);
}
END_TEST

START_TEST(reports_all_at_once)
{
	static const char *const want[] = {
		"flag = \"maybe\": expected true or false (line 2, column 8)",
		"count = 900: expected a whole number from -8 to 100 (line 3, "
		"column 9)",
		"unable to parse wait duration: time: invalid duration \"x\" "
		"(line 4, column 8)",
		UNKNOWN "keyz,nothing (line 1, column 1: did you mean keys?; "
			"line 5, column 1)",
	};
	size_t i;

	load("keyz = [\"k\"]\nflag = \"maybe\"\ncount = 900\nwait = \"x\"\n"
	     "nothing = 1\n");
	ck_assert_uint_eq(problems.count, COUNT_OF(want));
	for (i = 0; i < COUNT_OF(want); i++)
		ck_assert_str_eq(problems.text[i], want[i]);
}
END_TEST

START_TEST(bounds_the_list_of_unknown_keys)
{
	struct buf text;
	int i;

	buf_init(&text, HCL_TEXT_MAX);
	for (i = 0; i < 500; i++)
		buf_addf(&text, "unknown_key_%d = 1\n", i);
	load(buf_text(&text));
	buf_release(&text);
	ck_assert_uint_eq(problems.count, 1);
	ck_assert(str_starts(
	    str_of(problems.text[0]), UNKNOWN "unknown_key_0,unknown_key_1,"));
	ck_assert(str_ends(str_of(problems.text[0]), "...)"));
}
END_TEST

START_TEST(refuses_what_is_too_long)
{
	static char text[HCL_TEXT_MAX + 2];

	memset(text, ' ', HCL_TEXT_MAX + 1);
	load(text);
	ck_assert_uint_eq(problems.count, 1);
	problems.count = 0;
	text[HCL_TEXT_MAX] = '\0';
	load(text);
	ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(has_room_for_the_fullest_list)
{
	struct buf text;
	int i;

	buf_init(&text, HCL_TEXT_MAX);
	buf_add_text(&text, "keys = [");
	for (i = 0; i < 8000; i++)
		buf_add_text(&text, "\"kkkk\",");
	buf_add_text(&text, "]");
	must_load(buf_text(&text));
	buf_release(&text);
	ck_assert_uint_eq(got.keys.count, 8000);
}
END_TEST

START_TEST(prints_what_it_reads)
{
	struct settings again = { .flag = false };
	struct buf first, second;

	must_load("name = \"a\\\"\\\\\\u0024{\" count = 0x10 wait = \"1500ms\" "
		  "keys = [\"k1\", \"k2\"] colour = \"red\" flag = \"0\"");
	ck_str(got.name, "a\"\\${");
	buf_init(&first, 4096);
	buf_init(&second, 4096);
	options_print(&first, &table, &got);
	config_read(&again, &kind, &arena, STR("example.org"), buf_str(&first),
	    &problems);
	ck_assert_msg(problems.count == 0, "%s", problems.text[0]);
	options_print(&second, &table, &again);
	ck_str(buf_str(&second), buf_text(&first));
	ck_str(again.name, "a\"\\${");
	buf_release(&first);
	buf_release(&second);
}
END_TEST

START_TEST(never_prints_a_secret)
{
	struct buf out;

	must_load("password = \"hunter2\"");
	buf_init(&out, 4096);
	options_print(&out, &table, &got);
	ck_assert_ptr_null(strstr(buf_text(&out), "hunter2"));
	ck_assert_ptr_nonnull(
	    strstr(buf_text(&out), "# password is set and not shown\n"));
	buf_release(&out);
}
END_TEST

START_TEST(says_when_memory_is_out)
{
	arena_init(&arena, 16);
	load("");
	ck_assert_uint_ge(problems.count, 1);
	ck_assert_str_eq(problems.text[0], "out of memory");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("options");
	TCase *tc = tcase_create("options");

	tcase_add_checked_fixture(tc, setup, teardown);
	ck_table(tc, fills_in_defaults, same_as_defaults);
	tcase_add_test(tc, reads_every_type);
	tcase_add_test(tc, reads_json);
	ck_table(tc, keeps_the_spelling_of_a_number, spelt);
	ck_table(tc, reads_integers_as_hcl, integers);
	ck_table(tc, reads_bools_as_hcl, bools);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, leaves_the_default_where_it_refuses);
	tcase_add_test(tc, reports_all_at_once);
	tcase_add_test(tc, bounds_the_list_of_unknown_keys);
	tcase_add_test(tc, refuses_what_is_too_long);
	tcase_add_test(tc, has_room_for_the_fullest_list);
	tcase_add_test(tc, prints_what_it_reads);
	tcase_add_test(tc, never_prints_a_secret);
	tcase_add_test(tc, says_when_memory_is_out);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
