# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/botocore_client.py \
	%D%/lab.py \
	%D%/live.py \
	%D%/moto_judge.py \
	%D%/run

# The mock against AWS's own client, and our signer against another mock; both
# come from PyPI.
.PHONY: check-live
if MOCK
check-live: src/mock/fargate-mock tests/tools/sigv4-sign
	$(top_srcdir)/tests/live/run $(abs_top_builddir)
else
check-live:
	@echo "check-live needs the mock: configure with --enable-mock" >&2
	@exit 1
endif
