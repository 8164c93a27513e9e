/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "conf/hcl.h"

/* Sums up the tree: every pointer is followed, every byte read. */
struct tally {
	size_t nodes, bytes;
	unsigned deepest;
};

static void
read_text(struct tally *t, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		t->bytes += text.p[i] != '\0';
}

static void
check_pos(struct hcl_pos pos)
{
	FUZZ_CHECK(pos.line >= 1 && pos.column >= 1);
	FUZZ_CHECK(pos.line <= HCL_TEXT_MAX && pos.column <= HCL_TEXT_MAX);
}

static void
walk(struct tally *t, const struct hcl_value *v, unsigned depth)
{
	const struct hcl_value *element;
	const struct hcl_item *item;
	size_t i;

	FUZZ_CHECK(depth <= HCL_DEPTH_MAX);
	FUZZ_CHECK(v->type == HCL_LIST || v->values == NULL);
	FUZZ_CHECK(v->type == HCL_OBJECT || v->items == NULL);
	FUZZ_CHECK(v->text.n == 0 || v->text.p != NULL);
	check_pos(v->pos);
	read_text(t, v->text);
	t->nodes++;
	for (element = v->values; element != NULL; element = element->next)
		walk(t, element, depth + 1);
	for (item = v->items; item != NULL; item = item->next) {
		FUZZ_CHECK(item->key_count > 0);
		FUZZ_CHECK(item->key_count <= HCL_KEYS_MAX);
		for (i = 0; i < item->key_count; i++) {
			check_pos(item->keys[i].pos);
			read_text(t, item->keys[i].text);
		}
		t->nodes++;
		if (item->value == NULL)
			FUZZ_CHECK(item->next == NULL && depth == 0);
		else
			walk(t, item->value, depth + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hcl_value root = { .text = STR("untouched") };
	struct err err = { 0 };
	struct tally t = { 0 };
	struct arena a;
	int r;

	arena_init(&a, HCL_ARENA_MAX);
	r = hcl_parse(&root, &a, fuzz_str(data, size), &err);
	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		FUZZ_CHECK(root.type == HCL_OBJECT);
		walk(&t, &root, 0);
		FUZZ_CHECK(t.nodes <= HCL_NODES_MAX + 1);
	} else {
		FUZZ_CHECK(r == ERR_CONFIG);
		FUZZ_CHECK(str_is(root.text, "untouched"));
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
		FUZZ_CHECK(err.msg[0] >= '1' && err.msg[0] <= '9');
	}
	arena_release(&a);
	return 0;
}
