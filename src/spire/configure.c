/* SPDX-License-Identifier: Apache-2.0 */
#include "spire/configure.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "spire/spire.pb-c.h"

enum {
	NOTES_MAX = 64,
	NOTE_MAX = 512,
	NOTES_BYTES = 64 * 1024,
	HOST_SERVICES_MAX = 64,
};

static const char config_service[] = "spire.service.common.config.v1.Config";

struct spire_notes {
	char *texts[NOTES_MAX];
	size_t count;
	struct arena arena;
};

static struct str
text_of(const char *text)
{
	return str_of(text == NULL ? "" : text);
}

static void
log_host_services(const Spire__InitRequest *req)
{
	size_t i;

	for (i = 0; i < req->n_host_service_names && i < HOST_SERVICES_MAX; i++)
		log_debug("host service",
		    F_TEXT("service", req->host_service_names[i]));
}

static void
init_begin(struct gp_call *call, void *arg, struct str message)
{
	const struct spire_config *config = arg;
	char *names[] = { (char *)(uintptr_t)config->attestor,
		(char *)(uintptr_t)config_service };
	Spire__InitResponse res = SPIRE__INIT_RESPONSE__INIT;
	Spire__InitRequest *req;
	uint8_t out[256];
	struct str bytes = { (const char *)out, 0 };

	req = spire__init_request__unpack(
	    NULL, message.n, (const uint8_t *)message.p);
	if (req == NULL) {
		gp_finish(call, GP_INVALID_ARGUMENT,
		    "InitRequest not understood", NULL);
		return;
	}
	log_host_services(req);
	spire__init_request__free_unpacked(req, NULL);
	res.n_plugin_service_names = 2;
	res.plugin_service_names = names;
	if (spire__init_response__get_packed_size(&res) > sizeof(out))
		abort();
	bytes.n = spire__init_response__pack(&res, out);
	gp_finish(call, GP_OK, NULL, &bytes);
}

static void
deinit_begin(struct gp_call *call, void *arg, struct str message)
{
	const struct spire_config *config = arg;

	(void)message;
	config->ops->deinit(config->arg);
	gp_finish(call, GP_OK, NULL, &STR(""));
}

static struct str
trust_domain_of(const Spire__ConfigureRequest *req)
{
	return req->core_configuration == NULL
		   ? STR("")
		   : text_of(req->core_configuration->trust_domain);
}

void
spire_note(struct spire_notes *notes, const char *text)
{
	char clean[NOTE_MAX];
	struct str copy;

	if (notes->count == NOTES_MAX)
		return;
	copy = arena_dup(&notes->arena,
	    str_of(str_clean(clean, sizeof(clean), str_of(text))));
	if (copy.p != NULL)
		notes->texts[notes->count++] = (char *)(uintptr_t)copy.p;
}

/*
 * All problems as one sentence; what passes GP_TEXT_MAX is cut off later.  What
 * is refused without one found no memory, not even for that.
 */
static void
refuse_notes(struct gp_call *call, const struct spire_notes *notes)
{
	enum gp_status status = GP_INVALID_ARGUMENT;
	const char *text;
	struct buf why;
	size_t i;

	buf_init(&why, NOTES_BYTES);
	for (i = 0; i < notes->count; i++)
		buf_addf(&why, "%s%s", i > 0 ? "; " : "", notes->texts[i]);
	text = buf_text(&why);
	if (text == NULL || why.n == 0) {
		status = GP_INTERNAL;
		text = err_text(ERR_MEMORY);
	}
	log_error("configuration refused; an earlier one stays in force",
	    F_TEXT("problems", text));
	gp_finish(call, status, text, NULL);
	buf_release(&why);
}

/*
 * SPIRE takes any note for a fault and never looks at valid, so there are
 * notes exactly when something is wrong.
 */
static void
answer_validate(struct gp_call *call, struct spire_notes *notes)
{
	Spire__ValidateResponse res = SPIRE__VALIDATE_RESPONSE__INIT;
	struct str bytes;
	uint8_t *out;

	res.valid = notes->count == 0;
	res.n_notes = notes->count;
	res.notes = notes->texts;
	out = malloc(spire__validate_response__get_packed_size(&res) + 1);
	if (out == NULL) {
		gp_finish(call, GP_INTERNAL, err_text(ERR_MEMORY), NULL);
		return;
	}
	bytes.p = (const char *)out;
	bytes.n = spire__validate_response__pack(&res, out);
	gp_finish(call, GP_OK, NULL, &bytes);
	free(out);
}

/* Load what a request holds; false: the call is answered. */
static bool
load(void **config, struct gp_call *call, struct str message,
    struct spire_notes *notes)
{
	const struct spire_config *self = gp_arg(call);
	Spire__ConfigureRequest *req = spire__configure_request__unpack(
	    NULL, message.n, (const uint8_t *)message.p);

	if (req == NULL) {
		gp_finish(call, GP_INVALID_ARGUMENT,
		    "configuration request not understood", NULL);
		return false;
	}
	arena_init(&notes->arena, NOTES_BYTES);
	*config = self->ops->load(self->arg, trust_domain_of(req),
	    text_of(req->hcl_configuration), notes);
	spire__configure_request__free_unpacked(req, NULL);
	return true;
}

static void
configure_begin(struct gp_call *call, void *arg, struct str message)
{
	const struct spire_config *self = arg;
	struct spire_notes notes = { .count = 0 };
	void *config;

	if (!load(&config, call, message, &notes))
		return;
	if (config != NULL) {
		self->ops->take(self->arg, config);
		gp_finish(call, GP_OK, NULL, &STR(""));
	} else {
		refuse_notes(call, &notes);
	}
	arena_release(&notes.arena);
}

static void
validate_begin(struct gp_call *call, void *arg, struct str message)
{
	const struct spire_config *self = arg;
	struct spire_notes notes = { .count = 0 };
	void *config;

	if (!load(&config, call, message, &notes))
		return;
	if (config != NULL)
		self->ops->drop(config);
	if (config != NULL || notes.count > 0)
		answer_validate(call, &notes);
	else
		gp_finish(call, GP_INTERNAL, err_text(ERR_MEMORY), NULL);
	arena_release(&notes.arena);
}

static const struct gp_handler init = { .begin = init_begin };
static const struct gp_handler deinit = { .begin = deinit_begin };
static const struct gp_handler configure = { .begin = configure_begin };
static const struct gp_handler validate = { .begin = validate_begin };

void
spire_config_init(struct spire_config *config)
{
	const struct gp_method methods[SPIRE_CONFIG_METHODS] = {
		{ "/spire.service.private.init.v1.Init/Init", GP_UNARY, 2,
		    &init, config },
		{ "/spire.service.private.init.v1.Init/Deinit", GP_UNARY, 2,
		    &deinit, config },
		{ "/spire.service.common.config.v1.Config/Configure", GP_UNARY,
		    2, &configure, config },
		{ "/spire.service.common.config.v1.Config/Validate", GP_UNARY,
		    2, &validate, config },
	};

	memcpy(config->methods, methods, sizeof(methods));
}
