# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libbase.a
%C%_libbase_a_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/buf.c %D%/buf.h \
	%D%/clock.c %D%/clock.h \
	%D%/enc.c %D%/enc.h \
	%D%/err.c %D%/err.h \
	%D%/list.h \
	%D%/log.c %D%/log.h \
	%D%/secret.c %D%/secret.h \
	%D%/str.c %D%/str.h \
	%D%/traced.h \
	%D%/utf8.c %D%/utf8.h
