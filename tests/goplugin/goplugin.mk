# SPDX-License-Identifier: Apache-2.0

if HAVE_CHECK
if PLUGINS
check_PROGRAMS += %D%/test_client
TESTS += %D%/test_client
%C%_test_client_SOURCES = %D%/test_client.c
%C%_test_client_CPPFLAGS = $(TEST_CPPFLAGS) $(GRPC_CFLAGS)
%C%_test_client_LDADD = $(GOPLUGIN_LIBS) $(PROTOBUF_C_LIBS) $(GRPC_LIBS) \
	$(TEST_LIBS) -lpthread
endif
endif
