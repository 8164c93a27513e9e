# SPDX-License-Identifier: Apache-2.0
#
# rpm.sh - the rpms, where there is no rpm system; sourced

spec=$here/../../packaging/rpm/$name.spec

# With static libraries, as where static packages are built.
statically() {
	prefix=$("$here/../../scripts/static-deps" </dev/null) ||
		die "no static libraries"
	quietly env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES \
		PKG_CONFIG_PATH="$prefix/lib/pkgconfig" "$@"
}

lint_rpms() {
	statically sh "$here/check_spec.sh" "$spec"
	did "spec: Fedora, EL 9 and 10, Amazon Linux, static and not"
	# One source package at a time: it mixes up their specs.
	for set in rpm rpm-static; do
		quietly rpmlint --strict -c "$here/rpmlint.toml" \
			"$dir"/$set/*.rpm "$spec"
	done
	did "rpmlint: no errors, no warnings"
}

# expect_sums: what SPIRE is told to check is what is installed
expect_sums() {
	for package in "$server" "$agent"; do
		list=$root/usr/share/$package/SHA256SUMS
		[ "$(wc -l <"$list")" -eq 1 ] || die "$list: not one line"
		sed "s,  /,  $root/," "$list" >"$dir/sums"
		quietly sha256sum --strict -c "$dir/sums"
	done
	rm -f "$dir/sums"
	did "$1: the checksums are those of the plugins"
}

# There is no rpm system to be had here: the packages are installed beside
# the libraries that the debs brought, and so without their dependencies.
check_rpm() {
	quietly rpm --root "$root" --initdb
	quietly rpm --root "$root" -i --nodeps \
		$(ls "$dir"/rpm/*.rpm | grep -v '\.src\.rpm$')
	did "rpm: installs with rpm"
	expect_works rpm
	for page in index.html aws_fargate_task.7.html; do
		[ -s "$root/usr/share/doc/$name-doc/html/$page" ] ||
			die "no $page in $name-doc"
	done
	expect_sums rpm
	quietly rpm --root "$root" -e --nodeps "$server" "$agent" "$name-mock" \
		"$name-doc"
	expect_nothing_left "removal of the rpms"
}

# dnf resolves: the documentation, which depends on nothing, goes in whole.
dnf_dynamic() {
	rm -rf "$root.dnf" "$dir/repos"
	mkdir -p "$dir/repos"
	sed "s,file:///packages,file://$root/packages,g" \
		"$root/packages/$name.repo" >"$dir/repos/$name.repo"
	dnf="dnf -y --installroot=$root.dnf --releasever=1
		--setopt=reposdir=$dir/repos
		--setopt=cachedir=$GNUPGHOME/dnf"
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
	end_dnf
	rm -rf "$root.dnf" "$GNUPGHOME/dnf"
	printf x >>"$root/packages/yum/repodata/repomd.xml"
	refused "a changed list of rpms" 'signature|GPG|gpg' \
		$dnf install "$name-doc"
	rm -rf "$root.dnf" "$dir/repos"
}

# publish_static PACKAGE...
publish_static() {
	quietly "$here/../../scripts/make-repo" --key nobody@example.org \
		--url "file://$dir/static-repo" "$dir/static-repo" "$@"
}

# Whatever is in the root, but for what dnf itself keeps there.
files() {
	find "$root" \( -path "$root/var/lib/dnf" -o -path "$root/var/cache" \
		-o -path "$root/var/log" -o -path "$root/var/lib/rpm" \
		-o -path "$root/root/.rpmdb" -o -path "$root$GNUPGHOME" \) \
		-prune -o ! -type d -print
}

# release_of PACKAGE: the one that is installed
release_of() {
	rpm --root "$root" -q --qf '%{RELEASE}' "$1"
}

# Two of the libraries have their versions in every program.
expect_bundled() {
	for library in openssl:OpenSSL zlib:inflate; do
		found=$(rpm --root "$root" -q --provides "$server" |
			sed -n "s/^bundled(${library%:*}) = //p")
		grep -aqF "${library#*:} $found " \
			"$root$plugins/aws-fargate-server-nodeattestor" ||
			die "the server plugin does not hold" \
				"${library%:*} \"$found\", as its package says"
	done
	for package in "$server" "$agent"; do
		sum=$(sed 's/ .*//' "$root/usr/share/$package/SHA256SUMS")
		grep -q "\"$sum\"" \
			"$root/usr/share/doc/$package/sbom.spdx.json" ||
			die "the SBOM of $package is not about its plugin"
		[ -s "$root/usr/share/licenses/$package/licences/libc6-dev" ] ||
			die "$package comes without the terms of glibc"
	done
	did "static rpm: it tells what is bundled, and under which terms"
}

static_attests() {
	expect_sums "$1"
	mkdir -p -m 1777 "$root/tmp"
	attests "$1" --root "$root" --sums "$root/usr/share/$server/SHA256SUMS" \
		--sums "$root/usr/share/$agent/SHA256SUMS"
}

# The rpms of static plugins need no system: they go into a root that holds
# nothing else, by name, from a signed repository, and a SPIRE runs there.
dnf_static() (
	root=$dir/root.static
	rm -rf --one-file-system "$root" "$dir/static-repo" "$dir/next"
	publish_static $(ls "$dir"/rpm-static/*.rpm | grep -v '\.src\.rpm$')
	dnf="dnf -y --installroot=$root --releasever=1
		--setopt=reposdir=$dir/static-repo
		--setopt=cachedir=$GNUPGHOME/dnf-static"
	quietly $dnf install "$server" "$agent"
	[ "$(release_of "$server") $(release_of "$agent")" = \
		"1.static 1.static" ] || die "dnf has not installed 1.static"
	[ -z "$(find "$root" -name '*.so*')" ] || die "dnf has installed libraries"
	did "static rpm: dnf installs both plugins by name, signed, and no library"
	expect_bundled
	static_attests "static rpm in an empty root"

	# The source package makes the same again, as a higher release.
	statically rpmbuild --rebuild --with static --nodeps --nocheck \
		--define "_topdir $dir/next" --define "dist .next" \
		"$dir"/rpm/*.src.rpm
	publish_static "$dir"/next/RPMS/*/*.rpm
	mkdir -p "$root/etc/spire"
	for role in server agent; do
		cp "$root"/usr/share/doc/*/examples/aws_fargate_task_$role.conf \
			"$root/etc/spire/"
		echo "# edited" >>"$root/etc/spire/aws_fargate_task_$role.conf"
	done
	(cd "$root/etc/spire" && sha256sum ./*) >"$dir/edited"
	quietly $dnf --refresh upgrade
	[ "$(release_of "$server") $(release_of "$agent")" = \
		"1.static.next 1.static.next" ] || die "dnf has not upgraded"
	(cd "$root/etc/spire" && quietly sha256sum --strict -c "$dir/edited")
	did "static rpm: an upgrade keeps edited configuration"
	static_attests "static rpm after an upgrade"

	quietly $dnf remove "$server" "$agent" "$name-doc"
	(cd "$root/etc/spire" && quietly sha256sum --strict -c "$dir/edited")
	rm -r "$root/etc/spire"
	left=$(files; left_behind)
	[ -z "$left" ] || die "left behind by removal of the static rpms: $left"
	did "removal of the static rpms leaves nothing behind"
	rm -rf --one-file-system "$root" "$dir/static-repo" "$dir/next" \
		"$dir/edited"
)

# For signatures dnf starts an agent of gpg, in its cache, and leaves it.
end_dnf() {
	for home in "$GNUPGHOME"/dnf*/*/pubring; do
		[ ! -d "$home" ] || gpgconf --homedir "$home" --kill all || :
	done
}

check_dnf() {
	dnf_dynamic
	dnf_static
}
