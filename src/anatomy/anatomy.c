/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/anatomy.h"

#include "base/buf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define PADDING_MAX 7

static struct reason *at(struct reason *r, uint64_t off, uint64_t len)
{
	r->has_off = true;
	r->off = off;
	r->len = len;
	return r;
}

/* "pe." and a parser's stable word. */
static const char *code(struct anatomy *a, const char *word)
{
	const char *c = arena_printf(a->arena, "pe.%s", word);
	return c ? c : "pe.layout";
}

static int read_at(int fd, struct buf *out, uint64_t off, size_t n)
{
	int rc = buf_reserve(out, n);
	if (rc < 0)
		return rc;
	while (n) {
		ssize_t got = pread(fd, out->p + out->n, n, (off_t)off);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EAGAIN; /* shorter than it was a moment ago */
		out->n += (size_t)got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

/* What each oddity of the layout means for a signed and for an unsigned file. */
static const struct {
	enum reason_kind with, without;
	const char *text;
} meaning[PE_A_KINDS] = {
	[PE_A_SECTION_OVERLAP] = { REASON_FAIL, REASON_WARN,
	    "section data overlaps the headers or another section: two readers can see two "
	    "programs" },
	[PE_A_SECTION_GAP] = { REASON_NOTE, REASON_NOTE,
	    "bytes in front of a section that belong to no section" },
	[PE_A_SECTION_BEYOND] = { REASON_FAIL, REASON_WARN,
	    "section data runs past the end of the file" },
	[PE_A_SECTION_IN_TABLE] = { REASON_FAIL, REASON_FAIL,
	    "section data lies inside the certificate table, where no signature covers it" },
	[PE_A_OVERLAY] = { REASON_NOTE, REASON_NOTE, "bytes behind the last section" },
	[PE_A_TABLE_HALF] = { REASON_FAIL, REASON_FAIL,
	    "the certificate table has an address or a size, but not both" },
	[PE_A_TABLE_BEYOND] = { REASON_FAIL, REASON_FAIL,
	    "the certificate table runs past the end of the file" },
	[PE_A_TABLE_IN_HEADERS] = { REASON_FAIL, REASON_FAIL,
	    "the certificate table lies inside the headers" },
	[PE_A_TABLE_ALIGN] = { REASON_FAIL, REASON_FAIL,
	    "the certificate table does not start at a multiple of 8" },
	[PE_A_TABLE_TOO_BIG] = { REASON_FAIL, REASON_FAIL,
	    "the certificate table is larger than 16 MiB" },
	[PE_A_AFTER_TABLE] = { REASON_FAIL, REASON_FAIL,
	    "bytes behind the certificate table, where no signature covers them" },
	[PE_A_ENTRY_SHORT] = { REASON_FAIL, REASON_FAIL,
	    "bytes inside the certificate table that form no entry" },
	[PE_A_ENTRY_BEYOND] = { REASON_FAIL, REASON_FAIL,
	    "a certificate entry is longer than its table" },
	[PE_A_ENTRY_REVISION] = { REASON_FAIL, REASON_FAIL,
	    "a certificate entry of unknown revision" },
	[PE_A_ENTRY_TYPE] = { REASON_FAIL, REASON_FAIL,
	    "a certificate entry that is no Authenticode signature" },
	[PE_A_ENTRY_COUNT] = { REASON_FAIL, REASON_FAIL, "more than 16 certificate entries" },
	[PE_A_ENTRY_UNPADDED] = { REASON_WARN, REASON_WARN,
	    "the last certificate entry is not padded to a multiple of 8" },
};

static void judge_layout(struct anatomy *a, const struct pe_anomalies *odd)
{
	bool is_signed = a->pe.table.len != 0;

	for (uint32_t i = 0; i < odd->n; i++) {
		const struct pe_anomaly *o = &odd->a[i];
		enum reason_kind kind =
		    is_signed ? meaning[o->kind].with : meaning[o->kind].without;
		bool covered = o->kind == PE_A_OVERLAY || o->kind == PE_A_SECTION_GAP;
		at(verdict_add(a->verdict, kind, code(a, pe_anomaly_name(o->kind)),
		       "%s: %" PRIu64 " bytes at offset %" PRIu64 "%s", meaning[o->kind].text,
		       o->len, o->off, covered && is_signed ? " (covered by the signature)" : ""),
		    o->off, o->len);
	}
	if (odd->more)
		verdict_add(a->verdict, is_signed ? REASON_FAIL : REASON_WARN, "pe.layout",
		    "%u more oddities of layout than are listed", odd->more);
}

/* At most 7 bytes, all zero, may follow the DER of a signature. */
static void judge_slack(struct anatomy *a, const struct pe_cert *c, size_t der_len)
{
	struct span slack = span_from(c->body, der_len);
	uint64_t off = c->off + 8 + der_len;
	size_t used = 0;

	if (der_len > c->length - 8)
		at(verdict_add(a->verdict, REASON_FAIL, "pe.entry-length",
		       "the entry says that it is %" PRIu32 " bytes long, its signature is longer",
		       c->length),
		    c->off, c->length);
	for (size_t i = 0; i < slack.n; i++)
		if (slack.p[i])
			used = i + 1;
	if (slack.n > PADDING_MAX)
		at(verdict_add(a->verdict, REASON_FAIL, "pe.slack",
		       "%zu bytes at offset %" PRIu64
		       " follow the signature inside its entry, where no signature covers them "
		       "(alignment explains at most 7)",
		       slack.n, off),
		    off, slack.n);
	else if (used)
		at(verdict_add(a->verdict, REASON_FAIL, "pe.padding",
		       "the %zu alignment bytes behind the signature at offset %" PRIu64
		       " are not zero",
		       slack.n, off),
		    off, slack.n);
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
static void judge_unsigned_parts(struct anatomy *a, const struct authenticode *ac, uint64_t off)
{
	if (ac->ncerts_unrelated)
		at(verdict_add(a->verdict, REASON_WARN, "pe.unrelated-certificates",
		       "%u of %u embedded certificates belong to no chain of this signature (%zu "
		       "bytes of certificates in all)",
		       ac->ncerts_unrelated, ac->ncerts, ac->cert_bytes),
		    off, ac->der_len);
	for (size_t i = 0; i < ac->nattr; i++)
		if (!known_attribute(ac->attr[i]))
			at(verdict_add(a->verdict, REASON_WARN, "pe.unsigned-attribute",
			       "unsigned attribute %s in the signature (%zu bytes of such "
			       "attributes in all)",
			       ac->attr[i], ac->attr_bytes),
			    off, ac->der_len);
}

static void tell_signer(struct anatomy *a, const struct authenticode *ac, uint64_t off)
{
	char when[TS_TEXT_MAX], stamp[TS_TEXT_MAX + 16] = "";
	bool stamped = ac->stamp.kind != AC_STAMP_NONE && ac->stamp.result == AC_OK;

	if (stamped)
		snprintf(stamp, sizeof(stamp), ", time stamp %s", ts_format(ac->stamp.time, when));
	at(verdict_add(a->verdict, REASON_NOTE, "pe.signer",
	       "signed as %s%s%s%s; the certificate chain is not checked",
	       QUOTE(span_str(ac->signer.subject)), ac->program ? " for " : "",
	       ac->program ? QUOTE(span_str(ac->program)) : "", stamp),
	    off, ac->der_len);
	if (ac->stamp.kind != AC_STAMP_NONE && !stamped)
		at(verdict_add(a->verdict, REASON_WARN, "pe.timestamp",
		       "the time stamp does not verify: %s", ac_result_name(ac->stamp.result)),
		    off, ac->der_len);
	if (ac->digest.alg == DIGEST_SHA1)
		at(verdict_add(a->verdict, REASON_WARN, "pe.sha1",
		       "signed with SHA-1, for which collisions are known"),
		    off, ac->der_len);
}

/* One SignedData; the table entry e it is in is for messages. Nested ones are read after it. */
static int read_signature(struct anatomy *a, const struct pe_cert *e, struct span bytes,
    unsigned depth, size_t *ret_der_len)
{
	struct fault f = FAULT_INIT;
	struct authenticode *ac = ARENA_NEW(a->arena, struct authenticode);
	uint64_t off = e->off + 8;

	if (!ac)
		return -ENOMEM;
	int rc = authenticode_read(ac, bytes, a->arena, &f);
	*ret_der_len = ac->der_len;
	if (rc < 0)
		return rc;
	if (rc) {
		at(verdict_add(a->verdict, REASON_FAIL,
		       code(a, arena_printf(a->arena, "signature.%s", ac_result_name(rc))),
		       "%ssignature: %s", depth ? "nested " : "", f.text),
		    off, bytes.n);
		return 0;
	}
	/* sbsigntools writes another type (fwupd's EFI files have it); the digest decides. */
	if (ac->subject != AC_SUBJECT_PE)
		at(verdict_add(a->verdict,
		       ac->subject == AC_SUBJECT_OTHER ? REASON_WARN : REASON_FAIL,
		       "pe.signature.subject",
		       "the signature does not say that it is about a PE image"),
		    off, bytes.n);
	if (a->nsigs == ANATOMY_SIGS_MAX || (depth && ac->nnested)) {
		at(verdict_add(a->verdict, REASON_FAIL, "pe.signature.count",
		       "more signatures inside signatures than are followed"),
		    off, bytes.n);
		return 0;
	}
	a->sig[a->nsigs++] = (struct anatomy_sig){ e->off, e->length, ac->digest };
	tell_signer(a, ac, off);
	judge_unsigned_parts(a, ac, off);
	for (size_t i = 0; i < ac->nnested; i++) {
		size_t der_len;
		rc = read_signature(a, e, ac->nested[i], depth + 1, &der_len);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_table(struct anatomy *a, int fd)
{
	AUTO_BUF struct buf table = BUF_INIT(PE_TABLE_MAX + 1);
	struct pe_certs certs;

	int rc = read_at(fd, &table, a->pe.table.off, a->pe.table.len);
	if (rc < 0)
		return rc;
	pe_certs(&certs, buf_span(&table), a->pe.table.off);
	judge_layout(a, &certs.odd);
	for (uint32_t i = 0; i < certs.n; i++) {
		const struct pe_cert *c = &certs.cert[i];
		size_t der_len;
		if (c->type != PE_CERT_PKCS7)
			continue; /* judged as PE_A_ENTRY_TYPE */
		rc = read_signature(a, c, c->body, 0, &der_len);
		if (rc < 0)
			return rc;
		if (der_len)
			judge_slack(a, c, der_len);
	}
	return 0;
}

static int prepare_hash(struct anatomy *a)
{
	unsigned set = 0;

	for (size_t i = 0; i < a->nsigs; i++)
		set |= HASH_SET(a->sig[i].digest.alg);
	a->nranges = pe_covered(&a->pe, a->range);
	return set ? hasher_new(&a->hasher, set) : 0;
}

static int begin_pe(struct anatomy *a, int fd)
{
	a->format = "pe";
	a->sum = pe_sum_of(&a->pe);
	judge_layout(a, &a->pe.odd);
	if (!a->pe.table.len) {
		if (!verdict_has(a->verdict, REASON_FAIL))
			verdict_add(a->verdict, REASON_NOTE, "pe.unsigned",
			    "a PE file without a signature: nothing inside it vouches for it");
		return 0;
	}
	int rc = read_table(a, fd);
	return rc < 0 ? rc : prepare_hash(a);
}

int anatomy_begin(struct anatomy *a, int fd, uint64_t size, struct verdict *v, struct arena *arena)
{
	AUTO_BUF struct buf head = BUF_INIT(PE_HEAD_MAX + 1);

	*a = (struct anatomy){ .format = "unknown", .arena = arena, .verdict = v };
	verdict_init(v, arena);
	int rc = read_at(fd, &head, 0, size < PE_HEAD_MAX ? size : PE_HEAD_MAX);
	if (rc < 0)
		return rc;
	rc = pe_parse(&a->pe, buf_span(&head), size);
	if (rc == PE_OK)
		return begin_pe(a, fd);
	if (rc == PE_NOT) {
		verdict_add(v, REASON_NOTE, "anatomy.format",
		    "no format whose anatomy is known: nothing inside the file was checked");
		return 0;
	}
	a->format = "pe";
	verdict_add(v, REASON_FAIL, "pe.malformed", "%s", pe_strerror(rc));
	return 0;
}

int anatomy_update(struct anatomy *a, const uint8_t *p, size_t n)
{
	uint64_t from = a->at, to = from + n;

	a->at = to;
	if (a->pe.file_size)
		pe_sum_update(&a->sum, p, n);
	if (!a->hasher)
		return 0;
	for (size_t i = 0; i < a->nranges; i++) {
		uint64_t lo = a->range[i].off, hi = lo + a->range[i].len;
		if (lo < from)
			lo = from;
		if (hi > to)
			hi = to;
		if (lo >= hi)
			continue;
		int rc = hasher_update(a->hasher, p + (lo - from), hi - lo);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int compare(struct anatomy *a)
{
	struct digest got[DIGEST_ALGS];

	int rc = hasher_final(a->hasher, got);
	if (rc < 0)
		return rc;
	a->authenticode = got[a->sig[0].digest.alg];
	for (size_t i = 0; i < a->nsigs; i++) {
		const struct anatomy_sig *s = &a->sig[i];
		const struct digest *is = &got[s->digest.alg];
		if (digest_eq(is, &s->digest))
			at(verdict_add(a->verdict, REASON_PROVEN, "pe.digest",
			       "Authenticode digest %s is the one that was signed",
			       DIGEST_TEXT(is)),
			    s->off, s->len);
		else
			at(verdict_add(a->verdict, REASON_FAIL, "pe.digest",
			       "changed after signing: Authenticode digest is %s, signed was %s",
			       DIGEST_TEXT(is), DIGEST_TEXT(&s->digest)),
			    s->off, s->len);
	}
	return 0;
}

int anatomy_finish(struct anatomy *a)
{
	int rc = a->hasher ? compare(a) : 0;

	if (rc < 0)
		return rc;
	if (a->pe.file_size && a->pe.checksum && pe_sum_final(&a->sum) != a->pe.checksum)
		at(verdict_add(a->verdict, REASON_WARN, "pe.checksum",
		       "header checksum %08x, computed %08x: no signature covers this field",
		       a->pe.checksum, pe_sum_final(&a->sum)),
		    a->pe.checksum_off, 4);
	verdict_conclude(a->verdict);
	return 0;
}

void anatomy_free(struct anatomy *a)
{
	a->hasher = hasher_free(a->hasher);
}
