#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh - what is up, as processes or in containers, tried from outside
#
# "run-local.sh test" sources it.  Whoever does gives it
#
#   in_task TASK[:UID] COMMAND...  a command in a task, as the user of its
#                                  application or as UID
#   at_server COMMAND...           a command of spire-server, at $server
#   web, api, prometheus           host and port of two Envoys and of who
#                                  watches, from here
#   any_uid                        "yes" if UID can be any
set -euo pipefail

usage() {
	cat <<END
usage: ./test.sh

Tries the mesh that is up, as processes or in containers; the last line says
"N passed, N failed".
END
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	here=$(cd "$(dirname "$0")" && pwd -P)
	case ${1:-} in
	'') ;;
	-h | --help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	state=${EXAMPLE_STATE_DIR:-/tmp/fargate-envoy-spire-$(id -u)}
	[ ! -O "$state/env" ] || exec "$here/run-local.sh" test
	. "$here/compose.sh"
	need_containers
	server=spire-server-a
	at_server() {
		inside "" "$server" spire-server "$@" -socketPath \
			"$RUN_DIR/server-${server#spire-server-}/api.sock"
	}
	web=127.0.0.1:${DEMO_APP_HOST_PORT:-8080}
	api=127.0.0.1:${API_SERVICE_HOST_PORT:-8083}
	prometheus=127.0.0.1:${PROMETHEUS_HOST_PORT:-9090}
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

ask() {
	curl -sS --noproxy '*' -m 30 "$@"
}

# Either server tells of all agents.
three_agents() {
	local server
	for server in spire-server-a spire-server-b; do
		at_server agent count | grep -x '3 attested agents' || return 1
	done
}

one_root() {
	local server roots=
	for server in spire-server-a spire-server-b; do
		roots="$roots $(at_server bundle show | sha256sum)"
	done
	printf '%s\n' $roots | sort | uniq -c | grep '^ *2 [0-9a-f]\{64\}$'
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
	ask -X POST "http://$web/api-call" |
		grep -F '"caller":"spiffe://example.org/demo-app"'
}

# says STATUS TASK URL: what a program in the task gets for that
says() {
	local got
	got=$(in_task "$2" curl -sS -m 30 -o /dev/null -w '%{http_code}' "$3")
	echo "$3: $got"
	[ "$got" = "$1" ]
}

# A caller that says that it is another.
stays_itself() {
	in_task web curl -sS -m 30 \
		-H "x-forwarded-client-cert: URI=$domain/cli-client" \
		"$WEB_EGRESS_URL/attestation" |
		grep -F "\"caller\":\"$domain/demo-app\""
}

# Two SPIRE servers, three agents and four Envoys, each asked once at least.
prometheus_reaches_all() {
	local end=$((SECONDS + 60)) said=
	while [ $SECONDS -lt $end ]; do
		said=$(ask "http://$prometheus/api/v1/query?query=up==1") || return 1
		[ "$(grep -o '"instance"' <<<"$said" | wc -l)" -ne 9 ] ||
			return 0
		sleep 1
	done
	echo "only these answer: $said"
	return 1
}

# With TLS 1.3 the refusal comes after the handshake: so ask for something.
refused() {
	local said
	! said=$(ask -k "$@" 2>&1) && echo "$said"
}

domain=spiffe://example.org
check "three agents are attested, and both servers know them" three_agents
check "both servers stand below one root" one_root
check "the Envoy of demo-app has its identity and no other" \
	has_only "web:$ENVOY_WEB_UID" $domain/demo-app
check "the Envoy of api-service has its identity and no other" \
	has_only "api:$ENVOY_API_UID" $domain/api-service
check "the Envoy of cli-client has its identity and no other" \
	has_only "cli:$ENVOY_CLI_UID" $domain/cli-client
if [ "$any_uid" = yes ]; then
	check "the program demo-app has none" has_none web
	check "the program api-service has none" has_none api
	check "in another task, the uid of an Envoy is nobody" \
		has_none "web:$ENVOY_API_UID"
fi
check "demo-app says it is well" ask -f "http://$web/health"
check "demo-app calls api-service, which is told who calls" calls_api
check "spire-cli calls api-service by way of its Envoy" in_task cli \
	spire-cli -plain -query -endpoint "$CLI_EGRESS_URL/attestation"
check "operators may ask what is theirs" \
	says 200 cli "$CLI_EGRESS_URL/operator/health"
check "demo-app may not" says 403 web "$WEB_EGRESS_URL/operator/health"
check "what demo-app says of itself does not count" stays_itself
check "past its Envoy, api-service answers nobody" \
	says 403 api "http://$API_SERVICE_LISTEN/attestation"
check "a caller without a certificate is refused" \
	refused "https://$api/attestation"
check "there is no plain HTTP" refused "http://$api/attestation"
check "Prometheus reaches servers, agents and Envoys" prometheus_reaches_all
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
