/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ac_tool: for authenticode.t. Reads, makes and signs PE files with the library's own functions.
 *
 *   ac_tool make OUT                          an unsigned PE32+ image
 *   ac_tool cert KEY.pem CN OUT.der           a self-signed code-signing certificate
 *   ac_tool sign IN KEY.pem CERT.der OUT      signs an unsigned image
 *   ac_tool show FILE                         facts of each signature; digests compared
 *   ac_tool flips FILE ROOTS STAMPROOTS N     one bit flipped, every Nth, and truncations: 0: none passes
 *                                             but where the format, or the judgement, says so
 *   ac_tool cas FILE                          every CA certificate in the file's bytes, in PEM
 */

#include "anatomy/anatomy.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "crypto/authenticode.h"
#include "crypto/hash.h"
#include "pe_make.h"
#include "trust/anchors.h"
#include "wire/der.h"
#include "wire/pe.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int fail(const char *what, const struct fault *f)
{
	printf("error: %s: %s\n", what, f->text);
	return 1;
}

static int save(const char *path, struct span s)
{
	struct fault f = FAULT_INIT;
	int rc = file_replace_path(path, s, 0644, &f);
	return rc < 0 ? fail(path, &f) : 0;
}

static struct digest image_digest(const struct pe *pe, struct span file, enum digest_alg alg)
{
	struct pe_range r[PE_COVERED_MAX];
	struct digest out[DIGEST_ALGS] = { 0 };
	AUTO_HASHER struct hasher *h = NULL;
	size_t n = pe_covered(pe, r);
	static const uint8_t zero[8];

	if (hasher_new(&h, HASH_SET(alg)) < 0)
		return out[0];
	for (size_t i = 0; i < n; i++)
		if (hasher_update(h, file.p + r[i].off, r[i].len) < 0)
			return out[0];
	size_t pad = pe->table.len ? 0 : (8 - file.n % 8) % 8; /* as the signed file will have */
	if (hasher_update(h, zero, pad) < 0 || hasher_final(h, out) < 0)
		return out[0];
	return out[alg];
}

static void show_one(
    const char *name, const struct authenticode *a, const struct pe *pe, struct span file)
{
	char t[TS_TEXT_MAX];
	struct digest d = image_digest(pe, file, a->digest.alg);

	printf("%s: %s image digest %s\n", name, digest_name(a->digest.alg),
	    digest_eq(&d, &a->digest) ? "matches" : "DIFFERS");
	printf("%s: signer %s, issuer %s, serial %s, key %s, from %s\n", name, a->signer.subject,
	    a->signer.issuer, a->signer.serial, a->signer.key, ts_format(a->signer.not_before, t));
	printf("%s: cert %s code-signing %d\n", name, DIGEST_TEXT(&a->signer.id),
	    a->signer.eku_code_signing);
	printf("%s: der %zu, certs %u (%u unrelated), subject %d, page hashes %d\n", name,
	    a->der_len, a->ncerts, a->ncerts_unrelated, a->subject, a->pages.n != 0);
	if (a->program || a->url)
		printf("%s: program %s url %s\n", name, a->program ? a->program : "-",
		    a->url ? a->url : "-");
	if (a->stamp.kind)
		printf("%s: stamp kind %d %s at %s by %s\n", name, a->stamp.kind,
		    ac_result_name((int)a->stamp.result), ts_format(a->stamp.time, t),
		    a->stamp.signer.subject ? a->stamp.signer.subject : "-");
	for (size_t i = 0; i < a->nattr; i++)
		printf("%s: unsigned attribute %s\n", name, a->attr[i].oid);
}

static int show_signature(const char *name, struct span der, const struct pe *pe, struct span file)
{
	AUTO_ARENA struct arena a = ARENA_INIT(4 << 20);
	struct fault f = FAULT_INIT;
	struct authenticode x;
	int rc = authenticode_read(&x, der, NULL, &a, &f);

	printf("%s: %s %s\n", name, ac_result_name(rc), f.text);
	if (rc != AC_OK)
		return 1;
	show_one(name, &x, pe, file);
	int bad = 0;
	for (size_t i = 0; i < x.nnested; i++) {
		char sub[64];
		snprintf(sub, sizeof(sub), "%s.%zu", name, i);
		bad |= show_signature(sub, x.nested[i], pe, file);
	}
	return bad;
}

static int show(const char *path)
{
	struct file_map m;
	struct fault f = FAULT_INIT;
	static struct pe pe;
	static struct pe_certs certs;

	if (file_map_open(&m, path, &f) < 0)
		return fail(path, &f);
	if (pe_parse(&pe, span_cut(m.s, 0, PE_HEAD_MAX), m.s.n) != PE_OK)
		return fail(path, &FAULT_INIT);
	pe_certs(&certs, span_cut(m.s, pe.table.off, pe.table.len), pe.table.off);
	int bad = 0;
	for (uint32_t i = 0; i < certs.n; i++) {
		char name[32];
		snprintf(name, sizeof(name), "signature %u", i);
		bad |= show_signature(name, certs.cert[i].body, &pe, m.s);
	}
	if (!certs.n)
		printf("not signed\n");
	file_map_close(&m);
	return bad;
}

static int make(const char *path)
{
	struct pe_make m = pe_make(1, 0, NULL, 0, 0);
	int rc = save(path, span_of(m.p, m.n));
	free(m.p);
	return rc;
}

static int read_key(struct key **ret_k, const char *path)
{
	AUTO_BUF struct buf b = BUF_INIT(KEY_TEXT_MAX);
	struct fault f = FAULT_INIT;
	int rc = file_read(path, &b, KEY_TEXT_MAX, &f);
	if (rc == 0)
		rc = key_private(ret_k, buf_span(&b), &f);
	return rc < 0 ? fail(path, &f) : 0;
}

static int make_cert(const char *key_path, const char *cn, const char *path)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf out = BUF_INIT(X509_DER_MAX);
	struct x509_self req = { .common_name = cn, .organization = "Firebreak tests" };

	if (ts_parse(SPAN_LIT("2023-01-01T00:00:00Z"), &req.not_before) < 0 ||
	    ts_parse(SPAN_LIT("2033-01-01T00:00:00Z"), &req.not_after) < 0 ||
	    read_key(&k, key_path) || x509_self_signed(k, &req, &out) < 0)
		return 1;
	return save(path, buf_span(&out));
}

/* The image with the signature as its only WIN_CERTIFICATE. */
static int attach(struct buf *out, const struct pe *pe, struct span image, struct span der)
{
	static const uint8_t zero[8];
	uint8_t dir[8];
	size_t pad = (8 - image.n % 8) % 8, tail = (8 - der.n % 8) % 8;

	buf_put_span(out, image);
	buf_put(out, zero, pad);
	put32(dir, (uint32_t)out->n);
	put32(dir + 4, (uint32_t)(8 + der.n + tail));
	buf_put_le32(out, (uint32_t)(8 + der.n + tail));
	buf_put_le16(out, 0x200);
	buf_put_le16(out, 2);
	buf_put_span(out, der);
	buf_put(out, zero, tail);
	if (buf_err(out) == 0)
		memcpy(out->p + pe->security_off, dir, 8);
	return buf_err(out);
}

static int sign(const char *in, const char *key_path, const char *cert_path, const char *path)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf image = BUF_INIT(1 << 24), cert = BUF_INIT(1 << 20),
			    der = BUF_INIT(1 << 20), out = BUF_INIT(1 << 24);
	struct fault f = FAULT_INIT;
	static struct pe pe;

	if (read_key(&k, key_path) || file_read(in, &image, 1 << 24, &f) < 0 ||
	    file_read(cert_path, &cert, 1 << 20, &f) < 0)
		return fail(in, &f);
	if (pe_parse(&pe, buf_span(&image), image.n) != PE_OK)
		return fail(in, &f);
	struct digest d = image_digest(&pe, buf_span(&image), authenticode_digest_for(k));
	if (authenticode_sign(&d, k, buf_span(&cert), &der) < 0)
		return fail("authenticode_sign", &f);
	if (attach(&out, &pe, buf_span(&image), buf_span(&der)) < 0)
		return 1;
	return save(path, buf_span(&out));
}

/* Every CA certificate that stands anywhere in the bytes, in PEM: roots for what is signed there. */
static int find_cas(const char *path)
{
	struct file_map m;
	struct fault f = FAULT_INIT;

	if (file_map_open(&m, path, &f) < 0)
		return fail(path, &f);
	for (size_t i = 0; i + 4 < m.s.n; i++) {
		AUTO_ROOTS struct chain_roots *r = NULL;
		AUTO_BUF struct buf pem = BUF_INIT(1 << 20);
		struct cur c = cur_of(span_from(m.s, i));
		if (m.s.p[i] != 0x30 || m.s.p[i + 1] != 0x82)
			continue;
		struct span der = der_take(&c, DER_SEQ).all;
		if (!der.n || der.n > X509_DER_MAX || chain_roots_new(&r) < 0 ||
		    chain_roots_add_file(r, der, NULL) != 0)
			continue;
		b64_encode(&pem, der, B64_STD);
		printf("-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n",
		    buf_str(&pem));
		i += der.n - 1;
	}
	file_map_close(&m);
	return 0;
}

/* ---- every change of one bit, and every truncation ---- */

static struct anchors anchors;

struct judged {
	bool pass;
	size_t nfree; /* parts that the judgement itself says nobody vouches for */
	struct pe_range free[8];
};

static void judge(struct judged *j, int fd, const uint8_t *p, size_t n, const struct signed_trust *t)
{
	AUTO_ARENA struct arena mem = ARENA_INIT(64u << 20);
	struct anatomy a;
	struct verdict v;

	*j = (struct judged){ 0 };
	if (ftruncate(fd, 0) < 0 || pwrite(fd, p, n, 0) != (ssize_t)n)
		abort();
	int rc = anatomy_begin(&a, fd, n, t, &v, &mem);
	if (rc == 0)
		rc = anatomy_update(&a, p, n);
	if (rc == 0)
		rc = anatomy_finish(&a);
	anatomy_free(&a);
	if (rc < 0)
		abort();
	j->pass = v.status == VERDICT_PASS;
	for (size_t i = 0; i < v.n && j->nfree < ARRAY_LEN(j->free); i++)
		if (strcmp(v.reason[i].code, "pe.unvouched") == 0)
			j->free[j->nfree++] =
			    (struct pe_range){ v.reason[i].off, v.reason[i].len };
}

static bool is_free(const struct judged *whole, size_t at)
{
	for (size_t i = 0; i < whole->nfree; i++)
		if (at >= whole->free[i].off && at - whole->free[i].off < whole->free[i].len)
			return true;
	return false;
}

static int flips(const char *path, const char *roots, const char *stamp_roots, size_t step)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 24);
	struct fault f = FAULT_INIT;
	struct judged whole, j;
	static struct pe pe;
	size_t tried = 0, sum = 0, listed = 0, bad = 0;
	int fd = memfd_create("pe", MFD_CLOEXEC);

	if (fd < 0 || file_read(path, &b, 1 << 24, &f) < 0 ||
	    anchors_add_file(&anchors, ANCHORS_CODE, roots, &f) < 0 ||
	    anchors_add_file(&anchors, ANCHORS_STAMP, stamp_roots, &f) < 0)
		return fail(path, &f);
	struct clock real = clock_system();
	const struct signed_trust *t = anchors_trust(&anchors, clock_now(&real), true);
	judge(&whole, fd, b.p, b.n, t);
	if (!whole.pass || pe_parse(&pe, span_cut(buf_span(&b), 0, PE_HEAD_MAX), b.n) != PE_OK)
		return fail("the file itself does not pass", &f);
	for (size_t bit = 0; bit < b.n * 8; bit += step, tried++) {
		size_t i = bit / 8;
		b.p[i] ^= (uint8_t)(1u << bit % 8);
		judge(&j, fd, b.p, b.n, t);
		b.p[i] ^= (uint8_t)(1u << bit % 8);
		if (j.pass && i >= pe.checksum_off && i < pe.checksum_off + 4)
			sum++;
		else if (j.pass && is_free(&whole, i))
			listed++;
		else if (j.pass && bad++ < 5)
			printf("byte %zu bit %zu passes\n", i, bit % 8);
	}
	printf("%zu flips: %zu in the checksum field pass, %zu in parts listed as unvouched, %zu "
	       "others\n",
	    tried, sum, listed, bad);
	for (size_t n = 0; n < b.n; n += 1 + step / 8) {
		judge(&j, fd, b.p, n, t);
		if (j.pass && bad++ < 5)
			printf("cut to %zu bytes it passes\n", n);
	}
	anchors_free(&anchors);
	close(fd);
	return bad != 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "make") == 0 && argc == 3)
		return make(argv[2]);
	if (strcmp(what, "cert") == 0 && argc == 5)
		return make_cert(argv[2], argv[3], argv[4]);
	if (strcmp(what, "sign") == 0 && argc == 6)
		return sign(argv[2], argv[3], argv[4], argv[5]);
	if (strcmp(what, "show") == 0 && argc == 3)
		return show(argv[2]);
	if (strcmp(what, "flips") == 0 && argc == 6)
		return flips(argv[2], argv[3], argv[4], (size_t)atoi(argv[5]));
	if (strcmp(what, "cas") == 0 && argc == 3)
		return find_cas(argv[2]);
	fprintf(stderr, "see the source\n");
	return 3;
}
