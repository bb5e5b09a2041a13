/* SPDX-License-Identifier: Apache-2.0 */

/* debian_judge: one artifact against what was settled. */

#include "trust/debian/archive.h"

#include <errno.h>

struct ask {
	const struct debian *d;
	struct artifact *art;
	struct verdict *v;
	const struct digest *sha256;
	char *base;		/* the artifact's file name, as an archive would have it */
	struct debian_proof proof;
	const struct debian_file *replaced; /* lists its name with other bytes */
	struct deb_package was;
	bool named; /* an index lists its name with these bytes */
	size_t indices, releases; /* that count */
};

static struct reason *from(struct reason *r, const struct debian_file *x)
{
	if (x) {
		r->file = x->name;
		r->evidence = x->digest;
	}
	return r;
}

const char *debian_suite_text(const struct deb_release *r, struct arena *a)
{
	char origin[QUOTE_MAX + 8], code[QUOTE_MAX + 8], suite[QUOTE_MAX + 8];
	bool both = r->codename[0] && r->suite[0] && strcmp(r->codename, r->suite) != 0;
	const char *name = r->codename[0] ? r->codename : r->suite;

	quote(span_str(r->origin), origin);
	quote(span_str(name), code);
	quote(span_str(r->suite), suite);
	const char *text = arena_printf(a, "%s%s%s%s%s%s", origin, origin[0] ? " " : "", code,
	    both ? " (" : "", both ? suite : "", both ? ")" : "");
	return text ? text : "";
}

static bool same_size(const struct artifact *art, uint64_t size)
{
	return (art->fd < 0 && !art->mapped) || art->size == size; /* only digests are known */
}

/*
 * The name without folders. Programs that save packages write an epoch's colon as %3a, archives
 * leave the epoch out: "x_1%3a2-3_all.deb" is "x_2-3_all.deb" there.
 */
static char *file_name(const char *path, struct arena *a)
{
	const char *base = strrchr(path, '/');
	char *s = arena_str(a, span_str(base ? base + 1 : path));
	char *under = s ? strchr(s, '_') : NULL;
	char *epoch = under ? strcasestr(under, "%3a") : NULL;

	if (epoch && strspn(under + 1, "0123456789") == (size_t)(epoch - under - 1))
		memmove(under + 1, epoch + 3, strlen(epoch + 3) + 1);
	return s;
}

static void set_proof(struct ask *q, const struct debian_file *root,
    const struct debian_file *index, const struct deb_package *p)
{
	q->proof.root = root;
	q->proof.index = index;
	q->proof.package = *p;
	q->proof.signer = &root->signer[0];
}

static void say_listed(struct ask *q, const struct debian_file *x, const struct debian_file *root)
{
	const struct deb_package *p = &q->proof.package;
	const struct deb_release *r = &root->release;
	struct arena *a = q->v->arena;
	char at[TS_TEXT_MAX];
	const char *who = signer_text(&root->signer[0], a);

	if (root->kind == DEBIAN_LIST)
		from(verdict_add(q->v, REASON_PROVEN, "debian.listed",
			 "is %s of %s %s (%s), by %s", QUOTE(span_str(p->path)),
			 QUOTE(span_str(p->name)), QUOTE(span_str(p->version)),
			 QUOTE(span_str(p->arch)), who),
		    x);
	else
		from(verdict_add(q->v, REASON_PROVEN, "debian.listed",
			 "is %s %s (%s) in %s of %s, dated %s, by %s", QUOTE(span_str(p->name)),
			 QUOTE(span_str(p->version)), QUOTE(span_str(p->arch)),
			 QUOTE(span_str(x->listed_as)), debian_suite_text(r, a),
			 ts_format(r->date, at), who),
		    x);
}

/* One index or list: does it name these bytes, or other bytes under this name? */
static void look_in(struct ask *q, const struct debian_file *x, const struct debian_file *root)
{
	const struct deb_item *i = deb_index_find(&x->index, q->sha256->b);
	const struct deb_item *named = deb_index_find_name(&x->index, q->base);
	const struct deb_item *end = x->index.item + x->index.n;

	q->indices++;
	if (named && memcmp(named->sha256, q->sha256->b, 32) == 0)
		q->named = true;
	else if (named && !q->replaced) {
		q->replaced = x;
		q->was = deb_index_package(&x->index, named);
	}
	if (!i)
		return;
	struct deb_package first = deb_index_package(&x->index, i);
	for (; i < end && memcmp(i->sha256, q->sha256->b, 32) == 0; i++)
		if (!same_size(q->art, i->size)) {
			from(verdict_add(q->v, REASON_FAIL, "artifact.digest-conflict",
				 "%s lists these bytes, and another size",
				 QUOTE(span_str(x->name))),
			    x);
			return;
		}
	bool is_first = !q->proof.root;
	if (is_first)
		set_proof(q, root, x, &first);
	if (is_first)
		say_listed(q, x, root);
}

/* A Release lists other files, too: indices themselves, installer images. */
static void look_in_release(struct ask *q, const struct debian_file *x)
{
	struct arena *a = q->v->arena;
	char at[TS_TEXT_MAX];

	q->releases++;
	for (size_t i = 0; i < x->release.n; i++) {
		const struct deb_listed *l = &x->release.listed[i];
		if (memcmp(l->sha256, q->sha256->b, 32) != 0 || !same_size(q->art, l->size))
			continue;
		if (!q->proof.root)
			from(verdict_add(q->v, REASON_PROVEN, "debian.listed",
				 "is %s of %s, dated %s, by %s", QUOTE(span_str(l->path)),
				 debian_suite_text(&x->release, a), ts_format(x->release.date, at),
				 signer_text(&x->signer[0], a)),
			    x);
		if (!q->proof.root)
			set_proof(q, x, NULL,
			    &(struct deb_package){ "", "", "", l->path, l->size });
		return;
	}
}

/* "x.tar.gz.asc" is about "x.tar.gz". */
static bool names_artifact(const struct debian_file *x, const char *base)
{
	const char *name = strrchr(x->name, '/');
	size_t n = strlen(base);

	name = name ? name + 1 : x->name;
	return strncmp(name, base, n) == 0 && name[n] == '.';
}

static int say_signature(struct ask *q, const struct debian_file *x, int rc,
    const struct pgp_check *c)
{
	struct arena *a = q->v->arena;
	struct signer s = SIGNER_INIT;

	if (rc == PGP_GOOD) {
		for (size_t i = 0; i < c->status.n; i++) {
			if (c->status.sig[i].state != PGP_SIG_GOOD)
				continue;
			rc = pgp_signer(&s, &c->status.sig[i], a);
			if (rc < 0)
				return rc;
			if (!q->d->opts.may_sign || q->d->opts.may_sign(q->d->opts.ctx, &s)) {
				from(verdict_add(q->v, REASON_PROVEN, "openpgp.signature",
					 "signed by %s", signer_text(&s, a)),
				    x);
				q->proof.signature = x;
				q->proof.signature_by = s;
				return 0;
			}
		}
		from(verdict_add(q->v, REASON_FAIL, "evidence.signer",
			 "signed by %s, who is not a signer that the policy lists",
			 signer_text(&s, a)),
		    x);
	} else if (rc == PGP_NO_GPGV) {
		from(verdict_add(q->v, REASON_MISSING, "openpgp.no-gpgv",
			 "OpenPGP signatures are checked by gpgv: install gpgv (%s)", c->why),
		    x);
	} else if (rc == PGP_STRANGER) {
		from(verdict_add(q->v, REASON_MISSING,
			 q->d->opts.keys->n ? "openpgp.stranger" : "signer.none", "%s", c->why),
		    x);
	} else if (rc == PGP_BAD && q->d->opts.many && !names_artifact(x, q->base)) {
		from(verdict_add(q->v, REASON_NOTE, "evidence.other",
			 "an OpenPGP signature over another file"),
		    x);
	} else {
		from(verdict_add(q->v, REASON_FAIL,
			 rc == PGP_BROKEN	? "evidence.malformed" :
			     rc == PGP_UNUSABLE ? "evidence.key" :
						  "evidence.signature",
			 "%s", c->why),
		    x);
	}
	return 0;
}

static int check_signature(struct ask *q, const struct debian_file *x)
{
	struct pgp_opts o = { .now = q->d->opts.now, .gpgv = q->d->opts.gpgv };
	struct pgp_check *c = ARENA_NEW(q->v->arena, struct pgp_check);
	struct fault f = FAULT_INIT;

	if (!c)
		return -ENOMEM;
	if (q->art->fd < 0) {
		from(verdict_add(q->v, REASON_MISSING, "openpgp.bytes",
			 "a signature over the file itself: its digest is not enough"),
		    x);
		return 0;
	}
	int rc = pgp_verify_detached(c, x->text, q->art->fd, q->art->size, q->d->opts.keys, &o, &f);
	return rc < 0 ? rc : say_signature(q, x, rc, c);
}

static int look_everywhere(struct ask *q)
{
	const struct debian *d = q->d;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < d->n; i++) {
		const struct debian_file *x = &d->file[i];
		if (x->kind == DEBIAN_SIGNATURE && !x->used)
			rc = check_signature(q, x);
		else if (x->good && x->kind == DEBIAN_LIST)
			look_in(q, x, x);
		else if (x->good && x->kind == DEBIAN_RELEASE)
			look_in_release(q, x);
		else if (x->good && x->above)
			look_in(q, x, x->above);
	}
	return rc;
}

static void conclude(struct ask *q)
{
	/* Also when the bytes are another package's: that is not what the name promises. */
	if (q->replaced && !q->named)
		from(verdict_add(q->v, REASON_FAIL, "artifact.replaced",
			 "%s lists %s %s (%s) under this name, with other bytes",
			 QUOTE(span_str(q->replaced->name)), QUOTE(span_str(q->was.name)),
			 QUOTE(span_str(q->was.version)), QUOTE(span_str(q->was.arch))),
		    q->replaced);
	else if (q->proof.root)
		return;
	else if (q->indices)
		verdict_add(q->v, REASON_MISSING, "debian.unlisted",
		    "none of the %zu signed lists of packages names these bytes", q->indices);
	else if (q->releases)
		verdict_add(q->v, REASON_MISSING, "debian.index",
		    "the signed Release is here; the Packages file that lists this artifact is not");
}

/* What would have been needed is not, when something else proves what the artifact is. */
static void unask(struct verdict *v, size_t from_reason)
{
	for (size_t i = from_reason; i < v->n; i++)
		if (v->reason[i].kind == REASON_MISSING)
			v->reason[i].kind = REASON_NOTE;
}

int debian_judge(const struct debian *d, struct artifact *art, struct verdict *v,
    struct debian_proof *ret_p)
{
	struct ask q = { .d = d, .art = art, .v = v,
		.sha256 = artifact_digest(art, DIGEST_SHA256), .base = file_name(art->name, v->arena) };

	if (!q.sha256 || !q.base)
		return q.base ? -EINVAL : -ENOMEM;
	size_t before = v->n;
	for (size_t i = 0; i < d->nremarks; i++)
		from(verdict_add(v, d->remark[i].kind, d->remark[i].code, "%s", d->remark[i].text),
		    d->remark[i].file);
	int rc = look_everywhere(&q);
	if (rc < 0)
		return rc;
	conclude(&q);
	if (verdict_has(v, REASON_PROVEN))
		unask(v, before);
	*ret_p = q.proof;
	return 0;
}
