/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "workload/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/str.h"

#define VARIABLE "SPIFFE_ENDPOINT_SOCKET"

static int
from_path(char target[ENDPOINT_SIZE], struct str path, struct err *err)
{
	/* "unix://" is an authority, which must be empty, and a path */
	if (str_starts(path, "//"))
		path = str_sub(path, 2, path.n);
	if (!str_starts(path, "/"))
		return err_set(err, ERR_CONFIG,
		    "a unix endpoint needs an absolute path and nothing before"
		    " it, as in unix:///run/agent.sock");
	if (path.n == 1)
		return err_set(err, ERR_CONFIG, "the path is empty");
	if (path.n >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(err, ERR_CONFIG,
		    "a socket's path of %zu bytes, at most %zu are possible",
		    path.n, sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	if (!str_is_printable(path) || memchr(path.p, '?', path.n) != NULL ||
	    memchr(path.p, '#', path.n) != NULL ||
	    memchr(path.p, '%', path.n) != NULL)
		return err_set(err, ERR_CONFIG,
		    "the path may have no query, fragment or percent sign");
	(void)snprintf(
	    target, ENDPOINT_SIZE, "unix:%.*s", STR_FMT(path));
	return ERR_OK;
}

/* "[::1]" or "127.0.0.1" to its family; 0 if it is no address */
static int
family_of(struct str host)
{
	char text[INET6_ADDRSTRLEN], bytes[16];
	bool brackets = host.n > 2 && host.p[0] == '[' &&
			host.p[host.n - 1] == ']';

	if (brackets)
		host = str_sub(host, 1, host.n - 2);
	if (host.n == 0 || host.n >= sizeof(text) ||
	    memchr(host.p, '\0', host.n) != NULL)
		return 0;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (brackets)
		return inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : 0;
	return inet_pton(AF_INET, text, bytes) == 1 ? AF_INET : 0;
}

static int
from_address(char target[ENDPOINT_SIZE], struct str address, struct err *err)
{
	const char *colon = memrchr(address.p, ':', address.n);
	struct str host, port;
	uint64_t number;
	int family;

	if (colon == NULL)
		return err_set(err, ERR_CONFIG,
		    "a tcp endpoint needs an IP address and a port, as in"
		    " tcp://127.0.0.1:8000");
	host = str_sub(address, 0, (size_t)(colon - address.p));
	port = str_sub(address, host.n + 1, address.n);
	family = family_of(host);
	if (family == 0)
		return err_set(err, ERR_CONFIG,
		    "the host must be an IP address, not \"%s\"", CLEAN(host));
	if (!str_to_u64(&number, port) || number == 0 || number > 65535)
		return err_set(err, ERR_CONFIG,
		    "\"%s\" is no port, and nothing may follow one",
		    CLEAN(port));
	(void)snprintf(target, ENDPOINT_SIZE, "%s:%.*s:%u",
	    family == AF_INET ? "ipv4" : "ipv6", STR_FMT(host),
	    (unsigned)number);
	return ERR_OK;
}

int
endpoint_target(char target[ENDPOINT_SIZE], const char *uri, struct err *err)
{
	bool from_environment = uri == NULL;
	struct str text;
	int r;

	if (from_environment)
		uri = secure_getenv(VARIABLE);
	if (uri == NULL || uri[0] == '\0')
		return err_set(err, ERR_CONFIG,
		    "no Workload API endpoint: set " VARIABLE
		    " to where the SPIRE agent listens, as in"
		    " unix:///tmp/spire-agent/public/api.sock");
	text = str_of(uri);
	if (str_starts(text, "unix:"))
		r = from_path(target, str_sub(text, 5, text.n), err);
	else if (str_starts(text, "tcp://"))
		r = from_address(target, str_sub(text, 6, text.n), err);
	else
		r = err_set(err, ERR_CONFIG,
		    "the scheme must be unix or tcp, as in"
		    " unix:///run/agent.sock or tcp://127.0.0.1:8000");
	if (r != ERR_OK)
		(void)err_prefix(err, "%s \"%s\": ",
		    from_environment ? VARIABLE : "Workload API endpoint",
		    CLEAN(text));
	return r;
}
