/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/sigv4.h"

#include <stdlib.h>
#include <string.h>

#include "aws/digest.h"
#include "base/enc.h"
#include "base/secret.h"

#define ALGORITHM    "AWS4-HMAC-SHA256"
#define TERMINATOR   "aws4_request"
#define AUTH_HEADER  "authorization"
#define DATE_HEADER  "x-amz-date"
#define TOKEN_HEADER "x-amz-security-token"
#define HASH_HEADER  "x-amz-content-sha256"

enum { DAY_LEN = 8, DATE_LEN = 16, HASH_LEN = SIGV4_HEX_SIZE - 1 };

/*
 * Grammar
 */

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The number of n digits at s; they were checked to be digits. */
static int
number(struct str s, size_t from, size_t n)
{
	int v = 0;

	for (; n > 0; n--)
		v = v * 10 + (s.p[from++] - '0');
	return v;
}

static bool
is_day(struct str s)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	int year, month, day;
	bool leap;

	if (s.n != DAY_LEN || !str_is_digits(s))
		return false;
	year = number(s, 0, 4);
	month = number(s, 4, 2);
	day = number(s, 6, 2);
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return year >= 1970 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool
sigv4_is_amz_date(struct str s)
{
	struct str time = str_sub(s, DAY_LEN + 1, 6);

	return s.n == DATE_LEN && is_day(str_sub(s, 0, DAY_LEN)) &&
	       s.p[DAY_LEN] == 'T' && s.p[DATE_LEN - 1] == 'Z' &&
	       str_is_digits(time) && number(time, 0, 2) < 24 &&
	       number(time, 2, 2) < 60 && number(time, 4, 2) < 60;
}

bool
sigv4_is_label(struct str s)
{
	size_t i;

	if (s.n == 0 || s.n > SIGV4_LABEL_MAX || s.p[0] == '-' ||
	    s.p[s.n - 1] == '-')
		return false;
	for (i = 0; i < s.n; i++)
		if (s.p[i] != '-' &&
		    (!is_alnum(s.p[i]) || lower(s.p[i]) != s.p[i]))
			return false;
	return true;
}

bool
sigv4_is_access_key_id(struct str s)
{
	return s.n <= SIGV4_ACCESS_KEY_MAX && str_is_alnum_or(s, "_");
}

bool
sigv4_is_signature(struct str s)
{
	return s.n == HASH_LEN && str_is_lower_hex(s);
}

/* One or more visible ASCII characters. */
static bool
is_visible(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

int
sigv4_check_scope(const struct sigv4_scope *s, struct err *err)
{
	if (!sigv4_is_amz_date(s->amz_date))
		return err_set(err, ERR_FORMAT,
		    "date \"%s\" is not of the form 20150830T123600Z",
		    CLEAN(s->amz_date));
	if (!sigv4_is_label(s->region))
		return err_set(err, ERR_FORMAT,
		    "region \"%s\" is not 1 to %d of a-z 0-9 and inner -",
		    CLEAN(s->region), SIGV4_LABEL_MAX);
	if (!sigv4_is_label(s->service))
		return err_set(err, ERR_FORMAT,
		    "service \"%s\" is not 1 to %d of a-z 0-9 and inner -",
		    CLEAN(s->service), SIGV4_LABEL_MAX);
	return ERR_OK;
}

static int
check_access_key_id(struct str id, struct err *err)
{
	if (!sigv4_is_access_key_id(id))
		return err_set(err, ERR_FORMAT,
		    "the access key ID is not 1 to %d letters and digits",
		    SIGV4_ACCESS_KEY_MAX);
	return ERR_OK;
}

static int
check_secret(struct str secret, struct err *err)
{
	if (secret.n > SIGV4_SECRET_MAX || !is_visible(secret))
		return err_set(err, ERR_FORMAT,
		    "the secret access key is not 1 to %d visible ASCII "
		    "characters",
		    SIGV4_SECRET_MAX);
	return ERR_OK;
}

int
sigv4_check_credentials(const struct sigv4_credentials *c, struct err *err)
{
	int r = check_access_key_id(c->access_key_id, err);

	if (r == ERR_OK)
		r = check_secret(c->secret, err);
	if (r == ERR_OK && c->token.n > 0 &&
	    (c->token.n > SIGV4_TOKEN_MAX || !is_visible(c->token)))
		r = err_set(err, ERR_FORMAT,
		    "the session token is not 1 to %d visible ASCII characters",
		    SIGV4_TOKEN_MAX);
	return r;
}

static int
check_method(struct str method, struct err *err)
{
	size_t i;
	bool ok = method.n > 0 && method.n <= SIGV4_METHOD_MAX;

	for (i = 0; ok && i < method.n; i++)
		ok = method.p[i] >= 'A' && method.p[i] <= 'Z';
	if (!ok)
		return err_set(err, ERR_FORMAT,
		    "method \"%s\" is not 1 to %d of A-Z", CLEAN(method),
		    SIGV4_METHOD_MAX);
	return ERR_OK;
}

/* A path or a query. */
static int
check_target(const char *what, struct str s, struct err *err)
{
	size_t i;

	if (s.n > SIGV4_TARGET_MAX)
		return err_set(err, ERR_TOOBIG,
		    "the %s has %zu bytes, more than %d", what, s.n,
		    SIGV4_TARGET_MAX);
	for (i = 0; i < s.n; i++)
		if (is_control(s.p[i]))
			return err_set(err, ERR_FORMAT,
			    "the %s has a control character at byte %zu", what,
			    i);
	return ERR_OK;
}

static int
check_name(struct str name, struct err *err)
{
	if (name.n > SIGV4_NAME_MAX ||
	    !str_is_alnum_or(name, "!#$%&'*+-.^_`|~"))
		return err_set(err, ERR_FORMAT,
		    "\"%s\" is not the name of a header", CLEAN(name));
	return ERR_OK;
}

static int
check_header(const struct sigv4_header *h, struct err *err)
{
	size_t i;
	int r = check_name(h->name, err);

	if (r != ERR_OK)
		return r;
	if (h->value.n > SIGV4_VALUE_MAX)
		return err_set(err, ERR_TOOBIG,
		    "header %s has %zu bytes, more than %d", CLEAN(h->name),
		    h->value.n, SIGV4_VALUE_MAX);
	for (i = 0; i < h->value.n; i++)
		if (is_control(h->value.p[i]) && h->value.p[i] != '\t')
			return err_set(err, ERR_FORMAT,
			    "header %s has a control character at byte %zu",
			    CLEAN(h->name), i);
	return ERR_OK;
}

int
sigv4_add_header(struct sigv4_request *req, struct str name, struct str value,
    struct err *err)
{
	struct sigv4_header h = { name, value };
	int r = check_header(&h, err);

	if (r != ERR_OK)
		return r;
	if (req->header_count >= SIGV4_HEADERS_MAX)
		return err_set(
		    err, ERR_TOOBIG, "more than %d headers", SIGV4_HEADERS_MAX);
	req->headers[req->header_count++] = h;
	return ERR_OK;
}

static int
check_count(const struct sigv4_request *req, struct err *err)
{
	if (req->header_count > SIGV4_HEADERS_MAX)
		return err_set(
		    err, ERR_TOOBIG, "more than %d headers", SIGV4_HEADERS_MAX);
	return ERR_OK;
}

int
sigv4_find_header(struct str *value, const struct sigv4_request *req,
    const char *name, struct err *err)
{
	const struct sigv4_header *found = NULL;
	size_t i;
	int r = check_count(req, err);

	if (r != ERR_OK)
		return r;

	for (i = 0; i < req->header_count; i++) {
		if (!str_eq_nocase(req->headers[i].name, str_of(name)))
			continue;
		if (found != NULL)
			return err_set(
			    err, ERR_FORMAT, "header %s is repeated", name);
		found = &req->headers[i];
	}
	if (found == NULL)
		return err_set(err, ERR_MISSING, "no header %s", name);
	*value = str_trim(found->value);
	return ERR_OK;
}

/*
 * Hashes
 */

int
sigv4_payload_hash(char out[SIGV4_HEX_SIZE], struct str body, struct err *err)
{
	unsigned char md[DIGEST_BYTES];

	if (!digest_sha256(md, body))
		return err_set(err, ERR_MEMORY, "libcrypto gives no SHA-256");
	hex_encode(out, md, sizeof(md));
	return ERR_OK;
}

static int
hmac_sha256(unsigned char out[SIGV4_KEY_BYTES], const unsigned char *key,
    size_t key_len, struct str text, struct err *err)
{
	if (!digest_hmac(out, key, key_len, text))
		return err_set(err, ERR_MEMORY, "libcrypto gives no HMAC");
	return ERR_OK;
}

bool
sigv4_equal(struct str a, struct str b)
{
	return digest_equal(a, b);
}

/*
 * Path and query
 */

static void
add_encoded_byte(struct buf *out, char c, bool in_path)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char u = (unsigned char)c;

	if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' ||
	    (in_path && c == '/')) {
		buf_add_char(out, c);
		return;
	}
	buf_add_char(out, '%');
	buf_add_char(out, hex[u >> 4]);
	buf_add_char(out, hex[u & 15]);
}

/*
 * Dot segments and empty ones go, as AWS's own clients do it: unlike RFC 3986
 * section 5.2.4, "/a/b/.." is "/a".
 */
static void
add_normal_path(struct buf *out, struct str path)
{
	size_t start = out->n;
	struct str rest = path, part;

	while (rest.n > 0 && out->code == ERR_OK) {
		part = str_cut(&rest, rest, '/');
		if (str_is(part, "..")) {
			while (out->n > start && out->p[--out->n] != '/')
				;
		} else if (part.n > 0 && !str_is(part, ".")) {
			buf_add_char(out, '/');
			buf_add(out, part);
		}
	}
	if (out->n == start || str_ends(path, "/"))
		buf_add_char(out, '/');
}

int
sigv4_canonical_path(
    struct buf *out, struct str path, bool keep, struct err *err)
{
	struct buf normal;
	size_t i;
	int r = check_target("path", path, err);

	if (r != ERR_OK)
		return r;
	if (path.n == 0)
		path = STR("/");
	if (path.p[0] != '/')
		return err_set(err, ERR_FORMAT,
		    "path \"%s\" does not begin with /", CLEAN(path));
	buf_init(&normal, SIGV4_TARGET_MAX + 1);
	if (!keep) {
		add_normal_path(&normal, path);
		r = buf_check(&normal, err);
		path = buf_str(&normal);
	}
	for (i = 0; r == ERR_OK && i < path.n; i++)
		add_encoded_byte(out, path.p[i], true);
	buf_release(&normal);
	return r == ERR_OK ? buf_check(out, err) : r;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decoded and encoded again, so that each byte has one spelling. */
static int
add_recoded(struct buf *out, struct str s, struct err *err)
{
	size_t i;
	int high, low;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] != '%') {
			add_encoded_byte(out, s.p[i], false);
			continue;
		}
		high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
		low = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;
		if (high < 0 || low < 0)
			return err_set(err, ERR_FORMAT,
			    "the query has a %% without two hex digits");
		add_encoded_byte(out, (char)(high << 4 | low), false);
		i += 2;
	}
	return ERR_OK;
}

/* A parameter, encoded. */
struct param {
	struct str name, value;
};

static int
by_param(const void *a, const void *b)
{
	const struct param *x = a, *y = b;
	int d = str_cmp(x->name, y->name);

	return d != 0 ? d : str_cmp(x->value, y->value);
}

/* All parameters, encoded, as "name=value&". */
static int
recode_params(
    struct buf *text, size_t *count, struct str query, struct err *err)
{
	struct str rest = query, value, name;
	size_t n = 0;
	int r = ERR_OK;

	while (r == ERR_OK && rest.n > 0) {
		value = str_cut(&rest, rest, '&');
		if (value.n == 0)
			continue;
		if (++n > SIGV4_PARAMS_MAX)
			return err_set(err, ERR_TOOBIG,
			    "the query has more than %d parameters",
			    SIGV4_PARAMS_MAX);
		name = str_cut(&value, value, '=');
		r = add_recoded(text, name, err);
		buf_add_char(text, '=');
		if (r == ERR_OK)
			r = add_recoded(text, value, err);
		buf_add_char(text, '&');
	}
	if (r == ERR_OK)
		r = buf_check(text, err);
	if (r == ERR_OK)
		*count = n;
	return r;
}

int
sigv4_canonical_query(struct buf *out, struct str query, struct err *err)
{
	struct param params[SIGV4_PARAMS_MAX];
	struct str rest;
	struct buf text;
	size_t i, n = 0;
	int r = check_target("query", query, err);

	if (r != ERR_OK)
		return r;
	buf_init(&text, SIGV4_TEXT_MAX);
	r = recode_params(&text, &n, query, err);
	if (r != ERR_OK)
		goto out;
	rest = buf_str(&text);
	for (i = 0; i < n; i++) {
		params[i].value = str_cut(&rest, rest, '&');
		params[i].name =
		    str_cut(&params[i].value, params[i].value, '=');
	}
	qsort(params, n, sizeof(params[0]), by_param);
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(out, '&');
		buf_add(out, params[i].name);
		buf_add_char(out, '=');
		buf_add(out, params[i].value);
	}
	r = buf_check(out, err);
out:
	buf_wipe(&text);
	return r;
}

/*
 * Headers
 */

/* Those that a hop on the way may add, change or drop. */
static const char *const never_signed[] = { AUTH_HEADER, "connection", "expect",
	"keep-alive", "proxy-authenticate", "proxy-authorization",
	"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
	"user-agent", "x-amzn-trace-id" };

static bool
is_never_signed(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(never_signed) / sizeof(never_signed[0]); i++)
		if (str_eq_nocase(name, str_of(never_signed[i])))
			return true;
	return false;
}

/* By name in lower case, bytewise. */
static int
cmp_names(struct str a, struct str b)
{
	size_t i;

	for (i = 0; i < a.n && i < b.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return lower(a.p[i]) < lower(b.p[i]) ? -1 : 1;
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

static bool
has_header(const struct sigv4_request *req, struct str name)
{
	size_t i;

	for (i = 0; i < req->header_count; i++)
		if (str_eq_nocase(req->headers[i].name, name))
			return true;
	return false;
}

/* A given list: lower case, sorted, none twice, each there. */
static int
check_list(const struct sigv4_request *req, struct err *err)
{
	struct str rest = req->signed_headers, name, before = { NULL, 0 };
	size_t i, n = 0;
	bool more = true;
	int r;

	while (more) {
		more = memchr(rest.p, ';', rest.n) != NULL;
		name = str_cut(&rest, rest, ';');
		r = check_name(name, err);
		if (r != ERR_OK)
			return r;
		for (i = 0; i < name.n; i++)
			if (lower(name.p[i]) != name.p[i])
				return err_set(err, ERR_FORMAT,
				    "SignedHeaders has \"%s\" not in lower "
				    "case",
				    CLEAN(name));
		if (n++ > 0 && str_cmp(before, name) >= 0)
			return err_set(err, ERR_FORMAT,
			    "SignedHeaders has \"%s\" not in order",
			    CLEAN(name));
		if (!has_header(req, name))
			return err_set(err, ERR_FORMAT,
			    "signed header %s is not there", CLEAN(name));
		if (str_is(name, AUTH_HEADER))
			return err_set(err, ERR_FORMAT,
			    "header " AUTH_HEADER " cannot be signed");
		before = name;
	}
	return ERR_OK;
}

static bool
is_listed(struct str list, struct str name)
{
	struct str rest = list, one;

	while (rest.n > 0) {
		one = str_cut(&rest, rest, ';');
		if (str_eq_nocase(one, name))
			return true;
	}
	return false;
}

/* The signed headers, by name, those of one name in the order sent. */
struct selection {
	const struct sigv4_header *v[SIGV4_HEADERS_MAX];
	size_t n;
};

static int
select_headers(
    struct selection *s, const struct sigv4_request *req, struct err *err)
{
	const struct sigv4_header *h;
	bool listed = req->signed_headers.n > 0;
	size_t i, k;
	int r;

	s->n = 0;
	r = check_count(req, err);
	if (r != ERR_OK)
		return r;
	for (i = 0; r == ERR_OK && i < req->header_count; i++) {
		h = &req->headers[i];
		r = check_header(h, err);
		if (listed ? !is_listed(req->signed_headers, h->name)
			   : is_never_signed(h->name))
			continue;
		for (k = s->n;
		     k > 0 && cmp_names(h->name, s->v[k - 1]->name) < 0; k--)
			s->v[k] = s->v[k - 1];
		s->v[k] = h;
		s->n++;
	}
	if (r == ERR_OK && listed)
		r = check_list(req, err);
	return r;
}

static void
add_lower(struct buf *out, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		buf_add_char(out, lower(s.p[i]));
}

/* Trimmed, each run of blanks one space, also inside quotes. */
static void
add_value(struct buf *out, struct str s)
{
	size_t i;
	bool blank = false;

	s = str_trim(s);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == ' ' || s.p[i] == '\t') {
			blank = true;
			continue;
		}
		if (blank)
			buf_add_char(out, ' ');
		blank = false;
		buf_add_char(out, s.p[i]);
	}
}

static void
add_headers(struct buf *out, const struct selection *s)
{
	size_t i;
	bool again;

	for (i = 0; i < s->n; i++) {
		again =
		    i > 0 && cmp_names(s->v[i]->name, s->v[i - 1]->name) == 0;
		if (i > 0 && !again)
			buf_add_char(out, '\n');
		if (again) {
			buf_add_char(out, ',');
		} else {
			add_lower(out, s->v[i]->name);
			buf_add_char(out, ':');
		}
		add_value(out, s->v[i]->value);
	}
	if (s->n > 0)
		buf_add_char(out, '\n');
}

static void
add_names(struct buf *out, const struct selection *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (i > 0 && cmp_names(s->v[i]->name, s->v[i - 1]->name) == 0)
			continue;
		if (i > 0)
			buf_add_char(out, ';');
		add_lower(out, s->v[i]->name);
	}
}

int
sigv4_canonical_headers(
    struct buf *out, const struct sigv4_request *req, struct err *err)
{
	struct selection s;
	int r = select_headers(&s, req, err);

	if (r != ERR_OK)
		return r;
	add_headers(out, &s);
	return buf_check(out, err);
}

int
sigv4_signed_headers(
    struct buf *out, const struct sigv4_request *req, struct err *err)
{
	struct selection s;
	int r = select_headers(&s, req, err);

	if (r != ERR_OK)
		return r;
	add_names(out, &s);
	return buf_check(out, err);
}

/*
 * From request to signature
 */

static int
payload_hash_of(
    char out[SIGV4_HEX_SIZE], const struct sigv4_request *req, struct err *err)
{
	if (req->payload_hash.n == 0)
		return sigv4_payload_hash(out, req->body, err);
	if (!sigv4_is_signature(req->payload_hash))
		return err_set(err, ERR_FORMAT,
		    "the payload's hash is not %d lower-case hex digits",
		    HASH_LEN);
	memcpy(out, req->payload_hash.p, HASH_LEN);
	out[HASH_LEN] = '\0';
	return ERR_OK;
}

int
sigv4_canonical_request(
    struct buf *out, const struct sigv4_request *req, struct err *err)
{
	char hash[SIGV4_HEX_SIZE];
	struct selection s;
	int r = check_method(req->method, err);

	if (r == ERR_OK)
		r = payload_hash_of(hash, req, err);
	if (r == ERR_OK)
		r = select_headers(&s, req, err);
	if (r != ERR_OK)
		return r;
	buf_add(out, req->method);
	buf_add_char(out, '\n');
	r = sigv4_canonical_path(out, req->path, req->keep_path, err);
	buf_add_char(out, '\n');
	if (r == ERR_OK)
		r = sigv4_canonical_query(out, req->query, err);
	if (r != ERR_OK)
		return r;
	buf_add_char(out, '\n');
	add_headers(out, &s);
	buf_add_char(out, '\n');
	add_names(out, &s);
	buf_add_char(out, '\n');
	buf_add_text(out, hash);
	return buf_check(out, err);
}

static void
add_scope(struct buf *out, const struct sigv4_scope *s)
{
	buf_add(out, str_sub(s->amz_date, 0, DAY_LEN));
	buf_add_char(out, '/');
	buf_add(out, s->region);
	buf_add_char(out, '/');
	buf_add(out, s->service);
	buf_add_text(out, "/" TERMINATOR);
}

int
sigv4_credential_scope(
    struct buf *out, const struct sigv4_scope *scope, struct err *err)
{
	int r = sigv4_check_scope(scope, err);

	if (r != ERR_OK)
		return r;
	add_scope(out, scope);
	return buf_check(out, err);
}

int
sigv4_string_to_sign(struct buf *out, const struct sigv4_scope *scope,
    struct str canonical_request, struct err *err)
{
	char hash[SIGV4_HEX_SIZE];
	int r = sigv4_check_scope(scope, err);

	if (r == ERR_OK)
		r = sigv4_payload_hash(hash, canonical_request, err);
	if (r != ERR_OK)
		return r;
	buf_add_text(out, ALGORITHM "\n");
	buf_add(out, scope->amz_date);
	buf_add_char(out, '\n');
	add_scope(out, scope);
	buf_add_char(out, '\n');
	buf_add_text(out, hash);
	return buf_check(out, err);
}

int
sigv4_signing_key(unsigned char key[SIGV4_KEY_BYTES], struct str secret,
    const struct sigv4_scope *scope, struct err *err)
{
	unsigned char first[4 + SIGV4_SECRET_MAX] = { 'A', 'W', 'S', '4' };
	unsigned char k[SIGV4_KEY_BYTES];
	int r = check_secret(secret, err);

	if (r == ERR_OK)
		r = sigv4_check_scope(scope, err);
	if (r != ERR_OK)
		return r;
	memcpy(first + 4, secret.p, secret.n);
	r = hmac_sha256(
	    k, first, 4 + secret.n, str_sub(scope->amz_date, 0, DAY_LEN), err);
	if (r == ERR_OK)
		r = hmac_sha256(k, k, sizeof(k), scope->region, err);
	if (r == ERR_OK)
		r = hmac_sha256(k, k, sizeof(k), scope->service, err);
	if (r == ERR_OK)
		r = hmac_sha256(k, k, sizeof(k), STR(TERMINATOR), err);
	if (r == ERR_OK)
		memcpy(key, k, sizeof(k));
	secret_wipe(first, sizeof(first));
	secret_wipe(k, sizeof(k));
	return r;
}

int
sigv4_signature(char out[SIGV4_HEX_SIZE],
    const unsigned char key[SIGV4_KEY_BYTES], struct str string_to_sign,
    struct err *err)
{
	unsigned char mac[SIGV4_KEY_BYTES];
	int r = hmac_sha256(mac, key, SIGV4_KEY_BYTES, string_to_sign, err);

	if (r != ERR_OK)
		return r;
	hex_encode(out, mac, sizeof(mac));
	secret_wipe(mac, sizeof(mac));
	return ERR_OK;
}

int
sigv4_authorization(struct buf *out, struct str access_key_id,
    const struct sigv4_scope *scope, struct str signed_headers,
    struct str signature, struct err *err)
{
	int r = check_access_key_id(access_key_id, err);

	if (r == ERR_OK)
		r = sigv4_check_scope(scope, err);
	if (r != ERR_OK)
		return r;
	if (!is_visible(signed_headers) || !sigv4_is_signature(signature))
		return err_set(err, ERR_FORMAT,
		    "SignedHeaders or Signature has a byte it may not have");
	buf_add_text(out, ALGORITHM " Credential=");
	buf_add(out, access_key_id);
	buf_add_char(out, '/');
	add_scope(out, scope);
	buf_add_text(out, ", SignedHeaders=");
	buf_add(out, signed_headers);
	buf_add_text(out, ", Signature=");
	buf_add(out, signature);
	return buf_check(out, err);
}

/*
 * Sign
 */

void
sigv4_signed_init(struct sigv4_signed *s)
{
	s->payload_hash[0] = s->signature[0] = '\0';
	buf_init(&s->canonical_request, SIGV4_TEXT_MAX);
	buf_init(&s->string_to_sign, SIGV4_TEXT_MAX);
	buf_init(&s->signed_headers, SIGV4_TEXT_MAX);
	buf_init(&s->authorization, SIGV4_TEXT_MAX);
}

void
sigv4_signed_release(struct sigv4_signed *s)
{
	secret_wipe(s->signature, sizeof(s->signature));
	buf_wipe(&s->canonical_request);
	buf_wipe(&s->string_to_sign);
	buf_wipe(&s->signed_headers);
	buf_wipe(&s->authorization);
}

/* Not signed in the query as well, and of one host. */
static int
check_form(const struct sigv4_request *req, struct err *err)
{
	static const struct str mark = { "X-Amz-Signature=", 16 };
	struct str rest = req->query, value;

	while (rest.n > 0) {
		value = str_cut(&rest, rest, '&');
		if (str_eq_nocase(str_sub(value, 0, mark.n), mark))
			return err_set(err, ERR_FORMAT,
			    "the query holds a signature: X-Amz-Signature");
	}
	return sigv4_find_header(&value, req, "host", err);
}

static int
check_unsigned(const struct sigv4_request *req, unsigned flags, struct err *err)
{
	static const char *const ours[] = { AUTH_HEADER, DATE_HEADER,
		TOKEN_HEADER, HASH_HEADER };
	size_t i, n = (flags & SIGV4_SIGN_BODY) != 0 ? 4 : 3;

	for (i = 0; i < n; i++)
		if (has_header(req, str_of(ours[i])))
			return err_set(err, ERR_FORMAT,
			    "the request to sign has header %s already",
			    ours[i]);
	return check_form(req, err);
}

/* A caller's X-Amz-Content-Sha256 must tell the truth. */
static int
check_hash_header(
    const struct sigv4_request *req, const char *hash, struct err *err)
{
	struct str value;
	struct err none = { 0 };
	int r = sigv4_find_header(&value, req, HASH_HEADER, &none);

	if (r == ERR_MISSING)
		return ERR_OK;
	if (r != ERR_OK || !str_is(value, hash))
		return err_set(err, ERR_FORMAT,
		    "header " HASH_HEADER " is not the payload's hash");
	return ERR_OK;
}

static int
add_signed(struct sigv4_request *req, const struct sigv4_credentials *cred,
    const struct sigv4_scope *scope, const char *hash, unsigned flags,
    struct err *err)
{
	int r = sigv4_add_header(req, STR("X-Amz-Date"), scope->amz_date, err);

	if (r == ERR_OK && (flags & SIGV4_SIGN_BODY) != 0)
		r = sigv4_add_header(
		    req, STR("X-Amz-Content-Sha256"), str_of(hash), err);
	if (r == ERR_OK && cred->token.n > 0 &&
	    (flags & SIGV4_TOKEN_UNSIGNED) == 0)
		r = sigv4_add_header(
		    req, STR("X-Amz-Security-Token"), cred->token, err);
	return r;
}

static int
add_unsigned(struct sigv4_signed *out, struct sigv4_request *req,
    const struct sigv4_credentials *cred, unsigned flags, struct err *err)
{
	int r = ERR_OK;

	if (cred->token.n > 0 && (flags & SIGV4_TOKEN_UNSIGNED) != 0)
		r = sigv4_add_header(
		    req, STR("X-Amz-Security-Token"), cred->token, err);
	if (r == ERR_OK)
		r = sigv4_add_header(req, STR("Authorization"),
		    buf_str(&out->authorization), err);
	return r;
}

/* Text and signature of what req has now. */
static int
compute(struct sigv4_signed *out, const struct sigv4_request *req,
    const struct sigv4_scope *scope, const unsigned char key[SIGV4_KEY_BYTES],
    struct err *err)
{
	int r = sigv4_canonical_request(&out->canonical_request, req, err);

	if (r == ERR_OK)
		r = sigv4_string_to_sign(&out->string_to_sign, scope,
		    buf_str(&out->canonical_request), err);
	if (r == ERR_OK)
		r = sigv4_signature(
		    out->signature, key, buf_str(&out->string_to_sign), err);
	return r;
}

static int
compute_by_secret(struct sigv4_signed *out, const struct sigv4_request *req,
    const struct sigv4_scope *scope, struct str secret, struct err *err)
{
	unsigned char key[SIGV4_KEY_BYTES];
	int r = sigv4_signing_key(key, secret, scope, err);

	if (r != ERR_OK)
		return r;
	r = compute(out, req, scope, key, err);
	secret_wipe(key, sizeof(key));
	return r;
}

int
sigv4_sign(struct sigv4_signed *out, struct sigv4_request *req,
    const struct sigv4_credentials *cred, const struct sigv4_scope *scope,
    unsigned flags, struct err *err)
{
	size_t before = req->header_count;
	int r = check_count(req, err);

	if (r == ERR_OK)
		r = sigv4_check_credentials(cred, err);
	if (r == ERR_OK)
		r = check_unsigned(req, flags, err);
	if (r == ERR_OK)
		r = payload_hash_of(out->payload_hash, req, err);
	if (r == ERR_OK)
		r = check_hash_header(req, out->payload_hash, err);
	if (r == ERR_OK)
		r = add_signed(req, cred, scope, out->payload_hash, flags, err);
	if (r == ERR_OK)
		r = compute_by_secret(out, req, scope, cred->secret, err);
	if (r == ERR_OK)
		r = sigv4_signed_headers(&out->signed_headers, req, err);
	if (r == ERR_OK)
		r = sigv4_authorization(&out->authorization,
		    cred->access_key_id, scope, buf_str(&out->signed_headers),
		    str_of(out->signature), err);
	if (r == ERR_OK)
		r = add_unsigned(out, req, cred, flags, err);
	if (r != ERR_OK)
		req->header_count = before;
	return r;
}

/*
 * Verify
 */

/* AKID/20150830/us-east-1/service/aws4_request */
static int
parse_credential(
    struct sigv4_authorization *auth, struct str value, struct err *err)
{
	struct str rest = value;

	auth->access_key_id = str_cut(&rest, rest, '/');
	auth->day = str_cut(&rest, rest, '/');
	auth->region = str_cut(&rest, rest, '/');
	auth->service = str_cut(&rest, rest, '/');
	if (!sigv4_is_access_key_id(auth->access_key_id) ||
	    !is_day(auth->day) || !sigv4_is_label(auth->region) ||
	    !sigv4_is_label(auth->service) || !str_is(rest, TERMINATOR))
		return err_set(err, ERR_FORMAT,
		    "Authorization's Credential is not "
		    "ID/20150830/region/service/" TERMINATOR);
	return ERR_OK;
}

static int
parse_part(struct sigv4_authorization *auth, struct str part, struct err *err)
{
	struct str value = part, name = str_cut(&value, part, '=');

	if (str_is(name, "Credential") && auth->day.n == 0)
		return parse_credential(auth, value, err);
	if (str_is(name, "SignedHeaders") && auth->signed_headers.n == 0 &&
	    is_visible(value)) {
		auth->signed_headers = value;
		return ERR_OK;
	}
	if (str_is(name, "Signature") && auth->signature.n == 0 &&
	    sigv4_is_signature(value)) {
		auth->signature = value;
		return ERR_OK;
	}
	return err_set(err, ERR_FORMAT,
	    "Authorization has a bad, repeated or unknown part \"%s\"",
	    CLEAN(name));
}

int
sigv4_authorization_parse(
    struct sigv4_authorization *auth, struct str value, struct err *err)
{
	static const char start[] = ALGORITHM " ";
	struct sigv4_authorization got = { .day = { NULL, 0 } };
	struct str rest = value;
	int r = ERR_OK;

	if (value.n > SIGV4_VALUE_MAX)
		return err_set(err, ERR_TOOBIG,
		    "Authorization has %zu bytes, more than %d", value.n,
		    SIGV4_VALUE_MAX);
	if (!str_starts(value, start))
		return err_set(err, ERR_FORMAT,
		    "Authorization does not begin with \"" ALGORITHM " \"");
	rest = str_sub(value, sizeof(start) - 1, value.n);
	while (r == ERR_OK && rest.n > 0)
		r = parse_part(&got, str_trim(str_cut(&rest, rest, ',')), err);
	if (r != ERR_OK)
		return r;
	if (got.day.n == 0 || got.signed_headers.n == 0 || got.signature.n == 0)
		return err_set(err, ERR_FORMAT, "Authorization lacks %s",
		    got.day.n == 0         ? "Credential"
		    : got.signature.n == 0 ? "Signature"
					   : "SignedHeaders");
	*auth = got;
	return ERR_OK;
}

/* host and every x-amz-* header that is sent. */
static int
check_coverage(
    const struct sigv4_request *req, struct str signed_headers, struct err *err)
{
	struct str name;
	size_t i;
	int r = check_form(req, err);

	if (r != ERR_OK)
		return r;
	if (!is_listed(signed_headers, STR("host")))
		return err_set(err, ERR_FORMAT, "header host is not signed");
	for (i = 0; i < req->header_count; i++) {
		name = req->headers[i].name;
		if (str_eq_nocase(str_sub(name, 0, 6), STR("x-amz-")) &&
		    !is_listed(signed_headers, name))
			return err_set(err, ERR_FORMAT,
			    "header %s is not signed", CLEAN(name));
	}
	return ERR_OK;
}

static int
check_date(struct sigv4_scope *scope, const struct sigv4_request *req,
    struct str day, struct err *err)
{
	int r = sigv4_find_header(&scope->amz_date, req, DATE_HEADER, err);

	if (r != ERR_OK)
		return r;
	r = sigv4_check_scope(scope, err);
	if (r == ERR_OK && !str_eq(str_sub(scope->amz_date, 0, DAY_LEN), day))
		r = err_set(err, ERR_FORMAT,
		    "the credential is of %s, header " DATE_HEADER " of %s",
		    CLEAN(day), CLEAN(scope->amz_date));
	return r;
}

int
sigv4_verify(const struct sigv4_request *req,
    const struct sigv4_authorization *auth, struct str secret, struct err *err)
{
	struct sigv4_scope scope = { .region = auth->region,
		.service = auth->service };
	unsigned char key[SIGV4_KEY_BYTES];
	int r = sigv4_find_header(&scope.amz_date, req, DATE_HEADER, err);

	if (r == ERR_OK)
		r = sigv4_signing_key(key, secret, &scope, err);
	if (r != ERR_OK)
		return r;
	r = sigv4_verify_by_key(req, auth, key, err);
	secret_wipe(key, sizeof(key));
	return r;
}

int
sigv4_verify_by_key(const struct sigv4_request *req,
    const struct sigv4_authorization *auth,
    const unsigned char key[SIGV4_KEY_BYTES], struct err *err)
{
	struct sigv4_scope scope = { .region = auth->region,
		.service = auth->service };
	struct sigv4_request copy;
	struct sigv4_signed want;
	int r = check_count(req, err);

	if (r != ERR_OK)
		return r;
	sigv4_signed_init(&want);
	r = check_coverage(req, auth->signed_headers, err);
	if (r == ERR_OK)
		r = check_date(&scope, req, auth->day, err);
	if (r == ERR_OK)
		r = payload_hash_of(want.payload_hash, req, err);
	if (r == ERR_OK)
		r = check_hash_header(req, want.payload_hash, err);
	if (r != ERR_OK)
		goto out;
	copy = *req;
	copy.payload_hash = str_of(want.payload_hash);
	copy.signed_headers = auth->signed_headers;
	r = compute(&want, &copy, &scope, key, err);
	if (r == ERR_OK &&
	    !sigv4_equal(str_of(want.signature), auth->signature))
		r = err_set(err, ERR_POLICY,
		    "the signature is not the one this request has");
out:
	sigv4_signed_release(&want);
	return r;
}
