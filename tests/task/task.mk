# SPDX-License-Identifier: Apache-2.0
TASK_SAMPLES = \
	tests/data/metadata/ec2-short-cluster.json \
	tests/data/metadata/ec2-short-cluster.reduced \
	tests/data/metadata/ec2-short-cluster.selectors \
	tests/data/metadata/fargate.json \
	tests/data/metadata/fargate.reduced \
	tests/data/metadata/fargate.selectors \
	tests/data/metadata/fargate-early-start.json \
	tests/data/metadata/fargate-early-start.reduced \
	tests/data/metadata/fargate-early-start.selectors \
	tests/data/metadata/fargate-labels.json \
	tests/data/metadata/fargate-labels.reduced \
	tests/data/metadata/fargate-labels.selectors \
	tests/data/metadata/fargate-tags.json \
	tests/data/metadata/fargate-tags.payload \
	tests/data/metadata/fargate-tags.reduced \
	tests/data/metadata/fargate-tags.selectors \
	tests/data/metadata/fargate-tags-escaped.json \
	tests/data/metadata/fargate-tags-escaped.reduced \
	tests/data/metadata/fargate-tags-escaped.selectors \
	tests/data/metadata/minimal.json \
	tests/data/metadata/minimal.reduced \
	tests/data/metadata/minimal.selectors \
	tests/data/metadata/mock.json \
	tests/data/metadata/mock.reduced \
	tests/data/metadata/mock.selectors \
	tests/data/metadata/nulls.json \
	tests/data/metadata/nulls.reduced \
	tests/data/metadata/nulls.selectors
EXTRA_DIST += $(TASK_SAMPLES) %D%/sample.h

if HAVE_CHECK
TASK_TEST_LIBS = src/task/libtask.a src/json/libjson.a src/base/libbase.a \
	$(TEST_LIBS)
TASK_TESTS = \
	%D%/test_agent_id \
	%D%/test_arn \
	%D%/test_metadata \
	%D%/test_role \
	%D%/test_selectors
check_PROGRAMS += $(TASK_TESTS)
TESTS += $(TASK_TESTS)
%C%_test_agent_id_SOURCES = %D%/test_agent_id.c
%C%_test_agent_id_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_agent_id_LDADD = $(TASK_TEST_LIBS)
%C%_test_arn_SOURCES = %D%/test_arn.c
%C%_test_arn_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_arn_LDADD = $(TASK_TEST_LIBS)
%C%_test_metadata_SOURCES = %D%/test_metadata.c
%C%_test_metadata_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_metadata_LDADD = $(TASK_TEST_LIBS)
%C%_test_role_SOURCES = %D%/test_role.c
%C%_test_role_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_role_LDADD = $(TASK_TEST_LIBS)
%C%_test_selectors_SOURCES = %D%/test_selectors.c
%C%_test_selectors_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_selectors_LDADD = $(TASK_TEST_LIBS)
endif
