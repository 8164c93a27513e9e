/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - answers that say what is wrong, as STS and ECS have them
 *
 * Each replaces what the answer held, gives it a request ID and sets its code.
 * Foreign bytes in the arguments must have passed str_clean().
 */
#ifndef MOCK_ERROR_H
#define MOCK_ERROR_H

#include <stdbool.h>

#include "mock/route.h"
#include "mock/sessions.h"

enum { ERROR_TEXT_MAX = 1024 };

/* AWS's services name every answer. */
void error_request_id(struct answer *a, const struct mock *m,
    const struct request *q, char out[REQUEST_ID_SIZE]);

/* XML, or JSON when asked. */
void sts_error(struct answer *a, const struct mock *m, const struct request *q,
    int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* With __type and X-Amzn-ErrorType. */
void ecs_error(struct answer *a, const struct mock *m, const struct request *q,
    int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* Does the request want JSON of STS? */
bool error_wants_json(const struct request *q);

#endif
