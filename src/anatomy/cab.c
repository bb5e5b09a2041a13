/* SPDX-License-Identifier: Apache-2.0 */

/* cab: the anatomy of cabinets (wire/cab.h): layout, signature, what it covers. */

#include "anatomy/anatomy_format.h"
#include "anatomy/odd_judge.h"
#include "anatomy/signed_judge.h"

#include "base/buf.h"
#include "crypto/hash.h"
#include "wire/cab.h"

#include <errno.h>

#define SIGNATURE_MAX (16u << 20)
#define TABLES_MAX (64u << 20)

struct cab_state {
	struct arena arena;
	struct cab cab; /* size 0: malformed */
	struct signed_judge sigs;
	struct hasher *hasher;
	struct cab_range range[CAB_COVERED_MAX];
	size_t nranges;
	uint64_t at;
};

/* What each oddity means for a signed and for an unsigned file. What lies between the parts is
 * covered by a signature: told, as a program's overlay is. */
static const struct odd_meaning meaning[CAB_A_KINDS] = {
	[CAB_A_RESERVED] = { REASON_FAIL, REASON_WARN, "a reserved field of the header is not 0" },
	[CAB_A_FLAGS] = { REASON_FAIL, REASON_WARN, "unknown flags in the header" },
	[CAB_A_INDEX] = { REASON_FAIL, REASON_WARN,
	    "it is the first of its set and has a number in it" },
	[CAB_A_SIZE] = { REASON_FAIL, REASON_WARN, "the header gives another size than it has" },
	[CAB_A_RESERVE_HEADER] = { REASON_FAIL, REASON_WARN,
	    "the header's reserved area holds something that is no signature's place" },
	[CAB_A_RESERVE_FOLDER] = { REASON_FAIL, REASON_WARN, "a folder's reserved area is in use" },
	[CAB_A_RESERVE_DATA] = { REASON_WARN, REASON_WARN,
	    "a data block's reserved area is in use" },
	[CAB_A_SIGNATURE] = { REASON_FAIL, REASON_FAIL,
	    "the signature is not just behind the cabinet, or runs past the end of the file" },
	[CAB_A_AFTER_END] = { REASON_FAIL, REASON_WARN,
	    "bytes behind the cabinet and its signature, where nothing covers them" },
	[CAB_A_GAP] = { REASON_WARN, REASON_WARN, "bytes between the parts of the cabinet" },
	[CAB_A_OVERLAP] = { REASON_FAIL, REASON_FAIL, "parts of the cabinet share bytes" },
	[CAB_A_TRUNCATED] = { REASON_FAIL, REASON_FAIL, "the cabinet is cut off" },
	[CAB_A_BLOCK] = { REASON_FAIL, REASON_FAIL,
	    "a data block that is empty, too large, or short and not the last" },
	[CAB_A_CHECKSUM] = { REASON_FAIL, REASON_FAIL, "the checksum of a data block does not fit" },
	[CAB_A_NO_CHECKSUM] = { REASON_NOTE, REASON_NOTE, "data blocks without a checksum" },
	[CAB_A_FILE_BEYOND] = { REASON_FAIL, REASON_FAIL, "files that are longer than their folder" },
	[CAB_A_FILE_GAP] = { REASON_WARN, REASON_WARN, "unpacked bytes that belong to no file" },
	[CAB_A_FILE_OVERLAP] = { REASON_FAIL, REASON_FAIL,
	    "files that share bytes, unpacked" },
	[CAB_A_SPANNED] = { REASON_WARN, REASON_WARN,
	    "files that begin or go on in another cabinet" },
	[CAB_A_METHOD] = { REASON_WARN, REASON_WARN, "a folder with an unknown compression" },
};

static const char *no_name(void *ctx, uint32_t item)
{
	(void)ctx;
	(void)item;
	return "";
}

static void judge_layout(struct anatomy *a, const struct cab *c)
{
	bool is_signed = c->signature_off || c->signature_len;

	for (int k = CAB_A_NONE + 1; k < CAB_A_KINDS; k++)
		odd_judge(a, &c->odd[k], &meaning[k], is_signed, "cab",
		    cab_odd_name((enum cab_odd_kind)k), no_name, NULL);
	if (is_signed && c->reserve_folder)
		reason_at(verdict_add(a->verdict, REASON_FAIL, "cab.reserve-folder",
			      "a signed cabinet whose folders have reserved areas: what its signature "
			      "covers is not known"),
		    39, 1);
}

/* --- the signature --------------------------------------------------------------------------- */

static int read_signature(struct anatomy *a)
{
	AUTO_BUF struct buf b = BUF_INIT(SIGNATURE_MAX + 1);
	struct cab_state *s = a->state;
	uint32_t off = s->cab.signature_off, len = s->cab.signature_len;
	size_t der_len;

	if (len > SIGNATURE_MAX || off > a->size || len > a->size - off) {
		verdict_add(a->verdict, REASON_FAIL, "cab.signature.bad-der",
		    "the signature runs past the end of the file or is larger than 16 MiB");
		return 0;
	}
	int rc = anatomy_pread(a, &b, off, len);
	if (rc == 0)
		rc = signed_add(&s->sigs, buf_span(&b), off, &der_len);
	if (rc == 0 && der_len)
		odd_judge_slack(a, "cab", span_from(buf_span(&b), der_len), off + der_len);
	return rc;
}

static int judge_signature(struct anatomy *a)
{
	struct cab_state *s = a->state;

	if (!s->cab.signature_off && !s->cab.signature_len) {
		if (!verdict_has(a->verdict, REASON_FAIL))
			verdict_add(a->verdict, REASON_NOTE, "cab.unsigned",
			    "a cabinet without a signature: nothing inside it vouches for it");
		return 0;
	}
	int rc = read_signature(a);
	if (rc)
		return rc;
	s->nranges = cab_covered(&s->cab, s->range);
	unsigned algs = s->nranges ? signed_algs(&s->sigs) : 0;
	return algs ? hasher_new(&s->hasher, algs) : 0;
}

/* --- begin, update, finish ------------------------------------------------------------------- */

static int judge(struct anatomy *a)
{
	struct cab_state *s = a->state;
	int rc = cab_account(&s->cab);

	if (rc)
		return rc;
	judge_layout(a, &s->cab);
	rc = signed_begin(&s->sigs, "cab", AC_SUBJECT_CAB, a->trust, a->verdict, a->arena, &a->own);
	return rc ? rc : judge_signature(a);
}

static int begin(struct anatomy *a, struct span head)
{
	if (!span_starts(head, SPAN_LIT("MSCF")))
		return ANATOMY_OTHER;
	struct cab_state *s = ARENA_NEW(&a->own, struct cab_state);
	if (!s)
		return -ENOMEM;
	a->state = s;
	s->arena = ARENA_INIT(TABLES_MAX);
	int rc = cab_open(&s->cab, odd_fetch, a, a->size, &s->arena);
	if (rc == 0)
		rc = judge(a);
	if (rc > 0)
		verdict_add(a->verdict, REASON_FAIL, "cab.malformed", "%s", cab_strerror(rc));
	return rc > 0 ? 0 : rc;
}

static int update(struct anatomy *a, const uint8_t *p, size_t n)
{
	struct cab_state *s = a->state;
	uint64_t from = s->at, to = from + n;

	s->at = to;
	for (size_t i = 0; s->hasher && i < s->nranges; i++) {
		uint64_t lo = s->range[i].off, hi = lo + s->range[i].len;
		lo = lo < from ? from : lo;
		hi = hi > to ? to : hi;
		int rc = lo < hi ? hasher_update(s->hasher, p + (lo - from), hi - lo) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

static int finish(struct anatomy *a)
{
	struct cab_state *s = a->state;

	return s->hasher ? anatomy_signed(a, &s->sigs, s->hasher) : 0;
}

static void done(struct anatomy *a)
{
	struct cab_state *s = a->state;

	if (!s)
		return;
	s->hasher = hasher_free(s->hasher);
	arena_free(&s->arena);
}

const struct anatomy_format anatomy_cab = {
	.name = "cab",
	.begin = begin,
	.update = update,
	.finish = finish,
	.done = done,
};
