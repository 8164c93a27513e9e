# SPDX-License-Identifier: Apache-2.0
#
# Packages are made from the release tarball, never from the tree.
EXTRA_DIST += \
	%D%/check-reproducible \
	%D%/debian \
	%D%/dist-tar \
	%D%/docker \
	%D%/make-deb \
	%D%/make-rpm \
	%D%/make-static \
	%D%/rpm \
	%D%/sbom

# The same tarball whoever makes it.  Newer xz would use threads, which shows.
am__tar = $(SHELL) $(top_srcdir)/%D%/dist-tar "$$tardir"
export XZ_OPT = -T1 -e

.PHONY: deb rpm rpm-static srpm static-tarball
deb: dist
	$(SHELL) $(srcdir)/%D%/make-deb $(distdir).tar.xz $(PACKAGE) \
		$(VERSION) packages/deb
rpm: dist
	$(SHELL) $(srcdir)/%D%/make-rpm $(distdir).tar.xz $(PACKAGE) \
		$(VERSION) packages/rpm
# Of plugins that require no library, on Debian, which has static libraries.
rpm-static: dist
	prefix=$$($(srcdir)/scripts/static-deps) && \
	PKG_CONFIG_PATH=$$prefix/lib/pkgconfig \
	RPM_BUILD_OPTIONS="--with static $$RPM_BUILD_OPTIONS" \
	$(SHELL) $(srcdir)/%D%/make-rpm $(distdir).tar.xz $(PACKAGE) \
		$(VERSION) packages/rpm-static
srpm: dist
	$(SHELL) $(srcdir)/%D%/make-rpm --source $(distdir).tar.xz $(PACKAGE) \
		$(VERSION) packages/srpm
# STATIC_ARCH=arm64 or amd64, by default this machine's.
static-tarball: dist
	$(SHELL) $(srcdir)/%D%/make-static $(distdir).tar.xz $(PACKAGE) \
		$(VERSION) packages/static $(STATIC_ARCH)
.PHONY: check-reproducible
check-reproducible: dist
	$(SHELL) $(srcdir)/%D%/check-reproducible $(distdir).tar.xz \
		$(PACKAGE) $(VERSION) packages/reproducible

# All that a release has to pass, from quick to slow; as root.
.PHONY: release-check
release-check:
	$(MAKE) $(AM_MAKEFLAGS) check \
		TESTS='tests/check_release.sh tests/check_man.sh'
	$(MAKE) $(AM_MAKEFLAGS) check-reproducible
	$(MAKE) $(AM_MAKEFLAGS) check-packages
	$(MAKE) $(AM_MAKEFLAGS) distcheck
	@echo "release-check: $(distdir).tar.xz and packages/ can go out"

mostlyclean-local: clean-packages
.PHONY: clean-packages
clean-packages:
	rm -rf --one-file-system packages
