/* SPDX-License-Identifier: Apache-2.0 */
#include "programs/page.h"

#include <string.h>

#include "base/utf8.h"
#include "programs/shown.h"

static const char *
entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* What HTML may not hold, or what would turn text around, is replaced. */
static bool
is_fit(uint32_t cp)
{
	return cp == '\n' || cp == '\t' ||
	       (cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0) &&
		   !(cp >= 0x202a && cp <= 0x202e) &&
		   !(cp >= 0x2066 && cp <= 0x2069));
}

void
page_text(struct buf *out, struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		const char *e = entity(s.p[i]);
		uint32_t cp = 0;
		size_t n = utf8_decode(&cp, s.p + i, s.n - i);

		if (e != NULL)
			buf_add_text(out, e);
		else if (n == 0 || !is_fit(cp))
			buf_add_text(out, "\xef\xbf\xbd");
		else
			buf_add(out, str_sub(s, i, n));
		i += n == 0 ? 1 : n;
	}
}

void
page_fill(struct buf *out, const char *format, struct json_object *o)
{
	const char *open, *close;
	char key[64];

	while ((open = strstr(format, "{{")) != NULL &&
	       (close = strstr(open, "}}")) != NULL) {
		size_t n = (size_t)(close - open) - 2;
		const char *text;

		buf_add(out, (struct str){ format, (size_t)(open - format) });
		(void)str_clean(key, sizeof(key), (struct str){ open + 2, n });
		text = shown_get(o, key);
		page_text(out, text[0] == '\0' ? STR("\xe2\x80\x93")
					       : str_of(text));
		format = close + 2;
	}
	buf_add_text(out, format);
}
