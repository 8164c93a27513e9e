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

. "$here/../fargate-spire-mock/compose.sh"

if [ $local = no ] && ! has_engine; then
	say "no container engine answers here: going on with processes"
	local=yes
fi
if [ $local = yes ]; then
	[ $clean = no ] || "$here/run-local.sh" clean
	[ $start = yes ] || exec "$here/run-local.sh" build
	exec "$here/run-local.sh" up
fi

# Known to the database and the server only.
if [ ! -e "$here/.env" ]; then
	(umask 077 && printf 'POSTGRES_PASSWORD=%s\n' \
		"$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" >"$here/.env")
fi

say "building the images"
if [ $clean = yes ]; then
	$compose build --no-cache
else
	$compose build
fi
[ $start = yes ] || exit 0

# docker-compose.yml has the order: database and mock, servers, bundle and
# entries, agents, Envoys, applications.
say "starting"
$compose up -d
for try in $(seq 120); do
	if curl -fsS --noproxy '*' -m 5 http://127.0.0.1:8080/health \
		>/dev/null 2>&1; then
		say "up: http://localhost:8080"
		exit 0
	fi
	sleep 1
done
$compose ps
die "demo-app does not answer; see: $compose logs"
