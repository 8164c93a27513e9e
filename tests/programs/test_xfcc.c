/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_xfcc.c - which headers of a sidecar name a caller
 */
#include "base/buf.h"
#include "programs/xfcc.h"
#include "testing.h"

#define WEB "spiffe://home.test/web"
#define API "spiffe://home.test/api"
#define HEX16 "0123456789abcdef"
#define HASH HEX16 HEX16 HEX16 HEX16

static const struct {
	const char *header, *by, *hash;
} good[] = {
	{ "URI=" WEB, "", "" },
	{ "By=" API ";Hash=" HASH ";URI=" WEB, API, HASH },
	{ "By=" API ";Hash=" HASH ";Subject=\"\";URI=" WEB, API, HASH },
	{ "Hash=" HASH ";Subject=\"O=SPIRE,C=US;x=1\";URI=" WEB, "", HASH },
	{ "Subject=\"O=a\\\"b\\\"\";URI=" WEB, "", "" },
	{ "Subject=\"O=a\\,b\";URI=" WEB, "", "" },
	{ "Cert=\"-----BEGIN%20C%3D\";Chain=\"%2B\";URI=" WEB, "", "" },
	{ "URI=" WEB ";DNS=a.test;DNS=b.test", "", "" },
	{ "URI=\"" WEB "\"", "", "" },
	{ "URI=" WEB ";By=" API, API, "" },
};

START_TEST(reads_the_caller)
{
	struct err err = { 0 };
	struct xfcc x;

	ck_assert_msg(
	    xfcc_parse(&x, str_of(good[_i].header), &err) == ERR_OK, "%s",
	    err.msg);
	ck_assert_str_eq(x.uri.text, WEB);
	ck_assert(str_is(spiffe_id_text(&x.by), good[_i].by));
	ck_assert_str_eq(x.hash, good[_i].hash);
}
END_TEST

static const struct {
	const char *header, *said;
} bad[] = {
	{ "", "\"\" is no part" },
	{ "URI", "\"URI\" is no part" },
	{ "URI=", "does not begin with spiffe://" },
	{ "URI=\"\"", "does not begin with spiffe://" },
	{ "By=" API ";Hash=" HASH, "the certificate has no URI" },
	{ "By=" API ";Hash=" HASH ";Subject=\"URI=" WEB "\"",
	    "the certificate has no URI" },
	{ "DNS=a.test", "the certificate has no URI" },
	{ "URI=" WEB ";URI=" WEB, "URI stands there twice" },
	{ "URI=" WEB ";URI=" API, "URI stands there twice" },
	{ "By=" API ";By=" API ";URI=" WEB, "By stands there twice" },
	{ "Hash=" HASH ";Hash=" HASH ";URI=" WEB, "Hash stands there twice" },
	{ "URI=" WEB "," "URI=" API, "more than one certificate" },
	{ "URI=" WEB ",", "more than one certificate" },
	{ ",URI=" WEB, "is no part" },
	{ "By=" API ",URI=" WEB, "more than one certificate" },
	{ "URI=" WEB ";", "\"\" is no part" },
	{ ";URI=" WEB, "is no part" },
	{ "URI=" WEB ";;By=" API, "is no part" },
	{ "uri=" WEB, "\"uri\" is no part" },
	{ " URI=" WEB, "\" URI\" is no part" },
	{ "URI =" WEB, "\"URI \" is no part" },
	{ "Uri=" WEB, "is no part" },
	{ "IP=1.2.3.4;URI=" WEB, "\"IP\" is no part" },
	{ "a\xff=1;URI=" WEB, "\"a?\" is no part" },
	{ "URI= " WEB, "had to be quoted" },
	{ "URI=" WEB " ", "had to be quoted" },
	{ "URI=" WEB "; By=" API, "\" By\" is no part" },
	{ "URI=" WEB "=x", "had to be quoted" },
	{ "URI=" WEB "\"", "had to be quoted" },
	{ "URI=sp\"iffe\"://home.test/web", "had to be quoted" },
	{ "URI=" WEB "\xc3\xa9", "had to be quoted" },
	{ "URI=" WEB "?a", "is no SPIFFE ID" },
	{ "URI=" WEB "/", "is no SPIFFE ID" },
	{ "URI=spiffe://HOME.test/web", "is no SPIFFE ID" },
	{ "URI=https://home.test/web", "does not begin with spiffe://" },
	{ "URI=\"" WEB, "a quote has no end" },
	{ "URI=\"" WEB "\\\"", "a quote has no end" },
	{ "URI=\"" WEB "\"x", "a quote ends within a value" },
	{ "URI=\"" WEB "\"" WEB, "a quote ends within a value" },
	{ "Subject=\"a\\\\\";URI=" WEB ";x=\"", "after two backslashes" },
	{ "Subject=\"a\"b\";URI=" WEB, "a quote ends within a value" },
	{ "Hash=abc;URI=" WEB, "Hash is no SHA-256" },
	{ "Hash=;URI=" WEB, "Hash is no SHA-256" },
	{ "Hash=" HASH "0;URI=" WEB, "Hash is no SHA-256" },
	{ "Hash=X123456789abcdef" HEX16 HEX16 HEX16 ";URI=" WEB,
	    "Hash is no SHA-256" },
	{ "By=;URI=" WEB, "By: \"\" does not begin" },
	{ "By=api;URI=" WEB, "By: \"api\" does not begin" },
};

START_TEST(refuses_what_is_not_one_caller)
{
	struct err err = { 0 };
	struct xfcc x = { .hash = "untouched" };

	ck_assert_int_eq(
	    xfcc_parse(&x, str_of(bad[_i].header), &err), ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, bad[_i].said) != NULL &&
			  str_starts(str_of(err.msg), XFCC_NAME ": "),
	    "%s", err.msg);
	ck_assert_str_eq(x.hash, "untouched");
}
END_TEST

START_TEST(holds_to_its_bounds)
{
	struct err err = { 0 };
	struct xfcc x;
	struct buf b;
	int i;

	buf_init(&b, XFCC_MAX + 1);
	buf_add_text(&b, "URI=" WEB ";DNS=");
	while (b.n < XFCC_MAX)
		buf_add_char(&b, 'a');
	ck_assert_int_eq(xfcc_parse(&x, buf_str(&b), &err), ERR_OK);
	buf_add_char(&b, 'a');
	ck_assert_int_eq(xfcc_parse(&x, buf_str(&b), &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "over 8192 bytes"));
	buf_clear(&b);
	for (i = 1; i < XFCC_PARTS_MAX; i++)
		buf_add_text(&b, "DNS=a;");
	buf_add_text(&b, "URI=" WEB);
	ck_assert_int_eq(xfcc_parse(&x, buf_str(&b), NULL), ERR_OK);
	buf_add_text(&b, ";DNS=a");
	ck_assert_int_eq(xfcc_parse(&x, buf_str(&b), NULL), ERR_FORMAT);
	buf_release(&b);
}
END_TEST

START_TEST(takes_nothing_after_a_nul)
{
	static const char text[] = "URI=" WEB "\0;By=" API;
	struct xfcc x;

	ck_assert_int_eq(
	    xfcc_parse(&x, (struct str){ text, sizeof(text) - 1 }, NULL),
	    ERR_FORMAT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("programs/xfcc");
	TCase *tc = tcase_create("all");

	ck_table(tc, reads_the_caller, good);
	ck_table(tc, refuses_what_is_not_one_caller, bad);
	tcase_add_test(tc, holds_to_its_bounds);
	tcase_add_test(tc, takes_nothing_after_a_nul);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
