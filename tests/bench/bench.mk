# SPDX-License-Identifier: Apache-2.0
#
# make bench: figures, not tests.  Nothing else should run meanwhile.
EXTRA_PROGRAMS = %D%/bench %D%/bare %D%/bare-curl
CLEANFILES += $(EXTRA_PROGRAMS)
EXTRA_DIST += \
	%D%/api.sh %D%/run.sh %D%/payload.json \
	%D%/noop/go.mod %D%/noop/go.sum \
	%D%/noop/server/main.go %D%/noop/agent/main.go

%C%_bench_SOURCES = \
	%D%/bench.c %D%/bench.h \
	%D%/fleet.c %D%/full.c %D%/table.c \
	%D%/measure.c %D%/measure.h
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
	@$(MAKE) bench-api

# api-service alone.
if EXAMPLES
EXTRA_PROGRAMS += %D%/bench-api
%C%_bench_api_SOURCES = \
	%D%/api.c %D%/measure.c %D%/measure.h \
	tests/workload/certs.c tests/workload/certs.h \
	tests/workload/fake_agent.c tests/workload/fake_agent.h \
	tests/workload/wire.c tests/workload/wire.h
%C%_bench_api_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests \
	$(SSL_CFLAGS) $(GRPC_CFLAGS)
%C%_bench_api_LDADD = $(HOST_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS)
bench-api: examples/programs/api-service %D%/bench-api
	abs_top_builddir='$(abs_top_builddir)' \
		$(SHELL) $(srcdir)/tests/bench/api.sh
else
bench-api:
	@echo "bench: api-service is not here: configure --enable-examples"
endif
clean-local: clean-bench
clean-bench:
	-rm -rf tests/bench/noop-bin
.PHONY: bench bench-api clean-bench
