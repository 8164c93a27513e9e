# SPDX-License-Identifier: Apache-2.0

check_PROGRAMS += %D%/hcl-dump
%C%_hcl_dump_SOURCES = \
	%D%/hcl-dump.c \
	%D%/hcl_fold.h \
	%D%/hcl_go.c %D%/hcl_go.h
%C%_hcl_dump_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_hcl_dump_LDADD = src/conf/libconf.a src/base/libbase.a -lm

check_PROGRAMS += %D%/sigv4-sign
%C%_sigv4_sign_SOURCES = \
	%D%/sigv4-sign.c \
	tests/aws/vector.h \
	tests/aws/vector_context.c tests/aws/vector_request.c
%C%_sigv4_sign_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests \
	$(JSON_C_CFLAGS)
%C%_sigv4_sign_LDADD = src/aws/libaws.a src/base/libbase.a $(CRYPTO_LIBS) \
	$(JSON_C_LIBS)

if SERVER
check_PROGRAMS += %D%/server-options
%C%_server_options_SOURCES = %D%/options-dump.c
%C%_server_options_CPPFLAGS = $(AM_CPPFLAGS) -DDUMP_SERVER
%C%_server_options_LDADD = src/server/libserver.a src/conf/libconf.a \
	src/aws/libaws.a src/task/libtask.a src/json/libjson.a \
	src/base/libbase.a
endif
if AGENT
check_PROGRAMS += %D%/agent-options
%C%_agent_options_SOURCES = %D%/options-dump.c
%C%_agent_options_CPPFLAGS = $(AM_CPPFLAGS) -DDUMP_AGENT
%C%_agent_options_LDADD = src/agent/libagent.a src/conf/libconf.a \
	src/aws/libaws.a src/task/libtask.a src/json/libjson.a \
	src/base/libbase.a
endif

# The agent plugin's own parts, with its two senders wrapped; for check-spire.
if AGENT
check_PROGRAMS += %D%/replay-agent
%C%_replay_agent_SOURCES = %D%/replay-agent.c src/agent/main.c
%C%_replay_agent_CPPFLAGS = $(AM_CPPFLAGS)
%C%_replay_agent_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=aid_send_payload -Wl,--wrap=aid_send_response
%C%_replay_agent_LDADD = src/agent/libagent.a src/conf/libconf.a \
	src/evidence/libevidence.a src/task/libtask.a src/aws/libaws.a \
	src/json/libjson.a src/loop/libhttp.a $(SPIRE_LIBS) $(CURL_LIBS) \
	$(CRYPTO_LIBS) $(GRPC_LIBS) $(PROTOBUF_C_LIBS)
endif

# Both plugins again, with allocations that fail as a test tells them; for
# conformance/test_torture_*.
FAULT_PLUGIN_LINK = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=calloc \
	-Wl,--wrap=realloc -Wl,--wrap=reallocarray -Wl,--wrap=strdup
FAULT_PLUGIN_LIBS = src/conf/libconf.a \
	src/evidence/libevidence.a src/task/libtask.a src/aws/libaws.a \
	src/json/libjson.a src/loop/libhttp.a $(SPIRE_LIBS) $(CURL_LIBS) \
	$(CRYPTO_LIBS) $(GRPC_LIBS) $(PROTOBUF_C_LIBS)
if SERVER
check_PROGRAMS += %D%/torture-server-plugin
%C%_torture_server_plugin_SOURCES = src/server/main.c \
	%D%/fault_plugin.c %D%/fault_page.h
%C%_torture_server_plugin_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_torture_server_plugin_LDFLAGS = $(FAULT_PLUGIN_LINK)
%C%_torture_server_plugin_LDADD = src/server/libserver.a $(FAULT_PLUGIN_LIBS)
endif
if AGENT
check_PROGRAMS += %D%/torture-agent-plugin
%C%_torture_agent_plugin_SOURCES = src/agent/main.c \
	%D%/fault_plugin.c %D%/fault_page.h
%C%_torture_agent_plugin_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_torture_agent_plugin_LDFLAGS = $(FAULT_PLUGIN_LINK)
%C%_torture_agent_plugin_LDADD = src/agent/libagent.a $(FAULT_PLUGIN_LIBS)
endif
