/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a plugin process: plugin-protocol of go-plugin and SPIRE, from
 * exec to exit, for both plugins.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/fixture.h"
#include "host/raw.h"

#define PLUGIN (&plugins[_i])

static bool
starts_with(const char *const *env, const char *name)
{
	for (; *env != NULL; env++)
		if (begins(*env, name))
			return true;
	return false;
}

/* Load with variables set, use, unload as SPIRE does. */
static void
lives_with(const struct plugin *p, const char *const *env)
{
	struct process_options o = plugin_options(p);
	struct host *h;

	o.env = env;
	h = host_load(&o, p->is_server, p->config);
	if (!starts_with(env, "PLUGIN_UNIX_SOCKET_DIR="))
		ck_assert(begins(h->address, process_tmpdir(h->process)));
	host_is_alive(h);
	attests(h, p);
	host_unload(h);
}

START_TEST(loads_serves_and_unloads)
{
	struct host *h = load(PLUGIN);

	host_is_alive(h);
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

/* Run without what SPIRE gives: exit 1, a sentence, no standard output. */
static void
is_refused_friendly(struct process_options *o)
{
	struct process *p;
	int status = 0;

	o->raw_lines = true;
	p = process_start(o);
	ck_assert(process_exited(p, &status, patience(5000)));
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1,
	    "status %#x", (unsigned)status);
	ck_assert(process_first_line(p, 0) == NULL);
	ck_assert_msg(strstr(process_stderr(p), "SPIRE") != NULL &&
			  strstr(process_stderr(p), "man ") != NULL &&
			  strstr(process_stderr(p), "plugin") != NULL,
	    "standard error: %s", process_stderr(p));
	ck_assert(is_empty_dir(process_tmpdir(p)));
	process_free(p);
}

START_TEST(explains_itself_without_the_cookie)
{
	struct process_options o = plugin_options(PLUGIN);

	o.cookie = "";
	is_refused_friendly(&o);
}
END_TEST

START_TEST(explains_itself_with_a_wrong_cookie)
{
	struct process_options o = plugin_options(PLUGIN);

	o.cookie = "NodeAttesto";
	is_refused_friendly(&o);
	o.cookie = "NodeAttestorX";
	is_refused_friendly(&o);
}
END_TEST

START_TEST(prints_the_six_field_handshake)
{
	const struct process_options o = plugin_options(PLUGIN);
	struct host *h = host_launch(&o);
	const char *line = process_first_line(h->process, 0);
	char want[512];

	snprintf(want, sizeof(want), "1|1|unix|%s|grpc|", h->address);
	ck_assert_str_eq(line, want);
	ck_assert(strlen(h->address) < 108);
	host_connect(h);
	host_init(h, PLUGIN->is_server);
	host_unload(h);
}
END_TEST

START_TEST(accepts_connections_when_the_handshake_is_out)
{
	const struct process_options o = plugin_options(PLUGIN);
	struct process *p = process_start(&o);
	const char *address = process_handshake(p, patience(10000));
	const int fd = raw_connect(address);

	ck_assert_msg(fd >= 0, "%s: %s", address, strerror(errno));
	close(fd);
	process_free(p);
}
END_TEST

static const char *const stray[][4] = {
	{ "PLUGIN_CLIENT_CERT=-----BEGIN CERTIFICATE-----\nnone\n" },
	{ "PLUGIN_MULTIPLEX_GRPC=true" },
	{ "PLUGIN_UNIX_SOCKET_GROUP=" },
	{ "PLUGIN_UNIX_SOCKET_GROUP=nogroup" },
	{ "PLUGIN_MIN_PORT=1", "PLUGIN_MAX_PORT=0" },
	{ "PLUGIN_PROTOCOL_VERSIONS=1,2,3" },
	{ "PLUGIN_PROTOCOL_VERSIONS" },
	{ "GRPC_TRACE=all", "GRPC_VERBOSITY=DEBUG" },
	{ "GRPC_TRACE=http,api", "GRPC_VERBOSITY=INFO" },
	{ "GRPC_VERBOSITY=nonsense" },
	{ "http_proxy=http://127.0.0.1:1", "https_proxy=http://127.0.0.1:1",
	    "ALL_PROXY=socks5://127.0.0.1:1" },
	{ "grpc_proxy=http://127.0.0.1:1" },
	{ "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_PROFILE=none",
	    "SSL_CERT_FILE=/nonexistent" },
	{ "LC_ALL=tr_TR.UTF-8", "TZ=Asia/Kolkata" },
	{ "PATH", "HOME", "USER" },
	{ "MALLOC_PERTURB_=7" },
};

/* One loop over both plugins and all of the table. */
START_TEST(ignores_stray_variables)
{
	const size_t n = COUNT_OF(stray);
	const char *env[5] = { 0 };
	size_t i;

	for (i = 0; i < 4; i++)
		env[i] = stray[(size_t)_i % n][i];
	lives_with(&plugins[(size_t)_i / n], env);
}
END_TEST

/* gRPC's own lines come out as JSON lines, or not at all. */
START_TEST(keeps_grpc_lines_json)
{
	static const char *const env[] = { "GRPC_TRACE=all",
		"GRPC_VERBOSITY=DEBUG", NULL };
	struct process_options o = plugin_options(PLUGIN);
	struct host *h;
	int fd;

	o.env = env;
	h = host_load(&o, PLUGIN->is_server, PLUGIN->config);
	/* something for gRPC to complain about */
	fd = raw_connect(h->address);
	ck_assert_int_ge(fd, 0);
	ck_assert(raw_send(fd, "GET / HTTP/1.1\r\n\r\n{\"@level\":7}\n", 31));
	ck_assert(raw_is_closed(fd, patience(10000)));
	close(fd);
	host_is_alive(h);
	host_unload(h);
}
END_TEST

START_TEST(honours_the_socket_directory)
{
	struct process_options o = plugin_options(PLUGIN);
	char dir[] = "/tmp/sockets-XXXXXX", entry[64];
	const char *env[2] = { entry, NULL };
	struct host *h;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(entry, sizeof(entry), "PLUGIN_UNIX_SOCKET_DIR=%s", dir);
	o.env = env;
	h = host_load(&o, PLUGIN->is_server, PLUGIN->config);
	ck_assert_msg(begins(h->address, dir), "%s", h->address);
	ck_assert(is_empty_dir(process_tmpdir(h->process)));
	host_unload(h);
	ck_assert_msg(is_empty_dir(dir), "%s is not empty", dir);
	rmdir(dir);
}
END_TEST

START_TEST(keeps_its_socket_private)
{
	struct host *h = load(PLUGIN);
	char dir[256];
	struct stat st;

	snprintf(dir, sizeof(dir), "%s", h->address);
	*strrchr(dir, '/') = '\0';
	ck_assert_str_ne(dir, process_tmpdir(h->process));
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_msg((st.st_mode & 07777) == 0700, "directory mode %o",
	    (unsigned)st.st_mode & 07777);
	ck_assert_int_eq(stat(h->address, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_msg((st.st_mode & 0077) == 0, "socket mode %o",
	    (unsigned)st.st_mode & 07777);
	host_unload(h);
}
END_TEST

/* Whatever umask SPIRE runs with ("spire-server validate" sets none). */
START_TEST(keeps_its_socket_private_without_a_umask)
{
	struct process_options o = plugin_options(PLUGIN);
	struct host *h;
	struct stat st;

	o.umask = -1;
	h = host_load(&o, PLUGIN->is_server, PLUGIN->config);
	ck_assert_int_eq(stat(h->address, &st), 0);
	ck_assert_msg((st.st_mode & 0077) == 0, "socket mode %o",
	    (unsigned)st.st_mode & 07777);
	host_unload(h);
}
END_TEST

/* Only root can play another user; elsewhere the modes above must do. */
START_TEST(is_not_for_other_users)
{
	struct host *h = load(PLUGIN);
	int status = -1;
	pid_t child;

	if (geteuid() == 0) {
		child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0) {
			if (setgid(65534) != 0 || setuid(65534) != 0)
				_exit(2);
			_exit(raw_connect(h->address) >= 0 ? 1
			      : errno == EACCES            ? 0
							   : 3);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_msg(
		    status == 0, "another user: %#x", (unsigned)status);
	}
	host_unload(h);
}
END_TEST

/* The build directory may be closed to others. */
static const char *
copy_program(const char *dir, const char *from)
{
	const char *to = print("%s/plugin", dir);
	const int in = open(from, O_RDONLY | O_CLOEXEC);
	const int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	char bytes[65536];
	ssize_t n;

	NEED(in >= 0 && out >= 0, "%s to %s: %m", from, to);
	for (n = read(in, bytes, sizeof(bytes)); n > 0;
	     n = read(in, bytes, sizeof(bytes)))
		NEED(write(out, bytes, (size_t)n) == n, "%s: %m", to);
	close(in);
	close(out);
	return to;
}

START_TEST(runs_as_an_ordinary_user)
{
	struct process_options o = plugin_options(PLUGIN);
	char dir[] = "/tmp/program-XXXXXX";
	struct host *h;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	o.program = copy_program(dir, o.program);
	ck_assert_int_eq(chmod(o.program, 0755), 0);
	if (geteuid() == 0)
		o.as_user = "65534";
	h = host_load(&o, PLUGIN->is_server, PLUGIN->config);
	ck_assert_int_eq(unlink(o.program), 0);
	host_unload(h);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

/* Fails to start with one JSON line that says how to help it. */
static void
refuses_to_start(const struct plugin *p, const char *tmpdir, const char *user,
    const char *word)
{
	struct process_options o = plugin_options(p);
	struct process *process;
	int status = 0;

	o.tmpdir = tmpdir;
	o.as_user = user;
	process = process_start(&o);
	ck_assert(process_exited(process, &status, patience(5000)));
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1,
	    "status %#x: %s", (unsigned)status, process_stderr(process));
	ck_assert(process_first_line(process, 0) == NULL);
	process_check(process);
	ck_assert_msg(process_count(process, "error", "") == 1 &&
			  strstr(process_stderr(process), "TMPDIR") != NULL &&
			  strstr(process_stderr(process), word) != NULL,
	    "standard error: %s", process_stderr(process));
	process_free(process);
}

START_TEST(says_that_the_temporary_directory_is_missing)
{
	refuses_to_start(
	    PLUGIN, "/nonexistent/temporary", NULL, "/nonexistent/temporary");
}
END_TEST

START_TEST(says_that_the_temporary_directory_is_a_file)
{
	refuses_to_start(PLUGIN, "/dev/null", NULL, "/dev/null");
}
END_TEST

START_TEST(says_that_the_temporary_directory_is_not_writable)
{
	refuses_to_start(PLUGIN, "/proc", NULL, "/proc");
}
END_TEST

static const char *
make_dir(const char *name)
{
	const char *dir = print("/tmp/%s", name);

	NEED(mkdir(dir, 0700) == 0 || errno == EEXIST, "%s: %m", dir);
	return dir;
}

START_TEST(says_that_the_temporary_directory_is_too_long)
{
	const char *dir =
	    make_dir(print("host-%d-%s", (int)getpid(), run_of('d', 100)));

	refuses_to_start(PLUGIN, dir, NULL, "long");
	rmdir(dir);
}
END_TEST

START_TEST(says_that_a_bar_breaks_the_handshake)
{
	const char *dir = make_dir(print("host-%d|bar", (int)getpid()));

	refuses_to_start(PLUGIN, dir, NULL, "|");
	rmdir(dir);
}
END_TEST

START_TEST(lives_in_an_unusual_temporary_directory)
{
	const char *dir =
	    make_dir(print("host-%d '\"$; \\%%41 \xc3\xa9", (int)getpid()));
	struct process_options o = plugin_options(PLUGIN);
	struct host *h;

	o.tmpdir = dir;
	h = host_load(&o, PLUGIN->is_server, PLUGIN->config);
	host_is_alive(h);
	host_unload(h);
	ck_assert(rmdir(dir) == 0);
}
END_TEST

START_TEST(lives_with_an_empty_temporary_directory_variable)
{
	static const char *const env[] = { "TMPDIR=", NULL };
	struct process_options o = plugin_options(PLUGIN);
	struct host *h;

	o.env = env;
	h = host_load(&o, PLUGIN->is_server, PLUGIN->config);
	ck_assert_msg(begins(h->address, "/tmp/"), "%s", h->address);
	host_unload(h);
}
END_TEST

/* Descriptor 1 is the handshake's and cannot be missing. */
static const unsigned missing[] = { 1, 4, 5 };

START_TEST(lives_without_standard_descriptors)
{
	struct process_options o =
	    plugin_options(&plugins[(size_t)_i / COUNT_OF(missing)]);
	struct host *h;

	o.missing_fds = missing[(size_t)_i % COUNT_OF(missing)];
	h = host_load(&o, (size_t)_i / COUNT_OF(missing) == 0,
	    plugins[(size_t)_i / COUNT_OF(missing)].config);
	attests(h, &plugins[(size_t)_i / COUNT_OF(missing)]);
	host_unload(h);
}
END_TEST

START_TEST(ends_without_standard_output)
{
	struct process_options o = plugin_options(PLUGIN);
	struct process *p;

	o.missing_fds = 2;
	o.raw_lines = true;
	p = process_start(&o);
	ck_assert(process_first_line(p, patience(2000)) == NULL);
	process_free(p);
}
END_TEST

START_TEST(ignores_signals_meant_for_spire)
{
	static const int signals[] = { SIGINT, SIGHUP, SIGUSR1, SIGUSR2,
		SIGPIPE };
	struct host *h = load(PLUGIN);
	size_t i;

	for (i = 0; i < COUNT_OF(signals); i++) {
		ck_assert_int_eq(kill(process_pid(h->process), signals[i]), 0);
		host_is_alive(h);
	}
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

/* systemd sends it to the whole group; SPIRE then unloads us in order. */
START_TEST(serves_on_after_sigterm)
{
	struct host *h = load(PLUGIN);
	int i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(kill(process_pid(h->process), SIGTERM), 0);
		host_is_alive(h);
		attests(h, PLUGIN);
	}
	host_unload(h);
}
END_TEST

START_TEST(serves_on_after_stop_and_continue)
{
	struct host *h = load(PLUGIN);

	ck_assert_int_eq(kill(process_pid(h->process), SIGSTOP), 0);
	ck_assert_int_eq(kill(process_pid(h->process), SIGCONT), 0);
	attests(h, PLUGIN);
	host_unload(h);
}
END_TEST

static int
exit_code_after(struct host *h, int ms)
{
	int status = -1;

	NEED(process_exited(h->process, &status, ms), "it still runs");
	return status;
}

START_TEST(leaves_only_its_socket_when_killed)
{
	struct host *h = load(PLUGIN);
	struct stat st;
	int status;

	ck_assert_int_eq(kill(process_pid(h->process), SIGKILL), 0);
	status = exit_code_after(h, patience(5000));
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_int_eq(stat(h->address, &st), 0);
	ck_assert_int_eq(unlink(h->address), 0);
	*strrchr(h->address, '/') = '\0';
	ck_assert_int_eq(rmdir(h->address), 0);
	ck_assert(is_empty_dir(process_tmpdir(h->process)));
	host_free(h);
}
END_TEST

/* A process between us and the plugin, which writes its pid and address. */
static pid_t
start_grandchild(const struct plugin *p, bool no_death_signal, int out)
{
	struct process_options o = plugin_options(p);
	struct process *process;
	char text[512];
	pid_t child = fork();
	int n;

	ck_assert_int_ge(child, 0);
	if (child > 0)
		return child;
	fail_hook = NULL;
	o.outlives_host = no_death_signal;
	o.tmpdir = "/tmp";
	process = process_start(&o);
	n = snprintf(text, sizeof(text), "%d %s\n", (int)process_pid(process),
	    process_handshake(process, 30000));
	if (write(out, text, (size_t)n) != n)
		_exit(1);
	for (;;)
		pause();
}

static bool
is_gone(const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 && errno == ENOENT;
}

static bool
is_gone_within(const char *path, int ms)
{
	const int64_t until = now_ms() + ms;

	while (!is_gone(path)) {
		if (now_ms() >= until)
			return false;
		poll(NULL, 0, 10);
	}
	return true;
}

static void
notices_the_end_of_its_parent(const struct plugin *p, bool no_death_signal)
{
	char text[512] = "", *address, *end, proc[64];
	int fds[2];
	pid_t child, plugin;
	ssize_t n;

	ck_assert_int_eq(pipe(fds), 0);
	child = start_grandchild(p, no_death_signal, fds[1]);
	close(fds[1]);
	n = read(fds[0], text, sizeof(text) - 1);
	ck_assert_int_gt((int)n, 0);
	close(fds[0]);
	plugin = (pid_t)strtol(text, &address, 10);
	ck_assert_int_gt(plugin, 1);
	address++;
	end = strchr(address, '\n');
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	snprintf(proc, sizeof(proc), "/proc/%d/exe", (int)plugin);
	if (!is_gone_within(proc, patience(10000))) {
		kill(plugin, SIGKILL);
		ck_abort_msg("the plugin outlives its parent");
	}
	ck_assert_msg(is_gone(address), "%s is left behind", address);
	*strrchr(address, '/') = '\0';
	ck_assert_msg(is_gone(address), "%s is left behind", address);
}

START_TEST(ends_with_its_parent)
{
	notices_the_end_of_its_parent(PLUGIN, false);
}
END_TEST

START_TEST(ends_with_its_parent_without_the_death_signal)
{
	notices_the_end_of_its_parent(PLUGIN, true);
}
END_TEST

START_TEST(survives_a_closed_standard_error)
{
	struct process_options o = plugin_options(PLUGIN);
	struct host *h;
	int i;

	o.close_stderr = true;
	h = host_load(&o, PLUGIN->is_server, PLUGIN->config);
	for (i = 0; i < 50; i++) {
		host_configure(h, "example.org", PLUGIN->bad_config);
		attests(h, PLUGIN);
	}
	host_unload(h);
}
END_TEST

START_TEST(exits_within_a_second)
{
	struct host *h = load(PLUGIN);

	ck_assert_int_eq((int)host_deinit(h).code, GRPC_STATUS_OK);
	host_shut_down(h);
	host_free(h);
}
END_TEST

START_TEST(exits_without_deinit_or_configure)
{
	const struct process_options o = plugin_options(PLUGIN);
	struct host *h = host_open(&o);

	host_shut_down(h);
	host_free(h);
	h = host_open(&o);
	host_init(h, PLUGIN->is_server);
	host_shut_down(h);
	host_free(h);
}
END_TEST

START_TEST(deinit_may_be_repeated)
{
	struct host *h = load(PLUGIN);

	ck_assert_int_eq((int)host_deinit(h).code, GRPC_STATUS_OK);
	ck_assert_int_eq((int)host_deinit(h).code, GRPC_STATUS_OK);
	host_shut_down(h);
	host_free(h);
}
END_TEST

/* A fresh host does so each time its configuration is bad. */
START_TEST(unloads_after_a_refused_configuration)
{
	const struct process_options o = plugin_options(PLUGIN);
	struct host *h = host_open(&o);

	host_init(h, PLUGIN->is_server);
	must_not_configure(h, PLUGIN->bad_config, "unknown configurations");
	host_unload(h);
}
END_TEST

START_TEST(opens_no_descriptor_it_keeps)
{
	struct host *h = load(PLUGIN);
	size_t before;
	int i;

	for (i = 0; i < 5; i++)
		attests(h, PLUGIN);
	before = process_fds(h->process);
	for (i = 0; i < 100; i++)
		attests(h, PLUGIN);
	ck_assert_msg(process_fds(h->process) <= before + 2,
	    "%zu descriptors, then %zu", before, process_fds(h->process));
	host_unload(h);
}
END_TEST

static void
add_start(Suite *s)
{
	TCase *tc = new_case(s, "start", 30);
	const int both = COUNT_OF(plugins);

	tcase_add_loop_test(tc, loads_serves_and_unloads, 0, both);
	tcase_add_loop_test(tc, explains_itself_without_the_cookie, 0, both);
	tcase_add_loop_test(tc, explains_itself_with_a_wrong_cookie, 0, both);
	tcase_add_loop_test(tc, prints_the_six_field_handshake, 0, both);
	tcase_add_loop_test(
	    tc, accepts_connections_when_the_handshake_is_out, 0, both);
	tcase_add_loop_test(
	    tc, ignores_stray_variables, 0, both * (int)COUNT_OF(stray));
	tcase_add_loop_test(tc, keeps_grpc_lines_json, 0, both);
	tcase_add_loop_test(tc, honours_the_socket_directory, 0, both);
	tcase_add_loop_test(tc, keeps_its_socket_private, 0, both);
	tcase_add_loop_test(
	    tc, keeps_its_socket_private_without_a_umask, 0, both);
	tcase_add_loop_test(tc, is_not_for_other_users, 0, both);
	tcase_add_loop_test(tc, runs_as_an_ordinary_user, 0, both);
	tcase_add_loop_test(
	    tc, says_that_the_temporary_directory_is_missing, 0, both);
	tcase_add_loop_test(
	    tc, says_that_the_temporary_directory_is_a_file, 0, both);
	tcase_add_loop_test(
	    tc, says_that_the_temporary_directory_is_not_writable, 0, both);
	tcase_add_loop_test(
	    tc, says_that_the_temporary_directory_is_too_long, 0, both);
	tcase_add_loop_test(tc, says_that_a_bar_breaks_the_handshake, 0, both);
	tcase_add_loop_test(
	    tc, lives_in_an_unusual_temporary_directory, 0, both);
	tcase_add_loop_test(
	    tc, lives_with_an_empty_temporary_directory_variable, 0, both);
	tcase_add_loop_test(tc, lives_without_standard_descriptors, 0,
	    both * (int)COUNT_OF(missing));
	tcase_add_loop_test(tc, ends_without_standard_output, 0, both);
}

static void
add_end(Suite *s)
{
	TCase *tc = new_case(s, "end", 60);
	const int both = COUNT_OF(plugins);

	tcase_add_loop_test(tc, ignores_signals_meant_for_spire, 0, both);
	tcase_add_loop_test(tc, serves_on_after_sigterm, 0, both);
	tcase_add_loop_test(tc, serves_on_after_stop_and_continue, 0, both);
	tcase_add_loop_test(tc, leaves_only_its_socket_when_killed, 0, both);
	tcase_add_loop_test(tc, ends_with_its_parent, 0, both);
	tcase_add_loop_test(
	    tc, ends_with_its_parent_without_the_death_signal, 0, both);
	tcase_add_loop_test(tc, survives_a_closed_standard_error, 0, both);
	tcase_add_loop_test(tc, exits_within_a_second, 0, both);
	tcase_add_loop_test(tc, exits_without_deinit_or_configure, 0, both);
	tcase_add_loop_test(tc, deinit_may_be_repeated, 0, both);
	tcase_add_loop_test(tc, unloads_after_a_refused_configuration, 0, both);
	tcase_add_loop_test(tc, opens_no_descriptor_it_keeps, 0, both);
}

int
main(void)
{
	Suite *s = suite_create("lifecycle");

	add_start(s);
	add_end(s);
	return run_tests(s);
}
