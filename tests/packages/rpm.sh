# SPDX-License-Identifier: Apache-2.0
#
# rpm.sh - the rpms, where there is no rpm system; sourced

lint_rpms() {
	quietly rpmlint -c "$here/rpmlint.toml" "$dir"/rpm/*.rpm
	did "rpmlint: no errors"
}

# There is no rpm system to be had here: the packages are installed beside
# the libraries that the debs brought, and so without their dependencies.
check_rpm() {
	quietly rpm --root "$root" --initdb
	quietly rpm --root "$root" -i --nodeps \
		$(ls "$dir"/rpm/*.rpm | grep -v '\.src\.rpm$')
	did "rpm: installs with rpm"
	expect_works rpm
	quietly rpm --root "$root" -e --nodeps "$server" "$agent" "$name-mock" \
		"$name-doc"
	expect_nothing_left "removal of the rpms"
}

# dnf resolves: the documentation, which depends on nothing, goes in whole.
check_dnf() {
	rm -rf "$root.dnf" "$dir/repos"
	mkdir -p "$dir/repos"
	sed "s,file:///packages,file://$root/packages,g" \
		"$root/packages/$name.repo" >"$dir/repos/$name.repo"
	dnf="dnf -y --installroot=$root.dnf --releasever=1
		--setopt=reposdir=$dir/repos
		--setopt=cachedir=$root.dnf/cache"
	quietly $dnf install "$name-doc"
	[ -s "$root.dnf/usr/share/man/man7/aws_fargate_task.7.gz" ] ||
		die "dnf has installed no manual page"
	did "rpm: dnf installs the documentation, signed"
	if $dnf -q repoquery --requires "$server" >"$dir/log" 2>&1 &&
		grep -q '^libgrpc' "$dir/log"; then
		did "rpm: the plugin requires the libraries it is linked with"
	else
		cat "$dir/log" >&2
		die "the server plugin's package does not require libgrpc"
	fi
	rm -rf "$root.dnf"
	printf x >>"$root/packages/yum/repodata/repomd.xml"
	refused "a changed list of rpms" 'signature|GPG|gpg' \
		$dnf install "$name-doc"
	rm -rf "$root.dnf" "$dir/repos"
}
