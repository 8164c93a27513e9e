# SPDX-License-Identifier: Apache-2.0
#
# Operations with failing allocations; torture.c says how to add one.  Any test
# program can do so itself with tests/fault.c and $(FAULT_LINK).  What a whole
# plugin does is tortured by conformance/test_torture_{agent,server}.
FAULT_LINK = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=calloc \
	-Wl,--wrap=realloc -Wl,--wrap=free -Wl,--wrap=strdup -Wl,--wrap=strndup

check_PROGRAMS += %D%/torture
TESTS += %D%/torture
%C%_torture_SOURCES = %D%/torture.c %D%/fault.c %D%/fault.h
%C%_torture_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests $(TORTURE_STS)
%C%_torture_LDFLAGS = $(FAULT_LINK)
# highest room first
%C%_torture_LDADD = src/conf/libconf.a \
	src/evidence/libevidence.a src/task/libtask.a src/aws/libaws.a \
	src/json/libjson.a $(TORTURE_LOOP) src/base/libbase.a \
	$(TORTURE_LOOP_LIBS) $(CRYPTO_LIBS)

# aws/sts.c also sends, though not here.
if PLUGINS
TORTURE_STS = -DTORTURE_STS
TORTURE_LOOP = src/loop/libhttp.a src/loop/libloop.a
TORTURE_LOOP_LIBS = $(CURL_LIBS) $(GRPC_LIBS)
endif

.PHONY: check-torture
check-torture: %D%/torture $(TORTURE_WHOLE) $(TORTURE_NEEDS)
	$(AM_TESTS_ENVIRONMENT) %D%/torture --long
	$(AM_TESTS_ENVIRONMENT) FAULT_LONG=1; export FAULT_LONG; \
	for test in $(TORTURE_WHOLE); do $$test || exit 1; done
