/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * apple_make: small Mach-O files and code signatures for tests, made with OpenSSL. A file is a header
 * with __TEXT and __LINKEDIT segments, some code, and a signature at its end; errors abort.
 */

#include "base/buf.h"
#include "ca.h"
#include "tsa.h"

#include <openssl/cms.h>
#include <openssl/sha.h>

#define APPLE_PAGE 512u
#define APPLE_CODE 2048u /* bytes in front of the signature */
#define APPLE_ROOM 4096u /* bytes set aside for it */

struct apple_req {
	uint32_t cpu;		/* 0: x86_64 */
	const char *ident;	/* NULL: "com.example.app" */
	const char *team;	/* NULL: none */
	const struct ca_cert *signer, *issuer; /* NULL: ad hoc; not embedded */
	const struct ca_cert *extra[2]; /* embedded, too; NULL: none */
	const struct tsa_req *stamp;	/* NULL: none; its message is the signature */
	bool two;		/* a SHA-1 directory first, the SHA-256 one as alternate */
	bool no_list;		/* without the signed list of directories */
	bool plist;		/* with the older list, too */
	bool ber;		/* shells of indefinite length */
	bool fill;		/* fill the code with something else */
	const char *entitlements; /* NULL: none */
	bool uncovered;		/* entitlements without a digest of them */
	struct span info, resources; /* of the bundle: Info.plist, CodeResources */
};

static inline void apple_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void apple_le(struct buf *b, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		buf_putc(b, (char)(v >> 8 * i));
}

static inline void apple_name(struct buf *b, const char *name)
{
	char n[16] = { 0 };
	memcpy(n, name, strlen(name));
	buf_put(b, n, 16);
}

static inline void apple_segment(
    struct buf *b, const char *name, uint64_t addr, uint64_t off, uint64_t len)
{
	apple_le(b, 0x19, 4);
	apple_le(b, 72, 4);
	apple_name(b, name);
	apple_le(b, addr, 8);
	apple_le(b, len, 8);
	apple_le(b, off, 8);
	apple_le(b, len, 8);
	apple_le(b, 5, 4);
	apple_le(b, 5, 4);
	apple_le(b, 0, 8);
}

/* Header and code, without the signature. */
static inline void apple_code(struct buf *b, const struct apple_req *r)
{
	apple_le(b, 0xfeedfacf, 4);
	apple_le(b, r->cpu ? r->cpu : 0x1000007, 4);
	apple_le(b, r->cpu ? 0 : 3, 4);
	apple_le(b, 2, 4);
	apple_le(b, 3, 4);
	apple_le(b, 72 * 2 + 16, 4);
	apple_le(b, 0x200000, 8);
	apple_segment(b, "__TEXT", 0x100000000, 0, APPLE_CODE);
	apple_segment(b, "__LINKEDIT", 0x100001000, APPLE_CODE, APPLE_ROOM);
	apple_le(b, 0x1d, 4);
	apple_le(b, 16, 4);
	apple_le(b, APPLE_CODE, 4);
	apple_le(b, APPLE_ROOM, 4);
	while (b->n < APPLE_CODE)
		buf_putc(b, (char)(r->fill ? 0xcc : b->n * 7));
}

static inline size_t apple_hash(uint8_t *out, bool sha1, const void *p, size_t n)
{
	if (sha1)
		SHA1(p, n, out);
	else
		SHA256(p, n, out);
	return sha1 ? 20 : 32;
}

#define APPLE_SPECIAL 7u

/* A CodeDirectory over code. slot: digests of special slots by number, n == 0: none. */
static inline void apple_directory(struct buf *b, const struct apple_req *r, struct span code,
    bool sha1, const struct span slot[APPLE_SPECIAL + 1])
{
	const char *ident = r->ident ? r->ident : "com.example.app";
	size_t start = b->n, hash = sha1 ? 20 : 32, pages = (code.n + APPLE_PAGE - 1) / APPLE_PAGE;
	size_t ident_at = 52, team_at = ident_at + strlen(ident) + 1;
	size_t special = team_at + (r->team ? strlen(r->team) + 1 : 0);
	uint8_t d[32];

	buf_put_be32(b, 0xfade0c02);
	buf_put_be32(b, (uint32_t)(special + hash * (APPLE_SPECIAL + pages)));
	buf_put_be32(b, 0x20200);
	buf_put_be32(b, r->signer ? 0x10000 : 2);
	buf_put_be32(b, (uint32_t)(special + hash * APPLE_SPECIAL));
	buf_put_be32(b, (uint32_t)ident_at);
	buf_put_be32(b, APPLE_SPECIAL);
	buf_put_be32(b, (uint32_t)pages);
	buf_put_be32(b, (uint32_t)code.n);
	buf_putc(b, (char)hash);
	buf_putc(b, sha1 ? 1 : 2);
	buf_putc(b, 0);
	buf_putc(b, 9); /* log2 of APPLE_PAGE */
	buf_put_be32(b, 0);
	buf_put_be32(b, 0);
	buf_put_be32(b, r->team ? (uint32_t)team_at : 0);
	buf_put(b, ident, strlen(ident) + 1);
	if (r->team)
		buf_put(b, r->team, strlen(r->team) + 1);
	ca_check(b->n - start == special, "directory");
	for (size_t i = APPLE_SPECIAL; i > 0; i--) {
		memset(d, 0, sizeof(d));
		if (slot[i].n)
			apple_hash(d, sha1, slot[i].p, slot[i].n);
		buf_put(b, d, hash);
	}
	for (size_t i = 0; i < pages; i++) {
		struct span page = span_cut(code, i * APPLE_PAGE, APPLE_PAGE);
		apple_hash(d, sha1, page.p, page.n);
		buf_put(b, d, hash);
	}
}

/* SEQUENCE { digest OID, OCTET STRING } */
static inline size_t apple_listed(uint8_t *out, bool sha1, struct span directory)
{
	static const uint8_t sha1_head[] = { 0x30, 0x1d, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a,
		0x04, 0x14 };
	static const uint8_t sha256_head[] = { 0x30, 0x2d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
		0x03, 0x04, 0x02, 0x01, 0x04, 0x20 };
	size_t n = sha1 ? sizeof(sha1_head) : sizeof(sha256_head);

	memcpy(out, sha1 ? sha1_head : sha256_head, n);
	return n + apple_hash(out + n, sha1, directory.p, directory.n);
}

static inline void apple_list(CMS_SignerInfo *si, const char *oid, int type, const void *p, size_t n)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ca_check(o && CMS_signed_add1_attr_by_OBJ(si, o, type, p, (int)n) == 1, "attribute");
	ASN1_OBJECT_free(o);
}

/* The older list: the first 20 bytes of each directory's digest. */
static inline void apple_list_plist(CMS_SignerInfo *si, const struct span *dir, const bool *sha1, int n)
{
	char text[1024];
	size_t at = (size_t)snprintf(text, sizeof(text),
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict><key>cdhashes"
	    "</key><array>");

	for (int i = 0; i < n; i++) {
		uint8_t d[32];
		char b64[40] = { 0 };
		apple_hash(d, sha1[i], dir[i].p, dir[i].n);
		EVP_EncodeBlock((unsigned char *)b64, d, 20);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "<data>\n%s\n</data>", b64);
	}
	at += (size_t)snprintf(text + at, sizeof(text) - at, "</array></dict></plist>\n");
	apple_list(si, "1.2.840.113635.100.9.1", V_ASN1_OCTET_STRING, text, at);
}

/* The token of a response, as an unsigned attribute. */
static inline void apple_stamp(CMS_SignerInfo *si, const struct tsa_req *req)
{
	struct buf b = BUF_INIT(1u << 16);
	struct tsa_req r = *req;
	ASN1_OCTET_STRING *s = CMS_SignerInfo_get0_signature(si);
	uint8_t *der = NULL;

	r.message = span_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
	tsa_respond(&b, &r);
	const uint8_t *p = b.p;
	TS_RESP *resp = d2i_TS_RESP(NULL, &p, (long)b.n);
	int n = resp ? i2d_PKCS7(TS_RESP_get_token(resp), &der) : 0;
	ca_check(n > 0 && CMS_unsigned_add1_attr_by_NID(si, NID_id_smime_aa_timeStampToken,
			      V_ASN1_SEQUENCE, der, n) == 1,
	    "stamp");
	OPENSSL_free(der);
	TS_RESP_free(resp);
	buf_free(&b);
}

static inline void apple_cms(struct buf *out, const struct apple_req *r, const struct span *dir,
    const bool *sha1, int ndirs)
{
	unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL;
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	CMS_SignerInfo *si = CMS_add1_signer(
	    cms, r->signer->x, r->signer->key, EVP_sha256(), flags);
	BIO *data = BIO_new_mem_buf(dir[0].p, (int)dir[0].n);
	uint8_t value[64], *der = NULL;

	ca_check(si != NULL, "signer");
	if (r->issuer)
		ca_check(CMS_add1_cert(cms, r->issuer->x) == 1, "issuer");
	if (!r->no_list) {
		/* One attribute with a value for each directory. */
		X509_ATTRIBUTE *a = NULL;
		for (int i = 0; i < ndirs; i++) {
			size_t n = apple_listed(value, sha1[i], dir[i]);
			if (!a)
				a = X509_ATTRIBUTE_create_by_txt(NULL, "1.2.840.113635.100.9.2",
				    V_ASN1_SEQUENCE, value, (int)n);
			else
				ca_check(X509_ATTRIBUTE_set1_data(a, V_ASN1_SEQUENCE, value, (int)n) == 1,
				    "value");
		}
		ca_check(a && CMS_signed_add1_attr(si, a) == 1, "list");
		X509_ATTRIBUTE_free(a);
	}
	if (r->plist)
		apple_list_plist(si, dir, sha1, ndirs);
	for (int i = 0; i < 2 && r->extra[i]; i++)
		ca_check(CMS_add1_cert(cms, r->extra[i]->x) == 1, "extra");
	ca_check(CMS_final(cms, data, NULL, flags) == 1, "final");
	if (r->stamp)
		apple_stamp(si, r->stamp);
	int n = i2d_CMS_ContentInfo(cms, &der);
	ca_check(n > 0, "CMS");
	buf_put(out, der, (size_t)n);
	OPENSSL_free(der);
	BIO_free(data);
	CMS_ContentInfo_free(cms);
}

/* ContentInfo, [0] and SignedData get the indefinite length. */
static inline void apple_to_ber(struct buf *out, struct span der)
{
	static const uint8_t oid[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07,
		0x02 };
	size_t head = 4 + sizeof(oid) + 4 + 4; /* lengths of two bytes each */

	ca_check(der.n > 0x1ff && der.p[1] == 0x82 && der.p[head - 3] == 0x82, "long lengths");
	buf_put(out, "\x30\x80", 2);
	buf_put(out, oid, sizeof(oid));
	buf_put(out, "\xa0\x80\x30\x80", 4);
	buf_put_span(out, span_from(der, head));
	buf_put(out, "\0\0\0\0\0\0", 6);
}

/* The SuperBlob over code. */
static inline void apple_signature(struct buf *out, const struct apple_req *r, struct span code,
    struct span specific)
{
	struct buf blob[5];
	uint32_t slot[5];
	struct span special[APPLE_SPECIAL + 1] = { { NULL, 0 } }, dir[2];
	bool sha1[2] = { r->two, false };
	size_t n = 0, at;

	for (size_t i = 0; i < 5; i++)
		blob[i] = BUF_INIT(1u << 20);
	buf_put(&blob[4], "\xfa\xde\x0c\x01\x00\x00\x00\x0c\x00\x00\x00\x00", 12);
	special[2] = buf_span(&blob[4]);
	special[6] = specific;
	special[1] = r->info;
	special[3] = r->resources;
	if (r->entitlements) {
		buf_put_be32(&blob[3], 0xfade7171);
		buf_put_be32(&blob[3], (uint32_t)strlen(r->entitlements) + 8);
		buf_puts(&blob[3], r->entitlements);
		if (!r->uncovered)
			special[5] = buf_span(&blob[3]);
	}
	int ndirs = r->two ? 2 : 1;
	for (int i = 0; i < ndirs; i++) {
		apple_directory(&blob[i], r, code, sha1[i], special);
		dir[i] = buf_span(&blob[i]);
	}
	if (r->signer) {
		struct buf cms = BUF_INIT(1u << 20);
		apple_cms(&cms, r, dir, sha1, ndirs);
		buf_put_be32(&blob[2], 0xfade0b01);
		buf_put_be32(&blob[2], 0);
		if (r->ber)
			apple_to_ber(&blob[2], buf_span(&cms));
		else
			buf_put_span(&blob[2], buf_span(&cms));
		apple_be32(blob[2].p + 4, (uint32_t)blob[2].n);
		buf_free(&cms);
	}
	const uint32_t slots[5] = { 0, 0x1000, 0x10000, 5, 2 };
	for (size_t i = 0; i < 5; i++)
		if (blob[i].n)
			slot[n++] = (uint32_t)i;
	size_t total = 12 + 8 * n;
	for (size_t i = 0; i < n; i++)
		total += blob[slot[i]].n;
	buf_put_be32(out, 0xfade0cc0);
	buf_put_be32(out, (uint32_t)total);
	buf_put_be32(out, (uint32_t)n);
	at = 12 + 8 * n;
	for (size_t i = 0; i < n; i++) {
		buf_put_be32(out, slots[slot[i]]);
		buf_put_be32(out, (uint32_t)at);
		at += blob[slot[i]].n;
	}
	for (size_t i = 0; i < n; i++)
		buf_put_span(out, buf_span(&blob[slot[i]]));
	for (size_t i = 0; i < 5; i++)
		buf_free(&blob[i]);
}

/* A whole signed file. */
static inline struct buf apple_make(const struct apple_req *r)
{
	struct buf b = BUF_INIT(1u << 20);

	apple_code(&b, r);
	struct buf code = BUF_INIT(1u << 20);
	buf_put_span(&code, buf_span(&b));
	apple_signature(&b, r, buf_span(&code), SPAN_NONE);
	buf_free(&code);
	ca_check(b.n <= APPLE_CODE + APPLE_ROOM, "room");
	while (b.n < APPLE_CODE + APPLE_ROOM)
		buf_putc(&b, 0);
	ca_check(!buf_err(&b), "memory");
	return b;
}

/* Two slices, aligned to 4096. */
static inline struct buf apple_fat(const struct buf *a, uint32_t cpu_a, const struct buf *c, uint32_t cpu_c)
{
	struct buf b = BUF_INIT(1u << 20);
	size_t second = 4096 + (a->n + 4095) / 4096 * 4096;

	buf_put_be32(&b, 0xcafebabe);
	buf_put_be32(&b, 2);
	const uint32_t head[10] = { cpu_a, cpu_a == 0x1000007 ? 3 : 0, 4096, (uint32_t)a->n, 12,
		cpu_c, 0, (uint32_t)second, (uint32_t)c->n, 12 };
	for (size_t i = 0; i < 10; i++)
		buf_put_be32(&b, head[i]);
	while (b.n < 4096)
		buf_putc(&b, 0);
	buf_put(&b, a->p, a->n);
	while (b.n < second)
		buf_putc(&b, 0);
	buf_put(&b, c->p, c->n);
	return b;
}
