/* SPDX-License-Identifier: Apache-2.0 */
#include "programs/settings.h"

#include <arpa/inet.h>
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "config.h"
#include "programs/client.h"
#include "workload/spiffe_id.h"

enum { EXIT_USAGE = 2, SETTINGS_MAX = 16 };

/* libconfuse's callbacks carry no argument: this is what is read now. */
static struct reading {
	const char *path;
	int lines; /* of the file; the mark is below */
	bool ended;
	struct err *err;
} *reading;

/* libconfuse takes a text that ends too early for a whole one. */
#define END_MARK "end_of_settings"

struct value {
	int line;
	const char *name;
	char text[];
};

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[160];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	if (cfg->line > reading->lines)
		(void)err_set(reading->err, ERR_CONFIG, "%s: it ends too early:"
		    " a quote or a brace is missing", reading->path);
	else
		(void)err_set(reading->err, ERR_CONFIG, "%s:%d: %s",
		    reading->path, cfg->line, CLEAN(str_of(text)));
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	size_t n = strlen(text) + 1;
	struct value *v = malloc(sizeof(*v) + n);

	if (v == NULL)
		return err_set(
		    reading->err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	v->line = cfg->line;
	v->name = opt->name;
	memcpy(v->text, text, n);
	memcpy(result, &v, sizeof(v));
	return 0;
}

/* libconfuse lets the last of two settings win and drops the first here. */
static void
on_drop(void *value)
{
	const struct value *v = value;

	if (reading != NULL)
		(void)err_set(reading->err, ERR_CONFIG,
		    "%s:%d: \"%s\" is set here and again further down",
		    reading->path, v->line, v->name);
	free(value);
}

static int
on_end(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	(void)cfg;
	(void)opt;
	(void)argc;
	(void)argv;
	reading->ended = true;
	return 0;
}

static int
no_memory(struct err *err)
{
	return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
}

static cfg_t *
cfg_of(const struct program *program)
{
	cfg_opt_t opts[SETTINGS_MAX + 2] = { { 0 } };
	size_t i;

	for (i = 0; i < program->count; i++) {
		const char *name = program->settings[i].name;

		opts[i] = program->settings[i].type == SETTING_LIST
			      ? (cfg_opt_t)CFG_PTR_LIST_CB(name, NULL,
				    CFGF_NODEFAULT, on_value, on_drop)
			      : (cfg_opt_t)CFG_PTR_CB(name, NULL,
				    CFGF_NODEFAULT, on_value, on_drop);
	}
	opts[i] = (cfg_opt_t)CFG_FUNC(END_MARK, on_end);
	opts[i + 1] = (cfg_opt_t)CFG_END();
	return cfg_init(opts, CFGF_NONE);
}

static char **
text_of(void *values, const struct setting *s)
{
	return (char **)(void *)((char *)values + s->at);
}

static struct texts *
texts_of(void *values, const struct setting *s)
{
	return (struct texts *)(void *)((char *)values + s->at);
}

static bool *
flag_of(void *values, const struct setting *s)
{
	return (bool *)(void *)((char *)values + s->at);
}

static int
check(const struct setting *s, const char *value, struct err *err)
{
	int r = s->check == NULL ? ERR_OK : s->check(value, err);

	return r == ERR_OK ? ERR_OK : err_prefix(err, "%s: ", s->name);
}

static int
take_text(void *values, const struct setting *s, const char *text,
    struct err *err)
{
	char *copy;
	int r;

	r = check(s, text, err);
	if (r != ERR_OK)
		return r;
	copy = strdup(text);
	if (copy == NULL)
		return no_memory(err);
	free(*text_of(values, s));
	*text_of(values, s) = copy;
	return ERR_OK;
}

/* The words for it that libconfuse knows. */
static int
take_flag(void *values, const struct setting *s, const char *text,
    struct err *err)
{
	int is = cfg_parse_boolean(text);

	if (is != 0 && is != 1)
		return err_set(err, ERR_CONFIG,
		    "%s: \"%s\" is neither yes nor no", s->name,
		    CLEAN(str_of(text)));
	*flag_of(values, s) = is == 1;
	return ERR_OK;
}

static int
take_one(void *values, const struct setting *s, const char *text,
    struct err *err)
{
	return s->type == SETTING_FLAG ? take_flag(values, s, text, err)
				       : take_text(values, s, text, err);
}

static int
take_list(void *values, const struct setting *s, cfg_t *cfg, struct err *err)
{
	struct texts *t = texts_of(values, s);
	unsigned i, n = cfg_size(cfg, s->name);
	int r;

	if (n > SETTINGS_LIST_MAX)
		return err_set(err, ERR_TOOBIG, "%s: more than %d values",
		    s->name, SETTINGS_LIST_MAX);
	t->at = calloc(n + 1, sizeof(*t->at));
	if (t->at == NULL)
		return no_memory(err);
	for (i = 0; i < n; i++) {
		const struct value *v = cfg_getnptr(cfg, s->name, i);

		r = check(s, v->text, err);
		if (r != ERR_OK)
			return r;
		t->at[i] = strdup(v->text);
		if (t->at[i] == NULL)
			return no_memory(err);
		t->count++;
	}
	return ERR_OK;
}

static int
take(void *values, const struct program *program, cfg_t *cfg, struct err *err)
{
	const struct value *v;
	size_t i;
	int r = ERR_OK;

	for (i = 0; r == ERR_OK && i < program->count; i++) {
		const struct setting *s = &program->settings[i];

		if (s->type == SETTING_LIST)
			r = take_list(values, s, cfg, err);
		else if (cfg_size(cfg, s->name) > 0) {
			v = cfg_getnptr(cfg, s->name, 0);
			r = take_one(values, s, v->text, err);
		}
	}
	return r;
}

static int
parse(void *values, const struct program *program, struct buf *text,
    struct reading *now, struct err *err)
{
	cfg_t *cfg = cfg_of(program);
	size_t i;
	int parsed;
	int r = ERR_OK;

	for (i = 0; i + 1 < text->n; i++)
		now->lines += text->p[i] == '\n';
	buf_add_text(text, "\n\n" END_MARK "()\n");
	if (cfg == NULL || buf_text(text) == NULL) {
		if (cfg != NULL)
			(void)cfg_free(cfg);
		return no_memory(err);
	}
	(void)cfg_set_error_function(cfg, on_error);
	reading = now;
	parsed = cfg_parse_buf(cfg, buf_text(text));
	reading = NULL;
	if (now->err->code != ERR_OK)
		r = now->err->code;
	else if (parsed != CFG_SUCCESS || !now->ended)
		r = err_set(err, ERR_CONFIG,
		    "%s: it ends too early: a quote or a brace is missing",
		    now->path);
	else
		r = take(values, program, cfg, err);
	(void)cfg_free(cfg);
	return r;
}

static int
read_file(struct buf *text, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[4096];
	ssize_t n = 0;

	if (fd < 0)
		return err_set(
		    err, ERR_SYSTEM, "%s: %s", path, strerror(errno));
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		buf_add(text, (struct str){ chunk, (size_t)n });
		if (text->code != ERR_OK)
			break;
	}
	(void)close(fd);
	if (n < 0)
		return err_set(
		    err, ERR_SYSTEM, "%s: %s", path, strerror(errno));
	if (text->n > SETTINGS_BYTES_MAX || buf_check(text, NULL) != ERR_OK)
		return err_set(err, ERR_TOOBIG, "%s: over %d bytes", path,
		    SETTINGS_BYTES_MAX);
	if (text->n > 0 && memchr(text->p, '\0', text->n) != NULL)
		return err_set(err, ERR_CONFIG, "%s: not a text", path);
	return ERR_OK;
}

static const struct setting *
find(const struct program *program, const char *name)
{
	size_t i;

	for (i = 0; i < program->count; i++)
		if (strcmp(program->settings[i].name, name) == 0)
			return &program->settings[i];
	return NULL;
}

int
settings_finish(void *values, const struct program *program, struct err *err)
{
	const struct setting *flag = find(program, "plain");
	bool plain = flag != NULL && *flag_of(values, flag);
	size_t i;
	int r = ERR_OK;

	if (program->judge != NULL)
		r = program->judge(values, err);
	for (i = 0; r == ERR_OK && i < program->count; i++) {
		const struct setting *s = &program->settings[i];
		const char *preset =
		    plain && s->plain != NULL ? s->plain : s->preset;

		if (s->type == SETTING_TEXT && *text_of(values, s) == NULL &&
		    preset != NULL)
			r = take_text(values, s, preset, err);
	}
	return r;
}

int
settings_read(void *values, const struct program *program, const char *path,
    struct err *err)
{
	struct err local = { 0 };
	struct reading now = { CLEAN(str_of(path)), 1, false, &local };
	struct buf text;
	int r = ERR_OK;

	buf_init(&text, SETTINGS_BYTES_MAX + 64);
	if (path != NULL) {
		r = read_file(&text, path, &local);
		if (r == ERR_OK)
			r = parse(values, program, &text, &now, &local);
	}
	if (r != ERR_OK)
		(void)err_set(err, r, "%s", local.msg);
	buf_release(&text);
	return r;
}

int
settings_set(void *values, const struct program *program, const char *name,
    const char *text, struct err *err)
{
	const struct setting *s = find(program, name);

	return s != NULL
		   ? take_one(values, s, text, err)
		   : err_set(err, ERR_CONFIG, "no such setting: %s", name);
}

void
settings_release(void *values, const struct program *program)
{
	size_t i, k;

	for (i = 0; i < program->count; i++) {
		const struct setting *s = &program->settings[i];

		if (s->type == SETTING_TEXT) {
			free(*text_of(values, s));
			*text_of(values, s) = NULL;
		}
		if (s->type != SETTING_LIST)
			continue;
		for (k = 0; k < texts_of(values, s)->count; k++)
			free(texts_of(values, s)->at[k]);
		free(texts_of(values, s)->at);
		*texts_of(values, s) = (struct texts){ 0, NULL };
	}
}

static void
help(const struct program *program)
{
	size_t i;

	(void)printf("Usage: %s [OPTION]...\n%s\n\n"
		     "  -c, --config=FILE          read settings from FILE\n"
		     "  -l, --listen=ADDRESS:PORT  in place of the setting"
		     " \"listen\";\n"
		     "                             port 0 picks a free one\n"
		     "  -p, --plain                in place of the setting"
		     " \"plain\"\n"
		     "  -h, --help                 print this help and exit\n"
		     "  -V, --version              print the version and"
		     " exit\n\nSettings, as name = \"value\":\n",
	    program->name, program->purpose);
	for (i = 0; i < program->count; i++) {
		const struct setting *s = &program->settings[i];

		(void)printf("  %-15s %s", s->name, s->words);
		if (s->preset != NULL)
			(void)printf(" [%s%s%s]", s->preset,
			    s->plain == NULL ? "" : ", plain: ",
			    s->plain == NULL ? "" : s->plain);
		(void)putchar('\n');
	}
	(void)printf("\nThe Workload API is where SPIFFE_ENDPOINT_SOCKET"
		     " says; in plain mode\nthere is none.\n");
}

static void
usage(const struct program *program)
{
	(void)fprintf(stderr, "Try '%s --help'.\n", program->name);
	exit(EXIT_USAGE);
}

/* The command line goes before the file. */
static int
settle(void *values, const struct program *program, const char *path,
    const char *address, bool plain, struct err *err)
{
	int r = settings_read(values, program, path, err);

	if (r == ERR_OK && address != NULL)
		r = settings_set(values, program, "listen", address, err);
	if (r == ERR_OK && plain)
		r = settings_set(values, program, "plain", "yes", err);
	return r == ERR_OK ? settings_finish(values, program, err) : r;
}

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "listen", required_argument, NULL, 'l' },
	{ "plain", no_argument, NULL, 'p' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

void
settings_start(
    void *values, const struct program *program, int argc, char **argv)
{
	const char *path = NULL, *address = NULL;
	struct err err = { 0 };
	bool plain = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:hl:pV", long_options, NULL)) !=
	       -1) {
		if (c == 'c')
			path = optarg;
		else if (c == 'l')
			address = optarg;
		else if (c == 'p')
			plain = true;
		else if (c == 'h' || c == 'V') {
			if (c == 'h')
				help(program);
			else
				(void)printf("%s " PACKAGE_VERSION "\n",
				    program->name);
			exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
		} else
			usage(program);
	}
	if (optind < argc) {
		(void)fprintf(stderr, "%s: \"%s\" is one word too many\n",
		    program->name, CLEAN(str_of(argv[optind])));
		usage(program);
	}
	if (settle(values, program, path, address, plain, &err) == ERR_OK)
		return;
	(void)fprintf(stderr, "%s: %s\n", program->name, err.msg);
	exit(EXIT_FAILURE);
}

int
check_spiffe_id(const char *value, struct err *err)
{
	struct spiffe_id id;

	return spiffe_id_parse(&id, str_of(value), err);
}

int
address_parse(struct sockaddr_storage *a, const char *value, struct err *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)a;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)a;
	const char *colon = strrchr(value, ':');
	char host[INET6_ADDRSTRLEN];
	uint64_t port;
	size_t n;

	memset(a, 0, sizeof(*a));
	if (colon == NULL || !str_to_u64(&port, str_of(colon + 1)) ||
	    port > UINT16_MAX)
		goto bad;
	n = (size_t)(colon - value);
	if (n > 2 && value[0] == '[' && value[n - 1] == ']') {
		(void)snprintf(
		    host, sizeof(host), "%.*s", (int)n - 2, value + 1);
		a->ss_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1)
			return ERR_OK;
	} else {
		(void)snprintf(host, sizeof(host), "%.*s", (int)n, value);
		a->ss_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
			return ERR_OK;
	}
bad:
	return err_set(err, ERR_CONFIG,
	    "\"%s\" is no address with a port, such as 127.0.0.1:8080 or"
	    " [::1]:0",
	    CLEAN(str_of(value)));
}

int
check_address(const char *value, struct err *err)
{
	struct sockaddr_storage a;

	return address_parse(&a, value, err);
}

int
check_loopback(const char *value, struct err *err)
{
	struct sockaddr_storage a;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a;
	int r = address_parse(&a, value, err);

	if (r != ERR_OK)
		return r;
	if (a.ss_family == AF_INET
		? (ntohl(v4->sin_addr.s_addr) >> 24) == 127
		: IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr))
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
	    "\"%s\" is not on loopback, 127.0.0.0/8 or ::1, and what is"
	    " served there is not protected",
	    CLEAN(str_of(value)));
}

int
check_url(const char *value, bool plain, struct err *err)
{
	bool is_v6;
	struct client_url url;
	char address[CLIENT_HOST_SIZE + 16];
	int r;

	if (value == NULL)
		return ERR_OK;
	r = client_url_parse(
	    &url, value, plain ? CLIENT_PLAIN : CLIENT_TLS, err);
	if (r != ERR_OK || !plain)
		return r;
	is_v6 = strchr(url.host, ':') != NULL;
	(void)snprintf(address, sizeof(address), "%s%s%s:%s",
	    is_v6 ? "[" : "", url.host, is_v6 ? "]" : "", url.port);
	if (check_loopback(address, NULL) == ERR_OK)
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
	    "\"%s\" is not on loopback, such as http://127.0.0.1:PORT, where"
	    " the sidecar is",
	    CLEAN(str_of(value)));
}

int
plain_clash(struct err *err, const char *name, const char *why)
{
	return err_set(err, ERR_CONFIG, "plain and %s do not go together: %s",
	    name, why);
}
