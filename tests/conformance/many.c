/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/many.h"

static struct call *
start(struct host *h, many_payload_fn *make, size_t i)
{
	struct call *c = attest_start(h, NULL, 0);
	const struct str bytes = make(i);

	attest_payload(c, bytes.p, bytes.n);
	call_read(c);
	return c;
}

void
attest_many(struct host *h, size_t total, size_t in_flight,
    many_payload_fn *make, many_check_fn *check)
{
	struct attested *out = need_alloc(sizeof(*out));
	struct call **ring = need_alloc(in_flight * sizeof(struct call *));
	size_t i, started = 0;

	for (i = 0; i < total; i++) {
		for (; started < total && started < i + in_flight; started++)
			ring[started % in_flight] = start(h, make, started);
		attest_outcome(ring[i % in_flight], out, CALL_MS);
		check(i, out);
		call_free(ring[i % in_flight]);
	}
	process_check(h->process);
	free(ring);
	free(out);
}

struct call **
open_streams(struct host *h, const struct plugin *p, size_t n)
{
	struct call **streams = need_alloc(n * sizeof(struct call *));
	size_t i;

	for (i = 0; i < n; i++) {
		streams[i] =
		    p->is_server ? attest_start(h, NULL, 0) : aid_start(h);
		call_read(streams[i]);
	}
	return streams;
}

void
free_streams(struct call **streams, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		call_cancel(streams[i]);
	for (i = 0; i < n; i++)
		call_free(streams[i]);
	free(streams);
}
