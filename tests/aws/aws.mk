# SPDX-License-Identifier: Apache-2.0
#
# LAB_LINK: lab.h's clock and steps, for what talks over loop/http.
LAB_LINK = $(AM_LDFLAGS) -Wl,--wrap=clock_ms -Wl,--wrap=clock_wall_us \
	-Wl,--wrap=grpc_completion_queue_next

if HAVE_CHECK
if PLUGINS
lab_sources = %D%/lab.c %D%/lab.h
fake_sources = $(lab_sources) %D%/fake_aws.c %D%/fake_aws.h
ask_sources = $(fake_sources) %D%/ask_aws.c %D%/ask_aws.h
lab_cppflags = $(TEST_CPPFLAGS) $(GRPC_CFLAGS)
lab_ldadd = src/aws/libaws.a src/json/libjson.a src/loop/libhttp.a \
	src/loop/libloop.a src/base/libbase.a $(CURL_LIBS) $(GRPC_LIBS) \
	$(CRYPTO_LIBS) $(TEST_LIBS)

check_PROGRAMS += %D%/test_gate
TESTS += %D%/test_gate
%C%_test_gate_SOURCES = %D%/test_gate.c $(lab_sources)
%C%_test_gate_CPPFLAGS = $(lab_cppflags)
%C%_test_gate_LDFLAGS = $(LAB_LINK)
%C%_test_gate_LDADD = $(lab_ldadd)

check_PROGRAMS += %D%/test_call
TESTS += %D%/test_call
%C%_test_call_SOURCES = %D%/test_call.c $(fake_sources)
%C%_test_call_CPPFLAGS = $(lab_cppflags)
%C%_test_call_LDFLAGS = $(LAB_LINK)
%C%_test_call_LDADD = $(lab_ldadd)

check_PROGRAMS += %D%/test_container
TESTS += %D%/test_container
%C%_test_container_SOURCES = %D%/test_container.c $(fake_sources)
%C%_test_container_CPPFLAGS = $(lab_cppflags)
%C%_test_container_LDFLAGS = $(LAB_LINK)
%C%_test_container_LDADD = $(lab_ldadd)

check_PROGRAMS += %D%/test_imds
TESTS += %D%/test_imds
%C%_test_imds_SOURCES = %D%/test_imds.c $(fake_sources)
%C%_test_imds_CPPFLAGS = $(lab_cppflags)
%C%_test_imds_LDFLAGS = $(LAB_LINK)
%C%_test_imds_LDADD = $(lab_ldadd)

check_PROGRAMS += %D%/test_credentials
TESTS += %D%/test_credentials
%C%_test_credentials_SOURCES = %D%/test_credentials.c $(fake_sources)
%C%_test_credentials_CPPFLAGS = $(lab_cppflags)
%C%_test_credentials_LDFLAGS = $(LAB_LINK)
%C%_test_credentials_LDADD = $(lab_ldadd)

check_PROGRAMS += %D%/test_account
TESTS += %D%/test_account
%C%_test_account_SOURCES = %D%/test_account.c $(ask_sources)
%C%_test_account_CPPFLAGS = $(lab_cppflags)
%C%_test_account_LDFLAGS = $(LAB_LINK)
%C%_test_account_LDADD = $(lab_ldadd)

check_PROGRAMS += %D%/test_ecs_batch
TESTS += %D%/test_ecs_batch
%C%_test_ecs_batch_SOURCES = %D%/test_ecs_batch.c $(ask_sources)
%C%_test_ecs_batch_CPPFLAGS = $(lab_cppflags)
%C%_test_ecs_batch_LDFLAGS = $(LAB_LINK)
%C%_test_ecs_batch_LDADD = $(lab_ldadd)

check_PROGRAMS += %D%/test_definitions
TESTS += %D%/test_definitions
%C%_test_definitions_SOURCES = %D%/test_definitions.c $(ask_sources)
%C%_test_definitions_CPPFLAGS = $(lab_cppflags)
%C%_test_definitions_LDFLAGS = $(LAB_LINK)
%C%_test_definitions_LDADD = $(lab_ldadd)

check_PROGRAMS += %D%/test_aws
TESTS += %D%/test_aws
%C%_test_aws_SOURCES = %D%/test_aws.c $(ask_sources)
%C%_test_aws_CPPFLAGS = $(lab_cppflags)
%C%_test_aws_LDFLAGS = $(LAB_LINK)
%C%_test_aws_LDADD = $(lab_ldadd)

check_PROGRAMS += %D%/test_failing_memory
TESTS += %D%/test_failing_memory
%C%_test_failing_memory_SOURCES = %D%/test_failing_memory.c $(ask_sources) \
	tests/fault.c tests/fault.h
%C%_test_failing_memory_CPPFLAGS = $(lab_cppflags)
%C%_test_failing_memory_LDFLAGS = $(LAB_LINK) $(FAULT_LINK)
%C%_test_failing_memory_LDADD = $(lab_ldadd)
endif
endif

EXTRA_DIST += tests/data/sigv4

if HAVE_CHECK
check_PROGRAMS += %D%/test_sigv4
TESTS += %D%/test_sigv4
%C%_test_sigv4_SOURCES = \
	%D%/test_sigv4.c \
	%D%/vector.h %D%/vector_context.c %D%/vector_request.c
%C%_test_sigv4_CPPFLAGS = $(TEST_CPPFLAGS) $(JSON_C_CFLAGS)
%C%_test_sigv4_LDADD = src/aws/libaws.a src/base/libbase.a $(CRYPTO_LIBS) \
	$(JSON_C_LIBS) $(TEST_LIBS)
endif

# What is pure: endpoints, errors, what is said to and by STS and ECS, keys
EXTRA_DIST += tests/data/aws
if HAVE_CHECK
check_PROGRAMS += %D%/test_endpoint
TESTS += %D%/test_endpoint
%C%_test_endpoint_SOURCES = %D%/test_endpoint.c
%C%_test_endpoint_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_endpoint_LDADD = src/aws/libaws.a src/base/libbase.a $(TEST_LIBS)

check_PROGRAMS += %D%/test_error
TESTS += %D%/test_error
%C%_test_error_SOURCES = %D%/test_error.c
%C%_test_error_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_error_LDADD = src/aws/libaws.a src/json/libjson.a \
	src/base/libbase.a $(TEST_LIBS)

PURE_LIBS = src/aws/libaws.a src/json/libjson.a src/base/libbase.a \
	$(CRYPTO_LIBS) $(TEST_LIBS)
PURE_TESTS = %D%/test_digest %D%/test_document %D%/test_ecs %D%/test_keys
check_PROGRAMS += $(PURE_TESTS)
TESTS += $(PURE_TESTS)
%C%_test_digest_SOURCES = %D%/test_digest.c
%C%_test_digest_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_digest_LDADD = $(PURE_LIBS)
%C%_test_document_SOURCES = %D%/test_document.c
%C%_test_document_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_document_LDADD = $(PURE_LIBS)
%C%_test_ecs_SOURCES = %D%/test_ecs.c
%C%_test_ecs_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ecs_LDADD = $(PURE_LIBS)
%C%_test_keys_SOURCES = %D%/test_keys.c
%C%_test_keys_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_keys_LDADD = $(PURE_LIBS)

# sts.c also sends, and a source that is found can be asked.
if PLUGINS
check_PROGRAMS += %D%/test_cred_profile %D%/test_sts
TESTS += %D%/test_cred_profile %D%/test_sts
SENDING_LIBS = src/aws/libaws.a src/json/libjson.a \
	src/loop/libhttp.a src/loop/libloop.a src/base/libbase.a \
	$(CURL_LIBS) $(GRPC_LIBS) $(CRYPTO_LIBS) $(TEST_LIBS)
%C%_test_cred_profile_SOURCES = %D%/test_cred_profile.c
%C%_test_cred_profile_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_cred_profile_LDADD = $(SENDING_LIBS)
%C%_test_sts_SOURCES = %D%/test_sts.c
%C%_test_sts_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_sts_LDADD = $(SENDING_LIBS)
endif
endif
# Here ends what is pure.
