#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# setup-spire.sh - tell the SPIRE servers who may have which identity
#
# Does the same however often it runs.  SPIRE_SERVER_SOCKET names one of the
# servers; without it, one that run-local.sh or docker-compose.yml started is
# meant.  What one of them is told, both know.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)

usage() {
	cat <<END
usage: ./setup-spire.sh [--bundle FILE]

Creates the entries of the example in the SPIRE servers that run, or brings
them up to date.

  --bundle FILE  also write the servers' trust bundle there, for the agents
END
}

bundle=
case ${1:-} in
-h | --help) usage && exit 0 ;;
--bundle) bundle=${2:?"--bundle needs a file"} && shift 2 ;;
esac
[ $# -eq 0 ] || { usage >&2 && exit 2; }

if [ -z "${SPIRE_SERVER_SOCKET:-}" ]; then
	state=${EXAMPLE_STATE_DIR:-/tmp/fargate-envoy-spire-$(id -u)}
	if [ -O "$state/env" ]; then
		exec "$here/run-local.sh" setup ${bundle:+--bundle "$bundle"}
	fi
	. "$here/compose.sh"
	[ -z "$bundle" ] ||
		die "--bundle: in containers the service \"setup\" writes it"
	exec $compose exec -T spire-server-a setup-spire.sh
fi

. "$here/../entries.sh"

[ -z "$bundle" ] || write_bundle "$bundle"
know_entries

# In each task only its Envoy has an identity.  The programs have uids of their
# own and no entry: they hold no key and no certificate.
workload demo-app "$ENVOY_WEB_UID"
workload api-service "$ENVOY_API_UID"
workload cli-client "$ENVOY_CLI_UID"
