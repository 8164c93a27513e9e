/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - AWS's error model: which word an answer has, and what it means
 *
 * The word is in the header x-amzn-ErrorType, in "__type" of a JSON body (ECS),
 * in "Error" of one (STS), or in <Code> of XML.  It is the only part of a body
 * with an error that is looked at.  Pure.  Source: botocore's
 * retries/standard.py for the words.
 */
#ifndef AWS_ERROR_H
#define AWS_ERROR_H

#include <stdbool.h>

#include "base/str.h"

enum { AWS_CODE_SIZE = 65 };

/*
 * Find it: letters, digits and dots; empty if there is none.  error_type is
 * the header's value.
 */
void aws_error_code(
    char code[AWS_CODE_SIZE], struct str error_type, struct str body);

enum aws_verdict {
	AWS_OK,
	AWS_DENIED,      /* it will say the same again */
	AWS_THROTTLED,   /* later */
	AWS_UNAVAILABLE, /* again */
	AWS_UNUSABLE,    /* that is no answer of AWS's */
};
enum aws_verdict aws_error_verdict(long status, struct str code);

#endif
