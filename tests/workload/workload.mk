# SPDX-License-Identifier: Apache-2.0

if EXAMPLES
if HAVE_CHECK
WORKLOAD_TESTS = \
	%D%/test_spiffe_id
check_PROGRAMS += $(WORKLOAD_TESTS)
TESTS += $(WORKLOAD_TESTS)
%C%_test_spiffe_id_SOURCES = %D%/test_spiffe_id.c
%C%_test_spiffe_id_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_spiffe_id_LDADD = $(WORKLOAD_LIBS) $(TEST_LIBS)
endif
endif
