/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

static void
put_varint(struct buf *out, size_t n)
{
	for (; n > 127; n >>= 7)
		buf_add_char(out, (char)((n & 127) | 128));
	buf_add_char(out, (char)n);
}

void
wire_put(struct buf *out, unsigned field, struct str bytes)
{
	put_varint(out, field << 3 | 2);
	put_varint(out, bytes.n);
	buf_add(out, bytes);
}

void
wire_put_entry(
    struct buf *out, unsigned field, struct str key, struct str value)
{
	struct buf entry;

	buf_init(&entry, 8 * 1024 * 1024);
	wire_put(&entry, 1, key);
	wire_put(&entry, 2, value);
	wire_put(out, field, buf_str(&entry));
	buf_release(&entry);
}

void
wire_put_svid(struct buf *out, const struct wire_svid *svid)
{
	const struct str fields[] = { svid->id, svid->chain, svid->key,
		svid->bundle, svid->hint };
	struct buf one;
	unsigned i;

	buf_init(&one, 8 * 1024 * 1024);
	for (i = 0; i < 5; i++)
		if (fields[i].n > 0)
			wire_put(&one, i + 1, fields[i]);
	wire_put(out, 1, buf_str(&one));
	buf_release(&one);
}

void
wire_put_leaf(struct buf *out, const char *id, const struct cert *leaf,
    const struct cert *authority, const char *hint)
{
	struct wire_svid svid = { str_of(id), cert_der(leaf, NULL),
		cert_key_der(leaf->key), cert_der(authority, NULL),
		str_of(hint) };

	wire_put_svid(out, &svid);
	cert_der_free(svid.chain);
	cert_der_free(svid.key);
	cert_der_free(svid.bundle);
}
