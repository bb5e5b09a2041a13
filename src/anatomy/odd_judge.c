/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/odd_judge.h"

#include <inttypes.h>

void odd_judge(struct anatomy *a, const struct odd *o, const struct odd_meaning *m, bool is_signed,
    const char *format, const char *word, const char *(*item)(void *ctx, uint32_t item), void *ctx)
{
	enum reason_kind kind = is_signed ? m->with : m->without;
	const char *code = arena_printf(a->arena, "%s.%s", format, word);

	for (uint32_t i = 0; i < o->count && i < ODD_EACH; i++) {
		const struct odd_place *p = &o->at[i];
		const char *name = p->item == ODD_NO_ITEM ? "" : item(ctx, p->item);
		reason_at(verdict_add(a->verdict, kind, code ? code : format,
			      "%s%s%s: %" PRIu64 " bytes at offset %" PRIu64, m->text,
			      name[0] ? ", " : "", QUOTE(span_str(name)), p->len, p->off),
		    p->off, p->len);
	}
	if (o->count > ODD_EACH)
		verdict_add(a->verdict, kind, code ? code : format,
		    "%s: %" PRIu32 " more, %" PRIu64 " bytes in all", m->text, o->count - ODD_EACH,
		    o->bytes);
}
