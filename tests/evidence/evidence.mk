# SPDX-License-Identifier: Apache-2.0
EVIDENCE_SAMPLES = \
	tests/data/evidence/binding.json \
	tests/data/evidence/challenge.json \
	tests/data/evidence/response.json
EXTRA_DIST += $(EVIDENCE_SAMPLES) %D%/samples.h %D%/golden.py
dist_check_SCRIPTS += %D%/check_golden.sh
TESTS += %D%/check_golden.sh

if HAVE_CHECK
EVIDENCE_TEST_LIBS = src/evidence/libevidence.a src/json/libjson.a \
	src/base/libbase.a $(TEST_LIBS)
EVIDENCE_TESTS = \
	%D%/test_binding \
	%D%/test_challenge \
	%D%/test_payload \
	%D%/test_response
check_PROGRAMS += $(EVIDENCE_TESTS)
TESTS += $(EVIDENCE_TESTS)
%C%_test_binding_SOURCES = %D%/test_binding.c %D%/samples.h
%C%_test_binding_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_binding_LDADD = $(EVIDENCE_TEST_LIBS) $(CRYPTO_LIBS)
%C%_test_challenge_SOURCES = %D%/test_challenge.c %D%/samples.h
%C%_test_challenge_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_challenge_LDADD = $(EVIDENCE_TEST_LIBS)
%C%_test_payload_SOURCES = %D%/test_payload.c
%C%_test_payload_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_payload_LDADD = $(EVIDENCE_TEST_LIBS)
%C%_test_response_SOURCES = %D%/test_response.c %D%/samples.h
%C%_test_response_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_response_LDADD = $(EVIDENCE_TEST_LIBS)
endif
