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
} keys[] = {
	{ "aws_access_key_id", AT(access_key_id) },
	{ "aws_secret_access_key", AT(secret_access_key) },
	{ "aws_session_token", AT(session_token) },
	{ "role_arn", AT(role_arn) },
	{ "source_profile", AT(source_profile) },
	{ "credential_source", AT(credential_source) },
	{ "web_identity_token_file", AT(web_identity_token_file) },
	{ "external_id", AT(external_id) },
	{ "role_session_name", AT(role_session_name) },
	{ "duration_seconds", AT(duration_seconds) },
	{ "region", AT(region) },
};

static const char *const refused[] = { "credential_process", "mfa_serial",
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

/* "[profile NAME]" or "[NAME]" */
static bool
is_section_of(struct str line, struct str name, bool config)
{
	struct str inside, rest, word;

	line = str_trim(line);
	if (line.n < 2 || line.p[0] != '[')
		return false;
	inside = str_trim(str_cut(&rest, str_sub(line, 1, line.n), ']'));
	if (rest.p == NULL)
		return false;
	if (!config || str_is(inside, "default"))
		return str_eq(inside, name);
	word = str_cut(&rest, inside, ' ');
	return str_is(word, "profile") && rest.p != NULL &&
	       str_eq(str_trim(rest), name);
}

static void
take_key(struct profile *out, struct str key, struct str value)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_is(key, keys[i].name)) {
			struct str *at = (struct str *)(void *)((char *)out +
								keys[i].offset);

			/* the credentials file is read first, and wins */
			if (at->n == 0)
				*at = value;
			return;
		}
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (str_is(key, refused[i]) && out->refused.n == 0)
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

static int
take_line(struct profile *out, struct str line, struct err *err)
{
	struct str value, key;

	/* what is indented belongs to the line before: s3 = and the like */
	if (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		return ERR_OK;
	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return ERR_OK;
	key = str_trim(str_cut(&value, line, '='));
	if (value.p == NULL)
		return err_set(err, ERR_CONFIG,
		    "profile \"%s\" of AWS's shared files has a line without "
		    "\"=\"",
		    CLEAN(out->name));
	take_key(out, key, strip_remark(str_trim(value)));
	return ERR_OK;
}

static int
scan(bool *found, struct profile *out, struct str text, bool config,
    struct err *err)
{
	bool inside = false;
	struct str line, rest = text;
	int r = ERR_OK;

	while (r == ERR_OK && rest.n > 0) {
		line = str_cut(&rest, rest, '\n');
		if (line.n > 0 && line.p[0] == '[') {
			inside = is_section_of(line, out->name, config);
			*found = *found || inside;
		} else if (inside) {
			r = take_line(out, line, err);
		}
	}
	return r;
}

int
profile_find(struct profile *out, const struct profile_files *files,
    struct str name, struct err *err)
{
	struct profile got = { .name = name };
	bool found = false;
	int r = scan(&found, &got, files->credentials, false, err);

	if (r == ERR_OK)
		r = scan(&found, &got, files->config, true, err);
	if (r != ERR_OK)
		return r;
	if (!found)
		return err_set(err, ERR_MISSING,
		    "AWS's shared files have no profile \"%s\"", CLEAN(name));
	if ((got.access_key_id.n > 0) != (got.secret_access_key.n > 0))
		return err_set(err, ERR_CONFIG,
		    "profile \"%s\" of AWS's shared files has half a pair of "
		    "keys",
		    CLEAN(name));
	*out = got;
	return ERR_OK;
}
