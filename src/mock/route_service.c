/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route_service.c - POST /: which of AWS's services is meant
 *
 * ECS has its target in a header, STS its action in a form.  Whatever else
 * comes is answered by the service that it was signed for.
 */
#include "mock/ecs.h"
#include "mock/route.h"
#include "mock/sts.h"

#define FORM "application/x-www-form-urlencoded"

static bool
is_for_ecs(const struct request *q)
{
	struct str type = request_header(q, "Content-Type"), rest;
	struct sigv4_authorization auth;

	if (request_header(q, "X-Amz-Target").n > 0)
		return true;
	if (str_eq_nocase(str_trim(str_cut(&rest, type, ';')), STR(FORM)))
		return false;
	return sigv4_authorization_parse(
		   &auth, request_header(q, "Authorization"), NULL) == ERR_OK &&
	       str_is(auth.service, "ecs");
}

void
service_answer(struct answer *a, const struct mock *m, const struct request *q,
    struct str rest)
{
	if (rest.n > 0)
		answer_fail(a, 404, "there is no \"%s\" here", CLEAN(q->path));
	else if (m->sessions == NULL)
		answer_fail(a, 500, "the mock has no sessions");
	else if (is_for_ecs(q))
		ecs_answer(a, m, q);
	else
		sts_answer(a, m, q);
}
