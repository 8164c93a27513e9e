/* SPDX-License-Identifier: Apache-2.0 */
#include "ask_aws.h"

#include <stdio.h>

struct fake_aws *fake;
struct aws *aws;
struct aws_settings settings;
void (*ask_then)(struct ask *a);

static bool starting;

void
ask_set_up(void)
{
	lab_set_up_with_http();
	fake = fake_aws_start();
	ask_then = NULL;
	settings = (struct aws_settings){
		.partition = STR("aws"),
		.access_key_id = STR("AKIAOWN"),
		.secret_access_key = STR("secret"),
		.sts_endpoint = str_of(fake_aws_url(fake)),
		.ecs_endpoint = str_of(fake_aws_url(fake)),
		.ecs_rate = 1000,
		.sts_rate = 1000,
	};
}

void
ask_open(void)
{
	struct err err = { 0 };

	ck_assert_msg(aws_new(&aws, lab_loop, &lab_http, &settings, NULL,
			  &err) == ERR_OK,
	    "%s", err.msg);
}

void
ask_tear_down(void)
{
	aws_unref(aws);
	aws = NULL;
	lab_end_http();
	fake_aws_stop(fake);
	lab_tear_down();
}

/*
 * The fake's part
 */

static void
write_identity(struct buf *b, const struct fake_request *r)
{
	(void)r;
	buf_add_text(b,
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{"
	    "\"Account\":\"" OWN "\",\"Arn\":\"arn:aws:iam::" OWN
	    ":user/u\",\"UserId\":\"AIDA\"},"
	    "\"ResponseMetadata\":{\"RequestId\":\"i-1\"}}}");
}

void
ask_script_identity(void)
{
	FAKE_REPLY(fake, IDENTITY, .headers = JSON, .write = write_identity);
}

static void
write_assumed(struct buf *b, const struct fake_request *r)
{
	buf_addf(b,
	    "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{"
	    "\"Credentials\":{\"AccessKeyId\":\"ASIAASSUMEDEXAMPLE%u\","
	    "\"SecretAccessKey\":\"secret\",\"SessionToken\":\"token\","
	    "\"Expiration\":\"2099-11-22T03:04:05Z\"}}}}",
	    r->nth);
}

void
ask_script_assume(void)
{
	FAKE_REPLY(fake, ASSUME, .headers = JSON, .write = write_assumed);
}

void
ask_write_task(struct buf *b, struct str arn)
{
	if (!str_ends(buf_str(b), "["))
		buf_add_char(b, ',');
	buf_addf(b, "{\"taskArn\":\"%.*s\",\"lastStatus\":\"RUNNING\"}",
	    STR_FMT(arn));
}

/* The next string of the list of tasks. */
static bool
next_task(struct str *arn, struct str *rest)
{
	struct str before = str_cut(rest, *rest, '"');

	if (rest->p == NULL || memchr(before.p, ']', before.n) != NULL)
		return false;
	*arn = str_cut(rest, *rest, '"');
	return true;
}

static struct str
find_tasks(const struct fake_request *r)
{
	const char *at = strstr(r->body.p, "\"tasks\":[");

	ck_assert_ptr_nonnull(at);
	return str_of(at + sizeof("\"tasks\":[") - 1);
}

unsigned
ask_tasks_in(const struct fake_request *r)
{
	struct str arn, rest = find_tasks(r);
	unsigned n = 0;

	while (next_task(&arn, &rest))
		n++;
	return n;
}

void
ask_write_tasks(
    struct buf *b, const struct fake_request *r, const char *except)
{
	struct str arn, rest = find_tasks(r);

	buf_add_text(b, "{\"tasks\":[");
	while (next_task(&arn, &rest))
		if (except == NULL || !str_ends(arn, except))
			ask_write_task(b, arn);
	buf_add_text(b, "],\"failures\":[]}");
}

static void
write_all(struct buf *b, const struct fake_request *r)
{
	ask_write_tasks(b, r, NULL);
}

void
ask_script_tasks(void)
{
	FAKE_REPLY(fake, TASKS, .write = write_all,
	    .headers = "x-amzn-RequestId: t-1\r\n");
}

static void
write_definition(struct buf *b, const struct fake_request *r)
{
	struct str rest, body = str_of(strstr(r->body.p, "arn:"));
	struct str arn = str_cut(&rest, body, '"'), family, revision;

	(void)str_cut(&rest, arn, '/');
	family = str_cut(&revision, rest, ':');
	buf_addf(b,
	    "{\"taskDefinition\":{\"taskDefinitionArn\":\"%.*s\","
	    "\"family\":\"%.*s\",\"revision\":%.*s,"
	    "\"taskRoleArn\":\"arn:aws:iam::" OWN ":role/%.*s\"}}",
	    STR_FMT(arn), STR_FMT(family), STR_FMT(revision),
	    STR_FMT(revision));
}

void
ask_script_definitions(void)
{
	FAKE_REPLY(fake, DEFINE, .write = write_definition);
}

/*
 * The asker's part
 */

static void
take(struct ask *a, int r, struct str text, const struct err *err)
{
	ck_assert(!starting);
	a->answers++;
	a->r = r;
	(void)snprintf(a->text, sizeof(a->text), "%.*s", STR_FMT(text));
	if (r != ERR_OK) {
		a->err = *err;
		ck_assert_int_eq(err->code, r);
		ck_assert_str_ne(err->msg, "");
	}
	if (ask_then != NULL)
		ask_then(a);
}

static void
on_task(void *arg, int r, struct json json, struct str request_id,
    const struct err *err)
{
	struct ask *a = arg;

	ck_assert_int_eq(json.type != 0, r == ERR_OK);
	(void)snprintf(a->request_id, sizeof(a->request_id), "%.*s",
	    STR_FMT(request_id));
	take(a, r, json.raw, err);
}

static void
on_definition(void *arg, int r, const struct ecs_definition *definition,
    const struct err *err)
{
	ck_assert_int_eq(definition != NULL, r == ERR_OK);
	take(arg, r,
	    definition == NULL ? STR("") : definition->task_role_arn, err);
}

static void
on_identity(void *arg, int r, const struct sts_identity *identity,
    const struct err *err)
{
	take(arg, r, r == ERR_OK ? identity->account : STR(""), err);
}

static int
started(struct ask *a, int r)
{
	starting = false;
	ck_assert_uint_eq(a->answers, 0);
	if (r != ERR_OK) {
		ck_assert_int_eq(a->err.code, r);
		ck_assert_str_ne(a->err.msg, "");
		a->r = r;
	}
	return r;
}

static void
begin(struct ask *a)
{
	*a = (struct ask){ 0 };
	starting = true;
}

int
ask_task_at(struct ask *a, const char *account, const char *region,
    const char *cluster, unsigned id, int64_t ms)
{
	char cluster_arn[256], arn[256];
	struct aws_place place = { str_of(account), str_of(region),
		{ cluster_arn, 0 } };

	(void)snprintf(cluster_arn, sizeof(cluster_arn),
	    "arn:aws:ecs:%s:%s:cluster/%s", region, account, cluster);
	(void)snprintf(arn, sizeof(arn), "arn:aws:ecs:%s:%s:task/%s/%032u",
	    region, account, cluster, id);
	place.cluster_arn = str_of(cluster_arn);
	begin(a);
	return started(a,
	    aws_describe_task(&a->op, aws, &place, str_of(arn), lab_in(ms),
		on_task, a, &a->err));
}

int
ask_task(struct ask *a, unsigned id)
{
	return ask_task_at(a, OWN, REGION, CLUSTER, id, 20000);
}

int
ask_definition_at(struct ask *a, const char *account, const char *family,
    unsigned revision, int64_t ms)
{
	char arn[256];

	(void)snprintf(arn, sizeof(arn),
	    "arn:aws:ecs:" REGION ":%s:task-definition/%s:%u", account, family,
	    revision);
	begin(a);
	return started(a,
	    aws_describe_definition(&a->op, aws, str_of(account), STR(REGION),
		str_of(arn), lab_in(ms), on_definition, a, &a->err));
}

int
ask_definition(struct ask *a, unsigned revision)
{
	return ask_definition_at(a, OWN, "family", revision, 20000);
}

int
ask_identity(struct ask *a, const char *account, int64_t ms)
{
	struct endpoint e;
	struct sts_proof proof = {
		.access_key_id = STR("ASIAAGENTEXAMPLE0001"),
		.amz_date = STR("20261122T030405Z"),
		.session_token = STR("token"),
		.signature = STR("00112233445566778899aabbccddeeff"
				 "00112233445566778899aabbccddeeff"),
		.binding = STR("v1.binding"),
		.endpoint = &e,
	};

	ck_assert_int_eq(
	    aws_sts_endpoint(&e, &proof.region, aws, STR(REGION), NULL),
	    ERR_OK);
	begin(a);
	return started(a,
	    aws_identify(&a->op, aws, str_of(account), &proof, lab_in(ms),
		on_identity, a, &a->err));
}

void
ask_cancel(struct ask *a)
{
	unsigned before = a->answers;

	starting = true;
	aws_op_cancel(a->op);
	aws_op_cancel(a->op);
	starting = false;
	ck_assert_uint_eq(a->answers, before);
}

int
ask_result(struct ask *a)
{
	lab_until_number(&a->answers, 1);
	return a->r;
}

bool
is_signed_by(const struct fake_request *r, const char *id)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "AWS4-HMAC-SHA256 Credential=%s/",
	    id);
	return str_starts(fake_header(r, "Authorization"), text);
}
