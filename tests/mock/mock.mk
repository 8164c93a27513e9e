# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	tests/data/mock/full.conf \
	tests/data/mock/misspelt.conf \
	tests/data/mock/two-accounts.conf

if HAVE_CHECK
if MOCK
MOCK_TEST_LIBS = src/mock/libmock.a src/task/libtask.a src/aws/libaws.a \
	src/json/libjson.a src/base/libbase.a $(CONFUSE_LIBS) $(EVENT_LIBS) \
	$(JSON_C_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) $(TEST_LIBS)
MOCK_TEST_CPPFLAGS = $(TEST_CPPFLAGS) $(CONFUSE_CFLAGS) $(JSON_C_CFLAGS)
MOCK_TESTS = \
	%D%/test_control \
	%D%/test_credentials \
	%D%/test_delivery \
	%D%/test_ecs \
	%D%/test_metadata \
	%D%/test_program \
	%D%/test_route \
	%D%/test_scenario \
	%D%/test_sts
check_PROGRAMS += $(MOCK_TESTS)
TESTS += $(MOCK_TESTS)
MOCK_ASKING = %D%/asking.c %D%/asking.h %D%/scenarios.h
%C%_test_control_SOURCES = %D%/test_control.c $(MOCK_ASKING)
%C%_test_control_CPPFLAGS = $(MOCK_TEST_CPPFLAGS)
%C%_test_control_LDADD = $(MOCK_TEST_LIBS)
%C%_test_credentials_SOURCES = %D%/test_credentials.c $(MOCK_ASKING)
%C%_test_credentials_CPPFLAGS = $(MOCK_TEST_CPPFLAGS)
%C%_test_credentials_LDADD = $(MOCK_TEST_LIBS)
%C%_test_ecs_SOURCES = %D%/test_ecs.c $(MOCK_ASKING)
%C%_test_ecs_CPPFLAGS = $(MOCK_TEST_CPPFLAGS)
%C%_test_ecs_LDADD = $(MOCK_TEST_LIBS)
%C%_test_sts_SOURCES = %D%/test_sts.c $(MOCK_ASKING)
%C%_test_sts_CPPFLAGS = $(MOCK_TEST_CPPFLAGS)
%C%_test_sts_LDADD = $(MOCK_TEST_LIBS)
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
%C%_test_delivery_SOURCES = %D%/test_delivery.c %D%/program.c \
	%D%/program.h %D%/scenarios.h %D%/tls_files.c %D%/tls_files.h \
	tests/loop/certs.c tests/loop/certs.h
%C%_test_delivery_CPPFLAGS = $(MOCK_TEST_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_delivery_LDADD = $(MOCK_TEST_LIBS)
endif
endif
