#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_examples.sh - the examples in the man pages are what they seem: the
# plugins take their settings, the mock its scenarios, and policies are JSON.
set -eu
src=${abs_top_srcdir:?run by make check}
build=${abs_top_builddir:?run by make check}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
server=$build/src/server/aws-fargate-server-nodeattestor
agent=$build/src/agent/aws-fargate-nodeattestor
mock=$build/src/mock/fargate-mock
failures=0 tried=0

# blocks PAGE: each of its literal blocks as a file
blocks() {
	rm -rf "$work/blocks"
	mkdir "$work/blocks"
	awk -v dir="$work/blocks" '
	/^\.Bd -literal/ { name = sprintf("%s/%02d", dir, ++n); next }
	/^\.Ed/ { name = "" }
	name {
		gsub(/\\e/, "\\")
		gsub(/\\\(dq/, "\"")
		gsub(/\\&/, "")
		print > name
	}' "$1"
}

# side FILE: the plugin that these settings are for
side() {
	case $page,$(cat "$1") in
	*server*.[58],* | *ecs_endpoint* | *server-nodeattestor*) echo "$server" ;;
	*) echo "$agent" ;;
	esac
}

takes() {
	tried=$((tried + 1))
	"$@" >"$work/said" 2>&1 && return
	echo "check_examples: $page: $(cat "$work/said")" >&2
	sed 's/^/    /' "$one" >&2
	failures=$((failures + 1))
}

json() {
	takes python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$1"
}

try() {
	one=$1
	case $(head -n 1 "$one") in
	"plugin_data {")
		sed '1d; $d' "$one" >"$work/settings"
		takes "$(side "$one")" --check-config "$work/settings"
		;;
	"plugins {")
		grep -q plugin_data_file "$one" ||
			takes "$(side "$one")" --check-config "$one"
		;;
	"account '"*) takes "$mock" --check --scenario="$one" ;;
	"{"*) json "$one" ;;
	'"taskRoleArn"'*)
		{ echo "{" && cat "$one" && echo "}"; } >"$work/task.json"
		json "$work/task.json"
		;;
	esac
}

for page in "$src"/man/*.[1-8]; do
	blocks "$page"
	for block in "$work"/blocks/*; do
		test ! -e "$block" || try "$block"
	done
done
echo "$tried examples"
test "$tried" -ge 15 || {
	echo "check_examples: only $tried examples found" >&2
	exit 1
}
test "$failures" -eq 0
