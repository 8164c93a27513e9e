# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += %D%/workload.proto
if EXAMPLES
noinst_LIBRARIES += %D%/libworkload.a %D%/libworkload_pb.a
%C%_libworkload_a_SOURCES = \
	%D%/bundle.c %D%/bundle.h \
	%D%/claims.c %D%/claims.h \
	%D%/endpoint.c %D%/endpoint.h \
	%D%/jwks.c %D%/jwks.h \
	%D%/jwt.c %D%/jwt.h \
	%D%/message.c %D%/message.h \
	%D%/rpc.c %D%/rpc.h \
	%D%/source.c %D%/source.h \
	%D%/spiffe_id.c %D%/spiffe_id.h \
	%D%/svid.c %D%/svid.h \
	%D%/tls.c %D%/tls.h \
	%D%/verify.c %D%/verify.h \
	%D%/workload.c %D%/workload.h %D%/workload_impl.h \
	%D%/workload_jwt.c \
	%D%/x509.c %D%/x509.h
%C%_libworkload_a_CPPFLAGS = $(AM_CPPFLAGS) $(GRPC_CFLAGS) \
	$(PROTOBUF_C_CFLAGS) $(SSL_CFLAGS)

nodist_%C%_libworkload_pb_a_SOURCES = \
	%D%/workload.pb-c.c %D%/workload.pb-c.h
%C%_libworkload_pb_a_CFLAGS = $(GENERATED_CFLAGS)
%C%_libworkload_pb_a_SOURCES =
BUILT_SOURCES += %D%/workload.pb-c.c %D%/workload.pb-c.h
CLEANFILES += %D%/workload.pb-c.c %D%/workload.pb-c.h
%D%/workload.pb-c.c: %D%/workload.proto
	$(AM_V_GEN)$(RUN_PROTOC_C)
%D%/workload.pb-c.h: %D%/workload.pb-c.c
	@test -f $@ || { rm -f $<; $(MAKE) $<; }
$(%C%_libworkload_a_OBJECTS) $(%C%_libworkload_pb_a_OBJECTS): %D%/workload.pb-c.h

# What every program on this room links, in order.
WORKLOAD_LIBS = %D%/libworkload.a %D%/libworkload_pb.a \
	src/json/libjson.a src/base/libbase.a $(PROTOBUF_C_LIBS) \
	$(SSL_LIBS) $(CRYPTO_LIBS) $(GRPC_LIBS) -lpthread
endif
