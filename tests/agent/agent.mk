# SPDX-License-Identifier: Apache-2.0

if AGENT
if HAVE_CHECK
check_PROGRAMS += %D%/test_options
TESTS += %D%/test_options
%C%_test_options_SOURCES = %D%/test_options.c
%C%_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_options_LDADD = src/agent/libagent.a src/conf/libconf.a \
	src/task/libtask.a src/json/libjson.a src/base/libbase.a $(TEST_LIBS)
endif
endif
