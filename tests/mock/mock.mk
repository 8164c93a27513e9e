# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += tests/data/mock/full.conf tests/data/mock/misspelt.conf tests/data/mock/two-accounts.conf

if HAVE_CHECK
if MOCK
MOCK_TEST_LIBS = src/mock/libmock.a src/task/libtask.a src/aws/libaws.a \
	src/json/libjson.a src/base/libbase.a $(CONFUSE_LIBS) $(CRYPTO_LIBS) \
	$(EVENT_LIBS) $(JSON_C_LIBS) $(TEST_LIBS)
MOCK_TEST_CPPFLAGS = $(TEST_CPPFLAGS) $(CONFUSE_CFLAGS) $(JSON_C_CFLAGS)
MOCK_TESTS = \
	%D%/test_metadata \
	%D%/test_program \
	%D%/test_route \
	%D%/test_scenario
check_PROGRAMS += $(MOCK_TESTS)
TESTS += $(MOCK_TESTS)
%C%_test_metadata_SOURCES = %D%/test_metadata.c %D%/scenarios.h
%C%_test_metadata_CPPFLAGS = $(MOCK_TEST_CPPFLAGS)
%C%_test_metadata_LDADD = $(MOCK_TEST_LIBS)
%C%_test_route_SOURCES = %D%/test_route.c %D%/scenarios.h
%C%_test_route_CPPFLAGS = $(MOCK_TEST_CPPFLAGS)
%C%_test_route_LDADD = $(MOCK_TEST_LIBS)
%C%_test_scenario_SOURCES = %D%/test_scenario.c %D%/scenarios.h
%C%_test_scenario_CPPFLAGS = $(MOCK_TEST_CPPFLAGS)
%C%_test_scenario_LDADD = $(MOCK_TEST_LIBS)

# It meets the program from outside.
%C%_test_program_SOURCES = %D%/test_program.c %D%/program.c %D%/program.h \
	%D%/scenarios.h
%C%_test_program_CPPFLAGS = $(MOCK_TEST_CPPFLAGS)
%C%_test_program_LDADD = $(MOCK_TEST_LIBS)
endif
endif
