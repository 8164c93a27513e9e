# SPDX-License-Identifier: Apache-2.0
if HAVE_CHECK
check_PROGRAMS += %D%/test_arena
TESTS += %D%/test_arena
%C%_test_arena_SOURCES = %D%/test_arena.c
%C%_test_arena_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_arena_LDADD = src/base/libbase.a $(TEST_LIBS)

check_PROGRAMS += %D%/test_buf
TESTS += %D%/test_buf
%C%_test_buf_SOURCES = %D%/test_buf.c
%C%_test_buf_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_buf_LDADD = src/base/libbase.a $(TEST_LIBS)

check_PROGRAMS += %D%/test_clock
TESTS += %D%/test_clock
%C%_test_clock_SOURCES = %D%/test_clock.c
%C%_test_clock_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_clock_LDADD = src/base/libbase.a $(TEST_LIBS)

check_PROGRAMS += %D%/test_enc
TESTS += %D%/test_enc
%C%_test_enc_SOURCES = %D%/test_enc.c
%C%_test_enc_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_enc_LDADD = src/base/libbase.a $(TEST_LIBS)

check_PROGRAMS += %D%/test_err
TESTS += %D%/test_err
%C%_test_err_SOURCES = %D%/test_err.c
%C%_test_err_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_err_LDADD = src/base/libbase.a $(TEST_LIBS)

check_PROGRAMS += %D%/test_log
TESTS += %D%/test_log
%C%_test_log_SOURCES = %D%/test_log.c
%C%_test_log_CPPFLAGS = $(TEST_CPPFLAGS) $(JSON_C_CFLAGS)
%C%_test_log_LDADD = src/base/libbase.a $(JSON_C_LIBS) $(TEST_LIBS)

check_PROGRAMS += %D%/test_str
TESTS += %D%/test_str
%C%_test_str_SOURCES = %D%/test_str.c
%C%_test_str_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_str_LDADD = src/base/libbase.a $(TEST_LIBS)

check_PROGRAMS += %D%/test_utf8
TESTS += %D%/test_utf8
%C%_test_utf8_SOURCES = %D%/test_utf8.c
%C%_test_utf8_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_utf8_LDADD = src/base/libbase.a $(TEST_LIBS)

endif
