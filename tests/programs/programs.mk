# SPDX-License-Identifier: Apache-2.0
#
# These meet the programs from outside, with an agent that does as it is told.
EXTRA_DIST += \
	tests/data/programs/cli-jwt.txt \
	tests/data/programs/cli-query-json.txt \
	tests/data/programs/cli-query.txt \
	tests/data/programs/cli-self-json.txt \
	tests/data/programs/cli-self.txt \
	tests/data/programs/cli-validate.txt

if EXAMPLES
if HAVE_CHECK
PROGRAMS_STAGE = %D%/stage.c %D%/stage.h \
	tests/workload/certs.c tests/workload/certs.h \
	tests/workload/fake_agent.c tests/workload/fake_agent.h \
	tests/workload/tokens.c tests/workload/tokens.h \
	tests/workload/wire.c tests/workload/wire.h
PROGRAMS_TEST_CPPFLAGS = $(TEST_CPPFLAGS) -I$(top_srcdir)/examples \
	$(SSL_CFLAGS) $(GRPC_CFLAGS) $(JSON_C_CFLAGS)
PROGRAMS_TEST_LIBS = $(PROGRAMS_LIBS) $(TEST_LIBS)
PROGRAMS_TESTS = \
	%D%/test_api_service \
	%D%/test_demo_app \
	%D%/test_http_load \
	%D%/test_plain \
	%D%/test_rotation \
	%D%/test_spire_cli \
	%D%/test_web \
	%D%/test_xfcc
check_PROGRAMS += $(PROGRAMS_TESTS)
TESTS += $(PROGRAMS_TESTS)
%C%_test_api_service_SOURCES = %D%/test_api_service.c $(PROGRAMS_STAGE)
%C%_test_api_service_CPPFLAGS = $(PROGRAMS_TEST_CPPFLAGS)
%C%_test_api_service_LDADD = $(PROGRAMS_TEST_LIBS)
%C%_test_demo_app_SOURCES = %D%/test_demo_app.c $(PROGRAMS_STAGE)
%C%_test_demo_app_CPPFLAGS = $(PROGRAMS_TEST_CPPFLAGS)
%C%_test_demo_app_LDADD = $(PROGRAMS_TEST_LIBS)
%C%_test_http_load_SOURCES = %D%/test_http_load.c $(PROGRAMS_STAGE)
%C%_test_http_load_CPPFLAGS = $(PROGRAMS_TEST_CPPFLAGS)
%C%_test_http_load_LDADD = $(PROGRAMS_TEST_LIBS)
%C%_test_plain_SOURCES = %D%/test_plain.c $(PROGRAMS_STAGE)
%C%_test_plain_CPPFLAGS = $(PROGRAMS_TEST_CPPFLAGS)
%C%_test_plain_LDADD = $(PROGRAMS_TEST_LIBS)
%C%_test_rotation_SOURCES = %D%/test_rotation.c $(PROGRAMS_STAGE)
%C%_test_rotation_CPPFLAGS = $(PROGRAMS_TEST_CPPFLAGS)
%C%_test_rotation_LDADD = $(PROGRAMS_TEST_LIBS)
%C%_test_spire_cli_SOURCES = %D%/test_spire_cli.c $(PROGRAMS_STAGE)
%C%_test_spire_cli_CPPFLAGS = $(PROGRAMS_TEST_CPPFLAGS)
%C%_test_spire_cli_LDADD = $(PROGRAMS_TEST_LIBS)
%C%_test_web_SOURCES = %D%/test_web.c $(PROGRAMS_STAGE)
%C%_test_web_CPPFLAGS = $(PROGRAMS_TEST_CPPFLAGS)
%C%_test_web_LDADD = $(PROGRAMS_TEST_LIBS)
%C%_test_xfcc_SOURCES = %D%/test_xfcc.c
%C%_test_xfcc_CPPFLAGS = $(PROGRAMS_TEST_CPPFLAGS)
%C%_test_xfcc_LDADD = $(PROGRAMS_TEST_LIBS)
endif
endif
