# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/alerts_test.yml \
	%D%/board.py \
	%D%/lab.py \
	%D%/run \
	%D%/sample.py \
	%D%/samples/quiet/agent-web.prom \
	%D%/samples/quiet/envoy-api.prom \
	%D%/samples/quiet/envoy-cli.prom \
	%D%/samples/quiet/envoy-servers.prom \
	%D%/samples/quiet/envoy-web.prom \
	%D%/samples/quiet/server-a.prom \
	%D%/samples/quiet/server-b.prom \
	%D%/samples/trouble/agent-web.prom \
	%D%/samples/trouble/envoy-api.prom \
	%D%/samples/trouble/envoy-cli.prom \
	%D%/samples/trouble/envoy-servers.prom \
	%D%/samples/trouble/envoy-web.prom \
	%D%/samples/trouble/server-a.prom \
	%D%/samples/trouble/server-b.prom

# The configuration of Prometheus and Grafana for the mesh, with a real
# Prometheus.
.PHONY: check-monitoring
check-monitoring:
	$(top_srcdir)/%D%/run
