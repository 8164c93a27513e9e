# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/bench.py \
	%D%/browser.py \
	%D%/cases.py \
	%D%/containers \
	%D%/engine.py \
	%D%/lab.py \
	%D%/readme.py \
	%D%/run

# The first example as processes, with a real SPIRE, PostgreSQL and a browser;
# check-examples is all of them.
.PHONY: check-examples check-apps
check-examples: check-apps
if EXAMPLES
check-apps: all
	$(top_srcdir)/%D%/run --build $(abs_top_builddir) \
		--pictures $(abs_top_builddir)/pictures
else
check-apps:
	@echo "check-apps: configure with --enable-examples" >&2
	@exit 1
endif

# The same in containers, where an engine runs or can be started; they compile
# what they need from what "make dist" would pack.
.PHONY: check-containers
check-containers:
	$(top_srcdir)/%D%/containers --build $(abs_top_builddir)

mostlyclean-local: clean-pictures
.PHONY: clean-pictures
clean-pictures:
	rm -rf pictures
