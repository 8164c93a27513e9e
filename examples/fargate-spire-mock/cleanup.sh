#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# cleanup.sh - end the example, in containers and as processes, and forget it
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/../cleanup.sh"
