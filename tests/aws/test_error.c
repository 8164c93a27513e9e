/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/error.h"

#include "testing.h"

#define WORD_64 "ABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCD"
#define XML_ERROR(code)                                                       \
	"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" \
	"\n  <Error>\n    <Type>Sender</Type>\n    <Code>" code               \
	"</Code>\n    <Message>no</Message>\n  </Error>\n"                    \
	"  <RequestId>01234567</RequestId>\n</ErrorResponse>\n"

static const struct {
	const char *header, *body, *code;
} answers[] = {
	/* ECS */
	{ "", "{\"__type\":\"ThrottlingException\",\"message\":\"Rate\"}",
	    "ThrottlingException" },
	{ "", "{\"message\":\"x\",\"__type\":\"com.amazon.ecs#ClientException\"}",
	    "ClientException" },
	{ "", "{\"__type\":\"ServerException:http://internal/\"}",
	    "ServerException" },
	{ "", "{\"__type\":\"a.b#ServerException:http://internal/#x\"}",
	    "ServerException" },
	{ "", " \n{\"Message\":\"x\",\"__type\":\"AccessDeniedException\"}\n",
	    "AccessDeniedException" },
	{ "ClusterNotFoundException", "", "ClusterNotFoundException" },
	{ "ClusterNotFoundException:http://internal.amazon.com/coral/", "",
	    "ClusterNotFoundException" },
	{ "com.amazonaws.ecs#ExpiredTokenException:http://x/#y", "",
	    "ExpiredTokenException" },
	{ " ClientException ", "{\"__type\":\"ServerException\"}",
	    "ClientException" },
	{ "what is this?", "{\"__type\":\"ServerException\"}",
	    "ServerException" },
	/* STS */
	{ "",
	    "{\"Error\":{\"Code\":\"Throttling\",\"Message\":\"Rate exceeded\","
	    "\"Type\":\"Sender\"},\"RequestId\":\"0123\"}",
	    "Throttling" },
	{ "", XML_ERROR("SignatureDoesNotMatch"), "SignatureDoesNotMatch" },
	{ "", XML_ERROR(" ExpiredToken\n"), "ExpiredToken" },
	{ "",
	    "<Response><Errors><Error><Code>InvalidClientTokenId</Code></Error>"
	    "</Errors></Response>",
	    "InvalidClientTokenId" },
	{ "", XML_ERROR("Request.Timeout"), "Request.Timeout" },
	{ "", "{\"__type\":\"" WORD_64 "\"}", WORD_64 },
	{ "", "<Code>" WORD_64 "</Code>", WORD_64 },
};

START_TEST(finds_the_word)
{
	char code[AWS_CODE_SIZE];

	aws_error_code(
	    code, str_of(answers[_i].header), str_of(answers[_i].body));
	ck_str(str_of(code), answers[_i].code);
}
END_TEST

static const struct {
	const char *header, *body;
} wordless[] = {
	{ "", "" },
	{ "", "{}" },
	{ "", "null" },
	{ "", "[\"__type\",\"X\"]" },
	{ "", "{\"__type\":7}" },
	{ "", "{\"__type\":\"\"}" },
	{ "", "{\"__type\":\"a#\"}" },
	{ "", "{\"__type\":\":ServerException\"}" },
	{ "", "{\"__type\":\"Two Words\"}" },
	{ "", "{\"__type\":\"X\\r\\nY\"}" },
	{ "", "{\"__type\":\"" WORD_64 "A\"}" },
	{ "", "{\"__type\":\"A\",\"__type\":\"B\"}" },
	{ "", "{\"__Type\":\"A\"}" },
	{ "", "{\"__type\":\"ServerException\"} trailing" },
	{ "", "{\"__type\":\"ServerException\"" },
	{ "", "{\"Error\":\"Throttling\"}" },
	{ "", "{\"Error\":{\"Message\":\"Throttling\"}}" },
	{ "", "{\"Error\":{\"Code\":[\"Throttling\"]}}" },
	{ "", "{\"Code\":\"Throttling\"}" },
	{ "", "\"CredentialsUninitialized\"" },
	{ "", "<html><body>Bad Gateway</body></html>" },
	{ "", "<Code>" },
	{ "", "<Code></Code>" },
	{ "", "<Code>a b</Code>" },
	{ "", "<Code><b>X</b></Code>" },
	{ "", "<Code>" WORD_64 "A</Code>" },
	{ "", "Throttling" },
	{ "", "Code: <Code>Throttling</Code>" },
	{ "two words", "" },
	{ "#", "" },
	{ ":http://x/", "" },
	{ "<script>", "" },
	{ WORD_64 "A", "" },
};

START_TEST(finds_no_word)
{
	char code[AWS_CODE_SIZE] = "stale";

	aws_error_code(
	    code, str_of(wordless[_i].header), str_of(wordless[_i].body));
	ck_str(str_of(code), "");
}
END_TEST

START_TEST(takes_no_body_at_all)
{
	char code[AWS_CODE_SIZE] = "stale";
	struct str none = { NULL, 0 };

	aws_error_code(code, none, none);
	ck_str(str_of(code), "");
}
END_TEST

static const struct {
	long status;
	const char *code;
	enum aws_verdict verdict;
} verdicts[] = {
	{ 200, "", AWS_OK },
	/* throttling comes as 400: the status alone does not tell */
	{ 400, "Throttling", AWS_THROTTLED },
	{ 400, "ThrottlingException", AWS_THROTTLED },
	{ 400, "ThrottledException", AWS_THROTTLED },
	{ 400, "RequestThrottled", AWS_THROTTLED },
	{ 400, "RequestThrottledException", AWS_THROTTLED },
	{ 400, "TooManyRequestsException", AWS_THROTTLED },
	{ 400, "ProvisionedThroughputExceededException", AWS_THROTTLED },
	{ 400, "RequestLimitExceeded", AWS_THROTTLED },
	{ 400, "BandwidthLimitExceeded", AWS_THROTTLED },
	{ 400, "LimitExceededException", AWS_THROTTLED },
	{ 400, "EC2ThrottledException", AWS_THROTTLED },
	{ 400, "PriorRequestNotComplete", AWS_THROTTLED },
	{ 400, "TransactionInProgressException", AWS_THROTTLED },
	{ 503, "SlowDown", AWS_THROTTLED },
	{ 500, "ThrottlingException", AWS_THROTTLED },
	{ 429, "", AWS_THROTTLED },
	{ 429, "AccessDenied", AWS_THROTTLED },
	{ 500, "", AWS_UNAVAILABLE },
	{ 502, "", AWS_UNAVAILABLE },
	{ 503, "ServiceUnavailable", AWS_UNAVAILABLE },
	{ 504, "", AWS_UNAVAILABLE },
	{ 500, "ServerException", AWS_UNAVAILABLE },
	{ 400, "ServerException", AWS_UNAVAILABLE },
	{ 408, "", AWS_UNAVAILABLE },
	{ 400, "RequestTimeout", AWS_UNAVAILABLE },
	{ 400, "RequestTimeoutException", AWS_UNAVAILABLE },
	{ 400, "IDPCommunicationError", AWS_UNAVAILABLE },
	{ 403, "SignatureDoesNotMatch", AWS_DENIED },
	{ 403, "InvalidClientTokenId", AWS_DENIED },
	{ 403, "ExpiredToken", AWS_DENIED },
	{ 400, "ExpiredTokenException", AWS_DENIED },
	{ 400, "ClusterNotFoundException", AWS_DENIED },
	{ 400, "AccessDeniedException", AWS_DENIED },
	{ 400, "throttling", AWS_DENIED },
	/* AWS always says a word; a page between us and it does not */
	{ 403, "", AWS_UNUSABLE },
	{ 404, "", AWS_UNUSABLE },
	{ 201, "", AWS_UNUSABLE },
	{ 204, "", AWS_UNUSABLE },
	{ 302, "", AWS_UNUSABLE },
	{ 307, "AccessDenied", AWS_UNUSABLE },
	{ 0, "", AWS_UNUSABLE },
};

START_TEST(judges)
{
	ck_assert_int_eq(aws_error_verdict(verdicts[_i].status,
			     str_of(verdicts[_i].code)),
	    verdicts[_i].verdict);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("error");
	TCase *tc = tcase_create("error");

	suite_add_tcase(s, tc);
	ck_table(tc, finds_the_word, answers);
	ck_table(tc, finds_no_word, wordless);
	tcase_add_test(tc, takes_no_body_at_all);
	ck_table(tc, judges, verdicts);
	return run_suite(s);
}
