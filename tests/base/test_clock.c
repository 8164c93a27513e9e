/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <time.h>

#include "base/clock.h"

static const struct {
	int64_t us;
	const char *want;
} stamps[] = {
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ 1, "1970-01-01T00:00:00.000001Z" },
	{ 999999, "1970-01-01T00:00:00.999999Z" },
	{ INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z" },
	{ INT64_C(1795316645123456), "2026-11-22T03:04:05.123456Z" },
	{ INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z" },
};

START_TEST(stamps_with_six_digits)
{
	char out[CLOCK_STAMP_SIZE];

	clock_stamp(out, stamps[_i].us);
	ck_assert_str_eq(out, stamps[_i].want);
}
END_TEST

/* Every day of eight centuries, at another time of day each. */
START_TEST(agrees_with_the_c_library)
{
	char got[CLOCK_STAMP_SIZE], want[64];
	int64_t day;

	for (day = 0; day < 800 * 365; day++) {
		int64_t second = day * 86400 + day * 7919 % 86400;
		time_t t = (time_t)second;
		struct tm tm;

		ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
		ck_assert_uint_gt(strftime(want, sizeof(want),
				      "%Y-%m-%dT%H:%M:%S.000000Z", &tm),
		    0);
		clock_stamp(got, second * 1000000);
		ck_assert_str_eq(got, want);
	}
}
END_TEST

START_TEST(goes_forward)
{
	int64_t a = clock_ms(), b = clock_ms();

	ck_assert_int_ge(b, a);
	ck_assert_int_gt(a, 0);
	/* after 2020 */
	ck_assert_int_gt(clock_wall_us(), INT64_C(1577836800000000));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tc = tcase_create("clock");

	ck_table(tc, stamps_with_six_digits, stamps);
	tcase_add_test(tc, agrees_with_the_c_library);
	tcase_add_test(tc, goes_forward);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
