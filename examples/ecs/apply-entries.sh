#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# apply-entries.sh - tell the SPIRE server who may have which identity
#
# Does the same however often it runs.  WORKLOADS has a word NAME:UID[:ACCOUNT]
# for each workload: NAME is the path of its SPIFFE ID, and the name of its
# task family and of its task role.
set -euo pipefail

: "${SPIRE_SERVER_SOCKET:?}" "${TRUST_DOMAIN:?}" "${WORKLOAD_CLUSTER:?}"
: "${ACCOUNT:?}" "${WORKLOADS:?"NAME:UID[:ACCOUNT]..."}"

. "$(dirname "$0")/../entries.sh"

know_entries
domain=spiffe://$TRUST_DOMAIN
for word in $WORKLOADS; do
	IFS=: read -r name uid account more <<<"$word"
	account=${account:-$ACCOUNT}
	[[ $name =~ ^[A-Za-z0-9_-]+$ && $uid =~ ^[0-9]+$ &&
		$account =~ ^[0-9]{12}$ && -z $more ]] || {
		echo "\"$word\" is not NAME:UID[:ACCOUNT]" >&2
		exit 1
	}
	# An alias for the agents of this workload's own tasks, as AWS knows
	# them: of this family, under this role, started without a change to
	# their definition, and without a way in for people.
	alias=$domain/aws_fargate_task/$account/$WORKLOAD_CLUSTER/$name
	entry "node-$account-$name" -node -spiffeID "$alias" \
		-selector "aws_fargate_task:account:$account" \
		-selector "aws_fargate_task:cluster:$WORKLOAD_CLUSTER" \
		-selector "aws_fargate_task:family:$name" \
		-selector "aws_fargate_task:task_role:$account/$name" \
		-selector aws_fargate_task:overrides:none \
		-selector aws_fargate_task:exec:disabled
	entry "$account-$name" -parentID "$alias" -spiffeID "$domain/$name" \
		-selector "unix:uid:$uid"
done
