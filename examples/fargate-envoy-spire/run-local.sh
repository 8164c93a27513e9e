#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run-local.sh - the mesh as processes: no container engine, nothing left
#
# EXAMPLE_STATE_DIR is where everything lives while it is up; EXAMPLE_BUILD_DIR
# a build tree to take the programs from; EXAMPLE_PORTS=free leaves the usual
# ports alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/../processes.sh"
state=${EXAMPLE_STATE_DIR:-/tmp/fargate-envoy-spire-$(id -u)}

usage() {
	cat <<END
usage: ./run-local.sh up | status | test | bench | down
       ./run-local.sh start | stop | restart NAME
       ./run-local.sh log NAME
       ./run-local.sh env
       ./run-local.sh setup [--bundle FILE]
       ./run-local.sh build | clean
       ./run-local.sh spire-cli ARGUMENT...
       ./run-local.sh spire-server ARGUMENT...
       ./run-local.sh run web|api|cli[:UID] COMMAND...

  up       build what is missing, start all that does not run, wait until it
           works; SVID_TTL, AGENT_TTL and MAX_CONNECTION_AGE (2m, 1h, 20s)
           count the first time
  status   who runs, and where; exit status 0 only if all is well
  test     try it from outside; the last line says "N passed, N failed"
  bench    what the sidecars cost, beside TLS in the programs and plain HTTP;
           BENCH_SECONDS (2) for each figure, BENCH_ROUNDS (3) of them all,
           BENCH_SVG the file of the plot
  down     end all of it and remove its folder, $state
  start, stop, restart
           one of it, by a name of status
  log      what it said
  env      the settings, as lines of NAME=VALUE
  setup    setup-spire.sh
  build    only build; clean forgets what was built
  spire-cli, spire-server
           the program in its place: in the task "cli"; at a server that runs
  run      a command in a task, as the user of its application or as UID;
           "spire-agent api ..." finds the agent of the task
END
}

services=(
	"postgres aws-mock"
	"spire-server-a"
	"spire-server-b envoy-servers"
	"agent-web agent-api agent-cli"
	"api-service demo-app envoy-web envoy-api envoy-cli"
	"prometheus"
)

# The Envoys have uids of their own, which is how their agents know them.
choose_more_uids() {
	choose_uids
	ENVOY_SERVERS_UID=10010
	ENVOY_WEB_UID=10011 ENVOY_API_UID=10012 ENVOY_CLI_UID=10013
	PROMETHEUS_UID=10014
	[ "$(id -u)" -eq 0 ] || ENVOY_SERVERS_UID=$(id -u) \
		ENVOY_WEB_UID=$(id -u) ENVOY_API_UID=$(id -u) \
		ENVOY_CLI_UID=$(id -u) PROMETHEUS_UID=$(id -u)
}

# choose_ports NAME=PREFERRED...: sets each
choose_ports() {
	local one
	for one; do
		choose_port "${one#*=}"
		printf -v "${one%%=*}" %s "$port"
	done
}

# The same names as in containers.env.
write_env() {
	(umask 077 && cat >"$state/env") <<END
PLUGIN_DIR=$state/bin
SERVER_PLUGIN_SHA256=$(checksum aws-fargate-server-nodeattestor)
AGENT_PLUGIN_SHA256=$(checksum aws-fargate-nodeattestor)
RUN_DIR=$state/run
DATA_DIR=$state/data
ROOT_CA_DIR=$state/data/root-ca
BUNDLE=$state/bundle.pem
DATABASE_HOST=$state/run/postgres
DATABASE_PASSWORD=$(new_password)
SPIRE_BIND_ADDRESS=127.0.0.1
SPIRE_SERVER_ADDRESS=127.0.0.1
SPIRE_SERVER_PORT=$spire_port
SPIRE_A_ADDRESS=127.0.0.1
SPIRE_A_PORT=$spire_a_port
SPIRE_A_HEALTH_PORT=$spire_a_health_port
SPIRE_A_METRICS_PORT=$spire_a_metrics_port
SPIRE_B_ADDRESS=127.0.0.1
SPIRE_B_PORT=$spire_b_port
SPIRE_B_HEALTH_PORT=$spire_b_health_port
SPIRE_B_METRICS_PORT=$spire_b_metrics_port
METRICS_ADDRESS=localhost
AGENT_WEB_METRICS_PORT=$agent_web_metrics_port
AGENT_API_METRICS_PORT=$agent_api_metrics_port
AGENT_CLI_METRICS_PORT=$agent_cli_metrics_port
SVID_TTL=${SVID_TTL:-2m}
AGENT_TTL=${AGENT_TTL:-1h}
MAX_CONNECTION_AGE=${MAX_CONNECTION_AGE:-20s}
AWS_MOCK_URL=http://127.0.0.1:$mock_port
DEMO_APP_UID=$DEMO_APP_UID
API_SERVICE_UID=$API_SERVICE_UID
CLI_CLIENT_UID=$CLI_CLIENT_UID
ENVOY_SERVERS_UID=$ENVOY_SERVERS_UID
ENVOY_WEB_UID=$ENVOY_WEB_UID
ENVOY_API_UID=$ENVOY_API_UID
ENVOY_CLI_UID=$ENVOY_CLI_UID
PROMETHEUS_UID=$PROMETHEUS_UID
PROMETHEUS_PORT=$prometheus_port
ENVOY_SERVERS_ADMIN_PORT=$envoy_servers_admin_port
ENVOY_WEB_ADMIN_PORT=$envoy_web_admin_port
ENVOY_API_ADMIN_PORT=$envoy_api_admin_port
ENVOY_CLI_ADMIN_PORT=$envoy_cli_admin_port
WEB_ADDRESS=127.0.0.1
WEB_PORT=$web_port
WEB_EGRESS_PORT=$web_egress_port
WEB_EGRESS_URL=http://127.0.0.1:$web_egress_port
CLI_EGRESS_PORT=$cli_egress_port
CLI_EGRESS_URL=http://127.0.0.1:$cli_egress_port
API_BIND_ADDRESS=127.0.0.1
API_ADDRESS=127.0.0.1
API_PORT=$api_port
DEMO_APP_PORT=$demo_app_port
DEMO_APP_LISTEN=127.0.0.1:$demo_app_port
DEMO_APP_URL=http://127.0.0.1:$web_port
API_SERVICE_PORT=$api_service_port
API_SERVICE_LISTEN=127.0.0.1:$api_service_port
END
}

find_more() {
	envoy=$("$src/scripts/envoy" | tail -n 1)
	command -v prometheus >/dev/null || "$src/scripts/deps" monitoring
	command -v prometheus >/dev/null || die "there is no Prometheus here:" \
		"scripts/deps monitoring installs it"
}

# expand FILE...: into conf/, with the settings filled in
expand() {
	local file
	for file; do
		awk -f "$here/expand.awk" "$file" \
			>"$state/conf/${file##*/}" || return 1
	done
}

fill_state() {
	fill_folders
	mkdir -m 700 "$state/run/server-a" "$state/run/server-b"
	mkdir "$state/data/server-a" "$state/data/server-b"
	share "$envoy"
	mkdir -m 700 "$state/data/root-ca"
	logged "$state/log/root-ca.log" "$here/make-root.sh" \
		"$state/data/root-ca"
	choose_more_uids
	choose_ports spire_port=8081 spire_a_port=8181 spire_b_port=8281 \
		spire_a_health_port=8182 spire_b_health_port=8282 \
		spire_a_metrics_port=9981 spire_b_metrics_port=9982 \
		agent_web_metrics_port=9991 agent_api_metrics_port=9992 \
		agent_cli_metrics_port=9993 mock_port=8090 \
		envoy_servers_admin_port=9900 envoy_web_admin_port=9901 \
		envoy_api_admin_port=9902 envoy_cli_admin_port=9903 \
		web_port=8080 web_egress_port=9101 cli_egress_port=9103 \
		api_port=8083 demo_app_port=8180 api_service_port=8183 \
		prometheus_port=9090
	write_env
	(load_env && expand "$here"/envoy-*.yaml && fill_prometheus)
}

# It looks for its targets beside its settings.
fill_prometheus() {
	mkdir -m 755 "$state/conf/prometheus"
	install -m 644 "$here/monitoring/prometheus.yml" \
		"$here/monitoring/rules.yml" "$state/conf/prometheus"
	"$here/monitoring/targets.sh" "$state/conf/prometheus/targets"
	chmod -R a+rX "$state/conf/prometheus/targets"
	mkdir -m 700 "$state/prometheus"
	[ "$(id -u)" -ne 0 ] || chown "$PROMETHEUS_UID" "$state/prometheus"
}

# What one server is told, both know.
loaded() {
	SPIRE_SERVER_SOCKET=$RUN_DIR/server-a/api.sock
	is_running spire-server-a ||
		SPIRE_SERVER_SOCKET=$RUN_DIR/server-b/api.sock
	export SPIRE_SERVER_SOCKET
}

# at_server COMMAND...: at a server that runs, or at $server
at_server() {
	local socket=$SPIRE_SERVER_SOCKET
	[ -z "${server:-}" ] ||
		socket=$RUN_DIR/server-${server#spire-server-}/api.sock
	spire-server "$@" -socketPath "$socket"
}

# What test.sh wants to know.
try() {
	web=$WEB_ADDRESS:$WEB_PORT api=$API_ADDRESS:$API_PORT any_uid=no
	prometheus=127.0.0.1:$PROMETHEUS_PORT
	[ "$(id -u)" -ne 0 ] || any_uid=yes
	. "$here/test.sh"
}

# start_spire_server NAME PORT HEALTH_PORT METRICS_PORT
start_spire_server() {
	spawn "spire-server-$1" env "SPIRE_NAME=$1" "SPIRE_BIND_PORT=$2" \
		"SPIRE_HEALTH_PORT=$3" "SPIRE_METRICS_PORT=$4" \
		spire-server run -expandEnv -config "$state/conf/server.conf"
}

start_spire_server_a() {
	start_spire_server a "$SPIRE_A_PORT" "$SPIRE_A_HEALTH_PORT" \
		"$SPIRE_A_METRICS_PORT"
}

start_spire_server_b() {
	start_spire_server b "$SPIRE_B_PORT" "$SPIRE_B_HEALTH_PORT" \
		"$SPIRE_B_METRICS_PORT"
}

healthy_spire_server() {
	spire-server healthcheck -socketPath "$RUN_DIR/server-$1/api.sock"
}

healthy_spire_server_a() { healthy_spire_server a; }
healthy_spire_server_b() { healthy_spire_server b; }

# Trust starts from a file that is there before the agents.
ready_spire_server_a() {
	loaded
	"$here/setup-spire.sh" --bundle "$BUNDLE" >"$state/log/setup.log"
}

ready_spire_server_b() {
	loaded
}

# start_envoy NAME UID: its log is its own, as it opens that itself
start_envoy() {
	local log=$state/log/envoy-$1.log
	: >>"$log"
	[ "$(id -u)" -ne 0 ] || chown "$2" "$log"
	spawn_as "$2" "envoy-$1" env -u DATABASE_PASSWORD "$state/bin/envoy" \
		--config-path "$state/conf/envoy-$1.yaml" --concurrency 1 \
		--disable-hot-restart --file-flush-interval-msec 500 \
		--log-level warning --log-format \
		'time="%Y-%m-%dT%H:%M:%S.%eZ" level=%l component=%n msg="%v"'
}

start_envoy_servers() { start_envoy servers "$ENVOY_SERVERS_UID"; }
start_envoy_web() { start_envoy web "$ENVOY_WEB_UID"; }
start_envoy_api() { start_envoy api "$ENVOY_API_UID"; }
start_envoy_cli() { start_envoy cli "$ENVOY_CLI_UID"; }

# admin PORT PATH: of an Envoy
admin() {
	curl -fsS -m 5 "http://127.0.0.1:$1/$2"
}

# Ready, for Envoy, is also who has waited in vain for an identity.
# has_identity PORT ID
has_identity() {
	admin "$1" ready && admin "$1" certs | grep -F "\"$2\""
}

healthy_envoy_web() {
	has_identity "$ENVOY_WEB_ADMIN_PORT" spiffe://example.org/demo-app
}

healthy_envoy_api() {
	has_identity "$ENVOY_API_ADMIN_PORT" spiffe://example.org/api-service
}

healthy_envoy_cli() {
	has_identity "$ENVOY_CLI_ADMIN_PORT" spiffe://example.org/cli-client
}

healthy_envoy_servers() {
	local port=$ENVOY_SERVERS_ADMIN_PORT
	admin "$port" ready &&
		admin "$port" "stats?filter=membership_healthy" |
		grep '^cluster\.spire-server\..*: [1-9]'
}

start_prometheus() {
	spawn_as "$PROMETHEUS_UID" prometheus env -u DATABASE_PASSWORD \
		prometheus --log.level=warn \
		--config.file="$state/conf/prometheus/prometheus.yml" \
		--storage.tsdb.path="$state/prometheus" \
		--storage.tsdb.retention.time=1d \
		--web.listen-address="127.0.0.1:$PROMETHEUS_PORT"
}

healthy_prometheus() {
	curl -fsS -m 5 "http://127.0.0.1:$PROMETHEUS_PORT/-/ready"
}

# start_plain TASK UID NAME: a program that knows of no certificate
start_plain() {
	local given
	task_env "$1"
	spawn_as "$2" "$3" env -u DATABASE_PASSWORD $given \
		"$state/bin/$3" --plain -c "$state/conf/$3.conf"
}

start_demo_app() { start_plain web "$DEMO_APP_UID" demo-app; }
start_api_service() { start_plain api "$API_SERVICE_UID" api-service; }

healthy_demo_app() {
	curl -fsS -m 5 "http://$DEMO_APP_LISTEN/health"
}

healthy_api_service() {
	curl -fsS -m 5 "http://$API_SERVICE_LISTEN/health"
}

# An Envoy that is ready may still miss what the other one needs.
all_started() {
	local url end=$((SECONDS + 30))
	for url in "$WEB_EGRESS_URL" "$CLI_EGRESS_URL"; do
		until curl -fsS -m 5 "$url/health" >/dev/null 2>&1; do
			[ $SECONDS -lt $end ] || {
				say "nobody answers by way of $url"
				blame envoy-api
				return 1
			}
			sleep 0.05
		done
	done
}

cli() {
	in_task cli spire-cli -plain "$@"
}

address() {
	case $1 in
	postgres) echo "$DATABASE_HOST" ;;
	aws-mock) echo "$AWS_MOCK_URL" ;;
	spire-server-a) echo "$SPIRE_A_ADDRESS:$SPIRE_A_PORT" ;;
	spire-server-b) echo "$SPIRE_B_ADDRESS:$SPIRE_B_PORT" ;;
	agent-*) echo "$RUN_DIR/${1#agent-}/api.sock" ;;
	api-service) echo "http://$API_SERVICE_LISTEN" ;;
	demo-app) echo "http://$DEMO_APP_LISTEN" ;;
	envoy-servers) echo "$SPIRE_SERVER_ADDRESS:$SPIRE_SERVER_PORT" ;;
	envoy-web) echo "$DEMO_APP_URL, $WEB_EGRESS_URL" ;;
	envoy-api) echo "https://$API_ADDRESS:$API_PORT" ;;
	envoy-cli) echo "$CLI_EGRESS_URL" ;;
	prometheus) echo "http://127.0.0.1:$PROMETHEUS_PORT" ;;
	esac
}

dispatch "$@"
