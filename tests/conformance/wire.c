/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "conformance/wire.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/fail.h"

enum { RULES_MAX = 8, ANSWER_MAX = 4 * 1024 * 1024, HEAD_MAX = 8192 };

static const char *const operations[] = { "GetCallerIdentity", "whoami",
	"AssumeRole", "DescribeTasks", "DescribeTaskDefinition", "other" };
enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

struct wire {
	uint16_t mock_port;
	struct httpd *server;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct wire_rule rules[RULES_MAX];
	size_t used[RULES_MAX], rule_count;
	size_t counts[OPERATIONS];
	char *last[OPERATIONS];
	size_t now, peak, held;
	bool let_go;
};

/*
 * The mock's answer
 */

struct answer {
	char *bytes; /* NUL-terminated */
	size_t n, body; /* where the body begins */
};

static int
dial(uint16_t port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const union {
		const struct sockaddr_in *in;
		const struct sockaddr *any;
	} u = { &to };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	NEED(fd >= 0 && connect(fd, u.any, sizeof(to)) == 0,
	    "the mock cannot be reached: %m");
	return fd;
}

static void
send_all(int fd, const char *p, size_t n)
{
	ssize_t sent;

	for (; n > 0; p += sent, n -= (size_t)sent) {
		sent = send(fd, p, n, MSG_NOSIGNAL);
		NEED(sent > 0, "the mock hangs up: %m");
	}
}

/* True once all of it is there. */
static bool
is_whole(struct answer *a)
{
	const char *end = strstr(a->bytes, "\r\n\r\n"), *length;

	if (end == NULL)
		return false;
	a->body = (size_t)(end - a->bytes) + strlen("\r\n\r\n");
	length = strstr(a->bytes, "\r\nContent-Length: ");
	if (length == NULL || length > end)
		return false;
	return a->n - a->body >=
	       strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
}

/* What comes next; 0 at the end, or when the plugin has lost interest. */
static size_t
receive(struct answer *a, int fd, struct httpd_request *r)
{
	struct pollfd from = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (poll(&from, 1, 50) != 1)
		if (!httpd_pause(r, 0))
			return 0;
	n = recv(fd, a->bytes + a->n, ANSWER_MAX - 1 - a->n, 0);
	if (n <= 0)
		return 0;
	a->n += (size_t)n;
	a->bytes[a->n] = '\0';
	return (size_t)n;
}

/* relay: what comes goes on at once.  False if it ends too early. */
static bool
ask_mock(struct answer *a, const struct wire *w, struct httpd_request *r,
    bool relay)
{
	const int fd = dial(w->mock_port);
	size_t n = 1;

	send_all(fd, r->head, strlen(r->head));
	send_all(fd, r->body, r->body_n);
	*a = (struct answer){ .bytes = need_alloc(ANSWER_MAX) };
	while (n > 0 && !is_whole(a)) {
		n = receive(a, fd, r);
		if (relay && !httpd_write(r, a->bytes + a->n - n, n))
			n = 0;
	}
	close(fd);
	return n > 0;
}

/*
 * Edits
 */

#define MARK "@@%zu@@"

static void
take_away(struct json_object *root, const char *at)
{
	char parent[256];
	struct json_object *object = root;
	const char *name = strrchr(at, '/');

	NEED(name != NULL, "%s is no JSON pointer", at);
	snprintf(parent, sizeof(parent), "%.*s", (int)(name - at), at);
	if (parent[0] != '\0')
		NEED(json_pointer_get(root, parent, &object) == 0,
		    "nothing at %s of the mock's answer", parent);
	if (json_object_is_type(object, json_type_array))
		json_object_array_del_idx(
		    object, strtoul(name + 1, NULL, 10), 1);
	else
		json_object_object_del(object, name + 1);
}

static char *
with_values(const char *text, const struct wire_edit *edits)
{
	size_t i, room = strlen(text) + 1;
	char *out, *end, mark[32];
	const char *at;

	for (i = 0; edits[i].at != NULL; i++)
		room += edits[i].value == NULL ? 0 : strlen(edits[i].value);
	out = need_alloc(room);
	end = stpcpy(out, text);
	for (i = 0; edits[i].at != NULL; i++) {
		char *rest;

		snprintf(mark, sizeof(mark), "\"" MARK "\"", i);
		at = strstr(out, mark);
		if (edits[i].value == NULL || at == NULL)
			continue;
		rest = strdup(at + strlen(mark));
		NEED(rest != NULL, "no memory");
		end = out + (at - out);
		end = stpcpy(end, edits[i].value);
		stpcpy(end, rest);
		free(rest);
	}
	return out;
}

static char *
edited(const char *body, const struct wire_edit *edits)
{
	struct json_object *root = json_tokener_parse(body);
	char mark[32], *out;
	size_t i;

	NEED(root != NULL, "the mock's answer is no JSON: %.200s", body);
	for (i = 0; edits[i].at != NULL; i++) {
		if (edits[i].value == NULL) {
			take_away(root, edits[i].at);
			continue;
		}
		snprintf(mark, sizeof(mark), MARK, i);
		NEED(json_pointer_set(&root, edits[i].at,
			 json_object_new_string(mark)) == 0,
		    "nothing can be set at %s", edits[i].at);
	}
	out = with_values(json_object_to_json_string_ext(root,
			      JSON_C_TO_STRING_PLAIN |
				  JSON_C_TO_STRING_NOSLASHESCAPE),
	    edits);
	json_object_put(root);
	return out;
}

/*
 * Content-Type as the mock said it.  Before the answer goes out the edits are
 * the test's again: the lock says so to wire_be_honest().
 */
static void
reply_edited(struct wire *w, struct httpd_request *r, const struct answer *a,
    const struct wire_edit *edits)
{
	char *body = edited(a->bytes + a->body, edits);
	const char *type = strstr(a->bytes, "\r\nContent-Type: ");

	pthread_mutex_lock(&w->lock);
	pthread_mutex_unlock(&w->lock);
	NEED(type != NULL, "the mock says no Content-Type");
	type += strlen("\r\n");
	if (httpd_print(r,
		"%.*s\r\n%.*s\r\nContent-Length: %zu\r\n\r\n",
		(int)strcspn(a->bytes, "\r"), a->bytes,
		(int)strcspn(type, "\r"), type, strlen(body)) &&
	    httpd_write(r, body, strlen(body)))
		r->keep = true;
	free(body);
}

/*
 * Requests
 */

static size_t
operation_of(const struct httpd_request *r)
{
	static const char target[] = "AmazonEC2ContainerServiceV20141113.";
	const char *at = strstr(r->head, target);
	const bool agent =
	    strcasestr(r->head, "\r\nX-Spire-Fargate-Binding:") != NULL;
	char name[64] = "other";
	size_t i;

	if (at != NULL)
		snprintf(name, sizeof(name), "%.*s",
		    (int)strcspn(at + strlen(target), "\r"),
		    at + strlen(target));
	else if (strstr(r->body, "Action=GetCallerIdentity&") != NULL)
		snprintf(name, sizeof(name), "%s",
		    agent ? "GetCallerIdentity" : "whoami");
	else if (strstr(r->body, "Action=AssumeRole&") != NULL)
		snprintf(name, sizeof(name), "AssumeRole");
	for (i = 0; i + 1 < OPERATIONS && strcmp(operations[i], name) != 0; i++)
		;
	return i;
}

static bool
fits(const struct wire_rule *rule, const char *operation, const char *body)
{
	return (rule->operation == NULL ||
		   strcmp(rule->operation, operation) == 0) &&
	       (rule->only == NULL || strstr(body, rule->only) != NULL);
}

/* Counts the request; a copy of its rule, or an empty one. */
static struct wire_rule
arrive(struct wire *w, const struct httpd_request *r)
{
	const size_t op = operation_of(r);
	struct wire_rule rule = { .operation = NULL };
	char *text = NULL;
	size_t i;

	NEED(asprintf(&text, "%s%s", r->head, r->body) >= 0, "no memory");
	pthread_mutex_lock(&w->lock);
	w->counts[op]++;
	free(w->last[op]);
	w->last[op] = text;
	if (++w->now > w->peak)
		w->peak = w->now;
	for (i = 0; i < w->rule_count; i++) {
		const struct wire_rule *it = &w->rules[i];

		if (!fits(it, operations[op], r->body))
			continue;
		w->used[i]++;
		if (w->used[i] <= it->skip ||
		    (it->times > 0 && w->used[i] > it->skip + it->times))
			continue;
		rule = *it;
		break;
	}
	pthread_mutex_unlock(&w->lock);
	return rule;
}

static void
wait_held(struct wire *w)
{
	pthread_mutex_lock(&w->lock);
	w->held++;
	while (!w->let_go)
		pthread_cond_wait(&w->changed, &w->lock);
	w->held--;
	pthread_mutex_unlock(&w->lock);
}

static void
leave(struct wire *w)
{
	pthread_mutex_lock(&w->lock);
	w->now--;
	pthread_mutex_unlock(&w->lock);
}

static void
reply_told(struct httpd_request *r, const struct wire_rule *rule)
{
	const char *body = rule->body == NULL ? "" : rule->body;

	if (httpd_print(r,
		"HTTP/1.1 %d Said\r\n%s%s%sContent-Length: %zu\r\n\r\n",
		rule->status, rule->type == NULL ? "" : "Content-Type: ",
		rule->type == NULL ? "" : rule->type,
		rule->type == NULL ? "" : "\r\n", strlen(body)) &&
	    httpd_write(r, body, strlen(body)))
		r->keep = true;
}

static void
pass(struct wire *w, struct httpd_request *r, const struct wire_edit *edits)
{
	struct answer a;
	const bool whole = ask_mock(&a, w, r, edits == NULL);

	if (edits != NULL)
		NEED(whole, "half an answer from the mock");
	if (edits != NULL)
		reply_edited(w, r, &a, edits);
	else
		r->keep = whole;
	free(a.bytes);
}

static void
serve(struct httpd_request *r)
{
	struct wire *w = r->arg;
	const struct wire_rule rule = arrive(w, r);

	if (rule.hold)
		wait_held(w);
	if (rule.handler != NULL) {
		r->arg = rule.arg;
		rule.handler(r);
		r->arg = w;
	} else if (rule.status != 0) {
		reply_told(r, &rule);
	} else {
		pass(w, r, rule.edits);
	}
	leave(w);
}

/*
 * What tests call
 */

struct wire *
wire_start(uint16_t mock_port)
{
	struct wire *w = need_alloc(sizeof(*w));

	w->mock_port = mock_port;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->server = httpd_start(0, serve, w);
	return w;
}

void
wire_stop(struct wire *w)
{
	size_t i;

	if (w == NULL)
		return;
	wire_let_go(w);
	httpd_stop(w->server);
	for (i = 0; i < OPERATIONS; i++)
		free(w->last[i]);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

const char *
wire_url(const struct wire *w)
{
	return httpd_url(w->server);
}

const char *
wire_host(const struct wire *w)
{
	return httpd_url(w->server) + strlen("http://");
}

void
wire_add(struct wire *w, const struct wire_rule *rule)
{
	pthread_mutex_lock(&w->lock);
	NEED(w->rule_count < RULES_MAX, "too many rules");
	w->used[w->rule_count] = 0;
	w->rules[w->rule_count++] = *rule;
	w->let_go = false;
	pthread_mutex_unlock(&w->lock);
}

void
wire_let_go(struct wire *w)
{
	pthread_mutex_lock(&w->lock);
	w->let_go = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

void
wire_be_honest(struct wire *w)
{
	pthread_mutex_lock(&w->lock);
	w->rule_count = 0;
	pthread_mutex_unlock(&w->lock);
	wire_let_go(w);
}

size_t
wire_count(struct wire *w, const char *operation)
{
	size_t i, n = 0;

	pthread_mutex_lock(&w->lock);
	for (i = 0; i < OPERATIONS; i++)
		if (operation == NULL || strcmp(operation, operations[i]) == 0)
			n += w->counts[i];
	pthread_mutex_unlock(&w->lock);
	return n;
}

static size_t
read_locked(struct wire *w, const size_t *value)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = *value;
	pthread_mutex_unlock(&w->lock);
	return n;
}

size_t
wire_held(struct wire *w)
{
	return read_locked(w, &w->held);
}

size_t
wire_peak(struct wire *w)
{
	return read_locked(w, &w->peak);
}

bool
wire_last(struct wire *w, const char *operation, char *out, size_t size)
{
	bool found = false;
	size_t i;

	pthread_mutex_lock(&w->lock);
	for (i = 0; i < OPERATIONS; i++)
		if (strcmp(operation, operations[i]) == 0 &&
		    w->last[i] != NULL) {
			snprintf(out, size, "%s", w->last[i]);
			found = true;
		}
	pthread_mutex_unlock(&w->lock);
	return found;
}
