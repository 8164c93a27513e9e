/* SPDX-License-Identifier: Apache-2.0 */
#include "task/role.h"

#include <stdio.h>

#include "testing.h"

#define ACCOUNT "123456789012"
#define A31     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A64     A31 A31 "aa"
#define A512    A64 A64 A64 A64 A64 A64 A64 A64

static const struct {
	const char *arn, *partition, *role, *session;
} sessions[] = {
	{ "arn:aws:sts::" ACCOUNT
	  ":assumed-role/agent/0123456789abcdef0123456789abcdef",
	    "aws", "agent", "0123456789abcdef0123456789abcdef" },
	{ "arn:aws-us-gov:sts::" ACCOUNT ":assumed-role/R_+=,.@-9/j@e.org",
	    "aws-us-gov", "R_+=,.@-9", "j@e.org" },
	{ "arn:aws:sts::" ACCOUNT ":assumed-role/a/bc", "aws", "a", "bc" },
	{ "arn:aws:sts::" ACCOUNT ":assumed-role/" A64 "/" A64, "aws", A64,
	    A64 },
};

START_TEST(takes_a_session_apart)
{
	struct role_session s = { .role = STR("untouched") };
	struct err err = { 0 };
	int r;

	r = role_session_parse(&s, str_of(sessions[_i].arn), &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(s.partition, sessions[_i].partition);
	ck_str(s.account, ACCOUNT);
	ck_str(s.role, sessions[_i].role);
	ck_str(s.session, sessions[_i].session);
}
END_TEST

#define SESSION(role, session) \
	"arn:aws:sts::" ACCOUNT ":assumed-role/" role "/" session

static const char *const no_sessions[] = {
	"",
	"agent",
	"arn:aws:sts::" ACCOUNT,
	"arn:aws:sts::" ACCOUNT ":",
	"arn:aws:sts::" ACCOUNT ":assumed-role",
	"arn:aws:sts::" ACCOUNT ":assumed-role/agent",
	"arn:aws:sts::" ACCOUNT ":assumed-role/agent/",
	"arn:aws:sts::" ACCOUNT ":Assumed-role/agent/ab",
	"arn:aws:sts::" ACCOUNT ":role/agent/ab",
	"arn:aws:sts::" ACCOUNT ":federated-user/agent/ab",
	"arn:aws:sts::" ACCOUNT ":federated-user/agent",
	"arn:aws:iam::" ACCOUNT ":assumed-role/agent/ab",
	"arn:aws:iam::" ACCOUNT ":user/agent",
	"arn:aws:iam::" ACCOUNT ":root",
	"arn:aws:sts:us-east-1:" ACCOUNT ":assumed-role/agent/ab",
	"arn:aws:sts::12345678901:assumed-role/agent/ab",
	"arn:aws:sts::1234567890123:assumed-role/agent/ab",
	"arn:aws:sts:::assumed-role/agent/ab",
	"arn:aws:sts::12345678901x:assumed-role/agent/ab",
	"arn::sts::" ACCOUNT ":assumed-role/agent/ab",
	"arn:Aws:sts::" ACCOUNT ":assumed-role/agent/ab",
	"arn:gcp:sts::" ACCOUNT ":assumed-role/agent/ab",
	"ARN:aws:sts::" ACCOUNT ":assumed-role/agent/ab",
	" arn:aws:sts::" ACCOUNT ":assumed-role/agent/ab",
	SESSION("", "ab"),
	SESSION("path/agent", "ab"),
	SESSION(A64 "a", "ab"),
	SESSION("a b", "ab"),
	SESSION("a:b", "ab"),
	SESSION("ag\xc3\xa9nt", "ab"),
	SESSION("agent", "a"),
	SESSION("agent", A64 "a"),
	SESSION("agent", "ab\n"),
	SESSION("agent", "ab/"),
	SESSION("agent", "a:b"),
	SESSION("agent", "a b"),
};

START_TEST(refuses_what_is_no_session)
{
	struct role_session s = { .role = STR("untouched") };
	struct err err = { 0 };

	ck_assert_int_eq(
	    role_session_parse(&s, str_of(no_sessions[_i]), &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "is not arn:PARTITION:sts::"));
	ck_assert(str_is_printable(str_of(err.msg)));
	ck_str(s.role, "untouched");
}
END_TEST

static const struct {
	const char *text, *partition, *account, *name;
} refs[] = {
	{ "agent", "", "", "agent" },
	{ "_+=,.@-", "", "", "_+=,.@-" },
	{ A64, "", "", A64 },
	{ "arn:aws:iam::" ACCOUNT ":role/agent", "aws", ACCOUNT, "agent" },
	{ "arn:aws-cn:iam::" ACCOUNT ":role/teams/pay!/agent", "aws-cn",
	    ACCOUNT, "agent" },
	{ "arn:aws:iam::" ACCOUNT ":role/a:b/agent", "aws", ACCOUNT, "agent" },
};

START_TEST(takes_a_role_apart)
{
	struct role_ref ref = { .name = STR("untouched") };
	struct err err = { 0 };
	int r;

	r = role_ref_parse(&ref, str_of(refs[_i].text), &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(ref.partition, refs[_i].partition);
	ck_str(ref.account, refs[_i].account);
	ck_str(ref.name, refs[_i].name);
}
END_TEST

#define ROLE(resource) "arn:aws:iam::" ACCOUNT ":" resource

static const char *const no_roles[] = {
	"",
	"a b",
	"teams/agent",
	A64 "a",
	"agent\n",
	ROLE("role/"),
	ROLE("role"),
	ROLE("role/agent/"),
	ROLE("role/a b"),
	ROLE("role/" A64 "a"),
	ROLE("role/pa\nth/agent"),
	ROLE("role/p\xff/agent"),
	ROLE("role/" A512 "/agent"),
	ROLE("user/agent"),
	ROLE("Role/agent"),
	ROLE("assumed-role/agent/ab"),
	"arn:aws:iam::" ACCOUNT,
	"arn:aws:sts::" ACCOUNT ":role/agent",
	"arn:aws:iam:us-east-1:" ACCOUNT ":role/agent",
	"arn:aws:iam::1:role/agent",
	"arn:gcp:iam::" ACCOUNT ":role/agent",
	"urn:aws:iam::" ACCOUNT ":role/agent",
};

START_TEST(refuses_what_is_no_role)
{
	struct role_ref ref = { .name = STR("untouched") };
	struct err err = { 0 };

	ck_assert_int_eq(
	    role_ref_parse(&ref, str_of(no_roles[_i]), &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "is neither the name nor the"));
	ck_assert(str_is_printable(str_of(err.msg)));
	ck_str(ref.name, "untouched");
}
END_TEST

/* IAM allows 512 bytes of a path, with both of its slashes. */
START_TEST(takes_the_longest_path)
{
	char text[700];
	struct role_ref ref;

	(void)snprintf(text, sizeof(text), ROLE("role/%.510s/agent"), A512);
	ck_assert_int_eq(role_ref_parse(&ref, str_of(text), NULL), ERR_OK);
	ck_str(ref.name, "agent");
	(void)snprintf(text, sizeof(text), ROLE("role/%.511s/agent"), A512);
	ck_assert_int_eq(role_ref_parse(&ref, str_of(text), NULL), ERR_FORMAT);
}
END_TEST

START_TEST(knows_the_name_of_a_role)
{
	ck_assert(is_role_name(STR("a")));
	ck_assert(is_role_name(STR("AZaz09_+=,.@-")));
	ck_assert(is_role_name(STR(A64)));
	ck_assert(!is_role_name(STR("")));
	ck_assert(!is_role_name(STR(A64 "a")));
	ck_assert(!is_role_name(STR("a/b")));
	ck_assert(!is_role_name((struct str){ "a\0b", 3 }));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("role");
	TCase *tc = tcase_create("role");

	ck_table(tc, takes_a_session_apart, sessions);
	ck_table(tc, refuses_what_is_no_session, no_sessions);
	ck_table(tc, takes_a_role_apart, refs);
	ck_table(tc, refuses_what_is_no_role, no_roles);
	tcase_add_test(tc, takes_the_longest_path);
	tcase_add_test(tc, knows_the_name_of_a_role);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
