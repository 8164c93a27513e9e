# SPDX-License-Identifier: Apache-2.0
#
# lib.sh - what the scripts of this folder share; sourced by bash
#
# Sets src, the root of the sources, and cache, our folder for what outlives
# a run.  Progress goes to standard error, results to standard output.

me=${0##*/}
src=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
if [ -z "${HOME:-}" ]; then
	HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
	export HOME
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/spire-aws-fargate

say() {
	printf '%s: %s\n' "$me" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# duration SECONDS: 75 is "1 min 15 s"
duration() {
	if [ "$1" -ge 60 ]; then
		echo "$(($1 / 60)) min $(($1 % 60)) s"
	else
		echo "$1 s"
	fi
}

# logged LOG COMMAND...: its output goes to LOG; a failure shows the end of it
logged() {
	local log=$1 rc=0
	shift
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	if [ $rc -ne 0 ]; then
		say "\"$*\" failed with $rc; the end of $log:"
		tail -n 20 "$log" | sed 's/^/    /' >&2
	fi
	return $rc
}

# has_spire DIR: holds spire-server and spire-agent
has_spire() {
	[ -x "$1/spire-server" ] && [ -x "$1/spire-agent" ]
}

# A source tree that was configured in place cannot be built elsewhere as
# well; then, and only then, the build starts from a copy.
# source_tree DIR: prints the tree to configure from, DIR/tree if copied
source_tree() {
	if [ ! -e "$src/config.status" ]; then
		echo "$src"
		return
	fi
	rm -rf "$1/tree" && mkdir -p "$1/tree" || return 1
	if git -C "$src" rev-parse >/dev/null 2>&1; then
		(cd "$src" && git ls-files -z |
			tar --null --ignore-failed-read -cf - -T -) 2>/dev/null |
			tar -xf - -C "$1/tree" || return 1
	else
		make -s -C "$src" distdir distdir="$1/tree" >&2 || return 1
	fi
	echo "$1/tree"
}

# bootstrap TREE LOG: makes TREE/configure where it is missing or old
bootstrap() {
	local tree=$1 log=$2
	if [ -e "$tree/configure" ] && [ -e "$tree/config.h.in" ] &&
		[ -e "$tree/Makefile.in" ] &&
		[ -z "$(find "$tree/configure.ac" "$tree/m4" \
			-name '*.[am][c4]*' -newer "$tree/configure" -print)" ]; then
		return 0
	fi
	say "making configure"
	(cd "$tree" && logged "$log" autoreconf -fi)
}

# birth PID: when the process was started, to know it from a later namesake
birth() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

# runs PID BIRTH: is that process still there?
runs() {
	[ "$(birth "$1")" = "$2" ] &&
		! grep -q '^State:.*[ZX]' "/proc/$1/status" 2>/dev/null
}

# end_process PID BIRTH NAME [SIGNAL]: and wait for its end; after 10 s, kill it
end_process() {
	local pid=$1 born=$2 name=$3 try
	runs "$pid" "$born" || return 0
	kill -s "${4:-TERM}" "$pid" 2>/dev/null || true
	for try in $(seq 200); do
		runs "$pid" "$born" || return 0
		sleep 0.05
	done
	say "$name does not end; killing it"
	kill -KILL "$pid" 2>/dev/null || true
}

# build_in DIR FLAGS...: configure, where that is not done yet, and make
build_in() {
	local build=$1 tree mark
	shift
	tree=$(source_tree "$build") || die "cannot copy the sources"
	bootstrap "$tree" "$build/autoreconf.log"
	mark="srcdir=$tree $*"
	# Configure again when it was for another tree or is out of date.
	if ! grep -qsxF "$mark" "$build/configured" ||
		[ "$tree/configure" -nt "$build/config.status" ] ||
		[ ! -e "$build/Makefile" ]; then
		say "configuring in $build"
		rm -f "$build/configured"
		(cd "$build" &&
			logged configure.log "$tree/configure" -q "$@") || return 1
		echo "$mark" >"$build/configured"
	fi
	say "building"
	logged "$build/make.log" make -C "$build" -j "$(nproc)"
}
