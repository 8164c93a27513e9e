# SPDX-License-Identifier: Apache-2.0
#
# SPIRE on Debian 12 with the plugins' packages, and the mock.  The context is
# a folder with the packages of one architecture.  Users and folders are as in
# SPIRE's own images; plugin_cmd is the same as well.
ARG BASE_IMAGE=debian:bookworm-slim
ARG SPIRE_SERVER_IMAGE=ghcr.io/spiffe/spire-server:1.15.3
ARG SPIRE_AGENT_IMAGE=ghcr.io/spiffe/spire-agent:1.15.3
FROM ${SPIRE_SERVER_IMAGE} AS spire-server
FROM ${SPIRE_AGENT_IMAGE} AS spire-agent

FROM ${BASE_IMAGE} AS mock
COPY spire-aws-fargate-mock_*.deb /tmp/
RUN apt-get update \
	&& apt-get install -y --no-install-recommends /tmp/*.deb \
	&& rm -rf /tmp/*.deb /var/lib/apt/lists/*
USER 65534:65534
EXPOSE 8090
ENTRYPOINT ["fargate-mock", "--listen", "0.0.0.0"]
ARG VERSION=unknown
LABEL org.opencontainers.image.title="fargate-mock" \
	org.opencontainers.image.description="Mock of the AWS endpoints that SPIRE on Fargate talks to" \
	org.opencontainers.image.version="$VERSION" \
	org.opencontainers.image.licenses="Apache-2.0"

FROM ${BASE_IMAGE} AS server
COPY spire-server-nodeattestor-aws-fargate_*.deb /tmp/
RUN apt-get update \
	&& apt-get install -y --no-install-recommends ca-certificates \
		/tmp/*.deb \
	&& rm -rf /tmp/*.deb /var/lib/apt/lists/* \
	&& cat /usr/share/spire-server-nodeattestor-aws-fargate/SHA256SUMS \
	&& mkdir -p /opt/spire/bin /etc/spire/server \
		/run/spire/server/private /var/lib/spire/server \
	&& chown -R 1000:1000 /run/spire /var/lib/spire \
	&& ln -s /usr/libexec/spire/plugins/* /opt/spire/bin/
COPY --from=spire-server /opt/spire/bin/spire-server /opt/spire/bin/
WORKDIR /opt/spire
USER 1000:1000
ENTRYPOINT ["/opt/spire/bin/spire-server", "run"]
ARG VERSION=unknown
LABEL org.opencontainers.image.title="spire-server" \
	org.opencontainers.image.description="SPIRE server with the node attestor for AWS Fargate" \
	org.opencontainers.image.version="$VERSION" \
	org.opencontainers.image.licenses="Apache-2.0"

# The agent looks into /proc of its task's programs: it needs to be root.
FROM ${BASE_IMAGE} AS agent
COPY spire-agent-nodeattestor-aws-fargate_*.deb /tmp/
RUN apt-get update \
	&& apt-get install -y --no-install-recommends ca-certificates \
		/tmp/*.deb \
	&& rm -rf /tmp/*.deb /var/lib/apt/lists/* \
	&& cat /usr/share/spire-agent-nodeattestor-aws-fargate/SHA256SUMS \
	&& mkdir -p /opt/spire/bin /etc/spire/agent \
		/run/spire/agent/public /var/lib/spire/agent \
	&& ln -s /usr/libexec/spire/plugins/* /opt/spire/bin/
COPY --from=spire-agent /opt/spire/bin/spire-agent /opt/spire/bin/
WORKDIR /opt/spire
USER 0:0
ENTRYPOINT ["/opt/spire/bin/spire-agent", "run"]
ARG VERSION=unknown
LABEL org.opencontainers.image.title="spire-agent" \
	org.opencontainers.image.description="SPIRE agent with the node attestor for AWS Fargate" \
	org.opencontainers.image.version="$VERSION" \
	org.opencontainers.image.licenses="Apache-2.0"
