#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# write-trust-bundle.sh FILE - write $TRUST_BUNDLE, PEM certificates, to FILE
#
# The first container of a task: the agent starts when this has ended well.
set -eu

fail() {
	echo "write-trust-bundle.sh: $*" >&2
	exit 1
}

file=${1:?"which file?"}
[ -n "${TRUST_BUNDLE:-}" ] ||
	fail "TRUST_BUNDLE is empty: the agent would not know the server"
case $TRUST_BUNDLE in
*"PRIVATE KEY"*) fail "TRUST_BUNDLE holds a private key: publish root.pem" ;;
-----BEGIN\ CERTIFICATE-----*-----END\ CERTIFICATE-----*) ;;
*) fail "TRUST_BUNDLE is not PEM: publish the file as it is" ;;
esac

umask 022
printf '%s\n' "$TRUST_BUNDLE" >"$file"
