# SPDX-License-Identifier: Apache-2.0
#
# processes.sh - an example as processes, without containers; sourced by bash
#
# Everything lives in one folder, $state, and nothing elsewhere: env has the
# settings, pids/NAME who runs, log/NAME.log what it said, run/ the sockets.
# The example sets here, its folder, and services, its waves of names in the
# order of their start, and defines for each name, with "_" for "-":
#
#   start_NAME    calls spawn
#   healthy_NAME  succeeds once it does its work
#   ready_NAME    what to do then, before the next wave; may be left out
#
# and besides:
#
#   usage         says how run-local.sh is called
#   fill_state    what is in a new $state; the settings last
#   address NAME  where it is to be found
#   find_more     finds what only it needs           (these may be left out)
#   loaded        what to do once the settings are loaded
#   all_started   what to wait for at the end of "up"
#
# The database, the mock AWS, the agents of the tasks web, api and cli, and the
# verbs are here; the last line of run-local.sh is: dispatch "$@"

. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

# Nothing of the caller's own AWS or proxy gets in here.
unset "${!ECS_@}" "${!AWS_@}" http_proxy HTTP_PROXY https_proxy HTTPS_PROXY \
	all_proxy ALL_PROXY

# The folder's name is known to all, so it has to be ours.
own_state() {
	[ -d "$state" ] && [ ! -L "$state" ] && [ -O "$state" ] ||
		die "$state is not a folder of yours; set EXAMPLE_STATE_DIR"
}

# It stands in configuration files, and sockets live below it, whose paths
# have 107 bytes at most.
check_state() {
	case $state in
	*[!A-Za-z0-9._/-]*) die "\"$state\" has letters that cannot be used" ;;
	/*) ;;
	*) die "$state is no absolute path" ;;
	esac
	[ ${#state} -le 64 ] || die "$state is longer than 64 letters"
}

# lock_state: one command that starts or ends something here at a time.  The
# lock is on the folder itself, and so leaves no file.  Fails if it is gone.
lock_state() {
	while [ -e "$state" ]; do
		own_state
		exec 9<"$state" || continue
		flock -n 9 || {
			say "waiting for another run of $me"
			flock 9
		}
		# Whoever had the lock may have removed it, or made another.
		[ ! "$state" -ef /dev/fd/9 ] || return 0
	done
	return 1
}

# load_env: the settings of what is up, exported
load_env() {
	own_state
	set -a
	. "$state/env"
	set +a
}

# spawn NAME COMMAND...: in its own session, so that Ctrl-C is ours to handle
spawn() {
	local name=$1 pid
	shift
	TMPDIR=$state/tmp setsid "$@" >>"$state/log/$name.log" 2>&1 \
		</dev/null 7>&- 9>&- &
	pid=$!
	disown $pid
	echo "$pid $(birth $pid)" >"$state/pids/$name"
}

# is_running NAME
is_running() {
	local pid born
	[ -e "$state/pids/$1" ] && read -r pid born <"$state/pids/$1" &&
		runs "$pid" "$born"
}

# call HOOK NAME: the example's function for that name
call() {
	"$1_${2//-/_}"
}

is_healthy() {
	is_running "$1" && call healthy "$1" >/dev/null 2>&1
}

# blame NAME: the lines of its log that say what went wrong
blame() {
	local log=$state/log/$1.log
	say "$1 does not work; it said:"
	{ grep -E 'level=(error|critical|fatal)|ERROR|FATAL|^[^t{]' "$log" ||
		tail -n 5 "$log"; } | tail -n 5 | sed 's/^/    /' >&2
}

# await NAME: until it is healthy, a minute at most
await() {
	local end=$((SECONDS + 60))
	while [ $SECONDS -lt $end ]; do
		! is_healthy "$1" || return 0
		is_running "$1" || break
		# What is asked takes a processor itself.
		sleep 0.2
	done
	blame "$1"
	return 1
}

# start_services NAME...: all at once, then wait for each
start_services() {
	local name started=
	for name; do
		is_running "$name" || {
			call start "$name" || return 1
			started="$started $name"
		}
	done
	for name; do
		await "$name" || return 1
	done
	for name in $started; do
		! declare -F "ready_${name//-/_}" >/dev/null ||
			call ready "$name" || return 1
	done
}

# end_service NAME
end_service() {
	local pid born signal=TERM
	[ -e "$state/pids/$1" ] || return 0
	read -r pid born <"$state/pids/$1" || true
	# Of PostgreSQL, SIGTERM would wait for its clients.
	[ "$1" != postgres ] || signal=INT
	end_process "$pid" "$born" "$1" $signal
	rm -f "$state/pids/$1"
}

# all_services: names in the order of their start
all_services() {
	printf '%s\n' "${services[@]}" | tr ' ' '\n'
}

# known_service NAME
known_service() {
	all_services | grep -qxF -- "$1" ||
		die "there is no \"$1\" here, only" $(all_services)
}

# end_services: last started first
end_services() {
	local name
	for name in $(all_services | tac); do
		end_service "$name"
	done
}

# end_all: then the folder goes
end_all() {
	own_state
	end_services
	rm -rf --one-file-system "$state"
}

is_free() {
	! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# choose_port PREFERRED: sets port to it if it is free, else to another one,
# but not twice to the same.  Of others, EXAMPLE_PORTS may name the first.
chosen=" "
choose_port() {
	local try first=${EXAMPLE_PORTS:-usual}
	for try in $(seq 100); do
		case $first in
		usual) port=$1 first=free ;;
		free) port=$((20000 + RANDOM % 10000)) ;;
		*) port=$((first + try - 1)) ;;
		esac
		case $chosen in
		*" $port "*) continue ;;
		esac
		is_free "$port" || continue
		chosen="$chosen$port "
		return 0
	done
	die "no free port"
}

# become UID: sets become to the words before a command that, as root, make it
# that user's, without any privilege
become() {
	local group
	become=()
	[ "$(id -u)" -eq 0 ] && [ "$1" -ne 0 ] || return 0
	group=$(id -g "$1" 2>/dev/null) || group=$1
	become=(setpriv --reuid="$1" --regid="$group" --clear-groups
		--no-new-privs)
}

as_user() {
	become "$1"
	shift
	"${become[@]}" "$@"
}

# spawn_as UID NAME COMMAND...
spawn_as() {
	local name=$2
	become "$1"
	shift 2
	spawn "$name" "${become[@]}" "$@"
}

# find_postgres: puts initdb and its kin into PATH
find_postgres() {
	local dir
	command -v initdb >/dev/null && command -v postgres >/dev/null && return
	for dir in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
		2>/dev/null | sort -rV); do
		[ -x "$dir/initdb" ] || continue
		PATH=$dir:$PATH
		return
	done
	die "there is no PostgreSQL here: scripts/deps examples installs it"
}

# PostgreSQL refuses to run as root.
database_user() {
	if [ "$(id -u)" -ne 0 ]; then
		id -u
	else
		id -u postgres 2>/dev/null || die "as root, PostgreSQL needs" \
			"the user \"postgres\": scripts/deps examples"
	fi
}

# It listens on a socket only, DATABASE_HOST.
start_postgres() {
	local user data=$state/postgres
	find_postgres
	user=$(database_user)
	if [ ! -d "$data" ]; then
		mkdir -p "$DATABASE_HOST" "$data"
		chmod 700 "$data"
		chmod 755 "$DATABASE_HOST"
		(umask 077 && echo "$DATABASE_PASSWORD" >"$data/password")
		[ "$(id -u)" -ne 0 ] ||
			chown "$user" "$DATABASE_HOST" "$data" "$data/password"
		(cd "$data" && logged "$state/log/initdb.log" \
			as_user "$user" initdb -D "$data/data" -U postgres -E UTF8 \
			--locale=C --auth=scram-sha-256 --no-sync \
			--pwfile="$data/password") || return 1
		rm "$data/password"
	fi
	spawn_as "$user" postgres env -C "$data" "$(command -v postgres)" \
		-D "$data/data" -c listen_addresses= \
		-c unix_socket_directories="$DATABASE_HOST"
}

sql() {
	PGPASSWORD=$DATABASE_PASSWORD psql -qAtX -v ON_ERROR_STOP=1 \
		-h "$DATABASE_HOST" -U postgres -d postgres "$@"
}

healthy_postgres() {
	sql -c 'SELECT 1'
}

ready_postgres() {
	[ -z "$(sql -c "SELECT 1 FROM pg_database WHERE datname = 'spire'")" ] ||
		return 0
	# On standard input the password shows in no list of processes.
	printf '%s\n' "CREATE ROLE spire LOGIN PASSWORD '$DATABASE_PASSWORD';" \
		"CREATE DATABASE spire OWNER spire;" | sql
}

checksum() {
	sha256sum <"$state/bin/$1" | cut -d' ' -f1
}

# The programs of the examples, from a build tree.
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

# find_all: what an example is made from; find_more finds what only it needs
find_all() {
	find_build
	find_postgres
	spire=$("$src/scripts/spire" | tail -n 1)
	! declare -F find_more >/dev/null || find_more
}

# share FILE: into bin/; another user may not get to where it is kept
share() {
	ln "$1" "$state/bin" 2>/dev/null || install -m 755 "$1" "$state/bin"
}

# fill_folders: those of $state that every example has, with the programs
fill_folders() {
	local program
	mkdir -m 700 "$state/data" "$state/log" "$state/pids" "$state/tmp"
	mkdir -m 755 "$state/bin" "$state/conf" "$state/run"
	mkdir -m 755 "$state/run/web" "$state/run/api" "$state/run/cli"
	mkdir "$state/data/agent-web" "$state/data/agent-api" \
		"$state/data/agent-cli"
	for program in $programs; do
		install -m 755 "$build/src/$program" "$state/bin"
	done
	for program in $applications; do
		install -m 755 "$build/examples/programs/$program" "$state/bin"
	done
	share "$spire/spire-server"
	share "$spire/spire-agent"
	install -m 644 "$here"/*.conf "$state/conf"
}

# new_password: nobody has to remember it
new_password() {
	od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# choose_uids: those of the applications; only root can give each its own
choose_uids() {
	DEMO_APP_UID=10001 API_SERVICE_UID=10002 CLI_CLIENT_UID=10003
	[ "$(id -u)" -eq 0 ] || DEMO_APP_UID=$(id -u) \
		API_SERVICE_UID=$(id -u) CLI_CLIENT_UID=$(id -u)
}

start_aws_mock() {
	spawn aws-mock "$state/bin/fargate-mock" \
		--scenario "$state/conf/scenario.conf" \
		--port "${AWS_MOCK_URL##*:}"
}

healthy_aws_mock() {
	curl -fsS -m 5 "$AWS_MOCK_URL/health"
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

# at_server COMMAND...: of spire-server, at a server that runs
at_server() {
	spire-server "$@" -socketPath "$SPIRE_SERVER_SOCKET"
}

# These two an example may have otherwise.
cli() {
	in_task cli spire-cli "$@"
}

try() {
	. "$here/test.sh"
}

is_up() {
	[ -e "$state/env" ] && load_env
}

need_up() {
	is_up || die "nothing is up: ./run-local.sh up"
	export PATH="$state/bin:$PATH"
	find_postgres
	! declare -F loaded >/dev/null || loaded
}

all_run() {
	local name
	for name in $(all_services); do
		is_running "$name" || return 1
	done
}

status() {
	local name pid said rc=0 width
	width=$(all_services | wc -L)
	for name in $(all_services); do
		pid=- said="not running"
		if is_running "$name"; then
			read -r pid _ <"$state/pids/$name"
			said=healthy
			call healthy "$name" >/dev/null 2>&1 || said="not healthy"
		fi
		[ "$said" = healthy ] || rc=1
		printf '%-*s %-12s %7s  %s\n' $((width + 1)) "$name" "$said" \
			"$pid" "$(address "$name")"
	done
	return $rc
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
		find_all
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
		[ -n "${build:-}" ] || find_all
		fill_state
	fi
	need_up
	for wave in "${services[@]}"; do
		say "starting $wave"
		start_services $wave || return 1
	done
	! declare -F all_started >/dev/null || all_started || return 1
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

# dispatch VERB ARGUMENT...: what usage says
dispatch() {
	case ${1:-} in
	up | status | test | bench | down | env | build | clean)
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
	bench)
		[ -e "$here/bench.sh" ] || { usage >&2 && exit 2; }
		need_up
		. "$here/bench.sh"
		;;
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
		cli "$@"
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
}
