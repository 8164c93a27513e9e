#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - make bench: our plugins beside no-op plugins on the Go SDK and bare
# C core servers, in one run.  STATIC_DIR: a build with --enable-static-plugins
# to measure too.
set -eu
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
die() {
	echo "bench: $1" >&2
	exit 1
}

command -v go >/dev/null || die "go is missing: run scripts/deps spire"
work=$(mktemp -d)
mock=
clean() {
	[ -z "$mock" ] || kill "$mock" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

noop=$abs_top_builddir/tests/bench/noop-bin
mkdir -p "$noop"
(cd "$abs_top_srcdir/tests/bench/noop" &&
	go build -trimpath -ldflags "-s -w" -o "$noop/" ./server ./agent) ||
	die "the no-op Go plugins do not build"

mkfifo "$work/out"
"$abs_top_builddir/src/mock/fargate-mock" --port 0 >"$work/out" &
mock=$!
read -r line <"$work/out"
base=${line##* }
case $base in
http://*) ;;
*) die "fargate-mock said: $line" ;;
esac

for side in server agent; do
	name=aws-fargate-server-nodeattestor
	[ $side = server ] || name=aws-fargate-nodeattestor
	cp "$abs_top_builddir/src/$side/$name" "$work/$side"
	strip "$work/$side"
	set -- "$@" "$side=$side:$work/$side"
	if [ -n "${STATIC_DIR:-}" ]; then
		cp "$STATIC_DIR/src/$side/$name" "$work/$side-static"
		strip "$work/$side-static"
		set -- "$@" "$side-static=$side:$work/$side-static"
	fi
done

PAYLOAD_FILE=$abs_top_srcdir/tests/bench/payload.json
METADATA_URL=$base/v4/metadata MOCK_URL=$base MOCK_PID=$mock
export PAYLOAD_FILE METADATA_URL MOCK_URL MOCK_PID
"$abs_top_builddir/tests/bench/bench" \
	"noop-server=server:$noop/server" "noop-agent=agent:$noop/agent" \
	"bare=bare:$abs_top_builddir/tests/bench/bare" \
	"bare-curl=bare:$abs_top_builddir/tests/bench/bare-curl" "$@"
