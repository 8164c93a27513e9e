#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build-with-trust-bundle.sh - build the example and start it, with agents that
# trust the SPIRE server from the first by a bundle that was made before them
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)

usage() {
	cat <<EOF
usage: ./build-with-trust-bundle.sh [--clean-build] [--no-start] [--local]

Builds the example, starts the SPIRE server, writes its trust bundle and its
entries, and starts the agents and applications: in containers where Compose
and an engine work, else as processes, by run-local.sh.

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

# What Compose is called with later has to be the same: so .env keeps it, of
# which the database's password is known to the database and the server only.
settings="POSTGRES_PASSWORD BASE_IMAGE SPIRE_SERVER_IMAGE SPIRE_AGENT_IMAGE
	POSTGRES_IMAGE EXAMPLE_IMAGES EXAMPLE_FRESH COMPOSE_PROJECT_NAME
	DEMO_APP_HOST_PORT API_SERVICE_HOST_PORT SPIRE_SERVER_HOST_PORT
	AWS_MOCK_HOST_PORT"
write_settings() {
	local name value
	for name in $settings; do
		value=${!name:-}
		[ -n "$value" ] ||
			value=$(sed -n "s/^$name=//p" "$here/.env" 2>/dev/null) ||
			true
		[ -n "$value" ] || [ $name != POSTGRES_PASSWORD ] ||
			value=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
		[ -z "$value" ] || printf '%s=%s\n' $name "$value"
	done
}
[ $clean = no ] || EXAMPLE_FRESH=$(date +%s)
(umask 077 && write_settings >"$here/.env.new")
mv "$here/.env.new" "$here/.env"
load_settings

say "building the images"
$compose build || die "the images cannot be built.  Where no image can be" \
	"pulled, make what they begin with:" \
	"export \$($src/scripts/base-images)"
[ $start = yes ] || exit 0

# docker-compose.yml has the order: database and mock, server, bundle and
# entries, agents, applications.
say "starting"
began=$SECONDS
if $compose up -d; then
	while [ $((SECONDS - began)) -lt 180 ]; do
		if all_healthy >/dev/null; then
			say "up, $(duration $((SECONDS - began))):" \
				"http://localhost:${DEMO_APP_HOST_PORT:-8080}"
			exit 0
		fi
		sleep 1
	done
fi
states >&2 || true
die "not all of it works; see what the ones above that are not healthy say:" \
	"$compose logs NAME"
