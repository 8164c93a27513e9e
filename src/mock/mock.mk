# SPDX-License-Identifier: Apache-2.0
if MOCK
noinst_LIBRARIES += %D%/libmock.a
%C%_libmock_a_SOURCES = \
	%D%/environ.c %D%/environ.h \
	%D%/metadata.c %D%/metadata.h \
	%D%/route.c %D%/route.h \
	%D%/route_metadata.c \
	%D%/scenario.c %D%/scenario.h \
	%D%/scenario_builtin.c \
	%D%/scenario_read.c \
	%D%/scenario_reader.c %D%/scenario_reader.h \
	%D%/scenario_roles.c \
	%D%/scenario_text.c %D%/scenario_text.h \
	%D%/server.c %D%/server.h
%C%_libmock_a_CFLAGS = $(AM_CFLAGS) $(CONFUSE_CFLAGS) $(EVENT_CFLAGS) \
	$(JSON_C_CFLAGS)

bin_PROGRAMS += %D%/fargate-mock
%C%_fargate_mock_SOURCES = %D%/main.c
%C%_fargate_mock_LDADD = %D%/libmock.a src/task/libtask.a \
	src/json/libjson.a src/base/libbase.a $(CONFUSE_LIBS) $(EVENT_LIBS) \
	$(JSON_C_LIBS)
endif
