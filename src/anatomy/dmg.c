/* SPDX-License-Identifier: Apache-2.0 */

/* dmg: the anatomy of disk images (wire/udif.h): layout, and the signature in front of the trailer. */

#include "anatomy/apple.h"

#include "wire/udif.h"

#include <errno.h>
#include <inttypes.h>

struct dmg_state {
	struct udif u;
	/* The trailer as it was before it was signed: that is what is hashed. */
	uint8_t trailer[UDIF_TRAILER];
	struct apple apple;
};

static int begin(struct anatomy *a, struct span head)
{
	AUTO_BUF struct buf tail = BUF_INIT(UDIF_TRAILER);
	struct dmg_state *s = ARENA_NEW(&a->own, struct dmg_state);

	(void)head;
	if (!s)
		return -ENOMEM;
	if (a->size < UDIF_TRAILER)
		return ANATOMY_OTHER;
	int rc = anatomy_pread(a, &tail, a->size - UDIF_TRAILER, UDIF_TRAILER);
	if (rc < 0)
		return rc;
	if (!udif_is(buf_span(&tail)))
		return ANATOMY_OTHER;
	a->state = s;
	memcpy(s->trailer, tail.p, UDIF_TRAILER);
	rc = udif_read(&s->u, buf_span(&tail), a->size);
	if (rc)
		verdict_add(a->verdict, REASON_FAIL, "dmg.malformed", "%s", udif_strerror(rc));
	return 0;
}

/* What no part of the image claims: in front of the signature it is at least covered. */
static void judge_gaps(struct anatomy *a, struct span file)
{
	const struct dmg_state *s = a->state;
	uint64_t covered = s->u.signature.len ? s->u.signature.off : 0;

	for (uint32_t i = 0; i < s->u.ngaps; i++) {
		const struct udif_range *g = &s->u.gap[i];
		bool in = g->off + g->len <= covered;
		bool zero = apple_zero(span_cut(file, (size_t)g->off, (size_t)g->len));
		reason_at(verdict_add(a->verdict,
			      in || (zero && !covered) ? REASON_NOTE :
			      covered		       ? REASON_FAIL :
							 REASON_WARN,
			      "dmg.gap", "%" PRIu64 " %sbytes at offset %" PRIu64
			      " belong to no part of the image%s",
			      g->len, zero ? "zero " : "", g->off,
			      in      ? " (covered by the signature)" :
			      covered ? ": no signature covers them" :
					""),
		    g->off, g->len);
	}
}

static int judge_file(struct anatomy *a, struct span file)
{
	struct dmg_state *s = a->state;

	judge_gaps(a, file);
	if (!s->u.signature.len) {
		verdict_add(a->verdict, REASON_NOTE, "dmg.unsigned",
		    "a disk image without a signature: nothing inside it vouches for it");
		return 0;
	}
	memset(s->trailer + UDIF_SIGNATURE_LEN_OFF, 0, 8);
	struct apple_part p = {
		.what = "",
		.covered = s->u.signature.off,
		.room_off = s->u.signature.off,
		.room_len = s->u.signature.len,
		.specific = span_of(s->trailer, UDIF_TRAILER),
	};
	int rc = apple_begin(&s->apple, a, "dmg", file);
	if (rc == 0)
		rc = apple_judge(&s->apple, &p);
	a->signature = s->apple.sig;
	a->nsignatures = s->apple.n;
	return rc;
}

static int finish(struct anatomy *a)
{
	return verdict_has(a->verdict, REASON_FAIL) ? 0 /* malformed */ : anatomy_mapped(a, judge_file);
}

const struct anatomy_format anatomy_dmg = {
	.name = "dmg",
	.begin = begin,
	.finish = finish,
};
