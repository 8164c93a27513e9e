/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sts.h - GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity
 *
 * Parameters come in the body of a POST alone.  Answers are XML, or JSON when
 * Accept asks for application/json.  Parameters that the mock does not know
 * are not read.
 */
#ifndef MOCK_STS_H
#define MOCK_STS_H

#include "mock/route.h"

/* m has sessions. */
void sts_answer(
    struct answer *a, const struct mock *m, const struct request *q);

#endif
