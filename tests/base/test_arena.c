/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { CEILING = 64 * 1024 };

static struct arena a;

static void
setup(void)
{
	arena_init(&a, CEILING);
}

static void
teardown(void)
{
	arena_release(&a);
}

START_TEST(gives_zeroed_aligned_memory_of_its_own)
{
	unsigned char *p[100];
	size_t i, k;

	for (i = 0; i < 100; i++) {
		p[i] = arena_alloc(&a, i * 7);
		ck_assert_ptr_nonnull(p[i]);
		ck_assert_uint_eq((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		for (k = 0; k < i * 7; k++)
			ck_assert_uint_eq(p[i][k], 0);
		memset(p[i], (int)i, i * 7);
	}
	for (i = 0; i < 100; i++)
		for (k = 0; k < i * 7; k++)
			ck_assert_uint_eq(p[i][k], i);
}
END_TEST

START_TEST(stops_at_its_ceiling)
{
	size_t n = 0;

	ck_assert_ptr_null(arena_alloc(&a, CEILING + 1));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	while (arena_alloc(&a, 1000) != NULL)
		n += 1000;
	ck_assert_uint_le(n, CEILING);
	ck_assert_uint_gt(n, CEILING - 2048);
	arena_release(&a);
	ck_assert_uint_eq(a.used, 0);
	ck_assert_ptr_nonnull(arena_alloc(&a, CEILING));
	ck_assert_ptr_null(arena_alloc(&a, 1));
}
END_TEST

START_TEST(refuses_products_that_wrap)
{
	ck_assert_ptr_null(arena_calloc(&a, SIZE_MAX / 2, 3));
	ck_assert_ptr_null(arena_calloc(&a, 3, SIZE_MAX / 2));
	ck_assert_ptr_nonnull(arena_calloc(&a, 10, 10));
	ck_assert_ptr_nonnull(arena_calloc(&a, 0, 10));
	ck_assert_ptr_nonnull(arena_calloc(&a, 10, 0));
}
END_TEST

START_TEST(copies_with_a_nul_behind)
{
	struct str s = arena_dup(&a, STR("a\0b"));

	ck_assert(str_eq(s, STR("a\0b")));
	ck_assert_int_eq(s.p[3], '\0');
	s = arena_dup(&a, (struct str){ NULL, 0 });
	ck_assert_ptr_nonnull(s.p);
	ck_assert_str_eq(s.p, "");
	s = arena_dup(&a, (struct str){ "", SIZE_MAX });
	ck_assert_ptr_null(s.p);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

START_TEST(prints)
{
	struct str s = arena_printf(&a, "%s/%d", "a", 42);

	ck_str(s, "a/42");
	ck_assert_int_eq(s.p[s.n], '\0');
	s = arena_printf(&a, "%s", "");
	ck_assert_ptr_nonnull(s.p);
	s = arena_printf(&a, "%0*d", 5000, 1);
	ck_assert_uint_eq(s.n, 5000);
	ck_assert_int_eq(s.p[4999], '1');
	s = arena_printf(&a, "%0*d", CEILING, 1);
	ck_assert_ptr_null(s.p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arena");
	TCase *tc = tcase_create("arena");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, gives_zeroed_aligned_memory_of_its_own);
	tcase_add_test(tc, stops_at_its_ceiling);
	tcase_add_test(tc, refuses_products_that_wrap);
	tcase_add_test(tc, copies_with_a_nul_behind);
	tcase_add_test(tc, prints);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
