#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_golden.sh - run golden.py, and prove that it can find a fault
set -eu

here=${abs_top_srcdir:-`dirname "$0"`/../..}
command -v python3 >/dev/null || {
	echo "python3 is missing: install it, e.g. by scripts/deps check"
	exit 1
}
golden="$here/tests/evidence/golden.py"
python3 "$golden"

folder=`mktemp -d`
trap 'rm -rf "$folder"' EXIT
for name in binding challenge response; do
	cp "$here"/tests/data/evidence/*.json "$folder"
	chmod u+w "$folder"/*.json
	case $name in
	binding) edit='s/v1\.0esBP/v1.0esBQ/' ;;
	challenge) edit='s/ttl\\":600}/ttl\\":60}/' ;;
	response) edit='s/"seconds": 0$/"seconds": 1/' ;;
	esac
	sed "$edit" "$here/tests/data/evidence/$name.json" \
	    >"$folder/$name.json"
	if python3 "$golden" "$folder" >"$folder/said"; then
		echo "$name: a planted fault was not found"
		exit 1
	fi
	grep -q "^$name, .*, not " "$folder/said"
done
