#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_static.sh - a static plugin asks for no loader and no library, has its
# libc from where security updates go, and reads no openssl.cnf, whose modules
# it could not load; one for another architecture runs under QEMU
set -eu
: "${abs_top_builddir:?run by make check}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0
seen=0

fail() {
	echo "check_static: $*" >&2
	failures=$((failures + 1))
}

# starts THREAD PROGRAM [VARIABLE]: it prints a handshake, then has the thread
starts() {
	rm -f "$dir/out"
	mkfifo "$dir/out"
	# shellcheck disable=SC2086
	env -i NodeAttestor=NodeAttestor TMPDIR="$dir" "${3:-UNUSED=}" \
		$emulator "$2" \
		>"$dir/out" 2>"$dir/said" &
	pid=$!
	line=$(timeout 20 head -n 1 "$dir/out") || :
	found=no
	tries=0
	while [ $found = no ] && [ $tries -lt 200 ]; do
		# the thread's name; the main thread's is the program's
		if grep -q "^$1" /proc/$pid/task/*/comm 2>/dev/null; then
			found=yes
		else
			tries=$((tries + 1))
			sleep 0.1
		fi
	done
	kill -KILL $pid 2>/dev/null || :
	wait $pid 2>/dev/null || :
	case $line,$found in
	'1|1|unix|'*'|grpc|',yes) return 0 ;;
	esac
	return 1
}

# find_emulator PROGRAM: for one of a foreign architecture, how it is run
find_emulator() {
	emulator=
	readelf -hW "$1" >"$dir/header"
	cpu=$(sed -n 's/^ *Machine: *//p' "$dir/header")
	case $cpu in
	AArch64) cpu=aarch64 ;;
	*X86-64) cpu=x86_64 ;;
	esac
	[ "$cpu" != "$(uname -m)" ] || return 0
	emulator=$(command -v "qemu-$cpu-static") ||
		fail "$1 is for $cpu: install qemu-user-static"
}

# check_libc MAP: none that a cross compiler has brought
check_libc() {
	libc=$(sed -n 's/^\(.*libc\.a\)(.*)$/\1/p' "$1" | head -n 1)
	[ -n "$libc" ] || fail "$1 tells of no libc.a"
	case $(realpath -m "$libc") in
	/usr/*-linux-*/lib/libc.a)
		fail "$libc of the cross compiler was linked; configure should" \
			"have taken that of libc6-dev"
		;;
	esac
}

# A reader of this file waits for ever: nobody writes into it.
mkfifo "$dir/openssl.cnf"

# check PROGRAM [THREAD]: the last thing it makes when it starts
check() {
	program=$abs_top_builddir/src/$1
	[ -e "$program" ] || return 0
	seen=$((seen + 1))
	readelf -lW "$program" >"$dir/headers"
	grep -q ' LOAD ' "$dir/headers" || fail "$1: no program headers"
	! grep -E ' (INTERP|DYNAMIC) ' "$dir/headers" || fail "$1 is not static"
	check_libc "$program.map"
	find_emulator "$program"
	thread=${2:-$(basename "${emulator:-$1}" | cut -c 1-15)}
	starts "$thread" "$program" ||
		fail "$1 does not start: $(cat "$dir/said")"
	starts "$thread" "$program" OPENSSL_CONF="$dir/openssl.cnf" ||
		fail "$1 reads openssl.cnf"
}

check server/aws-fargate-server-nodeattestor
check agent/aws-fargate-nodeattestor http
[ $seen -gt 0 ] || fail "no plugin was built"
[ $failures -eq 0 ]
