/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

static size_t
sequence_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	if (c >= 0xf0 && c <= 0xf4)
		return 4;
	return 0;
}

size_t
utf8_decode(uint32_t *cp, const char *p, size_t n)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c;
	uint32_t v;
	size_t i, len;

	if (n == 0)
		return 0;
	c = (unsigned char)p[0];
	len = sequence_length(c);
	if (len == 0 || len > n)
		return 0;
	v = len == 1 ? c : c & (0x7fU >> len);
	for (i = 1; i < len; i++) {
		c = (unsigned char)p[i];
		if ((c & 0xc0) != 0x80)
			return 0;
		v = (v << 6) | (c & 0x3f);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*cp = v;
	return len;
}

size_t
utf8_encode(char p[4], uint32_t cp)
{
	if (cp < 0x80) {
		p[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		p[0] = (char)(0xc0 | (cp >> 6));
		p[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		p[0] = (char)(0xe0 | (cp >> 12));
		p[1] = (char)(0x80 | ((cp >> 6) & 0x3f));
		p[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | (cp >> 18));
	p[1] = (char)(0x80 | ((cp >> 12) & 0x3f));
	p[2] = (char)(0x80 | ((cp >> 6) & 0x3f));
	p[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool
utf8_is_valid(const char *p, size_t n)
{
	uint32_t cp;
	size_t len;

	while (n > 0) {
		if ((unsigned char)*p < 0x80) {
			p++;
			n--;
			continue;
		}
		len = utf8_decode(&cp, p, n);
		if (len == 0)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

void
utf8_trim(char *text)
{
	size_t back, n = strlen(text);
	uint32_t cp;

	for (back = 1; back <= 4 && back <= n; back++) {
		unsigned char c = (unsigned char)text[n - back];

		if ((c & 0xc0) == 0x80)
			continue;
		if (c >= 0x80 && utf8_decode(&cp, text + n - back, back) == 0)
			text[n - back] = '\0';
		return;
	}
}
