#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# make-ca.sh TRUST_DOMAIN [FOLDER] - a root, and an issuer for the SPIRE servers
#
#   root.pem      what agents trust: published as the trust bundle
#   root.key      stays offline; needed again for the next issuer only
#   issuing.pem   signs the certificates of the SPIRE servers, for a year
#   issuing.key   its key, for the servers alone
#
# Where root.pem and root.key are there already, only a new issuer is made.
set -eu

domain=${1:?"which trust domain?"}
cd "${2:-.}"
umask 077

for file in issuing.key issuing.pem; do
	[ ! -e "$file" ] || {
		echo "make-ca.sh: $file is there already" >&2
		exit 1
	}
done

make_root() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes \
		-keyout root.key -out root.pem -days 3650 -sha384 \
		-subj "/O=$domain/CN=SPIFFE root" \
		-addext "basicConstraints=critical,CA:TRUE" \
		-addext "keyUsage=critical,keyCertSign,cRLSign" \
		-addext "subjectAltName=URI:spiffe://$domain"
}

[ -e root.pem ] || [ -e root.key ] || make_root
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes \
	-keyout issuing.key -out issuing.csr -sha384 \
	-subj "/O=$domain/CN=Issuer of SPIRE servers"
cat >issuing.ext <<END
basicConstraints = critical, CA:TRUE, pathlen:1
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = URI:spiffe://$domain
END
openssl x509 -req -in issuing.csr -CA root.pem -CAkey root.key \
	-CAcreateserial -out issuing.pem -days 365 -sha384 \
	-extfile issuing.ext
rm -f issuing.csr issuing.ext root.srl
chmod 644 root.pem issuing.pem
