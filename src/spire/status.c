/* SPDX-License-Identifier: Apache-2.0 */
#include "spire/status.h"

enum gp_status
status_of(int code)
{
	/* no default: the compiler finds a code that was forgotten */
	switch ((enum err_code)code) {
	case ERR_OK:
		return GP_OK;
	case ERR_FORMAT:
	case ERR_TOOBIG:
	case ERR_CONFIG:
		return GP_INVALID_ARGUMENT;
	case ERR_NOT_NOW:
		return GP_FAILED_PRECONDITION;
	case ERR_POLICY:
		return GP_PERMISSION_DENIED;
	case ERR_UNAVAILABLE:
		return GP_UNAVAILABLE;
	case ERR_BUSY:
		return GP_RESOURCE_EXHAUSTED;
	case ERR_TIMEOUT:
		return GP_DEADLINE_EXCEEDED;
	case ERR_CANCELLED:
		return GP_CANCELLED;
	case ERR_MISSING:
		return GP_NOT_FOUND;
	case ERR_UNIMPLEMENTED:
		return GP_UNIMPLEMENTED;
	case ERR_MEMORY:
	case ERR_UPSTREAM:
	case ERR_SYSTEM:
	case ERR_INTERNAL:
		return GP_INTERNAL;
	}
	return GP_INTERNAL;
}
