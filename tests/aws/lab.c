/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <grpc/grpc.h>
#include <grpc/support/time.h>

#include "base/clock.h"
#include "testing.h"

enum { SLICE_MS = 2, PATIENCE_MS = 20 * 1000, PARALLEL = 64 };

/* The names are the linker's: --wrap=clock_ms. */
int64_t __real_clock_ms(void);
int64_t __wrap_clock_ms(void);
int64_t __real_clock_wall_us(void);
int64_t __wrap_clock_wall_us(void);
grpc_event __real_grpc_completion_queue_next(
    grpc_completion_queue *queue, gpr_timespec deadline, void *reserved);
grpc_event __wrap_grpc_completion_queue_next(
    grpc_completion_queue *queue, gpr_timespec deadline, void *reserved);

struct loop *lab_loop;
struct http *lab_http;

static _Atomic int64_t skew_ms; /* how far the test has moved the clock */
static _Atomic int64_t held_ms; /* what it stands at; 0: it runs */
static lab_fn *wanted;          /* NULL: run to the end */
static const void *wanted_arg;
static int64_t out_of_patience_ms;
static char folder[64];

int64_t
__wrap_clock_ms(void)
{
	const int64_t held = atomic_load(&held_ms);

	return (held != 0 ? held : __real_clock_ms()) + atomic_load(&skew_ms);
}

int64_t
__wrap_clock_wall_us(void)
{
	return __real_clock_wall_us() + atomic_load(&skew_ms) * 1000;
}

/* loop_run() returns when it is told that the queue is shut down. */
static bool
is_reached(void)
{
	if (wanted == NULL)
		return false;
	if (wanted(wanted_arg))
		return true;
	/* a check that holds allocates too: not while memory is failing */
	if (__real_clock_ms() >= out_of_patience_ms)
		ck_abort_msg("what was waited for has not come");
	return false;
}

grpc_event
__wrap_grpc_completion_queue_next(
    grpc_completion_queue *queue, gpr_timespec deadline, void *reserved)
{
	const grpc_event reached = { .type = GRPC_QUEUE_SHUTDOWN };
	gpr_timespec slice, until = gpr_time_sub(deadline,
	    gpr_time_from_millis(atomic_load(&skew_ms), GPR_TIMESPAN));
	grpc_event ev;

	for (;;) {
		if (is_reached())
			return reached;
		slice = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
		    gpr_time_from_millis(SLICE_MS, GPR_TIMESPAN));
		if (gpr_time_cmp(until, slice) < 0)
			slice = until;
		ev = __real_grpc_completion_queue_next(queue, slice, reserved);
		if (ev.type != GRPC_QUEUE_TIMEOUT ||
		    gpr_time_cmp(slice, until) == 0)
			return ev;
	}
}

void
lab_until(lab_fn *is_so, const void *arg)
{
	wanted = is_so;
	wanted_arg = arg;
	out_of_patience_ms = __real_clock_ms() + PATIENCE_MS;
	loop_run(lab_loop);
	wanted = NULL;
}

struct at_least {
	const unsigned *number;
	unsigned least;
};

static bool
is_at_least(const void *arg)
{
	const struct at_least *a = arg;

	return *a->number >= a->least;
}

void
lab_until_number(const unsigned *number, unsigned least)
{
	const struct at_least a = { number, least };

	lab_until(is_at_least, &a);
}

static unsigned looks;

static bool
was_looked_at(const void *arg)
{
	(void)arg;
	return looks++ > 0;
}

void
lab_step(void)
{
	looks = 0;
	lab_until(was_looked_at, NULL);
}

void
lab_jump(int64_t ms)
{
	atomic_fetch_add(&skew_ms, ms);
}

void
lab_pass(int64_t ms)
{
	lab_jump(ms);
	lab_step();
}

int64_t
lab_in(int64_t ms)
{
	return clock_ms() + ms;
}

void
lab_hold(void)
{
	atomic_store(&held_ms, __real_clock_ms());
	lab_step();
}

static const char *const distractions[] = { "HTTP_PROXY", "http_proxy",
	"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY",
	"no_proxy", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION",
	"AWS_DEFAULT_REGION", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_EC2_METADATA_DISABLED",
	"AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CA_BUNDLE",
	"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT" };

void
lab_set_up(void)
{
	struct err err = { 0 };
	size_t i;

	for (i = 0; i < COUNT_OF(distractions); i++)
		(void)unsetenv(distractions[i]);
	(void)snprintf(folder, sizeof(folder), "/tmp/test-aws-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)setenv("HOME", folder, 1);
	/* nobody is at the real one's address here, or somebody is */
	(void)setenv(
	    "AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1", 1);
	atomic_store(&skew_ms, 0);
	atomic_store(&held_ms, 0);
	lab_http = NULL;
	ck_assert_msg(loop_new(&lab_loop, &err) == ERR_OK, "%s", err.msg);
}

void
lab_set_up_with_http(void)
{
	lab_set_up();
	lab_open_http();
}

void
lab_open_http(void)
{
	struct err err = { 0 };

	ck_assert_msg(http_new(&lab_http, lab_loop, PARALLEL, &err) == ERR_OK,
	    "%s", err.msg);
}

void
lab_end_http(void)
{
	struct http *http = lab_http;

	lab_http = NULL;
	http_free(http);
}

static void
remove_folder(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[512];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		(void)snprintf(
		    path, sizeof(path), "%s/%s", folder, entry->d_name);
		(void)unlink(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(folder);
}

void
lab_tear_down(void)
{
	lab_end_http();
	loop_quit(lab_loop);
	loop_run(lab_loop);
	loop_free(lab_loop);
	remove_folder();
}

const char *
lab_file(const char *name, const char *text)
{
	static char paths[8][128];
	static size_t next;
	char *path = paths[next++ % COUNT_OF(paths)];
	FILE *f;

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}
