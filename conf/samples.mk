# SPDX-License-Identifier: Apache-2.0
exampledir = $(docdir)/examples
dist_example_DATA =
if SERVER
dist_example_DATA += %D%/aws_fargate_task_server.conf %D%/server.conf
endif
if MOCK
dist_example_DATA += %D%/fargate-mock.conf
endif
if AGENT
dist_example_DATA += %D%/aws_fargate_task_agent.conf %D%/agent.conf
endif

# A folder each, to be copied beside the unit.
if SERVER
serverdropindir = $(exampledir)/spire-server.service.d
dist_serverdropin_DATA = %D%/spire-server.service.d/aws-fargate.conf
endif
if AGENT
agentdropindir = $(exampledir)/spire-agent.service.d
dist_agentdropin_DATA = %D%/spire-agent.service.d/aws-fargate.conf
endif
