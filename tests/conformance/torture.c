/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "conformance/torture.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_MAX = 5000 }; /* what allocates more never ends */

static struct fault_page *page;
static unsigned long armed;
static bool armed_rest;

void
torture_init(const char *variable, const char *program)
{
	const int fd = memfd_create("fault-page", 0);
	const char *top = getenv("abs_top_builddir");
	void *p;

	NEED(top != NULL, "abs_top_builddir is not set");
	NEED(setenv(variable, print("%s/tests/tools/%s", top, program), 1) == 0,
	    "setenv: %m");
	NEED(fd >= 0 && ftruncate(fd, sizeof(*page)) == 0, "memfd: %m");
	p = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	NEED(p != MAP_FAILED, "mmap: %m");
	page = p;
	NEED(setenv(FAULT_PAGE, print("%d", fd), 1) == 0, "setenv: %m");
}

bool
torture_is_long(void)
{
	return getenv("FAULT_LONG") != NULL;
}

void
torture_arm(unsigned long n, bool rest)
{
	armed = n;
	armed_rest = rest;
	memset(page->where, 0, sizeof(page->where));
	atomic_store(&page->hits, 0);
	atomic_store(&page->rest, rest);
	atomic_store(&page->next, n);
}

bool
torture_has_hit(void)
{
	return atomic_load(&page->hits) > 0;
}

bool
torture_disarm(void)
{
	atomic_store(&page->next, 0);
	atomic_store(&page->rest, false);
	return torture_has_hit();
}

const char *
torture_where(void)
{
	const char *out = print("allocation %lu fails%s, at", armed,
	    armed_rest ? " with all behind it" : "");
	size_t i;

	if (!torture_has_hit())
		return print("no allocation fails (%lu was to)", armed);
	for (i = 0; i < FAULT_FRAMES && page->where[i] != 0; i++)
		out = print("%s %#lx", out, (unsigned long)page->where[i]);
	return out;
}

static void
each(const char *name, unsigned stride, bool rest, torture_step_fn *step,
    void *arg)
{
	unsigned long n = 1;

	while (step(arg, n, rest)) {
		n += stride;
		NEED(n < N_MAX, "%s: no end of allocations", name);
	}
	NEED(n > 1, "%s: no allocations", name);
	printf("%s: %lu allocations%s\n", name, n - 1,
	    rest ? ", and all behind" : stride > 1 ? " or less" : "");
	fflush(stdout);
}

void
torture_each(const char *name, unsigned stride, torture_step_fn *step,
    void *arg)
{
	each(name, torture_is_long() ? 1 : stride, false, step, arg);
	if (torture_is_long())
		each(name, 1, true, step, arg);
}

bool
is_clean_refusal(const struct answer *a)
{
	return (a->code == GRPC_STATUS_INTERNAL ||
		   a->code == GRPC_STATUS_UNAVAILABLE ||
		   a->code == GRPC_STATUS_RESOURCE_EXHAUSTED) &&
	       a->text[0] != '\0';
}

/* Exit 1, with one error that says why. */
static void
has_refused_to_run(struct process *p)
{
	int status = -1;

	NEED(process_exited(p, &status, patience(10000)),
	    "neither start nor end: %s", process_state(p));
	NEED(WIFEXITED(status) && WEXITSTATUS(status) == 1,
	    "exit status %#x: %s", (unsigned)status, process_stderr(p));
	NEED(torture_has_hit(), "no start: %s", process_stderr(p));
	NEED(process_count(p, "error", "") == 1, "not one error: %s",
	    process_stderr(p));
	NEED(is_empty_dir(process_tmpdir(p)), "something left in TMPDIR");
	process_check(p);
}

struct host *
torture_start(bool is_server)
{
	const struct process_options o = plugin_options(&plugins[!is_server]);
	struct process *p = process_start(&o);
	struct host *h;

	if (process_first_line(p, patience(10000)) == NULL) {
		has_refused_to_run(p);
		process_free(p);
		return NULL;
	}
	h = need_alloc(sizeof(*h));
	snprintf(h->dir, sizeof(h->dir), "/tmp/spire-XXXXXX");
	NEED(mkdtemp(h->dir) != NULL, "%s: %m", h->dir);
	h->process = p;
	snprintf(h->address, sizeof(h->address), "%s",
	    process_handshake(p, patience(10000)));
	h->client = client_new();
	host_connect(h);
	return h;
}

void
torture_is_alive(struct host *h)
{
	int status = 0;

	NEED(!process_exited(h->process, &status, 0),
	    "%s: the plugin has ended, %#x: %s", torture_where(),
	    (unsigned)status, process_stderr(h->process));
}

/* Wrong, or without memory: Configure's code is one. */
static bool
is_refused_configuration(const struct answer *a)
{
	return is_clean_refusal(a) ||
	       (a->code == GRPC_STATUS_INVALID_ARGUMENT &&
		   strstr(a->text, "memory") != NULL);
}

/* False: it was refused, and from now on there is memory. */
static bool
is_done(struct host *h, const char *what, const struct answer *a)
{
	torture_is_alive(h);
	if (a->code == GRPC_STATUS_OK)
		return true;
	NEED(is_refused_configuration(a), "%s: %d %s", what, (int)a->code,
	    a->text);
	NEED(torture_disarm(), "%s: %s", what, a->text);
	return false;
}

bool
torture_load(struct host *h, bool is_server, const char *config)
{
	struct answer a = host_try_init(h, is_server);

	if (a.code == GRPC_STATUS_UNAVAILABLE ||
	    a.code == GRPC_STATUS_CANCELLED) {
		has_refused_to_run(h->process);
		host_free(h);
		return false;
	}
	if (!is_done(h, "Init", &a))
		host_init(h, is_server);
	a = host_configure(h, "example.org", config);
	if (!is_done(h, "Configure", &a))
		must_configure(h, config);
	return true;
}

bool
torture_configure(
    struct host *h, const char *config, unsigned long n, bool rest)
{
	struct answer a;

	torture_arm(n, rest);
	a = host_configure(h, "example.org", config);
	(void)is_done(h, "Configure", &a);
	return torture_disarm();
}

struct validation {
	struct host *host;
	const char *config;
	bool good;
};

static bool
validate_step(void *arg, unsigned long n, bool rest)
{
	static struct validated v;
	const struct validation *of = arg;
	bool hit;

	torture_arm(n, rest);
	host_validate(of->host, "example.org", of->config, &v);
	hit = torture_disarm();
	if (v.answer.code != GRPC_STATUS_OK)
		NEED(hit && is_clean_refusal(&v.answer), "Validate: %d %s",
		    (int)v.answer.code, v.answer.text);
	else
		NEED(v.valid == of->good ||
			(hit && strstr(v.notes, "memory") != NULL),
		    "Validate: %d %s", (int)v.valid, v.notes);
	host_is_alive(of->host);
	return hit;
}

void
torture_validate(struct host *h, const char *good, const char *bad)
{
	struct validation of = { h, strdup(good), true };
	struct validation other = { h, strdup(bad), false };

	torture_each("Validate", 9, validate_step, &of);
	torture_each("Validate what is wrong", 9, validate_step, &other);
	free((char *)(uintptr_t)of.config);
	free((char *)(uintptr_t)other.config);
}

void
torture_unload(struct host *h)
{
	const struct answer a = host_deinit(h);

	(void)is_done(h, "Deinit", &a);
	host_shut_down(h);
	host_free(h);
}
