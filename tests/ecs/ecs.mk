# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/cfn.py \
	%D%/documents.py \
	%D%/ecs.py \
	%D%/lab.py \
	%D%/render.py \
	%D%/rules.py \
	%D%/run \
	%D%/settings.py \
	%D%/spire.py \
	%D%/values.json

# examples/ecs against cfn-lint and botocore, which come from PyPI, and a real
# SPIRE and Envoy.
.PHONY: check-ecs check-ecs-programs
check-ecs: check-ecs-programs
	$(top_srcdir)/%D%/run $(abs_top_builddir)
if SERVER
check-ecs-programs: src/server/aws-fargate-server-nodeattestor
endif
if AGENT
check-ecs-programs: src/agent/aws-fargate-nodeattestor
endif
if MOCK
check-ecs-programs: src/mock/fargate-mock
endif
