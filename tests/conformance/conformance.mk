# SPDX-License-Identifier: Apache-2.0
#
# The real plugin programs, driven by the fake host of tests/host.
EXTRA_DIST += %D%/HOSTILE
TORTURE_WHOLE =
TORTURE_NEEDS =
if HAVE_CHECK
if SERVER
if AGENT
check_LIBRARIES += %D%/libfixture.a
%C%_libfixture_a_SOURCES = \
	%D%/fixture.c %D%/fixture.h \
	%D%/many.c %D%/many.h
%C%_libfixture_a_CPPFLAGS = $(TEST_CPPFLAGS) $(GRPC_CFLAGS) $(JSON_C_CFLAGS)

# The proof takes the mock, too, and signs as an agent does.
if MOCK
check_LIBRARIES += %D%/libproof.a
%C%_libproof_a_SOURCES = \
	%D%/proof.c %D%/proof.h \
	%D%/wire.c %D%/wire.h \
	tests/mock/program.c tests/mock/program.h
%C%_libproof_a_CPPFLAGS = $(TEST_CPPFLAGS) $(GRPC_CFLAGS) $(JSON_C_CFLAGS)
PROOF_LIBS = %D%/libproof.a %D%/libfixture.a src/evidence/libevidence.a \
	src/aws/libaws.a src/json/libjson.a $(HOST_LIBS) $(CRYPTO_LIBS) \
	$(TEST_LIBS)
endif

CONFORMANCE_CPPFLAGS = $(TEST_CPPFLAGS) $(GRPC_CFLAGS) $(PROTOBUF_C_CFLAGS) \
	$(JSON_C_CFLAGS)
CONFORMANCE_LDADD = %D%/libfixture.a $(HOST_LIBS) $(TEST_LIBS)

CONFORMANCE_TESTS = \
	%D%/test_agent_aid \
	%D%/test_agent_challenge \
	%D%/test_config \
	%D%/test_documented_agent \
	%D%/test_documented_server \
	%D%/test_grace \
	%D%/test_hostile \
	%D%/test_lifecycle \
	%D%/test_load \
	%D%/test_pair \
	%D%/test_protocol \
	%D%/test_server_attest
if MOCK
# The programs together, without a host.
CONFORMANCE_TESTS += %D%/test_agent_diagnose
%C%_test_agent_diagnose_SOURCES = %D%/test_agent_diagnose.c \
	tests/mock/program.c tests/mock/program.h \
	tests/mock/tls_files.c tests/mock/tls_files.h \
	tests/loop/certs.c tests/loop/certs.h
%C%_test_agent_diagnose_CPPFLAGS = $(CONFORMANCE_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_agent_diagnose_LDADD = $(CONFORMANCE_LDADD) $(SSL_LIBS) $(CRYPTO_LIBS)
endif
check_PROGRAMS += $(CONFORMANCE_TESTS)
TESTS += $(CONFORMANCE_TESTS)

if MOCK
CONFORMANCE_TORTURE = %D%/torture.c %D%/torture.h tests/tools/fault_page.h
CONFORMANCE_TLS = %D%/tls.c %D%/tls.h tests/loop/certs.c tests/loop/certs.h
PROOF_TESTS = \
	%D%/test_host_services \
	%D%/test_hostile_ecs \
	%D%/test_hostile_payload \
	%D%/test_hostile_response \
	%D%/test_hostile_server \
	%D%/test_hostile_sts \
	%D%/test_pair_proof \
	%D%/test_torture_agent \
	%D%/test_torture_server
check_PROGRAMS += $(PROOF_TESTS)
TESTS += $(PROOF_TESTS)

%C%_test_host_services_SOURCES = %D%/test_host_services.c
%C%_test_host_services_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_host_services_LDADD = $(PROOF_LIBS)
%C%_test_hostile_ecs_SOURCES = %D%/test_hostile_ecs.c
%C%_test_hostile_ecs_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_hostile_ecs_LDADD = $(PROOF_LIBS)
%C%_test_hostile_payload_SOURCES = %D%/test_hostile_payload.c
%C%_test_hostile_payload_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_hostile_payload_LDADD = $(PROOF_LIBS)
%C%_test_hostile_response_SOURCES = %D%/test_hostile_response.c
%C%_test_hostile_response_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_hostile_response_LDADD = $(PROOF_LIBS)
%C%_test_hostile_server_SOURCES = %D%/test_hostile_server.c \
	$(CONFORMANCE_TLS)
%C%_test_hostile_server_CPPFLAGS = $(CONFORMANCE_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_hostile_server_LDADD = $(PROOF_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS)
%C%_test_hostile_sts_SOURCES = %D%/test_hostile_sts.c $(CONFORMANCE_TLS)
%C%_test_hostile_sts_CPPFLAGS = $(CONFORMANCE_CPPFLAGS) $(SSL_CFLAGS)
%C%_test_hostile_sts_LDADD = $(PROOF_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS)
# their long forms are in check-torture
TORTURE_WHOLE += %D%/test_torture_agent %D%/test_torture_server
TORTURE_NEEDS += tests/tools/torture-agent-plugin \
	tests/tools/torture-server-plugin src/mock/fargate-mock \
	src/server/aws-fargate-server-nodeattestor
%C%_test_torture_agent_SOURCES = %D%/test_torture_agent.c \
	$(CONFORMANCE_TORTURE)
%C%_test_torture_agent_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_torture_agent_LDADD = $(PROOF_LIBS)
%C%_test_torture_server_SOURCES = %D%/test_torture_server.c \
	$(CONFORMANCE_TORTURE)
%C%_test_torture_server_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_torture_server_LDADD = $(PROOF_LIBS)
%C%_test_pair_proof_SOURCES = %D%/test_pair_proof.c
%C%_test_pair_proof_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_pair_proof_LDADD = $(PROOF_LIBS)
endif

%C%_test_agent_aid_SOURCES = %D%/test_agent_aid.c
%C%_test_agent_aid_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_agent_aid_LDADD = $(CONFORMANCE_LDADD)
%C%_test_agent_challenge_SOURCES = %D%/test_agent_challenge.c
%C%_test_agent_challenge_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_agent_challenge_LDADD = %D%/libfixture.a src/evidence/libevidence.a \
	src/aws/libaws.a src/json/libjson.a $(HOST_LIBS) $(CRYPTO_LIBS) \
	$(TEST_LIBS)
%C%_test_config_SOURCES = %D%/test_config.c
%C%_test_config_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_config_LDADD = $(CONFORMANCE_LDADD)
%C%_test_documented_agent_SOURCES = %D%/test_documented_agent.c
%C%_test_documented_agent_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_documented_agent_LDADD = $(CONFORMANCE_LDADD)
%C%_test_documented_server_SOURCES = %D%/test_documented_server.c
%C%_test_documented_server_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_documented_server_LDADD = $(CONFORMANCE_LDADD)
%C%_test_grace_SOURCES = %D%/test_grace.c
%C%_test_grace_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_grace_LDADD = $(CONFORMANCE_LDADD)
%C%_test_hostile_SOURCES = %D%/test_hostile.c
%C%_test_hostile_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_hostile_LDADD = $(CONFORMANCE_LDADD)
%C%_test_lifecycle_SOURCES = %D%/test_lifecycle.c
%C%_test_lifecycle_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_lifecycle_LDADD = $(CONFORMANCE_LDADD)
%C%_test_load_SOURCES = %D%/test_load.c
%C%_test_load_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_load_LDADD = $(CONFORMANCE_LDADD)
%C%_test_pair_SOURCES = %D%/test_pair.c
%C%_test_pair_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_pair_LDADD = $(CONFORMANCE_LDADD)
%C%_test_protocol_SOURCES = %D%/test_protocol.c
%C%_test_protocol_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_protocol_LDADD = $(CONFORMANCE_LDADD)
%C%_test_server_attest_SOURCES = %D%/test_server_attest.c
%C%_test_server_attest_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
%C%_test_server_attest_LDADD = $(CONFORMANCE_LDADD)
endif
endif
endif
