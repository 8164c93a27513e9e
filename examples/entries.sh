# SPDX-License-Identifier: Apache-2.0
#
# entries.sh - what the examples tell their SPIRE server, whose socket is
# SPIRE_SERVER_SOCKET; sourced by bash

server() {
	spire-server "$@" -socketPath "$SPIRE_SERVER_SOCKET"
}

# write_bundle FILE: for the agents; there at once and whole
write_bundle() {
	server bundle show >"$1.new"
	mv "$1.new" "$1"
}

# know_entries: what is there, before the first entry
know_entries() {
	known=$(server entry show -output json | tr -d ' \n')
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
