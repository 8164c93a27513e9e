#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# targets.sh - write whom Prometheus has to ask, from the environment
#
# Ports and addresses are those of the mesh's own settings; what is not set is
# the usual port on this machine.
set -euo pipefail

usage() {
	cat <<END
usage: ./targets.sh DIR

Writes spire-server.json, spire-agent.json and envoy.json into DIR, which is
"targets" beside prometheus.yml.  The settings that count, here and in
containers, are

    SPIRE_A_METRICS_PORT SPIRE_B_METRICS_PORT
    AGENT_WEB_METRICS_PORT AGENT_API_METRICS_PORT AGENT_CLI_METRICS_PORT
    ENVOY_SERVERS_ADMIN_PORT ENVOY_WEB_ADMIN_PORT ENVOY_API_ADMIN_PORT
    ENVOY_CLI_ADMIN_PORT

and, where they are not on this machine, the hosts SPIRE_A_METRICS_HOST and so
on, ENVOY_WEB_ADMIN_HOST and so on.  What is in "targets" already is for
containers by the names of docker-compose.yml.  The admin interface of an Envoy
obeys whoever reaches it: let others reach no more than /stats/prometheus of it.
END
}

case ${1:-} in
-h | --help) usage && exit 0 ;;
esac
[ $# -eq 1 ] || { usage >&2 && exit 2; }
dir=$1

# target NAME PORT LABEL VALUE: one that is asked, by the settings NAME_HOST and
# NAME_PORT
target() {
	local host=${1}_HOST port=${1}_PORT
	printf '  { "targets": ["%s:%s"], "labels": { "%s": "%s" } }' \
		"${!host:-127.0.0.1}" "${!port:-$2}" "$3" "$4"
}

# list FILE TARGET...: at once whole, as Prometheus may read at any time
list() {
	local file=$dir/$1 comma=
	shift
	{
		echo '['
		while [ $# -gt 0 ]; do
			printf '%b' "$comma"
			target $1
			comma=',\n'
			shift
		done
		printf '\n]\n'
	} >"$file.new"
	mv "$file.new" "$file"
}

mkdir -p "$dir"
list spire-server.json \
	"SPIRE_A_METRICS 9981 server a" \
	"SPIRE_B_METRICS 9982 server b"
list spire-agent.json \
	"AGENT_WEB_METRICS 9991 task web" \
	"AGENT_API_METRICS 9992 task api" \
	"AGENT_CLI_METRICS 9993 task cli"
list envoy.json \
	"ENVOY_SERVERS_ADMIN 9900 task servers" \
	"ENVOY_WEB_ADMIN 9901 task web" \
	"ENVOY_API_ADMIN 9902 task api" \
	"ENVOY_CLI_ADMIN 9903 task cli"
