# SPDX-License-Identifier: Apache-2.0
#
# SPIRE's own images with a static plugin, and images that hold nothing but the
# plugin, each with the terms of what is in it.  The context is the unpacked
# static tarball.  Nothing runs in a build, so it may be for any architecture.
ARG SPIRE_SERVER_IMAGE=ghcr.io/spiffe/spire-server:1.15.3
ARG SPIRE_AGENT_IMAGE=ghcr.io/spiffe/spire-agent:1.15.3

FROM scratch AS server-plugin
COPY opt/spire/bin/aws-fargate-server-nodeattestor /opt/spire/bin/
COPY LICENSE SHA256SUMS sbom.spdx.json /usr/share/spire-aws-fargate/
COPY licences /usr/share/spire-aws-fargate/licences/
USER 65534:65534
ENTRYPOINT ["/opt/spire/bin/aws-fargate-server-nodeattestor"]
ARG VERSION=unknown
LABEL org.opencontainers.image.title="aws-fargate-server-nodeattestor" \
	org.opencontainers.image.description="SPIRE server plugin that attests AWS Fargate tasks" \
	org.opencontainers.image.version="$VERSION" \
	org.opencontainers.image.licenses="Apache-2.0"

FROM scratch AS agent-plugin
COPY opt/spire/bin/aws-fargate-nodeattestor /opt/spire/bin/
COPY LICENSE SHA256SUMS sbom.spdx.json /usr/share/spire-aws-fargate/
COPY licences /usr/share/spire-aws-fargate/licences/
USER 65534:65534
ENTRYPOINT ["/opt/spire/bin/aws-fargate-nodeattestor"]
ARG VERSION=unknown
LABEL org.opencontainers.image.title="aws-fargate-nodeattestor" \
	org.opencontainers.image.description="SPIRE agent plugin that attests AWS Fargate tasks" \
	org.opencontainers.image.version="$VERSION" \
	org.opencontainers.image.licenses="Apache-2.0"

# User, entry point and folders are SPIRE's.
FROM ${SPIRE_SERVER_IMAGE} AS server
COPY opt/spire/bin/aws-fargate-server-nodeattestor /opt/spire/bin/
COPY LICENSE SHA256SUMS sbom.spdx.json /usr/share/spire-aws-fargate/
COPY licences /usr/share/spire-aws-fargate/licences/
ARG VERSION=unknown
LABEL org.opencontainers.image.title="spire-server" \
	org.opencontainers.image.description="SPIRE server with the node attestor for AWS Fargate" \
	org.opencontainers.image.version="$VERSION" \
	org.opencontainers.image.licenses="Apache-2.0"

FROM ${SPIRE_AGENT_IMAGE} AS agent
COPY opt/spire/bin/aws-fargate-nodeattestor /opt/spire/bin/
COPY LICENSE SHA256SUMS sbom.spdx.json /usr/share/spire-aws-fargate/
COPY licences /usr/share/spire-aws-fargate/licences/
ARG VERSION=unknown
LABEL org.opencontainers.image.title="spire-agent" \
	org.opencontainers.image.description="SPIRE agent with the node attestor for AWS Fargate" \
	org.opencontainers.image.version="$VERSION" \
	org.opencontainers.image.licenses="Apache-2.0"
