/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/check_config.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testing.h"

struct settings {
	struct str name, trust_domain;
};

static const struct option rows[] = {
	{ .name = "name",
	    .type = OPTION_STRING,
	    .offset = offsetof(struct settings, name) },
	{ .name = "trust_domain",
	    .type = OPTION_STRING,
	    .offset = offsetof(struct settings, trust_domain) },
};

static const struct option_table table = { rows, COUNT_OF(rows) };

static void
finish(void *conf, struct arena *a, const struct option_places *places,
    struct str trust_domain, struct problems *problems)
{
	struct settings *got = conf;

	(void)places;
	(void)problems;
	if (got->trust_domain.n == 0)
		got->trust_domain = arena_dup(a, trust_domain);
}

static const struct config_kind kind = {
	.plugin_name = "kin",
	.side = "server",
	.table = &table,
	.size = sizeof(struct settings),
	.finish = finish,
};

static char dir[] = "/tmp/test_check_config.XXXXXX";
static char main_path[64], data_path[64];
static char out[8192], complaints[8192];

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(main_path, sizeof(main_path), "%s/main", dir);
	(void)snprintf(data_path, sizeof(data_path), "%s/data", dir);
}

static void
teardown(void)
{
	(void)unlink(main_path);
	(void)unlink(data_path);
	(void)rmdir(dir);
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
}

static void
write_file(const char *path, struct str text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text.p, 1, text.n, f), text.n);
	ck_assert_int_eq(fclose(f), 0);
}

static void
slurp(char *to, size_t size, FILE *f)
{
	size_t n;

	rewind(f);
	n = fread(to, 1, size - 1, f);
	to[n] = '\0';
	(void)fclose(f);
}

static int
check_path(const char *path)
{
	FILE *o = tmpfile(), *c = tmpfile();
	int status;

	ck_assert(o != NULL && c != NULL);
	status = check_config(&kind, path, o, c);
	slurp(out, sizeof(out), o);
	slurp(complaints, sizeof(complaints), c);
	return status;
}

static int
check_text(const char *text)
{
	write_file(main_path, str_of(text));
	return check_path(main_path);
}

#define PLUGIN(inside) "NodeAttestor \"kin\" { plugin_cmd = \"/x\" " inside " }"
#define SERVER         "server { trust_domain = \"example.org\" }\n"
#define WHOLE(inside)  SERVER "plugins { " PLUGIN(inside) " }"

#define SET   "name = \"n\"\ntrust_domain = \"example.org\"\n"
#define UNSET "# name is not set\n# trust_domain is not set\n"

static const struct {
	const char *text, *printed;
} good[] = {
	{ "", UNSET },
	{ "name = \"n\"", "name = \"n\"\n# trust_domain is not set\n" },
	{ "name = \"n\" trust_domain = \"example.org\"", SET },
	{ WHOLE("plugin_data { name = \"n\" }"), SET },
	{ WHOLE("plugin_data = { name = \"n\" }"), SET },
	{ WHOLE("plugin_data {}"),
	    "# name is not set\ntrust_domain = \"example.org\"\n" },
	{ WHOLE(""), "# name is not set\ntrust_domain = \"example.org\"\n" },
	{ "server { trust_domain = \"spiffe://example.org\" }\n"
	  "plugins { DataStore \"sql\" { plugin_data { a = 1 } }\n"
	  "NodeAttestor \"other\" { plugin_data { b = 1 } }\n" PLUGIN(
	      "plugin_data { name = \"n\" }") "}",
	    SET },
	{ SERVER
	    "agent {}\n"
	    "plugins {}\nplugins { " PLUGIN("plugin_data { name = \"n\" }") "}",
	    SET },
	{ "plugins { NodeAttestor { kin { plugin_data { name = \"n\" } } } }",
	    "name = \"n\"\n# trust_domain is not set\n" },
	{ "{\"server\":{\"trust_domain\":\"example.org\"},\"plugins\":"
	  "{\"NodeAttestor\":{\"kin\":{\"plugin_cmd\":\"x\",\"plugin_data\":"
	  "{\"name\":\"n\"}}}}}",
	    SET },
	{ "{\"server\":[{\"trust_domain\":\"example.org\"}],\"plugins\":"
	  "[{\"NodeAttestor\":[{\"kin\":{\"plugin_cmd\":\"x\",\"plugin_data\":"
	  "[{\"name\":\"n\"}]}}]}]}",
	    SET },
};

static const struct {
	const char *text, *said;
} bad[] = {
	{ "nam = 1",
	    "unknown configurations detected: nam (line 1, column 1: did you "
	    "mean name?)" },
	{ "name = ]", "syntax: " },
	{ "plugin_data { name = \"n\" }",
	    "unknown configurations detected: "
	    "plugin_data (line 1, column 1: only "
	    "what stands inside plugin_data { }" },
	{ WHOLE("plugin_data {\n nam = 1\n}"),
	    "unknown configurations detected: nam (line 3, column 2" },
	{ SERVER, "no NodeAttestor \"kin\" in the plugins of this file" },
	{ SERVER "plugins { NodeAttestor \"x\" {} }",
	    "no NodeAttestor \"kin\" in the plugins of this file" },
	{ "agent {} plugins { " PLUGIN("plugin_data {}") " }",
	    "this is the configuration of a SPIRE agent: ask the agent plugin" },
	{ WHOLE("plugin_data {}\nplugin_data {}"),
	    "plugin_data is given again: SPIRE would use the first and say "
	    "nothing of this one (line 3, column 1)" },
	{ WHOLE("plugin_data = \"name\""),
	    "plugin_data: expected a block, plugin_data { }" },
	{ WHOLE("plugin_data {}\nplugin_data_file = \"x\""),
	    "plugin_data_file beside plugin_data: SPIRE takes only one" },
	{ WHOLE("plugin_data_file = 1"), "plugin_data_file: expected a path" },
	{ WHOLE("plugin_data_file = \"\""),
	    "plugin_data_file: expected a path" },
	{ WHOLE("plugin_data_file = \"a\\nb\""),
	    "plugin_data_file: expected a path" },
	{ SERVER "plugins { " PLUGIN("") "\n" PLUGIN("") "}",
	    "NodeAttestor \"kin\" is given again (line 3, column 1)" },
	{ "plugins { NodeAttestor \"KIN\" {} }",
	    "NodeAttestor \"KIN\": SPIRE minds the case; the name is \"kin\"" },
	{ "plugins { NodeAttestor kin = 3 }", "syntax: " },
	{ "plugins { NodeAttestor { kin = 3 } }",
	    "NodeAttestor \"kin\": expected a block" },
	{ WHOLE("plugin_data { nam = 1 }\nplugin_data {}"),
	    "unknown configurations detected: nam" },
};

START_TEST(prints_the_settings)
{
	ck_assert_msg(check_text(good[_i].text) == 0, "%s: %s", good[_i].text,
	    complaints);
	ck_assert_str_eq(out, good[_i].printed);
	ck_assert_str_eq(complaints, "");
}
END_TEST

START_TEST(prints_the_problems)
{
	ck_assert_int_eq(check_text(bad[_i].text), 1);
	ck_assert_str_eq(out, "");
	ck_assert_msg(
	    str_starts(str_of(complaints), main_path), "%s", complaints);
	ck_assert_msg(strstr(complaints, bad[_i].said) != NULL, "%s: %s",
	    bad[_i].text, complaints);
}
END_TEST

static int
check_data_file(const char *text)
{
	char whole[512];

	write_file(data_path, str_of(text));
	(void)snprintf(whole, sizeof(whole),
	    SERVER "plugins { NodeAttestor \"kin\" {\n"
		   "plugin_data_file = \"%s\" } }",
	    data_path);
	return check_text(whole);
}

START_TEST(follows_plugin_data_file)
{
	ck_assert_int_eq(check_data_file("\r\nname = \"n\"\r\n"), 0);
	ck_assert_str_eq(out, SET);
	ck_assert_int_eq(check_data_file("\nx = 1"), 1);
	ck_assert(str_starts(str_of(complaints), data_path));
	ck_assert_ptr_nonnull(strstr(complaints, ": x (line 2, column 1)"));
	ck_assert_int_eq(check_data_file("x ="
					 "]"),
	    1);
	ck_assert(str_starts(str_of(complaints), data_path));
}
END_TEST

START_TEST(says_why_a_file_cannot_be_read)
{
	static char big[HCL_TEXT_MAX + 1];

	ck_assert_int_eq(check_path(dir), 1);
	ck_assert_ptr_nonnull(strstr(complaints, ": cannot read it: Is a dir"));
	ck_assert_int_eq(check_path(main_path), 1);
	ck_assert_ptr_nonnull(strstr(complaints, ": cannot open it: No such"));
	memset(big, ' ', sizeof(big));
	write_file(main_path, (struct str){ big, HCL_TEXT_MAX });
	ck_assert_int_eq(check_path(main_path), 0);
	write_file(main_path, (struct str){ big, HCL_TEXT_MAX + 1 });
	ck_assert_int_eq(check_path(main_path), 1);
	ck_assert_ptr_nonnull(strstr(complaints, ": it is longer than the "));
}
END_TEST

START_TEST(says_when_a_data_file_is_missing)
{
	ck_assert_int_eq(
	    check_text(WHOLE("plugin_data_file = \"/nonexistent/data\"")), 1);
	ck_assert_str_eq(complaints, "/nonexistent/data: cannot open it: No "
				     "such file or directory\n");
	ck_assert_int_eq(check_text(WHOLE("plugin_data_file = \"-\"")), 1);
	ck_assert(str_starts(str_of(complaints), "-: cannot open it: "));
}
END_TEST

START_TEST(reads_standard_input)
{
	write_file(main_path, STR("name = \"n\""));
	ck_assert_ptr_nonnull(freopen(main_path, "r", stdin));
	ck_assert_int_eq(check_path("-"), 0);
	ck_assert(str_starts(str_of(out), "name = \"n\"\n"));
	write_file(main_path, STR("x = 1"));
	ck_assert_ptr_nonnull(freopen(main_path, "r", stdin));
	ck_assert_int_eq(check_path("-"), 1);
	ck_assert(str_starts(str_of(complaints), "standard input: "));
}
END_TEST

START_TEST(fails_when_the_settings_cannot_be_printed)
{
	FILE *full = fopen("/dev/full", "w"), *c = tmpfile();

	ck_assert(full != NULL && c != NULL);
	write_file(main_path, STR(""));
	ck_assert_int_eq(check_config(&kind, main_path, full, c), 1);
	slurp(complaints, sizeof(complaints), c);
	ck_assert(str_starts(
	    str_of(complaints), "cannot print the settings: No space"));
	(void)fclose(full);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("check_config");
	TCase *tc = tcase_create("check_config");

	tcase_add_checked_fixture(tc, setup, teardown);
	ck_table(tc, prints_the_settings, good);
	ck_table(tc, prints_the_problems, bad);
	tcase_add_test(tc, follows_plugin_data_file);
	tcase_add_test(tc, says_why_a_file_cannot_be_read);
	tcase_add_test(tc, says_when_a_data_file_is_missing);
	tcase_add_test(tc, reads_standard_input);
	tcase_add_test(tc, fails_when_the_settings_cannot_be_printed);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
