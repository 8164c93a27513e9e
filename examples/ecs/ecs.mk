# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/agent.conf \
	%D%/apply-entries.sh \
	%D%/cloudformation/base.yaml \
	%D%/cloudformation/reader-role.yaml \
	%D%/cloudformation/spire-server.yaml \
	%D%/cloudformation/workload.yaml \
	%D%/cloudformation/workload-envoy.yaml \
	%D%/Dockerfile \
	%D%/envoy.yaml \
	%D%/make-ca.sh \
	%D%/policies/reader-read-tasks.json \
	%D%/policies/reader-trust.json \
	%D%/policies/server-assume-readers.json \
	%D%/policies/server-execution.json \
	%D%/policies/server-read-issuer.json \
	%D%/policies/server-verify-tasks.json \
	%D%/policies/task-trust.json \
	%D%/policies/workload-execution.json \
	%D%/README.md \
	%D%/server.conf \
	%D%/task-definitions/api-service.json \
	%D%/task-definitions/cli-client.json \
	%D%/task-definitions/demo-app-envoy.json \
	%D%/task-definitions/spire-admin.json \
	%D%/task-definitions/spire-server.json \
	%D%/write-trust-bundle.sh
