/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/check_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/spire_conf.h"

enum { PRINTED_MAX = 8 * HCL_TEXT_MAX };

/* All that one check needs; the trees live as long as it does. */
struct check {
	const struct config_kind *kind;
	const char *path; /* of the file that the problems are about */
	char data_file[SPIRE_CONF_PATH_MAX +
		       1]; /* plugin_data_file, as path points to */
	void *conf;
	struct arena tree;
	struct arena *strings;
	struct str trust_domain;
	struct problems problems;
};

static void
add_errno(struct check *check, const char *what)
{
	problems_add(&check->problems, "cannot %s: %s", what, strerror(errno));
}

/* Up to one byte more than is allowed, which hcl_parse_settings() then refuses. */
static void
read_all(struct check *check, struct buf *text, int fd)
{
	char chunk[4096];
	size_t room;
	ssize_t n;

	while (text->n < text->max) {
		room = text->max - text->n;
		n = read(
		    fd, chunk, room < sizeof(chunk) ? room : sizeof(chunk));
		if (n == 0)
			break;
		if (n > 0)
			buf_add(text, (struct str){ chunk, (size_t)n });
		else if (errno != EINTR) {
			add_errno(check, "read it");
			return;
		}
	}
	if (text->code != ERR_OK)
		problems_add(&check->problems, "%s", err_text(text->code));
	else if (text->n == text->max)
		problems_add(&check->problems,
		    "it is longer than the %d bytes that a configuration may "
		    "have",
		    HCL_TEXT_MAX);
}

static void
read_file(struct check *check, struct buf *text)
{
	bool is_named_inside = check->path == check->data_file;
	int fd;

	if (!is_named_inside && strcmp(check->path, "-") == 0) {
		check->path = "standard input";
		read_all(check, text, STDIN_FILENO);
		return;
	}
	fd = open(check->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		add_errno(check, "open it");
		return;
	}
	read_all(check, text, fd);
	(void)close(fd);
}

static void
read_settings(struct check *check, const struct hcl_value *body)
{
	config_read_tree(check->conf, check->kind, check->strings,
	    check->trust_domain, body, &check->problems);
}

/* Parse the file at check->path into the tree. */
static bool
parse_file(struct check *check, struct hcl_value *root)
{
	struct buf text;
	bool ok;

	buf_init(&text, HCL_TEXT_MAX + 1);
	read_file(check, &text);
	ok = check->problems.count == 0 &&
	     options_parse(root, &check->tree, buf_str(&text),
		 &check->problems) == ERR_OK;
	buf_wipe(&text);
	return ok;
}

static void
check_whole(struct check *check, const struct hcl_value *root)
{
	static const struct hcl_value nothing = { .type = HCL_OBJECT };
	struct hcl_value body = nothing;
	struct spire_conf found;

	spire_conf_find(&found, root, check->kind->side,
	    check->kind->plugin_name, &check->problems);
	check->trust_domain = found.trust_domain;
	if (found.data != NULL)
		body = *found.data;
	if (found.data_file.n > 0 && check->problems.count == 0) {
		(void)snprintf(check->data_file, sizeof(check->data_file),
		    "%.*s", STR_FMT(found.data_file));
		check->path = check->data_file;
		if (!parse_file(check, &body))
			return;
	}
	if (check->problems.count == 0 || found.data != NULL)
		read_settings(check, &body);
}

static void
read_root(struct check *check, const struct hcl_value *root)
{
	if (spire_conf_is_whole(root))
		check_whole(check, root);
	else
		read_settings(check, root);
}

static void
print_problems(const struct check *check, FILE *to)
{
	size_t i, kept = problems_kept(&check->problems);

	for (i = 0; i < kept; i++)
		(void)fprintf(
		    to, "%s: %s\n", check->path, check->problems.text[i]);
	if (check->problems.count > kept)
		(void)fprintf(to, "%s: and %zu more problems\n", check->path,
		    check->problems.count - kept);
}

static int
print_settings(const struct check *check, FILE *to, FILE *complaints)
{
	struct buf text;
	int r;

	buf_init(&text, PRINTED_MAX);
	options_print(&text, check->kind->table, check->conf);
	r = buf_check(&text, NULL);
	if (r == ERR_OK && text.n > 0)
		(void)fwrite(text.p, 1, text.n, to);
	buf_release(&text);
	if (r == ERR_OK && fflush(to) == 0 && ferror(to) == 0)
		return EXIT_SUCCESS;
	(void)fprintf(complaints, "cannot print the settings: %s\n",
	    r == ERR_OK ? strerror(errno) : err_text(r));
	return EXIT_FAILURE;
}

/* Fills check->conf, or prints every problem. */
static int
load(struct check *check, FILE *complaints)
{
	struct hcl_value root = { .type = HCL_OBJECT };

	arena_init(&check->tree, 2 * HCL_ARENA_MAX);
	if (check->conf == NULL)
		problems_add(&check->problems, "%s", err_text(ERR_MEMORY));
	else if (check->path == NULL)
		read_settings(check, &root);
	else if (parse_file(check, &root))
		read_root(check, &root);
	if (check->path == NULL)
		check->path = "without a file";
	if (check->problems.count > 0)
		print_problems(check, complaints);
	arena_release(&check->tree);
	return check->problems.count > 0 ? ERR_CONFIG : ERR_OK;
}

int
config_load(void *conf, const struct config_kind *kind, struct arena *strings,
    const char *path, FILE *complaints)
{
	struct check check = {
		.kind = kind, .path = path, .conf = conf, .strings = strings
	};

	return load(&check, complaints);
}

int
check_config(const struct config_kind *kind, const char *path, FILE *out,
    FILE *complaints)
{
	struct check check = { .kind = kind, .path = path };
	struct arena strings;
	int status = EXIT_FAILURE;

	arena_init(&strings, OPTIONS_ARENA_MAX);
	check.strings = &strings;
	check.conf = calloc(1, kind->size);
	if (load(&check, complaints) == ERR_OK)
		status = print_settings(&check, out, complaints);
	free(check.conf);
	arena_release(&strings);
	return status;
}
