# SPDX-License-Identifier: Apache-2.0

if EXAMPLES
if HAVE_CHECK
WORKLOAD_TESTS = \
	%D%/test_endpoint \
	%D%/test_failing_memory \
	%D%/test_jwt \
	%D%/test_message \
	%D%/test_spiffe_id \
	%D%/test_svid \
	%D%/test_tls \
	%D%/test_verify \
	%D%/test_workload
check_PROGRAMS += $(WORKLOAD_TESTS)
TESTS += $(WORKLOAD_TESTS)
%C%_test_endpoint_SOURCES = %D%/test_endpoint.c
%C%_test_endpoint_CPPFLAGS = $(TEST_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_endpoint_LDADD = $(WORKLOAD_LIBS) $(TEST_LIBS)
%C%_test_failing_memory_SOURCES = %D%/test_failing_memory.c tests/fault.c tests/fault.h \
	%D%/certs.c %D%/certs.h \
	%D%/tokens.c %D%/tokens.h \
	%D%/wire.c %D%/wire.h
%C%_test_failing_memory_CPPFLAGS = $(TEST_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_failing_memory_LDFLAGS = $(FAULT_LINK)
%C%_test_failing_memory_LDADD = $(WORKLOAD_LIBS) $(TEST_LIBS)
%C%_test_jwt_SOURCES = %D%/test_jwt.c \
	%D%/tokens.c %D%/tokens.h
%C%_test_jwt_CPPFLAGS = $(TEST_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_jwt_LDADD = $(WORKLOAD_LIBS) $(TEST_LIBS)
%C%_test_message_SOURCES = %D%/test_message.c \
	%D%/certs.c %D%/certs.h \
	%D%/tokens.c %D%/tokens.h \
	%D%/wire.c %D%/wire.h
%C%_test_message_CPPFLAGS = $(TEST_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_message_LDADD = $(WORKLOAD_LIBS) $(TEST_LIBS)
%C%_test_spiffe_id_SOURCES = %D%/test_spiffe_id.c
%C%_test_spiffe_id_CPPFLAGS = $(TEST_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_spiffe_id_LDADD = $(WORKLOAD_LIBS) $(TEST_LIBS)
%C%_test_svid_SOURCES = %D%/test_svid.c \
	%D%/certs.c %D%/certs.h
%C%_test_svid_CPPFLAGS = $(TEST_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_svid_LDADD = $(WORKLOAD_LIBS) $(TEST_LIBS)
%C%_test_tls_SOURCES = %D%/test_tls.c \
	%D%/certs.c %D%/certs.h
%C%_test_tls_CPPFLAGS = $(TEST_CPPFLAGS) $(SSL_CFLAGS) $(CURL_CFLAGS)
%C%_test_tls_LDADD = $(WORKLOAD_LIBS) $(CURL_LIBS) $(TEST_LIBS)
%C%_test_verify_SOURCES = %D%/test_verify.c \
	%D%/certs.c %D%/certs.h
%C%_test_verify_CPPFLAGS = $(TEST_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_verify_LDADD = $(WORKLOAD_LIBS) $(TEST_LIBS)
%C%_test_workload_SOURCES = %D%/test_workload.c \
	%D%/certs.c %D%/certs.h \
	%D%/fake_agent.c %D%/fake_agent.h \
	%D%/tokens.c %D%/tokens.h \
	%D%/wire.c %D%/wire.h
%C%_test_workload_CPPFLAGS = $(TEST_CPPFLAGS) $(SSL_CFLAGS) $(GRPC_CFLAGS)
%C%_test_workload_LDADD = $(WORKLOAD_LIBS) $(TEST_LIBS)
endif

# What make check-spire watches a real agent by.
WORKLOAD_WATCH = %D%/workload-watch$(EXEEXT)
check_PROGRAMS += %D%/workload-watch
%C%_workload_watch_SOURCES = %D%/workload-watch.c
%C%_workload_watch_CPPFLAGS = $(AM_CPPFLAGS) $(SSL_CFLAGS)
%C%_workload_watch_LDADD = $(WORKLOAD_LIBS)
endif
