/* SPDX-License-Identifier: Apache-2.0 */
#include "base/enc.h"

#include <stdint.h>

static const char base64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
hex_encode(char *out, const void *in, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = in;
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

void
base64url_encode(char *out, const void *in, size_t n)
{
	const unsigned char *p = in;
	uint32_t bits = 0;
	int have = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		bits = (bits << 8) | p[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = base64url[(bits >> (have - 6)) & 63];
	}
	if (have > 0)
		*out++ = base64url[(bits << (6 - have)) & 63];
	*out = '\0';
}

/* The six bits of a letter, or -1. */
static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

bool
base64url_decode(void *out, size_t n, struct str in)
{
	unsigned char *p = out;
	uint32_t bits = 0;
	int have = 0;
	size_t i;

	if (in.n != BASE64URL_SIZE(n) - 1)
		return false;
	for (i = 0; i < in.n; i++) {
		int six = sextet(in.p[i]);

		if (six < 0)
			return false;
		bits = (bits << 6) | (uint32_t)six;
		have += 6;
		if (have >= 8) {
			have -= 8;
			*p++ = (unsigned char)(bits >> have);
		}
	}
	return (bits & ((1U << have) - 1)) == 0;
}
