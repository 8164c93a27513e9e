/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "goplugin/handshake.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

static const char cookie[] = "NodeAttestor";

static struct {
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char target[sizeof("unix:") +
		    3 * sizeof(((struct sockaddr_un *)0)->sun_path)];
	/* for signals, which any thread may take */
	atomic_bool open; /* dir was made, by us */
	atomic_bool terminated;
	pid_t parent;
} self;

bool
handshake_has_cookie(void)
{
	const char *value = getenv(cookie);

	return value != NULL && strcmp(value, cookie) == 0;
}

static void
fill_standard_descriptors(void)
{
	int fd;

	/* else a descriptor of gRPC's could become standard error */
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

static void
on_sigterm(int sig)
{
	(void)sig;
	atomic_store(&self.terminated, true);
}

/* SIGRTMIN is our parent-death signal; from anybody else it means nothing. */
static void
on_parent_death(int sig)
{
	(void)sig;
	if (!handshake_is_orphan())
		return;
	handshake_remove();
	_exit(0);
}

static void
on_alarm(int sig)
{
	(void)sig;
	handshake_remove();
	_exit(0);
}

static void
handle(int sig, void (*handler)(int))
{
	struct sigaction act = { .sa_handler = handler,
		.sa_flags = SA_RESTART };

	(void)sigemptyset(&act.sa_mask);
	(void)sigaction(sig, &act, NULL);
}

void
handshake_prepare(void)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGHUP, SIGUSR1,
		SIGUSR2 };
	size_t i;

	fill_standard_descriptors();
	self.parent = getppid();
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		handle(ignored[i], SIG_IGN);
	handle(SIGTERM, on_sigterm);
	handle(SIGALRM, on_alarm);
	/*
	 * SPIRE asks for SIGKILL when it dies, which would leave the socket
	 * behind.  The signal also comes when a mere thread of SPIRE's ends.
	 */
	handle(SIGRTMIN, on_parent_death);
	(void)prctl(PR_SET_PDEATHSIG, SIGRTMIN);
	(void)unsetenv("GRPC_TRACE");
#ifndef HAVE_GPR_SET_LOG_FUNCTION
	/* no hook: keep plain text off standard error */
	(void)setenv("GRPC_VERBOSITY", "NONE", 1);
#endif
}

bool
handshake_is_terminated(void)
{
	return atomic_load(&self.terminated);
}

bool
handshake_is_orphan(void)
{
	return getppid() != self.parent;
}

static const char *
socket_parent(const char **name)
{
	static const char *const names[] = { "PLUGIN_UNIX_SOCKET_DIR",
		"TMPDIR" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *dir = getenv(names[i]);

		*name = names[i];
		if (dir != NULL && dir[0] != '\0')
			return dir;
	}
	return "/tmp";
}

/* The path crosses a line of fields split at '|', and goes into sun_path. */
static int
check_parent(const char *dir, const char *name, struct err *err)
{
	if (strpbrk(dir, "|\r\n") != NULL)
		return err_set(err, ERR_SYSTEM,
		    "no socket can be made in %s: its name holds '|' or a line "
		    "end; set %s to another directory",
		    CLEAN(str_of(dir)), name);
	if (strlen(dir) + sizeof("/plugin-XXXXXX/s") > sizeof(self.dir))
		return err_set(err, ERR_SYSTEM,
		    "no socket can be made in %s: the name is longer than %zu "
		    "bytes; set %s to a shorter one",
		    CLEAN(str_of(dir)),
		    sizeof(self.dir) - sizeof("/plugin-XXXXXX/s"), name);
	return ERR_OK;
}

/* gRPC takes the path for a part of a URI, and decodes it. */
static void
name_target(void)
{
	const char *p;
	size_t n = sizeof("unix:") - 1;

	memcpy(self.target, "unix:", n);
	for (p = self.path; *p != '\0'; p++) {
		if (str_is_alnum_or((struct str){ p, 1 }, "/._-"))
			self.target[n++] = *p;
		else
			n += (size_t)snprintf(self.target + n,
			    sizeof(self.target) - n, "%%%02X",
			    (unsigned)(unsigned char)*p);
	}
	self.target[n] = '\0';
}

int
handshake_open(struct err *err)
{
	char dir[PATH_MAX], template[sizeof(self.dir)];
	const char *name, *parent = socket_parent(&name);
	int r;

	if (realpath(parent, dir) == NULL)
		return err_set(err, ERR_SYSTEM,
		    "no socket can be made in %s: %s; set %s to a directory "
		    "that can be written to",
		    CLEAN(str_of(parent)), strerror(errno), name);
	r = check_parent(dir, name, err);
	if (r != ERR_OK)
		return r;
	(void)umask(077);
	(void)snprintf(template, sizeof(template), "%.*s/plugin-XXXXXX",
	    (int)sizeof(template) - 16, dir);
	if (mkdtemp(template) == NULL)
		return err_set(err, ERR_SYSTEM,
		    "no socket can be made in %s: %s; set %s to a directory "
		    "that can be written to",
		    CLEAN(str_of(dir)), strerror(errno), name);
	memcpy(self.dir, template, sizeof(self.dir));
	(void)snprintf(self.path, sizeof(self.path), "%.*s/s",
	    (int)sizeof(self.path) - 3, self.dir);
	name_target();
	atomic_store(&self.open, true);
	return ERR_OK;
}

const char *
handshake_target(void)
{
	return self.target;
}

int
handshake_print(struct err *err)
{
	char line[sizeof(self.path) + 32];
	size_t n, done = 0;
	int fd;

	n = (size_t)snprintf(
	    line, sizeof(line), "1|1|unix|%s|grpc|\n", self.path);
	while (done < n) {
		ssize_t w = write(STDOUT_FILENO, line + done, n - done);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return err_set(err, ERR_SYSTEM,
			    "the handshake line cannot be written: %s",
			    strerror(errno));
		done += (size_t)w;
	}
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)dup2(fd, STDOUT_FILENO);
		(void)close(fd);
	}
	return ERR_OK;
}

void
handshake_remove(void)
{
	/*
	 * Not only once: a signal's handler may be half-way through it on
	 * another thread, and who comes second must not exit before it.
	 */
	if (!atomic_load(&self.open))
		return;
	(void)unlink(self.path);
	(void)rmdir(self.dir);
}

void
handshake_exit_within(long ms)
{
	struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	(void)setitimer(ITIMER_REAL, &t, NULL);
}
