/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_endpoint.c - the MUSTs of SPIFFE_Workload_Endpoint, section 4
 */
#include "workload/endpoint.h"

#include "testing.h"

static const struct {
	const char *uri, *target;
} accepted[] = {
	{ "unix:///run/agent.sock", "unix:/run/agent.sock" },
	{ "unix:/run/agent.sock", "unix:/run/agent.sock" },
	{ "tcp://127.0.0.1:8000", "ipv4:127.0.0.1:8000" },
	{ "tcp://[::1]:8000", "ipv6:[::1]:8000" },
	{ "tcp://169.254.1.1:65535", "ipv4:169.254.1.1:65535" },
};

START_TEST(reads)
{
	char target[ENDPOINT_SIZE];
	struct err err = { 0 };

	ck_assert_msg(
	    endpoint_target(target, accepted[_i].uri, &err) == ERR_OK, "%s",
	    err.msg);
	ck_assert_str_eq(target, accepted[_i].target);
}
END_TEST

static const struct {
	const char *rule, *uri, *says;
} refused[] = {
	{ "the scheme must be there", "/run/agent.sock", "scheme" },
	{ "the scheme must be unix or tcp", "http://127.0.0.1:80", "scheme" },
	{ "npipe is for elsewhere", "npipe:agent", "scheme" },
	{ "gRPC's own names are no URIs of ours", "dns:agent:80", "scheme" },
	{ "unix: no authority", "unix://run/agent.sock", "absolute path" },
	{ "unix: the path must be absolute", "unix:agent.sock", "absolute" },
	{ "unix: the path must be there", "unix://", "absolute" },
	{ "unix: a path of nothing", "unix:///", "empty" },
	{ "unix: no query", "unix:///run/a?b", "query" },
	{ "unix: no fragment", "unix:///run/a#b", "fragment" },
	{ "unix: no encoding", "unix:///run/a%20b", "percent" },
	{ "unix: a path too long for a socket",
	    "unix:///aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "108 bytes" },
	{ "tcp: the host must be an IP address", "tcp://localhost:8000",
	    "IP address" },
	{ "tcp: the host must be there", "tcp://:8000", "IP address" },
	{ "tcp: the port must be there", "tcp://127.0.0.1", "port" },
	{ "tcp: the port must be a number", "tcp://127.0.0.1:http", "port" },
	{ "tcp: the port must not be 0", "tcp://127.0.0.1:0", "port" },
	{ "tcp: the port must be one", "tcp://127.0.0.1:65536", "port" },
	{ "tcp: no path", "tcp://127.0.0.1:8000/foo", "port" },
	{ "tcp: no path, not even a slash", "tcp://127.0.0.1:8000/", "port" },
	{ "tcp: no query", "tcp://127.0.0.1:8000?a", "port" },
	{ "tcp: no user", "tcp://me@127.0.0.1:8000", "IP address" },
	{ "tcp: IPv6 needs brackets", "tcp://::1:8000", "IP address" },
	{ "tcp: brackets are for IPv6", "tcp://[127.0.0.1]:8000",
	    "IP address" },
};

START_TEST(refuses)
{
	char target[ENDPOINT_SIZE] = "untouched";
	struct err err = { 0 };

	ck_assert_msg(
	    endpoint_target(target, refused[_i].uri, &err) == ERR_CONFIG, "%s",
	    refused[_i].rule);
	ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].rule, err.msg);
	ck_assert_str_eq(target, "untouched");
}
END_TEST

/* "If not explicitly configured, clients MUST fall back to the variable." */
START_TEST(falls_back_to_the_environment)
{
	char target[ENDPOINT_SIZE];
	struct err err = { 0 };

	ck_assert_int_eq(unsetenv("SPIFFE_ENDPOINT_SOCKET"), 0);
	ck_assert_int_eq(endpoint_target(target, NULL, &err), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "SPIFFE_ENDPOINT_SOCKET"));
	ck_assert_int_eq(
	    setenv("SPIFFE_ENDPOINT_SOCKET", "unix:///run/env.sock", 1), 0);
	ck_assert_int_eq(endpoint_target(target, NULL, NULL), ERR_OK);
	ck_assert_str_eq(target, "unix:/run/env.sock");
	ck_assert_int_eq(
	    endpoint_target(target, "unix:///run/own.sock", NULL), ERR_OK);
	ck_assert_str_eq(target, "unix:/run/own.sock");
	ck_assert_int_eq(setenv("SPIFFE_ENDPOINT_SOCKET", "nonsense", 1), 0);
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(endpoint_target(target, NULL, &err), ERR_CONFIG);
	ck_assert_ptr_nonnull(
	    strstr(err.msg, "SPIFFE_ENDPOINT_SOCKET \"nonsense\""));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("endpoint");
	TCase *tc = tcase_create("endpoint");

	ck_table(tc, reads, accepted);
	ck_table(tc, refuses, refused);
	tcase_add_test(tc, falls_back_to_the_environment);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
