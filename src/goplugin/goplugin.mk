# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libgoplugin.a %D%/libgoplugin_pb.a
%C%_libgoplugin_a_SOURCES = \
	%D%/client.c %D%/client.h \
	%D%/grpclog.c %D%/grpclog.h \
	%D%/handshake.c %D%/handshake.h \
	%D%/plugin.c %D%/plugin.h \
	%D%/server.c %D%/server.h \
	%D%/services.c %D%/services.h
%C%_libgoplugin_a_CPPFLAGS = $(AM_CPPFLAGS) $(GRPC_CFLAGS) $(PROTOBUF_C_CFLAGS)

nodist_%C%_libgoplugin_pb_a_SOURCES = \
	%D%/goplugin.pb-c.c %D%/goplugin.pb-c.h
%C%_libgoplugin_pb_a_CFLAGS = $(GENERATED_CFLAGS)
%C%_libgoplugin_pb_a_SOURCES =
EXTRA_DIST += %D%/goplugin.proto
BUILT_SOURCES += %D%/goplugin.pb-c.c %D%/goplugin.pb-c.h
CLEANFILES += %D%/goplugin.pb-c.c %D%/goplugin.pb-c.h
%D%/goplugin.pb-c.c: %D%/goplugin.proto
	$(AM_V_GEN)$(RUN_PROTOC_C)
%D%/goplugin.pb-c.h: %D%/goplugin.pb-c.c
	@test -f $@ || { rm -f $<; $(MAKE) $<; }
$(%C%_libgoplugin_a_OBJECTS) $(%C%_libgoplugin_pb_a_OBJECTS): %D%/goplugin.pb-c.h

# What every program on this room links, in order.
GOPLUGIN_LIBS = \
	%D%/libgoplugin.a %D%/libgoplugin_pb.a \
	src/loop/libloop.a src/base/libbase.a
