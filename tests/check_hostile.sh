#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_hostile.sh - tests/conformance/HOSTILE names a test for each hostile
# input, the test is there and runs, and no numbered test is left out.  Planted
# faults are found first.
set -eu
src=${abs_top_srcdir:?run by make check}
dir=$src/tests/conformance
last=66
not_built='58 65'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# is_run FILE TEST: it is defined, and put into a case
is_run() {
	grep -q "^START_TEST($2)\$" "$dir/$1.c" 2>/dev/null &&
	    tr '\n' ' ' < "$dir/$1.c" |
	    grep -Eq "(tcase_add_test|tcase_add_loop_test|ck_table)\\( *[a-z]+, *$2[,) ]"
}

# problems LIST: one line for each
problems() {
	number=1
	while test "$number" -le $last; do
		grep -q "^$number " "$1" || echo "$number has no test"
		number=$((number + 1))
	done
	grep -v '^#' "$1" | while read -r number file test; do
		case $number in
		'') continue ;;
		*[!0-9]*) echo "$number is no number" ;;
		esac
		if test "$file $test" = 'not built'; then
			case " $not_built " in
			*" $number "*) ;;
			*) echo "$number is built" ;;
			esac
		elif ! is_run "$file" "$test"; then
			echo "$number: $file has no test $test that runs"
		fi
	done
	sed -n 's/^START_TEST(\(e[0-9][0-9]_.*\))$/\1/p' "$dir"/test_*.c |
	while read -r test; do
		number=${test%%_*}
		number=${number#e}
		grep -q "^${number#0} [a-z_]* $test\$" "$1" ||
		    echo "$test is not listed by its number"
	done
}

# finds WHAT SED: the list with that fault is refused
finds() {
	sed "$2" "$dir/HOSTILE" > "$work/list"
	if test -z "$(problems "$work/list")"; then
		echo "check_hostile: a planted fault is not found: $1" >&2
		exit 1
	fi
}

finds 'a number without test' '/^66 /d'
finds 'a test that is not there' 's/e05_repeated_key/e05_repeated/'
finds 'a test that is not listed' '/e20_empty_response/d'
finds 'something not built' 's/^1 .*/1 not built/'
problems "$dir/HOSTILE" > "$work/found"
cat "$work/found" >&2
test ! -s "$work/found"
