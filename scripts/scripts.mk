# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/check \
	%D%/demo \
	%D%/deps \
	%D%/lib.sh \
	%D%/spire
