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

server() {
	spire-server "$@" -socketPath "$SPIRE_SERVER_SOCKET"
}

# entry NAME ARGUMENT...: the entry with this ID, new or brought up to date
entry() {
	local id=$1 verb=create done=created
	shift
	case $known in
	*"\"id\":\"$id\""*)
		verb=update done="up to date"
		# "update" has no word -node for what it stands for.
		[ "$1" != -node ] ||
			{ shift && set -- -parentID "$domain/spire/server" "$@"; }
		;;
	esac
	server entry $verb -entryID "$id" "$@" >/dev/null
	echo "$id: $done"
}

domain=spiffe://example.org
cluster=$domain/aws_fargate_task/123456789012/my-cluster

# node_alias NAME ID [SELECTOR]: stands for all tasks of the cluster, or those
# that have the selector too
node_alias() {
	entry "$1" -node -spiffeID "$2" \
		-selector aws_fargate_task:account:123456789012 \
		-selector aws_fargate_task:cluster:my-cluster \
		${3:+-selector "aws_fargate_task:$3"}
}

# workload NAME UID: below an alias for its own family, so that no agent but
# those of its own tasks ever holds its identity, whoever has that uid elsewhere
workload() {
	node_alias "node-$1" "$cluster/$1" "family:$1"
	entry "$1" -parentID "$cluster/$1" -spiffeID "$domain/$1" \
		-selector "unix:uid:$2"
}

if [ -n "$bundle" ]; then
	server bundle show >"$bundle.new"
	mv "$bundle.new" "$bundle"
fi

known=$(server entry show -output json | tr -d ' \n')
workload demo-app "$DEMO_APP_UID"
workload api-service "$API_SERVICE_UID"
workload cli-client "$CLI_CLIENT_UID"

# As the plugins' documentation has it: any task of the cluster, uid 1001.
node_alias node-my-cluster "$cluster"
entry my-workload -parentID "$cluster" -spiffeID "$domain/my-workload" \
	-selector unix:uid:1001
