/* SPDX-License-Identifier: Apache-2.0 */
#include "mock/auth.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "mock/stamp.h"

enum { STS_WINDOW_MIN = 15, ECS_WINDOW_MIN = 5 };
#define MINUTE_US ((int64_t)60 * 1000 * 1000)

#define MISMATCH                                                            \
	"The request signature we calculated does not match the signature " \
	"you provided. Check your AWS Secret Access Key and signing "       \
	"method. Consult the service documentation for details."

/* What the checks of one request have in common. */
struct check {
	struct auth *out;
	const struct mock *m;
	const struct request *q;
	const char *service;
	struct sigv4_request req;
	struct sigv4_authorization auth;
};

static enum auth_problem say(struct check *c, enum auth_problem problem,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static enum auth_problem
say(struct check *c, enum auth_problem problem, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->out->text, sizeof(c->out->text), fmt, ap);
	va_end(ap);
	return problem;
}

static enum auth_problem
take_request(struct check *c)
{
	const struct request *q = c->q;

	c->req = (struct sigv4_request){ .method = q->method_name,
		.path = q->path,
		.query = q->query,
		.body = q->body };
	for (size_t i = 0; i < q->header_count; i++) {
		if (sigv4_add_header(&c->req, q->headers[i].name,
			q->headers[i].value, NULL) != ERR_OK)
			return say(c, AUTH_INCOMPLETE,
			    "The request has too many or too long headers");
	}
	return AUTH_FINE;
}

static enum auth_problem
read_authorization(struct check *c, struct answer *a)
{
	struct err err = { 0 };
	struct str value;
	int r = sigv4_find_header(&value, &c->req, "authorization", NULL);

	if (r == ERR_MISSING)
		return say(
		    c, AUTH_MISSING, "Request is missing Authentication Token");
	if (r == ERR_OK)
		r = sigv4_authorization_parse(&c->auth, value, &err);
	if (r != ERR_OK)
		return say(c, AUTH_INCOMPLETE, "%s",
		    err.code == ERR_OK ? "Authorization header is repeated"
				       : err.msg);
	snprintf(a->access_key_id, sizeof(a->access_key_id), "%.*s",
	    STR_FMT(c->auth.access_key_id));
	return AUTH_FINE;
}

static enum auth_problem
check_session(struct check *c)
{
	const struct session *s =
	    sessions_find(c->m->sessions, c->auth.access_key_id);
	struct str token = { 0 };
	int r =
	    sigv4_find_header(&token, &c->req, "x-amz-security-token", NULL);

	if (s == NULL || (r != ERR_OK && r != ERR_MISSING) ||
	    !sigv4_equal(token, s->token))
		return say(c, AUTH_UNKNOWN_KEY,
		    "The security token included in the request is invalid.");
	if (s->expires_us != 0 && s->expires_us <= c->q->now_us)
		return say(c, AUTH_EXPIRED,
		    "The security token included in the request is expired");
	c->out->session = s;
	return AUTH_FINE;
}

static enum auth_problem
check_time(struct check *c)
{
	int minutes =
	    strcmp(c->service, "sts") == 0 ? STS_WINDOW_MIN : ECS_WINDOW_MIN;
	int64_t now = c->q->now_us, window = minutes * MINUTE_US, then;
	char sent[STAMP_AMZ_SIZE], edge[STAMP_AMZ_SIZE], here[STAMP_AMZ_SIZE];
	struct str date = { 0 };

	if (sigv4_find_header(&date, &c->req, "x-amz-date", NULL) != ERR_OK ||
	    !sigv4_is_amz_date(date))
		return say(c, AUTH_INCOMPLETE,
		    "Authorization header requires existence of an "
		    "'X-Amz-Date' header, such as 20150830T123600Z.");
	then = stamp_amz_us(date);
	stamp_amz(sent, then);
	stamp_amz(here, now);
	if (then < now - window) {
		stamp_amz(edge, now - window);
		return say(c, AUTH_BAD_SIGNATURE,
		    "Signature expired: %s is now earlier than %s (%s - %d "
		    "min.)",
		    sent, edge, here, minutes);
	}
	if (then > now + window) {
		stamp_amz(edge, now + window);
		return say(c, AUTH_BAD_SIGNATURE,
		    "Signature not yet current: %s is still later than %s (%s "
		    "+ %d min.)",
		    sent, edge, here, minutes);
	}
	if (!str_eq(str_sub(date, 0, 8), c->auth.day))
		return say(c, AUTH_BAD_SIGNATURE,
		    "Date in Credential scope does not match YYYYMMDD from "
		    "ISO-8601 version of date from HTTP: '%.*s' != '%.8s', "
		    "from '%s'.",
		    STR_FMT(c->auth.day), sent, sent);
	return AUTH_FINE;
}

/*
 * The region that a Host of AWS's names: "sts-fips.us-east-1.amazonaws.com".
 * False: it is no such Host.
 */
static bool
read_host(struct str *service, struct str *region, struct str host)
{
	static const char *const tails[] = { "amazonaws.com",
		"amazonaws.com.cn", "amazonaws.eu", "api.aws",
		"api.amazonwebservices.com.cn", "api.amazonwebservices.eu" };
	struct str rest, name = str_cut(&rest, host, ':');

	*service = str_cut(&name, name, '.');
	if (str_ends(*service, "-fips"))
		service->n -= 5;
	*region = STR("us-east-1");
	for (int global = 1; global >= 0; global--) {
		for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
			if (str_eq_nocase(name, str_of(tails[i])))
				return true;
		}
		if (global == 1)
			*region = str_cut(&name, name, '.');
	}
	return false;
}

static enum auth_problem
check_scope(struct check *c)
{
	struct str host = { 0 }, service, region;
	const struct scenario *s = c->m->scenario;
	bool is_fine;

	if (!str_is(c->auth.service, c->service))
		return say(c, AUTH_BAD_SIGNATURE,
		    "Credential should be scoped to correct service: '%s'.",
		    c->service);
	if (sigv4_find_header(&host, &c->req, "host", NULL) != ERR_OK)
		return say(c, AUTH_INCOMPLETE, "There is no one Host header");
	if (read_host(&service, &region, host))
		is_fine = str_is(service, c->service) &&
			  str_eq(region, c->auth.region);
	else
		is_fine = scenario_has_region(s, c->auth.region) ||
			  str_is(c->auth.region, "us-east-1");
	if (!is_fine)
		return say(c, AUTH_BAD_SIGNATURE,
		    "Credential should be scoped to a valid region, not "
		    "'%.*s'.",
		    STR_FMT(c->auth.region));
	c->out->region = c->auth.region;
	return AUTH_FINE;
}

static enum auth_problem
check_signature(struct check *c)
{
	unsigned char key[SIGV4_KEY_BYTES];
	struct err err = { 0 };
	int r = sessions_signing_key(key, c->m->sessions, &c->auth, &err);

	if (r == ERR_OK)
		r = sigv4_verify_by_key(&c->req, &c->auth, key, &err);
	secret_wipe(key, sizeof(key));
	if (r == ERR_OK)
		return AUTH_FINE;
	if (r == ERR_POLICY)
		return say(c, AUTH_BAD_SIGNATURE, "%s", MISMATCH);
	if (r == ERR_MEMORY)
		return say(c, AUTH_BROKEN, "out of memory");
	return say(c, AUTH_BAD_SIGNATURE, "%s", err.msg);
}

enum auth_problem
auth_check(struct auth *out, struct answer *a, const struct mock *m,
    const struct request *q, const char *service)
{
	struct check c = { .out = out, .m = m, .q = q, .service = service };
	enum auth_problem p;

	*out = (struct auth){ .session = NULL };
	p = take_request(&c);
	if (p == AUTH_FINE)
		p = read_authorization(&c, a);
	if (p == AUTH_FINE)
		p = check_session(&c);
	if (p == AUTH_FINE)
		p = check_time(&c);
	if (p == AUTH_FINE)
		p = check_scope(&c);
	if (p == AUTH_FINE)
		p = check_signature(&c);
	if (p != AUTH_FINE)
		out->session = NULL;
	return p;
}

bool
auth_may(const struct session *s, const char *service, const char *action)
{
	for (size_t i = 0; i < s->denied_count; i++) {
		struct str name, of = str_cut(&name, s->denied[i], ':');

		if (str_is(of, service) &&
		    (str_is(name, "*") || str_is(name, action)))
			return false;
	}
	return true;
}
