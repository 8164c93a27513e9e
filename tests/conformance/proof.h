/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.h - the server plugin, the mock as its AWS, and agents of all kinds
 *
 * A lab is one mock and one server plugin with the wire of wire.h between
 * them.  A proof is one attestation by an agent that is honest except where a
 * test says otherwise: each part it sends can be another.
 */
#ifndef CONFORMANCE_PROOF_H
#define CONFORMANCE_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "conformance/fixture.h"
#include "conformance/wire.h"
#include "mock/program.h"

/*
 * The scenario, unless a test brings its own.  Tasks "honest" (TASK_ARN) and
 * "other" have role team/web-role in ACCOUNT, my-cluster, us-east-1; "alien"
 * has a role of the same name in OTHER_ACCOUNT, which has a cluster of the
 * same name too; "user" and "server" are access keys of ACCOUNT.
 */
extern const char lab_scenario[];

#define OTHER_ACCOUNT "210987654321"
#define OTHER_ID      "aaaabbbbccccddddeeeeffff00001111"
#define ROLE          "web-role"
#define SERVER_KEY    "AKIAEXAMPLEEXAMPLE01"
#define SERVER_SECRET "server/secret/of/the/lab/0123456789abcdef"
#define SERVER_ID     "example.org"
#define HONEST_ID                                                           \
	"spiffe://example.org/spire/agent/aws_fargate_task/" ACCOUNT        \
	"/us-east-1/my-cluster/" TASK_ID

struct lab {
	struct program mock;
	struct wire *wire;
	struct host *host;
	char dir[64];
	char scenario[96]; /* the file */
	char **secrets;    /* what no log may say */
	size_t secret_count;
};

/* NULL members: the scenario above, nothing more, the plugin's own. */
struct lab_options {
	const char *scenario;
	const char *config; /* lines for lab_config() */
	const char *const *env;
};

struct lab *lab_open(const struct lab_options *o);
struct lab *lab_plain(void); /* no options at all */

/*
 * What a server of this lab is configured with: endpoints, keys, an agent ID
 * with the task's ID, allowed_accounts = [ACCOUNT].  more is lines of HCL; a
 * key in it replaces that line, and a line "no KEY" takes it away.
 */
const char *lab_config(const struct lab *lab, const char *more);

/* Configure again, which also forgets whatever was cached. */
void lab_configure(struct lab *lab, const char *more);

/*
 * The wire is honest again, an honest agent attests (within half a minute, as
 * a circuit breaker may have to close), no secret was logged, and the plugin
 * ends as it should.
 */
void lab_close(struct lab *lab);

/* The first half of that; the second, after which the plugin may be gone. */
void lab_is_well(struct lab *lab);
void lab_unload(struct lab *lab); /* with whatever is under way */
void lab_free(struct lab *lab);

/* Credentials and ARN of a task of the scenario. */
struct task_keys {
	char arn[300];
	char access_key_id[132];
	char secret[260];
	char token[8200];
};
void lab_task(struct lab *lab, const char *name, struct task_keys *keys);

/* How often the mock itself was asked: "STS", "ECS" or an operation. */
size_t lab_asked(struct lab *lab, const char *operation);

/* Its control: POST of a JSON text. */
void lab_post(struct lab *lab, const char *path, const char *json);

/* The URL where that task gets its credentials, for a few more calls. */
const char *lab_credentials(const struct lab *lab, const char *name);

/* To be looked for in the log. */
void lab_secret(struct lab *lab, const char *text);
void lab_is_quiet(struct lab *lab);

/*
 * Proofs
 */

/* What an agent signs. */
struct signer {
	char trust_domain[64], plugin_name[64], server_id[64];
	char task_arn[300], sts_host[256], region[64];
	unsigned char server_nonce[32], agent_nonce[32];
	int64_t at_s;        /* seconds since 1970; 0: now */
	const char *binding; /* NULL: made of the above */

	/* Another protocol's headers, not ours: name, value, ..., NULL. */
	const char *const *headers;
};

struct proof {
	struct lab *lab;
	const struct task_keys *keys;
	const struct header *headers;
	size_t header_count;
	struct call *call;
	struct attested out; /* the last answer */
	struct signer signer;
};

/* Its payload; members replaced as by payload() of fixture.h. */
const char *claim_of(const char *arn);

/*
 * Open the stream, send the payload (NULL: the honest one), take what comes:
 * a challenge, of which p->signer is made, or the end, both in p->out.
 */
void proof_start(struct proof *p, struct lab *lab,
    const struct task_keys *keys, const char *payload);
/* The same, and it must be a challenge. */
void proof_challenged(struct proof *p, struct lab *lab,
    const struct task_keys *keys, const char *payload);

/* Signed by p->signer; members replaced: name, JSON text, ..., NULL. */
const char *proof_response(struct proof *p, const char *name, ...)
    __attribute__((sentinel));

void proof_send(struct proof *p, const char *response);
void proof_outcome(struct proof *p);
void proof_answer(struct proof *p, const char *response); /* both */
void proof_end(struct proof *p);

/* An honest proof from first to last; the answer is in *p. */
void prove(struct proof *p, struct lab *lab, const struct task_keys *keys);

/* p->out is a refusal of that code, whose text holds says. */
void is_refused(const struct proof *p, const char *why, grpc_status_code code,
    const char *says);
void is_granted(const struct proof *p, const char *why, const char *id);

/* prove(), proof_end(), is_granted(). */
void must_prove(
    struct lab *lab, const struct task_keys *keys, const char *id);
void must_fail_to_prove(struct lab *lab, const struct task_keys *keys,
    const char *why, grpc_status_code code, const char *says);

#endif
