# SPDX-License-Identifier: Apache-2.0
#
# Rules of the house that a machine can refuse; all prove themselves first.
dist_check_SCRIPTS += \
	%D%/check_describe.sh %D%/check_examples.sh %D%/check_hostile.sh \
	%D%/check_layers.sh %D%/check_release.sh %D%/check_static.sh \
	%D%/check_style.sh
TESTS += %D%/check_hostile.sh %D%/check_layers.sh %D%/check_release.sh \
	%D%/check_style.sh
if STATIC_PLUGINS
TESTS += %D%/check_static.sh
endif
# These run programs.
if SERVER
if MOCK
TESTS += %D%/check_describe.sh
if AGENT
TESTS += %D%/check_examples.sh
endif
endif
endif
