/* SPDX-License-Identifier: Apache-2.0 */

/* apple: who made a code signature, when, and what that is worth. */

#include "anatomy/apple.h"

#include "crypto/apple_cms.h"
#include "crypto/chain.h"
#include "crypto/tsp.h"
#include "wire/pkcs7.h"
#include "wire/plist.h"

#include <errno.h>
#include <stdio.h>

/* ---- the digests of CodeDirectories that were signed ---- */

static bool listed_in_full(const struct apple_cms *cms, const struct apple_directory *x)
{
	for (size_t i = 0; i < cms->ndigests; i++)
		if (digest_eq(&cms->digest[i], &x->full))
			return true;
	return false;
}

/* The older form: a plist with an array of digests cut to 20 bytes, in the directories' order. */
static bool listed_in_plist(struct apple_work *w, const struct apple_cms *cms)
{
	struct plist p;

	if (plist_read(&p, cms->plist, w->j->a->arena, NULL) < 0)
		return false;
	const struct plist_node *all = plist_get(&p, plist_top(&p), "cdhashes", PLIST_ARRAY);
	const struct plist_node *x = plist_first(&p, all);
	for (uint32_t i = 0; i < w->ndirs; i++) {
		if (!x || x->type != PLIST_DATA ||
		    !span_eq(x->bytes, span_of(w->dir[i].full.b, 20)))
			return false;
		x = plist_next(&p, x);
	}
	return !x;
}

static void judge_listed(struct apple_work *w, const struct apple_cms *cms, size_t off)
{
	bool good = !cms->has_digests || cms->ndigests == w->ndirs;

	for (uint32_t i = 0; cms->has_digests && i < w->ndirs; i++)
		good &= listed_in_full(cms, &w->dir[i]);
	if (cms->plist.n)
		good &= listed_in_plist(w, cms);
	if (!good)
		apple_fail(w, "signature.cdhashes", off, cms->used,
		    "the signed list of CodeDirectories is not that of those in the signature");
	if (!cms->has_digests && !cms->plist.n && w->ndirs > 1)
		apple_fail(w, "signature.cdhashes", off, cms->used,
		    "%u CodeDirectories, of which only the first is signed", w->ndirs);
}

/* What anyone can change without breaking the signature: room for a stowaway. */
static void judge_unsigned(
    struct apple_work *w, const struct apple_cms *cms, struct span bytes, size_t off)
{
	struct span behind = span_from(bytes, cms->used);

	if (!apple_zero(behind))
		apple_fail(w, "signature.slack", off + cms->used, behind.n,
		    "%zu bytes behind the CMS signature inside its part: no signature covers them",
		    behind.n);
	if (cms->ncerts_unrelated)
		apple_fail(w, "unrelated-certificates", off, cms->used,
		    "%u of %u embedded certificates belong to no chain of this signature",
		    cms->ncerts_unrelated, cms->ncerts);
	if (cms->ncerts_altered)
		apple_fail(w, "altered-certificate", off, cms->used,
		    "%u embedded certificates that their issuers did not sign so",
		    cms->ncerts_altered);
	if (cms->unsigned_attrs || cms->nstamps > 1)
		apple_fail(w, "unsigned-data", off, cms->used,
		    "%zu unsigned attributes or lists beside the time stamp: nobody signed what is in "
		    "them",
		    cms->unsigned_attrs + (cms->nstamps > 1 ? cms->nstamps - 1 : 0));
}

/* What the counts above do not say. In the signer's own set those that nobody vouches for are judged
 * with its chain. */
static void judge_loose(struct apple_work *w, const struct apple_cms *cms, size_t off)
{
	for (size_t i = 0; i < cms->nloose; i++) {
		const struct ac_loose *l = &cms->loose[i];
		const char *what = l->what ? l->what : "it";
		if (l->kind == AC_LOOSE_ROOM)
			apple_fail(w, "room", off, cms->used,
			    "%zu bytes, larger than a signature needs: %s%s", l->where.n, what,
			    l->in_stamp ? " (in the time stamp)" : "");
		else if (l->in_stamp && l->kind != AC_LOOSE_UNVOUCHED && l->kind != AC_LOOSE_COPY)
			apple_fail(w, "unsigned-data", off, cms->used,
			    "%zu bytes in the time stamp that belong to no chain and no signature of "
			    "it: %s",
			    l->where.n, what);
		else if (l->kind == AC_LOOSE_UNVOUCHED && w->j->a->trust)
			apple_say(w, REASON_NOTE, "unvouched", off, cms->used,
			    "a certificate of %zu bytes that leads to no anchor: %s%s", l->where.n,
			    what, l->in_stamp ? " (in the time stamp)" : "");
	}
	if (cms->nloose_more)
		apple_fail(w, "unsigned-data", off, cms->used,
		    "%zu more such parts of the signature than are listed", cms->nloose_more);
}

/* ---- chains ---- */

struct certs {
	struct cert *cert[AC_CERTS_MAX];
	size_t n;
};

static void certs_free(struct certs *c)
{
	for (size_t i = 0; i < c->n; i++)
		x509_close(c->cert[i]);
}

static void certs_add(struct certs *c, struct span der)
{
	if (c->n < AC_CERTS_MAX && x509_open(&c->cert[c->n], der, NULL) == 0)
		c->n++;
}

/* The leaf is one of those in c. */
static int verify_chain(struct chain_path *ret_p, const struct chain_roots *r,
    const struct certs *c, struct span leaf, ts t, enum chain_purpose purpose, struct fault *f)
{
	for (size_t i = 0; i < c->n; i++)
		if (span_eq(x509_der(c->cert[i]), leaf))
			return chain_verify(ret_p, r, c->cert[i],
			    (const struct cert *const *)c->cert, c->n, t, purpose, f);
	return fault_set(f, CHAIN_MALFORMED, "the signer's certificate cannot be read");
}

/* The token's authority leads to an anchor. SHA-1 inside the token is for those who allow it. */
static int stamp_chain(const struct signed_trust *t, const struct apple_cms *cms, struct fault *f)
{
	FB_CLEANUP(certs_free) struct certs c = { .n = 0 };
	AUTO_TSA struct tsp_authority *tsa = NULL;
	struct pkcs7 p7;
	struct tsp tsp;

	if (!t->allow_sha1) {
		int rc = tsp_read(&tsp, cms->token, f);
		if (rc == TSP_OK)
			rc = tsp_authority_of_roots(&tsa, t->stamp);
		return rc ? rc : tsp_verify(&tsp, cms->stamped, tsa, f);
	}
	if (pkcs7_read(&p7, cms->token, NULL) != PKCS7_OK)
		return fault_set(f, CHAIN_MALFORMED, "a malformed token");
	struct cur all = cur_of(p7.certs);
	while (cur_left(&all))
		certs_add(&c, der_any(&all).all);
	return verify_chain(
	    NULL, t->stamp, &c, cms->stamp.signer.der, cms->stamp.time, CHAIN_TIME_STAMPING, f);
}

static int judge_stamp(struct apple_work *w, const struct apple_cms *cms, size_t off)
{
	const struct signed_trust *t = w->j->a->trust;
	struct fault f = FAULT_INIT;

	if (!cms->nstamps)
		return 0;
	if (cms->stamp.result != AC_OK) {
		apple_say(w, REASON_WARN, "timestamp", off, cms->used,
		    "the time stamp does not verify: %s", ac_result_name(cms->stamp.result));
		return 0;
	}
	w->sig->time = cms->stamp.time;
	if (!t || !t->stamp)
		return 0;
	int rc = stamp_chain(t, cms, &f);
	if (rc < 0)
		return rc;
	w->sig->time_anchored = rc == 0;
	if (rc)
		apple_say(w, REASON_WARN, "timestamp", off, cms->used,
		    "the time stamp leads to no anchor: %s", f.text);
	return 0;
}

/* A certificate that no embedded one signed must be one of the path: else its bytes are anyone's. */
static void judge_vouched(
    struct apple_work *w, const struct apple_cms *cms, const struct chain_path *path, size_t off)
{
	for (uint32_t i = 0; i < cms->ncerts; i++) {
		bool in_path = cms->vouched[i];
		for (size_t k = 0; k < path->n && !in_path; k++)
			in_path = span_eq(x509_der(path->cert[k]), cms->cert[i]);
		if (!in_path)
			apple_fail(w, "altered-certificate", off, cms->used,
			    "an embedded certificate of %zu bytes that nobody known here signed",
			    cms->cert[i].n);
	}
}

static int judge_chain(struct apple_work *w, const struct apple_cms *cms, size_t off)
{
	FB_CLEANUP(certs_free) struct certs c = { .n = 0 };
	const struct signed_trust *t = w->j->a->trust;
	struct fault f = FAULT_INIT;

	if (!t || !t->code)
		return 0;
	for (uint32_t i = 0; i < cms->ncerts; i++)
		certs_add(&c, cms->cert[i]);
	ts when = w->sig->time_anchored ? w->sig->time : t->now;
	struct chain_path path = { .n = 0 };
	int rc = verify_chain(&path, t->code, &c, cms->signer.der, when, CHAIN_CODE_SIGNING, &f);
	if (rc < 0)
		return rc;
	w->sig->chain = rc == CHAIN_OK ? CHAIN_STATE_ANCHORED : CHAIN_STATE_FAILED;
	w->sig->chain_result = rc;
	if (rc != CHAIN_OK) {
		apple_say(w, REASON_FAIL, "chain", off, cms->used,
		    "the signer's certificate leads to no anchor: %s", f.text);
		return 0;
	}
	apple_say(w, REASON_PROVEN, "chain", off, cms->used,
	    "the signer's certificate leads to an anchor given for code signing");
	judge_vouched(w, cms, &path, off);
	return 0;
}

/* ---- the signer ---- */

static void tell_signer(struct apple_work *w, const struct apple_cms *cms, size_t off)
{
	const struct codesign_directory *d = &w->dir[0].d;
	char when[TS_TEXT_MAX], stamp[TS_TEXT_MAX + 32] = "", hash[2 * 20 + 1];
	bool anchored = w->sig->chain == CHAIN_STATE_ANCHORED;

	if (w->sig->time != TS_NONE)
		snprintf(stamp, sizeof(stamp), ", time stamp %s", ts_format(w->sig->time, when));
	snprintf(hash, sizeof(hash), "%.40s", DIGEST_HEX(&w->sig->digest));
	apple_say(w, REASON_NOTE, "signer", off, cms->used, "signed as %s for %s%s%s, cdhash %s%s%s%s",
	    QUOTE(span_str(cms->signer.subject)), QUOTE(d->ident), d->team.n ? ", team " : "",
	    d->team.n ? QUOTE(d->team) : "", hash,
	    d->flags & CODESIGN_F_RUNTIME ? ", hardened runtime" : "", stamp,
	    anchored ? "" : "; whose certificate that is was not checked");
	if (d->flags & CODESIGN_F_ADHOC)
		apple_say(w, REASON_WARN, "adhoc", off, cms->used,
		    "the CodeDirectory says ad hoc, and yet there is a signer");
}

/* Is there a relative name OU that is just this? Other names can hold "OU=", too. */
static bool has_unit(const char *subject, struct span unit)
{
	for (const char *p = subject; p && *p; p++) {
		const char *value = strncmp(p, "OU=", 3) == 0 ? p + 3 : NULL;
		size_t n = 0;
		if (value && strncmp(value, (const char *)unit.p, unit.n) == 0)
			n = unit.n;
		if (n && (!value[n] || value[n] == ',' || value[n] == '+'))
			return true;
		for (; *p && *p != ',' && *p != '+'; p++)
			if (*p == '\\' && p[1])
				p++;
		if (!*p)
			break;
	}
	return false;
}

/* Apple's certificates have the team as organizational unit; another one is told. */
static void judge_team(struct apple_work *w, const struct apple_cms *cms, size_t off)
{
	struct span team = w->dir[0].d.team;

	if (team.n && !has_unit(cms->signer.subject, team))
		apple_fail(w, "team", off, cms->used,
		    "the signature says team %s, the signer's certificate is of another",
		    QUOTE(team));
}

int apple_judge_cms(struct apple_work *w, struct span bytes, size_t off)
{
	struct apple_cms *cms = ARENA_NEW(&w->j->a->own, struct apple_cms);
	struct fault f = FAULT_INIT;

	if (!cms)
		return -ENOMEM;
	const struct signed_trust *t = w->j->a->trust;
	const struct ac_trust trust = t ? (struct ac_trust){ t->code, t->stamp, t->now,
						  t->allow_sha1 }
					: (struct ac_trust){ 0 };
	int rc = apple_cms_read(
	    cms, bytes, w->dir[0].d.bytes, t ? &trust : NULL, w->j->a->arena, &f);
	if (rc < 0)
		return rc;
	if (rc) {
		const char *word =
		    arena_printf(w->j->a->arena, "signature.%s", ac_result_name(rc));
		apple_fail(w, word ? word : "signature", off, bytes.n, "CMS signature: %s", f.text);
		return 0;
	}
	w->sig->signer = cms->signer;
	judge_listed(w, cms, off);
	judge_unsigned(w, cms, bytes, off);
	judge_loose(w, cms, off);
	judge_team(w, cms, off);
	rc = judge_stamp(w, cms, off);
	if (rc == 0)
		rc = judge_chain(w, cms, off);
	if (rc < 0)
		return rc;
	tell_signer(w, cms, off);
	if (!w->failed)
		apple_say(w, REASON_PROVEN, "digest", off, cms->used,
		    "all %u pages and every part of the signature are those that were signed",
		    w->dir[0].d.ncode);
	return 0;
}
