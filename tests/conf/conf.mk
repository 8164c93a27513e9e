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

# the option tables' engine
if HAVE_CHECK
check_PROGRAMS += %D%/test_check_config %D%/test_duration \
	%D%/test_json_form %D%/test_options %D%/test_problems
TESTS += %D%/test_check_config %D%/test_duration \
	%D%/test_json_form %D%/test_options %D%/test_problems
%C%_test_check_config_SOURCES = %D%/test_check_config.c
%C%_test_check_config_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_check_config_LDADD = src/conf/libconf.a src/base/libbase.a $(TEST_LIBS)
%C%_test_duration_SOURCES = %D%/test_duration.c
%C%_test_duration_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_duration_LDADD = src/conf/libconf.a src/base/libbase.a $(TEST_LIBS)
%C%_test_json_form_SOURCES = %D%/test_json_form.c
%C%_test_json_form_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_json_form_LDADD = src/conf/libconf.a src/base/libbase.a $(TEST_LIBS)
%C%_test_options_SOURCES = %D%/test_options.c
%C%_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_options_LDADD = src/conf/libconf.a src/base/libbase.a $(TEST_LIBS)
%C%_test_problems_SOURCES = %D%/test_problems.c
%C%_test_problems_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_problems_LDADD = src/conf/libconf.a src/base/libbase.a $(TEST_LIBS)
endif

dist_check_SCRIPTS += tests/check_man.sh tests/check_options.sh
TESTS += tests/check_man.sh
if SERVER
TESTS += tests/check_options.sh
else
if AGENT
TESTS += tests/check_options.sh
endif
endif
