# SPDX-License-Identifier: Apache-2.0
if SERVER
if HAVE_CHECK
check_PROGRAMS += %D%/test_judge
TESTS += %D%/test_judge
%C%_test_judge_SOURCES = %D%/test_judge.c
%C%_test_judge_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_judge_LDADD = src/server/libserver.a src/evidence/libevidence.a \
	src/task/libtask.a src/json/libjson.a src/base/libbase.a $(TEST_LIBS)
endif
endif

if SERVER
if HAVE_CHECK
check_PROGRAMS += %D%/test_options
TESTS += %D%/test_options
%C%_test_options_SOURCES = %D%/test_options.c
%C%_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_options_LDADD = src/server/libserver.a src/conf/libconf.a \
	src/aws/libaws.a src/task/libtask.a src/json/libjson.a \
	src/base/libbase.a $(TEST_LIBS)
endif
endif

if SERVER
if HAVE_CHECK
check_PROGRAMS += %D%/test_holders
TESTS += %D%/test_holders
%C%_test_holders_SOURCES = %D%/test_holders.c
%C%_test_holders_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_holders_LDADD = src/server/libserver.a src/task/libtask.a \
	src/base/libbase.a $(TEST_LIBS)
endif
endif

if SERVER
if HAVE_CHECK
check_PROGRAMS += %D%/test_first_use
TESTS += %D%/test_first_use
%C%_test_first_use_SOURCES = %D%/test_first_use.c
%C%_test_first_use_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_first_use_LDADD = src/server/libserver.a src/base/libbase.a $(TEST_LIBS)
endif
endif

if SERVER
if HAVE_CHECK
check_PROGRAMS += %D%/test_judge_proof
TESTS += %D%/test_judge_proof
%C%_test_judge_proof_SOURCES = %D%/test_judge_proof.c
%C%_test_judge_proof_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_judge_proof_LDADD = src/server/libserver.a \
	src/evidence/libevidence.a src/task/libtask.a src/json/libjson.a \
	src/base/libbase.a $(TEST_LIBS)
endif
endif

if SERVER
if HAVE_CHECK
check_PROGRAMS += %D%/test_judge_task
TESTS += %D%/test_judge_task
%C%_test_judge_task_SOURCES = %D%/test_judge_task.c
%C%_test_judge_task_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_judge_task_LDADD = src/server/libserver.a \
	src/evidence/libevidence.a src/task/libtask.a src/json/libjson.a \
	src/base/libbase.a $(TEST_LIBS)
endif
endif
