#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_style.sh [ROOT] - what a machine can refuse of HACKING's rules
#
# Files without an SPDX line, banned functions, functions of more than 80
# lines, left-over marks, switched-off code.  Names each offender.  Without
# ROOT: this source tree, after proof that planted offenders are found.
set -eu

banned='strcpy strcat sprintf vsprintf strtok atoi atol atoll sscanf gets
	alloca system popen'
# in pieces, so that this file passes
marks='TO''DO FIX''ME XX''X'

# sources ROOT: the files we wrote, generated ones and test data left out
sources() {
	(cd "$1" && find . -type d \( -name corpus -o -name data -o -name golden \
	    -o -name node_modules -o -name '.git' -o -name 'build*' \) -prune \
	    -o -type f \( -path './src/*' -o -path './tests/*' \
	    -o -path './scripts/*' -o -path './man/*' -o -path './conf/*' \
	    -o -path './examples/*' -o -path './packaging/*' -o -path './m4/*' \
	    -o -path './Makefile.am' -o -path './configure.ac' \) -print) |
	sed 's,^\./,,' | LC_ALL=C sort | while read -r file; do
		case $file in
		*.pb-c.[ch] | *.o | *.a | *.log | *.trs) ;;
		*.c | *.h | *.mk | *.m4 | *.am | *.ac | *.proto | *.py | *.go | \
		    *.sh | *.dict | man/*.[1-9] | conf/*.conf)
			echo "$file" ;;
		*)
			LC_ALL=C head -c 2 "$1/$file" | grep -q '^#!' &&
			    echo "$file" ;;
		esac || :
	done
}

without_spdx() {
	sources "$1" | while read -r file; do
		sed 3q "$1/$file" |
		    grep -q 'SPDX-License-Identifier: Apache-2\.0' ||
		    echo "$file:1: no SPDX line"
	done
}

# Marks anywhere; the rest in C, where comments and strings do not count.
offenders() {
	without_spdx "$1"
	(cd "$1" && sources . | xargs env BANNED="$banned" MARKS="$marks" \
	    LC_ALL=C awk '
	function refuse(what) {
		printf "%s:%d: %s\n", FILENAME, FNR, what
	}
	function code(line) { # without comments, strings, characters
		if (in_comment) {
			if (!match(line, /\*\//))
				return ""
			line = substr(line, RSTART + 2)
			in_comment = 0
		}
		gsub(/\\./, "", line)
		gsub(/"[^"]*"/, "\"\"", line)
		gsub(/\047[^\047]*\047/, "0", line)
		gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", line)
		sub(/\/\/.*/, "", line)
		if (match(line, /\/\*/)) {
			line = substr(line, 1, RSTART - 1)
			in_comment = 1
		}
		return line
	}
	BEGIN {
		words = ENVIRON["BANNED"]
		gsub(/[ \t\n]+/, "|", words)
		call = "(^|[^A-Za-z0-9_.>])(" words ")[ \t]*\\("
		words = ENVIRON["MARKS"]
		gsub(/ /, "|", words)
		mark = "(^|[^A-Za-z0-9_])(" words ")([^A-Za-z0-9_]|$)"
	}
	FNR == 1 {
		in_comment = 0
		is_c = FILENAME ~ /\.[ch]$/
	}
	$0 ~ mark { refuse("a left-over mark") }
	!is_c { next }
	/^[ \t]*#[ \t]*if[ \t]+0/ { refuse("code that is switched off") }
	/^{/ { open = FNR }
	/^}/ {
		if (open > 0 && FNR - open + 1 > 80)
			refuse("a function of " FNR - open + 1 " lines")
		open = 0
	}
	{
		line = code($0)
		if (match(line, call)) {
			line = substr(line, RSTART, RLENGTH)
			gsub(/[^a-z]/, "", line)
			refuse(line "() is banned")
		}
	}' /dev/null)
}

# plant FILE: standard input becomes a file of the self-test's tree
plant() {
	mkdir -p "$tree/${1%/*}"
	cat >"$tree/$1"
}

# must_say WORDS FILE: standard input, planted alone, is refused in these words
must_say() {
	plant "$2"
	said=`offenders "$tree"`
	rm "$tree/$2"
	case $said in
	"$2:"*"$1"*) ;;
	*)
		echo "planted $2, want '$1', got '$said'" >&2
		exit 1
		;;
	esac
}

long_function() {
	printf '%s\n' "$spdx" 'void' 'f(void)' '{'
	awk 'BEGIN { for (i = 0; i < '"$1"' - 2; i++) print "\tg();" }'
	echo '}'
}

self_test() {
	spdx='/* SPDX-License-Identifier: Apache-2.0 */'
	tree=`mktemp -d`
	trap 'rm -rf "$tree"' EXIT
	long_function 80 | plant src/base/long.c
	plant src/base/good.c <<-END
		$spdx
		/* strcpy(), and
		 * gets() too */
		char *p = "system(1)";
		int n = my_atoi(x) + snprintf(p, 1, "x") + ops->system(1);
		char t[] = "file.XXXXXX"; /* a */ char c = '"'; /* gets( */
	END
	printf 'no sign of a licence\n' | plant tests/x/data/raw.c
	printf '#!/bin/sh\n%s\n' "# ${spdx#??}" | plant scripts/run
	said=`offenders "$tree"`
	if [ -n "$said" ]; then
		echo "refused without reason: $said" >&2
		exit 1
	fi
	long_function 81 | must_say 'function of 81 lines' src/base/b.c
	echo 'int x;' | must_say 'no SPDX line' src/base/b.h
	printf '#!/bin/sh\ntrue\n' | must_say 'no SPDX line' scripts/bare
	printf '%s\n\tstrcpy(a, b);\n' "$spdx" |
	    must_say '2: strcpy() is banned' src/base/b.c
	printf '%s\n/* a */ x = "\\"" + atoi (b); /*\n' "$spdx" |
	    must_say '2: atoi() is banned' tests/b.c
	printf '%s\n/* %s: later */\n' "$spdx" "${marks%% *}" |
	    must_say '2: a left-over mark' src/base/b.c
	printf '%s\n#if 0\n#endif\n' "$spdx" |
	    must_say '2: code that is switched off' src/base/b.c
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
