# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += %D%/check-packages.sh %D%/rpmlint.toml

.PHONY: check-packages
check-packages: deb rpm
	$(SHELL) $(srcdir)/%D%/check-packages.sh $(PACKAGE) $(VERSION) packages
