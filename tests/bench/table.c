/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - one table for each figure, beside what it is to reach
 *
 * Goals are of static and of dynamic plugins, of servers and of agents: so
 * many times the figure of another subject of the same run, or a plain number.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

struct goal {
	double times;
	const char *of; /* a subject; NULL: times is the number itself */
};

enum side { STATIC_SERVER, DYNAMIC_SERVER, STATIC_AGENT, DYNAMIC_AGENT, SIDES };

struct topic {
	const char *title;
	size_t offset;     /* of a double in struct subject */
	const char *of[2]; /* what a server, an agent is beside */
	struct goal goals[SIDES];
	size_t goal_offset; /* of the other's figure; 0: the same */
};

#define NOOP  { "noop-server", "noop-agent" }
#define ALONE { NULL, NULL }
#define AT(member) offsetof(struct subject, member)

static const struct topic topics[] = {
	{ "exec to handshake, ms", AT(start_ms), NOOP,
	    { { 0.35, "noop-server" }, { 1.1, "bare-curl" },
		{ 0.35, "noop-agent" }, { 1.1, "bare-curl" } }, 0 },
	{ "memory after Configure, MB", AT(rss_mb), NOOP,
	    { { 0.6, "noop-server" }, { 0, NULL }, { 0.6, "noop-agent" },
		{ 0, NULL } }, 0 },
	{ "file, stripped, MB", AT(size_mb), NOOP,
	    { { 11, NULL }, { 0, NULL }, { 11, NULL }, { 0, NULL } }, 0 },
	{ "CPU of an attestation, 64 in flight, us (server: \"metadata\"; "
	  "agent: the fetch included, which the no-op does not do)",
	    AT(cpu_us), NOOP,
	    { { 0.65, "noop-server" }, { 0.8, "noop-server" }, { 0, NULL },
		{ 0, NULL } }, 0 },
	{ "attestations a second, 64 in flight", AT(rate), NOOP,
	    { { 0, NULL } }, 0 },
	{ "peak memory after 20,000 of these, MB", AT(peak_mb), NOOP,
	    { { 0.5, "noop-server" }, { 0, NULL }, { 0.55, "noop-agent" },
		{ 0, NULL } }, 0 },
	{ "each of 10,000 silent streams, KB", AT(held_kb), ALONE,
	    { { 16, NULL }, { 16, NULL }, { 0, NULL }, { 0, NULL } }, 0 },
	{ "memory when they are gone, MB", AT(after_mb), ALONE,
	    { { 12, NULL }, { 0, NULL }, { 0, NULL }, { 0, NULL } }, 0 },
	{ "Shutdown to exit, ms", AT(unload_ms), ALONE,
	    { { 5, NULL }, { 0, NULL }, { 5, NULL }, { 0, NULL } }, 0 },
	{ "\"full\": CPU of an attestation, 64 in flight, us", AT(full.cpu_us),
	    ALONE,
	    { { 2.5, "noop-server" }, { 2.5, "noop-server" }, { 0, NULL },
		{ 0, NULL } },
	    AT(cpu_us) },
	{ "\"full\": attestations a second, 64 in flight", AT(full.rate), ALONE,
	    { { 0, NULL } }, 0 },
	{ "\"full\": the mock's own CPU for each of these, us",
	    AT(full.mock_us), ALONE, { { 0, NULL } }, 0 },
	{ "\"full\": DescribeTasks for each of a burst of 200",
	    AT(full.burst_calls), ALONE,
	    { { 0.02, NULL }, { 0.02, NULL }, { 0, NULL }, { 0, NULL } }, 0 },
	{ "\"full\": each of 10,000 at once, AWS takes 20 ms: memory, KB",
	    AT(full.crowd_kb), ALONE,
	    { { 20, NULL }, { 20, NULL }, { 0, NULL }, { 0, NULL } }, 0 },
	{ "\"full\": CPU of each of these, us", AT(full.crowd_cpu_us), ALONE,
	    { { 250, NULL }, { 250, NULL }, { 0, NULL }, { 0, NULL } }, 0 },
	{ "\"full\": the mock's own CPU for each of these, us",
	    AT(full.crowd_mock_us), ALONE, { { 0, NULL } }, 0 },
	{ "\"full\": all of these together, s", AT(full.crowd_seconds), ALONE,
	    { { 0, NULL } }, 0 },
};

static double
value_at(const struct subject *s, size_t offset)
{
	double value;

	memcpy(&value, (const char *)s + offset, sizeof(value));
	return value;
}

static const struct subject *
find_subject(const char *name)
{
	size_t i;

	for (i = 0; i < subject_count; i++)
		if (strcmp(subjects[i].name, name) == 0)
			return &subjects[i];
	FAIL("no subject named %s", name);
}

static bool
is_static(const struct subject *s)
{
	static const char end[] = "-static";
	size_t n = strlen(s->name);

	return n >= sizeof(end) &&
	       strcmp(s->name + n - (sizeof(end) - 1), end) == 0;
}

static struct goal
goal_of(const struct subject *s, const struct topic *topic)
{
	const struct goal none = { 0, NULL };

	if (s->kind == BARE || is_noop(s))
		return none;
	if (s->kind == SERVER)
		return topic->goals[is_static(s) ? STATIC_SERVER
						 : DYNAMIC_SERVER];
	return topic->goals[is_static(s) ? STATIC_AGENT : DYNAMIC_AGENT];
}

static void
print_goal(double value, const struct goal *goal, const struct topic *topic)
{
	double limit = goal->times;

	if (goal->of != NULL) {
		limit *= value_at(find_subject(goal->of),
		    topic->goal_offset > 0 ? topic->goal_offset
					   : topic->offset);
		(void)printf("   at most %.2f = %.2f x %s", limit, goal->times,
		    goal->of);
	} else {
		(void)printf("   at most %.2f", limit);
	}
	(void)printf("%s", value <= limit ? "" : "   MISSED");
}

static void
print_row(const struct subject *s, const struct topic *topic)
{
	const char *of = topic->of[s->kind == AGENT ? 1 : 0];
	const struct goal goal = goal_of(s, topic);
	double value = value_at(s, topic->offset);
	char ratio[32] = "";

	if (value <= 0)
		return;
	if (of != NULL)
		(void)snprintf(ratio, sizeof(ratio), "%.2fx",
		    value / value_at(find_subject(of), topic->offset));
	(void)printf("  %-14s %10.3f %7s", s->name, value, ratio);
	if (goal.times > 0)
		print_goal(value, &goal, topic);
	(void)printf("\n");
}

void
print_tables(void)
{
	size_t i, k;

	for (i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		(void)printf("\n%s\n", topics[i].title);
		for (k = 0; k < subject_count; k++)
			print_row(&subjects[k], &topics[i]);
	}
}
