/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "conformance/proof.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "aws/sigv4.h"
#include "base/enc.h"
#include "evidence/binding.h"

enum { SECRETS_MAX = 16 * 1024, PIECE = 24, PATIENCE_MS = 30000 };

#define STS_BODY "Action=GetCallerIdentity&Version=2011-06-15"
#define SIGNED                                               \
	"content-type;host;x-amz-date;x-amz-security-token;" \
	"x-spire-fargate-binding"

const char lab_scenario[] =
    "account '" ACCOUNT "' { }\n"
    "account '" OTHER_ACCOUNT "' { }\n"
    "cluster 'my-cluster' { account = '" ACCOUNT "' }\n"
    "cluster 'next' { account = '" ACCOUNT "' }\n"
    "cluster 'far' {\n"
    "	name = 'my-cluster'\n	account = '" ACCOUNT "'\n"
    "	region = 'eu-west-1'\n}\n"
    "cluster 'foreign' {\n"
    "	name = 'my-cluster'\n	account = '" OTHER_ACCOUNT "'\n}\n"
    "access_key '" SERVER_KEY "' {\n"
    "	secret = '" SERVER_SECRET "'\n	account = '" ACCOUNT "'\n"
    "	user = 'spire-server'\n}\n"
    "task_definition 'web:7' {\n"
    "	task_role = 'team/" ROLE "'\n"
    "	container 'app' { image = 'example/app:1.0' }\n}\n"
    "task 'honest' {\n"
    "	id = '" TASK_ID "'\n	cluster = 'my-cluster'\n"
    "	service = 'web'\n	address = '10.0.0.5'\n"
    "	tags = { 'Team=platform' }\n}\n"
    "task 'other' {\n"
    "	id = '" OTHER_ID "'\n	cluster = 'my-cluster'\n}\n"
    "task 'alien' { cluster = 'foreign' }\n";

/*
 * The lab
 */

static void
write_scenario(struct lab *lab, const char *text)
{
	FILE *f;

	snprintf(lab->dir, sizeof(lab->dir), "/tmp/lab-XXXXXX");
	NEED(mkdtemp(lab->dir) != NULL, "%s: %m", lab->dir);
	snprintf(lab->scenario, sizeof(lab->scenario), "%s/aws.conf", lab->dir);
	f = fopen(lab->scenario, "we");
	NEED(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0, "%s: %m",
	    lab->scenario);
}

struct lab *
lab_open(const struct lab_options *o)
{
	struct process_options po = plugin_options(&plugins[0]);
	struct lab *lab = need_alloc(sizeof(*lab));

	lab->secrets = need_alloc(SECRETS_MAX * sizeof(lab->secrets[0]));
	write_scenario(lab, o->scenario == NULL ? lab_scenario : o->scenario);
	program_start(&lab->mock,
	    (const char *[]){ "-c", lab->scenario, "-p", "0", NULL });
	program_ready(&lab->mock);
	lab->wire = wire_start(lab->mock.port);
	lab_secret(lab, SERVER_SECRET);
	po.env = o->env;
	lab->host = host_load(&po, true,
	    lab_config(lab, o->config == NULL ? "" : o->config));
	return lab;
}

struct lab *
lab_plain(void)
{
	return lab_open(&(struct lab_options){ .scenario = NULL });
}

/* Whether a line of text begins with that key, or says "no KEY". */
static bool
mentions(const char *text, const char *key)
{
	const size_t n = strlen(key);
	const char *at;

	for (at = text; at != NULL && *at != '\0';
	     at = strchr(at, '\n') == NULL ? NULL : strchr(at, '\n') + 1) {
		const char *word = begins(at, "no ") ? at + 3 : at;

		if (strncmp(word, key, n) == 0 &&
		    (word[n] == ' ' || word[n] == '\n' || word[n] == '\0'))
			return true;
	}
	return false;
}

/* Without its lines "no KEY". */
static const char *
said(const char *more)
{
	const char *out = "", *at = more, *end;

	for (; *at != '\0'; at = *end == '\0' ? end : end + 1) {
		end = at + strcspn(at, "\n");
		if (!begins(at, "no "))
			out = print("%s%.*s\n", out, (int)(end - at), at);
	}
	return out;
}

const char *
lab_config(const struct lab *lab, const char *more)
{
	const struct {
		const char *key, *value;
	} lines[] = {
		{ "verification", "\"full\"" },
		{ "allowed_accounts", "[\"" ACCOUNT "\"]" },
		{ "agent_path_template",
		    "\"/spire/agent/aws_fargate_task/{{ .accountID }}/"
		    "{{ .region }}/{{ .cluster }}/{{ .taskID }}\"" },
		{ "access_key_id", "\"" SERVER_KEY "\"" },
		{ "secret_access_key", "\"" SERVER_SECRET "\"" },
		{ "sts_endpoint", print("\"%s\"", wire_url(lab->wire)) },
		{ "ecs_endpoint", print("\"%s\"", wire_url(lab->wire)) },
	};
	const char *out = said(more);
	size_t i;

	for (i = 0; i < COUNT_OF(lines); i++)
		if (!mentions(more, lines[i].key))
			out = print(
			    "%s = %s\n%s", lines[i].key, lines[i].value, out);
	return out;
}

void
lab_configure(struct lab *lab, const char *more)
{
	must_configure(lab->host, lab_config(lab, more));
}

void
lab_secret(struct lab *lab, const char *text)
{
	char *copy = strdup(text);

	NEED(copy != NULL && lab->secret_count < SECRETS_MAX,
	    "too many secrets in this lab");
	lab->secrets[lab->secret_count++] = copy;
}

/* Its beginning and its end: a cut text counts as well. */
static void
holds_none(struct lab *lab, const char *secret)
{
	const size_t n = strlen(secret);
	char piece[PIECE + 1];

	snprintf(piece, sizeof(piece), "%.*s", PIECE, secret);
	NEED(!process_said(lab->host->process, piece), "logged: %s", piece);
	snprintf(piece, sizeof(piece), "%s",
	    n > PIECE ? secret + n - PIECE : secret);
	NEED(!process_said(lab->host->process, piece), "logged: %s", piece);
}

void
lab_is_quiet(struct lab *lab)
{
	size_t i;

	for (i = 0; i < lab->secret_count; i++)
		holds_none(lab, lab->secrets[i]);
}

/* As a real agent does: it comes back while AWS is not available. */
static void
recover(struct lab *lab)
{
	const int64_t until = now_ms() + patience(PATIENCE_MS);
	struct task_keys *keys = need_alloc(sizeof(*keys));
	struct proof *p = need_alloc(sizeof(*p));

	lab_task(lab, "honest", keys);
	for (;;) {
		prove(p, lab, keys);
		proof_end(p);
		if (p->out.answer.code != GRPC_STATUS_UNAVAILABLE ||
		    now_ms() > until)
			break;
		client_pump(lab->host->client, 250);
	}
	is_granted(p, "an honest agent at the end", NULL);
	free(p);
	free(keys);
}

/* No faults at the mock itself. */
static void
be_honest(struct lab *lab)
{
	static const char request[] =
	    "DELETE /mock/faults HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
	const int fd = program_connect(&lab->mock);

	send_all(fd, request, strlen(request));
	NEED(read_response(fd, NULL, 0) / 100 == 2, "faults stay");
	close(fd);
}

void
lab_is_well(struct lab *lab)
{
	wire_be_honest(lab->wire);
	be_honest(lab);
	host_is_alive(lab->host);
	recover(lab);
	lab_is_quiet(lab);
}

void
lab_unload(struct lab *lab)
{
	lab_is_quiet(lab);
	host_unload(lab->host);
	lab->host = NULL;
}

void
lab_free(struct lab *lab)
{
	size_t i;

	wire_stop(lab->wire);
	program_kill(&lab->mock);
	unlink(lab->scenario);
	NEED(rmdir(lab->dir) == 0, "%s: %m", lab->dir);
	for (i = 0; i < lab->secret_count; i++)
		free(lab->secrets[i]);
	free(lab->secrets);
	free(lab);
}

void
lab_close(struct lab *lab)
{
	lab_is_well(lab);
	lab_unload(lab);
	lab_free(lab);
}

/*
 * Tasks
 */

const char *
lab_credentials(const struct lab *lab, const char *name)
{
	static const char var[] = "AWS_CONTAINER_CREDENTIALS_FULL_URI=";
	struct program p;
	struct buf text, err;
	const char *at, *out;

	buf_init(&text, 8192);
	buf_init(&err, 8192);
	program_start(&p,
	    (const char *[]){ "-c", lab->scenario, "-e", name, "-p",
		print("%d", lab->mock.port), NULL });
	NEED(program_end(&p, &text, &err) == 0, "%s", buf_text(&err));
	at = strstr(buf_text(&text), var);
	NEED(at != NULL, "no credentials for %s: %s", name, buf_text(&text));
	at += strlen(var);
	out = print("%.*s", (int)strcspn(at, "\n"), at);
	buf_release(&text);
	buf_release(&err);
	return out;
}

static struct json_object *
ask_json(const struct lab *lab, int status, const char *request)
{
	const int fd = program_connect(&lab->mock);
	struct json_object *doc;
	struct buf answer;
	const char *body;

	buf_init(&answer, 1024 * 1024);
	send_all(fd, request, strlen(request));
	NEED(read_response(fd, &answer, 0) == status, "%s: %s", request,
	    buf_text(&answer));
	body = strstr(buf_text(&answer), "\r\n\r\n");
	doc = json_tokener_parse(body);
	NEED(doc != NULL, "%s: no JSON", request);
	buf_release(&answer);
	close(fd);
	return doc;
}

static struct json_object *
get_json(const struct lab *lab, const char *path)
{
	return ask_json(lab, 200,
	    print("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path));
}

void
lab_post(struct lab *lab, const char *path, const char *json)
{
	const int status = strcmp(path, "/mock/faults") == 0 ? 201 : 200;

	json_object_put(ask_json(lab, status,
	    print("POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
		  "Content-Type: application/json\r\n"
		  "Content-Length: %zu\r\n\r\n%s",
		path, strlen(json), json)));
}

size_t
lab_asked(struct lab *lab, const char *operation)
{
	struct json_object *doc = get_json(lab, "/mock/counts"), *of, *n;
	size_t count;

	NEED(json_object_object_get_ex(doc, operation, &of) &&
		 json_object_object_get_ex(of, "requests", &n),
	    "no count of %s", operation);
	count = (size_t)json_object_get_int64(n);
	json_object_put(doc);
	return count;
}

static void
take_member(
    char *out, size_t size, struct json_object *doc, const char *name)
{
	struct json_object *value;

	NEED(json_object_object_get_ex(doc, name, &value), "no %s", name);
	NEED((size_t)snprintf(out, size, "%s", json_object_get_string(value)) <
		 size,
	    "too long a %s", name);
}

void
lab_task(struct lab *lab, const char *name, struct task_keys *keys)
{
	const char *path = strstr(lab_credentials(lab, name), "://");
	struct json_object *doc;

	NEED(path != NULL, "no URL of credentials for %s", name);
	doc = get_json(lab, strchr(path + strlen("://"), '/'));
	take_member(keys->access_key_id, sizeof(keys->access_key_id), doc,
	    "AccessKeyId");
	take_member(
	    keys->secret, sizeof(keys->secret), doc, "SecretAccessKey");
	take_member(keys->token, sizeof(keys->token), doc, "Token");
	json_object_put(doc);
	doc = get_json(lab, print("/v4/%s/task", name));
	take_member(keys->arn, sizeof(keys->arn), doc, "TaskARN");
	json_object_put(doc);
	lab_secret(lab, keys->secret);
	lab_secret(lab, keys->token);
}

/*
 * Proofs
 */

const char *
claim_of(const char *arn)
{
	return payload("task_arn", print("\"%s\"", arn), NULL);
}

static void
read_nonce(unsigned char out[32], struct json_object *doc, const char *name)
{
	char text[64];

	take_member(text, sizeof(text), doc, name);
	NEED(base64url_decode(out, 32, str_of(text)), "%s \"%s\"", name, text);
}

static void
read_challenge(struct proof *p, const char *arn)
{
	struct json_object *doc = json_tokener_parse(p->out.challenge);
	struct signer *s = &p->signer;
	char nonce[64];

	NEED(doc != NULL, "no JSON: %s", p->out.challenge);
	NEED(json_object_object_length(doc) == 7, "%s", p->out.challenge);
	take_member(
	    s->trust_domain, sizeof(s->trust_domain), doc, "trust_domain");
	take_member(s->server_id, sizeof(s->server_id), doc, "server_id");
	take_member(s->sts_host, sizeof(s->sts_host), doc, "sts_host");
	take_member(s->region, sizeof(s->region), doc, "region");
	read_nonce(s->server_nonce, doc, "nonce");
	take_member(nonce, sizeof(nonce), doc, "nonce");
	lab_secret(p->lab, nonce);
	NEED(base64url_decode(s->agent_nonce, 32, STR(NONCE)), "own nonce");
	snprintf(s->plugin_name, sizeof(s->plugin_name), "aws_fargate_task");
	snprintf(s->task_arn, sizeof(s->task_arn), "%s", arn);
	json_object_put(doc);
}

void
proof_start(struct proof *p, struct lab *lab, const struct task_keys *keys,
    const char *text)
{
	const struct header *headers = p->headers;
	const size_t n = p->header_count;

	memset(p, 0, sizeof(*p));
	p->headers = headers;
	p->header_count = n;
	p->lab = lab;
	p->keys = keys;
	if (text == NULL)
		text = claim_of(keys->arn);
	p->call = attest_start(lab->host, p->headers, p->header_count);
	attest_payload(p->call, text, strlen(text));
	proof_outcome(p);
	if (p->out.challenged)
		read_challenge(p, keys->arn);
}

void
proof_challenged(struct proof *p, struct lab *lab,
    const struct task_keys *keys, const char *text)
{
	proof_start(p, lab, keys, text);
	ck_assert_msg(p->out.challenged, "no challenge but %d %s",
	    (int)p->out.answer.code, p->out.answer.text);
}

static void
make_binding(char out[BINDING_SIZE], const struct signer *s)
{
	struct binding b = {
		.trust_domain = str_of(s->trust_domain),
		.plugin_name = str_of(s->plugin_name),
		.server_id = str_of(s->server_id),
		.task_arn = str_of(s->task_arn),
		.sts_host = str_of(s->sts_host),
	};

	memcpy(b.server_nonce, s->server_nonce, sizeof(b.server_nonce));
	memcpy(b.agent_nonce, s->agent_nonce, sizeof(b.agent_nonce));
	NEED(binding_value(out, &b, NULL) == ERR_OK, "no binding");
}

static void
add_header(struct sigv4_request *req, const char *name, const char *value)
{
	NEED(sigv4_add_header(req, str_of(name), str_of(value), NULL) == ERR_OK,
	    "%s: %s", name, value);
}

/* All headers but the date and the token, which signing adds. */
static void
fill_request(struct sigv4_request *req, const struct signer *s)
{
	char binding[BINDING_SIZE];
	size_t i;

	add_header(req, "Content-Type",
	    "application/x-www-form-urlencoded; charset=utf-8");
	add_header(req, "Host", s->sts_host);
	if (s->headers == NULL) {
		make_binding(binding, s);
		req->signed_headers = STR(SIGNED);
		add_header(req, "X-Spire-Fargate-Binding",
		    s->binding == NULL ? print("%s", binding) : s->binding);
		return;
	}
	for (i = 0; s->headers[i] != NULL; i += 2)
		add_header(req, s->headers[i], s->headers[i + 1]);
}

static void
sign(char signature[65], char date[17], struct proof *p)
{
	const time_t at =
	    p->signer.at_s == 0 ? time(NULL) : (time_t)p->signer.at_s;
	const struct sigv4_credentials keys = {
		.access_key_id = str_of(p->keys->access_key_id),
		.secret = str_of(p->keys->secret),
		.token = str_of(p->keys->token),
	};
	struct sigv4_scope scope = { .region = str_of(p->signer.region),
		.service = STR("sts") };
	struct sigv4_request req = { .method = STR("POST"),
		.path = STR("/"),
		.body = STR(STS_BODY) };
	struct sigv4_signed made;
	struct err err = { 0 };
	struct tm tm;

	NEED(gmtime_r(&at, &tm) != NULL &&
		 strftime(date, 17, "%Y%m%dT%H%M%SZ", &tm) == 16,
	    "no date");
	scope.amz_date = (struct str){ date, 16 };
	sigv4_signed_init(&made);
	fill_request(&req, &p->signer);
	NEED(sigv4_sign(&made, &req, &keys, &scope, 0, &err) == ERR_OK, "%s",
	    err.msg);
	snprintf(signature, 65, "%s", made.signature);
	sigv4_signed_release(&made);
}

static void
add_text(struct json_object *doc, const char *name, const char *text)
{
	json_object_object_add(doc, name, json_object_new_string(text));
}

const char *
proof_response(struct proof *p, const char *name, ...)
{
	struct json_object *doc = json_object_new_object();
	char signature[65], date[17];
	const char *text;
	va_list ap;

	sign(signature, date, p);
	lab_secret(p->lab, signature);
	json_object_object_add(doc, "version", json_object_new_int(1));
	add_text(doc, "access_key_id", p->keys->access_key_id);
	add_text(doc, "amz_date", date);
	add_text(doc, "session_token", p->keys->token);
	add_text(doc, "signature", signature);
	va_start(ap, name);
	for (; name != NULL; name = va_arg(ap, const char *)) {
		const char *value = va_arg(ap, const char *);

		if (value == NULL)
			json_object_object_del(doc, name);
		else
			json_object_object_add(
			    doc, name, json_tokener_parse(value));
	}
	va_end(ap);
	text = print("%s",
	    json_object_to_json_string_ext(doc,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(doc);
	return text;
}

void
proof_send(struct proof *p, const char *response)
{
	attest_response(p->call, response, strlen(response));
}

/* What reaches the agent is as quiet as the log. */
void
proof_outcome(struct proof *p)
{
	size_t i;

	attest_outcome(p->call, &p->out, CALL_MS + 10000);
	for (i = 0; i < p->lab->secret_count; i++)
		NEED(strstr(p->out.answer.text, p->lab->secrets[i]) == NULL,
		    "an answer says %s", p->lab->secrets[i]);
}

void
proof_answer(struct proof *p, const char *response)
{
	proof_send(p, response);
	proof_outcome(p);
}

void
proof_end(struct proof *p)
{
	call_free(p->call);
	p->call = NULL;
	process_check(p->lab->host->process);
}

void
prove(struct proof *p, struct lab *lab, const struct task_keys *keys)
{
	proof_start(p, lab, keys, NULL);
	if (p->out.challenged)
		proof_answer(p, proof_response(p, NULL, NULL));
}

void
is_refused(const struct proof *p, const char *why, grpc_status_code code,
    const char *says)
{
	ck_assert_msg(!p->out.challenged, "%s: a challenge", why);
	ck_assert_msg(p->out.answer.code == code &&
			  strstr(p->out.answer.text, says) != NULL,
	    "%s: got %d \"%s\" (%s), want %d with \"%s\"", why,
	    (int)p->out.answer.code, p->out.answer.text, p->out.id, (int)code,
	    says);
	ck_assert_msg(p->out.selector_count == 0, "%s: selectors", why);
}

void
is_granted(const struct proof *p, const char *why, const char *id)
{
	ck_assert_msg(p->out.answer.code == GRPC_STATUS_OK &&
			  !p->out.challenged,
	    "%s: got %d \"%s\"; log: %s", why, (int)p->out.answer.code,
	    p->out.answer.text, process_stderr(p->lab->host->process));
	ck_assert_msg(id == NULL || strcmp(p->out.id, id) == 0,
	    "%s: got %s, want %s", why, p->out.id, id);
}

void
must_prove(struct lab *lab, const struct task_keys *keys, const char *id)
{
	struct proof *p = need_alloc(sizeof(*p));

	prove(p, lab, keys);
	proof_end(p);
	is_granted(p, keys->arn, id);
	free(p);
}

void
must_fail_to_prove(struct lab *lab, const struct task_keys *keys,
    const char *why, grpc_status_code code, const char *says)
{
	struct proof *p = need_alloc(sizeof(*p));

	prove(p, lab, keys);
	proof_end(p);
	is_refused(p, why, code, says);
	free(p);
}
