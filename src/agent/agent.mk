# SPDX-License-Identifier: Apache-2.0
if AGENT
noinst_LIBRARIES += %D%/libagent.a
%C%_libagent_a_SOURCES = \
	%D%/aid.c %D%/aid.h \
	%D%/diagnose.c %D%/diagnose.h \
	%D%/fetch.c %D%/fetch.h \
	%D%/options.c %D%/options.h \
	%D%/proof.c %D%/proof.h

plugin_PROGRAMS += %D%/aws-fargate-nodeattestor
%C%_aws_fargate_nodeattestor_SOURCES = %D%/main.c
%C%_aws_fargate_nodeattestor_LDFLAGS = $(AM_LDFLAGS) $(PLUGIN_LDFLAGS)
%C%_aws_fargate_nodeattestor_LDADD = \
	%D%/libagent.a src/conf/libconf.a \
	src/evidence/libevidence.a src/task/libtask.a src/aws/libaws.a \
	src/json/libjson.a src/loop/libhttp.a $(SPIRE_LIBS) \
	$(PLUGIN_LIBS_BEGIN) $(CURL_LIBS) $(CRYPTO_LIBS) $(GRPC_LIBS) \
	$(PROTOBUF_C_LIBS) $(PLUGIN_LIBS_END)
CLEANFILES += %D%/*.map
endif
