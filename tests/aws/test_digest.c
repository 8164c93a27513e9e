/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/digest.h"

#include "base/enc.h"
#include "testing.h"

enum { KEY_SIZE = 131 };

static void
check(const unsigned char digest[DIGEST_BYTES], const char *want)
{
	char hex[2 * DIGEST_BYTES + 1];

	hex_encode(hex, digest, DIGEST_BYTES);
	ck_str(str_of(hex), want);
}

/* FIPS 180-4 */
static const struct {
	const char *text, *digest;
} hashes[] = {
	{ NULL,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
};

START_TEST(hashes_a_text)
{
	unsigned char out[DIGEST_BYTES];

	ck_assert(digest_sha256(out, str_of(hashes[_i].text)));
	check(out, hashes[_i].digest);
}
END_TEST

/* RFC 4231, cases 1 and 6 */
static const struct {
	unsigned char byte;
	size_t n;
	const char *text, *digest;
} macs[] = {
	{ 0x0b, 20, "Hi There",
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ 0xaa, KEY_SIZE,
	    "Test Using Larger Than Block-Size Key - Hash Key First",
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	/* of nothing by nothing */
	{ 0, 0, "",
	    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
};

START_TEST(makes_a_mac)
{
	unsigned char key[KEY_SIZE];

	memset(key, macs[_i].byte, sizeof(key));
	/* into the key, as a chain of keys does */
	ck_assert(digest_hmac(key, key, macs[_i].n, str_of(macs[_i].text)));
	check(key, macs[_i].digest);
}
END_TEST

START_TEST(compares_whole_strings)
{
	struct str none = { NULL, 0 };

	ck_assert(digest_equal(STR("abc"), STR("abc")));
	ck_assert(digest_equal(none, STR("")));
	ck_assert(!digest_equal(STR("abc"), STR("abd")));
	ck_assert(!digest_equal(STR("abc"), STR("abcd")));
	ck_assert(!digest_equal(STR("abc"), none));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("digest");
	TCase *tc = tcase_create("digest");

	suite_add_tcase(s, tc);
	ck_table(tc, hashes_a_text, hashes);
	ck_table(tc, makes_a_mac, macs);
	tcase_add_test(tc, compares_whole_strings);
	return run_suite(s);
}
