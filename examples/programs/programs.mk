# SPDX-License-Identifier: Apache-2.0
if EXAMPLES
noinst_LIBRARIES += %D%/libprograms.a
%C%_libprograms_a_SOURCES = \
	%D%/cli.h \
	%D%/cli_options.c \
	%D%/cli_print.c \
	%D%/client.c %D%/client.h \
	%D%/demo.h \
	%D%/demo_facts.c \
	%D%/demo_page.c \
	%D%/demo_work.c \
	%D%/memory.c %D%/memory.h \
	%D%/page.c %D%/page.h \
	%D%/request.c %D%/request.h \
	%D%/service.c %D%/service.h \
	%D%/settings.c %D%/settings.h \
	%D%/shown.c %D%/shown.h \
	%D%/web.c %D%/web.h \
	%D%/xfcc.c %D%/xfcc.h
PROGRAMS_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/examples \
	$(CONFUSE_CFLAGS) $(EVENT_CORE_CFLAGS) $(JSON_C_CFLAGS) $(SSL_CFLAGS)
%C%_libprograms_a_CPPFLAGS = $(PROGRAMS_CPPFLAGS)

PROGRAMS_LIBS = %D%/libprograms.a src/task/libtask.a $(WORKLOAD_LIBS) \
	$(CONFUSE_LIBS) $(EVENT_CORE_LIBS) $(JSON_C_LIBS)

# Measures the examples, and is not installed.
noinst_PROGRAMS += %D%/http-load
%C%_http_load_SOURCES = %D%/http_load.c
%C%_http_load_CPPFLAGS = $(PROGRAMS_CPPFLAGS)
%C%_http_load_LDADD = $(PROGRAMS_LIBS)

bin_PROGRAMS += %D%/api-service %D%/demo-app %D%/spire-cli
%C%_api_service_SOURCES = %D%/api_service.c
%C%_api_service_CPPFLAGS = $(PROGRAMS_CPPFLAGS)
%C%_api_service_LDADD = $(PROGRAMS_LIBS)
%C%_demo_app_SOURCES = %D%/demo_app.c
%C%_demo_app_CPPFLAGS = $(PROGRAMS_CPPFLAGS)
%C%_demo_app_LDADD = $(PROGRAMS_LIBS)
%C%_spire_cli_SOURCES = %D%/spire_cli.c
%C%_spire_cli_CPPFLAGS = $(PROGRAMS_CPPFLAGS)
%C%_spire_cli_LDADD = $(PROGRAMS_LIBS)
endif
