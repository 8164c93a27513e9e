/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "goplugin/grpclog.h"

#include <string.h>

#include <grpc/support/log.h>

#include "base/log.h"

#ifdef HAVE_GPR_SET_LOG_FUNCTION
/* Any thread of gRPC's. */
static void
on_line(gpr_log_func_args *line)
{
	const char *slash = strrchr(line->file, '/');
	const struct log_field fields[] = {
		F_TEXT("text", line->message),
		F_TEXT("file", slash == NULL ? line->file : slash + 1),
		F_INT("line", line->line),
	};

	/* what it calls an error is mostly a peer that went away */
	log_write(
	    line->severity == GPR_LOG_SEVERITY_ERROR ? LOG_WARN : LOG_DEBUG,
	    "gRPC", fields, sizeof(fields) / sizeof(fields[0]));
}

void
grpclog_install(void)
{
	gpr_set_log_function(on_line);
}
#else
void
grpclog_install(void)
{
}
#endif
