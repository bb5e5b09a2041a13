/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/signed_judge.h"

#include "anatomy/anatomy_format.h"
#include "crypto/hash.h"

#include <errno.h>
#include <inttypes.h>

const char *signed_kind_name(enum signed_kind k)
{
	static const char *const names[SIGNED_KINDS] = {
		[SIGNED_AUTHENTICODE] = "authenticode",
		[SIGNED_APPLE] = "apple-code",
		[SIGNED_RPM] = "rpm",
	};
	return k > 0 && k < SIGNED_KINDS ? names[k] : "unknown";
}

const char *signed_code(const struct signed_judge *j, const char *word)
{
	const char *c = arena_printf(j->arena, "%s.%s", j->format, word);
	return c ? c : j->format;
}

/* What is said about each kind of loose part: FORMAT.code, and the words around what it is. */
static const struct {
	enum reason_kind kind;
	const char *code, *text;
} loose_words[AC_LOOSE_KINDS] = {
	[AC_LOOSE_ATTRIBUTE] = { REASON_FAIL, "unsigned-data",
	    "data in an unsigned attribute that is none of a signature's" },
	[AC_LOOSE_CERTIFICATE] = { REASON_FAIL, "unrelated-certificates",
	    "an embedded certificate that belongs to no chain of this signature" },
	[AC_LOOSE_ALTERED] = { REASON_FAIL, "altered-certificate",
	    "an embedded certificate that its issuer did not sign so" },
	[AC_LOOSE_CRL] = { REASON_FAIL, "unsigned-data",
	    "a list of revoked certificates, which no signature covers" },
	[AC_LOOSE_ROOM] = { REASON_FAIL, "room", "larger than a signature needs" },
	[AC_LOOSE_LINK] = { REASON_WARN, "link",
	    "the signed content links to something of unknown meaning" },
	[AC_LOOSE_COPY] = { REASON_WARN, "copied-certificate", "a certificate embedded twice" },
	[AC_LOOSE_UNVOUCHED] = { REASON_NOTE, "unvouched",
	    "nobody who is known here vouches for these bytes" },
};

static void tell_loose(
    struct signed_judge *j, const struct authenticode *ac, struct span bytes, uint64_t off)
{
	size_t unvouched = 0, n = 0;

	for (size_t i = 0; i < ac->nloose; i++) {
		const struct ac_loose *l = &ac->loose[i];
		if (l->kind == AC_LOOSE_UNVOUCHED && ac->chain.state == AC_CHAIN_NONE) {
			unvouched += l->where.n;
			n++;
			continue;
		}
		uint64_t at = off + (uint64_t)(l->where.p - bytes.p);
		reason_at(verdict_add(j->verdict, loose_words[l->kind].kind,
			      signed_code(j, loose_words[l->kind].code),
			      "%s%s%s%s: %zu bytes at offset %" PRIu64, loose_words[l->kind].text,
			      l->what ? ": " : "", l->what ? l->what : "",
			      l->in_stamp ? " (in the time stamp)" : "", l->where.n, at),
		    at, l->where.n);
	}
	if (n)
		reason_at(verdict_add(j->verdict, REASON_NOTE, signed_code(j, "unvouched"),
			      "without trusted certificates nobody vouches for %zu of the "
			      "certificates (%zu bytes) in the signature",
			      n, unvouched),
		    off, ac->der_len);
	if (ac->nloose_more)
		reason_at(verdict_add(j->verdict, REASON_FAIL, signed_code(j, "unsigned-data"),
			      "%zu more such parts of the signature than are listed",
			      ac->nloose_more),
		    off, ac->der_len);
}

static const char *attribute_name(const char *oid)
{
	static const struct {
		const char *oid, *name;
	} known[] = {
		{ "1.2.840.113549.1.9.6", "countersignature" },
		{ "1.3.6.1.4.1.311.3.3.1", "RFC 3161 time stamp" },
		{ "1.3.6.1.4.1.311.2.4.1", "nested signature" },
		{ "1.3.6.1.4.1.311.10.41.1", "Microsoft's sealing data" },
		{ "1.3.6.1.4.1.42921.1.2.1", "osslsigncode's data blob" },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(oid, known[i].oid) == 0)
			return known[i].name;
	return "not known";
}

static void tell_attributes(struct signed_judge *j, const struct authenticode *ac, uint64_t off)
{
	for (size_t i = 0; i < ac->nattr; i++)
		reason_at(
		    verdict_add(j->verdict, REASON_NOTE, signed_code(j, "unsigned-attribute"),
			"unsigned attribute %s (%s): %zu bytes", ac->attr[i].oid,
			attribute_name(ac->attr[i].oid), ac->attr[i].len),
		    off, ac->der_len);
}

static const char *chain_words(const struct signed_judge *j, const struct ac_chain *c)
{
	char at[TS_TEXT_MAX];
	const char *text;

	switch (c->state) {
	case AC_CHAIN_ANCHORED:
		text = arena_printf(
		    j->arena, "a chain to a trusted certificate holds for %s", ts_format(c->at, at));
		return text ? text : "";
	case AC_CHAIN_NONE:
		return "the certificate chain is not checked";
	default:
		return "the certificate chain does not hold";
	}
}

/* Of stamps that verify, by whom; of others, why. One that does not count beside one that does is
 * nobody's: whoever can write the file can add it. */
static void tell_stamp(
    struct signed_judge *j, const struct ac_stamp *s, const struct ac_stamp *counts, uint64_t off)
{
	bool beside = counts->chain.state == AC_CHAIN_ANCHORED;
	char when[TS_TEXT_MAX];
	struct reason *r;

	if (s->result != AC_OK)
		r = verdict_add(j->verdict, REASON_FAIL, signed_code(j, "timestamp"),
		    "the time stamp does not verify: %s", ac_result_name((int)s->result));
	else if (s->chain.state == AC_CHAIN_FAILED || s->chain.state == AC_CHAIN_SHA1)
		r = verdict_add(j->verdict,
		    beside && s->chain.state == AC_CHAIN_FAILED ? REASON_FAIL : REASON_WARN,
		    signed_code(j, "timestamp.unanchored"),
		    "the time stamp of %s by %s proves no time%s: %s", ts_format(s->time, when),
		    QUOTE(span_str(s->signer.subject)), beside ? ", and another one does" : "",
		    s->chain.why);
	else
		r = verdict_add(j->verdict, REASON_NOTE, signed_code(j, "timestamp"),
		    "time stamp %s by %s; %s", ts_format(s->time, when),
		    QUOTE(span_str(s->signer.subject)), chain_words(j, &s->chain));
	reason_at(r, off, s->der.n);
}

static void tell_signer(struct signed_judge *j, const struct authenticode *ac, uint64_t off)
{
	reason_at(verdict_add(j->verdict, REASON_NOTE, signed_code(j, "signer"),
		      "signed as %s%s%s; %s", QUOTE(span_str(ac->signer.subject)),
		      ac->program ? " for " : "",
		      ac->program ? QUOTE(span_str(ac->program)) : "",
		      chain_words(j, &ac->chain)),
	    off, ac->der_len);
	if (ac->digest.alg == DIGEST_SHA1)
		reason_at(verdict_add(j->verdict, REASON_WARN, signed_code(j, "sha1"),
			      "signed with SHA-1, for which collisions are known"),
		    off, ac->der_len);
	if (ac->chain.state == AC_CHAIN_ANCHORED)
		reason_at(verdict_add(j->verdict, REASON_PROVEN, signed_code(j, "chain"),
			      "the signer %s leads to a trusted certificate",
			      QUOTE(span_str(ac->signer.subject))),
		    off, ac->der_len);
	if (ac->chain.state == AC_CHAIN_FAILED)
		reason_at(verdict_add(j->verdict, REASON_FAIL,
			      signed_code(j, arena_printf(j->arena, "chain.%s",
						 chain_result_name((int)ac->chain.result))),
			      "the signer %s leads to no trusted certificate: %s",
			      QUOTE(span_str(ac->signer.subject)), ac->chain.why),
		    off, ac->der_len);
}

static enum signed_chain chain_state(const struct ac_chain *c)
{
	switch (c->state) {
	case AC_CHAIN_NONE:
		return CHAIN_STATE_NONE;
	case AC_CHAIN_ANCHORED:
		return CHAIN_STATE_ANCHORED;
	default:
		return CHAIN_STATE_FAILED;
	}
}

/* Adds the signature as it was read; its digest is compared later. */
static int keep(struct signed_judge *j, const struct authenticode *ac, uint64_t off, unsigned depth)
{
	struct component_signature *s = &j->sig[j->n];
	int err = 0;

	*s = (struct component_signature){
		.kind = SIGNED_AUTHENTICODE,
		.chain = chain_state(&ac->chain),
		.chain_result = (int)ac->chain.result,
		.sha1 = ac->chain.state == AC_CHAIN_SHA1,
		.nested = depth,
		.signer = ac->signer,
		.identifier = ac->program,
		.time = ac->stamp.result == AC_OK ? ac->stamp.time : TS_NONE,
		.time_anchored = ac->stamp.chain.state == AC_CHAIN_ANCHORED,
		.digest = ac->digest,
		.off = off,
		.len = ac->der_len,
	};
	s->signer.der = arena_dup(j->arena, ac->signer.der, &err);
	if (err == 0)
		j->n++;
	if (err == 0 && ac->pages.n) {
		struct signed_pages *p = &j->pages[j->npages++];
		*p = (struct signed_pages){ .alg = ac->pages_alg, .off = off, .len = ac->der_len };
		p->table = arena_dup(j->arena, ac->pages, &err);
	}
	return err;
}

static int add(struct signed_judge *j, struct span bytes, uint64_t off, unsigned depth,
    size_t *ret_der_len)
{
	struct fault f = FAULT_INIT;
	struct authenticode *ac = ARENA_NEW(j->own, struct authenticode);
	const struct signed_trust *t = j->trust;
	const struct ac_trust trust = t ? (struct ac_trust){ t->code, t->stamp, t->now,
						  t->allow_sha1 }
					: (struct ac_trust){ 0 };

	if (!ac)
		return -ENOMEM;
	int rc = authenticode_read(ac, bytes, t ? &trust : NULL, j->arena, &f);
	*ret_der_len = ac->der_len;
	if (rc < 0)
		return rc;
	if (rc) {
		reason_at(verdict_add(j->verdict, REASON_FAIL,
			      signed_code(
				  j, arena_printf(j->arena, "signature.%s", ac_result_name(rc))),
			      "%ssignature: %s", depth ? "nested " : "", f.text),
		    off, bytes.n);
		return 0;
	}
	/* sbsigntools writes another type (fwupd's EFI files have it); the digest decides. */
	if (ac->subject != j->subject)
		reason_at(verdict_add(j->verdict,
			      ac->subject == AC_SUBJECT_OTHER ? REASON_WARN : REASON_FAIL,
			      signed_code(j, "signature.subject"),
			      "the signature does not say that it is about a file of this format"),
		    off, bytes.n);
	if (j->n == SIGNED_MAX || (depth && ac->nnested)) {
		reason_at(
		    verdict_add(j->verdict, REASON_FAIL, signed_code(j, "signature.count"),
			"more signatures inside signatures than are followed"),
		    off, bytes.n);
		return 0;
	}
	rc = keep(j, ac, off, depth);
	if (rc < 0)
		return rc;
	tell_signer(j, ac, off);
	for (size_t i = 0; i < ac->nstamps; i++)
		tell_stamp(j, &ac->stamps[i], &ac->stamp, off + (uint64_t)(ac->stamps[i].der.p - bytes.p));
	tell_attributes(j, ac, off);
	tell_loose(j, ac, bytes, off);
	for (size_t i = 0; i < ac->nnested; i++) {
		size_t der_len;
		rc = add(j, ac->nested[i], off + (uint64_t)(ac->nested[i].p - bytes.p), depth + 1,
		    &der_len);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int signed_begin(struct signed_judge *j, const char *format, enum ac_subject subject,
    const struct signed_trust *trust, struct verdict *v, struct arena *a,
    struct arena *own)
{
	*j = (struct signed_judge){ .format = format, .subject = subject, .trust = trust,
		.verdict = v, .arena = a, .own = own };
	j->sig = arena_array(own, SIGNED_MAX, sizeof(*j->sig));
	j->pages = arena_array(own, SIGNED_MAX, sizeof(*j->pages));
	return j->sig && j->pages ? 0 : -ENOMEM;
}

int signed_add(struct signed_judge *j, struct span bytes, uint64_t off, size_t *ret_der_len)
{
	return add(j, bytes, off, 0, ret_der_len);
}

unsigned signed_algs(const struct signed_judge *j)
{
	unsigned set = 0;

	for (uint32_t i = 0; i < j->n; i++)
		set |= HASH_SET(j->sig[i].digest.alg);
	return set;
}

/* One that only SHA-1 kept from counting is no proof; beside one that counts it is none needed. */
static void judge_sha1(struct signed_judge *j)
{
	bool anchored = false;

	for (uint32_t i = 0; i < j->n; i++)
		anchored |= j->sig[i].chain == CHAIN_STATE_ANCHORED;
	for (uint32_t i = 0; i < j->n; i++)
		if (j->sig[i].chain == CHAIN_STATE_FAILED && j->sig[i].sha1)
			reason_at(verdict_add(j->verdict, anchored ? REASON_WARN : REASON_MISSING,
				      signed_code(j, "chain.sha1"),
				      "the signature of %s counts only where SHA-1 does, and that was "
				      "not allowed",
				      QUOTE(span_str(j->sig[i].signer.subject))),
			    j->sig[i].off, j->sig[i].len);
}

void signed_compare(struct signed_judge *j, const struct digest got[static DIGEST_ALGS])
{
	judge_sha1(j);
	for (uint32_t i = 0; i < j->n; i++) {
		struct component_signature *s = &j->sig[i];
		const struct digest *is = &got[s->digest.alg];
		bool same = digest_eq(is, &s->digest);
		const char *code = signed_code(j, "digest");
		s->result = same ? SIGNED_VERIFIES : SIGNED_BROKEN;
		reason_at(same ? verdict_add(j->verdict, REASON_PROVEN, code,
				     "Authenticode digest %s is the one that was signed",
				     DIGEST_TEXT(is))
			       : verdict_add(j->verdict, REASON_FAIL, code,
				     "changed after signing: Authenticode digest is %s, signed was %s",
				     DIGEST_TEXT(is), DIGEST_TEXT(&s->digest)),
		    s->off, s->len);
	}
}
