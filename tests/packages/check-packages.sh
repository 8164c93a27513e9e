#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check-packages.sh NAME VERSION DIR - the packages in DIR/deb and DIR/rpm do
# their work on a fresh system: install, run, remove.
#
# Needs root and the package sources of the Debian system it runs on.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
name=$1 version=$2 dir=$(cd "$3" && pwd)
root=$dir/root
server=spire-server-nodeattestor-aws-fargate
agent=spire-agent-nodeattestor-aws-fargate
plugins=/usr/libexec/spire/plugins

. "$here/lib.sh"
. "$here/deb.sh"
. "$here/rpm.sh"
. "$here/static.sh"

# A key of its own, with an agent that ends with it.
make_key() {
	GNUPGHOME=$(mktemp -d)
	export GNUPGHOME
	trap 'end_dnf; gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT
	quietly gpg --batch --passphrase "" --quick-generate-key \
		"check-packages <nobody@example.org>" rsa3072 sign never
}

# publish PACKAGE...
publish() {
	"$here/../../scripts/make-repo" --key nobody@example.org \
		--url file:///packages "$root/packages" "$@"
}

make_repo() {
	rpms=$(ls "$dir"/rpm/*.rpm | grep -v '\.src\.rpm$')
	mkdir -p "$root/packages"
	quietly publish "$dir"/deb/*.deb $rpms
	# Again, for nothing.
	quietly publish "$dir"/deb/*.deb $rpms
	did "make-repo: signed repositories for apt and yum"
	refused "a source package to install" 'is a source package' \
		publish "$dir"/rpm/*.src.rpm
	rm -rf "$dir/other"
	mkdir "$dir/other"
	cp "$dir"/deb/"${server}"_*.deb "$dir/other/"
	for one in "$dir"/other/*; do
		printf x >>"$one"
		refused "another package of a version that is out" \
			'raise the version' publish "$one"
	done
	rm -rf "$dir/other"
}

need_tools
make_key
lint_debs
lint_rpms
make_root
make_repo
check_deb
check_rpm
check_dnf
rm -rf --one-file-system "$root"
check_static
rm -f "$dir/log"
did "all packages"
