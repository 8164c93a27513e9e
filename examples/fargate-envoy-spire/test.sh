# SPDX-License-Identifier: Apache-2.0
#
# test.sh - "run-local.sh test": what is up, tried from outside

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

# Either server tells of all agents.
three_agents() {
	local server
	for server in a b; do
		spire-server agent count \
			-socketPath "$RUN_DIR/server-$server/api.sock" |
			grep -x '3 attested agents' || return 1
	done
}

one_root() {
	local server
	for server in a b; do
		spire-server bundle show \
			-socketPath "$RUN_DIR/server-$server/api.sock" |
			cmp - "$BUNDLE" || return 1
	done
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
	curl -sS -m 30 -X POST "$DEMO_APP_URL/api-call" |
		grep -F '"caller":"spiffe://example.org/demo-app"'
}

# says STATUS URL
says() {
	local status=$1 got
	shift
	got=$(curl -sS -m 15 -o /dev/null -w '%{http_code}' "$@")
	echo "$1: $got"
	[ "$got" = "$status" ]
}

# A caller that says that it is another.
stays_itself() {
	curl -sS -m 15 -H "x-forwarded-client-cert: URI=$domain/cli-client" \
		"$WEB_EGRESS_URL/attestation" |
		grep -F "\"caller\":\"$domain/demo-app\""
}

# With TLS 1.3 the refusal comes after the handshake: so ask for something.
refused() {
	local said
	! said=$(curl -sSk -m 10 "$@" 2>&1) && echo "$said"
}

domain=spiffe://example.org
api=https://$API_ADDRESS:$API_PORT
check "three agents are attested, and both servers know them" three_agents
check "both servers stand below the root that the agents trust" one_root
check "the Envoy of demo-app has its identity and no other" \
	has_only "web:$ENVOY_WEB_UID" $domain/demo-app
check "the Envoy of api-service has its identity and no other" \
	has_only "api:$ENVOY_API_UID" $domain/api-service
check "the Envoy of cli-client has its identity and no other" \
	has_only "cli:$ENVOY_CLI_UID" $domain/cli-client
if [ "$(id -u)" -eq 0 ]; then
	check "the program demo-app has none" has_none web
	check "the program api-service has none" has_none api
	check "in another task, the uid of an Envoy is nobody" \
		has_none "web:$ENVOY_API_UID"
fi
check "demo-app says it is well" curl -fsS -m 10 "$DEMO_APP_URL/health"
check "demo-app calls api-service, which is told who calls" calls_api
check "spire-cli calls api-service by way of its Envoy" \
	cli -query -endpoint "$CLI_EGRESS_URL/attestation"
check "operators may ask what is theirs" \
	says 200 "$CLI_EGRESS_URL/operator/health"
check "demo-app may not" says 403 "$WEB_EGRESS_URL/operator/health"
check "what demo-app says of itself does not count" stays_itself
check "past its Envoy, api-service answers nobody" \
	says 403 "http://$API_SERVICE_LISTEN/attestation"
check "a caller without a certificate is refused" refused "$api/attestation"
check "there is no plain HTTP" refused "http://${api#https://}/attestation"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
