/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/cred_profile.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aws/cred_source.h"
#include "testing.h"

#define PAIR "aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = hush/1\n"

static const struct {
	const char *credentials, *config, *name;
	const char *id, *secret, *token, *role, *region;
} profiles[] = {
	{ "[default]\n" PAIR, "", "default", "AKIDEXAMPLE", "hush/1", "", "",
	    "" },
	{ "[default]\r\naws_access_key_id=A\r\naws_secret_access_key=s\r\n"
	  "aws_session_token=t==\r\n",
	    "", "default", "A", "s", "t==", "", "" },
	{ "[other]\n" PAIR "[a]\naws_access_key_id=A\naws_secret_access_key=s",
	    "", "a", "A", "s", "", "", "" },
	{ "# [a]\n; [a]\n\n [a]\n[ a ] # mine\n" PAIR, "", "a", "AKIDEXAMPLE",
	    "hush/1", "", "", "" },
	{ "", "[default]\n" PAIR, "default", "AKIDEXAMPLE", "hush/1", "", "",
	    "" },
	{ "", "[profile a]\nregion = r # here\n" PAIR, "a", "AKIDEXAMPLE",
	    "hush/1", "", "", "r" },
	{ "", "[profile default]\nregion = r\n", "default", "", "", "", "",
	    "r" },
	{ "", "[profile \t a ]\nregion = r\n", "a", "", "", "", "", "r" },
	{ "", "[profile\ta]\nregion = r\n", "a", "", "", "", "", "r" },
	{ "", "[profile \"my own\"]\nregion = r\n", "my own", "", "", "", "",
	    "r" },
	{ "", "[profile 'my own']\nregion = r\n", "my own", "", "", "", "",
	    "r" },
	/* only config has the word */
	{ "[profile a]\nregion = no\n[a]\nregion = r\n",
	    "[a]\nregion = no\n[profilea]\nregion = no\n", "a", "", "", "", "",
	    "r" },
	{ "", "[sso-session a]\nregion = no\n[profile a]\nregion = r\n", "a",
	    "", "", "", "", "r" },
	/* both: the credentials file's, and the rest of config */
	{ "[a]\n" PAIR, "[profile a]\nregion = r\naws_access_key_id = B\n"
			"aws_secret_access_key = no\n",
	    "a", "AKIDEXAMPLE", "hush/1", "", "", "r" },
	/* a token belongs to its own pair */
	{ "[a]\n" PAIR,
	    "[profile a]\naws_access_key_id = B\naws_secret_access_key = no\n"
	    "aws_session_token = no\n",
	    "a", "AKIDEXAMPLE", "hush/1", "", "", "" },
	{ "[a]\nrole_arn = x\nsource_profile = b\n",
	    "[profile a]\nrole_arn = y\nregion = r\n", "a", "", "", "", "x",
	    "r" },
	/* the key's case does not matter, the value's does */
	{ "[a]\nAWS_Access_Key_ID = AkId\nAWS_SECRET_ACCESS_KEY = s\n", "",
	    "a", "AkId", "s", "", "", "" },
	/* '=' and '#' may be part of a value */
	{ "[a]\naws_access_key_id=A\naws_secret_access_key=s=#;/=\n", "", "a",
	    "A", "s=#;/=", "", "", "" },
	{ "[a]\nregion = r ; remark\n", "", "a", "", "", "", "", "r" },
	/* what is indented under a key belongs to it */
	{ "",
	    "[profile a]\ns3 =\n  region = no\n\tmax = 3\nregion = r\n"
	    "ec2 =\n  aws_access_key_id = no\n",
	    "a", "", "", "", "", "r" },
	/* a whole section that is indented is one all the same */
	{ "[a]\n  aws_access_key_id = A\n  aws_secret_access_key = s\n", "",
	    "a", "A", "s", "", "", "" },
	{ "[a]\n\taws_access_key_id = A\n\t# remark\n\n"
	  "\taws_secret_access_key = s\n",
	    "", "a", "A", "s", "", "", "" },
	{ "[b]\nregion = no\n[a]\n  s3 =\n    region = no\n  region = r\n", "",
	    "a", "", "", "", "", "r" },
	/* empty is not set */
	{ "[a]\naws_access_key_id =\naws_secret_access_key =\nregion=r\n", "",
	    "a", "", "", "", "", "r" },
	{ "[a]\naws_session_token =\n" PAIR, "", "a", "AKIDEXAMPLE", "hush/1",
	    "", "", "" },
	/* others' lines are others' */
	{ "no section\n[b]\nnonsense\n[a]\nregion = r\n[c]\nnonsense\n", "",
	    "a", "", "", "", "", "r" },
	{ "[a]\nregion = r\n[b]\nregion = no\n[a]\nrole_arn = x\n", "", "a",
	    "", "", "", "x", "r" },
	{ "[a]\n", "", "a", "", "", "", "", "" },
	{ "[a]", "", "a", "", "", "", "", "" },
};

static void
find(struct profile *p, int i)
{
	const struct profile_files files = {
		.config = str_of(profiles[i].config),
		.credentials = str_of(profiles[i].credentials),
	};
	struct err err = { 0 };
	int r = profile_find(p, &files, str_of(profiles[i].name), &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
}

START_TEST(finds_a_profile)
{
	struct profile p;

	find(&p, _i);
	ck_str(p.name, profiles[_i].name);
	ck_str(p.access_key_id, profiles[_i].id);
	ck_str(p.secret_access_key, profiles[_i].secret);
	ck_str(p.session_token, profiles[_i].token);
	ck_str(p.role_arn, profiles[_i].role);
	ck_str(p.region, profiles[_i].region);
	ck_str(p.refused, "");
}
END_TEST

START_TEST(finds_all_of_a_role)
{
	const struct profile_files files = { .config = STR(
		"[profile a]\n"
		"role_arn = arn:aws:iam::021436587009:role/x\n"
		"source_profile = b\ncredential_source = Environment\n"
		"web_identity_token_file = /token\nexternal_id = e\n"
		"role_session_name = s\nduration_seconds = 900\n") };
	struct profile p;

	ck_assert_int_eq(profile_find(&p, &files, STR("a"), NULL), ERR_OK);
	ck_str(p.role_arn, "arn:aws:iam::021436587009:role/x");
	ck_str(p.source_profile, "b");
	ck_str(p.credential_source, "Environment");
	ck_str(p.web_identity_token_file, "/token");
	ck_str(p.external_id, "e");
	ck_str(p.role_session_name, "s");
	ck_str(p.duration_seconds, "900");
}
END_TEST

static const struct {
	const char *lines, *refused;
} unfollowed[] = {
	{ "credential_process = /bin/true", "credential_process" },
	{ "mfa_serial = arn:aws:iam::021436587009:mfa/a", "mfa_serial" },
	{ "sso_session = a", "sso_session" },
	{ "sso_start_url = https://example.org/start", "sso_start_url" },
	{ "sso_account_id = 021436587009", "sso_account_id" },
	{ "login_session = a", "login_session" },
	{ "Credential_Process = /bin/true", "Credential_Process" },
	{ PAIR "credential_process = /bin/true", "credential_process" },
	/* the one that also a role cannot do without */
	{ "sso_session = a\nmfa_serial = m", "mfa_serial" },
	{ "mfa_serial = m\nsso_session = a", "mfa_serial" },
	/* empty is not set */
	{ "mfa_serial =\nsso_session = a\ncredential_process =",
	    "sso_session" },
	{ "credential_process =", "" },
	{ "region = r", "" },
};

START_TEST(names_what_a_server_cannot_follow)
{
	struct profile_files files = { .config = { NULL, 0 } };
	char text[512];
	struct profile p;

	(void)snprintf(text, sizeof(text), "[a]\n%s\n", unfollowed[_i].lines);
	files.credentials = str_of(text);
	ck_assert_int_eq(profile_find(&p, &files, STR("a"), NULL), ERR_OK);
	ck_str(p.refused, unfollowed[_i].refused);
}
END_TEST

static const struct {
	const char *credentials, *config;
	int code;
	const char *says;
} refused[] = {
	{ "", "", ERR_MISSING, "no profile \"a\"" },
	{ "[b]\n" PAIR, "", ERR_MISSING, "no profile \"a\"" },
	{ "[A]\n" PAIR, "", ERR_MISSING, "no profile \"a\"" },
	{ "[a\n" PAIR, "", ERR_MISSING, "no profile \"a\"" },
	{ "a]\n" PAIR, "", ERR_MISSING, "no profile \"a\"" },
	{ "[]\n" PAIR, "", ERR_MISSING, "no profile \"a\"" },
	{ "", "[a]\n" PAIR, ERR_MISSING, "no profile \"a\"" },
	{ "", "[profile]\n" PAIR, ERR_MISSING, "no profile \"a\"" },
	{ "", "[profile b]\n[services a]\n", ERR_MISSING, "no profile \"a\"" },
	{ "[a]\naws_access_key_id = A\n", "", ERR_CONFIG, "half a pair" },
	{ "[a]\naws_secret_access_key = hush\n", "", ERR_CONFIG,
	    "half a pair" },
	{ "[a]\naws_access_key_id =\naws_secret_access_key = hush\n", "",
	    ERR_CONFIG, "half a pair" },
	{ "", "[profile a]\naws_access_key_id = A\n", ERR_CONFIG,
	    "half a pair" },
	/* the halves of two pairs are none */
	{ "[a]\naws_access_key_id = A\n",
	    "[profile a]\naws_secret_access_key = hush\n", ERR_CONFIG,
	    "half a pair" },
	{ "[a]\naws_secret_access_key = hush\n", "[profile a]\n" PAIR,
	    ERR_CONFIG, "half a pair" },
	{ "[a]\naws_session_token = hush\n", "", ERR_CONFIG, "half a pair" },
	{ "[a]\nhush\n" PAIR, "", ERR_CONFIG, "without \"=\"" },
	{ "[a]\n" PAIR, "[profile a]\nhush\n", ERR_CONFIG, "without \"=\"" },
};

START_TEST(refuses_a_profile)
{
	const struct profile_files files = {
		.config = str_of(refused[_i].config),
		.credentials = str_of(refused[_i].credentials),
	};
	struct profile p = { .name = STR("untouched") };
	struct err err = { 0 };
	int r = profile_find(&p, &files, STR("a"), &err);

	ck_assert_int_eq(r, refused[_i].code);
	ck_assert_int_eq(err.code, r);
	ck_assert_msg(
	    strstr(err.msg, refused[_i].says) != NULL, "%s", err.msg);
	ck_assert_ptr_null(strstr(err.msg, "hush"));
	ck_str(p.name, "untouched");
}
END_TEST

/*
 * Files
 */

static char dir[] = "/tmp/test_cred_profile.XXXXXX";
static char config_path[64], credentials_path[64];
static struct arena arena;

static void
put(const char *path, const char *text, size_t n)
{
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

static void
put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

static void
set_up(void)
{
	static const char *const names[] = { "AWS_PROFILE",
		"AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_REGION",
		"AWS_DEFAULT_REGION",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI" };
	size_t i;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(config_path, sizeof(config_path), "%s/config", dir);
	(void)snprintf(
	    credentials_path, sizeof(credentials_path), "%s/creds", dir);
	for (i = 0; i < COUNT_OF(names); i++)
		ck_assert_int_eq(unsetenv(names[i]), 0);
	ck_assert_int_eq(setenv("HOME", dir, 1), 0);
	ck_assert_int_eq(setenv("AWS_CONFIG_FILE", config_path, 1), 0);
	ck_assert_int_eq(
	    setenv("AWS_SHARED_CREDENTIALS_FILE", credentials_path, 1), 0);
	arena_init(&arena, PROFILE_ARENA_MAX);
}

static void
tear_down(void)
{
	char path[96];

	arena_release(&arena);
	(void)unlink(config_path);
	(void)unlink(credentials_path);
	(void)snprintf(path, sizeof(path), "%s/.aws/config", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/.aws", dir);
	(void)rmdir(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(takes_absent_files_for_empty_ones)
{
	struct profile_files files;
	char below[80];

	ck_assert_int_eq(profile_files_read(&files, &arena, NULL), ERR_OK);
	ck_assert_uint_eq(files.config.n, 0);
	ck_assert_uint_eq(files.credentials.n, 0);
	/* also below something that is no folder */
	put_text(config_path, "[default]\n");
	(void)snprintf(below, sizeof(below), "%s/x", config_path);
	ck_assert_int_eq(
	    setenv("AWS_SHARED_CREDENTIALS_FILE", below, 1), 0);
	ck_assert_int_eq(profile_files_read(&files, &arena, NULL), ERR_OK);
	ck_str(files.config, "[default]\n");
	ck_assert_uint_eq(files.credentials.n, 0);
}
END_TEST

START_TEST(reads_both_files)
{
	struct profile_files files;

	put_text(config_path, "[profile a]\nregion = r\n");
	put_text(credentials_path, "[a]\n" PAIR);
	ck_assert_int_eq(profile_files_read(&files, &arena, NULL), ERR_OK);
	ck_str(files.config, "[profile a]\nregion = r\n");
	ck_str(files.credentials, "[a]\n" PAIR);
}
END_TEST

START_TEST(looks_into_the_home_folder)
{
	struct profile_files files;
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/.aws", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/.aws/config", dir);
	put_text(path, "[default]\n");
	ck_assert_int_eq(unsetenv("AWS_CONFIG_FILE"), 0);
	ck_assert_int_eq(setenv("AWS_SHARED_CREDENTIALS_FILE", "", 1), 0);
	ck_assert_int_eq(profile_files_read(&files, &arena, NULL), ERR_OK);
	ck_str(files.config, "[default]\n");
	ck_assert_uint_eq(files.credentials.n, 0);
	ck_assert_int_eq(unsetenv("HOME"), 0);
	ck_assert_int_eq(profile_files_read(&files, &arena, NULL), ERR_OK);
	ck_assert_uint_eq(files.config.n, 0);
}
END_TEST

START_TEST(refuses_a_folder_for_a_file)
{
	struct profile_files files = { .config = STR("untouched") };
	struct err err = { 0 };

	ck_assert_int_eq(setenv("AWS_CONFIG_FILE", dir, 1), 0);
	ck_assert_int_eq(
	    profile_files_read(&files, &arena, &err), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, dir));
	ck_str(files.config, "untouched");
}
END_TEST

START_TEST(bounds_a_file)
{
	static char text[PROFILE_FILE_MAX + 1];
	struct profile_files files;
	struct err err = { 0 };

	memset(text, '\n', sizeof(text));
	put(credentials_path, text, PROFILE_FILE_MAX);
	put(config_path, text, PROFILE_FILE_MAX);
	ck_assert_int_eq(profile_files_read(&files, &arena, NULL), ERR_OK);
	ck_assert_uint_eq(files.credentials.n, PROFILE_FILE_MAX);
	ck_assert_uint_eq(files.config.n, PROFILE_FILE_MAX);
	put(config_path, text, sizeof(text));
	arena_release(&arena);
	ck_assert_int_eq(
	    profile_files_read(&files, &arena, &err), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, config_path));
}
END_TEST

/* Bytes of any kind, and lines without end. */
START_TEST(finds_nothing_in_rubbish)
{
	static char text[PROFILE_FILE_MAX];
	const struct profile_files files = { .config = { text, sizeof(text) },
		.credentials = { text, sizeof(text) } };
	struct profile p;
	int c;

	for (c = 0; c < 256; c++) {
		memset(text, c, sizeof(text));
		ck_assert_int_eq(
		    profile_find(&p, &files, STR("a"), NULL), ERR_MISSING);
	}
}
END_TEST

static const struct {
	const char *profile, *other, *name;
	bool chosen;
} names[] = {
	{ NULL, NULL, "default", false },
	{ "", "", "default", false },
	{ "a", NULL, "a", true },
	{ "default", NULL, "default", true },
	{ NULL, "b", "b", true },
	{ "a", "b", "a", true },
	{ "", "b", "b", true },
};

START_TEST(knows_which_profile_is_wanted)
{
	bool chosen = !names[_i].chosen;

	if (names[_i].profile != NULL)
		ck_assert_int_eq(
		    setenv("AWS_PROFILE", names[_i].profile, 1), 0);
	if (names[_i].other != NULL)
		ck_assert_int_eq(
		    setenv("AWS_DEFAULT_PROFILE", names[_i].other, 1), 0);
	ck_str(profile_name(&chosen), names[_i].name);
	ck_assert_int_eq(chosen, names[_i].chosen);
}
END_TEST

/*
 * The source that the files lead to
 */

static int
find_source(struct credentials **found, const char *config, struct err *err)
{
	static const struct aws_caller no_caller;
	struct credentials *chain = NULL;
	const struct credentials_settings settings = {
		.partition = STR("aws") };
	int r;

	put_text(config_path, config);
	ck_assert_int_eq(
	    credentials_new(&chain, &no_caller, &settings, NULL), ERR_OK);
	ck_assert_int_eq(setenv("AWS_PROFILE", "a", 1), 0);
	r = cred_find(found, chain, err);
	credentials_free(chain);
	return r;
}

#define ROLE   "role_arn = arn:aws:iam::021436587009:role/x\n"
#define REGION "region = eu-west-1\n"

START_TEST(follows_a_source_profile)
{
	struct credentials *found = NULL;
	struct err err = { 0 };
	int r = find_source(&found,
	    "[profile a]\n" ROLE REGION
	    "source_profile = b\nexternal_id = e\nduration_seconds = 900\n"
	    "[profile b]\n" PAIR,
	    &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(found->kind, CRED_ROLE);
	ck_str(found->role_arn, "arn:aws:iam::021436587009:role/x");
	ck_str(found->external_id, "e");
	ck_str(found->session_name, CRED_SESSION_NAME);
	ck_str(str_of(found->sts.host), "sts.eu-west-1.amazonaws.com");
	ck_assert_uint_eq(found->duration_s, 900);
	ck_assert_int_eq(found->base->kind, CRED_STATIC);
	ck_str(found->base->keys->access_key_id, "AKIDEXAMPLE");
	credentials_free(found);
}
END_TEST

static const struct {
	const char *config;
	enum cred_kind kind, base;
} sources[] = {
	{ "[profile a]\n" PAIR, CRED_STATIC, CRED_CHAIN },
	/* its own keys sign for its role */
	{ "[profile a]\n" ROLE REGION "source_profile = a\n" PAIR, CRED_ROLE,
	    CRED_STATIC },
	{ "[profile a]\n" ROLE REGION "source_profile = b\n"
	  "[profile b]\n" ROLE REGION "source_profile = c\n[profile c]\n" PAIR,
	    CRED_ROLE, CRED_ROLE },
	{ "[profile a]\n" ROLE REGION
	  "credential_source = Ec2InstanceMetadata\n",
	    CRED_ROLE, CRED_IMDS },
	{ "[profile a]\n" ROLE REGION "web_identity_token_file = /t\n",
	    CRED_WEB, CRED_CHAIN },
	/* a role is a way around what cannot be followed */
	{ "[profile a]\n" ROLE REGION
	  "source_profile = b\nsso_session = s\n[profile b]\n" PAIR,
	    CRED_ROLE, CRED_STATIC },
};

START_TEST(finds_the_source)
{
	struct credentials *found = NULL;
	struct err err = { 0 };
	int r = find_source(&found, sources[_i].config, &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(found->kind, sources[_i].kind);
	if (found->base != NULL)
		ck_assert_int_eq(found->base->kind, sources[_i].base);
	credentials_free(found);
}
END_TEST

#define TO(name, source) \
	"[profile " name "]\n" ROLE REGION "source_profile = " source "\n"

static const struct {
	const char *config, *says;
} no_sources[] = {
	{ "", "no credentials in it" },
	{ "[profile a]\n" REGION, "no credentials in it" },
	{ "[profile a]\naws_access_key_id = A\n", "half a pair" },
	{ "[profile a]\ncredential_process = /bin/true\n",
	    "credential_process" },
	{ "[profile a]\nsso_session = s\nsso_account_id = 1\n", "sso_session" },
	{ "[profile a]\nmfa_serial = m\n" PAIR, "mfa_serial" },
	{ "[profile a]\n" ROLE REGION
	  "source_profile = b\nmfa_serial = m\n[profile b]\n" PAIR,
	    "mfa_serial" },
	{ "[profile a]\nsso_session = s\n" ROLE REGION
	  "source_profile = b\nmfa_serial = m\n[profile b]\n" PAIR,
	    "mfa_serial" },
	{ TO("a", "b") "[profile b]\ncredential_process = x\n",
	    "credential_process" },
	{ TO("a", "b"), "no profile \"b\"" },
	{ TO("a", "a"), "its own source" },
	{ TO("a", "b") TO("b", "a"), "its own source" },
	{ TO("a", "b") TO("b", "c") TO("c", "b"), "its own source" },
	{ TO("a", "b") TO("b", "c") TO("c", "d") TO("d", "e") TO("e", "f")
	      TO("f", "g") TO("g", "h") TO("h", "i") "[profile i]\n" PAIR,
	    "more than 8 profiles" },
	{ "[profile a]\n" ROLE REGION, "without source_profile" },
	{ "[profile a]\n" ROLE REGION
	  "source_profile = b\ncredential_source = Environment\n",
	    "source_profile and credential_source" },
	{ "[profile a]\n" ROLE REGION "credential_source = Environment\n",
	    "nothing there" },
	{ "[profile a]\n" ROLE REGION "credential_source = elsewhere\n",
	    "nothing there" },
	{ "[profile a]\n" ROLE REGION "credential_source = EcsContainer\n",
	    "profile \"a\": credential_source = EcsContainer" },
	{ "[profile a]\n" ROLE REGION
	  "source_profile = a\nduration_seconds = 899\n" PAIR,
	    "duration_seconds" },
	{ "[profile a]\n" ROLE REGION
	  "source_profile = a\nduration_seconds = 1h\n" PAIR,
	    "duration_seconds" },
	{ "[profile a]\n" ROLE "source_profile = a\n" PAIR, "no region" },
	{ "[profile a]\n" ROLE "region = evil.com\nsource_profile = a\n" PAIR,
	    "no region of AWS" },
	{ "[profile a]\naws_access_key_id = A B\n"
	  "aws_secret_access_key = hush\n",
	    "shared files" },
};

START_TEST(refuses_a_source)
{
	struct credentials *found = NULL;
	struct err err = { 0 };
	int r = find_source(&found, no_sources[_i].config, &err);

	ck_assert_ptr_null(found);
	ck_assert_msg(
	    r != ERR_OK && r != ERR_MISSING && r != ERR_MEMORY, "%d", r);
	ck_assert_int_eq(err.code, r);
	ck_assert_msg(
	    strstr(err.msg, no_sources[_i].says) != NULL, "%s", err.msg);
	ck_assert_ptr_null(strstr(err.msg, "hush"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cred_profile");
	TCase *tc = tcase_create("text"), *files = tcase_create("files");

	suite_add_tcase(s, tc);
	ck_table(tc, finds_a_profile, profiles);
	tcase_add_test(tc, finds_all_of_a_role);
	ck_table(tc, names_what_a_server_cannot_follow, unfollowed);
	ck_table(tc, refuses_a_profile, refused);
	tcase_add_test(tc, finds_nothing_in_rubbish);
	suite_add_tcase(s, files);
	tcase_add_checked_fixture(files, set_up, tear_down);
	tcase_add_test(files, takes_absent_files_for_empty_ones);
	tcase_add_test(files, reads_both_files);
	tcase_add_test(files, looks_into_the_home_folder);
	tcase_add_test(files, refuses_a_folder_for_a_file);
	tcase_add_test(files, bounds_a_file);
	ck_table(files, knows_which_profile_is_wanted, names);
	tcase_add_test(files, follows_a_source_profile);
	ck_table(files, finds_the_source, sources);
	ck_table(files, refuses_a_source, no_sources);
	return run_suite(s);
}
