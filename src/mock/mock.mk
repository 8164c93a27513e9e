# SPDX-License-Identifier: Apache-2.0
if MOCK
noinst_LIBRARIES += %D%/libmock.a
%C%_libmock_a_SOURCES = \
	%D%/auth.c %D%/auth.h \
	%D%/delivery.c %D%/delivery.h \
	%D%/ecs.c %D%/ecs.h \
	%D%/ecs_actions.c \
	%D%/ecs_document.c \
	%D%/environ.c %D%/environ.h \
	%D%/error.c %D%/error.h \
	%D%/faults.c %D%/faults.h \
	%D%/form.c %D%/form.h \
	%D%/metadata.c %D%/metadata.h \
	%D%/operation.c %D%/operation.h \
	%D%/request_log.c %D%/request_log.h \
	%D%/route.c %D%/route.h \
	%D%/route_control.c \
	%D%/route_credentials.c \
	%D%/route_imds.c \
	%D%/route_metadata.c \
	%D%/route_service.c \
	%D%/scenario.c %D%/scenario.h \
	%D%/scenario_builtin.c \
	%D%/scenario_read.c \
	%D%/scenario_reader.c %D%/scenario_reader.h \
	%D%/scenario_roles.c \
	%D%/scenario_text.c %D%/scenario_text.h \
	%D%/server.c %D%/server.h \
	%D%/sessions.c %D%/sessions.h \
	%D%/stamp.c %D%/stamp.h \
	%D%/stats.c \
	%D%/sts.c %D%/sts.h \
	%D%/task_text.c %D%/task_text.h \
	%D%/tls.c %D%/tls.h \
	%D%/writer.c %D%/writer.h
%C%_libmock_a_CFLAGS = $(AM_CFLAGS) $(CONFUSE_CFLAGS) $(EVENT_CFLAGS) \
	$(JSON_C_CFLAGS) $(SSL_CFLAGS)

bin_PROGRAMS += %D%/fargate-mock
%C%_fargate_mock_SOURCES = %D%/main.c
%C%_fargate_mock_LDADD = %D%/libmock.a src/task/libtask.a \
	src/aws/libaws.a src/json/libjson.a src/base/libbase.a \
	$(CONFUSE_LIBS) $(EVENT_LIBS) $(JSON_C_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS)
endif
