# SPDX-License-Identifier: Apache-2.0
#
# deb.sh - the Debian packages, on fresh systems; sourced

lint_debs() {
	quietly lintian --allow-root --fail-on error,warning \
		"$dir"/deb/*.changes
	did "lintian: no errors, no warnings"
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
	refused "a changed list of debs" 'BADSIG|invalid' inside apt-get -q \
		-o APT::Update::Error-Mode=any update
	mv "$dir/whole" "$list"
	quietly inside apt-get -q update
}

check_deb() {
	# Minimal systems are told not to keep manual pages and samples.
	rm -f "$root"/etc/dpkg/dpkg.cfg.d/*
	use_repo
	refuse_changes
	for one in "$server" "$agent" "$name-mock" "$name-doc"; do
		quietly inside apt-get -q -y --no-install-recommends install \
			"$one"
		did "deb: $one installs by its name"
	done
	expect_works deb
	quietly inside dpkg --verify "$server" "$agent" "$name-mock" "$name-doc"
	[ ! -s "$dir/log" ] || die "dpkg --verify: $(cat "$dir/log")"
	quietly inside apt-get -q -y remove "$server" "$agent" "$name-mock" \
		"$name-doc"
	quietly inside dpkg --purge "$server" "$agent" "$name-mock" "$name-doc"
	forget_repo
	expect_nothing_left "removal of the debs"
}
