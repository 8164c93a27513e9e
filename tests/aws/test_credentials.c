/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/credentials.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "fake_aws.h"
#include "lab.h"
#include "testing.h"

#define SECRET   "secret/secret"
#define ID(last) "ASIAEXAMPLEEXAMPLE" last
#define IMDS_KEYS \
	"GET /latest/meta-data/iam/security-credentials/my-role"
#define IMDS_ROLES "GET /latest/meta-data/iam/security-credentials/"
#define IMDS_TOKEN "PUT /latest/api/token"
#define CONTAINER  "GET /creds"
#define ASSUME     "AssumeRole"
#define WEB        "AssumeRoleWithWebIdentity"

enum { GETS_MAX = 8, MINUTE_MS = 60 * 1000 };

/* Somebody who waits for keys, and what became of him. */
struct get {
	struct credentials_wait *wait;
	unsigned answers;
	int r;
	char id[64], source[64];
	struct aws_keys *keys; /* borrowed; to compare only */
	struct err err;
};

static struct fake_aws *fake;
static struct aws_caller caller;
static struct credentials_settings settings;
static struct credentials *cred;
static struct get gets[GETS_MAX];
static bool starting;
static void (*then)(struct get *g);

/* What the fake's keys say. */
static _Atomic int expires_in_s;
static _Atomic bool expires_as_text;

static void
write_expiration(struct buf *b)
{
	int64_t s = clock_wall_us() / 1000000 + expires_in_s;
	char stamp[CLOCK_STAMP_SIZE];

	clock_stamp(stamp, s * 1000000);
	if (expires_as_text)
		buf_addf(b, "\"Expiration\":\"%.19sZ\"", stamp);
	else
		buf_addf(b, "\"Expiration\":%" PRId64, s);
}

/* The ID tells which it is: 100 and the how-many-th it is. */
static void
write_document(struct buf *b, const struct fake_request *r)
{
	expires_as_text = true;
	buf_addf(b,
	    "{\"Code\":\"Success\",\"AccessKeyId\":\"" ID("%03u") "\","
	    "\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"token\",",
	    100 + r->nth);
	write_expiration(b);
	buf_add_char(b, '}');
}

static void
write_assumed(struct buf *b, const struct fake_request *r)
{
	buf_addf(b,
	    "{\"%sResponse\":{\"%sResult\":{\"Credentials\":{"
	    "\"AccessKeyId\":\"" ID("%03u") "\",\"SecretAccessKey\":\"" SECRET
	    "\",\"SessionToken\":\"token\",",
	    r->op, r->op, 200 + r->nth);
	write_expiration(b);
	buf_add_text(b, "},\"AssumedRoleUser\":{\"Arn\":\"x\"}},"
			"\"ResponseMetadata\":{\"RequestId\":\"y\"}}}");
}

static void
script_all(void)
{
	static const char json[] = "Content-Type: application/json\r\n";

	FAKE_REPLY(fake, CONTAINER, .write = write_document);
	FAKE_REPLY(fake, IMDS_TOKEN, .body = "imds-token");
	FAKE_REPLY(fake, IMDS_ROLES, .body = "my-role");
	FAKE_REPLY(fake, IMDS_KEYS, .write = write_document);
	FAKE_REPLY(fake, ASSUME, .headers = json, .write = write_assumed);
	FAKE_REPLY(fake, WEB, .headers = json, .write = write_assumed);
}

static void
set_up(void)
{
	lab_set_up_with_http();
	memset(gets, 0, sizeof(gets));
	then = NULL;
	expires_in_s = 3600;
	expires_as_text = true;
	fake = fake_aws_start();
	caller = (struct aws_caller){ .loop = lab_loop, .http = &lab_http };
	settings = (struct credentials_settings){
		.partition = STR("aws"),
		.sts_region = STR("us-east-1"),
		.sts_endpoint = str_of(fake_aws_url(fake)),
	};
	ck_assert_int_eq(
	    credentials_new(&cred, &caller, &settings, NULL), ERR_OK);
}

/* With settings of another kind. */
static void
renew(void)
{
	credentials_free(cred);
	ck_assert_int_eq(
	    credentials_new(&cred, &caller, &settings, NULL), ERR_OK);
}

static void
tear_down(void)
{
	credentials_free(cred);
	lab_end_http();
	fake_aws_stop(fake);
	lab_tear_down();
}

static void
on_keys(void *arg, int r, struct aws_keys *keys, const struct err *err)
{
	struct get *g = arg;

	ck_assert(!starting);
	g->answers++;
	g->r = r;
	g->keys = keys;
	ck_assert_int_eq(keys != NULL, r == ERR_OK);
	if (keys != NULL) {
		(void)snprintf(g->id, sizeof(g->id), "%.*s",
		    STR_FMT(keys->access_key_id));
		(void)snprintf(
		    g->source, sizeof(g->source), "%s", keys->source);
	} else {
		g->err = *err;
		ck_assert_int_eq(err->code, r);
	}
	if (then != NULL)
		then(g);
}

static int
start_for(struct get *g, struct credentials *from, int64_t ms)
{
	int r;

	*g = (struct get){ 0 };
	starting = true;
	r = credentials_get(&g->wait, from, lab_in(ms), on_keys, g, &g->err);
	starting = false;
	if (r != ERR_OK)
		ck_assert_int_eq(g->err.code, r);
	ck_assert_uint_eq(g->answers, 0);
	return r;
}

static int
start(struct get *g)
{
	return start_for(g, cred, 10 * 1000);
}

/* Start or answer: how it ends. */
static int
get(void)
{
	int r = start(&gets[0]);

	if (r == ERR_OK) {
		lab_until_number(&gets[0].answers, 1);
		r = gets[0].r;
	}
	return r;
}

static void
container_env(void)
{
	char url[128];

	(void)snprintf(url, sizeof(url), "%s/creds", fake_aws_url(fake));
	(void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
}

static void
imds_env(void)
{
	(void)setenv(
	    "AWS_EC2_METADATA_SERVICE_ENDPOINT", fake_aws_url(fake), 1);
}

static void
web_env(void)
{
	(void)setenv("AWS_WEB_IDENTITY_TOKEN_FILE",
	    lab_file("token", "  web.token+/=\n"), 1);
	(void)setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/web", 1);
}

static void
key_env(void)
{
	(void)setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT", 1);
	(void)setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
}

static void
files(const char *config, const char *credentials)
{
	(void)setenv("AWS_CONFIG_FILE", lab_file("config", config), 1);
	(void)setenv("AWS_SHARED_CREDENTIALS_FILE",
	    lab_file("credentials", credentials), 1);
}

/*
 * The chain
 */

/* All sources from this one on are there. */
static const struct link {
	void (*make)(void);
	const char *id, *source;
} chain[] = {
	{ NULL, "AKIASETTINGS", "settings" },
	{ key_env, "AKIAENVIRONMENT", "environment" },
	{ web_env, ID("201"), "web identity" },
	{ NULL, "AKIAFILES", "shared files" },
	{ container_env, ID("101"), "container" },
	{ imds_env, ID("101"), "EC2 instance" },
};

START_TEST(takes_the_first_source_that_exists)
{
	size_t i;

	if (_i == 0) {
		settings.access_key_id = STR("AKIASETTINGS");
		settings.secret_access_key = STR(SECRET);
		renew();
	}
	if (_i <= 3)
		files("", "[default]\naws_access_key_id = AKIAFILES\n"
			  "aws_secret_access_key = " SECRET "\n");
	for (i = (size_t)_i; i < COUNT_OF(chain); i++)
		if (chain[i].make != NULL)
			chain[i].make();
	script_all();
	ck_assert_msg(get() == ERR_OK, "%s", gets[0].err.msg);
	ck_assert_str_eq(gets[0].id, chain[_i].id);
	ck_assert_str_eq(gets[0].source, chain[_i].source);
}
END_TEST

START_TEST(says_so_when_there_is_no_source)
{
	(void)setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	ck_assert_int_eq(get(), ERR_MISSING);
}
END_TEST

START_TEST(finds_nobody_at_the_instance)
{
	ck_assert_int_eq(get(), ERR_MISSING);
}
END_TEST

static const struct half {
	const char *variable, *value;
	struct str id, secret;
	const char *credentials;
	const char *says;
} halves[] = {
	{ "AWS_ACCESS_KEY_ID", "AKIA", { NULL, 0 }, { NULL, 0 }, "",
	    "AWS_SECRET_ACCESS_KEY" },
	{ "AWS_SECRET_ACCESS_KEY", "s", { NULL, 0 }, { NULL, 0 }, "",
	    "AWS_ACCESS_KEY_ID" },
	{ "X", "", { "AKIA", 4 }, { NULL, 0 }, "", "secret_access_key" },
	{ "X", "", { NULL, 0 }, { "s", 1 }, "", "access_key_id" },
	{ "X", "", { NULL, 0 }, { NULL, 0 },
	    "[default]\naws_access_key_id = AKIA\n", "half" },
	{ "X", "", { NULL, 0 }, { NULL, 0 },
	    "[default]\naws_secret_access_key = s\n", "half" },
};

START_TEST(half_a_pair_is_an_error)
{
	const struct half *h = &halves[_i];

	settings.access_key_id = h->id;
	settings.secret_access_key = h->secret;
	renew();
	(void)setenv(h->variable, h->value, 1);
	files("", h->credentials);
	container_env();
	imds_env();
	script_all();
	ck_assert_int_eq(get(), ERR_CONFIG);
	ck_assert_msg(strstr(gets[0].err.msg, h->says) != NULL, "%s",
	    gets[0].err.msg);
	ck_assert_uint_eq(fake_aws_connections(fake), 0);
}
END_TEST

START_TEST(an_empty_variable_is_not_set)
{
	(void)setenv("AWS_ACCESS_KEY_ID", "", 1);
	(void)setenv("AWS_SECRET_ACCESS_KEY", "", 1);
	(void)setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "", 1);
	(void)setenv("AWS_PROFILE", "", 1);
	container_env();
	script_all();
	ck_assert_int_eq(get(), ERR_OK);
	ck_assert_str_eq(gets[0].source, "container");
}
END_TEST

/*
 * Roles
 */

START_TEST(a_web_identity_assumes_its_role_unsigned)
{
	const struct fake_request *got;

	web_env();
	(void)setenv("AWS_ROLE_SESSION_NAME", "me", 1);
	script_all();
	ck_assert_int_eq(get(), ERR_OK);
	got = fake_aws_request(fake, WEB, 1);
	ck_str(got->body,
	    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
	    "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fweb"
	    "&RoleSessionName=me&WebIdentityToken=web.token%2B%2F%3D");
	ck_assert_ptr_null(fake_header(got, "Authorization").p);
	ck_assert_ptr_null(fake_header(got, "X-Amz-Security-Token").p);
}
END_TEST

static const char *const blank[] = { "", " \n", "\r\n\t \n" };

START_TEST(refuses_a_web_identity_without_a_token)
{
	web_env();
	(void)lab_file("token", blank[_i]);
	script_all();
	ck_assert_int_eq(get(), ERR_CONFIG);
	ck_assert_uint_eq(fake_aws_connections(fake), 0);
}
END_TEST

START_TEST(refuses_a_web_identity_by_halves)
{
	web_env();
	if (_i == 0)
		(void)unsetenv("AWS_ROLE_ARN");
	else
		(void)setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere", 1);
	container_env();
	script_all();
	ck_assert_int_eq(get(), ERR_CONFIG);
}
END_TEST

#define ROLE_ARN "role_arn = arn:aws:iam::123456789012:role/r\n"
#define KEYS_OF(id)                     \
	"aws_access_key_id = " id "\n"  \
	"aws_secret_access_key = " SECRET "\n"

static const struct profile_case {
	const char *profile, *config, *credentials;
	const char *signer; /* of AssumeRole; NULL: a web identity */
} profiles[] = {
	{ "p",
	    "[profile p]\n" ROLE_ARN
	    "source_profile = base\nexternal_id = ex:1\n"
	    "duration_seconds = 900\nrole_session_name = me\n",
	    "[base]\n" KEYS_OF("AKIABASE"), "AKIABASE" },
	{ "", "[default]\n" ROLE_ARN "source_profile = default\n",
	    "[default]\n" KEYS_OF("AKIASELF"), "AKIASELF" },
	{ "p", "[profile p]\n" ROLE_ARN "credential_source = EcsContainer\n",
	    "", ID("101") },
	{ "p",
	    "[profile p]\n" ROLE_ARN
	    "credential_source = Ec2InstanceMetadata\n",
	    "", ID("101") },
	{ "p",
	    "[profile p]\n" ROLE_ARN "source_profile = q\n"
	    "[profile q]\n" ROLE_ARN "source_profile = base\n",
	    "[base]\n" KEYS_OF("AKIABASE"), "AKIABASE" },
};

START_TEST(a_profile_assumes_its_role)
{
	const struct profile_case *p = &profiles[_i];
	struct str signature;
	char credential[64];

	files(p->config, p->credentials);
	(void)setenv("AWS_PROFILE", p->profile, 1);
	container_env();
	imds_env();
	script_all();
	ck_assert_msg(get() == ERR_OK, "%s", gets[0].err.msg);
	ck_assert_str_eq(gets[0].source, "assumed role");
	signature = fake_header(
	    fake_aws_request(fake, ASSUME, 1), "Authorization");
	(void)snprintf(credential, sizeof(credential),
	    "AWS4-HMAC-SHA256 Credential=%s/", p->signer);
	ck_assert_msg(str_starts(signature, credential), "%.*s",
	    STR_FMT(signature));
	if (_i == 0)
		ck_str(fake_aws_request(fake, ASSUME, 1)->body,
		    "Action=AssumeRole&Version=2011-06-15"
		    "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr"
		    "&RoleSessionName=me&ExternalId=ex%3A1"
		    "&DurationSeconds=900");
}
END_TEST

START_TEST(a_profile_may_have_a_web_identity)
{
	char config[512];

	(void)snprintf(config, sizeof(config),
	    "[default]\n" ROLE_ARN "web_identity_token_file = %s\n",
	    lab_file("token", "abcd"));
	files(config, "");
	script_all();
	ck_assert_int_eq(get(), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, WEB), 1);
	ck_assert_uint_eq(fake_aws_count(fake, ASSUME), 0);
}
END_TEST

/* None of these may fall through to the container's keys. */
static const struct bad_profile {
	const char *profile, *config;
	const char *says;
} bad_profiles[] = {
	{ "other", "[default]\n" KEYS_OF("AKIA"), "other" },
	{ "p", "[profile p]\nregion = x\n", "no credentials" },
	{ "", "[default]\n" ROLE_ARN, "source_profile" },
	{ "", "[default]\n" ROLE_ARN "source_profile = gone\n", "gone" },
	{ "",
	    "[default]\n" ROLE_ARN "source_profile = base\n"
	    "[profile base]\nregion = us-east-1\n",
	    "base" },
	{ "",
	    "[default]\n" ROLE_ARN "source_profile = base\n"
	    "[profile base]\naws_access_key_id = AKIA\n",
	    "half" },
	{ "",
	    "[default]\n" ROLE_ARN "source_profile = base\n"
	    "[profile base]\n" ROLE_ARN "source_profile = default\n",
	    "its own" },
	{ "",
	    "[default]\n" ROLE_ARN "source_profile = base\n"
	    "credential_source = EcsContainer\n"
	    "[profile base]\n" KEYS_OF("AKIA"),
	    "source_profile and credential_source" },
	{ "", "[default]\n" ROLE_ARN "credential_source = Environment\n",
	    "credential_source = Environment" },
	{ "", "[default]\n" ROLE_ARN "credential_source = Elsewhere\n",
	    "credential_source = Elsewhere" },
	{ "",
	    "[default]\n" ROLE_ARN "source_profile = base\nmfa_serial = x\n"
	    "[profile base]\n" KEYS_OF("AKIA"),
	    "mfa_serial" },
	{ "", "[default]\ncredential_process = /bin/x\n",
	    "credential_process" },
	{ "", "[default]\nsso_session = x\n", "sso_session" },
	{ "", "[default]\nsso_start_url = x\n", "sso_start_url" },
	{ "",
	    "[default]\n" ROLE_ARN "source_profile = base\n"
	    "duration_seconds = 899\n"
	    "[profile base]\n" KEYS_OF("AKIA"),
	    "duration_seconds" },
};

START_TEST(refuses_a_profile)
{
	const struct bad_profile *p = &bad_profiles[_i];

	files(p->config, "");
	(void)setenv("AWS_PROFILE", p->profile, 1);
	container_env();
	imds_env();
	script_all();
	ck_assert_int_eq(get(), ERR_CONFIG);
	ck_assert_msg(strstr(gets[0].err.msg, p->says) != NULL, "%s",
	    gets[0].err.msg);
	ck_assert_uint_eq(fake_aws_connections(fake), 0);
}
END_TEST

START_TEST(says_that_no_container_is_there_for_a_profile)
{
	files("[default]\n" ROLE_ARN "credential_source = EcsContainer\n", "");
	ck_assert_int_eq(get(), ERR_CONFIG);
	ck_assert_msg(strstr(gets[0].err.msg,
			  "credential_source = EcsContainer") != NULL,
	    "%s", gets[0].err.msg);
}
END_TEST

START_TEST(says_that_aws_refuses_the_role)
{
	web_env();
	FAKE_REPLY(fake, WEB, .status = 403,
	    .body = "{\"Error\":{\"Code\":\"AccessDenied\"}}");
	ck_assert_int_eq(get(), ERR_POLICY);
	ck_assert_ptr_nonnull(strstr(gets[0].err.msg, "AccessDenied"));
}
END_TEST

START_TEST(reads_an_expiration)
{
	web_env();
	script_all();
	expires_as_text = _i == 1;
	ck_assert_int_eq(get(), ERR_OK);
	ck_assert_int_ge(gets[0].keys->expires_s,
	    clock_wall_us() / 1000000 + 3600 - 20);
	ck_assert_int_le(
	    gets[0].keys->expires_s, clock_wall_us() / 1000000 + 3600);
}
END_TEST

START_TEST(keys_that_have_expired_already_are_none)
{
	web_env();
	script_all();
	expires_in_s = -1;
	expires_as_text = _i == 1;
	ck_assert_int_eq(get(), ERR_UPSTREAM);
	ck_assert_ptr_null(credentials_now(cred));
}
END_TEST

/*
 * Refresh
 */

START_TEST(fetches_once_for_all_who_wait)
{
	size_t i;

	container_env();
	FAKE_REPLY(fake, CONTAINER, .times = 1, .how = FAKE_HOLDS,
	    .write = write_document);
	ck_assert_ptr_null(credentials_now(cred));
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(start(&gets[i]), ERR_OK);
	fake_aws_until(fake, CONTAINER, 1);
	ck_assert_int_eq(start(&gets[3]), ERR_OK);
	fake_aws_open(fake);
	for (i = 0; i < 4; i++) {
		lab_until_number(&gets[i].answers, 1);
		ck_assert_int_eq(gets[i].r, ERR_OK);
	}
	ck_assert_uint_eq(fake_aws_count(fake, CONTAINER), 1);
	ck_assert_ptr_eq(credentials_now(cred), gets[0].keys);
	ck_assert_int_eq(get(), ERR_OK);
	ck_assert_uint_eq(fake_aws_count(fake, CONTAINER), 1);
}
END_TEST

static bool
has_new_keys(const void *arg)
{
	return credentials_now(cred) != arg;
}

START_TEST(refreshes_five_minutes_early_while_the_old_ones_serve)
{
	struct aws_keys *old;

	container_env();
	script_all();
	ck_assert_int_eq(get(), ERR_OK);
	old = credentials_now(cred);
	lab_pass((60 - 6) * MINUTE_MS);
	ck_assert_ptr_eq(credentials_now(cred), old);
	lab_step();
	ck_assert_uint_eq(fake_aws_count(fake, CONTAINER), 1);
	lab_pass(2 * MINUTE_MS);
	ck_assert_ptr_eq(credentials_now(cred), old);
	lab_until(has_new_keys, old);
	ck_assert_uint_eq(fake_aws_count(fake, CONTAINER), 2);
	ck_str(credentials_now(cred)->access_key_id, ID("102"));
}
END_TEST

START_TEST(keys_that_never_last_five_minutes_are_not_fetched_for_each_use)
{
	int i;

	container_env();
	script_all();
	expires_in_s = 4 * 60;
	ck_assert_int_eq(get(), ERR_OK);
	for (i = 0; i < 50; i++) {
		ck_assert_ptr_nonnull(credentials_now(cred));
		lab_step();
	}
	ck_assert_uint_le(fake_aws_count(fake, CONTAINER), 2);
	lab_pass(11 * 1000);
	ck_assert_ptr_nonnull(credentials_now(cred));
	fake_aws_until(fake, CONTAINER, 2);
}
END_TEST

static bool
has_failed(const void *arg)
{
	(void)arg;
	return fake_aws_count(fake, CONTAINER) >= 5 &&
	       credentials_now(cred) != NULL;
}

START_TEST(a_refresh_that_fails_leaves_unexpired_keys_in_use)
{
	struct aws_keys *old;
	unsigned asked;
	int i;

	container_env();
	FAKE_REPLY(fake, CONTAINER, .times = 1, .write = write_document);
	FAKE_REPLY(fake, CONTAINER, .status = 500);
	ck_assert_int_eq(get(), ERR_OK);
	old = credentials_now(cred);
	lab_pass(56 * MINUTE_MS);
	ck_assert_ptr_eq(credentials_now(cred), old);
	lab_until(has_failed, NULL); /* with three retries */
	for (i = 0; i < 50; i++)
		lab_step();
	asked = fake_aws_count(fake, CONTAINER);
	ck_assert_uint_eq(asked, 5);
	/* not again within ten seconds */
	lab_pass(8 * 1000);
	ck_assert_ptr_eq(credentials_now(cred), old);
	ck_assert_int_eq(get(), ERR_OK);
	for (i = 0; i < 20; i++)
		lab_step();
	ck_assert_uint_eq(fake_aws_count(fake, CONTAINER), asked);
	lab_pass(3 * 1000);
	ck_assert_ptr_eq(credentials_now(cred), old);
	fake_aws_until(fake, CONTAINER, asked + 1);
}
END_TEST

START_TEST(a_failure_is_told_for_ten_seconds_without_asking_again)
{
	container_env();
	FAKE_REPLY(fake, CONTAINER, .times = 1, .status = 404);
	script_all();
	ck_assert_int_eq(get(), ERR_UPSTREAM);
	ck_assert_int_eq(start(&gets[1]), ERR_UPSTREAM);
	ck_assert_ptr_nonnull(strstr(gets[1].err.msg, "404"));
	lab_pass(8 * 1000);
	ck_assert_int_eq(start(&gets[1]), ERR_UPSTREAM);
	ck_assert_uint_eq(fake_aws_count(fake, CONTAINER), 1);
	lab_pass(3 * 1000);
	ck_assert_int_eq(get(), ERR_OK);
}
END_TEST

START_TEST(keys_that_expire_are_used_no_more)
{
	container_env();
	FAKE_REPLY(fake, CONTAINER, .times = 1, .write = write_document);
	FAKE_REPLY(fake, CONTAINER, .status = 404);
	ck_assert_int_eq(get(), ERR_OK);
	lab_pass(61 * MINUTE_MS);
	ck_assert_ptr_null(credentials_now(cred));
	ck_assert_int_eq(get(), ERR_UPSTREAM);
}
END_TEST

START_TEST(who_cannot_wait_longer_is_told_so)
{
	container_env();
	FAKE_REPLY(fake, CONTAINER, .how = FAKE_HOLDS, .write = write_document);
	ck_assert_int_eq(start_for(&gets[0], cred, 50), ERR_OK);
	ck_assert_int_eq(start_for(&gets[1], cred, 10000), ERR_OK);
	lab_until_number(&gets[0].answers, 1);
	ck_assert_int_eq(gets[0].r, ERR_UNAVAILABLE);
	fake_aws_open(fake);
	lab_until_number(&gets[1].answers, 1);
	ck_assert_int_eq(gets[1].r, ERR_OK);
}
END_TEST

START_TEST(one_who_waits_can_cancel)
{
	container_env();
	FAKE_REPLY(fake, CONTAINER, .how = FAKE_HOLDS, .write = write_document);
	ck_assert_int_eq(start(&gets[0]), ERR_OK);
	ck_assert_int_eq(start(&gets[1]), ERR_OK);
	fake_aws_until(fake, CONTAINER, 1);
	starting = true;
	credentials_cancel(gets[0].wait);
	credentials_cancel(gets[0].wait);
	starting = false;
	lab_until_number(&gets[0].answers, 1);
	ck_assert_int_eq(gets[0].r, ERR_CANCELLED);
	fake_aws_open(fake);
	lab_until_number(&gets[1].answers, 1);
	ck_assert_int_eq(gets[1].r, ERR_OK);
	ck_assert_uint_eq(gets[0].answers, 1);
}
END_TEST

/*
 * The end
 */

static void
free_it(struct get *g)
{
	(void)g;
	credentials_free(cred);
	cred = NULL;
}

START_TEST(may_go_from_inside_an_answer)
{
	if (_i == 0)
		key_env();
	else
		container_env();
	script_all();
	ck_assert_int_eq(start(&gets[0]), ERR_OK);
	then = free_it;
	lab_until_number(&gets[0].answers, 1);
	lab_step();
	ck_assert_uint_eq(gets[0].answers, 1);
	ck_assert_int_eq(gets[0].r, ERR_OK);
}
END_TEST

START_TEST(may_go_with_others_waiting)
{
	container_env();
	script_all();
	ck_assert_int_eq(start(&gets[0]), ERR_OK);
	ck_assert_int_eq(start(&gets[1]), ERR_OK);
	ck_assert_int_eq(start(&gets[2]), ERR_OK);
	then = free_it;
	lab_until_number(&gets[2].answers, 1);
	ck_assert_uint_eq(gets[0].answers, 1);
	ck_assert_uint_eq(gets[1].answers, 1);
}
END_TEST

static unsigned figures;

static void
on_called(void *arg, const char *operation, const char *result, int64_t ms)
{
	(void)arg;
	(void)operation;
	(void)result;
	(void)ms;
	figures++;
}

/* What is under way is given up, and nobody hears of it any more. */
static const char *const stages[] = { CONTAINER, IMDS_TOKEN, IMDS_KEYS, WEB };

START_TEST(what_is_under_way_is_given_up_with_it)
{
	const char *op = stages[_i];
	struct aws_observer observer = { NULL, on_called, NULL };

	figures = 0;
	caller.observer = &observer;
	renew();
	if (strcmp(op, WEB) == 0)
		web_env();
	else if (strcmp(op, CONTAINER) == 0)
		container_env();
	else
		imds_env();
	FAKE_REPLY(fake, op, .how = FAKE_HOLDS);
	script_all();
	ck_assert_int_eq(start(&gets[0]), ERR_OK);
	fake_aws_until(fake, op, 1);
	credentials_free(cred);
	cred = NULL;
	ck_assert_uint_eq(gets[0].answers, 1);
	ck_assert_int_eq(gets[0].r, ERR_CANCELLED);
	memset(&observer, 0xee, sizeof(observer));
	for (_i = 0; _i < 20; _i++)
		lab_step();
	lab_end_http();
	ck_assert_uint_eq(figures, 0);
}
END_TEST

START_TEST(a_role_may_go_while_it_waits_for_its_base)
{
	struct credentials *role = NULL;
	struct endpoint sts;

	container_env();
	FAKE_REPLY(fake, CONTAINER, .how = FAKE_HOLDS);
	ck_assert_int_eq(
	    endpoint_of_url(&sts, str_of(fake_aws_url(fake)), false, NULL),
	    ERR_OK);
	ck_assert_int_eq(
	    credentials_new_role(&role, &caller, cred,
		STR("arn:aws:iam::123456789012:role/r"), STR(""),
		STR("us-east-1"), &sts, NULL),
	    ERR_OK);
	ck_assert_int_eq(start_for(&gets[0], role, 10000), ERR_OK);
	fake_aws_until(fake, CONTAINER, 1);
	credentials_free(role);
	ck_assert_int_eq(gets[0].r, ERR_CANCELLED);
	if (_i == 0)
		free_it(NULL); /* the base, before the role has heard of it */
	lab_step();
}
END_TEST

START_TEST(asks_nothing_once_http_is_gone)
{
	container_env();
	lab_end_http();
	ck_assert_int_eq(get(), ERR_CANCELLED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("credentials");
	TCase *find = tcase_create("chain"), *use = tcase_create("use");

	tcase_add_checked_fixture(find, set_up, tear_down);
	tcase_set_timeout(find, 60);
	ck_table(find, takes_the_first_source_that_exists, chain);
	tcase_add_test(find, says_so_when_there_is_no_source);
	tcase_add_test(find, finds_nobody_at_the_instance);
	ck_table(find, half_a_pair_is_an_error, halves);
	tcase_add_test(find, an_empty_variable_is_not_set);
	tcase_add_test(find, a_web_identity_assumes_its_role_unsigned);
	ck_table(find, refuses_a_web_identity_without_a_token, blank);
	tcase_add_loop_test(find, refuses_a_web_identity_by_halves, 0, 2);
	ck_table(find, a_profile_assumes_its_role, profiles);
	tcase_add_test(find, a_profile_may_have_a_web_identity);
	ck_table(find, refuses_a_profile, bad_profiles);
	tcase_add_test(find, says_that_no_container_is_there_for_a_profile);
	tcase_add_test(find, says_that_aws_refuses_the_role);
	tcase_add_loop_test(find, reads_an_expiration, 0, 2);
	tcase_add_loop_test(
	    find, keys_that_have_expired_already_are_none, 0, 2);
	suite_add_tcase(s, find);
	tcase_add_checked_fixture(use, set_up, tear_down);
	tcase_set_timeout(use, 60);
	tcase_add_test(use, fetches_once_for_all_who_wait);
	tcase_add_test(
	    use, refreshes_five_minutes_early_while_the_old_ones_serve);
	tcase_add_test(use,
	    keys_that_never_last_five_minutes_are_not_fetched_for_each_use);
	tcase_add_test(
	    use, a_refresh_that_fails_leaves_unexpired_keys_in_use);
	tcase_add_test(
	    use, a_failure_is_told_for_ten_seconds_without_asking_again);
	tcase_add_test(use, keys_that_expire_are_used_no_more);
	tcase_add_test(use, who_cannot_wait_longer_is_told_so);
	tcase_add_test(use, one_who_waits_can_cancel);
	tcase_add_loop_test(use, may_go_from_inside_an_answer, 0, 2);
	tcase_add_test(use, may_go_with_others_waiting);
	ck_table(use, what_is_under_way_is_given_up_with_it, stages);
	tcase_add_loop_test(use, a_role_may_go_while_it_waits_for_its_base, 0,
	    2);
	tcase_add_test(use, asks_nothing_once_http_is_gone);
	suite_add_tcase(s, use);
	return run_suite(s);
}
