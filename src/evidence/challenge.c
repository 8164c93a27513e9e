/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/challenge.h"

#include "json/json.h"

enum { NAME_MAX_BYTES = 255, LABEL_MAX = 63, PORT_MAX = 65535 };

/* Room for the longest of each, and more than the names and quotes need. */
_Static_assert(3 * NAME_MAX_BYTES + LABEL_MAX + 512 < CHALLENGE_MAX,
    "any challenge of good values can be sent");

static bool
is_bounded(struct str s, const char *extra)
{
	return s.n <= NAME_MAX_BYTES && str_is_alnum_or(s, extra);
}

static bool
has_capitals(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

static bool
is_trust_domain(struct str s)
{
	return is_bounded(s, "._-") && !has_capitals(s);
}

static bool
is_server_id(struct str s)
{
	return is_bounded(s, "._:/-");
}

static bool
is_region(struct str s)
{
	return s.n <= LABEL_MAX && str_is_alnum_or(s, "-") &&
	       !has_capitals(s) && s.p[0] != '-' && s.p[s.n - 1] != '-';
}

/* One spelling for each port. */
static bool
is_port(struct str s)
{
	uint64_t number;

	return str_to_u64(&number, s) && s.p[0] != '0' && number <= PORT_MAX;
}

/* What is between [ and ]; every such address has a colon. */
static bool
is_ipv6(struct str s)
{
	size_t i;
	bool colon = false;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f') && c != ':' &&
		    c != '.')
			return false;
		colon |= c == ':';
	}
	return colon;
}

static bool
is_host_name(struct str s)
{
	struct str label;

	if (!str_is_alnum_or(s, "._-"))
		return false;
	while (s.p != NULL) {
		label = str_cut(&s, s, '.');
		if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
	}
	return true;
}

static bool
is_host(struct str s)
{
	struct str host, port;

	if (s.n > NAME_MAX_BYTES)
		return false;
	if (str_starts(s, "[")) {
		host = str_cut(&port, str_sub(s, 1, s.n), ']');
		if (port.p == NULL || !is_ipv6(host))
			return false;
		return port.n == 0 ||
		       (port.p[0] == ':' && is_port(str_sub(port, 1, port.n)));
	}
	host = str_cut(&port, s, ':');
	return is_host_name(host) && (port.p == NULL || is_port(port));
}

static int
check_member(bool good, const char *name, struct str value, const char *form,
    struct err *err)
{
	if (good)
		return ERR_OK;
	return err_set(
	    err, ERR_FORMAT, "%s \"%s\" is not %s", name, CLEAN(value), form);
}

static int
check_values(const struct challenge *c, struct err *err)
{
	int r;

	r = check_member(is_trust_domain(c->trust_domain), "trust_domain",
	    c->trust_domain, "1 to 255 of a-z, 0-9, '.', '_' and '-'", err);
	if (r == ERR_OK)
		r = check_member(is_server_id(c->server_id), "server_id",
		    c->server_id, "1 to 255 letters, digits and . _ : / -",
		    err);
	if (r == ERR_OK)
		r = check_member(is_host(c->sts_host), "sts_host", c->sts_host,
		    "a host name, with a port of 1 to 65535 if any", err);
	if (r == ERR_OK)
		r = check_member(is_region(c->region), "region", c->region,
		    "a region name like us-east-1", err);
	return r;
}

static int
check_ttl(uint64_t ttl, struct err *err)
{
	if (ttl >= 1 && ttl <= CHALLENGE_TTL_MAX)
		return ERR_OK;
	return err_set(err, ERR_FORMAT, "ttl %llu is not 1 to %d seconds",
	    (unsigned long long)ttl, CHALLENGE_TTL_MAX);
}

int
challenge_encode(struct buf *out, const struct challenge *c, struct err *err)
{
	int r;

	r = check_values(c, err);
	if (r == ERR_OK)
		r = check_ttl(c->ttl, err);
	if (r != ERR_OK)
		return r;
	buf_add(out, STR("{\"version\":" MESSAGE_VERSION));
	message_write_nonce(out, "nonce", c->nonce);
	json_write_member(out, "trust_domain", c->trust_domain);
	json_write_member(out, "server_id", c->server_id);
	json_write_member(out, "sts_host", c->sts_host);
	json_write_member(out, "region", c->region);
	buf_addf(out, ",\"ttl\":%u}", c->ttl);
	return buf_check(out, err);
}

static int
take_ttl(unsigned *ttl, struct json v, struct err *err)
{
	uint64_t number;
	int r;

	if (!json_u64(&number, v))
		return err_set(err, ERR_FORMAT,
		    "ttl %s is not a whole number of 1 to %d seconds",
		    CLEAN(v.raw), CHALLENGE_TTL_MAX);
	r = check_ttl(number, err);
	if (r == ERR_OK)
		*ttl = (unsigned)number;
	return r;
}

int
challenge_decode(
    struct challenge *c, struct arena *a, struct str bytes, struct err *err)
{
	struct json version, nonce, domain, id, host, region, ttl;
	const struct json_want want[] = {
		{ "version", JSON_NUMBER, true, &version },
		{ "nonce", JSON_STRING, true, &nonce },
		{ "trust_domain", JSON_STRING, true, &domain },
		{ "server_id", JSON_STRING, true, &id },
		{ "sts_host", JSON_STRING, true, &host },
		{ "region", JSON_STRING, true, &region },
		{ "ttl", JSON_NUMBER, true, &ttl },
	};
	struct challenge got = { .ttl = 0 };
	int r;

	r = message_open(want, sizeof(want) / sizeof(want[0]), bytes,
	    "challenge", CHALLENGE_MAX, err);
	if (r == ERR_OK)
		r = message_check_version(version, "server", err);
	if (r == ERR_OK)
		r = message_take_nonce(got.nonce, nonce, "nonce", a, err);
	if (r == ERR_OK)
		r = json_string(&got.trust_domain, domain, a, err);
	if (r == ERR_OK)
		r = json_string(&got.server_id, id, a, err);
	if (r == ERR_OK)
		r = json_string(&got.sts_host, host, a, err);
	if (r == ERR_OK)
		r = json_string(&got.region, region, a, err);
	if (r == ERR_OK)
		r = check_values(&got, err);
	if (r == ERR_OK)
		r = take_ttl(&got.ttl, ttl, err);
	if (r == ERR_OK)
		*c = got;
	return r;
}

/* The tail of a sentence: what to do about two values that differ. */
#define ALIKE(key) "set " key " alike on both plugins"

int
challenge_check(
    const struct challenge *c, const struct challenge *own, struct err *err)
{
	const struct {
		const char *name;
		struct str theirs, ours;
		const char *cure;
	} terms[] = {
		{ "trust_domain", c->trust_domain, own->trust_domain,
		    "this server is not ours" },
		{ "server_id", c->server_id, own->server_id,
		    ALIKE("server_id") },
		{ "region", c->region, own->region, ALIKE("sts_region") },
		{ "sts_host", c->sts_host, own->sts_host,
		    ALIKE("sts_endpoint") },
	};
	size_t i;

	for (i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
		if (!str_eq(terms[i].theirs, terms[i].ours))
			return err_set(err, ERR_POLICY,
			    "the challenge's %s \"%s\" is not \"%s\": %s",
			    terms[i].name, CLEAN(terms[i].theirs),
			    CLEAN(terms[i].ours), terms[i].cure);
	return ERR_OK;
}
