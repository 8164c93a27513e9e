# SPDX-License-Identifier: Apache-2.0
#
# make bench: figures, not tests.  Nothing else should run meanwhile.
EXTRA_PROGRAMS = %D%/bench %D%/bare %D%/bare-curl
CLEANFILES += $(EXTRA_PROGRAMS)
EXTRA_DIST += \
	%D%/run.sh %D%/payload.json \
	%D%/noop/go.mod %D%/noop/go.sum \
	%D%/noop/server/main.go %D%/noop/agent/main.go

%C%_bench_SOURCES = \
	%D%/bench.c %D%/bench.h \
	%D%/fleet.c %D%/full.c %D%/table.c
%C%_bench_CPPFLAGS = $(TEST_CPPFLAGS) $(GRPC_CFLAGS) $(JSON_C_CFLAGS)
%C%_bench_LDADD = src/evidence/libevidence.a src/aws/libaws.a \
	src/json/libjson.a $(HOST_LIBS) $(CRYPTO_LIBS)
%C%_bare_SOURCES = %D%/bare.c
%C%_bare_CPPFLAGS = $(AM_CPPFLAGS) $(GRPC_CFLAGS)
%C%_bare_LDADD = $(GRPC_LIBS)
%C%_bare_curl_SOURCES = %D%/bare.c
%C%_bare_curl_CPPFLAGS = $(AM_CPPFLAGS) $(GRPC_CFLAGS) $(CURL_CFLAGS) \
	-DBARE_WITH_CURL
%C%_bare_curl_LDADD = $(CURL_LIBS) $(GRPC_LIBS)

bench: all %D%/bench %D%/bare %D%/bare-curl
	abs_top_srcdir='$(abs_top_srcdir)' abs_top_builddir='$(abs_top_builddir)' \
		$(SHELL) $(srcdir)/tests/bench/run.sh
.PHONY: bench
clean-local: clean-bench
clean-bench:
	-rm -rf tests/bench/noop-bin
.PHONY: clean-bench
