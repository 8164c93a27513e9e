#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_man.sh - the man pages are mdoc without fault for mandoc and for groff,
# have the sections they need, refer to pages that exist, have one fixed date,
# and are installed by man/man.mk; as HTML, all their links lead somewhere.  What
# they and README quote in the parts on troubleshooting is really said.

set -eu
src=${abs_top_srcdir:?run by make check}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
	echo "check_man: $*" >&2
	failures=$((failures + 1))
}

needs() {
	if ! "$@" >"$work/version" 2>&1; then
		echo "check_man: $1 not found: install the package $package" >&2
		exit 1
	fi
}

# As man-db's man shows it, whose warnings are groff's.  Not that a line has a
# single word, of which some versions warn.
groff_says() {
	LC_ALL=C.UTF-8 MANROFFSEQ= MANROFFOPT="-W break" MANWIDTH=80 \
		man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >"$work/page"
}

# broken_links DIR: what refers to a file or a place that is not there
broken_links() (
	cd "$1"
	grep -o ' id="[^"]*"' ./*.html | sed 's,^\./,,; s/: id="\(.*\)"/#\1/' \
		>"$work/places"
	ls >>"$work/places"
	grep -o ' href="[^"]*"' ./*.html | sed 's,^\./,,; s/ href=//; s/"//g' |
		awk -F : '
		NR == FNR { here[$0]; next }
		{
			to = substr($0, length($1) + 2)
			if (to ~ /^https?:/)
				next
			if (to ~ /^#/)
				to = $1 to
			if (!(to in here))
				print $1 ": " to
		}' "$work/places" -
)

# What each page has to have, besides NAME, DESCRIPTION and SEE ALSO.
sections() {
	case $1 in
	*.1) echo SYNOPSIS:ENVIRONMENT:EXIT STATUS:DIAGNOSTICS ;;
	*.8) echo SYNOPSIS:ENVIRONMENT:FILES:EXIT STATUS:DIAGNOSTICS ;;
	*.5) echo FILES:DIAGNOSTICS ;;
	*.7) echo INSTALLATION:FILES:TROUBLESHOOTING ;;
	esac
	echo EXAMPLES:SECURITY CONSIDERATIONS
}

# lacks PAGE: sections that it should have
lacks() {
	{
		echo NAME:DESCRIPTION:SEE ALSO
		sections "$1"
	} | tr : '\n' | while read -r section; do
		grep -qx "\.Sh $section" "$1" || echo "$section"
	done
}

# All that our sources can say, with strings in one piece.
cat "$src"/src/*/*.[ch] | tr '\n\t' '  ' | sed 's/" *"//g' >"$work/sources"
sed -n 's/^[a-z-]*: //p' "$src/tests/packages/messages" >"$work/messages"

# is_said TEXT: by us or, with something around it, by SPIRE
is_said() {
	grep -qF -e "$1" "$work/sources" ||
		printf '%s\n' "$1" | grep -qF -f "$work/messages"
}

# quotes FILE: what its part on troubleshooting has entries for, up to where
# that varies
quotes() {
	sed -n '/^\.Sh TROUBLESHOOTING$/,/^\.Sh SEE ALSO$/p
		/^Troubleshooting$/,/^Compatibility$/p' "$1" |
		sed -n 's/^\.It Qq //p; s/^"\([^"]*\)".*/\1/p' |
		sed 's/:* \.\.\.$//'
}

package=mandoc needs command -v mandoc
package=man-db needs man --warnings --version

# mandoc looks for the pages that others refer to in the working directory
cd "$src/man"
for page in *.[1-8]; do
	mandoc -T lint -W style "$page" || fail "$page has faults"
	said=$(groff_says "$page") || said="$said (man fails)"
	test -z "$said" || fail "$page: $said"
	test "$(grep -cF "%D%/$page" man.mk)" -ge 2 ||
		fail "$page is not in man.mk, to be installed and as HTML"
done
for page in *.[1-8]; do
	lacks "$page" >"$work/lacking"
	while read -r section; do
		fail "$page has no section $section"
	done <"$work/lacking"
done
for file in aws_fargate_task.7 ../README; do
	quotes "$file" >"$work/quoted"
	test "$(wc -l <"$work/quoted")" -gt 15 ||
		fail "$file quotes hardly anything"
	while read -r text; do
		is_said "$text" || fail "$file: nobody says \"$text\""
	done <"$work/quoted"
	while read -r text; do
		grep -qF -e "$text" "$work/quoted" ||
			fail "$file does not explain \"$text\""
	done <"$work/messages"
done
# The selectors that there are, and those that the page has examples for.
grep -o '"[a-z_][a-z_]*:"' "$src/src/task/selectors.c" | tr -d '":' |
	grep -vx aws_fargate | sort -u >"$work/selectors"
sed -n 's/^\.It Ic aws_fargate_task:\([a-z_]*\).*/\1/p' aws_fargate_task.7 |
	sort -u | diff "$work/selectors" - >"$work/diff" ||
	fail "selectors (< the code, > the page): $(grep '^[<>]' "$work/diff")"
dates=$(sed -n 's/^\.Dd //p' ./*.[1-8] | sort -u | wc -l)
test "$dates" -eq 1 || fail "the pages have $dates dates, not one"

sh ./make-html . "$work/html" "a title" || fail "there is no HTML"
broken_links "$work/html" >"$work/broken"
while read -r link; do
	fail "HTML with a broken link, $link"
done <"$work/broken"
for page in *.[1-8]; do
	grep -q "href=\"$page.html\"" "$work/html/index.html" ||
		fail "$page is not in the index of the HTML"
done
# What is broken is found.
echo '<a href="none.html"> <a href="#none">' >>"$work/html/index.html"
test "$(broken_links "$work/html" | wc -l)" -eq $((2 + $(wc -l <"$work/broken"))) ||
	fail "planted broken links are not found"
test "$failures" -eq 0
