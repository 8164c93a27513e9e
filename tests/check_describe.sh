#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_describe.sh - what --describe of the server plugin says of tasks that
# fargate-mock knows, and of those it does not
set -eu
: "${abs_top_builddir:?run by make check}"
plugin=$abs_top_builddir/src/server/aws-fargate-server-nodeattestor
mock=$abs_top_builddir/src/mock/fargate-mock
dir=$(mktemp -d)
mock_pid=
clean() {
	[ -z "$mock_pid" ] || kill "$mock_pid" 2>/dev/null || :
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 1' INT TERM
failures=0

fail() {
	echo "check_describe: $*" >&2
	sed 's/^/    /' "$dir/out" "$dir/err" >&2
	failures=$((failures + 1))
}

cat >"$dir/scenario" <<END
account '123456789012' { }
account '210987654321' { }
cluster 'test-cluster' { account = '123456789012' }
cluster 'theirs' { account = '210987654321' }
task_definition 'web:7' { container 'web' { image = 'web:1' } }
task_definition 'none:1' { task_role = 'none' container 'a' { image = 'a' } }
task 'web' { cluster = 'test-cluster' task_definition = 'web:7'
	tags = { 'Team=platform' } }
task 'lowly' { cluster = 'test-cluster' task_definition = 'web:7'
	task_role = 'team/other' exec = enabled }
task 'done' { cluster = 'test-cluster' task_definition = 'web:7'
	status = STOPPED }
task 'none' { cluster = 'test-cluster' task_definition = 'none:1' }
task 'theirs' { cluster = 'theirs' task_definition = 'web:7' }
END
mkfifo "$dir/line"
"$mock" --port 0 --scenario "$dir/scenario" >"$dir/line" &
mock_pid=$!
read -r line <"$dir/line"
url=${line##* }

# settings TEXT: and the mock in place of AWS
settings() {
	cat >"$dir/conf" <<END
trust_domain = "example.org"
sts_endpoint = "$url"
ecs_endpoint = "$url"
access_key_id = "AKIAFARGATEMOCKDEMO1"
secret_access_key = "not/a/secret/only/for/the/fargate/mock01"
$1
END
}

# arn NAME: of a task of the scenario
arn() {
	id=$("$mock" --scenario "$dir/scenario" --env "$1" |
		sed -n 's,.*/v4/\([0-9a-f]*\)-.*,\1,p')
	cluster=123456789012:task/test-cluster
	[ "$1" != theirs ] || cluster=210987654321:task/theirs
	echo "arn:aws:ecs:us-east-1:$cluster/$id"
}

# describe STATUS ARN LINE...: patterns of lines it must print
describe() {
	want=$1 arn=$2 status=0
	shift 2
	env -u AWS_PROFILE -u AWS_CA_BUNDLE "$plugin" --config "$dir/conf" \
		--describe "$arn" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	[ "$status" -eq "$want" ] || fail "$arn: status $status, not $want"
	for line; do
		cat "$dir/out" "$dir/err" | grep -q -e "$line" ||
			fail "$arn: no line \"$line\""
	done
}

settings ''
describe 0 "$(arn web)" \
	'^agent ID  *spiffe://example.org/aws_fargate_task/123456789012/test-cluster$' \
	' aws_fargate_task:family:web$' ' aws_fargate_task:tag:Team:platform$' \
	' aws_fargate_task:task_role:123456789012/fargate-demo-task-role$'
describe 0 "$(arn lowly)" ' aws_fargate_task:task_role:123456789012/other$' \
	' aws_fargate_task:exec:enabled$'
describe 1 "$(arn done)" '^refused .*STOPPED' '^reason  *task_stopped$'
describe 1 "$(arn none)" '^refused .*taskRoleArn' '^reason  *task_role$'
describe 1 arn:aws:ecs:us-east-1:123456789012:task/test-cluster/00000000000000000000000000000000 \
	'^reason  *task_missing$'
describe 1 "$(arn theirs)" '^refused .*assume_role' '^reason  *aws_access$'
describe 1 nonsense 'nonsense: '
settings 'exec_policy = "deny"
allowed_accounts = ["123456789012"]'
describe 1 "$(arn lowly)" '^reason  *exec$'
describe 1 "$(arn theirs)" '^refused .*allowed_accounts' '^reason  *account$'
settings 'verification = "sts" allowed_accounts = ["123456789012"]'
describe 0 "$(arn web)" \
	'^agent ID  *spiffe://example.org/spire/agent/aws_fargate_task/123456789012/'
settings 'client_ip = "required" allowed_task_roles = ["web"]'
describe 0 "$(arn web)" '^besides .*client_ip' '^besides .*allowed_task_roles'
settings 'nothing = 1'
describe 1 "$(arn web)" 'unknown configurations detected: nothing'
sed 's/mock01/mock02/' "$dir/conf" | grep -v nothing >"$dir/other"
mv "$dir/other" "$dir/conf"
describe 1 "$(arn web)" "^refused .*server's own credentials are refused"

test "$failures" -eq 0
