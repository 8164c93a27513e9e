#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# make-root.sh DIR - DIR/root.pem and DIR/root.key: the root below which both
# SPIRE servers sign, unless it is there already
set -euo pipefail
dir=${1:?"where to?"}
[ ! -e "$dir/root.pem" ] || exit 0
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-days 365 -subj "/O=fargate-envoy-spire/CN=root" \
	-addext basicConstraints=critical,CA:TRUE \
	-addext keyUsage=critical,keyCertSign,cRLSign \
	-addext subjectAltName=URI:spiffe://example.org \
	-keyout "$dir/root.key" -out "$dir/new.pem"
mv "$dir/new.pem" "$dir/root.pem"
