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

three_agents() {
	spire-server agent count -socketPath "$SPIRE_SERVER_SOCKET" |
		grep -x '3 attested agents'
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
	! said=$(curl -sSk -m 10 "$@" 2>&1) && echo "$said"
}

domain=spiffe://example.org
check "three agents are attested, each a task of its own" three_agents
check "demo-app has its identity and no other" has_only web $domain/demo-app
check "api-service has its identity and no other" \
	has_only api $domain/api-service
check "cli-client has its identity and no other" has_only cli $domain/cli-client
if [ "$(id -u)" -eq 0 ]; then
	check "in another task, the uid of api-service is nobody" \
		has_none web:"$API_SERVICE_UID"
	check "the documented entry works in every task, for uid 1001" \
		has_only web:1001 $domain/my-workload
fi
check "demo-app says it is well" curl -fsS -m 10 "$DEMO_APP_URL/health"
check "demo-app calls api-service over mutual TLS" calls_api
check "spire-cli shows its identity" in_task cli spire-cli -self
check "spire-cli calls api-service over mutual TLS" \
	in_task cli spire-cli -query -endpoint "$API_SERVICE_URL/attestation"
if [ "$(id -u)" -eq 0 ]; then
	check "an identity that is not on its list is refused by api-service" \
		tells_stranger
fi
check "api-service refuses a caller without a certificate" \
	refused "$API_SERVICE_URL/attestation"
check "api-service does not speak plain HTTP" \
	refused "http://${API_SERVICE_URL#https://}/attestation"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
