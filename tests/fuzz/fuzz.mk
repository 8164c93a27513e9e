# SPDX-License-Identifier: Apache-2.0
#
# Fuzz targets.  In `make check` each replays its corpus and fixed mutations of
# it (main.c).  Configured with CC=clang --enable-fuzzers (best together with
# --enable-sanitizers=address,undefined) they are libFuzzer programs, and
# `make fuzz` runs each for FUZZ_SECONDS.
#
# To add target x:
#   1. %D%/fuzz_x.c includes "fuzz.h" and defines LLVMFuzzerTestOneInput();
#      broken promises abort by FUZZ_CHECK().
#   2. %D%/corpus/x/ holds a few small seeds, good and bad; dist takes them by
#      themselves.  %D%/dict/x.dict, if there, is its dictionary.
#   3. Below, inside `if SERVER` and the like where fitting:
#          FUZZ_TARGETS += %D%/fuzz_x
#          %C%_fuzz_x_SOURCES = %D%/fuzz_x.c
#          %C%_fuzz_x_CPPFLAGS = $(FUZZ_CPPFLAGS)
#          %C%_fuzz_x_LDFLAGS = $(FUZZ_LINK)
#          %C%_fuzz_x_LDADD = src/X/libX.a src/base/libbase.a $(FUZZ_LIBS)
# By hand: `tests/fuzz/fuzz_x FILE...` replays files or folders.
FUZZ_SECONDS = 60
FUZZ_TARGETS =
FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fuzz

FUZZ_TARGETS += %D%/fuzz_json
%C%_fuzz_json_SOURCES = %D%/fuzz_json.c
%C%_fuzz_json_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_json_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_json_LDADD = src/json/libjson.a src/base/libbase.a $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_hcl
%C%_fuzz_hcl_SOURCES = %D%/fuzz_hcl.c
%C%_fuzz_hcl_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_hcl_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_hcl_LDADD = src/conf/libconf.a src/base/libbase.a $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_arn
%C%_fuzz_arn_SOURCES = %D%/fuzz_arn.c
%C%_fuzz_arn_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_arn_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_arn_LDADD = src/task/libtask.a src/base/libbase.a $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_metadata
%C%_fuzz_metadata_SOURCES = %D%/fuzz_metadata.c
%C%_fuzz_metadata_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_metadata_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_metadata_LDADD = src/task/libtask.a src/json/libjson.a \
	src/base/libbase.a $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_payload
%C%_fuzz_payload_SOURCES = %D%/fuzz_payload.c
%C%_fuzz_payload_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_payload_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_payload_LDADD = src/evidence/libevidence.a src/json/libjson.a \
	src/base/libbase.a $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_challenge
%C%_fuzz_challenge_SOURCES = %D%/fuzz_challenge.c
%C%_fuzz_challenge_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_challenge_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_challenge_LDADD = src/evidence/libevidence.a src/json/libjson.a \
	src/base/libbase.a $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_response
%C%_fuzz_response_SOURCES = %D%/fuzz_response.c
%C%_fuzz_response_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_response_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_response_LDADD = src/evidence/libevidence.a src/json/libjson.a \
	src/base/libbase.a $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_sigv4
%C%_fuzz_sigv4_SOURCES = %D%/fuzz_sigv4.c tests/aws/vector_request.c \
	tests/aws/vector.h
%C%_fuzz_sigv4_CPPFLAGS = $(FUZZ_CPPFLAGS) -I$(top_srcdir)/tests
%C%_fuzz_sigv4_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_sigv4_LDADD = src/aws/libaws.a src/base/libbase.a $(CRYPTO_LIBS) \
	$(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_ecs
%C%_fuzz_ecs_SOURCES = %D%/fuzz_ecs.c
%C%_fuzz_ecs_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_ecs_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_ecs_LDADD = src/aws/libaws.a src/json/libjson.a \
	src/base/libbase.a $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_endpoint
%C%_fuzz_endpoint_SOURCES = %D%/fuzz_endpoint.c
%C%_fuzz_endpoint_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_endpoint_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_endpoint_LDADD = src/aws/libaws.a src/base/libbase.a $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_profile
%C%_fuzz_profile_SOURCES = %D%/fuzz_profile.c
%C%_fuzz_profile_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_profile_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_profile_LDADD = src/aws/libaws.a src/base/libbase.a $(FUZZ_LIBS)

# aws/sts.c also sends.
if PLUGINS
FUZZ_TARGETS += %D%/fuzz_sts
%C%_fuzz_sts_SOURCES = %D%/fuzz_sts.c
%C%_fuzz_sts_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_sts_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_sts_LDADD = src/aws/libaws.a src/json/libjson.a \
	src/loop/libhttp.a src/loop/libloop.a src/base/libbase.a \
	$(CURL_LIBS) $(GRPC_LIBS) $(CRYPTO_LIBS) $(FUZZ_LIBS)
endif

FUZZ_TARGETS += %D%/fuzz_template
%C%_fuzz_template_SOURCES = %D%/fuzz_template.c
%C%_fuzz_template_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_template_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_template_LDADD = src/task/libtask.a src/base/libbase.a $(FUZZ_LIBS)

if SERVER
FUZZ_TARGETS += %D%/fuzz_judge
%C%_fuzz_judge_SOURCES = %D%/fuzz_judge.c
%C%_fuzz_judge_CPPFLAGS = $(FUZZ_CPPFLAGS)
%C%_fuzz_judge_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_judge_LDADD = src/server/libserver.a src/evidence/libevidence.a \
	src/task/libtask.a src/json/libjson.a src/base/libbase.a $(FUZZ_LIBS)
endif

if EXAMPLES
FUZZ_TARGETS += %D%/fuzz_jwt
%C%_fuzz_jwt_SOURCES = %D%/fuzz_jwt.c
%C%_fuzz_jwt_CPPFLAGS = $(FUZZ_CPPFLAGS) $(SSL_CFLAGS)
%C%_fuzz_jwt_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_jwt_LDADD = $(WORKLOAD_LIBS) $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_workload
%C%_fuzz_workload_SOURCES = %D%/fuzz_workload.c
%C%_fuzz_workload_CPPFLAGS = $(FUZZ_CPPFLAGS) $(SSL_CFLAGS)
%C%_fuzz_workload_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_workload_LDADD = $(WORKLOAD_LIBS) $(FUZZ_LIBS)

FUZZ_TARGETS += %D%/fuzz_xfcc
%C%_fuzz_xfcc_SOURCES = %D%/fuzz_xfcc.c
%C%_fuzz_xfcc_CPPFLAGS = $(FUZZ_CPPFLAGS) -I$(top_srcdir)/examples
%C%_fuzz_xfcc_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_xfcc_LDADD = $(PROGRAMS_LIBS) $(FUZZ_LIBS)
endif

check_PROGRAMS += $(FUZZ_TARGETS)
EXTRA_DIST += %D%/fuzz.h %D%/main.c %D%/corpus %D%/dict
CLEANFILES += *.crash

if FUZZERS
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
FUZZ_LIBS =
else
check_LIBRARIES += %D%/libreplay.a
%C%_libreplay_a_SOURCES = %D%/main.c %D%/fuzz.h
%C%_libreplay_a_CPPFLAGS = $(FUZZ_CPPFLAGS)
FUZZ_LINK = $(AM_LDFLAGS)
# main() comes from the first, its needs from the second.
FUZZ_LIBS = %D%/libreplay.a src/base/libbase.a
TESTS += $(FUZZ_TARGETS)
endif

# What the engine finds is kept in fuzz-work/, crashes beside it.
.PHONY: fuzz
if FUZZERS
fuzz: $(FUZZ_TARGETS)
	@set -e; $(AM_TESTS_ENVIRONMENT) \
	for target in $(FUZZ_TARGETS); do \
		name=`echo $$target | $(SED) 's,.*/fuzz_,,'`; \
		dict='$(abs_top_srcdir)'/%D%/dict/$$name.dict; \
		if test -f "$$dict"; then dict="-dict=$$dict"; else dict=; fi; \
		$(MKDIR_P) fuzz-work/$$name; \
		echo "== fuzz_$$name, $(FUZZ_SECONDS) s"; \
		./$$target -max_total_time=$(FUZZ_SECONDS) -max_len=70000 \
			-timeout=5 -rss_limit_mb=1024 -print_final_stats=1 \
			-verbosity=0 -artifact_prefix=fuzz-work/$$name- $$dict \
			fuzz-work/$$name '$(abs_top_srcdir)'/%D%/corpus/$$name; \
	done
else
fuzz:
	@echo "configure with CC=clang --enable-fuzzers for that" >&2; exit 1
endif
