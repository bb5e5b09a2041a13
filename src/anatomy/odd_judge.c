/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/odd_judge.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#define PADDING_MAX 7

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

void odd_judge_slack(struct anatomy *a, const char *format, struct span slack, uint64_t off)
{
	const char *code = arena_printf(a->arena, "%s.signature-slack", format);
	size_t used = 0;

	for (size_t i = 0; i < slack.n; i++)
		if (slack.p[i])
			used = i + 1;
	if (slack.n > PADDING_MAX)
		reason_at(verdict_add(a->verdict, REASON_FAIL, code ? code : format,
			      "%zu bytes at offset %" PRIu64
			      " follow the signature in its place, where nothing covers them "
			      "(alignment explains at most 7)",
			      slack.n, off),
		    off, slack.n);
	else if (used)
		reason_at(verdict_add(a->verdict, REASON_FAIL, code ? code : format,
			      "the %zu alignment bytes behind the signature at offset %" PRIu64
			      " are not zero",
			      slack.n, off),
		    off, slack.n);
}

int odd_fetch(void *anatomy, uint64_t off, void *p, size_t n)
{
	const struct anatomy *a = anatomy;

	for (uint8_t *to = p; n;) {
		ssize_t got = pread(a->fd, to, n, (off_t)off);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EAGAIN;
		to += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}
