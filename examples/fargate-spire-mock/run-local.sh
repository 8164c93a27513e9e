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
DATABASE_PASSWORD=$(new_password)
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

fill_state() {
	fill_folders
	mkdir -m 700 "$state/run/server"
	mkdir "$state/data/server"
	choose_uids
	choose_port 8081 && spire_port=$port
	choose_port 8090 && mock_port=$port
	choose_port 8080 && web_port=$port
	choose_port 8082 && api_port=$port
	choose_port 8092 && health_port=$port
	write_env
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

# What test.sh wants to know.
try() {
	demo_app_url=$DEMO_APP_URL api_service_url=$API_SERVICE_URL any_uid=no
	[ "$(id -u)" -ne 0 ] || any_uid=yes
	. "$here/test.sh"
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

dispatch "$@"
