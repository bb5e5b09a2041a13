/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/pe_sight.h"

#include "anatomy/binary/binary.h"
#include "crypto/authenticode.h"
#include "crypto/hash.h"
#include "wire/pe.h"

#include <errno.h>

#define IS_DLL 0x2000
#define PADDING_MAX 7

/* Digests of what a signature covers: out[alg] for each of the set. */
static int hash_covered(const struct pe *pe, struct span file, unsigned set, struct digest *out)
{
	static const uint8_t zeros[8];
	AUTO_HASHER struct hasher *h = NULL;
	struct pe_range range[PE_COVERED_MAX];
	size_t n = pe_covered(pe, range);
	/* Signing pads the file to a multiple of eight bytes, and the padding counts. */
	size_t pad = pe->table.len ? 0 : (8 - file.n % 8) % 8;
	int rc = hasher_new(&h, set);

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct span part = span_cut(file, (size_t)range[i].off, (size_t)range[i].len);
		rc = hasher_update(h, part.p, part.n);
	}
	if (rc == 0 && pad)
		rc = hasher_update(h, zeros, pad);
	return rc ? rc : hasher_final(h, out);
}

static int note_signer(struct pe_sight *s, const struct x509_facts *x, struct arena *a)
{
	const char *serial = x->serial ? x->serial : "";

	while (serial[0] == '0' && serial[1] == '0' && serial[2])
		serial += 2;
	s->signer = arena_str(a, span_str(x->common_name ? x->common_name : ""));
	s->serial = arena_str(a, span_str(serial));
	s->cert_sha256 = x->id;
	return !s->signer || !s->serial ? -ENOMEM :
	    x->der.n                        ? hash_span(DIGEST_SHA1, x->der, &s->cert_sha1) :
					      0;
}

/* Is it a digest of this file? */
static int covers(const struct pe_sight *s, const struct pe *pe, struct span file,
    const struct digest *signed_as, bool *ret_same)
{
	struct digest out[DIGEST_ALGS] = { { 0 } };
	enum digest_alg alg = (enum digest_alg)signed_as->alg;
	int rc = 0;

	out[DIGEST_SHA1] = s->authenticode_sha1;
	out[DIGEST_SHA256] = s->authenticode_sha256;
	if (!digest_is_set(&out[alg]))
		rc = hash_covered(pe, file, HASH_SET(alg), out);
	*ret_same = rc == 0 && digest_eq(&out[alg], signed_as);
	return rc == -ENOTSUP ? 0 : rc;
}

/* One entry of the table: does its signature hold, and is it of this file? */
static int judge(struct pe_sight *s, const struct pe *pe, struct span file, const struct pe_cert *c,
    bool *all_hold, struct arena *a)
{
	struct authenticode ac;
	bool same;
	int rc = authenticode_read(&ac, c->body, NULL, a, NULL);

	if (rc < 0)
		return rc;
	s->slack |= ac.der_len && c->body.n - ac.der_len > PADDING_MAX;
	for (size_t i = ac.der_len; ac.der_len && i < c->body.n; i++)
		s->slack |= c->body.p[i] != 0;
	if (rc != AC_OK) {
		*all_hold = false;
		return 0;
	}
	rc = covers(s, pe, file, &ac.digest, &same);
	*all_hold &= same;
	if (rc == 0 && !s->serial[0])
		rc = note_signer(s, &ac.signer, a);
	return rc;
}

static int read_table(struct pe_sight *s, const struct pe *pe, struct span file, struct arena *a)
{
	struct pe_certs certs;
	bool all_hold = true;
	int rc = 0;

	pe_certs(&certs, span_cut(file, (size_t)pe->table.off, (size_t)pe->table.len), pe->table.off);
	for (uint32_t i = 0; i < certs.n && rc == 0; i++)
		rc = judge(s, pe, file, &certs.cert[i], &all_hold, a);
	s->slack |= certs.odd.n > 0;
	s->state = certs.n && all_hold ? PE_SIGHT_SIGNED : PE_SIGHT_INVALID;
	return rc;
}

int pe_sight(struct pe_sight *ret_s, struct span file, struct arena *a)
{
	struct pe_sight s = { .signer = "", .serial = "" };
	struct digest out[DIGEST_ALGS] = { { 0 } };
	struct pe pe;

	*ret_s = s;
	if (pe_parse(&pe, span_cut(file, 0, PE_HEAD_MAX), file.n) != PE_OK)
		return 0;
	s.is_pe = true;
	s.library = pe.characteristics & IS_DLL;
	int rc = hash_covered(&pe, file, HASH_SET(DIGEST_SHA1) | HASH_SET(DIGEST_SHA256), out);
	s.authenticode_sha1 = out[DIGEST_SHA1];
	s.authenticode_sha256 = out[DIGEST_SHA256];
	if (rc == 0)
		rc = binary_imphash(&s.imphash, file);
	if (rc == 0 && pe.table.len)
		rc = read_table(&s, &pe, file, a);
	for (uint32_t i = 0; pe.table.len && i < pe.odd.n; i++)
		s.slack |= pe.odd.a[i].kind == PE_A_AFTER_TABLE;
	if (rc == 0)
		*ret_s = s;
	return rc;
}
