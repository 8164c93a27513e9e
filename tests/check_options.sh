#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_options.sh - the man page and the sample of each plugin have the rows of
# its option table, no more, no fewer, with the same types and defaults; the
# samples load.

set -eu
LC_ALL=C
export LC_ALL
src=${abs_top_srcdir:?run by make check}
build=${abs_top_builddir:?run by make check}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0
sides=0

fail() {
	echo "check_options: $*" >&2
	failures=$((failures + 1))
}

# name, type, default from lines such as
# .It Ic timeout Pq Ar duration , default Ql \(dq20s\(dq
man_rows() {
	awk '/^\.It Ic [a-z_]+ Pq Ar / {
		preset = "-"
		at = index($0, " , default Ql ")
		if (at > 0)
			preset = substr($0, at + 14)
		gsub(/\\\(dq/, "\"", preset)
		print $3 "\t" $6 "\t" preset
	}' "$1"
}

# name and value from lines such as #timeout = "20s"
sample_rows() {
	sed -n 's/^#\([a-z_]*\) = \(.*\)/\1	\2/p' "$1"
}

same() {
	if ! diff "$1" "$2" >"$dir/diff"; then
		fail "$3 (< the table, > $4)"
		cat "$dir/diff" >&2
	fi
}

check_man() {
	page=$src/man/aws_fargate_task_$1.conf.5
	cut -f 1-3 "$dir/table" | sort >"$dir/want"
	man_rows "$page" | sort >"$dir/got"
	same "$dir/want" "$dir/got" "$page differs" "the page"
}

# A value is compared where the table has a default.
check_sample() {
	sample=$src/conf/aws_fargate_task_$1.conf
	cut -f 1,3 "$dir/table" | sort >"$dir/want"
	sample_rows "$sample" | sort >"$dir/rows"
	awk -F '\t' 'NR == FNR { preset[$1] = $2; next }
		{ print $1 "\t" (preset[$1] == "-" ? "-" : $2) }' \
		"$dir/want" "$dir/rows" >"$dir/got"
	same "$dir/want" "$dir/got" "$sample differs" "the sample"
}

# As it is the sample sets nothing; with all settings uncommented it must load
# too, and an account where there have to be some.
check_loading() {
	tool=$2
	sample=$src/conf/aws_fargate_task_$1.conf
	: >"$dir/empty"
	"$tool" "$dir/empty" >"$dir/want"
	"$tool" "$sample" >"$dir/got" || fail "$sample does not load"
	same "$dir/want" "$dir/got" "$sample sets something" "what it sets"
	cut -f 1 "$dir/table" | while read -r key; do
		sed -n "s/^#\($key = \)/\1/p" "$sample"
	done | sed 's/^allowed_accounts = .*/allowed_accounts = ["123456789012"]/' \
		>"$dir/uncommented"
	"$tool" "$dir/uncommented" >"$dir/got" ||
		fail "$sample does not load when uncommented"
	"$tool" "$src/conf/$1.conf" >"$dir/got" ||
		fail "$src/conf/$1.conf does not load"
}

for side in server agent; do
	tool=$build/tests/tools/$side-options
	test -x "$tool" || continue
	sides=$((sides + 1))
	"$tool" >"$dir/table"
	test -s "$dir/table" || fail "$tool prints no table"
	check_man "$side"
	check_sample "$side"
	check_loading "$side" "$tool"
done
test "$sides" -gt 0 || fail "neither plugin's table is built"
test "$failures" -eq 0
