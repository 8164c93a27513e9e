# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	.dockerignore \
	examples/cleanup.sh \
	examples/compose.sh \
	examples/entries.sh \
	examples/processes.sh \
	%D%/agent-api.conf \
	%D%/agent-cli.conf \
	%D%/agent-web.conf \
	%D%/api-service.conf \
	%D%/build-with-trust-bundle.sh \
	%D%/cleanup.sh \
	%D%/compose.sh \
	%D%/containers.env \
	%D%/demo-app.conf \
	%D%/docker-compose.yml \
	%D%/Dockerfile \
	%D%/page.png \
	%D%/README.md \
	%D%/run-local.sh \
	%D%/run-spire.sh \
	%D%/scenario.conf \
	%D%/server.conf \
	%D%/setup-spire.sh \
	%D%/test.sh
