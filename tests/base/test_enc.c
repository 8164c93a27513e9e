/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/enc.h"

#define TEXT(lit)                    \
	{                            \
		lit, sizeof(lit) - 1 \
	}

START_TEST(writes_hex)
{
	char out[9] = "........";

	hex_encode(out, "\x00\x0f\xa5\xff", 4);
	ck_assert_str_eq(out, "000fa5ff");
	hex_encode(out, "", 0);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(out[1], '0');
}
END_TEST

/* RFC 4648 section 10 without padding, and the two other letters */
static const struct {
	struct str plain, coded;
} pairs[] = {
	{ TEXT(""), TEXT("") },
	{ TEXT("f"), TEXT("Zg") },
	{ TEXT("fo"), TEXT("Zm8") },
	{ TEXT("foo"), TEXT("Zm9v") },
	{ TEXT("foob"), TEXT("Zm9vYg") },
	{ TEXT("fooba"), TEXT("Zm9vYmE") },
	{ TEXT("foobar"), TEXT("Zm9vYmFy") },
	{ TEXT("\xfb\xff\xbf"), TEXT("-_-_") },
	{ TEXT("\0\0\0\0"), TEXT("AAAAAA") },
};

START_TEST(codes_base64url)
{
	char coded[BASE64URL_SIZE(8)];
	char plain[8];
	struct str want = pairs[_i].plain;

	base64url_encode(coded, want.p, want.n);
	ck_assert_uint_eq(BASE64URL_SIZE(want.n), pairs[_i].coded.n + 1);
	ck_str(pairs[_i].coded, coded);
	ck_assert(base64url_decode(plain, want.n, pairs[_i].coded));
	ck_assert_int_eq(memcmp(plain, want.p, want.n), 0);
}
END_TEST

START_TEST(returns_every_byte_at_every_length)
{
	unsigned char plain[256], back[256];
	char coded[BASE64URL_SIZE(256)];
	size_t n, i;

	for (i = 0; i < sizeof(plain); i++)
		plain[i] = (unsigned char)(i * 37);
	for (n = 0; n <= sizeof(plain); n++) {
		base64url_encode(coded, plain, n);
		ck_assert_uint_eq(strlen(coded) + 1, BASE64URL_SIZE(n));
		ck_assert(base64url_decode(back, n, str_of(coded)));
		ck_assert_int_eq(memcmp(plain, back, n), 0);
	}
}
END_TEST

static const struct {
	size_t n;
	struct str in;
} refused[] = {
	{ 1, TEXT("") },
	{ 0, TEXT("A") },
	{ 1, TEXT("Z") },
	{ 1, TEXT("Zg=") },
	{ 1, TEXT("Zg==") },
	{ 1, TEXT("Zh") }, /* bits beyond the byte */
	{ 2, TEXT("Zm9") },
	{ 2, TEXT("Zm=") },
	{ 3, TEXT("+/+/") },
	{ 3, TEXT("Zm9v\n") },
	{ 3, TEXT(" m9v") },
	{ 3, TEXT("Zm9\0") },
	{ 3, TEXT("Zm9\xc3") },
	{ 3, TEXT("Zm9vYg") },
	{ 4, TEXT("Zm9v") },
};

START_TEST(refuses)
{
	char out[8];

	ck_assert(!base64url_decode(out, refused[_i].n, refused[_i].in));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("enc");
	TCase *tc = tcase_create("enc");

	tcase_add_test(tc, writes_hex);
	ck_table(tc, codes_base64url, pairs);
	tcase_add_test(tc, returns_every_byte_at_every_length);
	ck_table(tc, refuses, refused);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
