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
		quietly python3 - "$top" "$one" <<'END'
import hashlib, json, os, re, sys
top, path = sys.argv[1:]
with open(top + "/sbom.spdx.json") as f:
    said = json.load(f)
with open(os.path.join(top, path), "rb") as f:
    content = f.read()
packages = {p["SPDXID"]: p for p in said["packages"]}
program = "SPDXRef-" + os.path.basename(path)
assert packages[program]["checksums"] == [
    {"algorithm": "SHA256",
     "checksumValue": hashlib.sha256(content).hexdigest()}], "another file"
linked = [packages[r["relatedSpdxElement"]] for r in said["relationships"]
          if r["spdxElementId"] == program]
for p in linked:
    assert os.path.getsize(f"{top}/licences/{p['name']}") > 0, p
versions = {p["name"]: p["versionInfo"] for p in linked}
# What the plugin itself knows of what is in it.
openssl = re.search(rb"OpenSSL (\d+\.\d+\.\d+) ", content)[1].decode()
assert versions["libssl-dev"].startswith(openssl + "-"), versions
for name in ("libc6-dev", "libcurl", "libgrpc-dev", "libc-ares-dev"):
    assert name in versions, versions
END
	done
	did "static, $1: checksums, licences and SBOM tell of these plugins"
}

# empty_root FILE...: a root that holds these plugins, and /tmp
empty_root() {
	rm -rf "$bare"
	mkdir -p "$bare/opt/spire/bin" "$bare/tmp"
	chmod 1777 "$bare/tmp"
	cp "$@" "$bare/opt/spire/bin/"
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

# says WHAT REGEX SUMS ARGUMENT...: the server says that, and does not start
says() {
	what=$1 regex=$2
	shift 2
	quietly in_bare "$@" --fails "$regex"
	did "static: $what: $(cut -c 1-400 "$dir/log")"
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
	says "a temporary folder that is read-only" 'read-only file system' \
		"$top/SHA256SUMS" --tmpdir /opt
	says "a wrong checksum" 'checksums did not match' \
		"$dir/static/$other_arch/SHA256SUMS"
	empty_root "$dir/../src/server/${server_plugin##*/}" \
		"$dir/../src/agent/${agent_plugin##*/}"
	says "a plugin that wants libraries" 'no such file or directory' \
		"$dir/static/sums"
	empty_root "$dir/static/$other_arch/$server_plugin" \
		"$dir/static/$other_arch/$agent_plugin"
	make_foreign
	(cd "$bare" && sha256sum opt/spire/bin/*) >"$dir/static/sums"
	says "a foreign architecture" 'exec format error' "$dir/static/sums"
}

# As a processor of that architecture would run them: the life of a plugin,
# and what both say to each other when they prove something.
check_emulated() {
	command -v $emulator >/dev/null ||
		die "no $emulator here: apt-get install qemu-user-static"
	for one in $server_plugin $agent_plugin; do
		printf '#!/bin/sh\nexec %s %s "$@"\n' "$(command -v $emulator)" \
			"$top/$one" >"$dir/static/${one##*/}"
		chmod +x "$dir/static/${one##*/}"
	done
	for one in test_lifecycle test_documented_server \
		test_documented_agent test_pair_proof; do
		quietly env server_plugin="$dir/static/${server_plugin##*/}" \
			agent_plugin="$dir/static/${agent_plugin##*/}" \
			abs_top_builddir="$(cd "$dir/.." && pwd)" \
			abs_top_srcdir="$(cd "$here/../.." && pwd)" \
			CK_VERBOSITY=normal CK_DEFAULT_TIMEOUT=120 \
			"$dir/../tests/conformance/$one"
		did "static, $other_arch: $one: $(tail -n 1 "$dir/log")"
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
