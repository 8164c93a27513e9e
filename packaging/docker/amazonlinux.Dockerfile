# SPDX-License-Identifier: Apache-2.0
#
# SPIRE on Amazon Linux 2023 with the plugins' static packages.  The context is
# a folder with those of one architecture.  Users and folders are as in SPIRE's
# own images; plugin_cmd is the same as well.
ARG BASE_IMAGE=public.ecr.aws/amazonlinux/amazonlinux:2023
ARG SPIRE_SERVER_IMAGE=ghcr.io/spiffe/spire-server:1.15.3
ARG SPIRE_AGENT_IMAGE=ghcr.io/spiffe/spire-agent:1.15.3
FROM ${SPIRE_SERVER_IMAGE} AS spire-server
FROM ${SPIRE_AGENT_IMAGE} AS spire-agent

FROM ${BASE_IMAGE} AS server
COPY spire-server-nodeattestor-aws-fargate-*.rpm /tmp/
RUN dnf install -y --setopt=install_weak_deps=False /tmp/*.rpm \
	&& dnf clean all \
	&& rm -rf /tmp/*.rpm /var/cache/dnf \
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
COPY spire-agent-nodeattestor-aws-fargate-*.rpm /tmp/
RUN dnf install -y --setopt=install_weak_deps=False /tmp/*.rpm \
	&& dnf clean all \
	&& rm -rf /tmp/*.rpm /var/cache/dnf \
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
