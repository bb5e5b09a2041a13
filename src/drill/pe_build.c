/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/pe_build.h"

#include "crypto/authenticode.h"
#include "crypto/hash.h"

#include <errno.h>
#include <string.h>

/* Fixed layout: headers, two sections, then the certificate table. */
enum {
	PE_OFF = 0x80,
	OPT_OFF = PE_OFF + 24,
	CHECKSUM_OFF = OPT_OFF + 64,
	CERT_DIR_OFF = OPT_OFF + 112 + 4 * 8,
	SECTIONS_OFF = OPT_OFF + 240,
	HEADERS = 0x400,
	FILE_ALIGN = 0x200,
	TEXT = HEADERS,
	RDATA = TEXT + FILE_ALIGN,
	RDATA_SIZE = 0x1000,
	IMAGE = RDATA + RDATA_SIZE,
	CERT_HEADER = 8,
};

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void headers(uint8_t *p)
{
	memcpy(p, "MZ", 2);
	put32(p + 0x3c, PE_OFF);
	memcpy(p + PE_OFF, "PE\0\0", 4);
	put16(p + PE_OFF + 4, 0x8664);	/* machine: x86-64 */
	put16(p + PE_OFF + 6, 2);	/* sections */
	put16(p + PE_OFF + 20, 240);	/* size of the optional header */
	put16(p + PE_OFF + 22, 0x2022); /* DLL, executable, large addresses */

	uint8_t *o = p + OPT_OFF;
	put16(o, 0x20b); /* PE32+ */
	put32(o + 4, FILE_ALIGN);
	put32(o + 8, RDATA_SIZE);
	put32(o + 16, 0x1000); /* entry point */
	put32(o + 20, 0x1000);
	put32(o + 24, 0x80000000); /* image base 0x180000000 */
	put32(o + 28, 0x1);
	put32(o + 32, 0x1000);
	put32(o + 36, FILE_ALIGN);
	put16(o + 40, 6); /* operating system and subsystem version */
	put16(o + 48, 6);
	put32(o + 56, 0x3000);
	put32(o + 60, HEADERS);
	put16(o + 68, 2);      /* GUI */
	put16(o + 70, 0x0160); /* high entropy VA, dynamic base, NX */
	put32(o + 108, 16);
}

static void section(
    uint8_t *s, const char *name, uint32_t rva, uint32_t off, uint32_t size, uint32_t flags)
{
	memcpy(s, name, strlen(name));
	put32(s + 8, size);
	put32(s + 12, rva);
	put32(s + 16, size);
	put32(s + 20, off);
	put32(s + 36, flags);
}

int pe_build(struct buf *out, const char *name, const char *version, const char *salt)
{
	AUTO_BUF struct buf text = BUF_INIT(RDATA_SIZE);

	if (out->n)
		return -EINVAL;
	buf_printf(&text,
	    "Firebreak drill stand-in. It does nothing.\nname=%s\nversion=%s\nsalt=%s\n", name,
	    version, salt);
	int rc = buf_err(&text);
	if (rc == 0)
		rc = buf_reserve(out, IMAGE);
	if (rc < 0)
		return rc;
	memset(out->p, 0, IMAGE);
	out->n = IMAGE;
	headers(out->p);
	section(out->p + SECTIONS_OFF, ".text", 0x1000, TEXT, FILE_ALIGN, 0x60000020);
	section(out->p + SECTIONS_OFF + 40, ".rdata", 0x2000, RDATA, RDATA_SIZE, 0x40000040);
	memcpy(out->p + TEXT, "\xb8\x01\x00\x00\x00\xc3", 6); /* mov eax, 1; ret */
	memcpy(out->p + RDATA, text.p, text.n);
	return 0;
}

struct digest pe_build_digest(struct span image)
{
	AUTO_BUF struct buf b = BUF_INIT(image.n);

	/* All but the checksum and the certificate directory entry. */
	buf_put_span(&b, span_cut(image, 0, CHECKSUM_OFF));
	buf_put_span(&b, span_cut(image, CHECKSUM_OFF + 4, CERT_DIR_OFF - CHECKSUM_OFF - 4));
	buf_put_span(&b, span_from(image, CERT_DIR_OFF + 8));
	return sha256_of(buf_span(&b));
}

int pe_build_sign(struct buf *image, const struct key *k, struct span cert_der)
{
	AUTO_BUF struct buf der = BUF_INIT(1u << 20);

	if (image->n != IMAGE)
		return -EINVAL;
	struct digest d = pe_build_digest(buf_span(image));
	int rc = authenticode_sign(&d, k, cert_der, &der);
	if (rc < 0)
		return rc;
	size_t len = CERT_HEADER + der.n, padded = (len + 7) / 8 * 8;
	put32(image->p + CERT_DIR_OFF, IMAGE);
	put32(image->p + CERT_DIR_OFF + 4, (uint32_t)padded);
	buf_put_le32(image, (uint32_t)padded);
	buf_put_le16(image, 0x0200); /* WIN_CERT_REVISION_2_0 */
	buf_put_le16(image, 0x0002); /* WIN_CERT_TYPE_PKCS_SIGNED_DATA */
	buf_put_span(image, buf_span(&der));
	buf_put(image, (const uint8_t[8]){ 0 }, padded - len);
	return buf_err(image);
}

int pe_build_stuff(struct buf *image, size_t n)
{
	if (image->n < IMAGE + CERT_HEADER || n % 8)
		return -EINVAL;
	int rc = buf_reserve(image, n);
	if (rc < 0)
		return rc;
	put32(image->p + CERT_DIR_OFF + 4, get32(image->p + CERT_DIR_OFF + 4) + (uint32_t)n);
	put32(image->p + IMAGE, get32(image->p + IMAGE) + (uint32_t)n);
	/* A marker and filler that is plainly not padding. */
	for (size_t i = 0; i < n; i++)
		image->p[image->n++] = (uint8_t)(0xfe ^ (i * 37));
	return 0;
}
