# SPDX-License-Identifier: Apache-2.0
#
# twin.awk - an Envoy's configuration without TLS, and otherwise the same
#
# For bench.sh only: what is left of a sidecar shows what TLS costs.  -v tls=1
# leaves TLS in; -v cold=1 gives each request a connection of its own between
# the sidecars.
{
	match($0, /^ */)
	if (within && RLENGTH > indent)
		next
	within = 0
}

!tls && /^ *transport_socket:$/ {
	within = 1
	indent = RLENGTH
	next
}

# Nobody is proven, so nobody is refused; and what the caller of the bench says
# of itself has to arrive.
!tls {
	gsub(/authenticated: \{ principal_name: \{ exact: [^ ]* \} \}/,
		"any: true")
	sub(/forward_client_cert_details: SANITIZE(_SET)?/,
		"forward_client_cert_details: ALWAYS_FORWARD_ONLY")
}

cold && /common_http_protocol_options:/ {
	sub(/max_connection_duration: [^ ]*/,
		"&, max_requests_per_connection: 1")
}

{ print }
