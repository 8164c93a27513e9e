/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server plugin with its n-th allocation failing: it refuses to start, or
 * refuses what it was asked, in words; it is never wrong, never stuck, and as
 * good as new once there is memory again.
 */
#include "config.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conformance/torture.h"

enum { TASKS = 2, QUICK_S = 60, LONG_S = 3600, FRESH_MAX = 500 };

#define NO_KEYS "no access_key_id\nno secret_access_key\n"
#define TOKEN   "a-token-of-the-lab"
#define SHARED  "/aws_fargate_task/{{ .accountID }}/{{ .cluster }}"

static struct lab *lab;

/*
 * Courses: one configuration, and what is attested with memory failing
 */

static const struct course {
	const char *name, *config;
	const char *before;       /* a task that is attested first, with memory */
	const char *tasks[TASKS]; /* at the same time; NULL: a new one */
	bool once;                /* a task is let in once */
	unsigned stride;
	enum { CONFIG, TASK, INSTANCE, WEB_IDENTITY } keys; /* the server's */
} courses[] = {
	{ "full", "", NULL, { "honest" }, false, 5, CONFIG },
	{ "two in one batch", "", NULL, { "honest", "other" }, false, 17,
	    CONFIG },
	{ "held by another", "agent_path_template = \"" SHARED "\"\n",
	    "honest", { "other" }, false, 7, CONFIG },
	{ "held by itself", "agent_path_template = \"" SHARED "\"\n",
	    "other", { "other" }, false, 11, CONFIG },
	{ "first use", "reattest = false\n", NULL, { NULL }, true, 17, CONFIG },
	{ "sts", "verification = \"sts\"\nno agent_path_template\n", NULL,
	    { NULL }, true, 5, CONFIG },
	{ "metadata", "verification = \"metadata\"\n", NULL, { "honest" },
	    false, 3, CONFIG },
	{ "assumed role", "assume_role = \"reader\"\n", NULL, { "honest" },
	    false, 13, CONFIG },
	{ "keys of a task", NO_KEYS, NULL, { "honest" }, false, 19, TASK },
	{ "keys of an instance", NO_KEYS, NULL, { "honest" }, false, 19,
	    INSTANCE },
	{ "keys by web identity", NO_KEYS, NULL, { "honest" }, false, 19,
	    WEB_IDENTITY },
};

struct run {
	const struct course *course;
	struct task_keys keys[TASKS];
	struct attested base[TASKS], got[TASKS];
	struct proof proofs[TASKS];
	unsigned fresh; /* the next new task's number */
};
static struct run run;

static const char *
scenario(void)
{
	static char text[128 * 1024];
	size_t i, n = 0;

	n += (size_t)snprintf(text, sizeof(text),
	    "%srole 'reader' {\n\ttrust = { '*' }\n"
	    "\tweb_identity_tokens = { '" TOKEN "' }\n}\n"
	    "instance_role = 'reader'\n",
	    lab_scenario);
	if (run.course == NULL || !run.course->once)
		return text;
	for (i = 0; i < FRESH_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "task 'new%zu' {\n\tid = '%032zx'\n"
		    "\tcluster = 'my-cluster'\n}\n",
		    i, i + 0xa0000);
	NEED(n < sizeof(text), "too long a scenario");
	return text;
}

static void
fail_and_say_where(const char *file, int line, const char *text)
{
	ck_abort_msg("%s:%d: %.6000s; %s", file, line, text, torture_where());
}

/* A file for as long as this process and the plugin are there. */
static const char *
token_file(void)
{
	const int fd = memfd_create("token", 0);

	NEED(fd >= 0 && write(fd, TOKEN, strlen(TOKEN)) > 0, "memfd: %m");
	return print("/proc/self/fd/%d", fd);
}

static void
set(const char *name, const char *value)
{
	NEED(setenv(name, value, 1) == 0, "setenv: %m");
}

/* A plugin that finds its keys elsewhere than in its configuration. */
static void
find_keys(void)
{
	host_unload(lab->host);
	set("AWS_CONFIG_FILE", "/dev/null");
	set("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
	switch (run.course->keys) {
	case CONFIG:
		break;
	case TASK:
		set("AWS_CONTAINER_CREDENTIALS_FULL_URI",
		    lab_credentials(lab, "other"));
		break;
	case INSTANCE:
		set("AWS_EC2_METADATA_SERVICE_ENDPOINT",
		    print("http://127.0.0.1:%d", lab->mock.port));
		break;
	case WEB_IDENTITY:
		set("AWS_WEB_IDENTITY_TOKEN_FILE", token_file());
		set("AWS_ROLE_ARN", "arn:aws:iam::" ACCOUNT ":role/reader");
		break;
	}
	lab->host = torture_start(true);
	NEED(lab->host != NULL &&
		 torture_load(lab->host, true,
		     lab_config(lab, run.course->config)),
	    "no plugin");
}

static void
open_lab(void)
{
	fail_hook = fail_and_say_where;
	lab = lab_open(&(struct lab_options){ .scenario = scenario() });
	if (run.course != NULL && run.course->keys != CONFIG)
		find_keys();
}

static void
choose_tasks(void)
{
	const char *const *names = run.course->tasks;
	size_t i;

	NEED(run.fresh < FRESH_MAX, "no task is left");
	if (names[0] == NULL) {
		lab_task(lab, print("new%u", run.fresh++), &run.keys[0]);
		return;
	}
	for (i = 0; i < TASKS && names[i] != NULL; i++)
		if (run.keys[i].arn[0] == '\0')
			lab_task(lab, names[i], &run.keys[i]);
}

static size_t
task_count(void)
{
	return run.course->tasks[1] == NULL ? 1 : 2;
}

static void
attest(struct attested got[TASKS])
{
	struct proof *p = run.proofs;
	size_t i, n = task_count();

	for (i = 0; i < n; i++)
		proof_start(&p[i], lab, &run.keys[i], NULL);
	for (i = 0; i < n; i++)
		if (p[i].out.challenged)
			proof_send(&p[i], proof_response(&p[i], NULL, NULL));
	for (i = 0; i < n; i++) {
		if (p[i].out.challenged)
			proof_outcome(&p[i]);
		proof_end(&p[i]);
		got[i] = p[i].out;
	}
}

/* text, without the task's ID. */
static void
blank(char *text, const struct task_keys *keys)
{
	const char *id = strrchr(keys->arn, '/') + 1;
	char *at;

	for (at = strstr(text, id); at != NULL; at = strstr(at, id))
		memset(at, '-', strlen(id));
}

static bool
is_same(const struct attested *got, const struct attested *base,
    const struct task_keys *keys)
{
	static struct attested a;

	a = *got;
	blank(a.id, keys);
	blank(a.selectors, keys);
	return a.answer.code == base->answer.code &&
	       strcmp(a.answer.text, base->answer.text) == 0 &&
	       a.challenged == base->challenged &&
	       a.can_reattest == base->can_reattest &&
	       strcmp(a.id, base->id) == 0 &&
	       strcmp(a.selectors, base->selectors) == 0;
}

static void
is_as_ever(const struct attested *got, const struct task_keys *keys, size_t i,
    const char *when)
{
	NEED(is_same(got, &run.base[i], keys),
	    "%s, %s: got %d \"%s\" %s (%zu selectors), want %d \"%s\" %s (%zu)",
	    run.course->name, when, (int)got->answer.code, got->answer.text,
	    got->id, got->selector_count, (int)run.base[i].answer.code,
	    run.base[i].answer.text, run.base[i].id,
	    run.base[i].selector_count);
}

/* Either of the two; whether it was refused for want of memory. */
static bool
was_refused(const struct attested *got, size_t i, bool hit)
{
	if (hit && is_clean_refusal(&got->answer) && !got->challenged &&
	    got->id[0] == '\0' && got->selector_count == 0)
		return true;
	is_as_ever(got, &run.keys[i], i, "without memory");
	return false;
}

static void
attest_again(bool refused)
{
	size_t i;

	if (run.course->once && !refused) {
		must_fail_to_prove(lab, &run.keys[0], "once more",
		    GRPC_STATUS_UNAVAILABLE, "is being given");
		choose_tasks();
	}
	attest(run.got);
	for (i = 0; i < task_count(); i++)
		is_as_ever(&run.got[i], &run.keys[i], i, "again");
}

static void
begin(void)
{
	lab_configure(lab, run.course->config);
	choose_tasks();
	if (run.course->before != NULL) {
		struct task_keys *keys = need_alloc(sizeof(*keys));

		lab_task(lab, run.course->before, keys);
		must_prove(lab, keys, NULL);
		free(keys);
	}
}

static bool
attest_step(void *arg, unsigned long n, bool rest)
{
	bool hit, refused = false;
	size_t i;

	(void)arg;
	begin();
	torture_arm(n, rest);
	attest(run.got);
	hit = torture_disarm();
	torture_is_alive(lab->host);
	for (i = 0; i < task_count(); i++)
		refused |= was_refused(&run.got[i], i, hit);
	attest_again(refused);
	return hit;
}

/* What it says with all the memory it wants. */
static void
learn(void)
{
	size_t i;

	begin();
	attest(run.base);
	for (i = 0; i < task_count(); i++) {
		blank(run.base[i].id, &run.keys[i]);
		blank(run.base[i].selectors, &run.keys[i]);
	}
}

START_TEST(attests_or_says_why_not)
{
	run.course = &courses[_i];
	open_lab();
	learn();
	torture_each(run.course->name, run.course->stride, attest_step, NULL);
	lab_configure(lab, "");
	lab_close(lab);
}
END_TEST

/*
 * Configure and Validate
 */

static bool
configure_step(void *arg, unsigned long n, bool rest)
{
	const bool hit = torture_configure(
	    lab->host, lab_config(lab, "max_attestations = 7\n"), n, rest);

	must_prove(lab, arg, HONEST_ID);
	return hit;
}

START_TEST(keeps_its_configuration)
{
	struct task_keys *keys = need_alloc(sizeof(*keys));

	open_lab();
	lab_task(lab, "honest", keys);
	torture_each("Configure", 5, configure_step, keys);
	free(keys);
	torture_validate(lab->host, lab_config(lab, ""),
	    lab_config(lab, "alowed_regions = [\"x\"]\n"));
	lab_close(lab);
}
END_TEST

/*
 * From the start
 */

static bool
live_step(void *arg, unsigned long n, bool rest)
{
	(void)arg;
	torture_arm(n, rest);
	lab->host = torture_start(true);
	if (lab->host == NULL ||
	    !torture_load(lab->host, true,
		lab_config(lab, run.course->config)))
		return torture_disarm();
	attest(run.got);
	torture_is_alive(lab->host);
	if (was_refused(&run.got[0], 0, torture_has_hit()))
		(void)torture_disarm();
	attest(run.got);
	if (was_refused(&run.got[0], 0, torture_has_hit())) {
		(void)torture_disarm();
		attest(run.got);
		is_as_ever(&run.got[0], &run.keys[0], 0, "at last");
	}
	torture_unload(lab->host);
	lab->host = NULL;
	return torture_disarm();
}

START_TEST(starts_or_says_why_not)
{
	run.course = &courses[0];
	open_lab();
	learn();
	host_unload(lab->host);
	lab->host = NULL;
	torture_each("from the start", 59, live_step, NULL);
	lab_free(lab);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("torture server");
	TCase *tc;

	torture_init("server_plugin", "torture-server-plugin");
	tc = new_case(s, "memory", torture_is_long() ? LONG_S : QUICK_S);
	ck_table(tc, attests_or_says_why_not, courses);
	tcase_add_test(tc, keeps_its_configuration);
	tcase_add_test(tc, starts_or_says_why_not);
	return run_tests(s);
}
