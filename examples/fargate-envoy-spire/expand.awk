# SPDX-License-Identifier: Apache-2.0
#
# expand.awk - fill in ${NAME} from the environment, as SPIRE's -expandEnv
# does; Envoy has nothing of the kind.  A name that is not set is an error.
{
	while (match($0, /\$\{[A-Z0-9_]+\}/)) {
		name = substr($0, RSTART + 2, RLENGTH - 3)
		if (!(name in ENVIRON)) {
			printf "%s:%d: %s is not set\n", FILENAME, FNR, name \
				>"/dev/stderr"
			exit 1
		}
		$0 = substr($0, 1, RSTART - 1) ENVIRON[name] \
			substr($0, RSTART + RLENGTH)
	}
	print
}
