/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/error.h"

#include <stddef.h>
#include <string.h>

#include "json/json.h"

static const char *const throttling[] = { "Throttling", "ThrottlingException",
	"ThrottledException", "RequestThrottled", "RequestThrottledException",
	"TooManyRequestsException", "ProvisionedThroughputExceededException",
	"RequestLimitExceeded", "BandwidthLimitExceeded",
	"LimitExceededException", "SlowDown", "EC2ThrottledException",
	"PriorRequestNotComplete", "TransactionInProgressException" };

static const char *const passing[] = { "RequestTimeout",
	"RequestTimeoutException", "IDPCommunicationError",
	"ServiceUnavailable", "InternalFailure", "ServerException" };

/* The word of "namespace#Word:http://..." */
static bool
take(char code[AWS_CODE_SIZE], struct str text)
{
	struct str rest, word = str_cut(&rest, text, ':');

	if (memchr(word.p == NULL ? "" : word.p, '#', word.n) != NULL)
		(void)str_cut(&word, word, '#');
	word = str_trim(word);
	if (word.n == 0 || word.n >= AWS_CODE_SIZE ||
	    !str_is_alnum_or(word, "."))
		return false;
	memcpy(code, word.p, word.n);
	code[word.n] = '\0';
	return true;
}

static bool
take_json_string(char code[AWS_CODE_SIZE], struct json v)
{
	/* a word has no escapes: the quotes are all there is around it */
	return v.type == JSON_STRING && v.raw.n >= 2 &&
	       take(code, str_sub(v.raw, 1, v.raw.n - 2));
}

static bool
find_in_json(char code[AWS_CODE_SIZE], struct str body)
{
	struct json root, type = { .type = 0 }, error = { .type = 0 },
			  word = { .type = 0 };
	const struct json_want in_root[] = {
		{ "__type", JSON_STRING, false, &type },
		{ "Error", JSON_OBJECT, false, &error },
	};
	const struct json_want in_error[] = { { "Code", JSON_STRING, false,
	    &word } };

	if (json_open(&root, body, NULL) != ERR_OK ||
	    root.type != JSON_OBJECT ||
	    json_members(root, in_root, 2, 0, NULL) != ERR_OK)
		return false;
	if (take_json_string(code, type))
		return true;
	return error.type != 0 &&
	       json_members(error, in_error, 1, 0, NULL) == ERR_OK &&
	       take_json_string(code, word);
}

static bool
find_in_xml(char code[AWS_CODE_SIZE], struct str body)
{
	static const struct str mark = { "<Code>", 6 };
	struct str rest;
	size_t i;

	for (i = 0; i + mark.n < body.n; i++)
		if (str_starts(str_sub(body, i, body.n), mark.p))
			return take(code,
			    str_cut(&rest,
				str_sub(body, i + mark.n, AWS_CODE_SIZE), '<'));
	return false;
}

void
aws_error_code(char code[AWS_CODE_SIZE], struct str error_type, struct str body)
{
	struct str text = str_trim(body);

	code[0] = '\0';
	if (error_type.n > 0 && take(code, error_type))
		return;
	if (str_starts(text, "{"))
		(void)find_in_json(code, text);
	else if (str_starts(text, "<"))
		(void)find_in_xml(code, text);
}

static bool
is_among(struct str code, const char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_is(code, words[i]))
			return true;
	return false;
}

enum aws_verdict
aws_error_verdict(long status, struct str code)
{
	if (status == 200)
		return AWS_OK;
	if (status == 429 || is_among(code, throttling,
				 sizeof(throttling) / sizeof(throttling[0])))
		return AWS_THROTTLED;
	if (status >= 500 || status == 408 ||
	    is_among(code, passing, sizeof(passing) / sizeof(passing[0])))
		return AWS_UNAVAILABLE;
	/* some proxy's page, or a redirect, says nothing of AWS */
	if (status < 400 || code.n == 0)
		return AWS_UNUSABLE;
	return AWS_DENIED;
}
