/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "task/arn.h"

/* What is taken can be put together again, byte for byte. */
static void
check_whole(const struct task_arn *arn, struct str text)
{
	char back[1024];
	int n;

	FUZZ_CHECK(str_eq(arn->text, text));
	FUZZ_CHECK(is_partition(arn->partition) && is_region(arn->region));
	FUZZ_CHECK(is_account(arn->account) && is_cluster_name(arn->cluster));
	n = snprintf(back, sizeof(back),
	    "arn:%.*s:ecs:%.*s:%.*s:task/%.*s/%.*s", STR_FMT(arn->partition),
	    STR_FMT(arn->region), STR_FMT(arn->account), STR_FMT(arn->cluster),
	    STR_FMT(arn->task_id));
	FUZZ_CHECK(n > 0 && (size_t)n < sizeof(back));
	FUZZ_CHECK(str_eq((struct str){ back, (size_t)n }, text));
}

static void
check_task(struct str text, enum task_id_form form)
{
	struct task_arn arn = { .text = STR("untouched") };
	struct err err = { 0 };
	int r = task_arn_parse(&arn, text, form, &err);

	FUZZ_CHECK(r == err.code);
	if (r == ERR_OK) {
		check_whole(&arn, text);
		return;
	}
	FUZZ_CHECK(r == ERR_FORMAT && str_is(arn.text, "untouched"));
	FUZZ_CHECK(str_is_printable(str_of(err.msg)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_str(data, size);
	struct cluster_ref ref = { .name = STR("untouched") };
	struct err err = { 0 };

	check_task(text, TASK_ID_AWS);
	check_task(text, TASK_ID_ANY);
	if (cluster_ref_parse(&ref, text, &err) == ERR_OK) {
		FUZZ_CHECK(is_cluster_name(ref.name));
		FUZZ_CHECK((ref.account.n == 0) == str_eq(ref.name, text));
	} else {
		FUZZ_CHECK(str_is(ref.name, "untouched"));
		FUZZ_CHECK(str_is_printable(str_of(err.msg)));
	}
	return 0;
}
