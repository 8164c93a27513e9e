/* SPDX-License-Identifier: Apache-2.0 */
/*
 * torture.c - every operation again with its 1st, 2nd, ... allocation failing
 *
 * Until none fails.  Each time the operation must say ERR_MEMORY (or
 * ERR_TOOBIG, where an arena cannot tell) in a sentence, and leave nothing
 * behind.  With --long also with all later allocations failing.
 *
 * To add one: a function that does the whole operation, frees all it made and
 * returns its first error, and a row in the table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/cred_profile.h"
#include "aws/cred_source.h"
#include "aws/document.h"
#include "aws/ecs.h"
#include "aws/sigv4.h"
#include "aws/sts.h"
#include "base/arena.h"
#include "base/buf.h"
#include "conf/hcl.h"
#include "evidence/challenge.h"
#include "evidence/payload.h"
#include "evidence/response.h"
#include "fault.h"
#include "task/agent_id.h"
#include "task/metadata.h"
#include "task/selectors.h"
#include "json/json.h"

enum { N_MAX = 100 * 1000 }; /* an operation that allocates more never ends */

/* A document; each '@' of the form is an escape and more than a block holds. */
struct swollen {
	size_t n;
	char text[64 * 1024];
};

static struct str
swell(struct swollen *s, const char *form)
{
	enum { PIECE = 2100 };

	for (s->n = 0; *form != '\0'; form++) {
		if (s->n + PIECE > sizeof(s->text))
			abort();
		if (*form != '@') {
			s->text[s->n++] = *form;
			continue;
		}
		memset(s->text + s->n, 'x', PIECE);
		memcpy(s->text + s->n, "\\u0041", 6);
		s->n += PIECE;
	}
	return (struct str){ s->text, s->n };
}

static int
fill_buf(struct err *err)
{
	struct buf b;
	int i, r;

	buf_init(&b, 64 * 1024);
	for (i = 0; i < 1000; i++) {
		buf_add(&b, STR("some text, "));
		buf_addf(&b, "%d%c", i, '\n');
		buf_add_char(&b, '.');
	}
	r = buf_check(&b, err);
	if (r == ERR_OK && buf_text(&b) == NULL)
		r = err_set(err, ERR_MEMORY, "no text");
	buf_release(&b);
	return r;
}

static int
fill_arena(struct err *err)
{
	struct arena a;
	struct str s = STR("start");
	int i, r = ERR_OK;

	arena_init(&a, 1024 * 1024);
	for (i = 0; i < 60 && r == ERR_OK; i++) {
		s = i % 2 == 0 ? arena_printf(&a, "%d%0*d", i, i * 50, i)
			       : arena_dup(&a, s);
		if (s.p == NULL)
			r = err_set(err, ERR_MEMORY, "no room for %d", i);
	}
	arena_release(&a);
	return r;
}

static int
decode_json_strings(struct err *err)
{
	static const char text[] = "{\"a\":\"\\u00e9\\n\",\"b\":\"\\\"\"}";
	struct json root, key, value;
	struct json_iter it;
	struct arena a;
	struct str out;
	int r;

	arena_init(&a, 4096);
	r = json_open(&root, STR(text), err);
	if (r != ERR_OK)
		goto out;
	json_iter_init(&it, root);
	while (r == ERR_OK && json_iter_next(&it, &key, &value))
		r = json_string(&out, value, &a, err);
out:
	arena_release(&a);
	return r;
}

static int
write_json(struct err *err)
{
	struct buf b;
	int i, r;

	buf_init(&b, 64 * 1024);
	buf_add_char(&b, '{');
	for (i = 0; i < 100; i++)
		json_write_member(&b, "key", STR("a \"value\" \x80\n"));
	buf_add_char(&b, '}');
	r = buf_check(&b, err);
	buf_release(&b);
	return r;
}

static const char document[] =
    "{\"TaskARN\":\"arn:aws:ecs:us-east-1:021436587009:task/batch/a\","
    "\"Family\":\"night\",\"Revision\":\"7\","
    "\"TaskTags\":{\"a:b\":\"c\\/d\",\"x\":\"\\n\"},"
    "\"Containers\":[{\"Name\":\"web\",\"Image\":\"library\\/web\"}]}";

static int
parse_document(
    struct task_metadata *m, struct arena *a, struct str text, struct err *err)
{
	return task_metadata_parse(m, a, text, TASK_ID_ANY, err);
}

/* The agent's half of an attestation: a document becomes a payload. */
static int
make_payload(struct err *err)
{
	struct payload p = { .has_version = true };
	struct task_metadata m;
	struct selectors s;
	struct arena a;
	struct buf reduced, out;
	int r;

	arena_init(&a, 64 * 1024);
	buf_init(&reduced, PAYLOAD_MAX);
	buf_init(&out, PAYLOAD_MAX);
	r = parse_document(&m, &a, STR(document), err);
	if (r == ERR_OK)
		r = selectors_for_payload(&s, &a, &m, err);
	if (r == ERR_OK)
		r = task_metadata_format(&reduced, &m, err);
	if (r != ERR_OK)
		goto out;
	p.task_metadata = buf_str(&reduced);
	p.selectors = s.values;
	p.selector_count = s.count;
	p.task_arn = m.arn.text;
	r = payload_encode(&out, &p, err);
out:
	buf_release(&reduced);
	buf_release(&out);
	arena_release(&a);
	return r;
}

/* The server's half: a payload becomes an agent ID and selectors. */
static int
read_payload(struct err *err)
{
	static const char text[] =
	    "{\"task_metadata\":\"{\\\"TaskARN\\\":\\\"arn:aws:ecs:us-east-1:"
	    "021436587009:task\\/batch\\/a\\\",\\\"TaskTags\\\":{\\\"a:b\\\":"
	    "\\\"c\\\\nd\\\"}}\",\"selectors\":null}";
	static const struct str every_tag = { "*", 1 };
	struct agent_id_template t;
	struct str id, values[AGENT_ID_VARS];
	struct task_metadata m;
	struct selectors s;
	struct payload p;
	struct arena a;
	int r;

	arena_init(&a, 64 * 1024);
	r = payload_decode(&p, &a, STR(text), err);
	if (r == ERR_OK)
		r = parse_document(&m, &a, p.task_metadata, err);
	if (r == ERR_OK)
		r = agent_id_template_parse(
		    &t, STR("/x/{{ .cluster }}"), "x", err);
	if (r != ERR_OK)
		goto out;
	agent_id_values(values, &m, "x");
	r = agent_id_expand(&id, &a, &t, STR("example.org"), "x", values, err);
	if (r == ERR_OK)
		r = selectors_from_metadata(&s, &a, &m, &every_tag, 1, err);
out:
	arena_release(&a);
	return r;
}

/* The server asks, the agent reads; every string needs memory. */
static int
pass_challenge(struct err *err)
{
	static const char text[] =
	    "{\"version\":1,\"nonce\":\"\\u0041AECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	    "GBkaGxwdHh8\",\"trust_domain\":\"\\u0061\",\"server_id\":"
	    "\"\\u0061\",\"sts_host\":\"\\u0061\",\"region\":\"\\u0061\","
	    "\"ttl\":30}";
	struct challenge c;
	struct arena a;
	struct buf b;
	int r;

	arena_init(&a, 4096);
	buf_init(&b, CHALLENGE_MAX);
	r = challenge_decode(&c, &a, STR(text), err);
	if (r == ERR_OK)
		r = challenge_encode(&b, &c, err);
	buf_release(&b);
	arena_release(&a);
	return r;
}

static int
pass_response(struct err *err)
{
	static const char text[] =
	    "{\"version\":1,\"access_key_id\":\"\\u0041SIAQWERTYUIOPASDFGH\","
	    "\"amz_date\":\"\\u0032\\u003026112\\u0032T030405Z\","
	    "\"session_token\":\"a\\/long\\/token\\/of\\/nobody\","
	    "\"signature\":\"\\u0030123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef\"}";
	struct response p;
	struct arena a;
	struct buf b;
	int r;

	arena_init(&a, 4096);
	buf_init(&b, RESPONSE_MAX);
	r = response_decode(&p, &a, STR(text), err);
	if (r == ERR_OK)
		r = response_encode(&b, &p, err);
	buf_wipe(&b);
	arena_release(&a);
	return r;
}

static int
parse_hcl_text(struct str text, struct err *err)
{
	struct hcl_value root;
	struct arena a;
	int r;

	arena_init(&a, HCL_ARENA_MAX);
	r = hcl_parse(&root, &a, text, err);
	arena_release(&a);
	return r;
}

static int
parse_hcl(struct err *err)
{
	static const char text[] =
	    "a \"b\" c d { e = [1, 2.5, \"x\\n\", {}, <<-E\n  x\n  E\n] }";

	return parse_hcl_text(STR(text), err);
}

static int
parse_hcl_json(struct err *err)
{
	static const char text[] =
	    "{\"a\":{\"b\":{\"c\":[{\"d\":\"x\"},{\"e\":2.5}],\"f\":[1]}}}";

	return parse_hcl_text(STR(text), err);
}

/* Sign a call as the agent does, verify it as a receiver does. */
static int
sign_and_verify(struct err *err)
{
	static const struct sigv4_scope scope = { { "20150830T123600Z", 16 },
		{ "us-east-1", 9 }, { "sts", 3 } };
	static const struct sigv4_credentials cred = { { "ASIAEXAMPLE", 11 },
		{ "secret", 6 }, { "token", 5 } };
	struct sigv4_request req = { .method = STR("POST"),
		.path = STR("/a/../b c"),
		.query = STR("b=1&a=%20") };
	struct sigv4_authorization auth;
	struct sigv4_signed out;
	int r;

	sigv4_signed_init(&out);
	r = sigv4_add_header(&req, STR("Host"), STR("example.org"), err);
	if (r == ERR_OK)
		r = sigv4_sign(&out, &req, &cred, &scope, SIGV4_SIGN_BODY, err);
	if (r == ERR_OK)
		r = sigv4_authorization_parse(
		    &auth, buf_str(&out.authorization), err);
	if (r == ERR_OK)
		r = sigv4_verify(&req, &auth, cred.secret, err);
	sigv4_signed_release(&out);
	return r;
}

/* A full batch, and the definition of one. */
static int
ask_ecs(struct err *err)
{
	struct str arns[ECS_BATCH_MAX];
	struct buf tasks, definition;
	size_t i;
	int r;

	for (i = 0; i < ECS_BATCH_MAX; i++)
		arns[i] = STR("arn:aws:ecs:us-east-1:021436587009:task/b/0f1e");
	buf_init(&tasks, 64 * 1024);
	buf_init(&definition, 64 * 1024);
	r = ecs_tasks_request(
	    &tasks, STR("batch"), arns, ECS_BATCH_MAX, true, err);
	if (r == ERR_OK)
		r = ecs_definition_request(&definition, STR("night:1"), err);
	buf_release(&tasks);
	buf_release(&definition);
	return r;
}

static int
read_task(struct err *err)
{
	static const char form[] =
	    "{\"taskArn\":\"@\",\"clusterArn\":\"@\",\"taskDefinitionArn\":"
	    "\"@\",\"lastStatus\":\"@\",\"desiredStatus\":\"@\",\"group\":"
	    "\"@\",\"overrides\":{\"taskRoleArn\":\"@\"},\"attachments\":[{"
	    "\"id\":\"@\",\"type\":\"ElasticNetworkInterface\",\"status\":"
	    "\"ATTACHED\",\"details\":[{\"name\":\"privateIPv4Address\","
	    "\"value\":\"@\"}]}],\"containers\":[{\"name\":\"@\",\"image\":"
	    "\"@\",\"networkInterfaces\":[{\"attachmentId\":\"@\","
	    "\"ipv6Address\":\"@\"}]}],\"tags\":[{\"key\":\"@\",\"value\":"
	    "\"@\"}]}";
	static struct swollen text;
	struct ecs_task task;
	struct json json;
	struct arena a;
	int r;

	arena_init(&a, ECS_ANSWER_MAX);
	r = json_open(&json, swell(&text, form), err);
	if (r == ERR_OK)
		r = ecs_task_read(&task, &a, json, err);
	arena_release(&a);
	return r;
}

static int
read_definition(struct err *err)
{
	static const char form[] =
	    "{\"taskDefinition\":{\"taskDefinitionArn\":\"@\",\"family\":\"@\","
	    "\"taskRoleArn\":\"@\",\"pidMode\":\"@\"}}";
	static struct swollen text;
	struct ecs_definition definition;
	struct arena a;
	int r;

	arena_init(&a, ECS_DEFINITION_ANSWER_MAX);
	r = ecs_definition_read(
	    &definition, &a, swell(&text, form), err);
	arena_release(&a);
	return r;
}

/* What a container gets, kept and let go. */
static int
read_credentials(struct err *err)
{
	static const char form[] =
	    "{\"AccessKeyId\":\"\\u0041\",\"SecretAccessKey\":\"\\u0041\","
	    "\"Token\":\"@\",\"RoleArn\":\"@\",\"Expiration\":"
	    "\"2026-01-15T11:20:30Z\"}";
	static struct swollen text;
	struct aws_keys *keys = NULL;
	int r = document_keys(
	    &keys, swell(&text, form), "container", 1, err);

	aws_keys_unref(keys);
	return r;
}

/* Both files are there, and empty; else there is a home without them. */
static int
read_shared_files(struct err *err)
{
	struct profile_files files;
	struct arena a;
	int r;

	if (setenv("AWS_CONFIG_FILE", "/dev/null", 1) != 0 ||
	    unsetenv("AWS_SHARED_CREDENTIALS_FILE") != 0 ||
	    setenv("HOME", "/dev/null", 1) != 0)
		return err_set(err, ERR_SYSTEM, "no environment");
	arena_init(&a, PROFILE_ARENA_MAX);
	r = profile_files_read(&files, &a, err);
	arena_release(&a);
	return r;
}

#ifdef TORTURE_STS
static int
read_identity(struct err *err)
{
	static const char form[] =
	    "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{"
	    "\"Account\":\"\\u0031\",\"Arn\":\"@\",\"UserId\":\"@\"},"
	    "\"ResponseMetadata\":{\"RequestId\":\"@\"}}}";
	static struct swollen text;
	struct sts_identity identity;
	struct arena a;
	int r;

	arena_init(&a, 2 * STS_ANSWER_MAX);
	r = sts_identity_read(&identity, &a, STR("application/json"),
	    swell(&text, form), err);
	arena_release(&a);
	return r;
}

/* A role's keys, and a proof by them. */
static int
prove_with_keys(struct err *err)
{
	static const char form[] =
	    "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{\"Credentials\":{"
	    "\"AccessKeyId\":\"\\u0041\",\"SecretAccessKey\":\"\\u0041\","
	    "\"SessionToken\":\"@\",\"Expiration\":1768476030}}}}";
	static const struct endpoint endpoint = { .host = "sts.example.org" };
	static struct swollen text;
	char signature[65], amz_date[17];
	struct aws_keys *keys = NULL;
	int r = sts_keys_read(&keys, "AssumeRole", "role",
	    STR("application/json"), swell(&text, form), err);

	if (r == ERR_OK)
		r = sts_proof_sign(signature, amz_date, keys, &endpoint,
		    STR("us-east-1"), STR("v1.binding"), 1768472430, err);
	aws_keys_unref(keys);
	return r;
}

static int
find_source(struct err *err)
{
	static const struct aws_caller no_caller;
	static const struct credentials_settings settings = {
		.partition = { "aws", 3 } };
	struct credentials *chain = NULL, *found = NULL;
	int r = credentials_new(&chain, &no_caller, &settings, err);

	if (r != ERR_OK)
		return r;
	r = cred_find(&found, chain, err);
	if (r == ERR_OK)
		credentials_free(found);
	credentials_free(chain);
	return r;
}

/* A role whose keys are another profile's. */
static int
follow_profiles(struct err *err)
{
	const char *top = getenv("abs_top_srcdir");
	char path[4096];

	if (top == NULL)
		return err_set(err, ERR_SYSTEM, "abs_top_srcdir is not set");
	(void)snprintf(
	    path, sizeof(path), "%s/tests/data/aws/shared-config", top);
	if (unsetenv("AWS_ACCESS_KEY_ID") != 0 ||
	    unsetenv("AWS_SECRET_ACCESS_KEY") != 0 ||
	    unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE") != 0 ||
	    setenv("AWS_CONFIG_FILE", path, 1) != 0 ||
	    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1) != 0 ||
	    setenv("AWS_PROFILE", "night", 1) != 0)
		return err_set(err, ERR_SYSTEM, "no environment");
	return find_source(err);
}

static int
take_web_identity(struct err *err)
{
	if (setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/token", 1) != 0 ||
	    setenv("AWS_ROLE_ARN", "arn:aws:iam::021436587009:role/x", 1) !=
		0 ||
	    setenv("AWS_REGION", "us-east-1", 1) != 0)
		return err_set(err, ERR_SYSTEM, "no environment");
	return find_source(err);
}
#endif

static const struct {
	const char *name;
	int (*run)(struct err *err);
} operations[] = {
	{ "fill a buffer", fill_buf },
	{ "fill an arena", fill_arena },
	{ "decode JSON strings", decode_json_strings },
	{ "write JSON", write_json },
	{ "make a payload", make_payload },
	{ "read a payload", read_payload },
	{ "pass a challenge", pass_challenge },
	{ "pass a response", pass_response },
	{ "parse HCL", parse_hcl },
	{ "parse HCL as JSON", parse_hcl_json },
	{ "sign and verify a call", sign_and_verify },
	{ "ask ECS", ask_ecs },
	{ "read a task", read_task },
	{ "read a task definition", read_definition },
	{ "read a container's credentials", read_credentials },
	{ "read AWS's shared files", read_shared_files },
#ifdef TORTURE_STS
	{ "read an identity", read_identity },
	{ "prove with a role's keys", prove_with_keys },
	{ "follow profiles", follow_profiles },
	{ "take a web identity", take_web_identity },
#endif
};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

/* What is wrong with how an operation ended; NULL if nothing. */
static const char *
judge(int r, const struct err *err, size_t leaked)
{
	if (leaked != 0)
		return "leaves memory behind";
	if (err->code != r)
		return "returns another code than its error holds";
	if (!fault_was_hit())
		return r == ERR_OK ? NULL : "fails with all its memory";
	if (r != ERR_MEMORY && r != ERR_TOOBIG)
		return "does not say that memory is out";
	if (err->msg[0] == '\0')
		return "has no sentence";
	return NULL;
}

/* Allocations made when none fails, or 0: it went wrong. */
static size_t
torture(size_t op, enum fault_mode mode)
{
	const char *wrong;
	size_t n, before;
	struct err err;
	int r;

	for (n = 1; n < N_MAX; n++) {
		memset(&err, 0, sizeof(err));
		before = fault_live();
		fault_set(n, mode);
		r = operations[op].run(&err);
		wrong = judge(r, &err, fault_live() - before);
		if (wrong != NULL) {
			(void)printf("%s, allocation %zu fails: %s (%s: %s)\n",
			    operations[op].name, n, wrong, err_text(r),
			    err.msg);
			return 0;
		}
		if (!fault_was_hit())
			break;
	}
	if (n == 1 || n == N_MAX)
		(void)printf("%s: %s allocations\n", operations[op].name,
		    n == 1 ? "no" : "no end of");
	return n == N_MAX ? 0 : n - 1;
}

int
main(int argc, char **argv)
{
	bool more = argc > 1 && strcmp(argv[1], "--long") == 0;
	int failed = 0;
	size_t i, n;

	for (i = 0; i < OPERATIONS; i++) {
		n = torture(i, FAULT_ONCE);
		if (n > 0 && more)
			n = torture(i, FAULT_ON);
		failed += n == 0;
		if (n > 0)
			(void)printf(
			    "%s: %zu allocations\n", operations[i].name, n);
	}
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
