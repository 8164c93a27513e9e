# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libaws.a
%C%_libaws_a_SOURCES = \
	%D%/account.c %D%/account.h \
	%D%/aws.c %D%/aws.h \
	%D%/call.c %D%/call.h \
	%D%/client.h \
	%D%/container.c %D%/container.h \
	%D%/cred_find.c \
	%D%/cred_profile.c %D%/cred_profile.h \
	%D%/cred_source.h \
	%D%/credentials.c %D%/credentials.h \
	%D%/definitions.c \
	%D%/digest.c %D%/digest.h \
	%D%/document.c %D%/document.h \
	%D%/ecs.c %D%/ecs.h \
	%D%/ecs_batch.c \
	%D%/ecs_call.c \
	%D%/endpoint.c %D%/endpoint.h \
	%D%/error.c %D%/error.h \
	%D%/gate.c %D%/gate.h \
	%D%/imds.c %D%/imds.h \
	%D%/keys.c %D%/keys.h \
	%D%/observe.h \
	%D%/sigv4.c %D%/sigv4.h \
	%D%/sts.c %D%/sts.h
%C%_libaws_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
