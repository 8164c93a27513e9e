# SPDX-License-Identifier: Apache-2.0
#
# compose.sh - the mesh's own containers, by ../compose.sh; sourced by bash
images=fargate-envoy-spire
settings="ENVOY_IMAGE PROMETHEUS_HOST_PORT"
. "$here/../compose.sh"
