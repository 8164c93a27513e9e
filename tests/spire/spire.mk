# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/cases.py \
	%D%/lab.py \
	%D%/run \
	$(crowd_sources)

# 200 agents in one process.
crowd_sources = \
	%D%/crowd/agent.go \
	%D%/crowd/go.mod \
	%D%/crowd/go.sum \
	%D%/crowd/main.go \
	%D%/crowd/proof.go
crowd_program = %D%/crowd-bin/crowd
$(crowd_program): $(crowd_sources)
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)out=`cd $(@D) && pwd`/crowd && \
	go=`$(abs_top_srcdir)/scripts/go` && \
	cd $(abs_top_srcdir)/%D%/crowd && \
	GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOWORK=off \
		"$$go" build -trimpath -buildvcs=false -o "$$out" . || { \
		echo "tests/spire/crowd needs Go and modules of the Go proxy:" \
			"scripts/deps spire, then scripts/go, say what is" \
			"missing" >&2; exit 1; }
CLEANFILES += $(crowd_program)

# Both plugins in a real SPIRE.  SPIRE="1.15.3 /a/folder" chooses which.
.PHONY: check-spire
check-spire: all tests/tools/replay-agent$(EXEEXT) $(crowd_program) \
	$(WORKLOAD_WATCH)
	$(top_srcdir)/tests/spire/run --build $(abs_top_builddir) $(SPIRE)
