/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/endpoint.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { REGION_MAX = 63, PORT_MAX = 65535, HTTP_PORT = 80, HTTPS_PORT = 443 };

const char *const endpoint_partitions[] = { "aws", "aws-cn", "aws-us-gov",
	"aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", NULL };

/* In their order.  prefix: how the regions of no other partition begin. */
static const struct {
	const char *prefix, *suffix, *dualstack;
} partitions[] = {
	{ "", "amazonaws.com", "api.aws" },
	{ "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn" },
	{ "us-gov-", "amazonaws.com", "api.aws" },
	{ "us-iso-", "c2s.ic.gov", "api.aws.ic.gov" },
	{ "us-isob-", "sc2s.sgov.gov", "api.aws.scloud" },
	{ "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk" },
	{ "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov" },
	{ "eusc-", "amazonaws.eu", "api.amazonwebservices.eu" },
};

enum {
	PARTITIONS = sizeof(partitions) / sizeof(partitions[0]),
	US_GOV = 2,
};

static bool
is_lower(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 'a' || s.p[i] > 'z')
			return false;
	return s.n > 0;
}

static bool
is_part(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') &&
		    (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	return s.n > 0;
}

/*
 * Letters, parts, a number: so is every region.  Any label will not do:
 * "sts.s3.amazonaws.com" is somebody's bucket.
 */
static bool
is_region(struct str s)
{
	struct str part, rest;
	size_t parts = 1;

	if (s.n > REGION_MAX || !is_lower(str_cut(&rest, s, '-')))
		return false;
	do {
		part = str_cut(&rest, rest, '-');
		parts++;
	} while (is_part(part) && rest.p != NULL);
	return rest.p == NULL && parts >= 3 && str_is_digits(part);
}

/* The most that names tell: new regions of old partitions pass. */
static size_t
partition_of_region(struct str region)
{
	size_t i;

	for (i = 1; i < PARTITIONS; i++)
		if (str_starts(region, partitions[i].prefix))
			return i;
	return 0;
}

static int
find_partition(
    size_t *index, struct str partition, struct str region, struct err *err)
{
	size_t i, own;

	for (i = 0; i < PARTITIONS; i++)
		if (str_is(partition, endpoint_partitions[i]))
			break;
	if (i == PARTITIONS)
		return err_set(err, ERR_FORMAT,
		    "\"%s\" is no partition of AWS that is known here",
		    CLEAN(partition));
	if (!is_region(region))
		return err_set(err, ERR_FORMAT, "\"%s\" is no region of AWS",
		    CLEAN(region));
	own = partition_of_region(region);
	if (own != i)
		return err_set(err, ERR_FORMAT,
		    "region %s is of partition %s, not %s", CLEAN(region),
		    endpoint_partitions[own], endpoint_partitions[i]);
	*index = i;
	return ERR_OK;
}

/* GovCloud's plain name of STS is a FIPS one already. */
static const char *
fips_mark(size_t partition, const char *service, unsigned flags)
{
	if ((flags & ENDPOINT_FIPS) == 0)
		return "";
	if (partition == US_GOV && str_is(str_of(service), "sts") &&
	    (flags & ENDPOINT_DUALSTACK) == 0)
		return "";
	return "-fips";
}

int
endpoint_of_region(struct endpoint *e, const char *service,
    struct str partition, struct str region, unsigned flags, struct err *err)
{
	size_t i = 0;
	int r = find_partition(&i, partition, region, err);

	if (r != ERR_OK)
		return r;
	(void)snprintf(e->host, sizeof(e->host), "%s%s.%.*s.%s", service,
	    fips_mark(i, service, flags), STR_FMT(region),
	    (flags & ENDPOINT_DUALSTACK) != 0 ? partitions[i].dualstack
					      : partitions[i].suffix);
	(void)snprintf(e->url, sizeof(e->url), "https://%s/", e->host);
	return ERR_OK;
}

bool
endpoint_is_of_region(struct str host, const char *service,
    struct str partition, struct str region)
{
	struct endpoint e;
	unsigned flags;

	for (flags = 0; flags <= (ENDPOINT_FIPS | ENDPOINT_DUALSTACK); flags++)
		if (endpoint_of_region(&e, service, partition, region, flags,
			NULL) == ERR_OK &&
		    str_is(host, e.host))
			return true;
	return false;
}

/* A decimal number of at most 255, without a leading zero. */
static bool
is_octet(struct str s)
{
	uint64_t n;

	return s.n > 0 && s.n <= 3 && (s.n == 1 || s.p[0] != '0') &&
	       str_to_u64(&n, s) && n <= 255;
}

static bool
is_ipv4_loopback(struct str host)
{
	struct str rest = host;
	size_t parts = 0;

	if (!str_starts(host, "127."))
		return false;
	while (rest.p != NULL && is_octet(str_cut(&rest, rest, '.')))
		parts++;
	return rest.p == NULL && parts == 4;
}

static bool
is_loopback(struct str host)
{
	return is_ipv4_loopback(host) || str_is(host, "[::1]") ||
	       str_is(host, "localhost");
}

static bool
is_host(struct str host)
{
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		return str_is_alnum_or(str_sub(host, 1, host.n - 2), ":.");
	return str_is_alnum_or(host, ".-") && host.p[0] != '.' &&
	       host.p[0] != '-';
}

static int
bad_url(struct err *err)
{
	return err_set(err, ERR_CONFIG,
	    "expected a URL of scheme, host and port only, such as "
	    "\"https://sts.us-east-1.amazonaws.com\"");
}

/* HOST, HOST:PORT; *port is 0 if there is none. */
static bool
split_port(struct str *host, uint64_t *port, struct str authority)
{
	struct str digits;
	size_t n = authority.n;

	*port = 0;
	*host = authority;
	while (n > 0 && authority.p[n - 1] >= '0' && authority.p[n - 1] <= '9')
		n--;
	if (n == 0 || authority.p[n - 1] != ':')
		return is_host(*host);
	*host = str_sub(authority, 0, n - 1);
	digits = str_sub(authority, n, authority.n);
	/* a zero before it would be signed, and not sent */
	return is_host(*host) && digits.n > 0 && digits.p[0] != '0' &&
	       str_to_u64(port, digits) && *port <= PORT_MAX;
}

int
endpoint_of_url(
    struct endpoint *e, struct str url, bool allow_insecure, struct err *err)
{
	bool tls = str_starts(url, "https://");
	struct str path, host, authority = url;
	uint64_t port;
	size_t skip = tls ? sizeof("https://") - 1 : sizeof("http://") - 1;

	if (!tls && !str_starts(url, "http://"))
		return bad_url(err);
	authority = str_cut(&path, str_sub(url, skip, url.n), '/');
	if (path.n > 0 || authority.n == 0 || authority.n >= sizeof(e->host) ||
	    !split_port(&host, &port, authority))
		return bad_url(err);
	if (!tls && !allow_insecure && !is_loopback(host))
		return err_set(err, ERR_CONFIG,
		    "an http:// endpoint off this host can be faked by whoever "
		    "is on the way: use https://, or set "
		    "allow_insecure_endpoints = true");
	(void)snprintf(e->url, sizeof(e->url), "%.*s%.*s/", (int)skip, url.p,
	    STR_FMT(authority));
	if (port == (tls ? HTTPS_PORT : HTTP_PORT))
		authority = host;
	(void)snprintf(e->host, sizeof(e->host), "%.*s", STR_FMT(authority));
	return ERR_OK;
}

static bool
is_true(const char *name)
{
	return str_eq_nocase(str_of(getenv(name)), STR("true"));
}

unsigned
endpoint_flags_of_environment(void)
{
	unsigned flags = 0;

	if (is_true("AWS_USE_FIPS_ENDPOINT"))
		flags |= ENDPOINT_FIPS;
	if (is_true("AWS_USE_DUALSTACK_ENDPOINT"))
		flags |= ENDPOINT_DUALSTACK;
	return flags;
}
