# SPDX-License-Identifier: Apache-2.0
#
# cleanup.sh - end an example, in containers and as processes, and forget it;
# sourced by its own cleanup.sh, with the arguments of that

usage() {
	cat <<EOF
usage: ./cleanup.sh [--images | --local]

Ends the example and removes its data: containers, networks and volumes, and
what run-local.sh has started.

  --images  the images that were built, too
  --local   only what run-local.sh has started
EOF
}

forget=no
[ $# -le 1 ] || { usage >&2 && exit 2; }
case ${1:-} in
'') ;;
--images) forget=yes ;;
--local) exec "$here/run-local.sh" down ;;
-h | --help) usage && exit 0 ;;
*) usage >&2 && exit 2 ;;
esac

. "$here/compose.sh"

"$here/run-local.sh" down
load_settings
if has_engine; then
	# It refuses without a password, even to end.
	POSTGRES_PASSWORD=unused $compose down --volumes --remove-orphans
	[ $forget = no ] || remove_images
elif [ -e "$here/.env" ]; then
	die "it was started in containers, but no engine answers: they may" \
		"still be there"
fi
rm -f "$here/.env"
