# SPDX-License-Identifier: Apache-2.0
#
# lib.sh - what the tests of packages share; sourced, with dir, root, name,
# version, server, agent and plugins set

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
		apt-ftparchive:apt-utils autopkgtest:autopkgtest \
		hardening-check:devscripts ip:iproute2 \
		dpkg-architecture:dpkg-dev python3:python3 openssl:openssl; do
		command -v "${tool%:*}" >/dev/null ||
			missing="$missing ${tool#*:}"
	done
	[ -z "$missing" ] || die "tools are missing: apt-get install$missing"
	[ "$(id -u)" -eq 0 ] || die "this needs root: sudo make check-packages"
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

# make_root [CODENAME]: a fresh Debian, this system's release or that one
make_root() {
	codename=${1:-$(. /etc/os-release && echo "${VERSION_CODENAME:-}")}
	[ -n "$codename" ] || die "/etc/os-release names no release of Debian"
	rm -rf --one-file-system "$root"
	quietly "$here/../../scripts/debian-root" "$codename" "$root"
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

# attest ARGUMENT...: plugins where packages put them, in a real SPIRE
attest() {
	quietly "$here/attest" --mock "$dir/../src/mock/fargate-mock" \
		--server $plugins/aws-fargate-server-nodeattestor \
		--agent $plugins/aws-fargate-nodeattestor "$@"
}

# attests WHAT ARGUMENT...
attests() {
	what=$1
	shift
	attest "$@"
	did "$what: a SPIRE attests with it"
}

# message KEY: what SPIRE says of such a plugin, as the documentation quotes it
message() {
	sed -n "s/^$1: //p" "$here/messages" | grep . ||
		die "tests/packages/messages has no $1"
}

# starts_not WHAT KEY ARGUMENT...: and SPIRE says so
starts_not() {
	what=$1
	text=$(message "$2")
	shift 2
	attest --fails "$text" "$@"
	did "$what: SPIRE says \"$text\""
}
