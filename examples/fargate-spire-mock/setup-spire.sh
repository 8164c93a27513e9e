#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# setup-spire.sh - tell the SPIRE server who may have which identity
#
# Does the same however often it runs.  SPIRE_SERVER_SOCKET names the server;
# without it, the one that run-local.sh or docker-compose.yml started is meant.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)

usage() {
	cat <<EOF
usage: ./setup-spire.sh [--bundle FILE]

Creates the entries of the example in the SPIRE server that runs, or brings
them up to date.

  --bundle FILE  also write the server's trust bundle there, for the agents
EOF
}

bundle=
case ${1:-} in
-h | --help) usage && exit 0 ;;
--bundle) bundle=${2:?"--bundle needs a file"} && shift 2 ;;
esac
[ $# -eq 0 ] || { usage >&2 && exit 2; }

if [ -z "${SPIRE_SERVER_SOCKET:-}" ]; then
	state=${EXAMPLE_STATE_DIR:-/tmp/fargate-spire-mock-$(id -u)}
	if [ -O "$state/env" ]; then
		exec "$here/run-local.sh" setup ${bundle:+--bundle "$bundle"}
	fi
	. "$here/compose.sh"
	[ -z "$bundle" ] ||
		die "--bundle: in containers the service \"setup\" writes it"
	exec $compose exec -T spire-server setup-spire.sh
fi

. "$here/../entries.sh"

[ -z "$bundle" ] || write_bundle "$bundle"
know_entries
workload demo-app "$DEMO_APP_UID"
workload api-service "$API_SERVICE_UID"
workload cli-client "$CLI_CLIENT_UID"

# As the plugins' documentation has it: any task of the cluster, uid 1001.
node_alias node-my-cluster "$cluster"
entry my-workload -parentID "$cluster" -spiffeID "$domain/my-workload" \
	-selector unix:uid:1001
