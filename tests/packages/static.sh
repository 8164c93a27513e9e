# SPDX-License-Identifier: Apache-2.0
#
# static.sh - the static plugins, where there is nothing else; sourced

bare=$dir/static/bare
here_arch=$(dpkg --print-architecture)
case $here_arch in
amd64) other_arch=arm64 emulator=qemu-aarch64-static ;;
*) other_arch=amd64 emulator=qemu-x86_64-static ;;
esac
server_plugin=opt/spire/bin/aws-fargate-server-nodeattestor
agent_plugin=opt/spire/bin/aws-fargate-nodeattestor

# unpack ARCH: a tarball made from the release's, where it is left in $top
unpack() {
	quietly sh "$here/../../packaging/make-static" \
		"$dir/../$name-$version.tar.xz" "$name" "$version" \
		"$dir/static" "$1"
	top=$dir/static/$1
	rm -rf "$top"
	mkdir "$top"
	tar -xJf "$dir/static/$name-$version-linux-$1.tar.xz" -C "$top" \
		--strip-components=1
}

# What is said of the plugins beside them is so.
expect_whole() {
	(cd "$top" && quietly sha256sum --strict -c SHA256SUMS)
	for one in LICENSE README licences/README licences/SOURCES \
		man/man7/aws_fargate_task.7 examples/server.conf; do
		[ -s "$top/$one" ] || die "the tarball has no $one"
	done
	for one in $server_plugin $agent_plugin; do
		size=$(stat -c %s "$top/$one")
		[ "$size" -le 11000000 ] || die "$one has $size bytes"
		quietly "$here/check_sbom" "$top" "$one"
	done
	did "static, $1: checksums, licences and SBOM tell of these plugins"
}

# empty_root FILE...: a root that holds these plugins, and /tmp
empty_root() {
	rm -rf "$bare"
	mkdir -p "$bare/opt/spire/bin" "$bare/tmp"
	chmod 1777 "$bare/tmp"
	cp "$@" "$bare/opt/spire/bin/"
	sum_bare
}

sum_bare() {
	(cd "$bare" && sha256sum opt/spire/bin/*) >"$dir/static/sums"
}

# in_bare SUMS ARGUMENT...: attest there
in_bare() {
	sums=$1
	shift
	"$here/attest" --mock "$dir/../src/mock/fargate-mock" --root "$bare" \
		--uid 1000 --read-only --server "/$server_plugin" \
		--agent "/$agent_plugin" --sums "$sums" "$@"
}

# refuses KEY SUMS ARGUMENT...: the server says what the documentation quotes,
# and does not start
refuses() {
	key=$1
	text=$(message "$key")
	shift
	quietly in_bare "$@" --fails "$text"
	did "static: $key is refused"
}

# A machine that runs foreign programs by itself has no foreign architecture:
# then it is nobody's.
make_foreign() {
	[ ! -e "/proc/sys/fs/binfmt_misc/${emulator%-static}" ] ||
		for one in "$bare"/opt/spire/bin/*; do
			printf '\376\312' | dd of="$one" bs=1 seek=18 \
				conv=notrunc status=none
		done
}

check_bare() {
	empty_root "$top/$server_plugin" "$top/$agent_plugin"
	quietly in_bare "$top/SHA256SUMS"
	did "static: a SPIRE attests with it in an empty root, as 1000," \
		"read-only"
	check_bundles
	refuses read-only-tmp "$top/SHA256SUMS" --tmpdir /opt
	refuses no-handshake "$top/SHA256SUMS" --tmpdir /opt
	refuses wrong-checksum "$dir/static/$other_arch/SHA256SUMS"
	empty_root "$dir/../src/server/${server_plugin##*/}" \
		"$dir/../src/agent/${agent_plugin##*/}"
	refuses no-loader "$dir/static/sums"
	empty_root "$dir/static/$other_arch/$server_plugin" \
		"$dir/static/$other_arch/$agent_plugin"
	make_foreign
	sum_bare
	refuses foreign-architecture "$dir/static/sums"
}

# describe: what the server plugin says of a task, by https, with the bundle
# that it finds there
describe() {
	env -i "$(command -v chroot)" --userspec=1000:1000 "$bare" \
		"/$server_plugin" --config /tmp/plugin.conf \
		--describe "arn:aws:ecs:us-east-1:123456789012:task/$task"
}

# check_bundles: in the root as it is now
check_bundles() (
	task=test-cluster/1234567890abcdef1234567890abcdef
	tls=$dir/static/tls
	rm -rf "$tls"
	mkdir "$tls"
	quietly openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mock \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$tls/key" \
		-out "$tls/cert"
	mkfifo "$tls/line"
	"$dir/../src/mock/fargate-mock" --port 0 --tls-cert="$tls/cert" \
		--tls-key="$tls/key" >"$tls/line" &
	mock=$!
	trap 'kill $mock; rm -r "$tls"' EXIT
	read -r line <"$tls/line"
	cat >"$bare/tmp/plugin.conf" <<-END
		trust_domain = "example.org"
		sts_endpoint = "${line##* }"
		ecs_endpoint = "${line##* }"
		access_key_id = "AKIAFARGATEMOCKDEMO1"
		secret_access_key = "not/a/secret/only/for/the/fargate/mock01"
	END
	refused "https where there is no CA bundle" \
		'TLS .*/etc/ssl/certs/ca-certificates\.crt.*CA bundle' describe
	for one in /etc/ssl/certs/ca-certificates.crt \
		/etc/pki/tls/certs/ca-bundle.crt; do
		mkdir -p "$bare${one%/*}"
		cp "$tls/cert" "$bare$one"
		quietly describe
		rm -r "$bare/etc"
		did "static: finds the CA bundle $one"
	done
)

# As a processor of that architecture would run them: the life of a plugin,
# and what both say to each other when they prove something.
check_emulated() {
	[ -n "$EMULATED_TESTS" ] || die "no tests of a plugin's life were made"
	command -v $emulator >/dev/null ||
		die "no $emulator here: apt-get install qemu-user-static"
	for one in $server_plugin $agent_plugin; do
		printf '#!/bin/sh\nexec %s %s "$@"\n' "$(command -v $emulator)" \
			"$top/$one" >"$dir/static/${one##*/}"
		chmod +x "$dir/static/${one##*/}"
	done
	for one in $EMULATED_TESTS; do
		quietly env server_plugin="$dir/static/${server_plugin##*/}" \
			agent_plugin="$dir/static/${agent_plugin##*/}" \
			abs_top_builddir="$(cd "$dir/.." && pwd)" \
			abs_top_srcdir="$(cd "$here/../.." && pwd)" \
			CK_VERBOSITY=normal CK_DEFAULT_TIMEOUT=120 \
			"$dir/../$one"
		did "static, $other_arch: ${one##*/}: $(tail -n 1 "$dir/log")"
	done
}

check_static() {
	unpack $other_arch
	expect_whole $other_arch
	check_emulated
	unpack "$here_arch"
	expect_whole "$here_arch"
	check_bare
	rm -rf "$bare" "$dir/static/$here_arch" "$dir/static/$other_arch"
	rm -f "$dir"/static/*attestor "$dir/static/sums"
}
