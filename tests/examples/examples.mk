# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/browser.py \
	%D%/cases.py \
	%D%/lab.py \
	%D%/run

# The examples as processes, with a real SPIRE, PostgreSQL and a browser.
.PHONY: check-examples
if EXAMPLES
check-examples: all
	$(top_srcdir)/%D%/run --build $(abs_top_builddir) \
		--pictures $(abs_top_builddir)/pictures
else
check-examples:
	@echo "check-examples: configure with --enable-examples" >&2
	@exit 1
endif
mostlyclean-local: clean-pictures
.PHONY: clean-pictures
clean-pictures:
	rm -rf pictures
