/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - fargate-mock: options and start
 *
 * Exit status: 0 served until a signal, or did as asked; 1 could not; 2 the
 * command line is wrong.
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "config.h"
#include "mock/environ.h"
#include "mock/faults.h"
#include "mock/request_log.h"
#include "mock/route.h"
#include "mock/scenario.h"
#include "mock/server.h"
#include "mock/sessions.h"
#include "mock/tls.h"

enum { EXIT_USAGE = 2, PORT_DEFAULT = 8090 };
enum { OPTION_CERT = 256, OPTION_KEY }; /* without a letter */

struct options {
	const char *listen, *scenario, *env, *cert, *key;
	uint16_t port;
	bool check;
};

static const char help[] =
    "Usage: fargate-mock [OPTION]...\n"
    "Play the AWS endpoints that an ECS Fargate task sees.\n"
    "\n"
    "  -c, --scenario=FILE   accounts, clusters and tasks to play;\n"
    "                        see fargate-mock.conf(5)\n"
    "  -e, --env=TASK        print the environment of a container of TASK,\n"
    "                        a name or task ID, or TASK/CONTAINER, and exit\n"
    "  -k, --check           check the scenario and exit\n"
    "  -l, --listen=ADDRESS  listen on this IPv4 or IPv6 address "
    "[127.0.0.1]\n"
    "  -p, --port=N          listen on this port, 0 for a free one [8090]\n"
    "      --tls-cert=FILE   speak TLS with this certificate and its chain\n"
    "      --tls-key=FILE    and with this key, both in PEM\n"
    "  -h, --help            print this help and exit\n"
    "  -V, --version         print the version and exit\n"
    "\n"
    "Without a scenario it plays one task, \"demo\", in cluster test-cluster "
    "of\n"
    "account 123456789012 in us-east-1.\n";

static const struct option long_options[] = {
	{ "check", no_argument, NULL, 'k' },
	{ "env", required_argument, NULL, 'e' },
	{ "help", no_argument, NULL, 'h' },
	{ "listen", required_argument, NULL, 'l' },
	{ "port", required_argument, NULL, 'p' },
	{ "scenario", required_argument, NULL, 'c' },
	{ "tls-cert", required_argument, NULL, OPTION_CERT },
	{ "tls-key", required_argument, NULL, OPTION_KEY },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int
fail(const struct err *err)
{
	fprintf(stderr, "fargate-mock: %s\n", err->msg);
	return EXIT_FAILURE;
}

static void
usage(void)
{
	fputs("Try 'fargate-mock --help'.\n", stderr);
	exit(EXIT_USAGE);
}

static uint16_t
port_of(const char *text)
{
	uint64_t n;

	if (!str_to_u64(&n, str_of(text)) || n > UINT16_MAX) {
		fprintf(stderr,
		    "fargate-mock: \"%s\" is not a port: 0 to 65535\n",
		    CLEAN(str_of(text)));
		usage();
	}
	return (uint16_t)n;
}

/* What was printed is worth nothing if it did not get out. */
static int
flushed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	perror("fargate-mock: standard output");
	return EXIT_FAILURE;
}

/* What no option says alone. */
static void
check_options(const struct options *o)
{
	if (o->env != NULL && o->port == 0) {
		fputs("fargate-mock: --env needs the port that the mock "
		      "listens on: --port N\n",
		    stderr);
		usage();
	}
	if ((o->cert == NULL) != (o->key == NULL)) {
		fputs("fargate-mock: --tls-cert and --tls-key need each "
		      "other\n",
		    stderr);
		usage();
	}
}

static void
options_parse(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options){ .listen = "127.0.0.1", .port = PORT_DEFAULT };
	while ((c = getopt_long(
		    argc, argv, "c:e:hkl:p:V", long_options, NULL)) != -1) {
		if (c == 'c')
			o->scenario = optarg;
		else if (c == 'e')
			o->env = optarg;
		else if (c == 'k')
			o->check = true;
		else if (c == 'l')
			o->listen = optarg;
		else if (c == 'p')
			o->port = port_of(optarg);
		else if (c == OPTION_CERT)
			o->cert = optarg;
		else if (c == OPTION_KEY)
			o->key = optarg;
		else if (c == 'h') {
			fputs(help, stdout);
			exit(flushed());
		} else if (c == 'V') {
			puts("fargate-mock " PACKAGE_VERSION);
			exit(flushed());
		} else
			usage();
	}
	if (optind < argc) {
		fprintf(stderr, "fargate-mock: \"%s\" is one word too many\n",
		    CLEAN(str_of(argv[optind])));
		usage();
	}
	check_options(o);
}

static int
print_env(const struct scenario *s, const struct options *o, struct err *err)
{
	char url[SERVER_URL_MAX];
	struct buf b;
	int r;

	buf_init(&b, 4096);
	r = server_url_format(url, o->cert != NULL, o->listen, o->port, err);
	if (r == ERR_OK)
		r = environ_format(&b, s, str_of(o->env), url, err);
	if (r == ERR_OK)
		printf("%.*s", STR_FMT(buf_str(&b)));
	buf_release(&b);
	return r == ERR_OK ? flushed() : fail(err);
}

static int
print_check(const struct scenario *s, const struct options *o)
{
	printf("%s: ok: accounts %zu, clusters %zu, task definitions %zu, "
	       "tasks %zu\n",
	    o->scenario == NULL ? "built-in scenario"
				: CLEAN(str_of(o->scenario)),
	    s->account_count, s->cluster_count, s->definition_count,
	    s->task_count);
	return flushed();
}

/* A load test holds more connections than the usual limit. */
static void
raise_descriptors(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	l.rlim_cur = l.rlim_max < 65536 ? l.rlim_max : 65536;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

static int
mock_init(struct mock *m, struct err *err)
{
	int r = sessions_new(&m->sessions, m->scenario, err);

	if (r == ERR_OK)
		r = faults_new(&m->faults, err);
	if (r == ERR_OK)
		r = request_log_new(&m->log, err);
	return r;
}

static void
mock_release(struct mock *m)
{
	request_log_free(m->log);
	faults_free(m->faults);
	sessions_free(m->sessions);
}

static int
serve(struct scenario *s, const struct options *o, struct err *err)
{
	struct mock mock = { .scenario = s };
	struct server *server = NULL;
	struct tls *tls = NULL;
	char url[SERVER_URL_MAX];
	int r;

	signal(SIGPIPE, SIG_IGN);
	raise_descriptors();
	r = mock_init(&mock, err);
	if (r == ERR_OK && o->cert != NULL)
		r = tls_new(&tls, o->cert, o->key, err);
	if (r == ERR_OK)
		r = server_new(&server, &mock, tls, o->listen, o->port, err);
	if (r == ERR_OK)
		r = server_url_format(
		    url, tls != NULL, o->listen, server_port(server), err);
	if (r == ERR_OK) {
		printf("fargate-mock: listening on %s\n", url);
		r = flushed() == EXIT_SUCCESS
			? server_run(server, err)
			: err_set(err, ERR_SYSTEM, "nobody reads my output");
	}
	server_free(server);
	tls_free(tls);
	mock_release(&mock);
	return r == ERR_OK ? EXIT_SUCCESS : fail(err);
}

int
main(int argc, char **argv)
{
	struct scenario *s = NULL;
	struct err err = { 0 };
	struct options o;
	int status;

	options_parse(&o, argc, argv);
	if (scenario_read(&s, o.scenario, &err) != ERR_OK)
		return fail(&err);
	if (o.check)
		status = print_check(s, &o);
	else if (o.env != NULL)
		status = print_env(s, &o, &err);
	else
		status = serve(s, &o, &err);
	scenario_free(s);
	return status;
}
