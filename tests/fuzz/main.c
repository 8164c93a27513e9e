/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - replay a fuzz target's corpus without a fuzzing engine
 *
 * Every file as it is, then cut at each length, then with single bytes
 * changed: always the same inputs in the same order, RUNS_MAX in all.  The
 * bytes end at a page that cannot be read.  An input that ends the program is
 * named on standard error and left in <target>.crash.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "fuzz.h"

enum {
	INPUT_MAX = 256 * 1024,    /* of a corpus file */
	RUNS_MAX = 120 * 1000,     /* in all */
	RUNS_FILE_MAX = 20 * 1000, /* of one file */
	FILES_MAX = 4096,
	FILE_SECONDS = 120, /* for all that is made of one file */
};

/* What the crash handler reports. */
static struct {
	const char *path, *how;
	size_t at;
	const uint8_t *data;
	size_t size;
	char out[256];
} now;

static uint8_t *guard; /* the page behind the input */
static size_t runs;

/* Sanitizers end a program without a signal, but call this. */
void __sanitizer_set_death_callback(void (*fn)(void)) __attribute__((weak));

static void
report(void)
{
	char line[512];
	int fd, n;

	n = snprintf(line, sizeof(line),
	    "died of %s, %s %zu, %zu bytes, kept in %s\n", now.path, now.how,
	    now.at, now.size, now.out);
	if (n > 0)
		(void)!write(STDERR_FILENO, line, strnlen(line, sizeof(line)));
	fd = open(now.out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	(void)!write(fd, now.data, now.size);
	(void)close(fd);
}

static void
on_signal(int sig)
{
	report();
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static void
watch(void)
{
	static const int fatal[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL,
		SIGALRM };
	size_t i;

	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		(void)signal(fatal[i], on_signal);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(report);
}

static void
die(const char *what, const char *name)
{
	(void)fprintf(stderr, "%s %s: %s\n", what, name, strerror(errno));
	exit(EXIT_FAILURE);
}

static void
make_room(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *room = mmap(NULL, INPUT_MAX + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		die("cannot map", "the input");
	guard = room + INPUT_MAX;
	if (mprotect(guard, page, PROT_NONE) != 0)
		die("cannot protect", "the page behind the input");
}

/* Run on a copy of data whose byte at change, if there, is xor-ed. */
static void
run(const char *how, size_t at, struct str data, size_t change, uint8_t mask)
{
	uint8_t *p = guard - data.n;

	if (data.n > 0)
		memcpy(p, data.p, data.n);
	if (change < data.n)
		p[change] ^= mask;
	now.how = how;
	now.at = at;
	now.data = p;
	now.size = data.n;
	runs++;
	(void)LLVMFuzzerTestOneInput(p, data.n);
}

/* Each bit, and what turns '"' into '\\'. */
static const uint8_t masks[] = { 1, 2, 4, 8, 16, 32, 64, 128, 0x7e };

static void
run_all(struct str data, size_t budget)
{
	size_t half = budget / 2, step, i, k = 0;

	run("as it is", 0, data, data.n, 0);
	step = data.n / half + 1;
	for (i = 0; i < data.n; i += step)
		run("cut at", i, str_sub(data, 0, i), i, 0);
	step = data.n * sizeof(masks) / half + 1;
	for (i = 0; i < data.n * sizeof(masks); i += step) {
		k = i / sizeof(masks);
		run("changed at", k, data, k, masks[i % sizeof(masks)]);
	}
}

static void
run_file(const char *path, size_t budget)
{
	static char data[INPUT_MAX];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		die("cannot open", path);
	n = fread(data, 1, sizeof(data), f);
	if (ferror(f) != 0)
		die("cannot read", path);
	(void)fclose(f);
	now.path = path;
	(void)alarm(FILE_SECONDS);
	run_all((struct str){ data, n }, budget);
	(void)alarm(0);
}

struct paths {
	char *v[FILES_MAX];
	size_t n;
};

static void
add_path(struct paths *paths, const char *dir, const char *name)
{
	struct buf b;

	if (paths->n == FILES_MAX) {
		errno = E2BIG;
		die("too many files in", dir);
	}
	buf_init(&b, 4096);
	buf_addf(&b, "%s%s%s", dir, name[0] == '\0' ? "" : "/", name);
	if (buf_text(&b) == NULL) {
		errno = ENAMETOOLONG;
		die("cannot name", dir);
	}
	paths->v[paths->n++] = b.p;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A file, or the files of a folder. */
static void
add(struct paths *paths, const char *path)
{
	struct dirent *e;
	struct stat st;
	DIR *d;

	if (stat(path, &st) != 0)
		die("no corpus", path);
	if (!S_ISDIR(st.st_mode)) {
		add_path(paths, path, "");
		return;
	}
	d = opendir(path);
	if (d == NULL)
		die("cannot open", path);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			add_path(paths, path, e->d_name);
	(void)closedir(d);
}

/* fuzz_x has its corpus in tests/fuzz/corpus/x. */
static void
add_own(struct paths *paths, const char *target)
{
	const char *top = getenv("abs_top_srcdir");
	struct buf b;

	if (top == NULL || strncmp(target, "fuzz_", 5) != 0) {
		(void)fprintf(
		    stderr, "name files or folders, or set abs_top_srcdir\n");
		exit(EXIT_FAILURE);
	}
	buf_init(&b, 4096);
	buf_addf(&b, "%s/tests/fuzz/corpus/%s", top, target + 5);
	if (buf_text(&b) == NULL)
		die("cannot name the corpus of", target);
	add(paths, b.p);
	buf_release(&b);
}

int
main(int argc, char **argv)
{
	static struct paths paths;
	const char *target = basename(argv[0]);
	size_t budget, k;
	int i;

	(void)snprintf(now.out, sizeof(now.out), "%s.crash", target);
	for (i = 1; i < argc; i++)
		add(&paths, argv[i]);
	if (argc == 1)
		add_own(&paths, target);
	if (paths.n == 0) {
		(void)fprintf(stderr, "the corpus of %s is empty\n", target);
		return EXIT_FAILURE;
	}
	qsort(paths.v, paths.n, sizeof(paths.v[0]), by_name);
	make_room();
	watch();
	budget = RUNS_MAX / paths.n;
	if (budget > RUNS_FILE_MAX)
		budget = RUNS_FILE_MAX;
	for (k = 0; k < paths.n; k++)
		run_file(paths.v[k], budget);
	(void)printf("%s: %zu files, %zu inputs\n", target, paths.n, runs);
	for (k = 0; k < paths.n; k++)
		free(paths.v[k]);
	return EXIT_SUCCESS;
}
