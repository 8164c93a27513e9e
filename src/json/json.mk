# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libjson.a
%C%_libjson_a_SOURCES = %D%/json.c %D%/json.h
