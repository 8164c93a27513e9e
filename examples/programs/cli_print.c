/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "programs/cli.h"
#include "programs/shown.h"

enum { LABEL_WIDTH = 19 };

struct field {
	const char *label, *key;
};

static bool
has_colour(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL &&
	       term != NULL && strcmp(term, "dumb") != 0;
}

static void
colour(const char *code)
{
	if (has_colour())
		(void)printf("\033[%sm", code);
}

/* Foreign text: control characters of any kind become U+FFFD. */
static void
put(const char *text)
{
	size_t i = 0, n = strlen(text);

	while (i < n) {
		uint32_t cp = 0;
		size_t len = utf8_decode(&cp, text + i, n - i);

		if (len == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ||
		    (cp >= 0x202a && cp <= 0x202e) ||
		    (cp >= 0x2066 && cp <= 0x2069))
			(void)fputs("\xef\xbf\xbd", stdout);
		else
			(void)fwrite(text + i, 1, len, stdout);
		i += len == 0 ? 1 : len;
	}
}

static void
title(const char *words)
{
	colour("1");
	put(words);
	colour("0");
	(void)putchar('\n');
}

static int
padding(const char *label)
{
	size_t n = strlen(label);

	return n < LABEL_WIDTH ? LABEL_WIDTH - (int)n : 1;
}

static void
line(const char *label, const char *value)
{
	(void)printf("  ");
	colour("2");
	put(label);
	(void)printf("%*s", padding(label), "");
	colour("0");
	put(value);
	(void)putchar('\n');
}

/* Those that are there. */
static void
lines(struct json_object *o, const struct field *fields, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (shown_get(o, fields[i].key)[0] != '\0')
			line(fields[i].label, shown_get(o, fields[i].key));
}

static void
failure(struct json_object *o)
{
	if (shown_at(o, "error") == NULL)
		return;
	colour("31");
	line("Error", shown_get(o, "error"));
	colour("0");
}

static void
left(struct json_object *o)
{
	char text[48];

	(void)snprintf(text, sizeof(text), "%lld s",
	    (long long)shown_get_int(o, "left_s"));
	line("Left", text);
}

static void
print_bundle(struct json_object *bundle)
{
	static const struct field fields[] = {
		{ "Subject", "subject" },
		{ "Valid until", "not_after" },
		{ "SHA-256", "sha256" },
	};
	struct json_object *all = shown_at(bundle, "authorities");
	char words[300];
	size_t i;

	(void)snprintf(words, sizeof(words), "Trust bundle of %s",
	    shown_get(bundle, "trust_domain"));
	title(words);
	for (i = 0; i < shown_count(all); i++)
		lines(json_object_array_get_idx(all, i), fields, 3);
}

void
cli_print_self(struct json_object *self)
{
	static const struct field fields[] = {
		{ "SPIFFE ID", "spiffe_id" },
		{ "Hint", "hint" },
		{ "Subject", "subject" },
		{ "Issuer", "issuer" },
		{ "Serial", "serial" },
		{ "Valid from", "not_before" },
		{ "Valid until", "not_after" },
		{ "Key", "key" },
		{ "Signed with", "signature" },
		{ "SHA-256", "sha256" },
	};
	struct json_object *all = shown_at(self, "x509_svids");
	size_t i;

	for (i = 0; i < shown_count(all); i++) {
		title("X.509-SVID");
		lines(json_object_array_get_idx(all, i), fields,
		    sizeof(fields) / sizeof(fields[0]));
		left(json_object_array_get_idx(all, i));
	}
	all = shown_at(self, "trust_bundles");
	for (i = 0; i < shown_count(all); i++)
		print_bundle(json_object_array_get_idx(all, i));
}

/* "data.caller" is member caller of member data; depth is the reader's. */
static void
print_members(struct json_object *o, const char *prefix)
{
	struct json_object_iterator at = json_object_iter_begin(o);
	struct json_object_iterator end = json_object_iter_end(o);
	char label[128];

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		struct json_object *value = json_object_iter_peek_value(&at);

		(void)snprintf(label, sizeof(label), "%s%s", prefix,
		    json_object_iter_peek_name(&at));
		if (json_object_is_type(value, json_type_object)) {
			size_t n = strlen(label);

			(void)snprintf(label + n, sizeof(label) - n, ".");
			print_members(value, label);
		} else
			line(label,
			    shown_get(o, json_object_iter_peek_name(&at)));
	}
}

void
cli_print_call(struct json_object *call)
{
	static const struct field fields[] = {
		{ "URL", "url" },
		{ "Expected", "expected_peer" },
		{ "Peer", "peer" },
		{ "Seen as", "seen_as" },
		{ "TLS", "tls_version" },
		{ "Cipher", "cipher" },
		{ "Status", "status" },
	};
	struct json_object *answer = shown_at(call, "answer");
	char text[48];

	title("API call");
	lines(call, fields, sizeof(fields) / sizeof(fields[0]));
	(void)snprintf(text, sizeof(text), "%lld us",
	    (long long)shown_get_int(call, "duration_us"));
	line("Duration", text);
	failure(call);
	if (answer == NULL)
		return;
	title("Answer");
	if (json_object_is_type(answer, json_type_object))
		print_members(answer, "");
	else
		line("", json_object_get_string(answer));
}

void
cli_print_jwt(struct json_object *jwt)
{
	static const struct field fields[] = {
		{ "SPIFFE ID", "spiffe_id" },
		{ "Audience", "audience" },
		{ "Expires", "expires" },
		{ "Header", "header" },
		{ "Claims", "claims" },
		{ "Token", "token" },
	};

	title("JWT-SVID");
	lines(jwt, fields, sizeof(fields) / sizeof(fields[0]));
}

void
cli_print_valid(struct json_object *valid)
{
	static const struct field fields[] = {
		{ "SPIFFE ID", "spiffe_id" },
		{ "Audience", "audience" },
		{ "Claims", "claims" },
	};

	title("Valid token");
	lines(valid, fields, sizeof(fields) / sizeof(fields[0]));
}

void
cli_print_rotation(struct json_object *rotation)
{
	put(shown_get(rotation, "time"));
	if (shown_at(rotation, "serial") == NULL)
		(void)printf(" no identity\n");
	else {
		(void)putchar(' ');
		put(shown_get(rotation, "spiffe_id"));
		(void)printf(" serial %s until %s (%lld s)\n",
		    shown_get(rotation, "serial"),
		    shown_get(rotation, "not_after"),
		    (long long)shown_get_int(rotation, "left_s"));
	}
	(void)fflush(stdout);
}
