#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# postgres.sh - the first process of the PostgreSQL image of postgres.Dockerfile
#
# As the official image: POSTGRES_USER is made, a superuser, with
# POSTGRES_PASSWORD and the database POSTGRES_DB, the first time; on TCP only
# once that is done.
set -euo pipefail

if [ "${1:-}" != postgres ]; then
	exec "$@"
fi
if [ "$(id -u)" -eq 0 ]; then
	chown -R postgres:postgres "$PGDATA"
	chmod 700 "$PGDATA"
	install -d -o postgres -g postgres -m 2775 /var/run/postgresql
	exec setpriv --reuid=postgres --regid=postgres --init-groups \
		"$0" "$@"
fi

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

# :"name" and :'name' are quoted by psql.
set_up() {
	pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=" start
	[ "$database" = postgres ] ||
		echo 'CREATE DATABASE :"database";' |
		psql -qX -v ON_ERROR_STOP=1 -U "$user" -d postgres \
			-v database="$database"
	pg_ctl -D "$PGDATA" -w -m fast stop
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
	[ -n "${POSTGRES_PASSWORD:-}" ] || {
		echo "postgres.sh: POSTGRES_PASSWORD is not set" >&2
		exit 1
	}
	initdb -D "$PGDATA" -U "$user" -E UTF8 --auth-local=trust \
		--auth-host=scram-sha-256 --pwfile=<(echo "$POSTGRES_PASSWORD")
	echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
	set_up
fi
unset POSTGRES_PASSWORD
exec "$@" -c listen_addresses='*'
