# SPDX-License-Identifier: Apache-2.0
#
# compose.sh - which Compose to call, v2 or v1, and the example's containers
# through it; sourced by bash
#
# EXAMPLE_COMPOSE is the command where both are there and v1 is meant.  Each
# example has a compose.sh that sets images, the name that its images begin
# with, and settings, the variables that only it has; here is its folder.
settings="POSTGRES_PASSWORD BASE_IMAGE SPIRE_SERVER_IMAGE SPIRE_AGENT_IMAGE
	POSTGRES_IMAGE EXAMPLE_IMAGES EXAMPLE_FRESH COMPOSE_PROJECT_NAME
	DEMO_APP_HOST_PORT API_SERVICE_HOST_PORT SPIRE_SERVER_HOST_PORT
	AWS_MOCK_HOST_PORT $settings"
. "$here/../../scripts/lib.sh"

# load_settings: what .env says of the containers that are up, exported.  What
# the environment says otherwise is not true of them.
load_settings() {
	local name value
	[ -e "$here/.env" ] || return 0
	while IFS='=' read -r name value; do
		case $name in
		'' | *[!A-Z_]*) ;;
		*) export "$name=$value" ;;
		esac
	done <"$here/.env"
}

# find_compose: sets compose to the words of the command
find_compose() {
	compose=${EXAMPLE_COMPOSE:-}
	if [ -n "$compose" ]; then
		$compose version >/dev/null 2>&1 ||
			die "EXAMPLE_COMPOSE: \"$compose version\" fails"
	elif docker compose version >/dev/null 2>&1; then
		compose="docker compose"
	elif command -v docker-compose >/dev/null; then
		compose=docker-compose
	else
		return 0
	fi
	# --project-directory makes paths and .env those beside the file.
	compose="$compose --project-directory $here"
	compose="$compose -f $here/docker-compose.yml"
}
find_compose

# has_engine: can containers run here?
has_engine() {
	[ -n "$compose" ] && docker info >/dev/null 2>&1
}

# services FORMAT: for each container its service, and what FORMAT says of it
services() {
	local ids
	ids=$($compose ps -q) && [ -n "$ids" ] || return 1
	docker inspect -f \
		"{{index .Config.Labels \"com.docker.compose.service\"}} $1" \
		$ids
}

# need_containers: settings for in_task and at_server
need_containers() {
	has_engine || die "nothing is up: no process, and no container engine" \
		"answers here"
	load_settings
	containers=$(services '{{.Id}}') ||
		die "nothing is up: ./build-with-trust-bundle.sh"
	. "$here/containers.env"
}

# inside UID SERVICE COMMAND...: as "$compose exec", but at once
inside() {
	local uid=$1 id
	id=$(sed -n "s/^$2 //p" <<<"$containers")
	shift 2
	docker exec ${uid:+--user "$uid"} "$id" "$@"
}

# in_task TASK[:UID] COMMAND...: as the user of its application, or as UID;
# "spire-agent api" finds the agent
in_task() {
	local task=${1%%:*} uid service
	case $task in
	web) service=demo-app uid=$DEMO_APP_UID ;;
	api) service=api-service uid=$API_SERVICE_UID ;;
	cli) service=cli-client uid=$CLI_CLIENT_UID ;;
	*) die "there is no task \"$task\", only web, api and cli" ;;
	esac
	[ "$1" = "$task" ] || uid=${1#*:}
	shift
	[ "$1" != spire-agent ] || service=agent-$task
	[ "$1 ${2:-}" != "spire-agent api" ] ||
		set -- "$@" -socketPath "$RUN_DIR/$task/api.sock"
	inside "$uid" "$service" "$@"
}

# at_server COMMAND...: of spire-server
at_server() {
	inside "" spire-server spire-server "$@" \
		-socketPath "$SPIRE_SERVER_SOCKET"
}

# states: of each container its service, its state, and its health if it has
# any, for those that have to run on
states() {
	local health='{{if .State.Health}} {{.State.Health.Status}}{{end}}'
	services "{{.State.Status}}$health" |
		grep -v -e '^setup ' -e '^root-ca ' | sort
}

# all_healthy: each of them runs, and none says that it is not well
all_healthy() {
	local got
	got=$(states) || return 1
	echo "$got"
	! grep -qEv ' running( healthy)?$' <<<"$got"
}

# print_settings: those of the environment, else those of .env
print_settings() {
	local name value
	for name in $settings; do
		value=${!name:-}
		[ -n "$value" ] ||
			value=$(sed -n "s/^$name=//p" "$here/.env" 2>/dev/null) ||
			true
		[ -n "$value" ] || [ $name != POSTGRES_PASSWORD ] ||
			value=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
		[ -z "$value" ] || printf '%s=%s\n' $name "$value"
	done
}

# keep_settings: what Compose is called with later has to be the same, so .env
# keeps it; the password is known to the database and the servers only
keep_settings() {
	(umask 077 && print_settings >"$here/.env.new")
	mv "$here/.env.new" "$here/.env"
	load_settings
}

build_images() {
	say "building the images"
	$compose build || die "the images cannot be built.  Where no image" \
		"can be pulled, make what they begin with:" \
		"export \$($src/scripts/base-images)"
}

# need_network: an engine says of it only that an address is in use
need_network() {
	local ours=${COMPOSE_PROJECT_NAME:-$images}_ecs taken
	taken=$(docker network inspect -f \
		'{{.Name}} {{range .IPAM.Config}}{{.Subnet}}{{end}}' \
		$(docker network ls -q) |
		sed -n 's|^\(.*\) 169\.254\.170\.0/24$|\1|p' |
		grep -vxF "$ours") || true
	[ -z "$taken" ] || die "the network \"$taken\" has" \
		"169.254.170.0/24, where the mock has to be: end the example" \
		"that it belongs to"
}

# start_containers: and wait until all of them are well.  The order stands in
# docker-compose.yml: database and mock, servers, bundle and entries, agents,
# the rest.
start_containers() {
	local began=$SECONDS
	need_network
	say "starting"
	if $compose up -d; then
		while [ $((SECONDS - began)) -lt 180 ]; do
			if all_healthy >/dev/null; then
				say "up, $(duration $((SECONDS - began))):" \
					"http://localhost:${DEMO_APP_HOST_PORT:-8080}"
				return
			fi
			sleep 1
		done
	fi
	states >&2 || true
	die "not all of it works; see what the ones above that are not" \
		"healthy say: $compose logs NAME"
}

# remove_images: by their names, which no image has that they were made from.
# What a build leaves without a name has our label.
remove_images() {
	local prefix=${EXAMPLE_IMAGES:-$images} ours
	ours=$(docker image ls --format '{{.Repository}}:{{.Tag}}' "$prefix/*")
	[ -z "$ours" ] || docker image rm $ours >/dev/null
	docker image prune -f \
		--filter "label=spire-aws-fargate.example=$prefix" >/dev/null
}
