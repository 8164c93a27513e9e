#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build-with-trust-bundle.sh - build the example and start it, with agents that
# trust the SPIRE servers from the first by a bundle that was made before them
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)

usage() {
	cat <<EOF
usage: ./build-with-trust-bundle.sh [--clean-build] [--no-start] [--local]

Builds the example, starts the SPIRE servers below one root, writes the trust
bundle and the entries, and starts agents, Envoys and applications: in
containers where Compose and an engine work, else as processes, by
run-local.sh.

  --clean-build  from nothing: no cached layer, no earlier build
  --no-start     only build
  --local        as processes in any case

In containers, the environment may name other images than those on Docker Hub
and ghcr.io, and other ports; the README has the names.
EOF
}

clean=no start=yes local=no
for arg; do
	case $arg in
	--clean-build) clean=yes ;;
	--no-start) start=no ;;
	--local) local=yes ;;
	-h | --help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
done

. "$here/compose.sh"

if [ $local = no ] && ! has_engine; then
	say "no container engine answers here: going on with processes"
	local=yes
fi
if [ $local = yes ]; then
	[ $clean = no ] || "$here/run-local.sh" clean
	[ $start = yes ] || exec "$here/run-local.sh" build
	exec "$here/run-local.sh" up
fi

[ $clean = no ] || EXAMPLE_FRESH=$(date +%s)
keep_settings
build_images
[ $start = yes ] || exit 0
start_containers
