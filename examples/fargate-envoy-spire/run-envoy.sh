#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run-envoy.sh NAME - the first process of the containers with Envoy: fills in
# envoy-NAME.yaml, and becomes Envoy
set -euo pipefail
name=${1:?"which one?"}
awk -f /etc/envoy/expand.awk "/etc/envoy/envoy-$name.yaml" >/tmp/envoy.yaml
exec envoy --config-path /tmp/envoy.yaml --concurrency 1 \
	--disable-hot-restart --file-flush-interval-msec 500 \
	--log-level warning
