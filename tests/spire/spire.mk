# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/cases.py \
	%D%/lab.py \
	%D%/run

# Both plugins in a real SPIRE.  SPIRE="1.15.3 /a/folder" chooses which.
.PHONY: check-spire
check-spire: all tests/tools/replay-agent$(EXEEXT)
	$(top_srcdir)/tests/spire/run --build $(abs_top_builddir) $(SPIRE)
