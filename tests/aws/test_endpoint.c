/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/endpoint.h"

#include "testing.h"

/* 64 */
#define LABEL_64 \
	"us-abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghi-1"

static const struct {
	const char *partition, *region, *plain, *fips, *dual, *both;
} places[] = {
	{ "aws", "us-east-1", "sts.us-east-1.amazonaws.com",
	    "sts-fips.us-east-1.amazonaws.com", "sts.us-east-1.api.aws",
	    "sts-fips.us-east-1.api.aws" },
	{ "aws", "mx-central-1", "sts.mx-central-1.amazonaws.com",
	    "sts-fips.mx-central-1.amazonaws.com", "sts.mx-central-1.api.aws",
	    "sts-fips.mx-central-1.api.aws" },
	{ "aws-cn", "cn-north-1", "sts.cn-north-1.amazonaws.com.cn",
	    "sts-fips.cn-north-1.amazonaws.com.cn",
	    "sts.cn-north-1.api.amazonwebservices.com.cn",
	    "sts-fips.cn-north-1.api.amazonwebservices.com.cn" },
	/* without -fips: that name is a FIPS one already */
	{ "aws-us-gov", "us-gov-west-1", "sts.us-gov-west-1.amazonaws.com",
	    "sts.us-gov-west-1.amazonaws.com", "sts.us-gov-west-1.api.aws",
	    "sts-fips.us-gov-west-1.api.aws" },
	{ "aws-iso", "us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov",
	    "sts-fips.us-iso-east-1.c2s.ic.gov",
	    "sts.us-iso-east-1.api.aws.ic.gov",
	    "sts-fips.us-iso-east-1.api.aws.ic.gov" },
	{ "aws-iso-b", "us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov",
	    "sts-fips.us-isob-east-1.sc2s.sgov.gov",
	    "sts.us-isob-east-1.api.aws.scloud",
	    "sts-fips.us-isob-east-1.api.aws.scloud" },
	{ "aws-iso-e", "eu-isoe-west-1", "sts.eu-isoe-west-1.cloud.adc-e.uk",
	    "sts-fips.eu-isoe-west-1.cloud.adc-e.uk",
	    "sts.eu-isoe-west-1.api.cloud-aws.adc-e.uk",
	    "sts-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk" },
	{ "aws-iso-f", "us-isof-south-1", "sts.us-isof-south-1.csp.hci.ic.gov",
	    "sts-fips.us-isof-south-1.csp.hci.ic.gov",
	    "sts.us-isof-south-1.api.aws.hci.ic.gov",
	    "sts-fips.us-isof-south-1.api.aws.hci.ic.gov" },
	{ "aws-eusc", "eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu",
	    "sts-fips.eusc-de-east-1.amazonaws.eu",
	    "sts.eusc-de-east-1.api.amazonwebservices.eu",
	    "sts-fips.eusc-de-east-1.api.amazonwebservices.eu" },
};

static void
check_host(int i, const char *service, unsigned flags, const char *host)
{
	struct str partition = str_of(places[i].partition);
	struct str region = str_of(places[i].region);
	struct endpoint e;
	struct err err = { 0 };
	int r = endpoint_of_region(&e, service, partition, region, flags, &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(str_of(e.host), host);
	ck_assert(str_starts(str_of(e.url), "https://"));
	ck_str(str_cut(&(struct str){ 0 }, str_of(e.url + 8), '/'), host);
	ck_assert(str_ends(str_of(e.url), "/"));
	ck_assert(
	    endpoint_is_of_region(str_of(host), service, partition, region));
}

START_TEST(knows_the_partitions)
{
	check_host(_i, "sts", 0, places[_i].plain);
	check_host(_i, "sts", ENDPOINT_FIPS, places[_i].fips);
	check_host(_i, "sts", ENDPOINT_DUALSTACK, places[_i].dual);
	check_host(
	    _i, "sts", ENDPOINT_FIPS | ENDPOINT_DUALSTACK, places[_i].both);
}
END_TEST

START_TEST(lists_the_partitions_it_knows)
{
	size_t i;

	for (i = 0; endpoint_partitions[i] != NULL; i++) {
		struct str name = str_of(endpoint_partitions[i]);
		bool among = false;
		size_t k;

		for (k = 0; k < COUNT_OF(places); k++)
			among = among || str_is(name, places[k].partition);
		ck_assert_msg(among, "no row for %s", endpoint_partitions[i]);
	}
	ck_assert_uint_eq(i, 8);
}
END_TEST

/* ECS has a FIPS name of its own everywhere. */
START_TEST(knows_where_ecs_is)
{
	enum { US_EAST_1, CN = 2, US_GOV = 3 };

	check_host(US_EAST_1, "ecs", 0, "ecs.us-east-1.amazonaws.com");
	check_host(US_EAST_1, "ecs", ENDPOINT_FIPS | ENDPOINT_DUALSTACK,
	    "ecs-fips.us-east-1.api.aws");
	check_host(CN, "ecs", 0, "ecs.cn-north-1.amazonaws.com.cn");
	check_host(US_GOV, "ecs", ENDPOINT_FIPS,
	    "ecs-fips.us-gov-west-1.amazonaws.com");
}
END_TEST

static const struct {
	const char *partition, *region, *says;
} nowhere[] = {
	{ "", "us-east-1", "partition" },
	{ "AWS", "us-east-1", "partition" },
	{ "aws ", "us-east-1", "partition" },
	{ "aws-mars", "us-east-1", "partition" },
	{ "aws-", "us-east-1", "partition" },
	{ "aws", "", "region" },
	{ "aws", "us-east-1.evil.com", "region" },
	{ "aws", "us-east-1#", "region" },
	{ "aws", "evil.com/?x=", "region" },
	{ "aws", "us-east-1\r\nHost: x", "region" },
	{ "aws", "us-east-1/", "region" },
	{ "aws", "us-east-1@evil", "region" },
	{ "aws", "us-east-1:80", "region" },
	{ "aws", "us-east-1 ", "region" },
	{ "aws", " us-east-1", "region" },
	{ "aws", "us_east_1", "region" },
	{ "aws", "US-EAST-1", "region" },
	{ "aws", "us-e\xc3\xa4st-1", "region" },
	{ "aws", "-us-east-1", "region" },
	{ "aws", "us-east-1-", "region" },
	{ "aws", "%75s-east-1", "region" },
	{ "aws", LABEL_64, "region" },
	/* their hosts would be somebody's bucket, not a region's service */
	{ "aws", "s3", "region" },
	{ "aws", "s3-us-west-2", "region" },
	{ "aws", "s3-website-us-east-1", "region" },
	{ "aws", "s3-accelerate", "region" },
	{ "aws", "compute-1", "region" },
	{ "aws", "us-east", "region" },
	{ "aws", "us-east-1a", "region" },
	{ "aws", "us--1", "region" },
	{ "aws", "aws-global", "region" },
	/* by its name another partition's */
	{ "aws", "cn-north-1", "aws-cn" },
	{ "aws", "us-gov-west-1", "aws-us-gov" },
	{ "aws", "us-iso-east-1", "aws-iso" },
	{ "aws", "us-isob-east-1", "aws-iso-b" },
	{ "aws", "eu-isoe-west-1", "aws-iso-e" },
	{ "aws", "us-isof-south-1", "aws-iso-f" },
	{ "aws", "eusc-de-east-1", "aws-eusc" },
	{ "aws-cn", "us-east-1", "aws, not aws-cn" },
	{ "aws-iso", "us-isob-east-1", "aws-iso-b, not aws-iso" },
	{ "aws-us-gov", "us-east-1", "aws, not aws-us-gov" },
};

START_TEST(refuses_what_is_no_region_of_the_partition)
{
	struct endpoint e = { .host = "untouched" };
	struct err err = { 0 };
	int r = endpoint_of_region(&e, "sts", str_of(nowhere[_i].partition),
	    str_of(nowhere[_i].region), 0, &err);

	ck_assert_msg(r == ERR_FORMAT, "host %s", e.host);
	ck_assert_int_eq(err.code, r);
	ck_assert_msg(
	    strstr(err.msg, nowhere[_i].says) != NULL, "%s", err.msg);
	ck_assert(str_is_printable(str_of(err.msg)));
	ck_str(str_of(e.host), "untouched");
}
END_TEST

/* Regions come faster than releases of ours. */
START_TEST(takes_a_region_that_is_not_built_yet)
{
	struct endpoint e;

	ck_assert_int_eq(endpoint_of_region(&e, "sts", STR("aws"),
			     STR("aq-southpole-12"), 0, NULL),
	    ERR_OK);
	ck_str(str_of(e.url), "https://sts.aq-southpole-12.amazonaws.com/");
}
END_TEST

static const char *const strangers[] = {
	"",
	"sts.amazonaws.com",
	"sts.us-east-1.amazonaws.com.evil",
	"sts.us-east-1.amazonaws.com.",
	"sts.us-east-1.amazonaws.com:443",
	"evil-sts.us-east-1.amazonaws.com",
	"STS.us-east-1.amazonaws.com",
	"sts.us-east-2.amazonaws.com",
	"sts.us-east-1.amazonaws.com.cn",
	"ecs.us-east-1.amazonaws.com",
	"sts.us-east-1",
};

START_TEST(tells_a_stranger)
{
	ck_assert(!endpoint_is_of_region(str_of(strangers[_i]), "sts",
	    STR("aws"), STR("us-east-1")));
}
END_TEST

START_TEST(knows_no_host_of_no_region)
{
	ck_assert(!endpoint_is_of_region(
	    STR("sts.evil.com.amazonaws.com"), "sts", STR("aws"),
	    STR("evil.com")));
	ck_assert(!endpoint_is_of_region(STR("sts.us-east-1.amazonaws.com"),
	    "sts", STR("aws-cn"), STR("us-east-1")));
}
END_TEST

static const struct {
	const char *text, *url, *host;
} urls[] = {
	{ "https://sts.example.org", "https://sts.example.org/",
	    "sts.example.org" },
	{ "https://sts.example.org/", "https://sts.example.org/",
	    "sts.example.org" },
	{ "https://sts.example.org:8443", "https://sts.example.org:8443/",
	    "sts.example.org:8443" },
	{ "https://sts.example.org:443", "https://sts.example.org:443/",
	    "sts.example.org" },
	{ "https://sts.example.org:80", "https://sts.example.org:80/",
	    "sts.example.org:80" },
	{ "https://[fd00::1]:8443", "https://[fd00::1]:8443/",
	    "[fd00::1]:8443" },
	{ "http://127.0.0.1:8090", "http://127.0.0.1:8090/",
	    "127.0.0.1:8090" },
	{ "http://127.0.0.1:80", "http://127.0.0.1:80/", "127.0.0.1" },
	{ "http://127.0.0.1:443", "http://127.0.0.1:443/", "127.0.0.1:443" },
	{ "http://127.255.0.9", "http://127.255.0.9/", "127.255.0.9" },
	{ "http://[::1]", "http://[::1]/", "[::1]" },
	{ "http://[::1]:65535/", "http://[::1]:65535/", "[::1]:65535" },
	{ "http://localhost:1", "http://localhost:1/", "localhost:1" },
};

START_TEST(takes_a_url)
{
	struct endpoint e;
	struct err err = { 0 };
	int r = endpoint_of_url(&e, str_of(urls[_i].text), false, &err);

	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	ck_str(str_of(e.url), urls[_i].url);
	ck_str(str_of(e.host), urls[_i].host);
}
END_TEST

static const char *const bad_urls[] = {
	"",
	"https://",
	"http:///",
	"https:///path",
	"sts.example.org",
	"//sts.example.org",
	"ftp://sts.example.org",
	"HTTPS://sts.example.org",
	"https:/sts.example.org",
	"https://sts.example.org/path",
	"https://sts.example.org//",
	"https://sts.example.org/?",
	"https://sts.example.org?x=y",
	"https://sts.example.org#f",
	"https://user@sts.example.org",
	"https://user:secret@sts.example.org",
	"https://sts.example.org:",
	"https://sts.example.org:0",
	"https://sts.example.org:65536",
	"https://sts.example.org:99999999999999999999",
	"https://sts.example.org:-1",
	"https://sts.example.org:8o",
	/* sent as another text than was signed */
	"https://sts.example.org:08443",
	"https://sts.example.org:0443",
	"https://:443",
	"https://a:b:443",
	"https://-sts.example.org",
	"https://.example.org",
	"https://sts.example.org\n",
	"https://sts.example.org\r\nX-Evil: 1",
	"https://sts example.org",
	"https://sts.ex\xc3\xa4mple.org",
	"https://sts%2eexample.org",
	"https://sts.example.org\\evil",
	"https://[]",
	"https://[::1",
	"https://::1",
	"https://[fe80::1%25eth0]",
	"https://[::1]x",
	"https://[::1]:",
};

START_TEST(refuses_a_url)
{
	struct endpoint e = { .host = "untouched" };
	struct err err = { 0 };
	int r = endpoint_of_url(&e, str_of(bad_urls[_i]), true, &err);

	ck_assert_msg(r == ERR_CONFIG, "host %s", e.host);
	ck_assert_int_eq(err.code, r);
	ck_assert_msg(strstr(err.msg, "URL") != NULL, "%s", err.msg);
	ck_str(str_of(e.host), "untouched");
}
END_TEST

static const char *const off_loopback[] = {
	"http://sts.us-east-1.amazonaws.com",
	"http://10.0.0.5",
	"http://128.0.0.1",
	"http://127.0.0.1.evil.com",
	"http://127.evil.com",
	"http://127.0.0.256",
	"http://127.0.0.1.1",
	"http://127.0.0",
	"http://127.1",
	"http://127.0.0.01",
	"http://127.0.0.",
	"http://0.0.0.0",
	"http://169.254.170.2",
	"http://localhost.evil.com",
	"http://evil-localhost",
	"http://[::]",
	"http://[::2]",
	"http://[::ffff:10.0.0.5]",
};

START_TEST(takes_http_off_this_host_only_if_told)
{
	struct str url = str_of(off_loopback[_i]);
	struct endpoint e = { .host = "untouched" };
	struct err err = { 0 };

	ck_assert_int_eq(endpoint_of_url(&e, url, false, &err), ERR_CONFIG);
	ck_assert_msg(strstr(err.msg, "allow_insecure_endpoints") != NULL,
	    "%s", err.msg);
	ck_str(str_of(e.host), "untouched");
	ck_assert_int_eq(endpoint_of_url(&e, url, true, NULL), ERR_OK);
	ck_assert(str_ends(url, e.host));
}
END_TEST

/* A host as long as fits, and one byte more. */
START_TEST(bounds_a_host)
{
	char text[ENDPOINT_HOST_SIZE + 16] = "https://";
	struct endpoint e;

	memset(text + 8, 'a', ENDPOINT_HOST_SIZE - 1);
	ck_assert_int_eq(
	    endpoint_of_url(&e, str_of(text), false, NULL), ERR_OK);
	ck_assert_uint_eq(strlen(e.host), ENDPOINT_HOST_SIZE - 1);
	ck_assert_uint_eq(strlen(e.url), ENDPOINT_HOST_SIZE - 1 + 9);
	text[8 + ENDPOINT_HOST_SIZE - 1] = 'a';
	ck_assert_int_eq(
	    endpoint_of_url(&e, str_of(text), false, NULL), ERR_CONFIG);
}
END_TEST

static const struct {
	const char *fips, *dual;
	unsigned flags;
} environments[] = {
	{ NULL, NULL, 0 },
	{ "", "", 0 },
	{ "false", "0", 0 },
	{ "1", "yes", 0 },
	{ "true", NULL, ENDPOINT_FIPS },
	{ "TRUE", "false", ENDPOINT_FIPS },
	{ NULL, "True", ENDPOINT_DUALSTACK },
	{ "true", "true", ENDPOINT_FIPS | ENDPOINT_DUALSTACK },
};

static void
set(const char *name, const char *value)
{
	if (value == NULL)
		ck_assert_int_eq(unsetenv(name), 0);
	else
		ck_assert_int_eq(setenv(name, value, 1), 0);
}

START_TEST(reads_the_environment)
{
	set("AWS_USE_FIPS_ENDPOINT", environments[_i].fips);
	set("AWS_USE_DUALSTACK_ENDPOINT", environments[_i].dual);
	ck_assert_uint_eq(
	    endpoint_flags_of_environment(), environments[_i].flags);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("endpoint");
	TCase *tc = tcase_create("endpoint");

	suite_add_tcase(s, tc);
	ck_table(tc, knows_the_partitions, places);
	tcase_add_test(tc, lists_the_partitions_it_knows);
	tcase_add_test(tc, knows_where_ecs_is);
	ck_table(tc, refuses_what_is_no_region_of_the_partition, nowhere);
	tcase_add_test(tc, takes_a_region_that_is_not_built_yet);
	ck_table(tc, tells_a_stranger, strangers);
	tcase_add_test(tc, knows_no_host_of_no_region);
	ck_table(tc, takes_a_url, urls);
	ck_table(tc, refuses_a_url, bad_urls);
	ck_table(tc, takes_http_off_this_host_only_if_told, off_loopback);
	tcase_add_test(tc, bounds_a_host);
	ck_table(tc, reads_the_environment, environments);
	return run_suite(s);
}
