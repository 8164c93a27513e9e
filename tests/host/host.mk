# SPDX-License-Identifier: Apache-2.0
#
# SPIRE as a plugin sees it: what the conformance tests and the benchmarks
# drive plugins with.
check_LIBRARIES += %D%/libhost.a
%C%_libhost_a_SOURCES = \
	%D%/broker.c %D%/broker.h \
	%D%/client.c %D%/client.h \
	%D%/fail.c %D%/fail.h \
	%D%/host.c %D%/host.h \
	%D%/httpd.c %D%/httpd.h \
	%D%/line.c %D%/line.h \
	%D%/process.c %D%/process.h \
	%D%/raw.c %D%/raw.h \
	%D%/services.c %D%/services.h
%C%_libhost_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests \
	$(GRPC_CFLAGS) $(PROTOBUF_C_CFLAGS) $(JSON_C_CFLAGS)
$(%C%_libhost_a_OBJECTS): src/spire/spire.pb-c.h src/goplugin/goplugin.pb-c.h

HOST_LIBS = \
	%D%/libhost.a src/spire/libspire_pb.a src/goplugin/libgoplugin_pb.a \
	src/base/libbase.a \
	$(GRPC_LIBS) $(PROTOBUF_C_LIBS) $(JSON_C_LIBS) -lpthread
