# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libtask.a
%C%_libtask_a_SOURCES = \
	%D%/agent_id.c %D%/agent_id.h \
	%D%/arn.c %D%/arn.h \
	%D%/metadata.c %D%/metadata.h \
	%D%/role.c %D%/role.h \
	%D%/selectors.c %D%/selectors.h
