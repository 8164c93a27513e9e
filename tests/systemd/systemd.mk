# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += %D%/check %D%/confine

# SPIRE with both plugins under the drop-ins for systemd.
.PHONY: check-systemd
check-systemd: all
	$(top_srcdir)/%D%/check --build $(abs_top_builddir)
