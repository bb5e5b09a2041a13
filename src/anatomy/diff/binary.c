/* SPDX-License-Identifier: Apache-2.0 */

/* diff_binary: inside of one program that changed: the file as a whole, and slice by slice. */

#include "anatomy/diff/priv.h"

#include <errno.h>
#include <inttypes.h>
#include <strings.h>

#define OVERLAY_FROM 512	/* bytes that are worth a word */
#define TABLE_SMALL (6u << 10)	/* another chain of certificates, a second time stamp */
#define TABLE_LARGE (24u << 10) /* no chain is that long */

/* --- the file as a whole --- */

static bool known(const char *a, const char *b)
{
	return a && *a && b && *b;
}

static void identity(struct diff_slices *p, const char *what, const char *was, const char *is)
{
	if (known(was, is) && strcasecmp(was, is) != 0)
		diff_add(p->r, DIFF_IDENTITY, p->o, p->n, "%s %s, before %s", what,
		    QUOTE(span_str(is)), QUOTE(span_str(was)));
}

static void version(struct diff_slices *p)
{
	const struct binary *a = p->bo, *b = p->bn;

	identity(p, "product name", a->product, b->product);
	identity(p, "company", a->company, b->company);
	identity(p, "original name", a->original_name, b->original_name);
	if (!known(a->version, b->version))
		return;
	bool same = strcmp(a->version, b->version) == 0;
	p->r->version[p->n] = same ? DIFF_VERSION_SAME : DIFF_VERSION_CHANGED;
	if (same && p->signs & DIFF_SIGN_CODE)
		diff_same(diff_add(p->r, DIFF_SAME_VERSION, p->o, p->n,
			      "code or data changed, its version is still %s",
			      QUOTE(span_str(b->version))), SPAN_LIT("version"));
}

/* What a growing program explains: a code signature has a digest for each page. */
static uint64_t table_expected(const struct binary *b, uint64_t size)
{
	return b->format == FORMAT_MACHO ? size / 32 + TABLE_LARGE : 0;
}

static void table(struct diff_slices *p, uint64_t size)
{
	uint64_t was = p->bo->table_len, is = p->bn->table_len;
	uint64_t allowed = was + table_expected(p->bn, size);

	if (!was)
		allowed += TABLE_LARGE; /* signed for the first time */
	if (is < allowed + TABLE_SMALL)
		return;
	struct diff_finding *x = diff_add(p->r, DIFF_TABLE, p->o, p->n,
	    "the signature takes %" PRIu64 " bytes, before %" PRIu64, is, was);
	if (is >= allowed + 2 * TABLE_LARGE)
		x->score = 72;
	else if (is < allowed + TABLE_LARGE)
		x->score = 20;
}

static void overlay(struct diff_slices *p)
{
	uint64_t was = p->bo->overlay_len, is = p->bn->overlay_len;
	struct diff_finding *x = NULL;

	if (was < OVERLAY_FROM && is >= OVERLAY_FROM)
		x = diff_add(p->r, DIFF_OVERLAY, p->o, p->n, "%" PRIu64
		    " bytes behind the program, before %" PRIu64, is, was);
	else if (is > was + was / 2 + OVERLAY_FROM)
		x = diff_add(p->r, DIFF_OVERLAY_GROWN, p->o, p->n, "%" PRIu64
		    " bytes behind the program, before %" PRIu64, is, was);
	if (!x)
		return;
	x->has_off = true;
	x->off = p->bn->overlay_off;
	x->len = is;
}

static bool has_word(const struct text_list *l, const char *s)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

/* Offsets change: without digits it is the same oddity. */
static bool has_oddity(const struct text_list *l, const char *s)
{
	char a[COMPONENT_PATH_MAX], b[COMPONENT_PATH_MAX];
	size_t n = diff_general(s, false, b);

	if (has_word(l, s))
		return true;
	for (uint32_t i = 0; i < l->n; i++)
		if (diff_general(l->v[i], false, a) == n && memcmp(a, b, n) == 0)
			return true;
	return false;
}

static void oddities(struct diff_slices *p)
{
	for (uint32_t i = 0; i < p->bn->odd.n; i++)
		if (!has_oddity(&p->bo->odd, p->bn->odd.v[i]))
			diff_add(p->r, DIFF_ODD, p->o, p->n, "%s",
			    QUOTE(span_str(p->bn->odd.v[i])));
}

/* --- slices --- */

static const struct binary_slice *slice_of(const struct binary *b, const char *arch)
{
	for (uint32_t i = 0; i < b->nslices; i++)
		if (strcmp(b->slice[i].arch, arch) == 0)
			return &b->slice[i];
	return NULL;
}

static struct diff_finding *at_slice(struct diff_finding *x, const struct binary_slice *s,
    const char *arch)
{
	x->arch = arch;
	x->has_off = true;
	x->off = s->off;
	x->len = s->len;
	return x;
}

static void only_one(struct diff_slices *p, uint32_t changed, uint32_t same,
    const struct binary_slice *which)
{
	if (!changed || !same)
		return;
	struct diff_finding *x = diff_add(p->r, DIFF_SLICE_ONLY, p->o, p->n,
	    changed == 1 ? "of %u slices this is the only one that changed" :
			   "of %u slices %u changed",
	    changed + same, changed);
	at_slice(x, which, changed == 1 ? arena_str(&p->r->d->arena, span_str(which->arch)) : NULL);
}

static void slices(struct diff_slices *p)
{
	const struct binary *a = p->bo, *b = p->bn;
	const struct binary_slice *last = NULL;
	uint32_t changed = 0, same = 0;
	bool many = a->nslices > 1 || b->nslices > 1;

	for (uint32_t i = 0; i < b->nslices; i++) {
		const struct binary_slice *sn = &b->slice[i], *so = slice_of(a, sn->arch);
		const char *arch = many ? arena_str(&p->r->d->arena, span_str(sn->arch)) : NULL;
		if (!so && a->nslices == 1 && b->nslices == 1)
			so = &a->slice[0];
		if (!so) {
			at_slice(diff_add(p->r, DIFF_SLICE_NEW, p->o, p->n, "code for %s is new",
				     QUOTE(span_str(sn->arch))), sn, arch);
			continue;
		}
		if (diff_slice(p, so, sn, arch)) {
			changed++;
			last = sn;
		} else {
			same++;
		}
	}
	for (uint32_t i = 0; i < a->nslices; i++)
		if (b->nslices && !slice_of(b, a->slice[i].arch) && many)
			diff_add(p->r, DIFF_SLICE_GONE, p->o, p->n, "no code for %s any more",
			    QUOTE(span_str(a->slice[i].arch)));
	if (changed)
		p->signs |= DIFF_SIGN_CODE;
	only_one(p, changed, same, last);
}

/* --- what several facts make together --- */

static void patterns(struct diff_slices *p)
{
	unsigned runs = DIFF_SIGN_MEMORY | DIFF_SIGN_LOAD | DIFF_SIGN_PROCESS;

	if (p->signs & DIFF_SIGN_SIBLING && p->signs & (runs | DIFF_SIGN_CRYPTO))
		diff_add(p->r, DIFF_LOADER, p->o, p->n,
		    "it newly names a file beside it, and newly calls what %s",
		    p->signs & DIFF_SIGN_MEMORY	     ? "makes memory executable" :
			p->signs & DIFF_SIGN_LOAD    ? "loads libraries" :
			p->signs & DIFF_SIGN_PROCESS ? "starts programs" :
						       "decrypts");
	if (p->signs & DIFF_SIGN_INIT && p->signs & (runs | DIFF_SIGN_NET))
		diff_add(p->r, DIFF_IMPLANT, p->o, p->n,
		    "new code that runs when it is loaded, and new calls that %s",
		    p->signs & DIFF_SIGN_NET	     ? "reach the network" :
			p->signs & DIFF_SIGN_MEMORY  ? "make memory executable" :
			p->signs & DIFF_SIGN_PROCESS ? "start programs" :
						       "load libraries");
}

/* --- the pair --- */

/* 0 read; 1 it cannot be: ret_f says why; -errno. */
static int facts(struct diff_run *r, int side, struct span bytes, struct binary *ret_b,
    struct fault *ret_f)
{
	arena_free(&r->facts[side]);
	r->facts[side] = ARENA_INIT(BINARY_ARENA_MAX);
	int rc = binary_read(ret_b, bytes, &r->facts[side], ret_f);
	return rc == -EBADMSG ? 1 : rc;
}

static int compare(struct diff_slices *p, struct span old, struct span new_)
{
	struct binary bo, bn;
	struct fault fo = FAULT_INIT, fn = FAULT_INIT;

	int was = facts(p->r, 0, old, &bo, &fo);
	int is = was < 0 ? was : facts(p->r, 1, new_, &bn, &fn);
	if (is < 0)
		return fault_set(p->r->f, is, "%s: %s", QUOTE(span_str(diff_new(p->r, p->n)->path)),
		    was < 0 ? fo.text : fn.text);
	if (is == 1 && was == 0)
		diff_add(p->r, DIFF_UNREADABLE, p->o, p->n, "%s", fn.text);
	if (is || was)
		return 0;
	p->bo = &bo;
	p->bn = &bn;
	slices(p);
	version(p);
	table(p, new_.n);
	overlay(p);
	oddities(p);
	diff_strings(p);
	patterns(p);
	return 0;
}

int diff_programs(struct diff_run *r, uint32_t o, uint32_t n)
{
	struct diff_slices p = { .r = r, .o = o, .n = n };
	struct span old, new_;

	diff_same(diff_add(r, DIFF_CHANGED, o, n, "%" PRIu64 " bytes, before %" PRIu64,
		      diff_new(r, n)->size, diff_old(r, o)->size), SPAN_LIT("changed"));
	int rc = diff_bytes(r, 0, o, &old);
	if (rc == 0)
		rc = diff_bytes(r, 1, n, &new_);
	if (rc)
		return rc < 0 ? rc : 0;
	return compare(&p, old, new_);
}
