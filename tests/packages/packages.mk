# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/attest \
	%D%/check-packages.sh \
	%D%/check_spec.sh \
	%D%/deb.sh \
	%D%/lib.sh \
	%D%/messages \
	%D%/rpm.sh \
	%D%/rpmlint.toml \
	%D%/static.sh

.PHONY: check-packages
check-packages: all deb rpm rpm-static
	$(SHELL) $(srcdir)/%D%/check-packages.sh $(PACKAGE) $(VERSION) packages
