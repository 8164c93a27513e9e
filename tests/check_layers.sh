#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_layers.sh [ROOT] - a room includes only what it may
#
# Holds every #include line under src/ and examples/ against the two tables
# below and names each offender.  Without ROOT: this source tree, after proof that planted
# offenders are found.
set -eu

# A room, then the rooms, or headers of rooms, it may use besides its own.
rooms='
base
json base
loop base
goplugin base loop
spire base loop goplugin
aws base json loop
task base json
evidence base json
conf base
server base json loop goplugin spire aws task evidence conf
agent base json loop goplugin spire aws task evidence conf
mock base task aws/sigv4
workload base json
programs base json task workload
'

# How a library header begins, then the rooms, or files of rooms, it may be in.
libraries='
grpc/ loop goplugin workload
curl/ loop
protobuf-c/ goplugin spire workload
openssl/ aws evidence mock/tls workload programs
json-c/ mock server/describe agent/diagnose programs
confuse.h mock programs
event2/ mock programs
event.h mock
evhttp.h mock
check.h none
'

# offenders ROOT: one line for each include that may not be.  A tree that was
# built in place holds generated files, which answer to their generator.
offenders() {
	for tree in src examples; do
		[ -d "$1/$tree" ] || continue
		(cd "$1/$tree" && find . -name '*.[ch]' ! -name '*.pb-c.[ch]' |
		sed 's,^\./,,' | LC_ALL=C sort |
		xargs grep -n '^[[:space:]]*#[[:space:]]*include' /dev/null)
	done |
	ROOMS=$rooms LIBRARIES=$libraries awk -F : '
	function begins(text, start) {
		return substr(text, 1, length(start)) == start
	}
	function refuse(what) {
		printf "%s/%s:%s: %s\n", $1 ~ /^programs\// ? "examples" : "src",
		    $1, $2, what
	}
	function check_room(path,   from, to, header) {
		from = $1; sub("/.*", "", from)
		to = path; sub("/.*", "", to)
		header = path; sub(/\.h$/, "", header)
		if (path == to) {
			if (path != "config.h")
				refuse("\"" path "\" must be named with its room")
		} else if (!(from in room)) {
			refuse("room " from " has no row in check_layers.sh")
		} else if (from != to && !((from, to) in may) &&
		    !((from, header) in may)) {
			refuse(from " may not use " to " (" path ")")
		} else if (from != to && path ~ /\.pb-c\.h$/) {
			refuse("generated types stay in " to " (" path ")")
		}
	}
	function check_library(path,   i, k, n, where, ok) {
		for (i = 1; i <= libraries; i++) {
			n = split(library[i], where, " ")
			if (!begins(path, where[1]))
				continue
			ok = 0
			for (k = 2; k <= n; k++)
				if (begins($1, where[k] "/") ||
				    begins($1, where[k] ".") ||
				    begins($1, where[k] "_"))
					ok = 1
			if (!ok)
				refuse("<" path "> may not be used here")
		}
	}
	BEGIN {
		n = split(ENVIRON["ROOMS"], row, "\n")
		for (i = 1; i <= n; i++) {
			k = split(row[i], word, " ")
			if (k > 0)
				room[word[1]] = 1
			for (; k > 1; k--)
				may[word[1], word[k]] = 1
		}
		n = split(ENVIRON["LIBRARIES"], row, "\n")
		for (i = 1; i <= n; i++)
			if (row[i] != "")
				library[++libraries] = row[i]
	}
	match($3, /"[^"]*"/) {
		path = substr($3, RSTART + 1, RLENGTH - 2)
		check_room(path)
		check_library(path)
		next
	}
	match($3, /<[^>]*>/) {
		path = substr($3, RSTART + 1, RLENGTH - 2)
		check_library(path)
		part = path; sub("/.*", "", part)
		if (part in room && part != path)
			check_room(path)
		next
	}
	{ refuse("an include that cannot be read:" $3) }'
}

# plant FILE LINE: the self-test's tree gets one more file under $under
plant() {
	mkdir -p "$tree/$under/${1%/*}"
	printf '/* SPDX-License-Identifier: Apache-2.0 */\n%s\n' "$2" \
	    >"$tree/$under/$1"
}

# must_say FILE LINE WORDS: planted alone, it is refused in these words
must_say() {
	plant "$1" "$2"
	said=`offenders "$tree"`
	rm "$tree/$under/$1"
	case $said in
	"$under/$1:2: "*"$3"*) ;;
	*)
		echo "planted $2 in $1, want '$3', got '$said'" >&2
		exit 1
		;;
	esac
}

self_test() {
	tree=`mktemp -d`
	trap 'rm -rf "$tree"' EXIT
	under=src
	plant base/err.c '#include "base/err.h"'
	plant base/secret.c '#include "config.h"'
	plant base/log.c '#include <sys/socket.h>'
	plant task/arn.c '#include "json/json.h"'
	plant goplugin/calls.c '#include <grpc/grpc.h>'
	plant goplugin/health.c '#include "goplugin/goplugin.pb-c.h"'
	plant mock/sts.c '#include "aws/sigv4.h"'
	plant server/describe.c '#include <json-c/json.h>'
	plant server/describe_task.c '	#  include <json-c/json.h>'
	under=examples
	plant programs/web.c '#include "workload/tls.h"'
	under=src
	said=`offenders "$tree"`
	if [ -n "$said" ]; then
		echo "refused without reason: $said" >&2
		exit 1
	fi
	must_say base/up.c '#include "json/json.h"' 'base may not use json'
	must_say json/up.h '#include "task/arn.h"' 'json may not use task'
	must_say task/up.c '#  include "loop/loop.h"' 'task may not use loop'
	must_say server/side.c '#include "agent/aid.h"' 'not use agent'
	must_say mock/side.c '#include "aws/sts.h"' 'mock may not use aws'
	must_say agent/side.c '#include <server/judge.h>' 'not use server'
	must_say conf/lib.c '#include <openssl/evp.h>' '<openssl/evp.h> may'
	must_say spire/lib.c '#include <grpc/grpc.h>' '<grpc/grpc.h> may'
	must_say server/lib.c '#include <json-c/json.h>' '<json-c/json.h> may'
	must_say agent/lib.c '#include <confuse.h>' '<confuse.h> may'
	must_say agent/pb.c '#include "spire/spire.pb-c.h"' 'stay in spire'
	must_say task/bare.c '#include "arn.h"' 'must be named with its room'
	must_say attic/old.c '#include "base/err.h"' 'attic has no row'
	must_say workload/up.c '#include "programs/web.h"' 'not use programs'
	under=examples
	must_say programs/up.c '#include "aws/sts.h"' 'may not use aws'
	under=src
	must_say base/macro.c '#include HEADER' 'cannot be read'
	rm -rf "$tree"
	trap - EXIT
}

if [ $# -eq 0 ]; then
	self_test
	set -- "${abs_top_srcdir:-`dirname "$0"`/..}"
fi
[ -d "$1/src" ] || { echo "no src/ in $1" >&2; exit 1; }
said=`offenders "$1"`
[ -z "$said" ] || { echo "$said"; exit 1; }
