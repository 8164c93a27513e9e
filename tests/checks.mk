# SPDX-License-Identifier: Apache-2.0
#
# Rules of the house that a machine can refuse; both prove themselves first.
dist_check_SCRIPTS += \
	%D%/check_layers.sh %D%/check_static.sh %D%/check_style.sh
TESTS += %D%/check_layers.sh %D%/check_style.sh
dist_check_SCRIPTS += %D%/check_describe.sh
if SERVER
if MOCK
TESTS += %D%/check_describe.sh
endif
endif
if STATIC_PLUGINS
TESTS += %D%/check_static.sh
endif
