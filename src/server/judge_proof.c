/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge_proof.c - the judge's steps in the modes that prove
 *
 * Before AWS is asked the claim is held against the policy; after that only
 * what AWS has said counts, and the claim is compared with it and dropped.
 */
#include <arpa/inet.h>
#include <string.h>

#include "server/judge.h"
#include "server/judge_impl.h"
#include "task/role.h"

enum {
	US_PER_S = 1000000,
	USER_ID_MAX = 193,
	ADDRESS_BYTES = 16,
	FIELDS_OF_PLACE = 5, /* of an ARN */
};

static int
refuse(const char **reason, const char *word, int r)
{
	*reason = r == ERR_MEMORY ? "internal" : word;
	return r;
}

/*
 * Before AWS
 */

int
judge_read_claim(struct evidence *ev, struct arena *a, struct str bytes,
    const char **reason, struct err *err)
{
	struct evidence got = { .task = { .tag_count = 0 } };
	int r = payload_decode(&got.payload, a, bytes, err);

	if (r == ERR_OK && !got.payload.has_version)
		r = err_set(err, ERR_FORMAT,
		    "the payload has no version, task_arn and agent_nonce: an "
		    "agent plugin that proves its task sends them");
	if (r != ERR_OK)
		return judge_failed(
		    err, r, reason, "payload", "unmarshal attestation data");
	r = task_arn_parse(&got.claim, got.payload.task_arn, TASK_ID_AWS, err);
	if (r != ERR_OK)
		return judge_failed(err, r, reason, "task_arn",
		    "extract account ID from Task ARN");
	*reason = "ok";
	*ev = got;
	return ERR_OK;
}

int
judge_response(const struct response *response, int64_t challenge_s,
    int64_t now_s, const char **reason, struct err *err)
{
	int64_t ahead = response_ahead(response, now_s);

	*reason = "ok";
	if (ahead <= JUDGE_SKEW_S && ahead >= -JUDGE_SKEW_S &&
	    response_ahead(response, challenge_s) >= -JUDGE_SKEW_S)
		return ERR_OK;
	return refuse(reason, "clock",
	    err_set(err, ERR_FORMAT,
		"the date of the signature is %lld seconds from this server's "
		"clock, more than %d: one of the two clocks is wrong",
		(long long)ahead, JUDGE_SKEW_S));
}

/*
 * What STS says
 */

static int
bad_identity(const char **reason, struct err *err, const char *what)
{
	return refuse(reason, "identity",
	    err_set(err, ERR_POLICY, "AWS names no task's session: %s", what));
}

/* AROA...:SESSION */
static bool
is_user_of(struct str user_id, struct str session)
{
	struct str of, id = str_cut(&of, user_id, ':');
	size_t i;

	if (user_id.n > USER_ID_MAX || !str_starts(id, "AROA") || id.n < 5)
		return false;
	for (i = 0; i < id.n; i++)
		if ((id.p[i] < 'A' || id.p[i] > 'Z') &&
		    (id.p[i] < '0' || id.p[i] > '9'))
			return false;
	return str_eq(of, session);
}

/* "ACCOUNT/ROLE", or "ROLE" in any allowed account; AWS's own spelling. */
static bool
is_allowed_role(
    const struct str_list *allowed, const struct role_session *session)
{
	size_t i;

	if (allowed->count == 0)
		return true;
	for (i = 0; i < allowed->count; i++) {
		struct str role,
		    account = str_cut(&role, allowed->items[i], '/');

		if (role.p == NULL ? str_eq(account, session->role)
				   : str_eq(account, session->account) &&
					 str_eq(role, session->role))
			return true;
	}
	return false;
}

static int
check_session(const struct role_session *session, const struct task_arn *claim,
    const struct judge_policy *policy, const char **reason, struct err *err)
{
	if (!str_eq(session->partition, policy->partition))
		return refuse(reason, "partition",
		    err_set(err, ERR_POLICY,
			"AWS names partition %s, the setting partition is %s",
			CLEAN(session->partition), CLEAN(policy->partition)));
	if (policy->allowed_accounts.count > 0 &&
	    !judge_is_listed(&policy->allowed_accounts, session->account))
		return refuse(reason, "account",
		    err_set(err, ERR_POLICY,
			"account ID %s is not allowed: it is not in "
			"allowed_accounts",
			CLEAN(session->account)));
	if (!str_eq(session->session, claim->task_id))
		return refuse(reason, "task_session",
		    err_set(err, ERR_POLICY,
			"the credentials are not those of task %s",
			CLEAN(claim->task_id)));
	if (!str_eq(session->account, claim->account))
		return refuse(reason, "account",
		    err_set(err, ERR_POLICY,
			"the credentials are of account %s, the task of "
			"account %s",
			CLEAN(session->account), CLEAN(claim->account)));
	if (!is_allowed_role(&policy->allowed_task_roles, session))
		return refuse(reason, "task_role",
		    err_set(err, ERR_POLICY,
			"task role %s/%s is not allowed: it is not in "
			"allowed_task_roles",
			CLEAN(session->account), CLEAN(session->role)));
	return ERR_OK;
}

int
judge_identity(struct proven *proven, const struct sts_identity *identity,
    const struct task_arn *claim, const struct judge_policy *policy,
    const char **reason, struct err *err)
{
	struct role_session session;

	if (role_session_parse(&session, identity->arn, NULL) != ERR_OK)
		return bad_identity(
		    reason, err, "Arn is not that of an assumed role");
	if (!str_eq(identity->account, session.account))
		return bad_identity(
		    reason, err, "Account and Arn are of two accounts");
	if (!is_user_of(identity->user_id, session.session))
		return bad_identity(
		    reason, err, "UserId is not that of the role's session");
	*proven = (struct proven){ session.partition, session.account,
		session.role, session.session };
	*reason = "ok";
	return check_session(&session, claim, policy, reason, err);
}

static int
make_id(struct str *id, struct arena *a, const struct judge_policy *policy,
    const struct str values[AGENT_ID_VARS], const char **reason,
    struct err *err)
{
	int r = agent_id_expand(id, a, &policy->agent_path,
	    policy->trust_domain, policy->plugin_name, values, err);

	return r == ERR_OK ? r : refuse(reason, "agent_id", r);
}

int
judge_session(struct verdict *v, struct arena *a, const struct proven *proven,
    const struct judge_policy *policy, struct err *err)
{
	struct str values[AGENT_ID_VARS] = { { NULL, 0 } }, id;
	struct selectors selectors;
	int r;

	values[AGENT_ID_ACCOUNT] = proven->account;
	values[AGENT_ID_PARTITION] = proven->partition;
	values[AGENT_ID_TASK] = proven->task_id;
	values[AGENT_ID_ROLE] = proven->role;
	values[AGENT_ID_PLUGIN] = str_of(policy->plugin_name);
	r = make_id(&id, a, policy, values, &v->reason, err);
	if (r != ERR_OK)
		return r;
	r = selectors_from_session(&selectors, a, proven->partition,
	    proven->account, proven->role, proven->task_id, err);
	if (r != ERR_OK)
		return refuse(&v->reason, "internal", r);
	*v = (struct verdict){ "ok", id, selectors, false };
	return ERR_OK;
}

/*
 * What ECS says
 */

static bool
is_among(struct str s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (str_is(s, *words))
			return true;
	return false;
}

/* arn:P:ecs:R:A:cluster/NAME of the claim, compared without building it. */
static bool
is_cluster_of(struct str cluster_arn, const struct task_arn *claim)
{
	struct cluster_ref ref;

	return cluster_ref_parse(&ref, cluster_arn, NULL) == ERR_OK &&
	       str_eq(ref.partition, claim->partition) &&
	       str_eq(ref.region, claim->region) &&
	       str_eq(ref.account, claim->account) &&
	       str_eq(ref.name, claim->cluster);
}

static int
check_state(const struct ecs_task *task, const char **reason, struct err *err)
{
	static const char *const live[] = { "PENDING", "ACTIVATING", "RUNNING",
		NULL };

	if (str_is(task->desired_status, "RUNNING") && !task->times.has_ended) {
		if (is_among(task->last_status, live))
			return ERR_OK;
		if (str_is(task->last_status, "PROVISIONING"))
			return refuse(reason, "task_state",
			    err_set(err, ERR_UNAVAILABLE,
				"ECS says the task is PROVISIONING, not yet in "
				"a state to attest: the agent tries again"));
	}
	return refuse(reason, "task_stopped",
	    err_set(err, ERR_POLICY,
		"the task does not run: its last status is %s, the desired "
		"one %s",
		CLEAN(task->last_status), CLEAN(task->desired_status)));
}

static bool
is_fargate(const struct ecs_task *task)
{
	static const char *const providers[] = { "FARGATE", "FARGATE_SPOT",
		NULL };

	if (task->launch_type.n > 0)
		return str_is(task->launch_type, "FARGATE");
	return is_among(task->capacity_provider, providers);
}

static int
check_times(const struct ecs_times *t, int64_t now_us, const char **reason,
    struct err *err)
{
	const char *what = NULL;

	if (!t->has_created)
		what = "createdAt is missing";
	else if (t->created_us >
		 now_us + (int64_t)JUDGE_CREATED_AHEAD_S * US_PER_S)
		what = "createdAt is in the future";
	else if (t->has_started && t->started_us < t->created_us)
		what = "startedAt is before createdAt";
	if (what == NULL)
		return ERR_OK;
	return refuse(reason, "task_times",
	    err_set(
		err, ERR_POLICY, "the task's times are impossible: %s", what));
}

/* As 16 bytes, IPv4 as ::ffff:a.b.c.d; no zone, no list, no leading zero. */
static bool
read_address(unsigned char out[ADDRESS_BYTES], struct str text)
{
	char copy[INET6_ADDRSTRLEN];
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xff, 0xff };

	if (text.n == 0 || text.n >= sizeof(copy) ||
	    memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET6, copy, out) == 1)
		return true;
	memcpy(out, mapped, sizeof(mapped));
	return inet_pton(AF_INET, copy, out + sizeof(mapped)) == 1;
}

static bool
is_address_of(const struct ecs_task *task, const unsigned char *caller)
{
	unsigned char own[ADDRESS_BYTES];
	size_t i;

	for (i = 0; i < task->address_count; i++)
		if (read_address(own, task->addresses[i]) &&
		    memcmp(own, caller, sizeof(own)) == 0)
			return true;
	return false;
}

static int
check_caller(const struct ecs_task *task, const struct judge_caller *caller,
    const char **reason, struct err *err)
{
	unsigned char address[ADDRESS_BYTES];
	int r;

	if (caller->addresses > 1)
		r = err_set(err, ERR_POLICY,
		    "client_ip is required, and SPIRE tells %zu addresses of "
		    "the caller",
		    caller->addresses);
	else if (caller->addresses == 0 || caller->address.n == 0)
		r = err_set(err, ERR_NOT_NOW,
		    "client_ip is required, and SPIRE does not tell the "
		    "caller's address: that takes SPIRE 1.15.2 or later");
	else if (!read_address(address, caller->address))
		r = err_set(err, ERR_POLICY,
		    "client_ip is required, and \"%s\" is no address",
		    CLEAN(caller->address));
	else if (!task->has_eni || task->address_count == 0)
		r = err_set(err, ERR_POLICY,
		    "client_ip is required, and the task has no network "
		    "interface that is attached");
	else if (!is_address_of(task, address))
		r = err_set(err, ERR_POLICY,
		    "the caller's address %s is not the task's: client_ip is "
		    "required",
		    CLEAN(caller->address));
	else
		return ERR_OK;
	return refuse(reason, "client_ip", r);
}

int
judge_task(const struct ecs_task *task, const struct task_arn *claim,
    const struct judge_policy *policy, const struct judge_caller *caller,
    int64_t now_us, const char **reason, struct err *err)
{
	int r;

	if (!str_eq(task->task_arn, claim->text) ||
	    !is_cluster_of(task->cluster_arn, claim))
		return refuse(reason, "task_other",
		    err_set(err, ERR_POLICY,
			"ECS answered with another task or cluster than was "
			"asked for"));
	r = check_state(task, reason, err);
	if (r != ERR_OK)
		return r;
	if (!is_fargate(task))
		return refuse(reason, "not_fargate",
		    err_set(err, ERR_POLICY,
			"the task does not run on Fargate: its launch type is "
			"\"%s\", its capacity provider \"%s\"",
			CLEAN(task->launch_type),
			CLEAN(task->capacity_provider)));
	r = check_times(&task->times, now_us, reason, err);
	if (r == ERR_OK && policy->client_ip_required)
		r = check_caller(task, caller, reason, err);
	if (r != ERR_OK)
		return r;
	if (policy->exec_denied && task->exec_enabled)
		return refuse(reason, "exec",
		    err_set(err, ERR_POLICY,
			"ECS Exec is enabled for the task: exec_policy is "
			"deny"));
	*reason = "ok";
	return ERR_OK;
}

bool
judge_is_alive(const struct ecs_task *task)
{
	static const char *const dead[] = { "DEACTIVATING", "STOPPING",
		"DEPROVISIONING", "STOPPED", "DELETED", NULL };

	return !task->times.has_ended &&
	       !str_is(task->desired_status, "STOPPED") &&
	       !is_among(task->last_status, dead);
}

bool
judge_needs_definition(const struct ecs_task *task)
{
	return task->override_role_arn.n == 0;
}

/*
 * The verdict
 */

static int
check_role(const struct proven *proven, const struct ecs_task *task,
    const struct ecs_definition *definition, struct err *err)
{
	struct str text = task->override_role_arn;
	struct role_ref ref;

	if (definition != NULL &&
	    !str_eq(definition->arn, task->task_definition_arn))
		return err_set(err, ERR_POLICY,
		    "ECS answered with another task definition than the "
		    "task's");
	if (text.n == 0 && definition != NULL)
		text = definition->task_role_arn;
	if (text.n == 0)
		return err_set(err, ERR_POLICY,
		    "the task has no role: its definition has no taskRoleArn");
	if (role_ref_parse(&ref, text, NULL) != ERR_OK ||
	    (ref.account.n > 0 &&
		(!str_eq(ref.account, proven->account) ||
		    !str_eq(ref.partition, proven->partition))) ||
	    !str_eq(ref.name, proven->role))
		return err_set(err, ERR_POLICY,
		    "the credentials are of role %s, which is not the task's",
		    CLEAN(proven->role));
	return ERR_OK;
}

/* arn:P:ecs:R:A:task-definition/FAMILY:REVISION, as the task's own till A. */
static int
take_definition(struct task_metadata *m, const struct ecs_task *task,
    const struct task_arn *claim, struct err *err)
{
	static const char kind[] = "task-definition/";
	struct str rest = task->task_definition_arn, own = claim->text;
	bool same = true;
	int i;

	for (i = 0; i < FIELDS_OF_PLACE; i++)
		if (!str_eq(str_cut(&rest, rest, ':'), str_cut(&own, own, ':')))
			same = false;
	if (!same || !str_starts(rest, kind))
		return err_set(err, ERR_POLICY,
		    "the task's definition \"%s\" is of another place than the "
		    "task",
		    CLEAN(task->task_definition_arn));
	rest = str_sub(rest, sizeof(kind) - 1, rest.n);
	m->family = str_cut(&m->revision, rest, ':');
	if (!is_cluster_name(m->family) || !str_is_digits(m->revision))
		return err_set(err, ERR_POLICY,
		    "\"%s\" is not FAMILY:REVISION of a task definition",
		    CLEAN(rest));
	m->task_definition_arn = task->task_definition_arn;
	return ERR_OK;
}

static int
take_lists(struct task_metadata *m, struct arena *a,
    const struct ecs_task *task, struct err *err)
{
	size_t i;

	m->tags = arena_calloc(a, task->tag_count + 1, sizeof(*m->tags));
	m->containers =
	    arena_calloc(a, task->container_count + 1, sizeof(*m->containers));
	if (m->tags == NULL || m->containers == NULL)
		return err_set(err, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	for (i = 0; i < task->tag_count; i++) {
		m->tags[i].key = task->tags[i].key;
		m->tags[i].value = task->tags[i].value;
	}
	for (i = 0; i < task->container_count; i++) {
		m->containers[i].name = task->containers[i].name;
		m->containers[i].image = task->containers[i].image;
		m->containers[i].image_digest =
		    task->containers[i].image_digest;
	}
	m->tag_count = task->tag_count;
	m->container_count = task->container_count;
	return ERR_OK;
}

/* The task in the words that IDs and selectors are made of. */
static int
describe(struct task_metadata *m, struct arena *a, const struct ecs_task *task,
    const struct task_arn *claim, struct err *err)
{
	static const struct str service = { "service:", 8 };
	int r;

	m->arn = *claim;
	m->cluster = claim->cluster;
	m->availability_zone = task->availability_zone;
	m->launch_type =
	    task->launch_type.n > 0 ? task->launch_type : STR("FARGATE");
	m->platform_version = task->platform_version;
	if (str_starts(task->group, service.p))
		m->service = str_sub(task->group, service.n, task->group.n);
	r = take_definition(m, task, claim, err);
	return r == ERR_OK ? take_lists(m, a, task, err) : r;
}

int
judge_full(struct verdict *v, struct arena *a, const struct proven *proven,
    const struct task_arn *claim, const struct ecs_task *task,
    const struct ecs_definition *definition, const struct judge_policy *policy,
    struct err *err)
{
	const struct task_proof proof = {
		.account = proven->account,
		.role = proven->role,
		.subnet = task->subnet,
		.capacity_provider = task->capacity_provider,
		.exec_enabled = task->exec_enabled,
		.has_overrides = task->has_overrides,
		.client_ip_verified = policy->client_ip_required,
	};
	struct task_metadata m = { .tag_count = 0 };
	struct str values[AGENT_ID_VARS], id;
	struct selectors selectors;
	int r = check_role(proven, task, definition, err);

	if (r != ERR_OK)
		return refuse(&v->reason, "task_role", r);
	r = describe(&m, a, task, claim, err);
	if (r != ERR_OK)
		return refuse(&v->reason, "task_other", r);
	agent_id_values(values, &m, policy->plugin_name);
	values[AGENT_ID_ROLE] = proven->role;
	r = make_id(&id, a, policy, values, &v->reason, err);
	if (r != ERR_OK)
		return r;
	r = selectors_from_proof(&selectors, a, &m, &proof,
	    policy->tag_selectors.items, policy->tag_selectors.count, err);
	if (r != ERR_OK)
		return refuse(&v->reason, "internal", r);
	*v = (struct verdict){ "ok", id, selectors, policy->reattest };
	return ERR_OK;
}
