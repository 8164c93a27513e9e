/* SPDX-License-Identifier: Apache-2.0 */
#include <grpc/support/time.h>

#include "workload/workload_impl.h"

struct question {
	struct list in_list;
	struct rpc rpc;
};

static void
await(grpc_completion_queue *queue, void *tag)
{
	/* the call's deadline ends the wait */
	(void)grpc_completion_queue_pluck(
	    queue, tag, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
}

/* Until it is answered, workload_interrupt() finds it. */
static void
announce(struct workload *w, struct question *q)
{
	list_init(&q->in_list);
	(void)pthread_mutex_lock(&w->lock);
	list_append(&w->asked, &q->in_list);
	if (w->interrupted)
		(void)grpc_call_cancel(q->rpc.call, NULL);
	(void)pthread_mutex_unlock(&w->lock);
}

static void
withdraw(struct workload *w, struct question *q)
{
	(void)pthread_mutex_lock(&w->lock);
	list_remove(&q->in_list);
	(void)pthread_mutex_unlock(&w->lock);
}

void
workload_interrupt(struct workload *w)
{
	struct list *l;

	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->interrupted = true;
	for (l = w->asked.next; l != &w->asked; l = l->next)
		(void)grpc_call_cancel(
		    container_of(l, struct question, in_list)->rpc.call, NULL);
	(void)pthread_mutex_unlock(&w->lock);
}

/* One question, one answer, on a queue of its own: no thread is involved. */
static int
ask(struct buf *reply, struct workload *w, const char *method,
    struct str request, int64_t timeout_ms, struct err *err)
{
	grpc_completion_queue *queue =
	    grpc_completion_queue_create_for_pluck(NULL);
	char sent, received, ended;
	struct question q;
	int r;

	rpc_begin(&q.rpc, w->channel, queue, method, request,
	    timeout_ms > 0 ? timeout_ms : 1);
	announce(w, &q);
	rpc_send(&q.rpc, &sent);
	rpc_receive(&q.rpc, &received);
	rpc_await_status(&q.rpc, &ended);
	await(queue, &sent);
	await(queue, &received);
	await(queue, &ended);
	withdraw(w, &q);
	r = rpc_status(&q.rpc, err);
	if (r == ERR_OK && q.rpc.in == NULL)
		r = err_set(err, ERR_UPSTREAM, "no answer, but status OK");
	if (r == ERR_OK)
		r = rpc_take(reply, &q.rpc, err);
	rpc_end(&q.rpc);
	grpc_completion_queue_shutdown(queue);
	(void)grpc_completion_queue_pluck(
	    queue, NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
	grpc_completion_queue_destroy(queue);
	return r;
}

/* What the server gave is what was asked for. */
static int
check_jwts(const struct jwt_list *list, const char *const *audiences,
    const char *id, struct err *err)
{
	size_t i, k;

	for (i = 0; i < list->count; i++) {
		const struct jwt_svid *jwt = list->at[i];

		if (id != NULL && !str_is(spiffe_id_text(&jwt->id), id))
			return err_set(err, ERR_UPSTREAM,
			    "a JWT-SVID of \"%s\" was not asked for",
			    CLEAN(spiffe_id_text(&jwt->id)));
		for (k = 0; audiences[k] != NULL; k++)
			if (!jwt_has_audience(jwt, audiences[k]))
				return err_set(err, ERR_UPSTREAM,
				    "a JWT-SVID without the audience \"%s\"",
				    CLEAN(str_of(audiences[k])));
	}
	return ERR_OK;
}

int
workload_fetch_jwts(struct jwt_list **listp, struct workload *w,
    const char *const *audiences, const char *id, int64_t timeout_ms,
    struct err *err)
{
	struct jwt_list *list = NULL;
	struct buf request, reply;
	int r;

	buf_init(&request, REQUEST_MAX);
	buf_init(&reply, MESSAGE_MAX);
	r = message_ask_jwts(&request, audiences, id, err);
	if (r == ERR_OK)
		r = ask(&reply, w, WORKLOAD_FETCH_JWT, buf_str(&request),
		    timeout_ms, err);
	if (r == ERR_OK)
		r = message_jwts(&list, buf_str(&reply), err);
	if (r == ERR_OK)
		r = check_jwts(list, audiences, id, err);
	if (r == ERR_OK)
		*listp = list;
	else
		jwt_list_free(list);
	buf_release(&request);
	buf_wipe(&reply);
	return r;
}

int
workload_validate_jwt(struct spiffe_id *id, struct buf *claims,
    struct workload *w, struct str token, const char *audience,
    int64_t timeout_ms, struct err *err)
{
	struct buf request, reply;
	int r;

	buf_init(&request, REQUEST_MAX);
	buf_init(&reply, MESSAGE_MAX);
	r = message_ask_validation(
	    &request, str_of(audience), token, err);
	if (r == ERR_OK) {
		r = ask(&reply, w, WORKLOAD_VALIDATE_JWT, buf_str(&request),
		    timeout_ms, err);
		/* the argument that is invalid is the token */
		if (r == ERR_CONFIG) {
			r = ERR_POLICY;
			if (err != NULL)
				err->code = r;
		}
	}
	if (r == ERR_OK)
		r = message_validated(id, claims, buf_str(&reply), err);
	buf_wipe(&request);
	buf_release(&reply);
	return r;
}
