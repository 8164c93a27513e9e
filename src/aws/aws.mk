# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libaws.a
%C%_libaws_a_SOURCES = \
	%D%/digest.c %D%/digest.h \
	%D%/sigv4.c %D%/sigv4.h
%C%_libaws_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
