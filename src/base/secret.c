/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/secret.h"

#include <string.h>

void
secret_wipe(void *p, size_t n)
{
	/* libc takes no NULL, not even for nothing */
	if (n == 0)
		return;
#ifdef HAVE_EXPLICIT_BZERO
	if (n > 0) /* p may be NULL */
		explicit_bzero(p, n);
#else
	volatile unsigned char *q = p;

	while (n-- > 0)
		*q++ = 0;
#endif
}
