# SPDX-License-Identifier: Apache-2.0

# SAF_ARG_SWITCH(NAME, DEFAULT, WHAT): --enable-NAME/--disable-NAME, yes or no.
AC_DEFUN([SAF_ARG_SWITCH], [
AC_ARG_ENABLE([$1],
	[m4_if([$2], [yes],
		[AS_HELP_STRING([--disable-$1], [without $3])],
		[AS_HELP_STRING([--enable-$1], [with $3])])],
	[], [AS_TR_SH([enable_$1])=$2])
AS_CASE([$AS_TR_SH([enable_$1])], [yes|no], [],
	[AC_MSG_ERROR([--enable-$1 takes yes or no, not "$AS_TR_SH([enable_$1])"])])
])

# SAF_TRY_FLAG(VARIABLE, FLAG, [LINK]): add FLAG to VARIABLE if it works.
AC_DEFUN([SAF_TRY_FLAG], [
saf_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -Werror $2"
AC_MSG_CHECKING([for $2])
m4_if([$3], [LINK], [AC_LINK_IFELSE], [AC_COMPILE_IFELSE])(
	[AC_LANG_PROGRAM([], [])],
	[$1="$$1 $2"; AC_MSG_RESULT([yes])],
	[AC_MSG_RESULT([no])])
CFLAGS=$saf_save_CFLAGS
])

AC_DEFUN([SAF_SANITIZERS], [
SAN_FLAGS=
AS_IF([test "x$enable_sanitizers" != xno], [
	SAN_FLAGS="-fsanitize=$enable_sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer"
	saf_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS $SAN_FLAGS"
	AC_MSG_CHECKING([for $SAN_FLAGS])
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])],
		[AC_MSG_ERROR([the compiler cannot do --enable-sanitizers=$enable_sanitizers])])
	CFLAGS=$saf_save_CFLAGS
])
AS_IF([test "x$enable_fuzzers" = xyes], [
	SAF_TRY_FLAG([SAN_FLAGS], [-fsanitize=fuzzer-no-link], [LINK])
	AS_CASE([$SAN_FLAGS], [*fuzzer-no-link*], [],
		[AC_MSG_ERROR([--enable-fuzzers needs clang with libFuzzer: CC=clang])])
])
AC_SUBST([SAN_FLAGS])
])

AC_DEFUN([SAF_WARNINGS], [
WARN_FLAGS=
m4_foreach_w([saf_flag], [-Wall -Wextra -Wshadow -Wstrict-prototypes
	-Wmissing-prototypes -Wvla -Wformat=2 -Wwrite-strings -Wpointer-arith
	-Wcast-qual -Wundef -Wswitch-enum -Wimplicit-fallthrough
	-Wnull-dereference -Wconversion],
	[SAF_TRY_FLAG([WARN_FLAGS], m4_quote(saf_flag))])
AS_IF([test "x$enable_werror" = xyes], [WARN_FLAGS="$WARN_FLAGS -Werror"])
AC_SUBST([WARN_FLAGS])
])

AC_DEFUN([SAF_HARDENING], [
HARDEN_CFLAGS= HARDEN_LDFLAGS=
AS_IF([test "x$enable_hardening" = xyes], [
	m4_foreach_w([saf_flag], [-fstack-protector-strong -fstack-clash-protection
		-fcf-protection -ftrivial-auto-var-init=zero],
		[SAF_TRY_FLAG([HARDEN_CFLAGS], m4_quote(saf_flag))])
	AS_CASE([" $CFLAGS $CPPFLAGS $SAN_FLAGS "],
		[*_FORTIFY_SOURCE*|*" -O0 "*|*-fsanitize*], [],
		[HARDEN_CFLAGS="$HARDEN_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])
	m4_foreach_w([saf_flag], [-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack],
		[SAF_TRY_FLAG([HARDEN_LDFLAGS], m4_quote(saf_flag), [LINK])])
	SAF_TRY_FLAG([HARDEN_CFLAGS], [-fPIE])
	SAF_TRY_FLAG([HARDEN_LDFLAGS], [-pie], [LINK])
])
SAF_TRY_FLAG([HARDEN_CFLAGS], [-fvisibility=hidden])
SAF_TRY_FLAG([HARDEN_LDFLAGS], [-Wl,--as-needed], [LINK])
AC_SUBST([HARDEN_CFLAGS])
AC_SUBST([HARDEN_LDFLAGS])
])

# SAF_STATIC_LIBC: a cross compiler of Debian's brings a libc of its own, which
# no security update reaches, and prefers it.  That of libc6-dev is found by a
# -B, for its start files, and by a -L behind all others.
AC_DEFUN([SAF_STATIC_LIBC], [
saf_libc_last= saf_libc_home=/usr/lib/$host_alias
AS_IF([test "x$cross_compiling" = xyes && test -e "/usr/$host_alias/lib/libc.a"], [
	AC_MSG_CHECKING([for the libc.a of $host_alias])
	AS_IF([test -e "$saf_libc_home/libc.a"],
		[AC_MSG_RESULT([$saf_libc_home])],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([only the cross compiler's own libc.a is here, which has no security
  updates; install libc6-dev of that architecture, as scripts/deps does])])
	PLUGIN_LDFLAGS="$PLUGIN_LDFLAGS -B$saf_libc_home"
	saf_libc_last="-L$saf_libc_home"
])
])

# SAF_STATIC: link the plugins, and nothing else, statically.  PLUGIN_LIBS_END
# carries what the .pc files tell of static linking and what they leave out;
# with PLUGIN_LIBS_BEGIN it makes a group, in which order is irrelevant.  A
# static program must not resolve names through NSS, which loads the host's
# libraries: libcurl needs c-ares.
AC_DEFUN([SAF_STATIC], [
PLUGIN_LDFLAGS= PLUGIN_LIBS_BEGIN= PLUGIN_LIBS_END=
AS_IF([test "x$enable_static_plugins" = xyes], [
	AS_IF([test "x$enable_sanitizers" != xno],
		[AC_MSG_ERROR([--enable-static-plugins and --enable-sanitizers exclude each other])])
	PKG_CHECK_MODULES_STATIC([GRPC_STATIC], [grpc_unsecure gpr libprotobuf-c])
	PKG_CHECK_MODULES_STATIC([CURL_STATIC], [libcurl])
	AS_CASE([" $CURL_STATIC_LIBS "], [*" -lcares "*], [],
		[AC_MSG_ERROR([--enable-static-plugins needs a static libcurl with c-ares:
  P=\$(scripts/static-deps) builds one; then add PKG_CONFIG_PATH=\$P/lib/pkgconfig])])
	CURL_LIBS=$CURL_STATIC_LIBS
	PLUGIN_LDFLAGS="-static -no-pie -Wl,--gc-sections"
	PLUGIN_LIBS_BEGIN="-Wl,--start-group"
	SAF_STATIC_LIBC
	PLUGIN_LIBS_END=$GRPC_STATIC_LIBS
	saf_save_CFLAGS=$CFLAGS saf_save_LIBS=$LIBS
	CFLAGS="$CFLAGS $PLUGIN_LDFLAGS"
	m4_foreach_w([saf_lib], [address_sorting re2 upb cares z stdc++ m], [
		LIBS="-l[]saf_lib"
		AC_MSG_CHECKING([for a static lib[]saf_lib])
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
			[PLUGIN_LIBS_END="$PLUGIN_LIBS_END -l[]saf_lib"
			AC_MSG_RESULT([yes])],
			[AC_MSG_RESULT([no])])])
	PLUGIN_LIBS_END="$PLUGIN_LIBS_END -Wl,--end-group $saf_libc_last"
	LIBS="$PLUGIN_LIBS_BEGIN $CURL_LIBS $GRPC_LIBS $PLUGIN_LIBS_END"
	AC_MSG_CHECKING([whether plugins can be linked statically])
	AC_LINK_IFELSE([AC_LANG_PROGRAM(
			[void grpc_init(void); void curl_easy_init(void);],
			[grpc_init(); curl_easy_init();])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([a static library is missing; config.log names it])])
	CFLAGS=$saf_save_CFLAGS LIBS=$saf_save_LIBS
	# The linker tells, beside each plugin, what it has put in.
	PLUGIN_LDFLAGS="$PLUGIN_LDFLAGS -Wl,-Map=\$[]@.map"
	AC_DEFINE([STATIC_PLUGINS], [1], [Define if the plugins are static.])
])
AM_CONDITIONAL([STATIC_PLUGINS], [test "x$enable_static_plugins" = xyes])
AC_SUBST([PLUGIN_LDFLAGS])
AC_SUBST([PLUGIN_LIBS_BEGIN])
AC_SUBST([PLUGIN_LIBS_END])
])
