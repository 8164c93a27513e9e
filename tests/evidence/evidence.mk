# SPDX-License-Identifier: Apache-2.0
if HAVE_CHECK
check_PROGRAMS += %D%/test_payload
TESTS += %D%/test_payload
%C%_test_payload_SOURCES = %D%/test_payload.c
%C%_test_payload_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_payload_LDADD = src/evidence/libevidence.a src/json/libjson.a \
	src/base/libbase.a $(TEST_LIBS)
endif
