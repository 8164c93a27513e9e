#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run-spire.sh - the first process of the containers with SPIRE: server, or
# agent with the name of its task
set -eu

# checksum FILE: SPIRE starts a plugin only if it is this one
checksum() {
	sha256sum <"$PLUGIN_DIR/$1" | cut -d' ' -f1
}

case ${1:-} in
server)
	SERVER_PLUGIN_SHA256=$(checksum aws-fargate-server-nodeattestor)
	export SERVER_PLUGIN_SHA256
	exec spire-server run -expandEnv -config /etc/spire/server.conf
	;;
agent)
	AGENT_PLUGIN_SHA256=$(checksum aws-fargate-nodeattestor)
	export AGENT_PLUGIN_SHA256
	exec spire-agent run -expandEnv \
		-config "/etc/spire/agent-${2:?"whose?"}.conf"
	;;
*)
	exec "$@"
	;;
esac
