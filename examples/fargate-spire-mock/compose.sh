# SPDX-License-Identifier: Apache-2.0
#
# compose.sh - the example's own containers, by ../compose.sh; sourced by bash
images=fargate-spire-mock
settings=
. "$here/../compose.sh"
