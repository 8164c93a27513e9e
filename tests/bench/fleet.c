/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet.c - ten thousand tasks, each of which attests as an honest agent does
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "aws/keys.h"
#include "aws/sigv4.h"
#include "base/enc.h"
#include "bench.h"
#include "evidence/binding.h"
#include "evidence/challenge.h"
#include "evidence/payload.h"
#include "evidence/response.h"

/* Of the mock's built-in scenario. */
#define SERVER_KEY    "AKIAFARGATEMOCKDEMO1"
#define SERVER_SECRET "not/a/secret/only/for/the/fargate/mock01"
#define ACCOUNT       "123456789012"

/* What an agent signs. */
#define BODY "Action=GetCallerIdentity&Version=2011-06-15"
#define TYPE "application/x-www-form-urlencoded; charset=utf-8"
#define SIGNED                                               \
	"content-type;host;x-amz-date;x-amz-security-token;" \
	"x-spire-fargate-binding"

/* What the figures hang on. */
static const char settings[] =
    "verification = \"full\"\n"
    "sts_rate = 100000\n"
    "ecs_rate = 10000\n"
    "timeout = \"5m\"\n"
    "challenge_timeout = \"5m\"\n"
    "max_attestations = 20000\n"
    "agent_path_template = \"/spire/agent/aws_fargate_task/"
    "{{ .accountID }}/{{ .region }}/{{ .cluster }}/{{ .taskID }}\"\n";

enum { HEAD_MAX = 4096, ANSWER_MAX = 64 * 1024 * 1024 };

struct task {
	char *arn, *payload;
	struct aws_keys *keys;
	unsigned char nonce[NONCE_BYTES];
};

struct fleet {
	int fd;
	pid_t mock;
	char url[128], config[1024];
	struct buf answer, response;
	struct task tasks[CROWD];
};

/*
 * The mock
 */

static void
find_mock(struct fleet *f)
{
	const char *url = getenv("MOCK_URL"), *pid = getenv("MOCK_PID");

	NEED(url != NULL && pid != NULL, "MOCK_URL or MOCK_PID is not set");
	(void)snprintf(f->url, sizeof(f->url), "%s", url);
	f->mock = (pid_t)strtol(pid, NULL, 10);
}

/* Anew each time: it hangs up on a connection that rests for long. */
static void
connect_mock(struct fleet *f)
{
	const char *port = strrchr(f->url, ':');
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (f->fd >= 0)
		(void)close(f->fd);
	NEED(port != NULL, "%s: no port", f->url);
	at.sin_port = htons((uint16_t)strtoul(port + 1, NULL, 10));
	f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	NEED(f->fd >= 0 && connect(f->fd, (const struct sockaddr *)&at,
			       sizeof(at)) == 0,
	    "%s: %s", f->url, strerror(errno));
}

static void
send_text(const struct fleet *f, const char *text)
{
	size_t done = 0, n = strlen(text);
	ssize_t w;

	for (; done < n; done += (size_t)w) {
		w = write(f->fd, text + done, n - done);
		NEED(w > 0, "%s: %s", f->url, strerror(errno));
	}
}

static void
read_more(struct fleet *f)
{
	char chunk[16384];
	ssize_t n = read(f->fd, chunk, sizeof(chunk));

	NEED(n > 0, "%s hangs up", f->url);
	buf_add(&f->answer, (struct str){ chunk, (size_t)n });
	NEED(f->answer.code == ERR_OK, "%s says too much", f->url);
}

/* Status 2xx; the body. */
static const char *
read_answer(struct fleet *f, const char *path)
{
	static const char length[] = "Content-Length: ";
	const char *text, *end, *at;
	size_t n, head;

	buf_clear(&f->answer);
	do {
		read_more(f);
		text = buf_text(&f->answer);
		end = strstr(text, "\r\n\r\n");
	} while (end == NULL);
	NEED(strncmp(text, "HTTP/1.1 2", 10) == 0, "%s: %.200s", path, text);
	at = strstr(text, length);
	NEED(at != NULL && at < end, "%s: no Content-Length", path);
	n = strtoul(at + sizeof(length) - 1, NULL, 10);
	head = (size_t)(end - text) + 4;
	while (f->answer.n < head + n)
		read_more(f);
	return buf_text(&f->answer) + head;
}

static const char *
ask(struct fleet *f, const char *method, const char *path, const char *body)
{
	char head[HEAD_MAX];

	(void)snprintf(head, sizeof(head),
	    "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n"
	    "%s",
	    method, path, strlen(body), body);
	send_text(f, head);
	return read_answer(f, path);
}

static struct json_object *
ask_json(
    struct fleet *f, const char *method, const char *path, const char *body)
{
	struct json_object *doc = json_tokener_parse(ask(f, method, path, body));

	NEED(doc != NULL, "%s: no JSON", path);
	return doc;
}

static struct json_object *
member(struct json_object *doc, const char *name)
{
	struct json_object *value;

	NEED(json_object_object_get_ex(doc, name, &value), "no %s", name);
	return value;
}

static const char *
text_of(struct json_object *doc, const char *name)
{
	return json_object_get_string(member(doc, name));
}

void
fleet_set_latency(struct fleet *f, int ms)
{
	char fault[64];

	connect_mock(f);
	(void)ask(f, "DELETE", "/mock/faults", "");
	(void)snprintf(fault, sizeof(fault), "{\"latency_ms\":%d}", ms);
	if (ms > 0)
		(void)ask(f, "POST", "/mock/faults", fault);
}

uint64_t
fleet_count(struct fleet *f, const char *operation)
{
	struct json_object *doc;
	uint64_t n;

	connect_mock(f);
	doc = ask_json(f, "GET", "/mock/counts", "");
	n = (uint64_t)json_object_get_int64(
	    member(member(doc, operation), "requests"));
	json_object_put(doc);
	return n;
}

pid_t
fleet_mock(const struct fleet *f)
{
	return f->mock;
}

/*
 * Tasks
 */

static struct str
str_in(struct json_object *doc, const char *name)
{
	return str_of(text_of(doc, name));
}

static void
take_keys(struct fleet *f, struct task *t, const char *path)
{
	struct json_object *doc = ask_json(f, "GET", path, "");
	const struct aws_keys value = {
		.access_key_id = str_in(doc, "AccessKeyId"),
		.secret = str_in(doc, "SecretAccessKey"),
		.token = str_in(doc, "Token"),
	};

	NEED(aws_keys_new(&t->keys, &value, NULL) == ERR_OK, "%s: no keys",
	    path);
	json_object_put(doc);
}

/* The payload that all servers are sent, with this task's ARN. */
static void
make_payload(struct task *t, struct json_object *common)
{
	const char *nonce = text_of(common, "agent_nonce");

	NEED(base64url_decode(t->nonce, NONCE_BYTES, str_of(nonce)), "%s",
	    nonce);
	json_object_object_add(
	    common, "task_arn", json_object_new_string(t->arn));
	t->payload = strdup(json_object_to_json_string_ext(common,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	NEED(t->payload != NULL, "no memory");
}

static void
take_tasks(struct fleet *f)
{
	const char *path = getenv("PAYLOAD_FILE");
	struct json_object *common =
	    json_object_from_file(path == NULL ? "" : path);
	struct json_object *list;
	char body[128];
	size_t i;

	NEED(common != NULL, "PAYLOAD_FILE: no JSON");
	(void)snprintf(body, sizeof(body),
	    "{\"name\":\"bench\",\"count\":%d,\"service\":\"demo-service\"}",
	    CROWD);
	list = ask_json(f, "POST", "/mock/tasks", body);
	NEED(json_object_array_length(list) == CROWD, "not %d tasks", CROWD);
	for (i = 0; i < CROWD; i++) {
		struct json_object *doc = json_object_array_get_idx(list, i);
		struct task *t = &f->tasks[i];

		t->arn = strdup(text_of(doc, "taskArn"));
		NEED(t->arn != NULL, "no memory");
		take_keys(f, t, text_of(doc, "credentialsPath"));
		make_payload(t, common);
	}
	json_object_put(list);
	json_object_put(common);
}

struct fleet *
fleet_open(void)
{
	struct fleet *f = need_alloc(sizeof(*f));

	buf_init(&f->answer, ANSWER_MAX);
	buf_init(&f->response, RESPONSE_MAX);
	find_mock(f);
	f->fd = -1;
	connect_mock(f);
	take_tasks(f);
	(void)snprintf(f->config, sizeof(f->config),
	    "allowed_accounts = [\"" ACCOUNT "\"]\n"
	    "access_key_id = \"" SERVER_KEY "\"\n"
	    "secret_access_key = \"" SERVER_SECRET "\"\n"
	    "sts_endpoint = \"%s\"\n"
	    "ecs_endpoint = \"%s\"\n%s",
	    f->url, f->url, settings);
	return f;
}

void
fleet_free(struct fleet *f)
{
	size_t i;

	for (i = 0; i < CROWD; i++) {
		aws_keys_unref(f->tasks[i].keys);
		free(f->tasks[i].payload);
		free(f->tasks[i].arn);
	}
	(void)close(f->fd);
	buf_release(&f->answer);
	buf_release(&f->response);
	free(f);
}

const char *
fleet_config(const struct fleet *f)
{
	return f->config;
}

void
fleet_print_settings(void)
{
	const char *p;

	(void)printf("\n\"full\" is measured with ");
	for (p = settings; p[1] != '\0'; p++)
		if (*p == '\n')
			(void)printf(", ");
		else
			(void)putchar(*p);
	(void)printf("\n");
}

const char *
fleet_payload(const struct fleet *f, size_t i)
{
	return f->tasks[i].payload;
}

static void
make_binding(
    char value[BINDING_SIZE], const struct task *t, const struct challenge *c)
{
	struct binding b = {
		.trust_domain = c->trust_domain,
		.plugin_name = STR("aws_fargate_task"),
		.server_id = c->server_id,
		.task_arn = str_of(t->arn),
		.sts_host = c->sts_host,
	};

	memcpy(b.server_nonce, c->nonce, NONCE_BYTES);
	memcpy(b.agent_nonce, t->nonce, NONCE_BYTES);
	NEED(binding_value(value, &b, NULL) == ERR_OK, "no binding");
}

static void
add_header(struct sigv4_request *req, struct str name, struct str value)
{
	NEED(sigv4_add_header(req, name, value, NULL) == ERR_OK, "no header");
}

static void
sign(char signature[SIGV4_HEX_SIZE], char amz_date[AMZ_DATE_LEN + 1],
    const struct task *t, const struct challenge *c)
{
	const struct sigv4_credentials keys = { t->keys->access_key_id,
		t->keys->secret, t->keys->token };
	struct sigv4_scope scope = { .region = c->region,
		.service = STR("sts") };
	struct sigv4_request req = { .method = STR("POST"),
		.path = STR("/"),
		.body = STR(BODY),
		.signed_headers = STR(SIGNED) };
	char binding[BINDING_SIZE];
	struct sigv4_signed made;
	time_t now = time(NULL);
	struct err err = { 0 };
	struct tm tm;

	NEED(strftime(amz_date, AMZ_DATE_LEN + 1, "%Y%m%dT%H%M%SZ",
		 gmtime_r(&now, &tm)) == AMZ_DATE_LEN,
	    "no date");
	scope.amz_date = str_of(amz_date);
	make_binding(binding, t, c);
	add_header(&req, STR("Content-Type"), STR(TYPE));
	add_header(&req, STR("Host"), c->sts_host);
	add_header(&req, STR("X-Spire-Fargate-Binding"), str_of(binding));
	sigv4_signed_init(&made);
	NEED(sigv4_sign(&made, &req, &keys, &scope, 0, &err) == ERR_OK, "%s",
	    err.msg);
	memcpy(signature, made.signature, SIGV4_HEX_SIZE);
	sigv4_signed_release(&made);
}

const char *
fleet_response(struct fleet *f, size_t i, const char *challenge)
{
	const struct task *t = &f->tasks[i];
	char signature[SIGV4_HEX_SIZE], amz_date[AMZ_DATE_LEN + 1];
	struct response response;
	struct challenge c;
	struct arena arena;

	arena_init(&arena, 4 * CHALLENGE_MAX);
	NEED(challenge_decode(&c, &arena, str_of(challenge), NULL) == ERR_OK,
	    "a challenge is not understood: %s", challenge);
	sign(signature, amz_date, t, &c);
	response = (struct response){ t->keys->access_key_id, str_of(amz_date),
		t->keys->token, str_of(signature) };
	buf_clear(&f->response);
	NEED(response_encode(&f->response, &response, NULL) == ERR_OK,
	    "a response cannot be made");
	arena_release(&arena);
	return buf_text(&f->response);
}
