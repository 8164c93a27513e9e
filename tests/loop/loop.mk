# SPDX-License-Identifier: Apache-2.0

if HAVE_CHECK
check_PROGRAMS += %D%/test_loop
TESTS += %D%/test_loop
%C%_test_loop_SOURCES = %D%/test_loop.c
%C%_test_loop_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_loop_LDADD = \
	src/loop/libloop.a src/base/libbase.a $(GRPC_LIBS) $(TEST_LIBS)
if PLUGINS
check_PROGRAMS += %D%/test_http
TESTS += %D%/test_http
%C%_test_http_SOURCES = %D%/test_http.c %D%/httpd.c %D%/httpd.h \
	%D%/certs.c %D%/certs.h
%C%_test_http_CPPFLAGS = $(TEST_CPPFLAGS) $(CURL_CFLAGS) $(SSL_CFLAGS)
%C%_test_http_LDADD = src/loop/libhttp.a src/loop/libloop.a \
	src/base/libbase.a $(CURL_LIBS) $(GRPC_LIBS) $(SSL_LIBS) \
	$(CRYPTO_LIBS) $(TEST_LIBS)
endif
endif
