# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libconf.a
%C%_libconf_a_SOURCES = \
	%D%/hcl.c %D%/hcl.h \
	%D%/hcl_impl.h \
	%D%/hcl_json.c \
	%D%/hcl_lex.c \
	%D%/hcl_native.c \
	%D%/hcl_text.c \
	%D%/hcl_unicode.c

# the option tables' engine
%C%_libconf_a_SOURCES += \
	%D%/check_config.c %D%/check_config.h \
	%D%/duration.c %D%/duration.h \
	%D%/json_form.c %D%/json_form.h \
	%D%/options.c %D%/options.h \
	%D%/problems.c %D%/problems.h \
	%D%/spire_conf.c %D%/spire_conf.h \
	%D%/value.c %D%/value.h
