# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/envoy-metrics.yaml \
	%D%/grafana/dashboards/mesh.json \
	%D%/grafana/provisioning/dashboards/mesh.yml \
	%D%/grafana/provisioning/datasources/prometheus.yml \
	%D%/prometheus.yml \
	%D%/rules.yml \
	%D%/RUNBOOK.md \
	%D%/targets.sh \
	%D%/targets/envoy.json \
	%D%/targets/spire-agent.json \
	%D%/targets/spire-server.json
