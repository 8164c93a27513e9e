# SPDX-License-Identifier: Apache-2.0
# Programs that use binding link $(CRYPTO_LIBS).
noinst_LIBRARIES += %D%/libevidence.a
%C%_libevidence_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
%C%_libevidence_a_SOURCES = \
	%D%/binding.c %D%/binding.h \
	%D%/challenge.c %D%/challenge.h \
	%D%/message.c %D%/message.h \
	%D%/payload.c %D%/payload.h \
	%D%/response.c %D%/response.h
