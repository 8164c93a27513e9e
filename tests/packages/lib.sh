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
		apt-ftparchive:apt-utils; do
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

# attests WHAT ARGUMENT...: a real SPIRE does, with plugins as attest names them
attests() {
	what=$1
	shift
	quietly "$here/attest" --mock "$dir/../src/mock/fargate-mock" \
		--server $plugins/aws-fargate-server-nodeattestor \
		--agent $plugins/aws-fargate-nodeattestor "$@"
	did "$what: a SPIRE attests with it"
}
