# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libtask.a
%C%_libtask_a_SOURCES =
