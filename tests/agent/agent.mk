# SPDX-License-Identifier: Apache-2.0

if AGENT
if HAVE_CHECK
check_PROGRAMS += %D%/test_options
TESTS += %D%/test_options
%C%_test_options_SOURCES = %D%/test_options.c
%C%_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_options_LDADD = src/agent/libagent.a src/conf/libconf.a \
	src/aws/libaws.a src/task/libtask.a src/json/libjson.a \
	src/base/libbase.a $(CRYPTO_LIBS) $(TEST_LIBS)

check_PROGRAMS += %D%/test_diagnose
TESTS += %D%/test_diagnose
%C%_test_diagnose_SOURCES = %D%/test_diagnose.c
%C%_test_diagnose_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_diagnose_LDADD = src/agent/libagent.a src/conf/libconf.a \
	src/evidence/libevidence.a src/task/libtask.a src/aws/libaws.a \
	src/json/libjson.a src/loop/libhttp.a src/loop/libloop.a \
	$(HOST_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS) $(GRPC_LIBS) $(TEST_LIBS)
endif
endif
