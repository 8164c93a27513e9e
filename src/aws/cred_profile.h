/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cred_profile.h - the shared config and credentials files of AWS's tools
 *
 * Sections [NAME] in credentials, [default] and [profile NAME] in config; what
 * is in both is the credentials file's, and a pair of keys with its token is
 * one file's.  Keys' case does not matter; what is indented deeper than a key
 * belongs to that key.  Names of files and of the profile:
 * AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, AWS_PROFILE.
 */
#ifndef AWS_CRED_PROFILE_H
#define AWS_CRED_PROFILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { PROFILE_FILE_MAX = 256 * 1024, PROFILE_ARENA_MAX = 1024 * 1024 };

/* What of a profile matters here; empty: not set. */
struct profile {
	struct str name;
	struct str access_key_id, secret_access_key, session_token;
	struct str role_arn, source_profile, credential_source;
	struct str web_identity_token_file, external_id, role_session_name;
	struct str duration_seconds, region;
	struct str refused; /* a key that a server cannot follow */
};

/* The texts of both files; absent ones are empty. */
struct profile_files {
	struct str config, credentials;
};

/* Into the arena.  ERR_CONFIG: there, but not readable, or too long. */
int profile_files_read(
    struct profile_files *files, struct arena *a, struct err *err) MUST_USE;

/* AWS_PROFILE, or "default"; *chosen: somebody has asked for it. */
struct str profile_name(bool *chosen);

/*
 * Pure.  ERR_MISSING: neither file has it.  ERR_CONFIG: half a pair of keys, a
 * line that is none.
 */
int profile_find(struct profile *out, const struct profile_files *files,
    struct str name, struct err *err) MUST_USE;

#endif
