# SPDX-License-Identifier: Apache-2.0
#
# bench.sh - "run-local.sh bench": what the sidecars cost, on what is up
#
# Four ways to ask the same API for the same, by the same client, http-load:
#
#   plain  program to program, plain HTTP
#   mtls   program to program, mutual TLS in both, as in ../fargate-spire-mock
#   twin   by two Envoys like those of the mesh, but without TLS
#   mesh   by the Envoys of the mesh
#
# Each in three cells: 1 and 32 connections that are kept, and a new one for
# each request.  BENCH_SECONDS for each measurement, and BENCH_ROUNDS of all of
# them, one after the other, so that whatever else runs meets them all; the
# figures are medians.  BENCH_SVG is where the plot goes.

bench_seconds=${BENCH_SECONDS:-2}
bench_rounds=${BENCH_ROUNDS:-3}
bench_svg=${BENCH_SVG:-$state/overhead.svg}
case $bench_seconds$bench_rounds in
*[!0-9]* | 0*) die "BENCH_SECONDS and BENCH_ROUNDS are whole numbers" ;;
esac

bench_services="bench-api bench-out-twin bench-in-twin bench-out-twin-cold
	bench-out-mesh-cold"

end_bench() {
	local rc=$? name
	trap - EXIT HUP INT TERM
	for name in $bench_services; do
		end_service "$name"
	done
	rm -rf "$state/bench"
	exit $rc
}

# An API that does TLS by itself, with the identity that the Envoy of its task
# has: to its agent, a uid is who it is.
start_bench_api() {
	cat >"$state/bench/api.conf" <<END
listen = "127.0.0.1:$bench_api_port"
health_listen = "127.0.0.1:$bench_health_port"
allowed_ids = { 'spiffe://example.org/demo-app' }
END
	spawn_as "$ENVOY_API_UID" bench-api env -u DATABASE_PASSWORD \
		"SPIFFE_ENDPOINT_SOCKET=unix://$RUN_DIR/api/api.sock" \
		"$state/bin/api-service" -c "$state/bench/api.conf"
}

healthy_bench_api() {
	curl -fsS -m 5 "http://127.0.0.1:$bench_health_port/health"
}

# bench_envoy NAME UID FILE NAME=VALUE...: the Envoy of FILE, changed by
# twin.awk's variables in twin, with other ports
bench_envoy() {
	local name=$1 uid=$2 file=$3
	shift 3
	env "$@" awk -f "$here/expand.awk" "$here/$file" |
		awk $twin -f "$here/twin.awk" >"$state/bench/$name.yaml" ||
		return 1
	: >>"$state/log/$name.log"
	[ "$(id -u)" -ne 0 ] || chown "$uid" "$state/log/$name.log"
	spawn_as "$uid" "$name" env -u DATABASE_PASSWORD "$state/bin/envoy" \
		--config-path "$state/bench/$name.yaml" --concurrency 1 \
		--disable-hot-restart --log-level warning
}

# start_bench_out NAME PORT API_PORT
start_bench_out() {
	local people admin
	choose_port 9131 && people=$port
	choose_port 9132 && admin=$port
	bench_envoy "$1" "$ENVOY_WEB_UID" envoy-web.yaml "WEB_PORT=$people" \
		"ENVOY_WEB_ADMIN_PORT=$admin" "WEB_EGRESS_PORT=$2" "API_PORT=$3"
}

start_bench_in_twin() {
	local twin= admin
	choose_port 9133 && admin=$port
	bench_envoy bench-in-twin "$ENVOY_API_UID" envoy-api.yaml \
		"ENVOY_API_ADMIN_PORT=$admin" "API_PORT=$bench_in_port"
}

start_bench_out_twin() {
	local twin=
	start_bench_out bench-out-twin "$bench_out_port" "$bench_in_port"
}

start_bench_out_twin_cold() {
	local twin="-v cold=1"
	start_bench_out bench-out-twin-cold "$bench_cold_port" "$bench_in_port"
}

start_bench_out_mesh_cold() {
	local twin="-v cold=1 -v tls=1"
	start_bench_out bench-out-mesh-cold "$bench_mesh_cold_port" "$API_PORT"
}

# The way through it has to work, not only its port.
bench_way() {
	curl -fsS -m 5 -H "$forwarded" "http://127.0.0.1:$1/attestation"
}

healthy_bench_in_twin() {
	! is_free "$bench_in_port"
}

healthy_bench_out_twin() { bench_way "$bench_out_port"; }
healthy_bench_out_twin_cold() { bench_way "$bench_cold_port"; }
healthy_bench_out_mesh_cold() { bench_way "$bench_mesh_cold_port"; }

# pid_of NAME
pid_of() {
	local pid
	read -r pid _ <"$state/pids/$1" && echo "$pid"
}

# ticks NAME: of CPU time that all of its threads have had
ticks() {
	sed 's/.*) //' "/proc/$(pid_of "$1")/stat" |
		awk '{ print $12 + $13 }'
}

# pss NAME: its memory in KB, of what is shared its share
pss() {
	awk '/^Pss:/ { print $2 }' "/proc/$(pid_of "$1")/smaps_rollup"
}

# measure WAY CELL ROUND: a line for bench.awk
measure() {
	local way=$1 cell=$2 task=web url out=- in=- api=api-service said
	local name before=() after=() options=()
	case $cell in
	kept-1) ;;
	kept-32) options=(-connections 32) ;;
	cold-1) options=(-close) ;;
	esac
	case $way-$cell in
	plain-*) url=http://$API_SERVICE_LISTEN ;;
	mtls-*)
		task=web:$ENVOY_WEB_UID api=bench-api
		url=https://127.0.0.1:$bench_api_port
		options+=(-id spiffe://example.org/api-service)
		;;
	twin-cold-1)
		out=bench-out-twin-cold in=bench-in-twin
		url=http://127.0.0.1:$bench_cold_port
		;;
	twin-*)
		out=bench-out-twin in=bench-in-twin
		url=http://127.0.0.1:$bench_out_port
		;;
	mesh-cold-1)
		out=bench-out-mesh-cold in=envoy-api
		url=http://127.0.0.1:$bench_mesh_cold_port
		;;
	mesh-*) out=envoy-web in=envoy-api url=$WEB_EGRESS_URL ;;
	esac
	for name in $out $in $api; do
		[ "$name" = - ] && before+=(0) || before+=("$(ticks "$name")")
	done
	said=$(in_task "$task" "$state/bin/http-load" "${options[@]}" \
		-seconds "$bench_seconds" -header "$forwarded" \
		"$url/attestation") || die "\"$way\", \"$cell\" failed"
	for name in $out $in $api; do
		[ "$name" = - ] && after+=(0) || after+=("$(ticks "$name")")
	done
	echo "way=$way cell=$cell $said out=$((after[0] - before[0]))" \
		"in=$((after[1] - before[1])) api=$((after[2] - before[2]))"
}

bench() {
	local round way cell name
	mkdir "$state/bench" 2>/dev/null || true
	chmod 755 "$state/bench"
	install -m 755 "$build/examples/programs/http-load" "$state/bin"
	# The Envoy of the API writes this; where there is none, the caller.
	forwarded="x-forwarded-client-cert:"
	forwarded="$forwarded By=spiffe://example.org/api-service"
	forwarded="$forwarded;Hash=$(printf '0%.0s' $(seq 64))"
	forwarded="$forwarded;URI=spiffe://example.org/demo-app"
	choose_port 9120 && bench_api_port=$port
	choose_port 9121 && bench_health_port=$port
	choose_port 9122 && bench_in_port=$port
	choose_port 9123 && bench_out_port=$port
	choose_port 9124 && bench_cold_port=$port
	choose_port 9125 && bench_mesh_cold_port=$port
	say "starting" $bench_services
	start_services $bench_services || return 1
	say "measuring, $(duration $((bench_rounds * 12 * bench_seconds * 11 / \
		10))) and a little more"
	for round in $(seq "$bench_rounds"); do
		for cell in kept-1 kept-32 cold-1; do
			for way in plain mtls twin mesh; do
				measure "$way" "$cell" >>"$state/bench/figures" ||
					return 1
			done
		done
	done
	for name in api-service bench-api envoy-web envoy-api \
		bench-out-twin bench-in-twin agent-web agent-api; do
		echo "memory=$name kb=$(pss "$name")" >>"$state/bench/figures"
	done
	awk -v hertz="$(getconf CLK_TCK)" -v svg="$bench_svg" \
		-v cores="$(nproc)" -v load="$(cut -d' ' -f1 /proc/loadavg)" \
		-v rounds="$bench_rounds" -v seconds="$bench_seconds" \
		-f "$here/bench.awk" "$state/bench/figures"
	say "the plot: $bench_svg"
}

find_build
[ -x "$build/examples/programs/http-load" ] ||
	die "$build has no examples/programs/http-load: make it anew"
lock_state
rm -rf "$state/bench"
trap end_bench EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
bench
