/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/anatomy.h"
#include "crypto/authenticode.h"
#include "crypto/hash.h"

#include "pe_make.h"
#include "tap.h"

#include <sys/mman.h>
#include <unistd.h>

/* A PE image with one signature by a certificate of our own, and room to spoil it. */
struct image {
	uint8_t *p;
	size_t n;
	size_t table; /* where the certificate table starts */
	size_t der;   /* length of the signature */
	size_t checksum_off, security_off;
};

static struct key *key;
static struct buf cert = BUF_INIT(1u << 16);

static void set_up(void)
{
	struct x509_self req = { .common_name = "Firebreak test", .not_before = 0,
		.not_after = 4000000000 * TS_SECOND };
	if (key_generate(&key, KEY_P256) < 0 || x509_self_signed(key, &req, &cert) < 0)
		abort();
}

static int examine(const uint8_t *p, size_t n, struct anatomy *an, struct verdict *v,
    struct arena *a)
{
	int fd = memfd_create("pe", MFD_CLOEXEC);
	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	int rc = anatomy_begin(an, fd, n, NULL, v, a);
	for (size_t off = 0; rc == 0 && off < n; off += 512)
		rc = anatomy_update(an, p + off, n - off < 512 ? n - off : 512);
	if (rc == 0)
		rc = anatomy_finish(an);
	anatomy_free(an);
	close(fd);
	return rc;
}

static const struct reason *find(const struct verdict *v, const char *code)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->reason[i].code, code) == 0)
			return &v->reason[i];
	return NULL;
}

static void explain(const struct verdict *v)
{
	for (size_t i = 0; i < v->n; i++)
		diag("%s %s: %s", reason_name(v->reason[i].kind), v->reason[i].code, v->reason[i].text);
}

/* The verdict on bytes; *ret_r is the reason with this code, its text is gone. */
static enum verdict_status status_of(const uint8_t *p, size_t n, const char *code,
    struct reason *ret_r)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct anatomy an;
	struct verdict v;

	if (examine(p, n, &an, &v, &a) != 0)
		abort();
	const struct reason *r = code ? find(&v, code) : NULL;
	if (code && !r)
		explain(&v);
	if (ret_r)
		*ret_r = r ? *r : (struct reason){ .kind = REASON_NOTE };
	return v.status;
}

/* The Authenticode digest, computed the plain way. */
static struct digest plain_digest(const uint8_t *p, size_t end, size_t checksum, size_t security)
{
	struct hasher *h;
	struct digest d[DIGEST_ALGS];
	if (hasher_new(&h, HASH_SET(DIGEST_SHA256)) < 0 ||
	    hasher_update(h, p, checksum) < 0 ||
	    hasher_update(h, p + checksum + 4, security - checksum - 4) < 0 ||
	    hasher_update(h, p + security + 8, end - security - 8) < 0 || hasher_final(h, d) < 0)
		abort();
	hasher_free(h);
	return d[DIGEST_SHA256];
}

/* Signs content of overlay bytes behind the sections; the table gets count equal entries. */
static struct image signed_image(size_t overlay, int count)
{
	AUTO_BUF struct buf der = BUF_INIT(1u << 16);
	struct pe_make bare = pe_make(1, overlay, NULL, 0, 0);
	struct digest d = plain_digest(bare.p, bare.n, bare.checksum_off, bare.security_off);

	if (authenticode_sign(&d, key, buf_span(&cert), &der) < 0)
		abort();
	free(bare.p);
	size_t entry = (der.n + 8 + 7) & ~(size_t)7;
	uint8_t *table = calloc((size_t)count, entry);
	for (int i = 0; i < count; i++) {
		put32(table + (size_t)i * entry, (uint32_t)entry);
		put16(table + (size_t)i * entry + 4, 0x200);
		put16(table + (size_t)i * entry + 6, 2);
		memcpy(table + (size_t)i * entry + 8, der.p, der.n);
	}
	struct pe_make m = pe_make(1, overlay, table, entry * (size_t)count, 0);
	free(table);
	return (struct image){ m.p, m.n, PE_MAKE_CONTENT + overlay, der.n, m.checksum_off,
		m.security_off };
}

/* More bytes at the end of the file. */
static void grow(struct image *m, size_t n, uint8_t fill)
{
	m->p = realloc(m->p, m->n + n);
	memset(m->p + m->n, fill, n);
	m->n += n;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8 | p[2] << 16) | (uint32_t)p[3] << 24;
}

static void add32(uint8_t *p, uint32_t n)
{
	put32(p, get32(p) + n);
}

static void test_good(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct image m = signed_image(0, 1);
	struct anatomy an;
	struct verdict v;

	is_int(examine(m.p, m.n, &an, &v, &a), 0, "a signed image is read");
	if (!ok(v.status == VERDICT_PASS, "and passes"))
		explain(&v);
	is_str(an.format, "pe", "format");
	struct digest d = plain_digest(m.p, m.table, m.checksum_off, m.security_off);
	ok(an.nsignatures == 1 && digest_eq(&an.authenticode, &d), "the digest recomputed");
	const struct reason *r = find(&v, "pe.signer");
	ok(r && strstr(r->text, "CN=Firebreak test") && strstr(r->text, "not checked"),
	    "the signer is told, with what was not checked");
	free(m.p);
	m = signed_image(4096 + 3, 1);
	is_int(status_of(m.p, m.n, "pe.table-align", NULL), VERDICT_FAIL, "a table off alignment");
	free(m.p);
	m = signed_image(4096, 2);
	is_int(status_of(m.p, m.n, "pe.overlay", NULL), VERDICT_PASS,
	    "an overlay under the signature and a second signature are honest");
	free(m.p);
}

/* One whose signature needs alignment bytes behind it (an ECDSA signature's length varies). */
static struct image padded_image(void)
{
	struct image m = signed_image(0, 1);

	while ((m.der + 8) % 8 == 0) {
		free(m.p);
		m = signed_image(0, 1);
	}
	return m;
}

static void test_tampered(void)
{
	static const uint8_t zero[8];
	struct reason r;
	struct image m;
	size_t end, pad;

#define SPOIL(edit)                                                                                \
	m = padded_image();                                                                        \
	end = m.n;                                                                                 \
	pad = end - (m.table + 8 + m.der);                                                                                 \
	edit
#define CAUGHT(code_, off_, len_, ...)                                                             \
	do {                                                                                       \
		ok(status_of(m.p, m.n, code_, &r) == VERDICT_FAIL && r.kind == REASON_FAIL,        \
		    __VA_ARGS__);                                                                  \
		if (!ok(r.has_off && r.off == (uint64_t)(off_) && r.len == (uint64_t)(len_),       \
			"at its place"))                                                           \
			diag("%" PRIu64 "+%" PRIu64 ", want %zu+%zu", r.off, r.len,                \
			    (size_t)(off_), (size_t)(len_));                                       \
		free(m.p);                                                                         \
	} while (0)

	SPOIL(grow(&m, 1024, 0x41); add32(m.p + m.security_off + 4, 1024); add32(m.p + m.table, 1024));
	CAUGHT("pe.slack", m.table + 8 + m.der, pad + 1024, "3CX: 1,024 bytes inside the entry");
	SPOIL(grow(&m, 1024, 0); add32(m.p + m.security_off + 4, 1024); add32(m.p + m.table, 1024));
	CAUGHT("pe.slack", m.table + 8 + m.der, pad + 1024, "the same with zeros");
	SPOIL(grow(&m, 8, 0); add32(m.p + m.security_off + 4, 8); add32(m.p + m.table, 8));
	CAUGHT("pe.slack", m.table + 8 + m.der, pad + 8, "8 bytes are too many");
	SPOIL(grow(&m, 1024, 0x41); add32(m.p + m.security_off + 4, 1024));
	CAUGHT("pe.entry-beyond", end, 0x41414141, "the directory entry alone grown");
	SPOIL(grow(&m, 1024, 0); add32(m.p + m.security_off + 4, 1024));
	CAUGHT("pe.entry-short", end, 1024, "the same with zeros");
	SPOIL(grow(&m, 1024, 0x41));
	CAUGHT("pe.after-table", end, 1024, "bytes behind the table");
	SPOIL(grow(&m, 16, 0); add32(m.p + m.security_off + 4, 16); put32(m.p + end, 16);
	      put16(m.p + end + 4, 0x200); put16(m.p + end + 6, 2));
	CAUGHT("pe.signature.bad-der", end + 8, 8, "a second entry that is no signature");
	SPOIL(grow(&m, 16, 0); add32(m.p + m.security_off + 4, 16); put32(m.p + end, 16);
	      put16(m.p + end + 4, 0x200); put16(m.p + end + 6, 1));
	CAUGHT("pe.entry-type", end + 6, 2, "a second entry of another type");
	SPOIL(put16(m.p + m.table + 4, 0x201));
	CAUGHT("pe.entry-revision", m.table + 4, 2, "an unknown revision");
	SPOIL(add32(m.p + m.security_off + 4, (uint32_t)-8));
	CAUGHT("pe.after-table", end - 8, 8, "the directory entry shrunk");
	SPOIL(put32(m.p + m.security_off, 0));
	CAUGHT("pe.table-half", m.security_off, 8, "the table's address taken away");
	SPOIL(m.p[0x210] ^= 1);
	CAUGHT("pe.digest", m.table + 8, m.der, "a flipped bit in a section");
	SPOIL(m.p[end - 1] = 1);
	CAUGHT("pe.padding", end - pad, pad, "alignment that is not zero");
	m = signed_image(0, 1);
	put32(m.p + m.checksum_off, 0x1234);
	ok(status_of(m.p, m.n, "pe.checksum", &r) == VERDICT_PASS && r.kind == REASON_WARN &&
	    r.off == m.checksum_off, "a wrong checksum only warns: no signature covers it");
	memcpy(m.p + m.checksum_off, zero, 4);
	put32(m.p + m.security_off, 0);
	put32(m.p + m.security_off + 4, 0);
	is_int(status_of(m.p, m.table, "pe.unsigned", NULL), VERDICT_UNKNOWN,
	    "with its signature cut off it is an unsigned file: nothing proven");
	free(m.p);
#undef SPOIL
#undef CAUGHT
}

/* Every bit of the headers and the table, one of each byte of the sections (all of them are hashed
 * alike): what still passes is the checksum field, or inside the certificate, which nobody
 * vouches for as long as no chain is checked. */
static void test_every_bit(void)
{
	struct image m = signed_image(0, 1);
	struct span table = span_of(m.p + m.table, m.n - m.table);
	size_t at = 0, field = 0, in_cert = 0, bad = 0;

	while (at + cert.n <= table.n && memcmp(table.p + at, cert.p, cert.n) != 0)
		at++;
	ok(at + cert.n <= table.n, "the certificate is in the table");
	at += m.table;
	for (size_t i = 0; i < m.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			if (i >= 0x200 && i < PE_MAKE_CONTENT && bit != (int)(i % 8))
				continue;
			m.p[i] ^= (uint8_t)(1u << bit);
			bool pass = status_of(m.p, m.n, NULL, NULL) == VERDICT_PASS;
			m.p[i] ^= (uint8_t)(1u << bit);
			if (pass && i >= m.checksum_off && i < m.checksum_off + 4)
				field++;
			else if (pass && i >= at && i < at + cert.n)
				in_cert++;
			else if (pass && bad++ < 5)
				diag("byte %zu bit %d", i, bit);
		}
	is_int(bad, 0, "of all bit flips none passes that should not");
	is_int(field, 32, "the 32 bits of the checksum do");
	diag("%zu of %zu bits inside the certificate pass", in_cert, cert.n * 8);
	for (size_t n = 0; n < m.n; n++)
		bad += status_of(m.p, n, NULL, NULL) == VERDICT_PASS;
	is_int(bad, 0, "no truncation passes");
	free(m.p);
}

static void test_other(void)
{
	struct pe_make m = pe_make(0, 0, NULL, 0, 0);

	is_int(status_of(m.p, m.n, "pe.unsigned", NULL), VERDICT_UNKNOWN, "unsigned: a note");
	put32(m.p + m.section_off + 40 + 20, 0x300);
	struct reason r;
	is_int(status_of(m.p, m.n, "pe.section-overlap", &r), VERDICT_UNKNOWN, "odd but unsigned");
	is_int(r.kind, REASON_WARN, "is a warning");
	put16(m.p + PE_MAKE_NT + 6, 97);
	is_int(status_of(m.p, m.n, "pe.malformed", NULL), VERDICT_FAIL, "a malformed PE fails");
	is_int(status_of((const uint8_t *)"\x7f""ELF", 4, "anatomy.format", NULL), VERDICT_UNKNOWN,
	    "another format is unknown");
	is_int(status_of(NULL, 0, "anatomy.format", NULL), VERDICT_UNKNOWN, "and so is nothing");
	free(m.p);
}

int main(void)
{
	set_up();
	test_good();
	test_tampered();
	test_every_bit();
	test_other();
	key_free(key);
	buf_free(&cert);
	return tap_done();
}
