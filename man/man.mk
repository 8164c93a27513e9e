# SPDX-License-Identifier: Apache-2.0
if MOCK
dist_man_MANS += %D%/fargate-mock.1 %D%/fargate-mock.conf.5
endif

if SERVER
dist_man_MANS += %D%/aws_fargate_task.7 \
	%D%/aws_fargate_task_server.conf.5 \
	%D%/aws-fargate-server-nodeattestor.8
else
if AGENT
dist_man_MANS += %D%/aws_fargate_task.7
endif
endif
if AGENT
dist_man_MANS += %D%/aws_fargate_task_agent.conf.5 \
	%D%/aws-fargate-nodeattestor.8
endif

if EXAMPLES
dist_man_MANS += %D%/spire-cli.1
endif
