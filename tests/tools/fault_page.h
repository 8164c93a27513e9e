/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_page.h - which allocation of another process fails
 *
 * A page that a test and a plugin linked with fault_plugin.c both see.  The
 * descriptor's number is in the plugin's environment, as FAULT_PAGE; without
 * it nothing fails.  A test may write the page before the plugin starts, and
 * as often as it likes while it runs.
 */
#ifndef TOOLS_FAULT_PAGE_H
#define TOOLS_FAULT_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

#define FAULT_PAGE "FAULT_PAGE"

enum { FAULT_FRAMES = 12 };

struct fault_page {
	atomic_ulong next; /* the n-th from now on fails; 0: none */
	atomic_bool rest;  /* and all behind it */
	atomic_ulong hits; /* how many have failed */
	uintptr_t where[FAULT_FRAMES]; /* the first of them, for addr2line */
};

#endif
