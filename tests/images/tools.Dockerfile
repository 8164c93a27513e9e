# SPDX-License-Identifier: Apache-2.0
#
# In place of Amazon Linux, and of the busybox that SPIRE's Helm chart copies
# plugins with: a Debian that has dnf and busybox.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
RUN apt-get update \
	&& apt-get install -y --no-install-recommends busybox-static dnf \
	&& rm -rf /var/lib/apt/lists/*
