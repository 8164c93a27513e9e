# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/agent-api.conf \
	%D%/agent-cli.conf \
	%D%/agent-web.conf \
	%D%/api-service.conf \
	%D%/bench.awk \
	%D%/bench.sh \
	%D%/build-with-trust-bundle.sh \
	%D%/cleanup.sh \
	%D%/compose.sh \
	%D%/containers.env \
	%D%/demo-app.conf \
	%D%/docker-compose.yml \
	%D%/Dockerfile \
	%D%/envoy-api.yaml \
	%D%/envoy-cli.yaml \
	%D%/envoy-servers.yaml \
	%D%/envoy-web.yaml \
	%D%/expand.awk \
	%D%/make-root.sh \
	%D%/OVERHEAD.md \
	%D%/overhead.svg \
	%D%/README.md \
	%D%/run-envoy.sh \
	%D%/run-local.sh \
	%D%/scenario.conf \
	%D%/server.conf \
	%D%/setup-spire.sh \
	%D%/test.sh \
	%D%/twin.awk
