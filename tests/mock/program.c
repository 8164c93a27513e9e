/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "testing.h"

enum { ARGS_MAX = 16, RESPONSE_MAX = 1024 * 1024 };

unsigned program_files_max;

static void
run(const char *const *args, const int out[2], const int err[2])
{
	const char *top = getenv("abs_top_builddir");
	char path[4096], *argv[ARGS_MAX + 2];
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/src/mock/fargate-mock",
	    top == NULL ? "." : top);
	argv[n++] = path;
	for (; *args != NULL && n <= ARGS_MAX; args++)
		argv[n++] = strdup(*args);
	argv[n] = NULL;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (program_files_max > 0)
		(void)setrlimit(RLIMIT_NOFILE,
		    &(struct rlimit){ program_files_max, program_files_max });
	if (dup2(out[1], STDOUT_FILENO) < 0 || dup2(err[1], STDERR_FILENO) < 0)
		_exit(126);
	close(out[0]);
	close(out[1]);
	close(err[0]);
	close(err[1]);
	execv(path, argv);
	_exit(127);
}

void
program_start(struct program *p, const char *const *args)
{
	int out[2], err[2];
	pid_t pid;

	ck_assert_int_eq(pipe(out), 0);
	ck_assert_int_eq(pipe(err), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		run(args, out, err);
	close(out[1]);
	close(err[1]);
	*p = (struct program){ .pid = pid, .out = out[0], .err = err[0] };
}

/* Wait for fd, until the moment. */
static void
wait_for(int fd, int64_t until_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left = until_ms - clock_ms();

	ck_assert_msg(left > 0 && poll(&pfd, 1, (int)left) == 1,
	    "nothing came for %d ms", PROGRAM_WAIT_MS);
}

void
program_ready(struct program *p)
{
	static const char words[] = "fargate-mock: listening on http";
	int64_t until = clock_ms() + PROGRAM_WAIT_MS;
	char line[256];
	const char *colon;
	size_t n = 0;
	uint64_t port = 0;

	do {
		wait_for(p->out, until);
		ck_assert_uint_lt(n, sizeof(line) - 1);
		ck_assert_msg(read(p->out, line + n, 1) == 1,
		    "it ended instead of saying where it listens");
	} while (line[n++] != '\n');
	line[n - 1] = '\0';
	ck_assert_msg(str_starts(str_of(line), words), "%s", line);
	colon = strrchr(line, ':');
	ck_assert(str_to_u64(&port, str_of(colon + 1)));
	p->port = (uint16_t)port;
}

static void
read_rest(int fd, struct buf *b)
{
	int64_t until = clock_ms() + PROGRAM_WAIT_MS;
	char chunk[4096];
	ssize_t n;

	do {
		wait_for(fd, until);
		n = read(fd, chunk, sizeof(chunk));
		ck_assert_int_ge(n, 0);
		if (b != NULL)
			buf_add(b, (struct str){ chunk, (size_t)n });
	} while (n > 0);
	close(fd);
}

int
program_end(struct program *p, struct buf *out, struct buf *err)
{
	int status;

	read_rest(p->out, out);
	read_rest(p->err, err);
	ck_assert_int_eq(waitpid(p->pid, &status, 0), p->pid);
	p->pid = 0;
	ck_assert_msg(WIFEXITED(status), "ended by signal %d",
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return WEXITSTATUS(status);
}

void
program_kill(struct program *p)
{
	if (p->pid == 0)
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->out);
	close(p->err);
	p->pid = 0;
}

int
program_connect(const struct program *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	to.sin_port = htons(p->port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_msg(
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0,
	    "connect: %s", strerror(errno));
	return fd;
}

/* A server may answer and hang up before it has read everything. */
void
send_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return;
		ck_assert_int_gt(sent, 0);
		p += sent;
		n -= (size_t)sent;
	}
}

/* Byte by byte: what follows belongs to the next response. */
static bool
read_head(int fd, struct buf *head)
{
	int64_t until = clock_ms() + PROGRAM_WAIT_MS;
	char c;
	ssize_t n;

	while (!str_ends(buf_str(head), "\r\n\r\n")) {
		wait_for(fd, until);
		n = read(fd, &c, 1);
		if (n < 0 && errno == ECONNRESET)
			n = 0;
		if (n == 0 && head->n == 0)
			return false;
		ck_assert_msg(n == 1, "the response ends in its headers");
		buf_add_char(head, c);
	}
	return true;
}

static size_t
length_of(struct buf *head)
{
	const char *p = strstr(buf_text(head), "Content-Length: ");
	struct str rest;
	uint64_t n;

	ck_assert_msg(p != NULL, "no Content-Length: %s", buf_text(head));
	p += strlen("Content-Length: ");
	ck_assert(str_to_u64(&n, str_cut(&rest, str_of(p), '\r')));
	ck_assert_uint_lt(n, RESPONSE_MAX);
	return (size_t)n;
}

int
read_response(int fd, struct buf *out, int head)
{
	int64_t until = clock_ms() + PROGRAM_WAIT_MS;
	struct buf b;
	uint64_t status = 0;
	char chunk[4096];
	size_t left;

	buf_init(&b, RESPONSE_MAX);
	if (!read_head(fd, &b)) {
		buf_release(&b);
		return 0;
	}
	ck_assert_msg(str_starts(buf_str(&b), "HTTP/1."), "%s", buf_text(&b));
	ck_assert(str_to_u64(&status, str_sub(buf_str(&b), 9, 3)));
	left = head ? 0 : length_of(&b);
	while (left > 0) {
		ssize_t n;

		wait_for(fd, until);
		n = read(
		    fd, chunk, left < sizeof(chunk) ? left : sizeof(chunk));
		ck_assert_int_gt(n, 0);
		buf_add(&b, (struct str){ chunk, (size_t)n });
		left -= (size_t)n;
	}
	if (out != NULL)
		buf_add(out, buf_str(&b));
	buf_release(&b);
	return (int)status;
}

int
is_hung_up(int fd)
{
	char c;
	ssize_t n;

	wait_for(fd, clock_ms() + PROGRAM_WAIT_MS);
	n = read(fd, &c, 1);
	return n == 0 || (n < 0 && errno == ECONNRESET);
}
