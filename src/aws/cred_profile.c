/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/cred_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(member) offsetof(struct profile, member)

static const struct {
	const char *name;
	size_t offset;
	bool secret; /* of the pair, with its token */
} keys[] = {
	{ "aws_access_key_id", AT(access_key_id), true },
	{ "aws_secret_access_key", AT(secret_access_key), true },
	{ "aws_session_token", AT(session_token), true },
	{ "role_arn", AT(role_arn), false },
	{ "source_profile", AT(source_profile), false },
	{ "credential_source", AT(credential_source), false },
	{ "web_identity_token_file", AT(web_identity_token_file), false },
	{ "external_id", AT(external_id), false },
	{ "role_session_name", AT(role_session_name), false },
	{ "duration_seconds", AT(duration_seconds), false },
	{ "region", AT(region), false },
};

/* The first is the worst: a role does not get around it. */
static const char *const refused[] = { "mfa_serial", "credential_process",
	"sso_session", "sso_start_url", "sso_account_id", "login_session" };

/*
 * Files
 */

static int
read_all(
    struct str *out, struct arena *a, int fd, const char *path, struct err *err)
{
	char *text = arena_alloc(a, PROFILE_FILE_MAX + 1);
	size_t n = 0;
	ssize_t got;

	if (text == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	while (n <= PROFILE_FILE_MAX) {
		got = read(fd, text + n, PROFILE_FILE_MAX + 1 - n);
		if (got < 0)
			return err_set(err, ERR_CONFIG, "\"%s\": %s",
			    CLEAN(str_of(path)), strerror(errno));
		if (got == 0) {
			*out = (struct str){ text, n };
			return ERR_OK;
		}
		n += (size_t)got;
	}
	return err_set(err, ERR_CONFIG, "\"%s\" is longer than %d bytes",
	    CLEAN(str_of(path)), PROFILE_FILE_MAX);
}

static int
read_file(struct str *out, struct arena *a, const char *variable,
    const char *in_home, struct err *err)
{
	const char *path = getenv(variable), *home = getenv("HOME");
	struct str composed;
	int fd, r;

	if (path == NULL || path[0] == '\0') {
		if (home == NULL || home[0] == '\0')
			return ERR_OK;
		composed = arena_printf(a, "%s/.aws/%s", home, in_home);
		if (composed.p == NULL)
			return err_set(
			    err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
		path = composed.p;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return ERR_OK;
	if (fd < 0)
		return err_set(err, ERR_CONFIG, "\"%s\": %s",
		    CLEAN(str_of(path)), strerror(errno));
	r = read_all(out, a, fd, path, err);
	(void)close(fd);
	return r;
}

int
profile_files_read(
    struct profile_files *files, struct arena *a, struct err *err)
{
	struct profile_files got = { .config = { NULL, 0 } };
	int r = read_file(&got.config, a, "AWS_CONFIG_FILE", "config", err);

	if (r == ERR_OK)
		r = read_file(&got.credentials, a,
		    "AWS_SHARED_CREDENTIALS_FILE", "credentials", err);
	if (r == ERR_OK)
		*files = got;
	return r;
}

struct str
profile_name(bool *chosen)
{
	struct str name = str_of(getenv("AWS_PROFILE"));

	if (name.n == 0)
		name = str_of(getenv("AWS_DEFAULT_PROFILE"));
	*chosen = name.n > 0;
	return name.n > 0 ? name : STR("default");
}

/*
 * Sections
 */

/* One file being read for one profile. */
struct scan {
	struct profile *out;
	bool config;        /* the file is config, not credentials */
	bool skips_secrets; /* the pair is there already */
	bool found, inside;
	size_t indent; /* of the latest key; SIZE_MAX before the first */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What is behind "profile", without quotes; empty: that is none. */
static struct str
name_in_config(struct str inside)
{
	static const char word[] = "profile";
	struct str name = str_sub(inside, sizeof(word) - 1, inside.n);

	if (!str_starts(inside, word) || name.n == 0 || !is_blank(name.p[0]))
		return (struct str){ NULL, 0 };
	name = str_trim(name);
	if (name.n >= 2 && (name.p[0] == '"' || name.p[0] == '\'') &&
	    name.p[name.n - 1] == name.p[0])
		name = str_sub(name, 1, name.n - 2);
	return name;
}

/* "[profile NAME]" or "[NAME]" */
static bool
is_section_of(struct str line, struct str name, bool config)
{
	struct str rest, inside = str_cut(&rest, str_sub(line, 1, line.n), ']');

	if (rest.p == NULL)
		return false;
	inside = str_trim(inside);
	if (config && !str_is(inside, "default"))
		inside = name_in_config(inside);
	return inside.n > 0 && str_eq(inside, name);
}

static bool
is_refused(struct str key, size_t *rank)
{
	for (*rank = 0; *rank < sizeof(refused) / sizeof(refused[0]); ++*rank)
		if (str_eq_nocase(key, str_of(refused[*rank])))
			return true;
	return false;
}

static void
take_key(struct scan *scan, struct str key, struct str value)
{
	struct profile *out = scan->out;
	size_t i, rank;

	if (value.n == 0)
		return;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_eq_nocase(key, str_of(keys[i].name))) {
			struct str *at = (struct str *)(void *)((char *)out +
								keys[i].offset);

			/* the credentials file is read first, and wins */
			if (at->n == 0 &&
			    !(keys[i].secret && scan->skips_secrets))
				*at = value;
			return;
		}
	if (is_refused(key, &rank) && (out->refused.n == 0 || rank == 0))
		out->refused = key;
}

/* " # ..." after a value is a remark. */
static struct str
strip_remark(struct str value)
{
	size_t i;

	for (i = 1; i < value.n; i++)
		if ((value.p[i] == '#' || value.p[i] == ';') &&
		    (value.p[i - 1] == ' ' || value.p[i - 1] == '\t'))
			return str_trim(str_sub(value, 0, i));
	return value;
}

static size_t
indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.n && is_blank(line.p[n]))
		n++;
	return n;
}

static int
take_line(struct scan *scan, struct str line, struct err *err)
{
	struct str value, key;
	size_t indent = indent_of(line);

	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return ERR_OK;
	/* deeper than a key, it belongs to that: s3 = and the like */
	if (indent > scan->indent)
		return ERR_OK;
	key = str_trim(str_cut(&value, line, '='));
	if (value.p == NULL)
		return err_set(err, ERR_CONFIG,
		    "profile \"%s\" of AWS's shared files has a line without "
		    "\"=\"",
		    CLEAN(scan->out->name));
	scan->indent = indent;
	take_key(scan, key, strip_remark(str_trim(value)));
	return ERR_OK;
}

static int
scan_file(struct scan *scan, struct str text, struct err *err)
{
	struct str line, rest = text;
	int r = ERR_OK;

	while (r == ERR_OK && rest.n > 0) {
		line = str_cut(&rest, rest, '\n');
		if (line.n > 0 && line.p[0] == '[') {
			scan->inside =
			    is_section_of(line, scan->out->name, scan->config);
			scan->found = scan->found || scan->inside;
			scan->indent = SIZE_MAX;
		} else if (scan->inside) {
			r = take_line(scan, line, err);
		}
	}
	return r;
}

static bool
has_secrets(const struct profile *p)
{
	return p->access_key_id.n > 0 || p->secret_access_key.n > 0 ||
	       p->session_token.n > 0;
}

int
profile_find(struct profile *out, const struct profile_files *files,
    struct str name, struct err *err)
{
	struct profile got = { .name = name };
	struct scan scan = { .out = &got };
	int r = scan_file(&scan, files->credentials, err);

	scan.config = true;
	scan.inside = false;
	scan.skips_secrets = has_secrets(&got);
	if (r == ERR_OK)
		r = scan_file(&scan, files->config, err);
	if (r != ERR_OK)
		return r;
	if (!scan.found)
		return err_set(err, ERR_MISSING,
		    "AWS's shared files have no profile \"%s\"", CLEAN(name));
	if (has_secrets(&got) &&
	    (got.access_key_id.n == 0 || got.secret_access_key.n == 0))
		return err_set(err, ERR_CONFIG,
		    "profile \"%s\" of AWS's shared files has half a pair of "
		    "keys",
		    CLEAN(name));
	*out = got;
	return ERR_OK;
}
