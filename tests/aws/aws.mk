# SPDX-License-Identifier: Apache-2.0
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
