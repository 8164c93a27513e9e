#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run-envoy.sh NAME - the first process of the containers with Envoy: fills in
# envoy-NAME.yaml, adds envoy-metrics.yaml, and becomes Envoy
set -euo pipefail
name=${1:?"which one?"}
admin=ENVOY_${name^^}_ADMIN_PORT
export ENVOY_ADMIN_PORT=${!admin}

fill_in() {
	awk -f /etc/envoy/expand.awk "/etc/envoy/envoy-$1.yaml"
}

fill_in "$name" >/tmp/envoy.yaml
exec envoy --config-path /tmp/envoy.yaml --config-yaml "$(fill_in metrics)" \
	--concurrency 1 --disable-hot-restart --file-flush-interval-msec 500 \
	--log-level warning
