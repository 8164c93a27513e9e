/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "mock/environ.h"
#include "mock/scenario_text.h"
#include "scenarios.h"

#define TWO "tests/data/mock/two-accounts.conf"

static struct scenario *
parsed(const char *text)
{
	struct scenario *s = NULL;
	struct err err = { 0 };
	int r = scenario_parse(&s, str_of(text), "t", &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	return s;
}

START_TEST(plays_the_example_without_a_file)
{
	struct scenario *s = scenario_of(NULL);
	const struct scenario_task *t = s->default_task;

	ck_assert_uint_eq(s->task_count, 1);
	ck_str(t->name, "demo");
	ck_str(t->arn, "arn:aws:ecs:us-east-1:123456789012:task/test-cluster/"
		       "1234567890abcdef1234567890abcdef");
	ck_str(t->definition->label, "fargate-spire-demo:1");
	ck_str(t->service, "demo-service");
	ck_assert_uint_eq(t->tag_count, 3);
	ck_str(t->tags[0].key, "Environment");
	ck_str(t->tags[1].key, "Service");
	ck_str(t->tags[2].key, "Team");
	ck_str(t->tags[2].value, "platform");
	ck_str(t->status, "RUNNING");
	ck_str(t->launch_type, "FARGATE");
	ck_str(t->availability_zone, "us-east-1a");
	ck_str(t->platform_version, "1.4.0");
	ck_str(t->group, "service:demo-service");
	ck_assert(!t->exec);
	ck_assert_uint_eq(s->access_key_count, 1);
	ck_str(s->access_keys[0].id, "AKIAFARGATEMOCKDEMO1");
	ck_assert_ptr_eq(s->instance_role, &s->roles[0]);
	ck_str(s->roles[0].arn, "arn:aws:iam::123456789012:role/spire-server");
	scenario_free(s);
}
END_TEST

START_TEST(reads_a_scenario)
{
	struct scenario *s = scenario_of(TWO);
	const struct scenario_task *t = scenario_task_find(s, STR("web"));

	ck_assert_uint_eq(s->account_count, 2);
	ck_assert_uint_eq(s->cluster_count, 2);
	ck_assert_uint_eq(s->definition_count, 2);
	ck_assert_uint_eq(s->task_count, 6);
	ck_str(s->default_task->name, "batch-2");
	ck_str(s->default_task->cluster->arn,
	    "arn:aws-cn:ecs:cn-north-1:444455556666:cluster/payments");
	ck_assert_ptr_nonnull(t);
	ck_assert_ptr_eq(
	    scenario_task_find(s, STR("4f8e7d6c5b4a39281706f5e4d3c2b1a0")), t);
	ck_str(t->arn, "arn:aws:ecs:eu-west-1:111122223333:task/payments/"
		       "4f8e7d6c5b4a39281706f5e4d3c2b1a0");
	ck_assert_uint_eq(t->definition->cpu, 512);
	ck_assert_uint_eq(t->definition->memory, 1024);
	ck_assert_uint_eq(t->definition->containers[0].cpu, 64);
	ck_str(t->availability_zone, "eu-west-1c");
	ck_assert_uint_eq(ntohl(t->address.s_addr), 0xc0a80709);
	ck_assert_uint_eq(t->tag_count, 4);
	ck_str(t->tags[1].key, "price");
	ck_str(t->tags[1].value, "a=b");
	ck_str(t->tags[2].value, "K\xc3\xb6ln & \"Rhein\" \\ ${HOME}");
	ck_str(t->tags[3].value, "");
	scenario_free(s);
}
END_TEST

START_TEST(spells_the_built_in_scenario_out_in_the_sample)
{
	struct scenario *a = scenario_of(NULL);
	struct scenario *b = scenario_of("conf/fargate-mock.conf");
	const struct scenario_task *t = a->default_task, *u = b->default_task;

	ck_assert_uint_eq(a->task_count, b->task_count);
	ck_assert(str_eq(t->arn, u->arn));
	ck_assert(str_eq(t->name, u->name));
	ck_assert(str_eq(t->service, u->service));
	ck_assert(str_eq(t->status, u->status));
	ck_assert(str_eq(t->launch_type, u->launch_type));
	ck_assert(str_eq(t->availability_zone, u->availability_zone));
	ck_assert_uint_eq(t->address.s_addr, u->address.s_addr);
	ck_assert_uint_eq(t->tag_count, u->tag_count);
	for (size_t i = 0; i < t->tag_count; i++) {
		ck_assert(str_eq(t->tags[i].key, u->tags[i].key));
		ck_assert(str_eq(t->tags[i].value, u->tags[i].value));
	}
	ck_assert(str_eq(t->definition->label, u->definition->label));
	ck_assert_uint_eq(t->definition->cpu, u->definition->cpu);
	ck_assert_uint_eq(t->definition->memory, u->definition->memory);
	ck_assert_uint_eq(
	    t->definition->container_count, u->definition->container_count);
	for (size_t i = 0; i < t->definition->container_count; i++) {
		ck_assert(str_eq(t->definition->containers[i].name,
		    u->definition->containers[i].name));
		ck_assert(str_eq(t->definition->containers[i].image,
		    u->definition->containers[i].image));
	}
	ck_assert(str_eq(t->group, u->group));
	ck_assert(str_eq(t->subnet, u->subnet));
	ck_assert(str_eq(t->capacity_provider, u->capacity_provider));
	ck_assert(str_eq(t->platform_version, u->platform_version));
	ck_assert(str_eq(t->credentials_path, u->credentials_path));
	ck_assert(str_eq(
	    t->definition->task_role.name, u->definition->task_role.name));
	ck_assert(str_eq(t->definition->execution_role.name,
	    u->definition->execution_role.name));
	ck_assert(str_eq(a->instance_role->arn, b->instance_role->arn));
	ck_assert(str_eq(
	    a->instance_role->web_tokens[0], b->instance_role->web_tokens[0]));
	ck_assert_uint_eq(
	    a->instance_role->trust_count, b->instance_role->trust_count);
	ck_assert(str_eq(a->access_keys[0].id, b->access_keys[0].id));
	ck_assert(str_eq(a->access_keys[0].secret, b->access_keys[0].secret));
	ck_assert(str_eq(a->access_keys[0].user, b->access_keys[0].user));
	scenario_free(a);
	scenario_free(b);
}
END_TEST

static const struct {
	const char *definition, *task, *want;
} roles[] = {
	{ "", "", "arn:aws-cn:iam::111122223333:role/fargate-demo-task-role" },
	{ "task_role = 'web'", "", "arn:aws-cn:iam::111122223333:role/web" },
	{ "task_role = 'a/b/web'", "",
	    "arn:aws-cn:iam::111122223333:role/a/b/web" },
	{ "task_role = 'arn:aws:iam::999999999999:role/p/web'", "",
	    "arn:aws:iam::999999999999:role/p/web" },
	{ "task_role = 'none'", "", NULL },
	{ "task_role = 'none'", "task_role = 'own'",
	    "arn:aws-cn:iam::111122223333:role/own" },
	{ "task_role = 'web'", "task_role = 'x/own'",
	    "arn:aws-cn:iam::111122223333:role/x/own" },
	{ "task_role = 'web'", "task_role = 'none'",
	    "arn:aws-cn:iam::111122223333:role/web" },
};

START_TEST(gives_tasks_their_roles)
{
	char text[1024], arn[SCENARIO_ROLE_ARN_SIZE];
	const struct scenario_role_ref *ref;
	struct scenario *s;

	snprintf(text, sizeof(text),
	    "account '111122223333' { partition = 'aws-cn' }\n"
	    "task_definition 'w:1' { container c { image = i }\n%s\n}\n"
	    "task t {\n%s\n}\n",
	    roles[_i].definition, roles[_i].task);
	s = parsed(text);
	ref = scenario_task_role(s->default_task);
	if (roles[_i].want == NULL) {
		ck_assert_ptr_null(ref);
	} else {
		ck_assert_ptr_nonnull(ref);
		scenario_role_arn(arn, ref, s->default_task->cluster->account);
		ck_assert_str_eq(arn, roles[_i].want);
	}
	scenario_free(s);
}
END_TEST

START_TEST(finds_credentials_and_roles)
{
	struct scenario *s = parsed("role r { path = '/p/' }\ntask t { }");
	const struct scenario_task *t = s->default_task;
	struct str path = t->credentials_path;

	ck_assert_uint_eq(path.n, 16 + 36 + 1 - 1);
	ck_assert(str_starts(path, "/v2/credentials/"));
	ck_assert_ptr_eq(scenario_credentials_find(s, path), t);
	ck_assert_ptr_null(scenario_credentials_find(s, STR("t")));
	ck_assert_ptr_null(
	    scenario_credentials_find(s, str_sub(path, 0, path.n - 1)));
	ck_assert_ptr_eq(
	    scenario_role_find(s, STR("123456789012"), STR("R")), s->roles);
	ck_assert_ptr_null(
	    scenario_role_find(s, STR("123456789013"), STR("r")));
	ck_str(s->roles[0].arn, "arn:aws:iam::123456789012:role/p/r");
	ck_assert_ptr_null(s->instance_role);
	ck_assert(scenario_has_region(s, STR("us-east-1")));
	ck_assert(!scenario_has_region(s, STR("us-east-2")));
	scenario_free(s);
}
END_TEST

#define FULL "tests/data/mock/full.conf"

START_TEST(reads_all_of_a_task)
{
	struct scenario *s = scenario_of(FULL);
	const struct scenario_task *t = scenario_task_find(s, STR("web"));

	ck_assert(t->exec);
	ck_str(t->ipv6_address, "2001:db8::77");
	ck_str(t->subnet, "subnet-0a1b2c3d4e5f60718");
	ck_str(t->attachment_status, "ATTACHED");
	ck_str(t->capacity_provider, "FARGATE_SPOT");
	ck_str(t->group, "service:checkout-svc");
	ck_str(t->started_by, "ecs-svc/1234567890123456789");
	ck_assert_int_eq(t->created_us, 1768472301903000);
	ck_assert_int_eq(t->started_us, 1768472345610000);
	ck_assert_uint_eq(t->override_count, 1);
	ck_str(t->overrides[0].key, "api");
	ck_str(t->overrides[0].value, "sh -c id");
	ck_str(t->definition->pid_mode, "task");
	ck_assert_uint_eq(t->definition->containers[1].image_digest.n, 0);
	ck_assert(
	    str_starts(t->definition->containers[0].image_digest, "sha256:"));
	ck_str(s->instance_role->label, "verifier");
	ck_str(s->access_keys[1].token, "token+of/a=session");
	ck_assert_ptr_eq(s->access_keys[1].role, s->instance_role);
	ck_assert_int_eq(s->access_keys[1].expires_us, 4102444800000000);
	ck_str(s->access_keys[1].account->id, "444455556666");
	scenario_free(s);
}
END_TEST

START_TEST(makes_many_tasks_of_one_section)
{
	struct scenario *s = parsed("task load { count = 100000 }");
	struct scenario *again = parsed("task load { count = 2 }");
	char name[32];

	ck_assert_uint_eq(s->task_count, 100000);
	for (size_t i = 0; i < s->task_count; i++) {
		const struct scenario_task *t = &s->tasks[i];

		snprintf(name, sizeof(name), "load-%zu", i + 1);
		ck_str(t->name, name);
		ck_assert_uint_eq(t->id.n, 32);
		ck_assert(str_is_lower_hex(t->id));
		ck_assert_ptr_eq(scenario_task_find(s, t->name), t);
		ck_assert_ptr_eq(scenario_task_find(s, t->id), t);
		ck_assert(i == 0 || t->address.s_addr != t[-1].address.s_addr);
	}
	ck_assert_ptr_null(scenario_task_find(s, STR("load")));
	ck_assert_ptr_null(scenario_task_find(s, STR("load-0")));
	ck_assert_ptr_null(scenario_task_find(s, STR("")));
	ck_assert(str_eq(s->tasks[1].id, again->tasks[1].id));
	scenario_free(s);
	scenario_free(again);
}
END_TEST

START_TEST(reads_many_sections)
{
	struct buf b;
	struct scenario *s;

	buf_init(&b, 1024 * 1024);
	for (int i = 0; i < 3000; i++)
		buf_addf(&b, "task 't%d' { id = 'i%d' tags = { 'n=%d' } }\n", i,
		    i, i);
	s = parsed(buf_text(&b));
	ck_assert_uint_eq(s->task_count, 3000);
	ck_str(scenario_task_find(s, STR("i2999"))->tags[0].value, "2999");
	scenario_free(s);
	buf_release(&b);
}
END_TEST

/* Numbers seen in public on Fargate. */
static const struct {
	const char *name;
	uint32_t number;
} numbers[] = {
	{ "redis", 3054012820 },
	{ "curl", 2495160603 },
	{ "default", 2470140894 },
	{ "api", 946514567 },
};

START_TEST(numbers_containers_as_fargate_does)
{
	ck_assert_uint_eq(
	    scenario_number(str_of(numbers[_i].name)), numbers[_i].number);
}
END_TEST

START_TEST(finds_containers)
{
	struct scenario *s = scenario_of(TWO);
	const struct scenario_task *t = scenario_task_find(s, STR("web"));
	char number[16];

	ck_str(scenario_container_find(t, STR("spire-agent"))->image,
	    "spire-agent:1");
	snprintf(number, sizeof(number), "%u",
	    (unsigned)scenario_number(STR("app")));
	ck_str(scenario_container_find(t, str_of(number))->name, "app");
	ck_assert_ptr_null(scenario_container_find(t, STR("ap")));
	ck_assert_ptr_null(scenario_container_find(t, STR("0")));
	ck_assert_ptr_null(scenario_container_find(t, STR("")));
	scenario_free(s);
}
END_TEST

static const struct {
	const char *text, *want;
} accepted[] = {
	{ "", "demo" },
	{ "\n\n# nothing\n", "demo" },
	{ "task a { }", "a" },
	{ "task a { }\ntask b { }\n", "a" },
	{ "task a { }\r\ndefault_task = a\r\n", "a" },
	{ "task a { }\ntask b { id = x }\ndefault_task = 'x'", "b" },
	{ "cluster c { }\n", "demo" },
	{ "task a { id = a }", "a" },
	{ "task /**/x { } # \"\n# '\n", "x" },
	{ "task a { tags = { } }", "a" },
	{ "task a { tags += { 'k=v' } }", "a" },
	{ "account '000000000000' { }", "demo" },
	{ "task 'a' { status = \"STOPPED\" } // why not", "a" },
	{ "task a { }\n\tdefault_task = 'a' # no newline", "a" },
};

START_TEST(accepts)
{
	struct scenario *s = parsed(accepted[_i].text);

	ck_str(s->default_task->name, accepted[_i].want);
	scenario_free(s);
}
END_TEST

#define TASK(members) "task 'x' {\n" members "\n}\n"
#define DEFINITION(members) \
	"task_definition 'w:1' {\ncontainer 'c' { image = 'i' }\n" members "\n}"
#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A256 A64 A64 A64 A64

#define KEY(members) "access_key 'AKIA000000000000' {\n" members "\n}"

/* where: the line that is named, and words of the sentence. */
static const struct {
	const char *text, *where, *words;
} refused[] = {
	{ "colour = 'red'", "t:1: ", "no such option 'colour'" },
	{ "\n\n" TASK("colour = 1"), "t:4: task 'x': ", "'colour'" },
	{ "Task x { }", "t:1: ", "no such option 'Task'" },
	{ "end_of_scenario()", "t:1: ", "no such option" },
	{ "task { }", "t:1: ", "missing title for section 'task'" },
	{ "task x { }\ntask y { }\ntask x { }", "t:3: ", "duplicate title" },
	{ "task x {\nid = 'a'\n", "t:2: task 'x': ", "ends too early" },
	{ "task x { id = 'a", "t:1: task 'x': ", "ends too early" },
	{ "default_task =", "t:1: ", "ends too early" },
	{ "default_task", "t:1: ", "ends too early" },
	{ "task x { }\n/* # a comment\n", "t:2: ", "inside a comment" },
	{ "task x { }\n}", "t:2: ", "unexpected closing brace" },
	{ "task x { /* }", "t:1: ", "inside a comment or a section" },
	{ "task x { # }", "t:1: task 'x': ", "ends too early" },
	{ "default_task = {a}", "t:1: ", "unexpected token" },
	{ "default_task = 'a'\ndefault_task = 'a'", "t:1: ", "set here and" },
	{ TASK("id = 'a'\nid = 'b'"), "t:2: ", "\"id\" is set here and" },
	{ TASK("tags = { 'a=b' }\ntags = { }"), "t:2: ", "\"tags\" is set" },
	{ "# one\n// two\n/* three\n*/ /**/ colour = 1", "t:4: ", "'colour'" },
	{ "default_task = 'a#b' # '\n\ncolour = 1", "t:3: ", "'colour'" },
	{ "default_task = \"a\\\"#b\"# \"\ncolour = 1", "t:2: ", "'colour'" },
	{ "default_task = a#b\ncolour = 1", "t:2: ", "'colour'" },
	{ "default_task = a//b\ncolour = 1", "t:2: ", "'colour'" },
	{ "default_task = 'a\n#b'\n#\ncolour = 1", "t:4: ", "'colour'" },
	{ "default_task = \"${A\"#}\" # \"\ncolour = 1", "t:2: ", "'colour'" },
	{ "include('/etc/passwd')", "t:1: ", "no such option 'include'" },
	{ "task 'x' { task 'y' { } }", "t:1: ", "no such option 'task'" },
	{ "\x01", "t:1: ", "" },
	{ "default_task = 'nobody'", "t:1: ", "\"nobody\" is not a task" },
	{ "account '12345678901' { }",
	    "t:1: account '12345678901': ", "is not 12 digits" },
	{ "account '12345678901a' { }", "t:1: ", "is not 12 digits" },
	{ "account '1' { }\naccount '1' { }", "t:2: ", "duplicate title" },
	{ "account '111122223333' {\npartition = 'AWS'\n}",
	    "t:2: ", "\"AWS\" is not a partition" },
	{ "account '111122223333' { }\naccount '222222222222' { }\n"
	  "cluster c {\n}",
	    "t:4: cluster 'c': ",
	    "\"account\" is missing, and there are 2 to choose" },
	{ "cluster c { account = '111122223333' }",
	    "t:1: ", "there is no account '111122223333'" },
	{ "cluster 'a/b' { }", "t:1: ", "\"a/b\" is not a cluster name" },
	{ "cluster 'a' { name = '' }", "t:1: ", "is not a cluster name" },
	{ "cluster 'a' { name = '../b' }", "t:1: ", "is not a cluster name" },
	{ "cluster 'a' { region = 'us_east_1' }", "t:1: ", "not a region" },
	{ "cluster 'a' { region = 'x.y' }", "t:1: ", "not a region" },
	{ "cluster a { name = n }\ncluster b { name = n }",
	    "t:2: ", "clusters 'a' and 'b' are both arn:aws:ecs:us-east-1:" },
	{ "cluster a { }\ncluster b { }\n" TASK(""),
	    "t:5: task 'x': ", "\"cluster\" is missing, and there are 2" },
	{ "cluster a { }\ncluster b { }\n",
	    "built-in scenario:", "\"cluster\" is missing, and there are 2" },
	{ "task_definition 'web' { }", "t:1: ", "not FAMILY:REVISION" },
	{ "task_definition 'web:0' { }", "t:1: ", "not FAMILY:REVISION" },
	{ "task_definition 'web:01' { }", "t:1: ", "not FAMILY:REVISION" },
	{ "task_definition 'web:x' { }", "t:1: ", "not FAMILY:REVISION" },
	{ "task_definition 'web:9999999999' { }", "t:1: ", "REVISION" },
	{ "task_definition ':1' { }", "t:1: ", "not FAMILY:REVISION" },
	{ "task_definition 'a b:1' { }", "t:1: ", "not FAMILY:REVISION" },
	{ "task_definition 'web:1' { }", "t:1: ", "0 containers" },
	{ DEFINITION("cpu = 0"), "t:3: ", "\"0\" is not a number from 1" },
	{ DEFINITION("cpu = '-1'"), "t:3: ", "\"-1\" is not a number" },
	{ DEFINITION("memory = 99999999"), "t:3: ", "is not a number" },
	{ DEFINITION("memory = 1GB"), "t:3: ", "\"1GB\" is not a number" },
	{ DEFINITION("container d {\n}"),
	    "t:4: container 'd': ", "\"image\" is missing" },
	{ DEFINITION("container 'd/e' { image = i }"), "t:3: ", "the name" },
	{ DEFINITION("container c { image = i }"), "t:3: ", "duplicate" },
	{ DEFINITION("container d { image = 'a b' }"), "t:3: ", "image" },
	{ DEFINITION("container d { image = '' }"), "t:3: ", "image" },
	{ DEFINITION("container d { image = i image_id = 'sha256:ab' }"),
	    "t:3: ", "64 lower-case hex" },
	{ DEFINITION("container d { image = i cpu = x }"), "t:3: ", "cpu" },
	{ TASK("cluster = 'other'"), "t:2: ", "there is no cluster 'other'" },
	{ TASK("task_definition = 'w:1'"),
	    "t:2: ", "there is no task_definition 'w:1'" },
	{ TASK("id = 'a b'"), "t:2: ", "\"a b\" is not a task ID" },
	{ TASK("id = '../x'"), "t:2: ", "is not a task ID" },
	{ TASK("id = ''"), "t:2: ", "is not a task ID" },
	{ TASK("id = 'metadata'"), "t:2: ", "is not a task ID" },
	{ TASK("id = '" A64 "a'"), "t:2: ", "is not a task ID" },
	{ "task 'metadata' { }", "t:1: ", "and not \"metadata\"" },
	{ "task '..' { }", "t:1: ", "\"..\" is not 1 to 64 letters" },
	{ "task 'a/b' { }", "t:1: ", "the name \"a/b\"" },
	{ "task '" A64 "' { count = 2 }", "t:1: ", "is not 1 to 64 letters" },
	{ "task a { id = 'q' }\ntask b { id = 'q' }",
	    "t:2: task 'b': ", "is one of task 'a' too" },
	{ "task a { id = 'b' }\ntask b { }", "t:2: ", "one of task 'a' too" },
	{ "task a { }\ntask b { id = 'a' }", "t:2: ", "one of task 'a' too" },
	{ "task 'a-1' { }\ntask a { count = 2 }",
	    "t:2: task 'a': ", "one of task 'a-1' too" },
	{ TASK("count = 0"), "t:2: ", "not a number from 1 to 100000" },
	{ TASK("count = 100001"), "t:2: ", "not a number from 1 to 100000" },
	{ "task a { count = 60000 }\ntask b { count = 60000 }",
	    "t:2: ", "over 100000 tasks" },
	{ TASK("id = 'a'\ncount = 2"), "t:2: ", "\"id\" is of one task" },
	{ TASK("address = '10.0.0.1'\ncount = 2"), "t:2: ", "\"address\"" },
	{ TASK("address = '10.0.0.256'"), "t:2: ", "not an IPv4 address" },
	{ TASK("address = '::1'"), "t:2: ", "not an IPv4 address" },
	{ TASK("availability_zone = 'a:b'"), "t:2: ", "availability zone" },
	{ TASK("launch_type = 'fargate'"), "t:2: ", "FARGATE, EC2" },
	{ TASK("status = 'BORED'"), "t:2: ", "\"BORED\" is not a task stat" },
	{ TASK("service = 'a b'"), "t:2: ", "service \"a b\"" },
	{ TASK("tags = { 'Team' }"), "t:2: ", "\"Team\" is not 'Key=Value'" },
	{ TASK("tags = { '=v' }"), "t:2: ", "is not 'Key=Value'" },
	{ TASK("tags = { 'a=b',\n'a=c' }"), "t:3: ", "\"a\" is there twice" },
	{ TASK("tags = { 'a=b\x01' }"), "t:2: ", "control characters" },
	{ TASK("tags = { 'a=b\xff' }"), "t:2: ", "not UTF-8" },
	{ TASK("tags = { '" A64 A64 "k=v' }"), "t:2: ", "too long" },
	{ TASK("tags = { 'k=" A256 "v' }"), "t:2: ", "too long" },
	{ TASK("tags = { a=b }"), "t:2: ", "unexpected token" },
	{ TASK("task_role = 'a b'"), "t:2: ", "\"a b\" is not a role" },
	{ TASK("task_role = ''"), "t:2: ", "is not a role" },
	{ TASK("task_role = 'p/'"), "t:2: ", "is not a role" },
	{ TASK("task_role = 'arn:aws:iam::1:role/r'"), "t:2: ", "not a role" },
	{ TASK("task_role = 'arn:aws:sts::111122223333:role/r'"),
	    "t:2: ", "not a role" },
	{ TASK("task_role = 'arn:aws:iam::111122223333:user/r'"),
	    "t:2: ", "not a role" },
	{ TASK("task_role = '" A64 "a'"), "t:2: ", "not a role" },
	{ TASK("exec = 'true'"), "t:2: ", "\"true\" is not enabled or" },
	{ TASK("created_at = '2026-01-15'"), "t:2: ", "not a time such as" },
	{ TASK("created_at = '2026-02-30T00:00:00Z'"), "t:2: ", "not a time" },
	{ TASK("created_at = '2026-01-15T10:18:21'"), "t:2: ", "not a time" },
	{ TASK("created_at = '2026-01-15T10:18:21.Z'"), "t:2: ", "a time" },
	{ TASK("created_at = '2026-01-15T24:18:21Z'"), "t:2: ", "not a time" },
	{ TASK("started_at = '1969-01-15T10:18:21Z'"), "t:2: ", "not a time" },
	{ TASK("ipv6_address = '10.0.0.4'"), "t:2: ", "not an IPv6 address" },
	{ TASK("ipv6_address = '::1'\ncount = 2"), "t:2: ", "of one task" },
	{ TASK("attachment_status = 'attached'"), "t:2: ", "such as ATTACHED" },
	{ TASK("subnet = 'a/b'"), "t:2: ", "subnet \"a/b\"" },
	{ TASK("group = 'a b'"), "t:2: ", "not a group" },
	{ TASK("capacity_provider = ''"), "t:2: ", "capacity_provider \"\"" },
	{ TASK("overrides = { 'nobody=sh' }"),
	    "t:2: ", "has no container \"nobody\"" },
	{ TASK("overrides = { 'demo-app' }"),
	    "t:2: ", "is not 'CONTAINER=COMMAND'" },
	{ TASK("overrides = { 'demo-app=' }"), "t:2: ", "CONTAINER=COMMAND" },
	{ TASK("overrides = { 'demo-app=a', 'demo-app=b' }"),
	    "t:2: ", "\"demo-app\" is there twice" },
	{ DEFINITION("pid_mode = 'none'"), "t:3: ", "is not task or host" },
	{ DEFINITION("task_role = '/r'"), "t:3: ", "is not a role" },
	{ DEFINITION("container d { image = i image_digest = 'no' }"),
	    "t:3: ", "none, or sha256:" },
	{ "role 'a b' { }", "t:1: ", "\"a b\" is not a role's name" },
	{ "role r { name = '' }", "t:1: ", "not a role's name" },
	{ "role r { path = 'a/' }", "t:1: ", "is not a path" },
	{ "role r { account = '1' }", "t:1: ", "there is no account '1'" },
	{ "role r { trust = { 'a b' } }", "t:1: ", "not an account, an ARN" },
	{ "role r { external_id = 'x' }", "t:1: ", "2 to 1224 letters" },
	{ "role r { web_identity_tokens = { 'a b c' } }",
	    "t:1: ", "visible ASCII" },
	{ "role r { deny = { 'iam:GetRole' } }", "t:1: ", "not an action" },
	{ "role r { deny = { 'ecs' } }", "t:1: ", "not an action" },
	{ "role r { }\nrole q { name = R }",
	    "t:2: role 'q': ", "roles 'r' and 'q' are both \"R\" of account" },
	{ "instance_role = 'nobody'",
	    "t:1: ", "there is no instance_role 'nobody'" },
	{ "access_key 'short' { secret = s }", "t:1: ", "16 to 128 letters" },
	{ "access_key 'AKIA000000000000' { }",
	    "t:1: ", "\"secret\" is missing" },
	{ KEY("secret = 'a b'"), "t:2: ", "\"a b\" is not 1 to 128 visible" },
	{ KEY("secret = s user = 'a/b'"), "t:2: ", "not a user's name" },
	{ KEY("secret = s token = ''"), "t:2: ", "1 to 4096 visible" },
	{ KEY("secret = s role = 'nobody'"), "t:2: ", "no role 'nobody'" },
	{ KEY("secret = s role = 'spire-server' user = 'u'"),
	    "t:2: ", "takes neither \"user\" nor" },
	{ KEY("secret = s expires = '2026-01-15T10:18:21Z'"),
	    "t:3: ", "only a key with a \"token\"" },
};

START_TEST(refuses)
{
	struct scenario *s = NULL;
	struct err err = { 0 };
	int r = scenario_parse(&s, str_of(refused[_i].text), "t", &err);

	ck_assert_msg(r == ERR_CONFIG, "%s: %s", refused[_i].text, err_text(r));
	ck_assert_ptr_null(s);
	ck_assert_msg(str_starts(str_of(err.msg), refused[_i].where) &&
			  strstr(err.msg, refused[_i].words) != NULL,
	    "%s\ngives: %s", refused[_i].text, err.msg);
}
END_TEST

/* One more of a kind than there may be; # is its number. */
static const struct {
	const char *before, *part, *behind, *words;
	int count;
} too_many[] = {
	{ "task_definition 'w:1' {\n", "container 'c#' { image = i }\n", "}",
	    "11 containers", 11 },
	{ "task x { tags = { 'a=b'", ", 'k#=v'", "} }", "51 tags", 50 },
	{ "", "cluster 'c#' { }\n", "", "1001 sections \"cluster\"", 1001 },
	{ "", "account '#' { }\n", "", "1001 sections \"account\"", 1001 },
};

START_TEST(refuses_too_many_parts)
{
	struct scenario *s = NULL;
	struct err err = { 0 };
	struct str behind,
	    before = str_cut(&behind, str_of(too_many[_i].part), '#');
	struct buf b;

	buf_init(&b, 1024 * 1024);
	buf_add_text(&b, too_many[_i].before);
	for (int i = 0; i < too_many[_i].count; i++)
		buf_addf(
		    &b, "%.*s%012d%.*s", STR_FMT(before), i, STR_FMT(behind));
	buf_add_text(&b, too_many[_i].behind);
	ck_assert_int_eq(
	    scenario_parse(&s, buf_str(&b), "t", &err), ERR_CONFIG);
	ck_assert_msg(
	    strstr(err.msg, too_many[_i].words) != NULL, "%s", err.msg);
	buf_release(&b);
}
END_TEST

START_TEST(refuses_what_is_no_text)
{
	struct scenario *s = NULL;
	struct err err = { 0 };
	static char big[SCENARIO_BYTES_MAX + 1];

	ck_assert_int_eq(
	    scenario_parse(&s, STR("task a { }\0"), "t", &err), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "NUL"));
	memset(big, '\n', sizeof(big));
	err = (struct err){ 0 };
	ck_assert_int_eq(
	    scenario_parse(&s, (struct str){ big, sizeof(big) }, "t", &err),
	    ERR_TOOBIG);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(refuses_a_file_that_is_not_there)
{
	struct scenario *s = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(
	    scenario_read(&s, "/nonexistent/s.conf", &err), ERR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(err.msg, "/nonexistent/s.conf"));
	err = (struct err){ 0 };
	ck_assert_int_eq(scenario_read(&s, "/", &err), ERR_SYSTEM);
	ck_assert_ptr_null(s);
}
END_TEST

/* A scenario that is refused leaves nothing that hurts the next. */
START_TEST(reads_on_after_a_refusal)
{
	for (int i = 0; i < 20; i++) {
		struct scenario *s = NULL;

		ck_assert_int_ne(
		    scenario_parse(&s, STR("task a { id = \"x"), "t", NULL),
		    ERR_OK);
		s = parsed("task \"b\" { }");
		ck_str(s->default_task->name, "b");
		scenario_free(s);
	}
}
END_TEST

START_TEST(prints_an_environment)
{
	struct scenario *s = scenario_of(TWO);
	struct err err = { 0 };
	struct buf b;

	buf_init(&b, 4096);
	ck_assert_int_eq(environ_format(&b, s, STR("web/spire-agent"),
			     "http://[::1]:9", &err),
	    ERR_OK);
	ck_str(buf_str(&b), "ECS_CONTAINER_METADATA_URI_V4=http://[::1]:9/v4/"
			    "4f8e7d6c5b4a39281706f5e4d3c2b1a0-1829094452\n"
			    "AWS_EXECUTION_ENV=AWS_ECS_FARGATE\n"
			    "AWS_REGION=eu-west-1\n"
			    "AWS_DEFAULT_REGION=eu-west-1\n"
			    "AWS_CONTAINER_CREDENTIALS_FULL_URI="
			    "http://[::1]:9/v2/credentials/"
			    "199d46e2-6b8f-431b-a5b1-bf68e8effbb7\n");
	ck_assert_int_eq(
	    environ_format(&b, s, STR("nobody"), "", &err), ERR_MISSING);
	ck_assert_ptr_nonnull(strstr(err.msg, "no task \"nobody\""));
	err = (struct err){ 0 };
	ck_assert_int_eq(
	    environ_format(&b, s, STR("web/x"), "", &err), ERR_MISSING);
	ck_assert_ptr_nonnull(strstr(err.msg, "no container \"x\""));
	buf_release(&b);
	scenario_free(s);
}
END_TEST

/* A row is of one key or of two. */
static bool
has_row(const char *page, const char *key)
{
	char row[3][64];

	snprintf(row[0], sizeof(row[0]), ".It Ic %s\n", key);
	snprintf(row[1], sizeof(row[1]), ".It Ic %s , ", key);
	snprintf(row[2], sizeof(row[2]), " , %s\n", key);
	return strstr(page, row[0]) != NULL || strstr(page, row[1]) != NULL ||
	       strstr(page, row[2]) != NULL;
}

/* Every key of a section and of those in it stands in the manual page. */
static void
check_page(const char *page, const cfg_opt_t *opts)
{
	for (; opts->name != NULL; opts++) {
		if (opts->type == CFGT_FUNC)
			continue;
		if (opts->type == CFGT_SEC) {
			check_page(page, opts->subopts);
			continue;
		}
		ck_assert_msg(has_row(page, opts->name),
		    "no %s in the manual page", opts->name);
	}
}

START_TEST(has_all_keys_in_the_manual_page)
{
	char *path = source_path("man/fargate-mock.conf.5");
	FILE *f = fopen(path, "r");
	static char page[64 * 1024];
	cfg_t *cfg = NULL;

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(page, 1, sizeof(page) - 1, f), 0);
	fclose(f);
	ck_assert_int_eq(scenario_text_parse(&cfg, STR(""), "t", NULL), ERR_OK);
	check_page(page, cfg->opts);
	cfg_free(cfg);
	free(path);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scenario");
	TCase *tc = tcase_create("scenario");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, plays_the_example_without_a_file);
	tcase_add_test(tc, reads_a_scenario);
	tcase_add_test(tc, spells_the_built_in_scenario_out_in_the_sample);
	ck_table(tc, gives_tasks_their_roles, roles);
	tcase_add_test(tc, finds_credentials_and_roles);
	tcase_add_test(tc, reads_all_of_a_task);
	tcase_add_test(tc, makes_many_tasks_of_one_section);
	tcase_add_test(tc, reads_many_sections);
	ck_table(tc, numbers_containers_as_fargate_does, numbers);
	tcase_add_test(tc, finds_containers);
	ck_table(tc, accepts, accepted);
	ck_table(tc, refuses, refused);
	ck_table(tc, refuses_too_many_parts, too_many);
	tcase_add_test(tc, refuses_what_is_no_text);
	tcase_add_test(tc, refuses_a_file_that_is_not_there);
	tcase_add_test(tc, reads_on_after_a_refusal);
	tcase_add_test(tc, prints_an_environment);
	tcase_add_test(tc, has_all_keys_in_the_manual_page);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
