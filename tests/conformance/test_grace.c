/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a SIGTERM does that no Shutdown follows: both plugins serve on for
 * half a minute, then end.  A program of its own, since it takes that long.
 */
#include "config.h"

#include <signal.h>
#include <sys/wait.h>

#include "conformance/fixture.h"

enum { GRACE_MS = 30 * 1000, SLACK_MS = 10 * 1000 };

START_TEST(ends_half_a_minute_after_sigterm)
{
	struct host *hosts[COUNT_OF(plugins)];
	int64_t began;
	size_t i;
	int status;

	for (i = 0; i < COUNT_OF(plugins); i++)
		hosts[i] = load(&plugins[i]);
	began = now_ms();
	for (i = 0; i < COUNT_OF(plugins); i++) {
		ck_assert_int_eq(
		    kill(process_pid(hosts[i]->process), SIGTERM), 0);
		host_is_alive(hosts[i]);
		attests(hosts[i], &plugins[i]);
	}
	for (i = 0; i < COUNT_OF(plugins); i++) {
		ck_assert(process_exited(
		    hosts[i]->process, &status, GRACE_MS + patience(SLACK_MS)));
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		ck_assert_int_ge(now_ms() - began, GRACE_MS - 1);
		ck_assert(is_empty_dir(process_tmpdir(hosts[i]->process)));
		host_free(hosts[i]);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("grace");

	tcase_add_test(
	    new_case(s, "grace", 90), ends_half_a_minute_after_sigterm);
	return run_tests(s);
}
