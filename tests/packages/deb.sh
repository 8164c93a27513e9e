# SPDX-License-Identifier: Apache-2.0
#
# deb.sh - the Debian packages, on fresh systems; sourced

lint_debs() {
	quietly lintian --allow-root --display-info --pedantic \
		--fail-on error,warning,info,pedantic "$dir"/deb/*.changes
	did "lintian: nothing to say, down to pedantic"
}

use_repo() {
	mkdir -p "$root/etc/apt/keyrings"
	cp "$root/packages/$name.asc" "$root/etc/apt/keyrings/"
	cp "$root/packages/$name.sources" "$root/etc/apt/sources.list.d/"
	quietly inside apt-get -q update
}

forget_repo() {
	rm -f "$root/etc/apt/keyrings/$name.asc" \
		"$root/etc/apt/sources.list.d/$name.sources"
	quietly inside apt-get -q update
}

# What somebody changed on its way is not installed.
refuse_changes() {
	deb=$(ls "$root"/packages/apt/pool/main/${server}_*.deb)
	cp "$deb" "$dir/whole.deb"
	printf x | dd of="$deb" bs=1 seek=200 conv=notrunc status=none
	refused "a changed deb" 'Hash Sum mismatch' inside apt-get -q -y \
		--no-install-recommends install "$server"
	mv "$dir/whole.deb" "$deb"
	list=$root/packages/apt/dists/stable/InRelease
	cp "$list" "$dir/whole"
	sed -i 's/^Label: .*/Label: changed/' "$list"
	refused "a changed list of debs" 'BADSIG|manipulated' inside apt-get -q \
		-o APT::Update::Error-Mode=any update
	mv "$dir/whole" "$list"
	quietly inside apt-get -q update
}

# Nothing in Debian's libraries and start-up code is made for control flow
# integrity, so a program cannot be.
expect_hardened() {
	for program in $plugins/aws-fargate-server-nodeattestor \
		$plugins/aws-fargate-nodeattestor /usr/bin/fargate-mock; do
		quietly hardening-check --nocfprotection "$root$program"
		[ "$(grep -c ': yes' "$dir/log")" -ge 5 ] || {
			cat "$dir/log" >&2 && die "$program is not hardened"; }
	done
	did "deb: hardening-check has nothing against what is installed"
}

# All that is there but for what is made anew at any time, and users' files.
listing() {
	(cd "$root" && find . -xdev \( -path ./packages -o -path ./var/log \
		-o -path ./var/cache -o -path ./var/lib/apt -o -path ./tmp \
		-o -path ./proc -o -path ./etc/spire \) -prune -o -print | sort)
}

# by_sums WHAT COMMAND...: with the sums that were shipped
by_sums() {
	"$@" --root "$root" \
		--sums "$root/usr/share/$server/SHA256SUMS" \
		--sums "$root/usr/share/$agent/SHA256SUMS"
}

# documented PACKAGE WORDS: the command of its README.Debian that begins so
documented() {
	awk -v begins="    $2" '
		index($0, begins) == 1 { on = 1 }
		on { print substr($0, 5) }
		on && !/\\$/ { exit }' "$root/usr/share/doc/$1/README.Debian"
}

# has_sum PACKAGE CONF: exactly the plugin's sum is in it
has_sum() {
	wanted="plugin_checksum = \"$(cut -c -64 \
		"$root/usr/share/$1/SHA256SUMS")\""
	[ "$(grep -o 'plugin_checksum.*' "$root$2")" = "$wanted" ] ||
		die "$2 does not have $wanted, and that alone"
	[ "$(inside sh -ec "$(documented $1 "sed 's")")" = "$wanted" ] ||
		die "README.Debian's command does not print $wanted"
}

# A user's settings, in the places that SPIRE and our samples propose.
settle() {
	for role in server agent; do
		package=spire-$role-nodeattestor-aws-fargate
		samples=$root/usr/share/doc/$package/examples
		conf=/etc/spire/$role/$role.conf
		mkdir -p "$root/etc/spire/$role" "$root/etc/spire/plugins"
		sed 's/example\.org/example.net/g' "$samples/$role.conf" \
			>"$root$conf"
		sed 's/^#timeout = .*/timeout = "7s"/' \
			"$samples/aws_fargate_task_$role.conf" \
			>"$root/etc/spire/plugins/aws_fargate_task_$role.conf"
		chmod 640 "$root"/etc/spire/*/*.conf
		# Once for a new line, once for the one that is there.
		for time in 1 2; do
			quietly inside sh -ec "$(documented $package 'sed -i')"
			has_sum $package $conf
		done
	done
	did "deb: README.Debian's command writes the checksum"
}

users_files() {
	(cd "$root/etc/spire" && find . -type f -exec stat -c '%n %a %u:%g %Y' \
		{} + -exec sha256sum {} + | sort)
}

# next_version PACKAGE: the same with other programs, as if built again
next_version() {
	next=$dir/next/$1
	mkdir -p "$next"
	dpkg-deb -R "$root"/packages/apt/pool/main/${1}_*.deb "$next"
	sed -i 's/^Version: .*/&+next/' "$next/DEBIAN/control"
	for program in "$next$plugins"/*; do
		printf next >>"$program"
	done
	(cd "$next" &&
		sha256sum .$plugins/* | sed 's, \./, /,' \
			>usr/share/$1/SHA256SUMS &&
		find usr -type f -exec md5sum {} + >DEBIAN/md5sums)
	quietly dpkg-deb --root-owner-group -b "$next" "$dir/next"
}

upgrade_debs() {
	settle
	before=$(users_files)
	rm -rf "$dir/next"
	mkdir "$dir/next"
	cp -R "$root/usr/share/$server" "$dir/next/old-$server"
	next_version $server
	next_version $agent
	quietly publish "$dir"/next/*.deb
	quietly inside apt-get -q update
	quietly inside apt-get -q -y upgrade
	for package in $server $agent; do
		case $(inside dpkg-query -W -f '${Version}' $package) in
		*+next) ;;
		*) die "$package has not been upgraded" ;;
		esac
		quietly inside sha256sum -c /usr/share/$package/SHA256SUMS
		gzip -dc "$root/usr/share/doc/$package/NEWS.Debian.gz" |
			grep -q plugin_checksum ||
			die "$package has no news of plugin_checksum"
	done
	[ "$(users_files)" = "$before" ] ||
		die "the upgrade has changed a file in /etc/spire"
	did "deb: an upgrade leaves edited configuration alone"
	starts_not "deb, with the checksum of the version before" \
		wrong-checksum --root "$root" \
		--sums "$dir/next/old-$server/SHA256SUMS" \
		--sums "$root/usr/share/$agent/SHA256SUMS"
	for role in server agent; do
		package=spire-$role-nodeattestor-aws-fargate
		quietly inside sh -ec "$(documented $package 'sed -i')"
		has_sum $package /etc/spire/$role/$role.conf
	done
	by_sums attests "deb, upgraded"
	rm -rf "$dir/next"
}

miss_library() {
	library=$(inside ldd $plugins/aws-fargate-server-nodeattestor |
		sed -n 's/.*=> *\(.*libgrpc[^ ]*\) .*/\1/p' | head -n 1)
	[ -n "$library" ] || die "ldd knows no libgrpc of the server plugin"
	mv "$root$library" "$root$library.away"
	for message in missing-library no-handshake; do
		by_sums starts_not "deb, without libgrpc" $message
	done
	mv "$root$library.away" "$root$library"
}

purge_debs() {
	before=$(users_files)
	# Also libraries that something else would have liked.
	quietly inside apt-get -q -y --purge \
		-o APT::AutoRemove::RecommendsImportant=false \
		-o APT::AutoRemove::SuggestsImportant=false \
		autoremove "$server" "$agent" "$name-mock" "$name-doc"
	[ "$(users_files)" = "$before" ] ||
		die "purge has changed a file in /etc/spire"
	rm -rf "$root/etc/spire"
	listing >"$dir/purged"
	quietly diff "$dir/installed" "$dir/purged"
	rm -f "$dir/installed" "$dir/purged"
	did "deb: purge leaves nothing, and no user's file out"
}

# The packages' own tests, as Debian would run them.
autopkgtests() {
	quietly autopkgtest --no-built-binaries "$here/../../packaging" \
		-- chroot "$root"
	grep -q '^installed  *PASS' "$dir/log" &&
		grep -q '^attests  *PASS' "$dir/log" ||
		{ cat "$dir/log" >&2 && die "autopkgtest ran too little"; }
	did "deb: autopkgtest"
	quietly inside dpkg --purge "$server" "$agent" "$name-mock" "$name-doc"
}

# check_debs: those in the repository of this root
check_debs() {
	# Minimal systems are told not to keep manual pages and samples.
	find "$root/etc/dpkg/dpkg.cfg.d" -type f ! -name unsafe-io -delete
	use_repo
	listing >"$dir/installed"
	refuse_changes
	for one in "$server" "$agent" "$name-mock" "$name-doc"; do
		quietly inside apt-get -q -y --no-install-recommends install \
			"$one"
		did "deb: $one installs by its name"
	done
	expect_works deb
	[ -s "$root/usr/share/doc/$name-doc/html/index.html" ] ||
		die "there is no HTML in $name-doc"
	quietly inside dpkg --verify "$server" "$agent" "$name-mock" "$name-doc"
	[ ! -s "$dir/log" ] || die "dpkg --verify: $(cat "$dir/log")"
	expect_hardened
	by_sums attests deb
	miss_library
	upgrade_debs
	purge_debs
	autopkgtests
	forget_repo
	expect_nothing_left "removal of the debs"
}

# rebuild_debs DIR: from the source package, in this root, as a builder of
# Debian does it: as a user without rights, without a network, with the tests
rebuild_debs() {
	rm -rf "$1"
	mkdir -p "$1" "$root/build"
	for file in "$dir"/deb/*.dsc "$dir"/deb/*.tar.*; do
		cp "$file" "$root/build"
	done
	quietly inside apt-get -q -y --no-install-recommends build-dep \
		"/build/$(cd "$root/build" && echo *.dsc)"
	quietly inside useradd builder
	chown -R --reference="$root/home" "$root/build"
	quietly unshare --mount --net sh -ec '
		ip link set lo up
		mount -t proc proc "$1/proc"
		mount -t devpts devpts "$1/dev/pts" \
			-o newinstance,ptmxmode=666
		exec chroot "$@"' sh "$root" env -i HOME=/nonexistent \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
		DEB_BUILD_OPTIONS="parallel=$(($(nproc) * 2))" sh -ec '
		cd /build
		chown -R builder .
		exec setpriv --reuid builder --regid builder --clear-groups \
			sh -ec "
			dpkg-source --no-check -x *.dsc source
			cd source
			dpkg-buildpackage -us -uc -b"'
	cp "$root"/build/*.deb "$1"
}

# The other release of Debian that this is made for.
check_debian13() (
	root=$root-trixie
	make_root trixie
	rm -rf --one-file-system "$root-build"
	cp -a "$root" "$root-build"
	(root=$root-build && rebuild_debs "$dir/deb-trixie")
	rm -rf --one-file-system "$root-build"
	did "deb: Debian 13 builds them from the source package, and tests them"
	mkdir "$root/packages"
	quietly publish "$dir"/deb-trixie/*.deb
	check_debs
	rm -rf --one-file-system "$root"
)

check_deb() {
	check_debs
	check_debian13
}
