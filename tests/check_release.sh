#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_release.sh - what names a version or its date names the same one:
# configure.ac, ChangeLog, the packages, and the manual pages.  Planted faults
# are found first.
set -eu
src=${abs_top_srcdir:?run by make check}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
spec=packaging/rpm/spire-aws-fargate.spec

first() {
	sed -n "$2" "$1" | head -n 1
}

same() {
	test "$2" = "$3" || echo "$1 is \"$3\", not \"$2\""
}

# problems TREE: one line for each
problems() {
	cd "$1"
	version=$(first configure.ac 's/^AC_INIT(\[[^]]*\], *\[\([^]]*\)\].*/\1/p')
	line=$(head -n 1 ChangeLog)
	date=${line##*(}
	date=${date%)}
	same "ChangeLog's first line" "spire-aws-fargate $version ($date)" \
	    "$line"
	seconds=$(date -u -d "$date" +%s 2>/dev/null) ||
	    { echo "ChangeLog: \"$date\" is no date" && seconds=0; }
	spoken=$(LC_ALL=C date -u -d "@$seconds" '+%a %b %d %Y')
	debian=packaging/debian/changelog
	same "$debian's version" "$version" \
	    "$(first $debian 's/^[a-z-]* (\([^-]*\)-.*/\1/p')"
	same "$debian's date" "$date" "$(date -u +%F -d \
	    "$(first $debian 's/^ -- .*>  //p')")"
	same "$spec's version" "$version" "$(first $spec 's/^Version: *//p')"
	same "$spec's change" "$spoken $version" \
	    "$(first $spec 's/^\* \(.* [0-9]\{4\}\) .* - \(.*\)-[^-]*$/\1 \2/p')"
	# A page is of the release, or of the one before it.
	for page in man/*.[1-8]; do
		of=$(first "$page" 's/^\.Dd //p')
		paged=$(date -u -d "$of" +%s 2>/dev/null) ||
		    { echo "$page: \"$of\" is no date" && paged=0; }
		test "$paged" -le "$seconds" ||
		    echo "$page is of $of, later than the release"
	done
}

# finds WHAT FILE SED: the tree with that fault is refused
finds() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/packaging"
	cp -R "$src/man" "$src/ChangeLog" "$src/configure.ac" "$work/tree"
	cp -R "$src/packaging/debian" "$src/packaging/rpm" \
	    "$work/tree/packaging"
	chmod -R u+w "$work/tree"
	sed "$3" "$work/tree/$2" > "$work/changed"
	cp "$work/changed" "$work/tree/$2"
	if test -z "$(problems "$work/tree")"; then
		echo "check_release: a planted fault is not found: $1" >&2
		exit 1
	fi
}

finds 'another version' configure.ac '/^AC_INIT/s/\[[0-9.]*\]/[9.9.9]/'
finds 'a release without a date' ChangeLog '1s/(.*)/(unreleased)/'
finds 'a deb of another day' packaging/debian/changelog \
    '/^ -- /s/  .*/  Thu, 01 Jan 2015 12:00:00 +0000/'
finds 'an rpm of another version' $spec 's/^Version: .*/Version: 9.9.9/'
finds 'an rpm of another day' $spec 's/^\* [A-Z].. .* 20[0-9][0-9]/* Thu Jan 01 2015/'
finds 'a page of the future' man/spire-cli.1 's/^\.Dd .*/.Dd January 1, 2999/'
(problems "$src") > "$work/found"
cat "$work/found" >&2
test ! -s "$work/found"
