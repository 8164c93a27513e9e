/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonc.h - json-c as strict as this version of it can be
 *
 * json-c 0.18, when strict, takes bytes beyond ASCII for control characters
 * and refuses them (its issue 875); older and newer ones do not.
 */
#ifndef TESTS_JSONC_H
#define TESTS_JSONC_H

#include <json-c/json.h>

#define JSONC_IS_ASCII_ONLY (json_c_version_num() >> 8 == 18)

/* For texts that may hold more than ASCII. */
#define JSONC_STRICTEST               \
	(JSON_TOKENER_VALIDATE_UTF8 | \
	    (JSONC_IS_ASCII_ONLY ? 0 : JSON_TOKENER_STRICT))

#endif
