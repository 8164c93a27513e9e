# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libconf.a
%C%_libconf_a_SOURCES =
