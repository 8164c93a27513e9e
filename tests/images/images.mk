# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/box.py \
	%D%/run \
	%D%/tools.Dockerfile

# The images of packaging/docker, from the packages and the static plugins, in
# containers; as root it starts an engine of its own where none answers.
.PHONY: check-images
check-images: deb rpm-static static-tarball
	$(top_srcdir)/%D%/run --build $(abs_top_builddir)
