/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - for programs that mostly wait: hold little while they do
 */
#ifndef PROGRAMS_MEMORY_H
#define PROGRAMS_MEMORY_H

/* At the start, before there is another thread. */
void memory_spare(void);

/*
 * Let go of what was needed once: freed memory, and the pages of programs and
 * libraries that only the start has read.  The kernel maps those in again, from
 * its cache of the files, if they are read once more; resident memory counts
 * only what is mapped.  Any thread.  A debugger's breakpoints are forgotten.
 */
void memory_let_go(void);

#endif
