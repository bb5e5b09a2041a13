/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_set.h"

#include "base/cur.h"

#include <errno.h>

const char *yara_end_name(enum yara_end e)
{
	static const char *const name[YARA_ENDS] = {
		[YARA_WHOLE] = "scanned to its end",
		[YARA_TIMED_OUT] = "not fully scanned by the YARA rules: timeout",
		[YARA_LARGE] = "not scanned by the YARA rules: larger than their limit",
		[YARA_MEMORY] = "not fully scanned by the YARA rules: out of memory",
		[YARA_STRINGS] = "not fully scanned by the YARA rules: a string matched too often",
		[YARA_FAILED] = "not fully scanned by the YARA rules: libyara gave an error",
	};
	return e < YARA_ENDS ? name[e] : "unknown";
}

/* The identifier of the told rule's string. 0 or -EBADMSG. */
static int string_name(const struct yara *y, const struct yara_told *t, uint32_t index,
    const char **ret)
{
	const YR_RULE *rule = &y->group[t->group].rules->rules_table[t->index];
	const YR_STRING *string;
	uint32_t i = 0;

	yr_rule_strings_foreach(rule, string)
	{
		if (i++ == index) {
			*ret = string->identifier;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_match(const struct yara *y, struct cur *c, struct yara_match *ret_m)
{
	uint32_t told = cur_le32(c), string = cur_le32(c);
	uint64_t offset = cur_le64(c);

	if (c->err || told >= y->ntold)
		return -EBADMSG;
	*ret_m = y->told[told].m;
	if (string == YARA_NONE)
		return 0;
	ret_m->offset = offset;
	return string_name(y, &y->told[told], string, &ret_m->string);
}

static int read_all(const struct yara *y, struct cur *c, struct yara_found *f)
{
	f->end = cur_u8(c);
	f->code = (int)cur_le32(c);
	f->more = cur_le32(c);
	f->n = cur_le32(c);
	if (c->err || f->end >= YARA_ENDS || f->n > YARA_MATCHES_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < f->n; i++) {
		int rc = read_match(y, c, &f->match[i]);
		if (rc < 0)
			return rc;
	}
	return cur_left(c) ? -EBADMSG : 0;
}

int yara_report(const struct yara *y, struct span report, struct yara_found *ret_f)
{
	struct cur c = cur_of(report);

	*ret_f = (struct yara_found){ 0 };
	if (!report.n)
		return 0;
	int rc = read_all(y, &c, ret_f);
	if (rc < 0)
		*ret_f = (struct yara_found){ 0 };
	return rc;
}
