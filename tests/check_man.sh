#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_man.sh - the man pages are mdoc without fault, refer to pages that
# exist, have one fixed date, and are installed by man/man.mk.

set -eu
src=${abs_top_srcdir:?run by make check}
failures=0

fail() {
	echo "check_man: $*" >&2
	failures=$((failures + 1))
}

if ! command -v mandoc >/dev/null; then
	echo "check_man: mandoc not found: install the package mandoc" >&2
	exit 1
fi

# mandoc looks for the pages that others refer to in the working directory
cd "$src/man"
for page in *.[1-8]; do
	mandoc -T lint -W style "$page" || fail "$page has faults"
	grep -qF "%D%/$page" man.mk || fail "$page is not in man.mk"
done
dates=$(sed -n 's/^\.Dd //p' ./*.[1-8] | sort -u | wc -l)
test "$dates" -eq 1 || fail "the pages have $dates dates, not one"
test "$failures" -eq 0
