# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libloop.a
%C%_libloop_a_SOURCES = %D%/loop.c %D%/loop.h
%C%_libloop_a_CPPFLAGS = $(AM_CPPFLAGS) $(GRPC_CFLAGS)

if PLUGINS
noinst_LIBRARIES += %D%/libhttp.a
%C%_libhttp_a_SOURCES = \
	%D%/http.c %D%/http.h %D%/http_call.c %D%/http_call.h \
	%D%/http_error.c
%C%_libhttp_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
endif
