#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh - what is up, as processes or in containers, tried from outside
#
# "run-local.sh test" sources it.  Whoever does gives it
#
#   in_task TASK[:UID] COMMAND...  a command in a task, as the user of its
#                                  application or as UID
#   at_server COMMAND...           a command of spire-server
#   demo_app_url, api_service_url  where they are from here
#   API_SERVICE_URL                and from within a task
#   any_uid                        "yes" if UID can be any
set -euo pipefail

usage() {
	cat <<EOF
usage: ./test.sh

Tries the example that is up, as processes or in containers; the last line says
"N passed, N failed".
EOF
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	here=$(cd "$(dirname "$0")" && pwd -P)
	case ${1:-} in
	'') ;;
	-h | --help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	state=${EXAMPLE_STATE_DIR:-/tmp/fargate-spire-mock-$(id -u)}
	[ ! -O "$state/env" ] || exec "$here/run-local.sh" test
	. "$here/compose.sh"
	need_containers
	demo_app_url=http://127.0.0.1:${DEMO_APP_HOST_PORT:-8080}
	api_service_url=https://127.0.0.1:${API_SERVICE_HOST_PORT:-8082}
	any_uid=yes
fi

passed=0 failed=0

# check WHAT COMMAND...
check() {
	local what=$1 said
	shift
	if said=$("$@" 2>&1); then
		passed=$((passed + 1))
		echo "ok: $what"
	else
		failed=$((failed + 1))
		echo "FAILED: $what"
		printf '%s\n' "$said" | head -n 20 | sed 's/^/    /'
	fi
}

three_agents() {
	at_server agent count | grep -x '3 attested agents'
}

# identities TASK[:UID]: the SPIFFE IDs that its agent gives
identities() {
	in_task "$1" spire-agent api fetch x509 |
		sed -n 's/^SPIFFE ID:[[:space:]]*//p'
}

# has_only TASK[:UID] ID
has_only() {
	local got
	got=$(identities "$1")
	echo "$1 has: $got"
	[ "$got" = "$2" ]
}

has_none() {
	! identities "$1" | grep .
}

# The page's button.
calls_api() {
	curl -sS --noproxy '*' -m 30 -X POST "$demo_app_url/api-call" |
		grep -F '"peer":"spiffe://example.org/api-service"'
}

tells_stranger() {
	local said
	! said=$(in_task cli:1001 spire-cli -query \
		-endpoint "$API_SERVICE_URL/attestation" 2>&1) || return 1
	printf '%s\n' "$said" | grep -F "my-workload is not one of the callers"
}

# With TLS 1.3 the refusal comes after the handshake: so ask for something.
refused() {
	local said
	! said=$(curl -sSk --noproxy '*' -m 10 "$@" 2>&1) && echo "$said"
}

domain=spiffe://example.org
check "three agents are attested, each a task of its own" three_agents
check "demo-app has its identity and no other" has_only web $domain/demo-app
check "api-service has its identity and no other" \
	has_only api $domain/api-service
check "cli-client has its identity and no other" has_only cli $domain/cli-client
if [ "$any_uid" = yes ]; then
	check "in another task, the uid of api-service is nobody" \
		has_none web:"$API_SERVICE_UID"
	check "the documented entry works in every task, for uid 1001" \
		has_only web:1001 $domain/my-workload
fi
check "demo-app says it is well" \
	curl -fsS --noproxy '*' -m 10 "$demo_app_url/health"
check "demo-app calls api-service over mutual TLS" calls_api
check "spire-cli shows its identity" in_task cli spire-cli -self
check "spire-cli calls api-service over mutual TLS" \
	in_task cli spire-cli -query -endpoint "$API_SERVICE_URL/attestation"
if [ "$any_uid" = yes ]; then
	check "an identity that is not on its list is refused by api-service" \
		tells_stranger
fi
check "api-service refuses a caller without a certificate" \
	refused "$api_service_url/attestation"
check "api-service does not speak plain HTTP" \
	refused "http://${api_service_url#https://}/attestation"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
