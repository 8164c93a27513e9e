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
