#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# cleanup.sh - end the example, in containers and as processes, and forget it
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)

usage() {
	cat <<EOF
usage: ./cleanup.sh [--images]

Ends the example and removes its data: containers, networks and volumes, and
what run-local.sh has started.

  --images  the images that were built, too
EOF
}

images=no
case ${1:-} in
'') ;;
--images) images=yes ;;
-h | --help) usage && exit 0 ;;
*) usage >&2 && exit 2 ;;
esac
[ $# -le 1 ] || { usage >&2 && exit 2; }

. "$here/compose.sh"

# Those that others' names begin with are not ours.  What a build leaves
# without a name has our label.
remove_images() {
	local name=${EXAMPLE_IMAGES:-fargate-spire-mock} ours
	ours=$(docker image ls -q "$name/*" | sort -u)
	[ -z "$ours" ] || docker image rm -f $ours >/dev/null
	docker image prune -f --filter \
		"label=spire-aws-fargate.example=$name" >/dev/null
}

"$here/run-local.sh" down
load_settings
if has_engine; then
	# It refuses without a password, even to end.
	POSTGRES_PASSWORD=unused $compose down --volumes --remove-orphans
	[ $images = no ] || remove_images
elif [ -e "$here/.env" ]; then
	die "it was started in containers, but no engine answers: they may" \
		"still be there"
fi
rm -f "$here/.env"
