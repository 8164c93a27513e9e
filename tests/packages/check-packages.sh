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

die() {
	printf 'check-packages: %s\n' "$*" >&2
	exit 1
}

did() {
	printf 'ok: %s\n' "$*"
}

inside() {
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}

# A failure shows the whole output.
quietly() {
	"$@" >"$dir/log" 2>&1 </dev/null && return
	cat "$dir/log" >&2
	die "failed: $*"
}

need_tools() {
	missing=
	for tool in debootstrap:debootstrap lintian:lintian rpmlint:rpmlint \
		rpm:rpm dnf:dnf createrepo_c:createrepo-c gpg:gnupg \
		apt-ftparchive:apt-utils; do
		command -v "${tool%:*}" >/dev/null ||
			missing="$missing ${tool#*:}"
	done
	[ -z "$missing" ] || die "tools are missing: apt-get install$missing"
	[ "$(id -u)" -eq 0 ] || die "this needs root: sudo make check-packages"
}

# --- what the linters say -------------------------------------------------

lint() {
	quietly lintian --allow-root --fail-on error,warning \
		"$dir"/deb/*.changes
	did "lintian: no errors, no warnings"
	quietly rpmlint -c "$here/rpmlint.toml" "$dir"/rpm/*.rpm
	did "rpmlint: no errors"
}

# --- a fresh system -------------------------------------------------------

mirror() {
	sed -n 's/^URIs: *\([^ ]*\).*/\1/p' \
		/etc/apt/sources.list.d/debian.sources 2>/dev/null
	sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*debian[^ ]*\) .*/\2/p' \
		/etc/apt/sources.list 2>/dev/null
}

make_root() {
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	from=$(mirror | head -n 1)
	[ -n "$codename" ] && [ -n "$from" ] ||
		die "no Debian mirror in /etc/apt: run this on a Debian system"
	rm -rf --one-file-system "$root"
	quietly debootstrap --variant=minbase "$codename" "$root" "$from"
	# Sources, updates included, and how they are reached, as they are here.
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
		if [ -e $f ]; then
			cp $f "$root$f"
		fi
	done
	[ ! -e "$root/etc/apt/sources.list.d/debian.sources" ] ||
		rm -f "$root/etc/apt/sources.list"
	apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/99host" ||
		:
	[ -e "$root/etc/resolv.conf" ] || cp /etc/resolv.conf "$root/etc/"
	# As in the images that this ends in, but with the manual.
	quietly inside apt-get -q update
	did "a fresh $codename"
}

# No name of ours, in any directory but those of the package managers' logs.
left_behind() {
	find "$root" -xdev \( -path "$root/var/log" -o -path "$root/var/cache" \
		-o -path "$root/packages" -o -path "$root/proc" \) -prune -o \
		\( -name '*fargate*' -o -path '*/libexec/spire*' \) -print
}

expect_nothing_left() {
	left=$(left_behind)
	[ -z "$left" ] || die "left behind by $1: $left"
	did "$1 leaves nothing behind"
}

expect_run() {
	out=$(inside "$@") || die "failed: $*"
	printf '%s\n' "$out" | grep -q "$expect" ||
		die "$* does not say \"$expect\" but: $out"
}

# The programs run, and the pages are there.
expect_works() {
	for program in $plugins/aws-fargate-server-nodeattestor \
		$plugins/aws-fargate-nodeattestor /usr/bin/fargate-mock; do
		[ "$(stat -c '%a %u:%g' "$root$program")" = "755 0:0" ] ||
			die "$program has the wrong mode or owner"
		expect="$version"
		expect_run $program --version
		expect="[Uu]sage"
		expect_run $program --help
	done
	for page in man8/aws-fargate-server-nodeattestor.8 \
		man8/aws-fargate-nodeattestor.8 \
		man5/aws_fargate_task_server.conf.5 \
		man5/aws_fargate_task_agent.conf.5 \
		man7/aws_fargate_task.7 man1/fargate-mock.1 \
		man5/fargate-mock.conf.5; do
		gzip -t "$root/usr/share/man/$page.gz" ||
			die "no compressed manual page $page"
	done
	for sample in $server/examples/aws_fargate_task_server.conf \
		$agent/examples/aws_fargate_task_agent.conf \
		$server/examples/server.conf $agent/examples/agent.conf \
		$name-mock/examples/fargate-mock.conf; do
		[ -s "$root/usr/share/doc/$sample" ] || die "no sample $sample"
	done
	for sample in aws_fargate_task_server.conf server.conf; do
		quietly inside $plugins/aws-fargate-server-nodeattestor \
			--check-config /usr/share/doc/$server/examples/$sample
	done
	for sample in aws_fargate_task_agent.conf agent.conf; do
		quietly inside $plugins/aws-fargate-nodeattestor \
			--check-config /usr/share/doc/$agent/examples/$sample
	done
	did "$1: programs run, pages and samples are there"
}

# --- repositories ---------------------------------------------------------

# A key of its own, with an agent that ends with it.
make_key() {
	GNUPGHOME=$(mktemp -d)
	export GNUPGHOME
	trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT
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

# refused WHAT REGEX COMMAND...
refused() {
	what=$1 regex=$2
	shift 2
	! "$@" >"$dir/log" 2>&1 </dev/null || die "$what is not refused"
	grep -Eq "$regex" "$dir/log" || { cat "$dir/log" >&2 &&
		die "$what is refused, but not by \"$regex\""; }
	did "$what is refused"
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

# --- the packages ---------------------------------------------------------

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

need_tools
make_key
lint
make_root
make_repo
check_deb
check_rpm
check_dnf
rm -rf --one-file-system "$root"
rm -f "$dir/log"
did "all packages"
