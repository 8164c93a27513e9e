# SPDX-License-Identifier: Apache-2.0

check_PROGRAMS += %D%/hcl-dump
%C%_hcl_dump_SOURCES = \
	%D%/hcl-dump.c \
	%D%/hcl_fold.h \
	%D%/hcl_go.c %D%/hcl_go.h
%C%_hcl_dump_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_hcl_dump_LDADD = src/conf/libconf.a src/base/libbase.a -lm
