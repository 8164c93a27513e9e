#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sample.py URL >samples/WHEN/NAME.prom: what an exporter says, made shorter.

All that rules and dashboard may use stays as it was said.  What goes: how the
Go runtime and Envoy itself are, how long each call of SPIRE took, and help.
"""

import re
import sys
import time
import urllib.request

SPIRE = re.compile(r"spire_(server|agent)_(?!runtime_)")
SLOW = re.compile(r"_elapsed_time|quantile=")
ENVOY = re.compile(
    r"envoy_(sds_"
    r"|server_(live|state|uptime|days_until)"
    r"|(listener|cluster_client|cluster)_.*ssl_"
    r"|listener_downstream_cx_(total|active)"
    r"|cluster_(membership_(healthy|total)|upstream_rq_xx"
    r"|upstream_cx_(active|connect_fail)|outlier_detection_ejections_active"
    r"|health_check_(failure|healthy))"
    r"|http_(downstream_rq_(total|xx|time)|rbac_))")
NOT_USED = re.compile(r"_ssl_(ocsp|curves|sigalgs|ciphers|versions)"
                      r"|_sds_.*duration")


def is_kept(name):
    if SPIRE.match(name):
        return not SLOW.search(name)
    return bool(ENVOY.match(name)) and not NOT_USED.search(name)


def main():
    proxies = urllib.request.ProxyHandler({})
    with urllib.request.build_opener(proxies).open(sys.argv[1],
                                                   timeout=30) as f:
        lines = f.read().decode().splitlines()
    print(f"# taken {int(time.time())}")
    for line in lines:
        words = line.split()
        if line.startswith("# TYPE ") and is_kept(words[2]) or \
                not line.startswith("#") and words and is_kept(line):
            print(re.sub(r'\bhost="[^"]*"', 'host="mesh"', line))


if __name__ == "__main__":
    main()
