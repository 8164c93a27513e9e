# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/attest \
	%D%/check-packages.sh \
	%D%/check_sbom \
	%D%/check_spec.sh \
	%D%/deb.sh \
	%D%/lib.sh \
	%D%/messages \
	%D%/rpm.sh \
	%D%/rpmlint.toml \
	%D%/static.sh

# What the plugins for another architecture have to pass.
EMULATED_TESTS = \
	tests/conformance/test_documented_agent$(EXEEXT) \
	tests/conformance/test_documented_server$(EXEEXT) \
	tests/conformance/test_lifecycle$(EXEEXT) \
	tests/conformance/test_pair_proof$(EXEEXT)

.PHONY: check-packages
check-packages: all deb rpm rpm-static $(EMULATED_TESTS)
	EMULATED_TESTS='$(EMULATED_TESTS)' \
	$(SHELL) $(srcdir)/%D%/check-packages.sh $(PACKAGE) $(VERSION) packages
