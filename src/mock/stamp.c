/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/stamp.h"

#include <string.h>
#include <time.h>

enum { SECOND_US = 1000 * 1000 };

static struct tm
broken_down(int64_t us)
{
	time_t t = (time_t)(us / SECOND_US);
	struct tm tm = { 0 };

	(void)gmtime_r(&t, &tm);
	return tm;
}

void
stamp_iso(char out[STAMP_ISO_SIZE], int64_t us)
{
	struct tm tm = broken_down(us);

	if (strftime(out, STAMP_ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

void
stamp_amz(char out[STAMP_AMZ_SIZE], int64_t us)
{
	struct tm tm = broken_down(us);

	if (strftime(out, STAMP_AMZ_SIZE, "%Y%m%dT%H%M%SZ", &tm) == 0)
		out[0] = '\0';
}

static int
number(struct str s, size_t from, size_t n)
{
	int v = 0;

	for (; n > 0; n--)
		v = v * 10 + (s.p[from++] - '0');
	return v;
}

int64_t
stamp_amz_us(struct str s)
{
	struct tm tm = {
		.tm_year = number(s, 0, 4) - 1900,
		.tm_mon = number(s, 4, 2) - 1,
		.tm_mday = number(s, 6, 2),
		.tm_hour = number(s, 9, 2),
		.tm_min = number(s, 11, 2),
		.tm_sec = number(s, 13, 2),
	};

	return (int64_t)timegm(&tm) * SECOND_US;
}
