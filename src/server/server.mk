# SPDX-License-Identifier: Apache-2.0
if SERVER
noinst_LIBRARIES += %D%/libserver.a
%C%_libserver_a_SOURCES = \
	%D%/attest.c %D%/attest.h %D%/attest_impl.h \
	%D%/attest_end.c \
	%D%/attest_grant.c \
	%D%/attest_proof.c \
	%D%/attestor.c \
	%D%/describe.c %D%/describe.h \
	%D%/figures.c %D%/figures.h \
	%D%/first_use.c %D%/first_use.h \
	%D%/holders.c %D%/holders.h \
	%D%/judge.c %D%/judge.h %D%/judge_impl.h \
	%D%/judge_proof.c \
	%D%/options.c %D%/options.h %D%/options_impl.h \
	%D%/options_finish.c \
	%D%/policy.c %D%/policy.h

plugin_PROGRAMS += %D%/aws-fargate-server-nodeattestor
%C%_aws_fargate_server_nodeattestor_SOURCES = %D%/main.c
%C%_aws_fargate_server_nodeattestor_LDFLAGS = $(AM_LDFLAGS) $(PLUGIN_LDFLAGS)
%C%_aws_fargate_server_nodeattestor_LDADD = \
	%D%/libserver.a src/conf/libconf.a \
	src/evidence/libevidence.a src/task/libtask.a src/aws/libaws.a \
	src/json/libjson.a src/loop/libhttp.a $(SPIRE_LIBS) \
	$(PLUGIN_LIBS_BEGIN) $(CURL_LIBS) $(CRYPTO_LIBS) $(GRPC_LIBS) \
	$(PROTOBUF_C_LIBS) $(PLUGIN_LIBS_END)
CLEANFILES += %D%/*.map
endif
