/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/claims.h"

#include <inttypes.h>
#include <math.h>

#include "json/json.h"
#include "workload/workload.pb-c.h"

/* Whole numbers up to here are exact in a double. */
#define EXACT_MAX 9007199254740992.0

static int write_struct(
    struct buf *out, struct str encoded, int depth, struct err *err);

static int
malformed(struct err *err)
{
	return err_set(err, ERR_FORMAT, "the claims cannot be read");
}

static struct str
str_of_bytes(ProtobufCBinaryData b)
{
	return (struct str){ (const char *)b.data, b.len };
}

static int
write_number(struct buf *out, double d, struct err *err)
{
	if (!isfinite(d))
		return malformed(err);
	if (fabs(d) <= EXACT_MAX && d == floor(d))
		buf_addf(out, "%" PRId64, (int64_t)d);
	else
		buf_addf(out, "%.17g", d);
	return ERR_OK;
}

static int write_value(
    struct buf *out, struct str encoded, int depth, struct err *err);

static int
write_list(struct buf *out, struct str encoded, int depth, struct err *err)
{
	Workload__ListValue *list = workload__list_value__unpack(
	    NULL, encoded.n, (const uint8_t *)encoded.p);
	int r = ERR_OK;
	size_t i;

	if (list == NULL)
		return malformed(err);
	buf_add_char(out, '[');
	for (i = 0; i < list->n_values && r == ERR_OK; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		r = write_value(
		    out, str_of_bytes(list->values[i]), depth, err);
	}
	buf_add_char(out, ']');
	workload__list_value__free_unpacked(list, NULL);
	return r;
}

static int
write_kind(
    struct buf *out, const Workload__Value *v, int depth, struct err *err)
{
	/* the generator's own enumerator differs between its versions */
	switch ((int)v->kind_case) {
	case WORKLOAD__VALUE__KIND_NULL_VALUE:
		buf_add_text(out, "null");
		return ERR_OK;
	case WORKLOAD__VALUE__KIND_NUMBER_VALUE:
		return write_number(out, v->number_value, err);
	case WORKLOAD__VALUE__KIND_STRING_VALUE:
		json_write_string(out, str_of_bytes(v->string_value));
		return ERR_OK;
	case WORKLOAD__VALUE__KIND_BOOL_VALUE:
		buf_add_text(out, v->bool_value ? "true" : "false");
		return ERR_OK;
	case WORKLOAD__VALUE__KIND_STRUCT_VALUE:
		return write_struct(
		    out, str_of_bytes(v->struct_value), depth + 1, err);
	case WORKLOAD__VALUE__KIND_LIST_VALUE:
		return write_list(
		    out, str_of_bytes(v->list_value), depth + 1, err);
	default:
		return malformed(err);
	}
}

static int
write_value(struct buf *out, struct str encoded, int depth, struct err *err)
{
	Workload__Value *v;
	int r;

	if (depth > CLAIMS_DEPTH_MAX)
		return err_set(err, ERR_FORMAT, "the claims nest too deep");
	v = workload__value__unpack(
	    NULL, encoded.n, (const uint8_t *)encoded.p);
	if (v == NULL)
		return malformed(err);
	r = write_kind(out, v, depth, err);
	workload__value__free_unpacked(v, NULL);
	return r;
}

static int
write_struct(struct buf *out, struct str encoded, int depth, struct err *err)
{
	Workload__Struct *s = workload__struct__unpack(
	    NULL, encoded.n, (const uint8_t *)encoded.p);
	int r = ERR_OK;
	size_t i;

	if (s == NULL)
		return malformed(err);
	buf_add_char(out, '{');
	for (i = 0; i < s->n_fields && r == ERR_OK; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_write_string(out, str_of_bytes(s->fields[i]->key));
		buf_add_char(out, ':');
		r = write_value(
		    out, str_of_bytes(s->fields[i]->value), depth, err);
	}
	buf_add_char(out, '}');
	workload__struct__free_unpacked(s, NULL);
	return r;
}

int
claims_write(struct buf *out, struct str encoded, struct err *err)
{
	int r = write_struct(out, encoded, 1, err);

	return r == ERR_OK ? buf_check(out, err) : r;
}
