# SPDX-License-Identifier: Apache-2.0

if HAVE_CHECK
check_PROGRAMS += %D%/test_hcl
TESTS += %D%/test_hcl
%C%_test_hcl_SOURCES = %D%/test_hcl.c
%C%_test_hcl_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_hcl_LDADD = src/conf/libconf.a src/base/libbase.a $(TEST_LIBS)

check_PROGRAMS += %D%/test_hcl_golden
TESTS += %D%/test_hcl_golden
%C%_test_hcl_golden_SOURCES = %D%/test_hcl_golden.c \
	tests/tools/hcl_fold.h \
	tests/tools/hcl_go.c tests/tools/hcl_go.h
%C%_test_hcl_golden_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_hcl_golden_LDADD = src/conf/libconf.a src/base/libbase.a $(TEST_LIBS)
endif
EXTRA_DIST += tests/data/hcl
