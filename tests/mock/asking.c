/* SPDX-License-Identifier: Apache-2.0 */
#include "asking.h"

#include "mock/stamp.h"

void
asker_init(struct asker *k, const char *scenario)
{
	struct err err = { 0 };
	int r;

	*k = (struct asker){ .now_us = NOW_US };
	k->m.scenario = scenario_of(scenario);
	r = sessions_new(&k->m.sessions, k->m.scenario, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	answer_init(&k->a);
	sigv4_signed_init(&k->out);
}

void
asker_release(struct asker *k)
{
	sigv4_signed_release(&k->out);
	answer_release(&k->a);
	sessions_free(k->m.sessions);
	scenario_free(k->m.scenario);
}

void
asker_header(struct asker *k, const char *name, const char *value)
{
	ck_assert_uint_lt(k->header_count, SIGV4_HEADERS_MAX);
	k->headers[k->header_count++] =
	    (struct sigv4_header){ str_of(name), str_of(value) };
}

static const char *
deliver(struct asker *k, const struct request *q)
{
	const char *body;

	answer_release(&k->a);
	answer_init(&k->a);
	route_answer(&k->a, &k->m, q);
	k->header_count = 0;
	body = buf_text(&k->a.body);
	ck_assert_ptr_nonnull(body);
	return body;
}

static struct str
method_of(unsigned method)
{
	return method == METHOD_GET   ? STR("GET")
	       : method == METHOD_PUT ? STR("PUT")
				      : STR("POST");
}

const char *
ask(struct asker *k, unsigned method, const char *target, const char *body)
{
	struct request q = { .method = method,
		.method_name = method_of(method),
		.headers = k->headers,
		.header_count = k->header_count,
		.body = str_of(body),
		.from_loopback = true,
		.now_us = k->now_us };

	q.path = str_cut(&q.query, str_of(target), '?');
	return deliver(k, &q);
}

struct signer
signer_of(const struct session *s, const char *service, const char *region)
{
	return (struct signer){ .service = service,
		.region = region,
		.key_id = s->access_key_id.p,
		.secret = s->secret.p,
		.token = s->token.n > 0 ? s->token.p : NULL };
}

const char *
ask_signed(struct asker *k, const struct signer *by, const char *body)
{
	struct sigv4_credentials cred = { str_of(by->key_id),
		str_of(by->secret), str_of(by->token) };
	struct sigv4_request req = {
		.method = STR("POST"), .path = STR("/"), .body = str_of(body)
	};
	struct sigv4_scope scope = { .region = str_of(by->region),
		.service = str_of(by->service) };
	struct request q = { .method = METHOD_POST,
		.from_loopback = true,
		.now_us = k->now_us };
	char stamp[STAMP_AMZ_SIZE];
	struct err err = { 0 };
	int r;

	stamp_amz(stamp, by->at_us != 0 ? by->at_us : k->now_us);
	scope.amz_date = str_of(stamp);
	r = sigv4_add_header(&req, STR("Host"),
	    str_of(by->host == NULL ? "127.0.0.1:8090" : by->host), &err);
	for (size_t i = 0; i < k->header_count && r == ERR_OK; i++)
		r = sigv4_add_header(
		    &req, k->headers[i].name, k->headers[i].value, &err);
	sigv4_signed_release(&k->out);
	sigv4_signed_init(&k->out);
	if (r == ERR_OK)
		r = sigv4_sign(&k->out, &req, &cred, &scope, by->flags, &err);
	ck_assert_msg(r == ERR_OK, "%s", err.msg);
	if (by->spoil != NULL)
		by->spoil(&req);
	q.method_name = req.method;
	q.path = req.path;
	q.query = req.query;
	q.body = req.body;
	q.headers = req.headers;
	q.header_count = req.header_count;
	return deliver(k, &q);
}

char *
value_of(const char *body, const char *name)
{
	char json[64], xml[64];
	const char *p, *end;
	char *value;

	snprintf(json, sizeof(json), "\"%s\":\"", name);
	snprintf(xml, sizeof(xml), "<%s>", name);
	p = strstr(body, json);
	if (p != NULL) {
		p += strlen(json);
		end = strchr(p, '"');
	} else {
		p = strstr(body, xml);
		ck_assert_msg(p != NULL, "no %s in %s", name, body);
		p += strlen(xml);
		end = strchr(p, '<');
	}
	ck_assert_ptr_nonnull(end);
	value = strndup(p, (size_t)(end - p));
	ck_assert_ptr_nonnull(value);
	return value;
}
