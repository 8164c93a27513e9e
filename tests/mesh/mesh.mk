# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/cases.py \
	%D%/documented.py \
	%D%/mesh.py \
	%D%/run

# The mesh as processes, with a real SPIRE, Envoy and PostgreSQL.
.PHONY: check-mesh
check-examples: check-mesh
if EXAMPLES
check-mesh: all
	$(top_srcdir)/%D%/run --build $(abs_top_builddir) \
		--pictures $(abs_top_builddir)/pictures
else
check-mesh:
	@echo "check-mesh: configure with --enable-examples" >&2
	@exit 1
endif
