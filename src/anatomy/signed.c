/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/signed_judge.h"

#include "anatomy/anatomy_format.h"
#include "crypto/hash.h"

#include <errno.h>
#include <stdio.h>

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

static bool known_attribute(const char *oid)
{
	static const char *const known[] = {
		"1.2.840.113549.1.9.6",	 /* countersignature (PKCS#9) */
		"1.3.6.1.4.1.311.3.3.1", /* RFC 3161 time stamp */
		"1.3.6.1.4.1.311.2.4.1", /* nested signature */
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(oid, known[i]) == 0)
			return true;
	return false;
}

/* What anyone can change without breaking the signature: room for a stowaway. */
static void judge_unsigned_parts(struct signed_judge *j, const struct authenticode *ac, uint64_t off)
{
	if (ac->ncerts_unrelated)
		reason_at(verdict_add(j->verdict, REASON_WARN, signed_code(j, "unrelated-certificates"),
		       "%u of %u embedded certificates belong to no chain of this signature (%zu "
		       "bytes of certificates in all)",
		       ac->ncerts_unrelated, ac->ncerts, ac->cert_bytes),
		    off, ac->der_len);
	for (size_t i = 0; i < ac->nattr; i++)
		if (!known_attribute(ac->attr[i]))
			reason_at(verdict_add(j->verdict, REASON_WARN, signed_code(j, "unsigned-attribute"),
			       "unsigned attribute %s in the signature (%zu bytes of such "
			       "attributes in all)",
			       ac->attr[i], ac->attr_bytes),
			    off, ac->der_len);
}

static void tell_signer(struct signed_judge *j, const struct authenticode *ac, uint64_t off)
{
	char when[TS_TEXT_MAX], stamp[TS_TEXT_MAX + 16] = "";
	bool stamped = ac->stamp.kind != AC_STAMP_NONE && ac->stamp.result == AC_OK;

	if (stamped)
		snprintf(stamp, sizeof(stamp), ", time stamp %s", ts_format(ac->stamp.time, when));
	reason_at(verdict_add(j->verdict, REASON_NOTE, signed_code(j, "signer"),
	       "signed as %s%s%s%s; the certificate chain is not checked",
	       QUOTE(span_str(ac->signer.subject)), ac->program ? " for " : "",
	       ac->program ? QUOTE(span_str(ac->program)) : "", stamp),
	    off, ac->der_len);
	if (ac->stamp.kind != AC_STAMP_NONE && !stamped)
		reason_at(verdict_add(j->verdict, REASON_WARN, signed_code(j, "timestamp"),
		       "the time stamp does not verify: %s", ac_result_name(ac->stamp.result)),
		    off, ac->der_len);
	if (ac->digest.alg == DIGEST_SHA1)
		reason_at(verdict_add(j->verdict, REASON_WARN, signed_code(j, "sha1"),
		       "signed with SHA-1, for which collisions are known"),
		    off, ac->der_len);
}

/* Adds the signature as it was read; its digest is compared later. */
static int keep(struct signed_judge *j, const struct authenticode *ac, uint64_t off, unsigned depth)
{
	struct component_signature *s = &j->sig[j->n];
	int err = 0;

	*s = (struct component_signature){
		.kind = SIGNED_AUTHENTICODE,
		.chain = CHAIN_STATE_NONE,
		.nested = depth,
		.signer = ac->signer,
		.identifier = ac->program,
		.time = ac->stamp.result == AC_OK ? ac->stamp.time : TS_NONE,
		.digest = ac->digest,
		.off = off,
		.len = ac->der_len,
	};
	s->signer.der = arena_dup(j->arena, ac->signer.der, &err);
	if (err == 0)
		j->n++;
	return err;
}

static int add(struct signed_judge *j, struct span bytes, uint64_t off, unsigned depth,
    size_t *ret_der_len)
{
	struct fault f = FAULT_INIT;
	struct authenticode *ac = ARENA_NEW(j->arena, struct authenticode);

	if (!ac)
		return -ENOMEM;
	int rc = authenticode_read(ac, bytes, j->arena, &f);
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
	judge_unsigned_parts(j, ac, off);
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
    const struct signed_trust *trust, struct verdict *v, struct arena *a)
{
	*j = (struct signed_judge){ .format = format, .subject = subject, .trust = trust,
		.verdict = v, .arena = a };
	j->sig = arena_array(a, SIGNED_MAX, sizeof(*j->sig));
	return j->sig ? 0 : -ENOMEM;
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

void signed_compare(struct signed_judge *j, const struct digest got[static DIGEST_ALGS])
{
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
