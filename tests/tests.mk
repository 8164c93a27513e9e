# SPDX-License-Identifier: Apache-2.0
#
# A test program of a room links that room's archive and those it may use, and
# nothing else: an upward call does not link.
TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests $(CHECK_CFLAGS)
TEST_LIBS = $(CHECK_LIBS)

# Tests find their data and the programs under test by these, never by the
# working directory.
AM_TESTS_ENVIRONMENT = \
	CK_VERBOSITY=normal; export CK_VERBOSITY; \
	: $${CK_DEFAULT_TIMEOUT=30}; export CK_DEFAULT_TIMEOUT; \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	$(SANITIZER_ENVIRONMENT)
SANITIZER_ENVIRONMENT = \
	UBSAN_OPTIONS=print_stacktrace=1; export UBSAN_OPTIONS; \
	TSAN_OPTIONS="suppressions=$(abs_top_srcdir)/tests/tsan.supp ignore_noninstrumented_modules=1"; \
	export TSAN_OPTIONS; \
	LSAN_OPTIONS="suppressions=$(abs_top_srcdir)/tests/lsan.supp print_suppressions=0"; \
	export LSAN_OPTIONS;
LOG_DRIVER_FLAGS =
EXTRA_DIST += tests/jsonc.h tests/testing.h tests/tsan.supp tests/lsan.supp

include tests/base/base.mk
include tests/json/json.mk
include tests/loop/loop.mk
include tests/goplugin/goplugin.mk
include tests/spire/spire.mk
include tests/aws/aws.mk
include tests/task/task.mk
include tests/evidence/evidence.mk
include tests/conf/conf.mk
include tests/server/server.mk
include tests/agent/agent.mk
include tests/mock/mock.mk
include tests/workload/workload.mk
include tests/programs/programs.mk
include tests/live/live.mk
include tests/tools/tools.mk
include tests/host/host.mk
include tests/conformance/conformance.mk
include tests/fuzz/fuzz.mk
include tests/packages/packages.mk
include tests/images/images.mk
include tests/examples/examples.mk
include tests/mesh/mesh.mk
include tests/monitoring/monitoring.mk
include tests/ecs/ecs.mk
include tests/systemd/systemd.mk
include tests/checks.mk
include tests/torture.mk
include tests/bench/bench.mk
