# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/base-images \
	%D%/check \
	%D%/compose-v2 \
	%D%/debian-root \
	%D%/demo \
	%D%/deps \
	%D%/dev \
	%D%/envoy \
	%D%/go \
	%D%/images \
	%D%/lib.sh \
	%D%/make-repo \
	%D%/spire \
	%D%/static-deps
