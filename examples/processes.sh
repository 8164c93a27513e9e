# SPDX-License-Identifier: Apache-2.0
#
# processes.sh - an example as processes, without containers; sourced by bash
#
# Everything lives in one folder, $state, and nothing elsewhere: env has the
# settings, pids/NAME who runs, log/NAME.log what it said, run/ the sockets.
# The example sets services, its waves of names in the order of their start,
# and defines for each name, with "_" for "-":
#
#   start_NAME    calls spawn
#   healthy_NAME  succeeds once it does its work
#   ready_NAME    what to do then, before the next wave; may be left out

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
	{ grep -E 'level=(error|fatal)|ERROR|FATAL|^[^t]' "$log" ||
		tail -n 5 "$log"; } | tail -n 5 | sed 's/^/    /' >&2
}

# await NAME: until it is healthy, a minute at most
await() {
	local end=$((SECONDS + 60))
	while [ $SECONDS -lt $end ]; do
		! is_healthy "$1" || return 0
		is_running "$1" || break
		sleep 0.05
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

# choose_port PREFERRED: sets port to it if it is free, else to another one
choose_port() {
	local try
	port=$1
	[ "${EXAMPLE_PORTS:-}" = free ] || ! is_free "$port" || return 0
	for try in $(seq 100); do
		port=$((20000 + RANDOM % 10000))
		! is_free "$port" || return 0
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
