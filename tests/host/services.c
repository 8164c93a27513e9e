/* SPDX-License-Identifier: Apache-2.0 */
#include "host/services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/fail.h"
#include "spire/spire.pb-c.h"

enum { AGENTS_MAX = 16, ID_MAX = 512, RECORDS_MAX = 64 * 1024 };

struct services {
	char known[AGENTS_MAX][ID_MAX];
	size_t known_count;
	char last_agent[ID_MAX];
	struct recorded *records;
	size_t count;
};

struct services *
services_new(void)
{
	struct services *s = need_alloc(sizeof(*s));

	s->records = need_alloc(RECORDS_MAX * sizeof(s->records[0]));
	return s;
}

void
services_free(struct services *s)
{
	if (s == NULL)
		return;
	free(s->records);
	free(s);
}

void
services_know(struct services *s, const char *agent_id)
{
	NEED(s->known_count < AGENTS_MAX, "too many agents for this store");
	NEED(strlen(agent_id) < ID_MAX, "too long an agent ID");
	strncpy(s->known[s->known_count++], agent_id, ID_MAX - 1);
}

static bool
is_known(const struct services *s, const char *agent_id)
{
	size_t i;

	for (i = 0; i < s->known_count; i++)
		if (strcmp(s->known[i], agent_id) == 0)
			return true;
	return false;
}

/* GetAgentInfoResponse{info = 1}, AgentInfo{agent_id = 1}: two lengths more */
static size_t
wrap(unsigned char *reply, size_t room, const unsigned char *request, size_t n)
{
	size_t at = 0;

	NEED(n < 0x4000 && n + 3 <= room, "a GetAgentInfoRequest too long");
	reply[at++] = 0x0a;
	if (n >= 0x80)
		reply[at++] = (unsigned char)(0x80 | (n & 0x7f));
	reply[at++] = (unsigned char)(n >= 0x80 ? n >> 7 : n);
	memcpy(reply + at, request, n);
	return at + n;
}

grpc_status_code
services_look_up(struct services *s, grpc_status_code others,
    const void *request, size_t n, void *reply, size_t *reply_n)
{
	Spire__GetAgentInfoRequest *m =
	    spire__get_agent_info_request__unpack(NULL, n, request);

	NEED(m != NULL, "GetAgentInfoRequest does not parse");
	NEED(strlen(m->agent_id) < ID_MAX && m->agent_id[0] != '\0',
	    "GetAgentInfoRequest with ID \"%.600s\"", m->agent_id);
	strncpy(s->last_agent, m->agent_id, ID_MAX - 1);
	spire__get_agent_info_request__free_unpacked(m, NULL);
	*reply_n = wrap(reply, *reply_n, request, n);
	return is_known(s, s->last_agent) ? GRPC_STATUS_OK : others;
}

const char *
services_last_agent(const struct services *s)
{
	return s->last_agent;
}

static void
join(char *out, size_t size, const char *a, const char *mark, const char *b)
{
	const size_t used = strlen(out);

	NEED(used + strlen(a) + strlen(b) + 3 < size, "a metric too long");
	snprintf(out + used, size - used, "%s%s%s%s",
	    used > 0 ? (b[0] != '\0' ? "," : ".") : "", a, mark, b);
}

bool
services_record(
    struct services *s, const char *method, const void *request, size_t n)
{
	static const char *const methods[] = { "IncrCounter", "SetGauge",
		"AddSample" };
	struct recorded *r = &s->records[s->count];
	Spire__Metric *m;
	size_t i;

	for (i = 0; i < 3 && strcmp(methods[i], method) != 0; i++)
		;
	if (i == 3)
		return false;
	NEED(s->count < RECORDS_MAX, "too many metrics to remember");
	m = spire__metric__unpack(NULL, n, request);
	NEED(m != NULL, "%s: its request does not parse", method);
	*r = (struct recorded){ .method = methods[i],
		.value = (double)m->val,
		.at_ms = now_ms() };
	for (i = 0; i < m->n_key; i++)
		join(r->key, sizeof(r->key), m->key[i], "", "");
	for (i = 0; i < m->n_labels; i++)
		join(r->labels, sizeof(r->labels), m->labels[i]->name, "=",
		    m->labels[i]->value);
	spire__metric__free_unpacked(m, NULL);
	s->count++;
	return true;
}

size_t
services_count(const struct services *s)
{
	return s->count;
}

const struct recorded *
services_metric(const struct services *s, size_t i)
{
	NEED(i < s->count, "no such metric");
	return &s->records[i];
}

/* Whole, between commas. */
static bool
has_label(const char *labels, const char *label)
{
	const size_t n = strlen(label);
	const char *at = labels;

	while (at != NULL) {
		if (strncmp(at, label, n) == 0 &&
		    (at[n] == ',' || at[n] == '\0'))
			return true;
		at = strchr(at, ',');
		if (at != NULL)
			at++;
	}
	return false;
}

size_t
services_told(const struct services *s, const char *method, const char *key,
    const char *label, double *sum)
{
	double all = 0;
	size_t i, found = 0;

	for (i = 0; i < s->count; i++) {
		const struct recorded *r = &s->records[i];

		if (strcmp(r->method, method) != 0 || strcmp(r->key, key) != 0)
			continue;
		if (label != NULL && !has_label(r->labels, label))
			continue;
		found++;
		all += r->value;
	}
	if (sum != NULL)
		*sum = all;
	return found;
}
