/* SPDX-License-Identifier: Apache-2.0 */
/*
 * torture.h - a plugin process whose own allocations fail one by one
 *
 * The plugin is a tests/tools/torture-*-plugin.  The quick form takes some of
 * the allocations; with FAULT_LONG in the environment it takes each of them,
 * alone and with all behind it.
 */
#ifndef CONFORMANCE_TORTURE_H
#define CONFORMANCE_TORTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "conformance/proof.h"
#include "tools/fault_page.h"

/* Before any plugin is started; variable is "server_plugin" or the agent's. */
void torture_init(const char *variable, const char *program);
bool torture_is_long(void);

/* The n-th allocation from now on fails. */
void torture_arm(unsigned long n, bool rest);
/* From now on none does; whether one has. */
bool torture_disarm(void);
bool torture_has_hit(void);
/* The n-th, where the last one failed, for a sentence. */
const char *torture_where(void);

/*
 * Run step(arg, n, rest) for n = 1, 2, ... until it says that nothing failed:
 * in the quick form for each stride-th only.  Prints how many there were.
 */
typedef bool torture_step_fn(void *arg, unsigned long n, bool rest);
void torture_each(const char *name, unsigned stride, torture_step_fn *step,
    void *arg);

/* A refusal that says something, and may be tried again. */
bool is_clean_refusal(const struct answer *a);

/*
 * Start the plugin under test.  NULL: it has ended as it should when it has no
 * memory, which is allowed only if an allocation has failed.
 */
struct host *torture_start(bool is_server);

/* Not dead. */
void torture_is_alive(struct host *h);

/*
 * Init and Configure; what memory denies the first time must come then.
 * False: the plugin has ended, as above, and so has h.
 */
bool torture_load(struct host *h, bool is_server, const char *config);

/* Configure, which may be refused; whether an allocation has failed. */
bool torture_configure(
    struct host *h, const char *config, unsigned long n, bool rest);

/* Validate: what is wrong is never called right, nor the other way round. */
void torture_validate(struct host *h, const char *good, const char *bad);

/* Deinit, which may be refused, and as host_unload(). */
void torture_unload(struct host *h);

#endif
