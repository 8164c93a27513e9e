# SPDX-License-Identifier: Apache-2.0
if EXAMPLES
noinst_LIBRARIES += %D%/libworkload.a
%C%_libworkload_a_SOURCES = \
	%D%/bundle.c %D%/bundle.h \
	%D%/spiffe_id.c %D%/spiffe_id.h \
	%D%/svid.c %D%/svid.h \
	%D%/verify.c %D%/verify.h \
	%D%/x509.c %D%/x509.h
%C%_libworkload_a_CPPFLAGS = $(AM_CPPFLAGS) $(GRPC_CFLAGS) \
	$(PROTOBUF_C_CFLAGS) $(SSL_CFLAGS)

# What every program on this room links, in order.
WORKLOAD_LIBS = %D%/libworkload.a src/json/libjson.a src/base/libbase.a
endif
