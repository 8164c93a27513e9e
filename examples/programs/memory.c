/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "programs/memory.h"

#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Relocations of text have been written to where the file says nothing. */
static bool
has_own_text(const struct dl_phdr_info *object)
{
	const ElfW(Dyn) *d = NULL;
	size_t i;

	for (i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			d = (const ElfW(Dyn) *)(object->dlpi_addr +
						object->dlpi_phdr[i].p_vaddr);
	for (; d != NULL && d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_TEXTREL ||
		    (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_TEXTREL) != 0))
			return true;
	return false;
}

/* What is never written to is as the file has it. */
static int
let_go_of(struct dl_phdr_info *object, size_t size, void *arg)
{
	const uintptr_t page = *(const uintptr_t *)arg;
	size_t i;

	(void)size;
	if (has_own_text(object))
		return 0;
	for (i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		uintptr_t from = object->dlpi_addr + p->p_vaddr;
		uintptr_t to = from + p->p_memsz;

		from -= from % page;
		if (p->p_type == PT_LOAD && (p->p_flags & PF_W) == 0)
			(void)madvise(
			    (void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void
memory_let_go(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)malloc_trim(0);
	(void)dl_iterate_phdr(let_go_of, &page);
}

/*
 * glibc gives each thread an arena of its own, and keeps what was freed: more
 * memory than these programs need, for speed that they do not need.
 */
void
memory_spare(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_TRIM_THRESHOLD, 64 * 1024);
	(void)mallopt(M_MMAP_THRESHOLD, 64 * 1024);
	memory_let_go();
}
