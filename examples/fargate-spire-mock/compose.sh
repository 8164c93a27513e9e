# SPDX-License-Identifier: Apache-2.0
#
# compose.sh - which Compose to call, v2 or v1; sourced by bash
. "$here/../../scripts/lib.sh"

# compose: the words of the command
if docker compose version >/dev/null 2>&1; then
	compose="docker compose"
elif command -v docker-compose >/dev/null; then
	compose=docker-compose
else
	compose=
fi
# --project-directory makes paths and .env those beside the file.
[ -z "$compose" ] ||
	compose="$compose --project-directory $here -f $here/docker-compose.yml"

# has_engine: can containers run here?
has_engine() {
	[ -n "$compose" ] && docker info >/dev/null 2>&1
}
