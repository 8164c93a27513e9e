#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# api.sh - make bench-api: api-service beside nginx, in one run
set -eu
: "${abs_top_builddir:?}"

nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || {
	echo "bench: nginx is missing: run scripts/deps bench" >&2
	exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
"$abs_top_builddir/tests/bench/bench-api" \
	"$abs_top_builddir/examples/programs/api-service" "$nginx" "$work"
