# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libspire.a %D%/libspire_pb.a
%C%_libspire_a_SOURCES = \
	%D%/attestor_agent.c %D%/attestor_agent.h \
	%D%/attestor_server.c %D%/attestor_server.h \
	%D%/configure.c %D%/configure.h \
	%D%/host.c %D%/host.h \
	%D%/program.c %D%/program.h \
	%D%/status.c %D%/status.h
%C%_libspire_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)

nodist_%C%_libspire_pb_a_SOURCES = %D%/spire.pb-c.c %D%/spire.pb-c.h
%C%_libspire_pb_a_CFLAGS = $(GENERATED_CFLAGS)
%C%_libspire_pb_a_SOURCES =
EXTRA_DIST += %D%/spire.proto
BUILT_SOURCES += %D%/spire.pb-c.c %D%/spire.pb-c.h
CLEANFILES += %D%/spire.pb-c.c %D%/spire.pb-c.h
%D%/spire.pb-c.c: %D%/spire.proto
	$(AM_V_GEN)$(RUN_PROTOC_C)
%D%/spire.pb-c.h: %D%/spire.pb-c.c
	@test -f $@ || { rm -f $<; $(MAKE) $<; }
$(%C%_libspire_a_OBJECTS) $(%C%_libspire_pb_a_OBJECTS): %D%/spire.pb-c.h

SPIRE_LIBS = %D%/libspire.a %D%/libspire_pb.a $(GOPLUGIN_LIBS)
