/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_agent_diagnose.c - --diagnose of the agent's program inside of a task
 * that fargate-mock plays
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mock/program.h"
#include "mock/tls_files.h"
#include "testing.h"

#define TASK_ID  "1234567890abcdef1234567890abcdef"
#define TASK_ARN \
	"arn:aws:ecs:us-east-1:123456789012:task/test-cluster/" TASK_ID

enum { WAIT_MS = 30 * 1000, OUT_MAX = 64 * 1024 };

static struct program mock;
static struct tls_files files;
static bool is_tls;
static char config_path[64];
static char output[OUT_MAX];

static void
start_mock(void)
{
	is_tls = false;
	program_start(&mock, (const char *const[]){ "--port=0", NULL });
	program_ready(&mock);
	snprintf(config_path, sizeof(config_path), "agent-diagnose-%d.conf",
	    (int)getpid());
}

static void
start_tls_mock(void)
{
	tls_files_make(&files);
	program_start(&mock, (const char *const[]){ "--port=0",
				 files.cert_option, files.key_option, NULL });
	program_ready(&mock);
	is_tls = true;
	snprintf(config_path, sizeof(config_path), "agent-diagnose-%d.conf",
	    (int)getpid());
}

static void
end_mock(void)
{
	program_kill(&mock);
	(void)unlink(config_path);
	if (is_tls)
		tls_files_remove(&files);
}

static void
control(const char *path, const char *json)
{
	char text[1024];
	int fd = program_connect(&mock), status;

	snprintf(text, sizeof(text),
	    "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n"
	    "\r\n%s",
	    path, strlen(json), json);
	send_all(fd, text, strlen(text));
	status = read_response(fd, NULL, 0);
	ck_assert_msg(status == 200 || status == 201, "%s: %d", path, status);
	close(fd);
}

/* fargate-mock --env, and what it says put into our environment. */
static void
take_environment(void)
{
	struct program p;
	struct buf out;
	char port[32];
	struct str rest, line, value;
	char name[128], text[512];

	buf_init(&out, OUT_MAX);
	snprintf(port, sizeof(port), "--port=%u", mock.port);
	if (is_tls)
		program_start(&p,
		    (const char *const[]){ "--env=demo", port,
			files.cert_option, files.key_option, NULL });
	else
		program_start(
		    &p, (const char *const[]){ "--env=demo", port, NULL });
	ck_assert_int_eq(program_end(&p, &out, NULL), 0);
	rest = buf_str(&out);
	while (rest.n > 0) {
		line = str_cut(&rest, rest, '\n');
		snprintf(name, sizeof(name), "%.*s",
		    STR_FMT(str_cut(&value, line, '=')));
		snprintf(text, sizeof(text), "%.*s", STR_FMT(value));
		ck_assert_int_eq(setenv(name, text, 1), 0);
	}
	buf_release(&out);
}

static void
write_config(const char *more)
{
	FILE *f = fopen(config_path, "we");

	ck_assert_ptr_nonnull(f);
	fprintf(f, "sts_endpoint = \"%s://127.0.0.1:%u\"\n%s\n",
	    is_tls ? "https" : "http", mock.port, more);
	ck_assert_int_eq(fclose(f), 0);
}

static void
exec_agent(int out, const char *config)
{
	const char *top = getenv("abs_top_builddir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/src/agent/aws-fargate-nodeattestor",
	    top == NULL ? "." : top);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		_exit(126);
	execl(path, path, "--diagnose", "--config", config, (char *)NULL);
	_exit(127);
}

/* Its exit status; what it prints goes to output. */
static int
diagnose(const char *config)
{
	int64_t until = clock_ms() + WAIT_MS;
	struct pollfd p = { .events = POLLIN };
	int out[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	ck_assert_int_eq(pipe(out), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		exec_agent(out[1], config);
	close(out[1]);
	p.fd = out[0];
	do {
		ck_assert_int_eq(poll(&p, 1, (int)(until - clock_ms())), 1);
		got = read(out[0], output + n, OUT_MAX - 1 - n);
		ck_assert_int_ge(got, 0);
		n += (size_t)got;
	} while (got > 0);
	output[n] = '\0';
	close(out[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "%s", output);
	ck_assert_msg(strstr(output, "Secret") == NULL &&
			  strstr(output, "IQoJb3Jp") == NULL,
	    "%s", output);
	return WEXITSTATUS(status);
}

static void
says(const char *text)
{
	ck_assert_msg(
	    strstr(output, text) != NULL, "no \"%s\" in:\n%s", text, output);
}

START_TEST(says_that_all_is_well)
{
	char line[128];

	take_environment();
	write_config("");
	ck_assert_msg(diagnose(config_path) == 0, "%s", output);
	says("metadata     ok      http://127.0.0.1:");
	says("task         ok      " TASK_ARN "\n");
	says("place        ok      account 123456789012, region us-east-1, "
	     "cluster test-cluster\n");
	says("clock        ok      ");
	snprintf(line, sizeof(line),
	    "sts          ok      127.0.0.1:%u in region us-east-1", mock.port);
	says(line);
	says("selectors    ok      ");
	says("aws_fargate_task:account:123456789012\n");
	says("aws_fargate_task:family:fargate-spire-demo\n");
	says("aws_fargate_task:service:demo-service\n");
	says("credentials  ok      role arn:aws:iam::123456789012:role/"
	     "fargate-demo-task-role, access key ASIA");
	says("signature    ok      AWS knows it: account 123456789012, role "
	     "fargate-demo-task-role, session " TASK_ID "\n");
	says("result       ok      ");
	ck_assert_msg(strstr(output, "FAILED") == NULL, "%s", output);
}
END_TEST

/* What AWS, or the task, has; what the lines say of it. */
static const struct {
	const char *path, *json, *config;
	const char *says[3];
	int status;
} troubles[] = {
	{ "/mock/faults", "{\"operation\":\"metadata\",\"status\":404}", "",
	    { "metadata     FAILED  failed to fetch task metadata: metadata "
	      "endpoint returned status 404\n",
		"credentials  ok      ", "signature    -       not tried\n" },
	    1 },
	{ "/mock/faults",
	    "{\"operation\":\"metadata\",\"garbage\":true}", "",
	    { "metadata     FAILED  ",
		"what answers there is not the task metadata endpoint" },
	    1 },
	{ "/mock/faults", "{\"operation\":\"metadata\",\"truncate\":true}",
	    "timeout = \"300ms\"", { "metadata     FAILED  " }, 1 },
	{ "/mock/faults", "{\"operation\":\"metadata\",\"drip_ms\":100}",
	    "timeout = \"300ms\"", { "metadata     FAILED  " }, 1 },
	{ "/mock/faults", "{\"operation\":\"metadata\",\"flood\":100000000}",
	    "timeout = \"10s\"", { "metadata     FAILED  " }, 1 },
	{ "/mock/faults",
	    "{\"operation\":\"metadata\",\"location\":\"http://127.0.0.1:1/\"}",
	    "", { "metadata     FAILED  ", "status 302" }, 1 },
	{ "/mock/faults", "{\"operation\":\"credentials\",\"status\":400}", "",
	    { "credentials  FAILED  the credentials endpoint returned status "
	      "400\n",
		"cure: ", "signature    -       not tried\n" },
	    1 },
	{ "/mock/faults", "{\"operation\":\"credentials\",\"garbage\":true}",
	    "", { "credentials  FAILED  " }, 1 },
	{ "/mock/tasks/demo", "{\"status\":\"PROVISIONING\"}", "",
	    { "credentials  FAILED  the credentials endpoint returned status "
	      "503\n" },
	    1 },
	{ "/mock/faults", "{\"operation\":\"STS\",\"status\":403}", "",
	    { "signature    FAILED  ", "cure: compare the clock" }, 1 },
	{ "/mock/faults", "{\"operation\":\"STS\",\"status\":503}", "",
	    { "signature    -       not tried, and not needed from here" }, 0 },
	{ "/mock/faults", "{\"operation\":\"STS\",\"drop\":true}", "",
	    { "signature    -       not tried, and not needed from here" }, 0 },
	{ "/mock/faults", "{\"operation\":\"STS\",\"garbage\":true}", "",
	    { "signature    FAILED  ", "cure: what answers there is not" }, 1 },
	{ "/mock/faults",
	    "{\"operation\":\"STS\",\"location\":\"http://127.0.0.1:1/\"}", "",
	    { "signature    " }, 1 },
	{ "/mock/faults", "{\"operation\":\"imds\",\"drop\":true}",
	    "cluster = \"other\"\nregion = \"eu-west-1\"",
	    { "cluster      FAILED  cluster = \"other\" is configured",
		"region       FAILED  region = \"eu-west-1\" is configured",
		"result       FAILED  2 of the above" },
	    1 },
};

START_TEST(names_the_trouble)
{
	take_environment();
	write_config(troubles[_i].config);
	control(troubles[_i].path, troubles[_i].json);
	ck_assert_msg(
	    diagnose(config_path) == troubles[_i].status, "%s", output);
	for (size_t i = 0; i < COUNT_OF(troubles[_i].says); i++) {
		if (troubles[_i].says[i] != NULL)
			says(troubles[_i].says[i]);
	}
	says(troubles[_i].status == 0 ? "result       ok      "
				      : "result       FAILED  ");
}
END_TEST

/* Nothing in the environment names an authority for what is sent secretly. */
START_TEST(trusts_no_tls_of_a_stranger)
{
	take_environment();
	ck_assert_int_eq(setenv("AWS_CA_BUNDLE", files.ca, 1), 0);
	write_config("");
	ck_assert_int_eq(diagnose(config_path), 1);
	says("metadata     FAILED  ");
	says("certificate");
	says("credentials  FAILED  ");
	says("signature    -       not tried\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("agent --diagnose");
	TCase *plain = tcase_create("plain");
	TCase *tls = tcase_create("tls");

	signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(plain, 120);
	tcase_add_checked_fixture(plain, start_mock, end_mock);
	tcase_add_test(plain, says_that_all_is_well);
	ck_table(plain, names_the_trouble, troubles);
	suite_add_tcase(suite, plain);
	tcase_set_timeout(tls, 120);
	tcase_add_checked_fixture(tls, start_tls_mock, end_mock);
	tcase_add_test(tls, trusts_no_tls_of_a_stranger);
	suite_add_tcase(suite, tls);
	return run_suite(suite);
}
