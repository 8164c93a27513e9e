/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "host/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/fail.h"

enum { OUT, ERR, PIPES, ENV_MAX = 512 };

struct process {
	struct process_options options;
	char tmpdir[64]; /* "" unless we made it */
	pid_t pid;
	bool reaped;
	int status;
	int read_fd[PIPES]; /* the reader's */
	int wake_fd[2];     /* ends the reader */
	pthread_t reader;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool at_end[PIPES];
	char *text[PIPES]; /* all that came, NUL-terminated */
	size_t length[PIPES];
	size_t read_up_to; /* of ERR, split into lines so far */
	struct line *lines;
	size_t line_count;
	char *fault;
};

static void
lock(struct process *p)
{
	pthread_mutex_lock(&p->lock);
}

static void
unlock(struct process *p)
{
	pthread_mutex_unlock(&p->lock);
}

/* Called with the lock held. */
static void
take_line(struct process *p, const char *text, size_t n)
{
	struct line *line;
	const char *fault;

	p->lines = realloc(p->lines, (p->line_count + 1) * sizeof(*p->lines));
	NEED(p->lines != NULL, "no memory");
	line = &p->lines[p->line_count++];
	fault = line_read(line, text, n);
	if (fault == NULL || p->options.raw_lines || p->fault != NULL)
		return;
	p->fault = need_alloc(n + 256);
	snprintf(p->fault, n + 256, "a line on standard error %s: %s", fault,
	    line->raw);
}

static void
split_lines(struct process *p)
{
	const char *from = p->text[ERR] + p->read_up_to;
	const char *end = p->text[ERR] + p->length[ERR], *stop;

	for (; from < end; from = stop + 1) {
		stop = memchr(from, '\n', (size_t)(end - from));
		if (stop == NULL)
			break;
		take_line(p, from, (size_t)(stop - from));
		p->read_up_to = (size_t)(stop + 1 - p->text[ERR]);
	}
}

/* False at the pipe's end. */
static bool
read_some(struct process *p, int which)
{
	char bytes[16384];
	ssize_t n = read(p->read_fd[which], bytes, sizeof(bytes));

	if (n < 0 && errno == EINTR)
		return true;
	if (n > 0 && which == ERR && p->options.drops_stderr)
		return true;
	lock(p);
	if (n <= 0) {
		p->at_end[which] = true;
		if (which == ERR && p->read_up_to < p->length[ERR])
			take_line(p, p->text[ERR] + p->read_up_to,
			    p->length[ERR] - p->read_up_to);
	} else {
		p->text[which] =
		    realloc(p->text[which], p->length[which] + (size_t)n + 1);
		NEED(p->text[which] != NULL, "no memory");
		memcpy(p->text[which] + p->length[which], bytes, (size_t)n);
		p->length[which] += (size_t)n;
		p->text[which][p->length[which]] = '\0';
		if (which == ERR)
			split_lines(p);
	}
	pthread_cond_broadcast(&p->changed);
	unlock(p);
	return n > 0;
}

static void *
read_pipes(void *arg)
{
	struct process *p = arg;
	struct pollfd fds[PIPES + 1];
	int i, open_count = 0;
	char order;

	for (i = 0; i < PIPES; i++) {
		fds[i] =
		    (struct pollfd){ .fd = p->read_fd[i], .events = POLLIN };
		open_count += fds[i].fd >= 0;
		if (i == ERR && p->options.deaf)
			fds[i].fd = -1; /* until process_listen() */
	}
	fds[PIPES] = (struct pollfd){ .fd = p->wake_fd[0], .events = POLLIN };
	while (open_count > 0) {
		if (poll(fds, PIPES + 1, -1) < 0)
			continue;
		for (i = 0; i < PIPES; i++) {
			if (fds[i].fd < 0 || fds[i].revents == 0 ||
			    read_some(p, i))
				continue;
			fds[i].fd = -1;
			open_count--;
		}
		if (fds[PIPES].revents == 0)
			continue;
		if (read(p->wake_fd[0], &order, 1) != 1)
			break;
		fds[ERR].fd = p->read_fd[ERR];
	}
	return NULL;
}

/* Copy the environment, without name's entry. */
static void
env_remove(const char **env, const char *name, size_t n)
{
	size_t i, kept = 0;

	for (i = 0; env[i] != NULL; i++)
		if (strncmp(env[i], name, n) != 0 || env[i][n] != '=')
			env[kept++] = env[i];
	env[kept] = NULL;
}

static void
env_apply(const char **env, const char *entry)
{
	const char *equals = strchr(entry, '=');
	size_t n,
	    name = equals == NULL ? strlen(entry) : (size_t)(equals - entry);

	env_remove(env, entry, name);
	if (equals == NULL)
		return;
	for (n = 0; env[n] != NULL; n++)
		;
	NEED(n + 1 < ENV_MAX, "too many variables");
	env[n] = entry;
	env[n + 1] = NULL;
}

static const char *const *
make_env(const struct process *p, char *tmp, char *cookie, size_t size)
{
	static const char *env[ENV_MAX];
	extern char **environ;
	size_t i;

	for (i = 0; environ[i] != NULL && i < ENV_MAX - 64; i++)
		env[i] = environ[i];
	env[i] = NULL;
	env_remove(env, "NodeAttestor", strlen("NodeAttestor"));
	env_remove(env, "ECS_CONTAINER_METADATA_URI_V4",
	    strlen("ECS_CONTAINER_METADATA_URI_V4"));
	snprintf(cookie, size, "NodeAttestor=%s",
	    p->options.cookie != NULL ? p->options.cookie : "NodeAttestor");
	if (p->options.cookie == NULL || p->options.cookie[0] != '\0')
		env_apply(env, cookie);
	env_apply(env, "PLUGIN_MIN_PORT=10000");
	env_apply(env, "PLUGIN_MAX_PORT=25000");
	env_apply(env, "PLUGIN_PROTOCOL_VERSIONS=1");
	snprintf(tmp, size, "TMPDIR=%s", process_tmpdir(p));
	env_apply(env, tmp);
	for (i = 0; p->options.env != NULL && p->options.env[i] != NULL; i++)
		env_apply(env, p->options.env[i]);
	return env;
}

static void
limit(int what, rlim_t value)
{
	const struct rlimit rl = { value, value };

	if (value > 0 && setrlimit((__rlimit_resource_t)what, &rl) != 0)
		_exit(126);
}

/* In the child, between fork and exec. */
static void
become_plugin(const struct process *p, int fds[PIPES][2], pid_t parent,
    char **argv, char **env)
{
	const struct process_options *o = &p->options;
	int fd;

	if (!o->outlives_host) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(125);
	}
	umask(o->umask == 0 ? 0027 : o->umask < 0 ? 0 : (mode_t)o->umask);
	limit(RLIMIT_NOFILE, o->files);
	limit(RLIMIT_AS, o->memory);
	dup2(fds[OUT][1], STDOUT_FILENO);
	dup2(fds[ERR][1], STDERR_FILENO);
	for (fd = 0; fd < 3; fd++)
		if ((o->missing_fds & 1u << fd) != 0)
			close(fd);
	if (o->as_user != NULL) {
		const uid_t uid = (uid_t)strtoul(o->as_user, NULL, 10);

		if (setgid(uid) != 0 || setuid(uid) != 0)
			_exit(124);
		/* changing the user forgets it */
		if (!o->outlives_host)
			prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	if (o->exec_at != NULL)
		(void)clock_gettime(CLOCK_MONOTONIC, o->exec_at);
	execve(o->program, argv, env);
	_exit(127);
}

static void
spawn(struct process *p)
{
	char tmp[4200], cookie[4200];
	const char *argv[64] = { p->options.program };
	const char *const *env;
	int fds[PIPES][2], i;
	const pid_t parent = getpid();

	for (i = 0; p->options.args != NULL && p->options.args[i] != NULL; i++)
		argv[i + 1] = p->options.args[i];
	env = make_env(p, tmp, cookie, sizeof(tmp));
	for (i = 0; i < PIPES; i++) {
		NEED(pipe2(fds[i], O_CLOEXEC) == 0, "pipe: %m");
		p->read_fd[i] = fds[i][0];
	}
	p->pid = fork();
	NEED(p->pid >= 0, "fork: %m");
	if (p->pid == 0) {
		union {
			const char *const *ours;
			char **theirs;
		} a = { argv }, e = { env };

		become_plugin(p, fds, parent, a.theirs, e.theirs);
	}
	for (i = 0; i < PIPES; i++)
		close(fds[i][1]);
}

struct process *
process_start(const struct process_options *o)
{
	struct process *p = need_alloc(sizeof(*p));

	NEED(access(o->program, X_OK) == 0, "%s: %m", o->program);
	p->options = *o;
	if (o->tmpdir == NULL) {
		snprintf(p->tmpdir, sizeof(p->tmpdir), "/tmp/host-XXXXXX");
		NEED(mkdtemp(p->tmpdir) != NULL, "%s: %m", p->tmpdir);
		NEED(chmod(p->tmpdir, 0777) == 0, "%s: %m", p->tmpdir);
	}
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	p->text[OUT] = need_alloc(1);
	p->text[ERR] = need_alloc(1);
	NEED(pipe2(p->wake_fd, O_CLOEXEC) == 0, "pipe: %m");
	spawn(p);
	p->at_end[ERR] = o->close_stderr || o->deaf;
	if (o->close_stderr) {
		close(p->read_fd[ERR]);
		p->read_fd[ERR] = -1;
	}
	NEED(pthread_create(&p->reader, NULL, read_pipes, p) == 0,
	    "pthread_create");
	return p;
}

static void
remove_tree(const char *path)
{
	char child[512];
	struct dirent *entry;
	DIR *dir = opendir(path);

	if (dir != NULL) {
		for (entry = readdir(dir); entry != NULL;
		     entry = readdir(dir)) {
			if (strcmp(entry->d_name, ".") == 0 ||
			    strcmp(entry->d_name, "..") == 0)
				continue;
			snprintf(
			    child, sizeof(child), "%s/%s", path, entry->d_name);
			if (unlink(child) != 0)
				remove_tree(child);
		}
		closedir(dir);
	}
	rmdir(path);
}

void
process_free(struct process *p)
{
	size_t i;
	int which;

	if (p == NULL)
		return;
	if (!p->reaped) {
		kill(p->pid, SIGKILL);
		while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
			;
	}
	close(p->wake_fd[1]);
	pthread_join(p->reader, NULL);
	close(p->wake_fd[0]);
	for (which = 0; which < PIPES; which++) {
		if (p->read_fd[which] >= 0)
			close(p->read_fd[which]);
		free(p->text[which]);
	}
	for (i = 0; i < p->line_count; i++)
		line_release(&p->lines[i]);
	free(p->lines);
	free(p->fault);
	if (p->tmpdir[0] != '\0')
		remove_tree(p->tmpdir);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->changed);
	free(p);
}

static struct timespec
deadline_after(int ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += ms / 1000;
	ts.tv_nsec += (long)(ms % 1000) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

const char *
process_first_line(struct process *p, int ms)
{
	const struct timespec until = deadline_after(ms);
	const char *stop = NULL;
	static char first[8192];
	int r = 0;

	lock(p);
	while (r == 0) {
		stop = strchr(p->text[OUT], '\n');
		if (stop != NULL || p->at_end[OUT])
			break;
		r = pthread_cond_timedwait(&p->changed, &p->lock, &until);
	}
	if (stop != NULL)
		snprintf(first, sizeof(first), "%.*s",
		    (int)(stop - p->text[OUT]), p->text[OUT]);
	unlock(p);
	return stop != NULL ? first : NULL;
}

const char *
process_handshake(struct process *p, int ms)
{
	const char *line = process_first_line(p, ms);
	static char copy[8192];
	char *field[16], *rest = copy;
	size_t n = 0;

	NEED(line != NULL, "no handshake line; standard error says: %s",
	    process_stderr(p));
	snprintf(copy, sizeof(copy), "%s", line);
	while (rest != NULL && n < 16)
		field[n++] = strsep(&rest, "|");
	NEED(n >= 5, "Unrecognized remote plugin message: %s", line);
	NEED(strcmp(field[0], "1") == 0, "core protocol %s", field[0]);
	NEED(strcmp(field[1], "1") == 0, "app protocol %s", field[1]);
	NEED(strcmp(field[2], "unix") == 0, "network %s", field[2]);
	NEED(field[3][0] == '/', "address %s", field[3]);
	NEED(strcmp(field[4], "grpc") == 0, "protocol %s", field[4]);
	NEED(n < 6 || strlen(field[5]) <= 50, "a certificate ends SPIRE");
	return field[3];
}

void
process_listen(struct process *p)
{
	lock(p);
	p->at_end[ERR] = false;
	unlock(p);
	NEED(write(p->wake_fd[1], "l", 1) == 1, "the reader is gone");
}

pid_t
process_pid(const struct process *p)
{
	return p->pid;
}

const char *
process_tmpdir(const struct process *p)
{
	return p->options.tmpdir != NULL ? p->options.tmpdir : p->tmpdir;
}

size_t
process_extra_output(struct process *p)
{
	const char *stop;
	size_t n;

	lock(p);
	stop = strchr(p->text[OUT], '\n');
	n = stop == NULL ? 0
			 : p->length[OUT] - (size_t)(stop + 1 - p->text[OUT]);
	unlock(p);
	return n;
}

static bool
wait_for_ends(struct process *p, const struct timespec *until)
{
	int r = 0;
	bool ended;

	lock(p);
	while (!(p->at_end[OUT] && p->at_end[ERR]) && r == 0)
		r = pthread_cond_timedwait(&p->changed, &p->lock, until);
	ended = p->at_end[OUT] && p->at_end[ERR];
	unlock(p);
	return ended;
}

bool
process_exited(struct process *p, int *status, int ms)
{
	const struct timespec until = deadline_after(ms);
	struct pollfd fd = { .events = POLLIN };

	if (!p->reaped) {
		fd.fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
		NEED(fd.fd >= 0, "pidfd_open: %m");
		while (poll(&fd, 1, ms) < 0 && errno == EINTR)
			;
		close(fd.fd);
		if (waitpid(p->pid, &p->status, WNOHANG) != p->pid)
			return false;
		p->reaped = true;
	}
	if (!wait_for_ends(p, &until))
		return false;
	*status = p->status;
	return true;
}

const char *
process_state(struct process *p)
{
	static char text[256];
	char path[64], stat[128] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)p->pid);
	f = p->reaped ? NULL : fopen(path, "re");
	if (f != NULL) {
		if (fgets(stat, sizeof(stat), f) == NULL)
			stat[0] = '\0';
		fclose(f);
	}
	lock(p);
	snprintf(text, sizeof(text),
	    "%s, standard output %s, standard error %s: %s",
	    p->reaped ? "has exited" : "runs",
	    p->at_end[OUT] ? "closed" : "open",
	    p->at_end[ERR] ? "closed" : "open", stat);
	unlock(p);
	return text;
}

void
process_check(struct process *p)
{
	static char fault[8192];

	lock(p);
	snprintf(fault, sizeof(fault), "%s", p->fault != NULL ? p->fault : "");
	unlock(p);
	NEED(fault[0] == '\0', "%s", fault);
}

static bool
says(const struct line *line, const char *level, const char *message)
{
	return line->message != NULL &&
	       strstr(line->message, message) != NULL &&
	       (level[0] == '\0' || strcmp(level, line->level) == 0);
}

bool
process_find(struct process *p, const char *level, const char *message,
    size_t nth, struct line *out)
{
	bool found = false;
	size_t i;

	lock(p);
	for (i = 0; i < p->line_count && !found; i++) {
		if (!says(&p->lines[i], level, message) || nth-- > 0)
			continue;
		*out = p->lines[i];
		found = true;
	}
	unlock(p);
	return found;
}

size_t
process_count(struct process *p, const char *level, const char *message)
{
	size_t i, n = 0;

	lock(p);
	for (i = 0; i < p->line_count; i++)
		n += says(&p->lines[i], level, message);
	unlock(p);
	return n;
}

const char *
process_stderr(struct process *p)
{
	static char copy[16384];

	lock(p);
	snprintf(copy, sizeof(copy), "%s", p->text[ERR]);
	unlock(p);
	return copy;
}

bool
process_said(struct process *p, const char *text)
{
	bool said;

	lock(p);
	said = strstr(p->text[ERR], text) != NULL;
	unlock(p);
	return said;
}

size_t
process_rss(const struct process *p)
{
	char path[64];
	unsigned long long total = 0, resident = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)p->pid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu %llu", &total, &resident) != 2)
		resident = 0;
	fclose(f);
	return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t
count_entries(const char *path)
{
	struct dirent *entry;
	size_t n = 0;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return 0;
	for (entry = readdir(dir); entry != NULL; entry = readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

size_t
process_fds(const struct process *p)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)p->pid);
	return count_entries(path);
}

bool
is_empty_dir(const char *path)
{
	return count_entries(path) == 0;
}
