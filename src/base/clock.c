/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

int64_t
clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clock_wall_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/*
 * The civil date of a day since 1970, by the calendar's cycle of 400 years of
 * 146,097 days, counted from 1 March so that the leap day comes last.
 */
static void
civil_date(int64_t day, int *year, int *month, int *mday)
{
	int64_t shifted = day + 719468, era = shifted / 146097;
	int64_t doe = shifted - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*mday = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

static char *
put_digits(char *out, int64_t value, int width)
{
	int i;

	for (i = width - 1; i >= 0; i--) {
		out[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return out + width;
}

/* strftime() and gmtime_r() take longer than the rest of a log line. */
void
clock_stamp(char out[CLOCK_STAMP_SIZE], int64_t wall_us)
{
	int64_t seconds, us;
	int year, month, mday;

	if (wall_us < 0)
		wall_us = 0;
	seconds = wall_us / 1000000;
	us = wall_us % 1000000;
	civil_date(seconds / 86400, &year, &month, &mday);
	out = put_digits(out, year, 4);
	*out++ = '-';
	out = put_digits(out, month, 2);
	*out++ = '-';
	out = put_digits(out, mday, 2);
	*out++ = 'T';
	out = put_digits(out, seconds / 3600 % 24, 2);
	*out++ = ':';
	out = put_digits(out, seconds / 60 % 60, 2);
	*out++ = ':';
	out = put_digits(out, seconds % 60, 2);
	*out++ = '.';
	out = put_digits(out, us, 6);
	*out++ = 'Z';
	*out = '\0';
}
