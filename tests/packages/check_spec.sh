#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_spec.sh SPEC - what the spec says on Fedora, Enterprise Linux and Amazon
# Linux, with and without static plugins, as far as their macros alone tell: it
# builds nothing.  Planted faults are found first.
set -eu
spec=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
server=spire-server-nodeattestor-aws-fargate
agent=spire-agent-nodeattestor-aws-fargate
version=$(sed -n 's/^Version: *//p' "$spec")

die() {
	printf 'check_spec: %s\n' "$*" >&2
	exit 1
}

command -v rpmspec >/dev/null || die "no rpmspec here: apt-get install rpm"

# spec_of SYSTEM STATIC OPTION...: rpmspec, as that system would see it
spec_of() {
	as=--with
	[ "$2" = static ] || as=--without
	define="${1%-*} ${1#*-}"
	shift 2
	rpmspec "$@" $as static --define "$define" --define "dist .here" \
		--define "_vendor redhat" --define "__debug_package 1" \
		--target x86_64-linux "$work/spec"
}

facts() {
	spec_of "$@" -q --builtrpms --qf "builds %{NEVRA}: %{LICENSE}\n\
[%{=NAME} requires %{REQUIRENEVRS}\n]\
[%{=NAME} recommends %{RECOMMENDNEVRS}\n]\
[%{=NAME} provides %{PROVIDENEVRS}\n]" | sed '/ provides spire-/d'
	spec_of "$@" -q --buildrequires | sed 's/^/needs /'
	spec_of "$@" -P >"$work/parsed"
	grep -o -e '--[a-z]*able-mock' -e '--[a-z]*able-static-plugins' \
		"$work/parsed" | sed 's/^/with /'
	sed -n 's/^\(make check\).*/runs \1/p' "$work/parsed"
	grep -o 'find-debuginfo\|/brp-strip \|sha256sum' "$work/parsed" |
		uniq | paste -s -d ' ' | sed 's/^/in the end /'
	sed -n 's/^.*\(%{[^}]*}\).*/has an unknown macro \1/p' "$work/parsed"
}

builds() {
	echo "builds $1-$version-1$release.$2: $3"
}

needs() {
	printf 'needs %s\n' "$@"
}

bundles() {
	for library in abseil-cpp c-ares curl glibc grpc 'libstdc++' openssl \
		protobuf-c zlib; do
		echo "$1 provides bundled($library) = N"
	done
}

# expected SYSTEM STATIC
expected() {
	release=.here mock=yes license=Apache-2.0
	case $1 in
	amzn-*) mock=no ;;
	esac
	if [ "$2" = static ]; then
		release=.static.here mock=no license="$license AND BSD-2-Clause"
		license="$license AND BSD-3-Clause AND curl AND"
		license="$license GPL-3.0-or-later WITH GCC-exception-3.1 AND ISC AND"
		license="$license LGPL-2.1-or-later AND MIT AND Zlib"
		bundles $server
		bundles $agent
		needs glibc-static 'libstdc++-static' 'pkgconfig(absl_base)' \
			'pkgconfig(grpc_unsecure) >= 24' 'pkgconfig(libcares)' \
			'pkgconfig(zlib)'
		echo "with --enable-static-plugins"
	fi
	builds $server x86_64 "$license"
	builds $agent x86_64 "$license"
	builds spire-aws-fargate-doc noarch Apache-2.0
	if [ $mock = yes ]; then
		builds spire-aws-fargate-mock x86_64 Apache-2.0
		needs 'pkgconfig(libconfuse) >= 3.2' \
			'pkgconfig(libevent) >= 2.1' \
			'pkgconfig(libevent_openssl) >= 2.1'
	else
		echo "with --disable-mock"
	fi
	needs gcc make mandoc pkgconfig 'pkgconfig(check) >= 0.15' \
		'pkgconfig(gpr) >= 24' 'pkgconfig(grpc) >= 24' \
		'pkgconfig(json-c) >= 0.14' 'pkgconfig(libcrypto) >= 1.1.1' \
		'pkgconfig(libcurl) >= 7.68.0' \
		'pkgconfig(libprotobuf-c) >= 1.3.3' \
		'pkgconfig(libssl) >= 1.1.1' protobuf-c-compiler python3
	echo "$server recommends ca-certificates"
	for package in $server $agent; do
		echo "$package recommends spire-aws-fargate-doc =" \
			"$version-1$release"
	done
	echo "runs make check"
	echo "in the end find-debuginfo /brp-strip  sha256sum"
}

# problems SPEC SYSTEM STATIC: what differs
problems() {
	# The last steps of an installation, where they can be read.
	sed '/^%check$/a : %{__spec_install_post}' "$1" >"$work/spec"
	facts "$2" "$3" >"$work/facts" 2>"$work/said"
	cat "$work/said"
	sed 's/\(bundled(.*) = \)[0-9][0-9.]*$/\1N/' "$work/facts" |
		sort >"$work/found"
	expected "$2" "$3" | sort | diff - "$work/found" || :
}

# finds SYSTEM STATIC WHAT SED: the spec with that fault is refused
finds() {
	sed "$4" "$spec" >"$work/changed"
	! cmp -s "$spec" "$work/changed" ||
		die "a fault cannot be planted any more: $3"
	found=$(problems "$work/changed" "$1" "$2") ||
		die "cannot evaluate: $3"
	[ -n "$found" ] || die "a planted fault is not found: $3"
}

finds amzn-2023 dynamic 'a mock' 's/^%if 0%{?amzn} || /%if /'
finds rhel-9 static 'a mock' '/^%if 0%{?amzn}/s/ || .*//'
finds fedora-43 dynamic 'a mock without its libraries' \
	'/pkgconfig(libconfuse)/d'
finds fedora-43 static 'packages named as dynamic ones' \
	'/^Release:/s/%{?with_static[^}]*}//'
finds rhel-10 static 'dynamic plugins' 's/ %{?with_static:--enable[^}]*}//'
finds amzn-2023 static 'nothing said of what is bundled' '/^%{?bundled}/d'
finds rhel-9 static 'a library of no known version' \
	's/libgrpc-dev/no-such-package/'
finds rhel-10 dynamic 'a tool that is needed elsewhere' \
	's/^BuildRequires:  mandoc/%if 0%{?rhel} != 10\n&\n%endif/'
finds fedora-43 dynamic 'debug information that stays' '/__debug_install_post/d'
finds fedora-43 static 'checksums of what is stripped later' \
	'/^  %{__os_install_post}/d; s/^  ) \\$/&\n  %{__os_install_post} \\/'
finds rhel-9 dynamic 'no tests' '/^make check/d'

for system in fedora-43 rhel-9 rhel-10 amzn-2023; do
	for how in dynamic static; do
		found=$(problems "$spec" $system $how) ||
			die "cannot evaluate $spec for $system, $how"
		[ -z "$found" ] || die "$spec, $system, $how:" "$found"
	done
done
