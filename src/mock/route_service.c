/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route_service.c - POST /: which of AWS's services is meant
 */
#include "mock/ecs.h"
#include "mock/operation.h"
#include "mock/route.h"
#include "mock/sts.h"

void
service_answer(struct answer *a, const struct mock *m, const struct request *q,
    struct str rest)
{
	(void)rest;
	if (m->sessions == NULL)
		answer_fail(a, 500, "the mock has no sessions");
	else if (operation_is_ecs(operation_of(q)))
		ecs_answer(a, m, q);
	else
		sts_answer(a, m, q);
}
