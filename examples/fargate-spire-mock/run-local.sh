#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run-local.sh - the example as processes: no container engine, nothing left
#
# EXAMPLE_STATE_DIR is where everything lives while it is up; EXAMPLE_BUILD_DIR
# a build tree to take the programs from; EXAMPLE_PORTS=free leaves the usual
# ports alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/../processes.sh"
state=${EXAMPLE_STATE_DIR:-/tmp/fargate-spire-mock-$(id -u)}

usage() {
	cat <<EOF
usage: ./run-local.sh up | status | test | down
       ./run-local.sh start | stop | restart NAME
       ./run-local.sh log NAME
       ./run-local.sh env
       ./run-local.sh setup [--bundle FILE]
       ./run-local.sh build | clean
       ./run-local.sh spire-cli ARGUMENT...
       ./run-local.sh spire-server ARGUMENT...
       ./run-local.sh run web|api|cli[:UID] COMMAND...

  up       build what is missing, start all that does not run, wait until it
           works; SVID_TTL and AGENT_TTL (2m, 1h) count the first time
  status   who runs, and where; exit status 0 only if all is well
  test     try it from outside; the last line says "N passed, N failed"
  down     end all of it and remove its folder, $state
  start, stop, restart
           one of it, by a name of status
  log      what it said
  env      the settings, as lines of NAME=VALUE
  setup    setup-spire.sh
  build    only build; clean forgets what was built
  spire-cli, spire-server
           the program in its place: in the task "cli"; at the server that runs
  run      a command in a task, as the user of its application or as UID;
           "spire-agent api ..." finds the agent of the task
EOF
}

services=(
	"postgres aws-mock"
	"spire-server"
	"agent-web agent-api agent-cli"
	"api-service demo-app"
)

# The uids of the applications; only root can give each its own.
choose_uids() {
	DEMO_APP_UID=10001 API_SERVICE_UID=10002 CLI_CLIENT_UID=10003
	[ "$(id -u)" -eq 0 ] || DEMO_APP_UID=$(id -u) \
		API_SERVICE_UID=$(id -u) CLI_CLIENT_UID=$(id -u)
}

# The same names as in containers.env.
write_env() {
	(umask 077 && cat >"$state/env") <<EOF
PLUGIN_DIR=$state/bin
SERVER_PLUGIN_SHA256=$(checksum aws-fargate-server-nodeattestor)
AGENT_PLUGIN_SHA256=$(checksum aws-fargate-nodeattestor)
RUN_DIR=$state/run
DATA_DIR=$state/data
BUNDLE=$state/bundle.pem
DATABASE_HOST=$state/run/postgres
DATABASE_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
SPIRE_BIND_ADDRESS=127.0.0.1
SPIRE_SERVER_ADDRESS=127.0.0.1
SPIRE_SERVER_PORT=$spire_port
SPIRE_SERVER_SOCKET=$state/run/server/api.sock
SVID_TTL=${SVID_TTL:-2m}
AGENT_TTL=${AGENT_TTL:-1h}
AWS_MOCK_URL=http://127.0.0.1:$mock_port
DEMO_APP_UID=$DEMO_APP_UID
API_SERVICE_UID=$API_SERVICE_UID
CLI_CLIENT_UID=$CLI_CLIENT_UID
DEMO_APP_LISTEN=127.0.0.1:$web_port
DEMO_APP_URL=http://127.0.0.1:$web_port
API_SERVICE_LISTEN=127.0.0.1:$api_port
API_SERVICE_HEALTH_LISTEN=127.0.0.1:$health_port
API_SERVICE_URL=https://127.0.0.1:$api_port
EOF
}

checksum() {
	sha256sum <"$state/bin/$1" | cut -d' ' -f1
}

# The programs of the example, from a build tree.
programs="server/aws-fargate-server-nodeattestor agent/aws-fargate-nodeattestor
	mock/fargate-mock"
applications="demo-app api-service spire-cli"

# find_build: sets build to a tree with everything in it
find_build() {
	local program
	build=${EXAMPLE_BUILD_DIR:-}
	if [ -z "$build" ]; then
		"$src/scripts/deps" examples
		build=$src/build-examples
		mkdir -p "$build" 2>/dev/null && [ -w "$build" ] ||
			build=$cache/build-examples
		mkdir -p "$build"
		exec 8<"$build"
		flock 8
		build_in "$build" --enable-examples 8<&-
		exec 8<&-
	fi
	for program in $programs; do
		[ -x "$build/src/$program" ] || die "$build has no src/$program"
	done
	for program in $applications; do
		[ -x "$build/examples/programs/$program" ] || die "$build has" \
			"no examples/programs/$program: configure with" \
			"--enable-examples"
	done
}

# What is in the folder of what is up.  The settings come last: with them it
# is whole.
fill_state() {
	local program
	mkdir -m 700 "$state/data" "$state/log" "$state/pids" "$state/tmp"
	mkdir -m 755 "$state/bin" "$state/conf" "$state/run"
	mkdir -m 700 "$state/run/server"
	mkdir -m 755 "$state/run/web" "$state/run/api" "$state/run/cli"
	mkdir "$state/data/server" "$state/data/agent-web" \
		"$state/data/agent-api" "$state/data/agent-cli"
	for program in $programs; do
		install -m 755 "$build/src/$program" "$state/bin"
	done
	for program in $applications; do
		install -m 755 "$build/examples/programs/$program" "$state/bin"
	done
	# Another user may not get to where they are kept.
	for program in spire-server spire-agent; do
		ln "$spire/$program" "$state/bin" 2>/dev/null ||
			install -m 755 "$spire/$program" "$state/bin"
	done
	install -m 644 "$here"/*.conf "$state/conf"
	choose_uids
	choose_port 8081 && spire_port=$port
	choose_port 8090 && mock_port=$port
	choose_port 8080 && web_port=$port
	choose_port 8082 && api_port=$port
	choose_port 8092 && health_port=$port
	write_env
}

start_aws_mock() {
	spawn aws-mock "$state/bin/fargate-mock" \
		--scenario "$state/conf/scenario.conf" \
		--port "${AWS_MOCK_URL##*:}"
}

healthy_aws_mock() {
	curl -fsS -m 5 "$AWS_MOCK_URL/health"
}

start_spire_server() {
	spawn spire-server spire-server run -expandEnv \
		-config "$state/conf/server.conf"
}

healthy_spire_server() {
	spire-server healthcheck -socketPath "$SPIRE_SERVER_SOCKET"
}

# Trust starts from a file that is there before the agents.
ready_spire_server() {
	"$here/setup-spire.sh" --bundle "$BUNDLE" >"$state/log/setup.log"
}

# task_env TASK: sets given to what ECS gives to the containers of the task
task_env() {
	given=$("$state/bin/fargate-mock" --scenario "$state/conf/scenario.conf" \
		--env "$1" --port "${AWS_MOCK_URL##*:}")
}

start_agent() {
	local given
	task_env "$1"
	spawn "agent-$1" env $given spire-agent run -expandEnv \
		-config "$state/conf/agent-$1.conf"
}

healthy_agent() {
	spire-agent healthcheck -socketPath "$RUN_DIR/$1/api.sock"
}

start_agent_web() { start_agent web; }
start_agent_api() { start_agent api; }
start_agent_cli() { start_agent cli; }
healthy_agent_web() { healthy_agent web; }
healthy_agent_api() { healthy_agent api; }
healthy_agent_cli() { healthy_agent cli; }

# start_application TASK UID NAME
start_application() {
	local given
	task_env "$1"
	spawn_as "$2" "$3" env -u DATABASE_PASSWORD $given \
		"SPIFFE_ENDPOINT_SOCKET=unix://$RUN_DIR/$1/api.sock" \
		"$state/bin/$3" -c "$state/conf/$3.conf"
}

# It serves no application that would wait for its identity.
ready_agent_cli() {
	in_task cli spire-cli -self -timeout 30 >/dev/null
}

start_demo_app() {
	start_application web "$DEMO_APP_UID" demo-app
}

start_api_service() {
	start_application api "$API_SERVICE_UID" api-service
}

healthy_demo_app() {
	curl -fsS -m 5 "$DEMO_APP_URL/health"
}

healthy_api_service() {
	curl -fsS -m 5 "http://$API_SERVICE_HEALTH_LISTEN/health"
}

# in_task TASK[:UID] COMMAND...
in_task() {
	local given uid task=${1%%:*}
	case $1 in
	*:*) uid=${1#*:} ;;
	web) uid=$DEMO_APP_UID ;;
	api) uid=$API_SERVICE_UID ;;
	cli) uid=$CLI_CLIENT_UID ;;
	esac
	case $task in
	web | api | cli) ;;
	*) die "there is no task \"$task\", only web, api and cli" ;;
	esac
	case $uid in
	'' | *[!0-9]*) die "\"$uid\" is no uid" ;;
	esac
	[ "$uid" = "$(id -u)" ] || [ "$(id -u)" -eq 0 ] ||
		die "only root can be uid $uid"
	shift
	[ "$1 ${2:-}" != "spire-agent api" ] ||
		set -- "$@" -socketPath "$RUN_DIR/$task/api.sock"
	task_env "$task"
	as_user "$uid" env -u DATABASE_PASSWORD $given \
		"SPIFFE_ENDPOINT_SOCKET=unix://$RUN_DIR/$task/api.sock" "$@"
}

# at_server COMMAND...
at_server() {
	spire-server "$@" -socketPath "$SPIRE_SERVER_SOCKET"
}

# What test.sh wants to know.
try() {
	demo_app_url=$DEMO_APP_URL api_service_url=$API_SERVICE_URL any_uid=no
	[ "$(id -u)" -ne 0 ] || any_uid=yes
	. "$here/test.sh"
}

is_up() {
	[ -e "$state/env" ] && load_env
}

need_up() {
	is_up || die "nothing is up: ./run-local.sh up"
	export PATH="$state/bin:$PATH"
	find_postgres
}

all_run() {
	local name
	for name in $(all_services); do
		is_running "$name" || return 1
	done
}

status() {
	local name pid said rc=0
	for name in $(all_services); do
		pid=- said="not running"
		if is_running "$name"; then
			read -r pid _ <"$state/pids/$name"
			said=healthy
			call healthy "$name" >/dev/null 2>&1 || said="not healthy"
		fi
		[ "$said" = healthy ] || rc=1
		printf '%-13s %-12s %7s  %s\n' "$name" "$said" "$pid" \
			"$(address "$name")"
	done
	return $rc
}

address() {
	case $1 in
	postgres) echo "$DATABASE_HOST" ;;
	aws-mock) echo "$AWS_MOCK_URL" ;;
	spire-server) echo "$SPIRE_SERVER_ADDRESS:$SPIRE_SERVER_PORT" ;;
	agent-*) echo "$RUN_DIR/${1#agent-}/api.sock" ;;
	api-service) echo "$API_SERVICE_URL" ;;
	demo-app) echo "$DEMO_APP_URL" ;;
	esac
}

# What was just begun does not stay when it fails or is interrupted.
finish_up() {
	local rc=$?
	trap - EXIT HUP INT TERM
	[ "$fresh" = no ] || [ ! -d "$state" ] || end_all
	exit $rc
}

up() {
	local wave began
	fresh=no
	trap finish_up EXIT
	# A trap runs with the redirections of the command that it interrupts.
	exec 7>&2
	trap 'say "interrupted, cleaning up" 2>&7; exit 130' INT
	trap 'exit 143' TERM HUP
	check_state
	while ! lock_state; do
		find_build
		find_postgres
		spire=$("$src/scripts/spire" | tail -n 1)
		# Other users may pass through it, but not look around.  Another
		# "up" may be the one that makes it.
		mkdir -m 711 "$state" 2>/dev/null || [ -e "$state" ] ||
			die "cannot make $state"
	done
	began=$SECONDS
	if is_up && need_up && all_run; then
		say "it is up already"
		status
		return
	fi
	if ! is_up; then
		# There may be what an "up" left that was killed.
		end_services
		find "$state" -xdev -mindepth 1 -delete
		fresh=yes
		[ -n "${build:-}" ] || find_build
		[ -n "${spire:-}" ] ||
			spire=$("$src/scripts/spire" | tail -n 1)
		fill_state
	fi
	need_up
	for wave in "${services[@]}"; do
		say "starting $wave"
		start_services $wave || return 1
	done
	fresh=no
	trap - EXIT HUP INT TERM
	say "up, $(duration $((SECONDS - began))): $DEMO_APP_URL"
	status
}

down() {
	if ! lock_state; then
		say "nothing is up"
		return
	fi
	end_all
	say "down"
}

one() {
	local verb=$1 name=$2
	lock_state || true
	need_up
	known_service "$name"
	[ "$verb" = start ] || end_service "$name"
	[ "$verb" = stop ] || start_services "$name"
}

case ${1:-} in
up | status | test | down | env | build | clean)
	[ $# -eq 1 ] || { usage >&2 && exit 2; }
	;;
start | stop | restart | log)
	[ $# -eq 2 ] || { usage >&2 && exit 2; }
	;;
setup | spire-cli | spire-server) ;;
run)
	[ $# -ge 3 ] || { usage >&2 && exit 2; }
	;;
-h | --help) usage && exit 0 ;;
*) usage >&2 && exit 2 ;;
esac

case $1 in
up) up ;;
down) down ;;
status) need_up && status ;;
test) need_up && try ;;
env) need_up && cat "$state/env" ;;
build) find_build ;;
clean) rm -rf "$src/build-examples" "$cache/build-examples" ;;
start | stop | restart) one "$1" "$2" ;;
log) need_up && known_service "$2" && cat "$state/log/$2.log" ;;
setup)
	need_up
	shift
	"$here/setup-spire.sh" "$@"
	;;
spire-cli)
	need_up
	shift
	in_task cli spire-cli "$@"
	;;
spire-server)
	need_up
	shift
	at_server "$@"
	;;
run)
	need_up
	shift
	in_task "$@"
	;;
esac
