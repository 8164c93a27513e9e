/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "config.h"
#include "programs/cli.h"
#include "programs/settings.h"
#include "workload/spiffe_id.h"

enum { TIMEOUT_S = 10, TIMEOUT_MAX_S = 3600 };

static const char help[] =
    "Usage: spire-cli [OPTION]...\n"
    "Show what SPIRE has given this workload, and use it.\n"
    "\n"
    "  -self              show our X.509-SVIDs and trust bundles (without\n"
    "                     any other action, this one)\n"
    "  -query             call an API over mutual TLS\n"
    "  -endpoint URL      the API of -query\n"
    "                     [https://127.0.0.1:8082/attestation]\n"
    "  -id SPIFFE_ID      who has to answer there\n"
    "                     [spiffe://OUR-TRUST-DOMAIN/api-service]\n"
    "  -plain             -query by plain HTTP through a sidecar, which has\n"
    "                     the identity: no TLS, no Workload API\n"
    "                     [-endpoint http://127.0.0.1:9103/attestation]\n"
    "  -jwt AUDIENCE      fetch a JWT-SVID for AUDIENCE\n"
    "  -validate TOKEN    let the agent verify TOKEN, - for standard input\n"
    "  -audience AUDIENCE of -validate [our own SPIFFE ID]\n"
    "  -watch             tell of each rotation as it comes, until a signal\n"
    "  -json              print JSON\n"
    "  -timeout SECONDS   wait so long for the Workload API and the API [10]\n"
    "  -help              print this help and exit\n"
    "  -version           print the version and exit\n"
    "\n"
    "The Workload API is where SPIFFE_ENDPOINT_SOCKET says.\n"
    "Exit status: 0 done; 1 it failed or was refused; 2 the command line is\n"
    "wrong; 3 the Workload API gave no identity in time.\n";

enum option_code {
	OPTION_SELF = 256,
	OPTION_QUERY,
	OPTION_ENDPOINT,
	OPTION_ID,
	OPTION_JWT,
	OPTION_VALIDATE,
	OPTION_AUDIENCE,
	OPTION_WATCH,
	OPTION_JSON,
	OPTION_PLAIN,
	OPTION_TIMEOUT,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "audience", required_argument, NULL, OPTION_AUDIENCE },
	{ "endpoint", required_argument, NULL, OPTION_ENDPOINT },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "id", required_argument, NULL, OPTION_ID },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "jwt", required_argument, NULL, OPTION_JWT },
	{ "plain", no_argument, NULL, OPTION_PLAIN },
	{ "query", no_argument, NULL, OPTION_QUERY },
	{ "self", no_argument, NULL, OPTION_SELF },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "validate", required_argument, NULL, OPTION_VALIDATE },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "watch", no_argument, NULL, OPTION_WATCH },
	{ NULL, 0, NULL, 0 },
};

static void
usage(const char *sentence)
{
	if (sentence != NULL)
		(void)fprintf(stderr, "spire-cli: %s\n", sentence);
	(void)fputs("Try 'spire-cli -help'.\n", stderr);
	exit(EXIT_USAGE);
}

static void
print_and_exit(const char *text)
{
	(void)fputs(text, stdout);
	exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static int64_t
timeout_of(const char *text)
{
	uint64_t s;

	if (!str_to_u64(&s, str_of(text)) || s == 0 || s > TIMEOUT_MAX_S)
		usage("-timeout: not a number of seconds from 1 to 3600");
	return (int64_t)s * 1000;
}

static void
take(struct cli_options *o, int c)
{
	switch (c) {
	case OPTION_SELF:
		o->self = true;
		break;
	case OPTION_QUERY:
		o->query = true;
		break;
	case OPTION_ENDPOINT:
		o->endpoint = optarg;
		break;
	case OPTION_ID:
		o->id = optarg;
		break;
	case OPTION_JWT:
		o->jwt = optarg;
		break;
	case OPTION_VALIDATE:
		o->validate = optarg;
		break;
	case OPTION_AUDIENCE:
		o->audience = optarg;
		break;
	case OPTION_WATCH:
		o->watch = true;
		break;
	case OPTION_JSON:
		o->json = true;
		break;
	case OPTION_PLAIN:
		o->plain = true;
		break;
	case OPTION_TIMEOUT:
		o->timeout_ms = timeout_of(optarg);
		break;
	case OPTION_HELP:
		print_and_exit(help);
		break;
	case OPTION_VERSION:
		print_and_exit("spire-cli " PACKAGE_VERSION "\n");
		break;
	default:
		usage(NULL);
	}
}

/* -plain leaves -query, and the sidecar the rest. */
static void
check_plain(const struct cli_options *o)
{
	static const char workload[] =
	    "what it shows comes from the Workload API, which is not asked:"
	    " the sidecar has the identity";
	static const char sidecar[] =
	    "the sidecar verifies who answers, by its own configuration";
	const struct {
		bool is;
		const char *name, *why;
	} others[] = { { o->self, "-self", workload },
		{ o->jwt != NULL, "-jwt", workload },
		{ o->validate != NULL, "-validate", workload },
		{ o->audience != NULL, "-audience", workload },
		{ o->watch, "-watch", workload },
		{ o->id != NULL, "-id", sidecar } };
	struct err err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!others[i].is)
			continue;
		(void)err_set(&err, ERR_CONFIG,
		    "-plain and %s do not go together: %s", others[i].name,
		    others[i].why);
		usage(err.msg);
	}
}

static void
check_endpoint(struct cli_options *o)
{
	struct err err = { 0 };

	if (o->endpoint == NULL)
		o->endpoint = o->plain ? "http://127.0.0.1:9103/attestation"
				       : "https://127.0.0.1:8082/attestation";
	if (check_url(o->endpoint, o->plain, &err) == ERR_OK)
		return;
	(void)err_prefix(&err, o->plain ? "-plain and -endpoint do not go"
					  " together: "
					: "-endpoint: ");
	usage(err.msg);
}

/* What no option says alone. */
static void
check(struct cli_options *o)
{
	struct spiffe_id id;
	struct err err = { 0 };

	if (o->plain)
		check_plain(o);
	check_endpoint(o);
	if (o->id != NULL && spiffe_id_parse(&id, str_of(o->id), &err) !=
				 ERR_OK) {
		(void)err_prefix(&err, "-id: ");
		usage(err.msg);
	}
	if (o->jwt != NULL && o->jwt[0] == '\0')
		usage("-jwt: the audience is empty");
	if (o->audience != NULL && o->audience[0] == '\0')
		usage("-audience: it is empty");
	if (o->plain)
		o->query = true;
	if (!o->query && o->jwt == NULL && o->validate == NULL && !o->watch)
		o->self = true;
}

void
cli_options_parse(struct cli_options *o, int argc, char **argv)
{
	char sentence[128];
	int c;

	*o = (struct cli_options){
		.timeout_ms = (int64_t)TIMEOUT_S * 1000,
	};
	while ((c = getopt_long_only(argc, argv, "", long_options, NULL)) != -1)
		take(o, c);
	if (optind < argc) {
		(void)snprintf(sentence, sizeof(sentence),
		    "\"%s\" is one word too many", CLEAN(str_of(argv[optind])));
		usage(sentence);
	}
	check(o);
}
