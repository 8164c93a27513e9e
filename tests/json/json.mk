# SPDX-License-Identifier: Apache-2.0
if HAVE_CHECK
check_PROGRAMS += %D%/test_json
TESTS += %D%/test_json
%C%_test_json_SOURCES = %D%/test_json.c
%C%_test_json_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_json_LDADD = src/json/libjson.a src/base/libbase.a $(TEST_LIBS)

check_PROGRAMS += %D%/test_oracle
TESTS += %D%/test_oracle
%C%_test_oracle_SOURCES = %D%/test_oracle.c
%C%_test_oracle_CPPFLAGS = $(TEST_CPPFLAGS) $(JSON_C_CFLAGS)
%C%_test_oracle_LDADD = src/json/libjson.a src/base/libbase.a \
	$(JSON_C_LIBS) $(TEST_LIBS)
endif
