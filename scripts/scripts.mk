# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/check \
	%D%/demo \
	%D%/deps \
	%D%/dev \
	%D%/go \
	%D%/lib.sh \
	%D%/spire \
	%D%/static-curl
