# SPDX-License-Identifier: Apache-2.0
#
# Packages are made from the release tarball, never from the tree.
EXTRA_DIST += \
	%D%/debian \
	%D%/dist-tar \
	%D%/make-deb \
	%D%/make-rpm \
	%D%/rpm

# The same tarball whoever makes it.  Newer xz would use threads, which shows.
am__tar = $(SHELL) $(top_srcdir)/%D%/dist-tar "$$tardir"
export XZ_OPT = -T1 -e

.PHONY: deb rpm
deb: dist
	$(SHELL) $(srcdir)/%D%/make-deb $(distdir).tar.xz $(PACKAGE) \
		$(VERSION) packages/deb
rpm: dist
	$(SHELL) $(srcdir)/%D%/make-rpm $(distdir).tar.xz $(PACKAGE) \
		$(VERSION) packages/rpm
mostlyclean-local: clean-packages
.PHONY: clean-packages
clean-packages:
	rm -rf --one-file-system packages
