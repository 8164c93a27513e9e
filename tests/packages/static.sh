# SPDX-License-Identifier: Apache-2.0
#
# static.sh - the static plugins; sourced

check_static() {
	:
}
