/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/tsp.h"
#include "tap.h"
#include "tsa.h"

#include <errno.h>
#include <openssl/err.h>

#define MESSAGE SPAN_LIT("a signature's bytes")

static struct ca_cert root, inter, tsa, tsa2, stranger_root, stranger;
static struct tsp_authority *pinned, *chained, *lone, *other;

static struct tsp_authority *authority(const struct ca_cert *const *c, size_t n)
{
	struct span der[4];
	struct tsp_authority *a = NULL;
	struct fault f = FAULT_INIT;

	for (size_t i = 0; i < n; i++)
		der[i] = c[i]->der;
	int rc = tsp_authority_new(&a, der, n, &f);
	ok(rc == 0, "an authority of %zu certificates %s", n, f.text);
	ca_check(rc == 0, "authority");
	return a;
}

static struct ca_cert make_tsa(const char *name, const struct ca_cert *issuer)
{
	return ca_make(&(struct ca_req){ .subject = name,
	    .issuer = issuer,
	    .ext = { CA_EXT_TSA, { "subjectKeyIdentifier", "hash" } } });
}

static void make_all(void)
{
	root = ca_make(&(struct ca_req){ .subject = "tsa root", .ext = { CA_EXT_CA } });
	inter = ca_make(&(struct ca_req){ .subject = "tsa ca",
	    .issuer = &root,
	    .ext = { CA_EXT_CA, { "extendedKeyUsage", "timeStamping" } } });
	tsa = make_tsa("tsa", &inter);
	tsa2 = make_tsa("tsa 2", &inter);
	stranger_root = ca_make(&(struct ca_req){ .subject = "tsa root", .ext = { CA_EXT_CA } });
	stranger = make_tsa("tsa", &stranger_root);
	pinned = authority((const struct ca_cert *const[]){ &tsa, &inter, &root }, 3);
	chained = authority((const struct ca_cert *const[]){ &inter, &root }, 2);
	lone = authority((const struct ca_cert *const[]){ &tsa }, 1);
	other = authority((const struct ca_cert *const[]){ &stranger, &stranger_root }, 2);
}

/* Read and verified; an error must have words and leave nothing behind. */
static int check(
    struct span der, struct span message, const struct tsp_authority *a, struct fault *f)
{
	static const struct tsp zero;
	struct tsp t = { 0 };

	*f = FAULT_INIT;
	int rc = tsp_read(&t, der, f);
	if (rc != TSP_OK)
		return !f->text[0] || memcmp(&t, &zero, sizeof(t)) ? -1 : rc;
	if (t.time != (CA_FROM + 500) * TS_SECOND &&
	    t.time != (CA_FROM + 500) * TS_SECOND + 250000000)
		rc = -2;
	if (rc == TSP_OK)
		rc = tsp_verify(&t, message, a, f);
	return rc > 0 && !f->text[0] ? -3 : rc;
}

static int stamp(const struct tsa_req *r, const struct tsp_authority *a, struct fault *f)
{
	AUTO_BUF struct buf der = BUF_INIT(1 << 16);
	struct tsa_req req = *r;

	if (!req.signer)
		req.signer = &tsa;
	if (!req.message.p)
		req.message = MESSAGE;
	tsa_respond(&der, &req);
	return check(buf_span(&der), MESSAGE, a, f);
}

static void test_good(void)
{
	static const struct {
		const char *name;
		struct tsa_req req;
	} v[] = {
		{ "without certificate", { 0 } },
		{ "with it", { .embed = true } },
		{ "with its CA", { .embed = true, .extra = &inter } },
		{ "with another certificate", { .embed = true, .extra = &stranger } },
		{ "SHA-384", { .imprint = "SHA384", .digest = "SHA384" } },
		{ "SHA-512", { .imprint = "SHA512", .digest = "SHA512", .ess = "SHA512" } },
		{ "ESSCertID of RFC 2634", { .ess = "SHA1" } },
		{ "milliseconds, name, ordering",
		    { .millis = 250, .name = true, .ordering = true } },
	};
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		bool embed = v[i].req.embed;
		is_int(stamp(&v[i].req, pinned, &f), TSP_OK, "pinned: %s %s", v[i].name, f.text);
		is_int(
		    stamp(&v[i].req, lone, &f), TSP_OK, "pinned alone: %s %s", v[i].name, f.text);
		is_int(stamp(&v[i].req, chained, &f), embed ? TSP_OK : TSP_NO_CERTIFICATE,
		    "by its CA: %s: %s", v[i].name, f.text);
		is_int(stamp(&v[i].req, other, &f), TSP_OTHER_TSA, "another authority: %s: %s",
		    v[i].name, f.text);
	}
	/* the intermediate comes with the token */
	struct tsp_authority *top = authority((const struct ca_cert *const[]){ &root }, 1);
	is_int(stamp(&(struct tsa_req){ .embed = true, .extra = &inter }, top, &f), TSP_OK,
	    "by its root and the CA in the token %s", f.text);
	is_int(stamp(&(struct tsa_req){ .embed = true }, top, &f), TSP_OTHER_TSA,
	    "not without that: %s", f.text);
	tsp_authority_free(top);
	AUTO_ROOTS struct chain_roots *r = NULL;
	AUTO_TSA struct tsp_authority *borrowed = NULL;
	ok(chain_roots_new(&r) == 0 && chain_roots_add_file(r, root.der, NULL) == 0 &&
		tsp_authority_of_roots(&borrowed, r) == 0 &&
		stamp(&(struct tsa_req){ .embed = true, .extra = &inter }, borrowed, &f) == TSP_OK,
	    "roots of the caller %s", f.text);
}

static void test_refused(void)
{
	struct fault f;
	struct tsa_req two = { .signer = &tsa2, .embed = true };
	struct tsa_req alien = { .signer = &stranger, .embed = true };

	is_int(stamp(&(struct tsa_req){ .message = SPAN_LIT("other bytes") }, pinned, &f),
	    TSP_OTHER_BYTES, "%s", f.text);
	is_int(
	    stamp(&(struct tsa_req){ .refuse = true }, pinned, &f), TSP_NOT_GRANTED, "%s", f.text);
	is_int(stamp(&(struct tsa_req){ .imprint = "SHA1" }, pinned, &f), TSP_ALGORITHM,
	    "an imprint of SHA-1: %s", f.text);
	is_int(stamp(&(struct tsa_req){ .digest = "SHA1" }, pinned, &f), TSP_ALGORITHM,
	    "signed with SHA-1: %s", f.text);
	is_int(stamp(&two, pinned, &f), TSP_OTHER_TSA, "a sister of the pinned one: %s", f.text);
	is_int(stamp(&two, chained, &f), TSP_OK, "whom the CA vouches for %s", f.text);
	is_int(stamp(&alien, pinned, &f), TSP_OTHER_TSA, "a stranger's own: %s", f.text);
	is_int(stamp(&alien, chained, &f), TSP_OTHER_TSA, "under a CA: %s", f.text);
	alien.extra = &stranger_root;
	is_int(stamp(&alien, chained, &f), TSP_OTHER_TSA, "who brings his CA: %s", f.text);
	/* the same issuer name and serial as the pinned one, another key: its digest is signed */
	CA_AUTO struct ca_cert twin =
	    ca_make(&(struct ca_req){ .subject = "tsa", .issuer = &inter, .ext = { CA_EXT_TSA } });
	X509_set_serialNumber(twin.x, X509_get_serialNumber(tsa.x));
	ca_sign(&twin, inter.key, NULL);
	is_int(stamp(&(struct tsa_req){ .signer = &twin }, pinned, &f), TSP_OTHER_TSA,
	    "a twin of the pinned one: %s", f.text);
	is_int(stamp(&(struct tsa_req){ .signer = &twin, .embed = true }, pinned, &f),
	    TSP_OTHER_TSA, "embedded: %s", f.text);
}

static void test_dates(void)
{
	static const struct {
		int64_t from, to, ca_to;
		int want;
	} v[] = {
		{ CA_FROM, CA_FROM + 499, CA_TO, TSP_UNTRUSTED },
		{ CA_FROM, CA_FROM + 500, CA_TO, TSP_OK },
		{ CA_FROM + 500, CA_TO, CA_TO, TSP_OK },
		{ CA_FROM + 501, CA_TO, CA_TO, TSP_UNTRUSTED },
		{ CA_FROM, CA_TO, CA_FROM + 499, TSP_UNTRUSTED },
	};
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		CA_AUTO struct ca_cert ca = ca_make(
		    &(struct ca_req){ .subject = "ca", .to = v[i].ca_to, .ext = { CA_EXT_CA } });
		CA_AUTO struct ca_cert t = ca_make(&(struct ca_req){ .subject = "t",
		    .issuer = &ca,
		    .from = v[i].from,
		    .to = v[i].to,
		    .ext = { CA_EXT_TSA } });
		struct tsp_authority *a = authority((const struct ca_cert *const[]){ &t, &ca }, 2);
		struct tsp_authority *b = authority((const struct ca_cert *const[]){ &ca }, 1);
		struct tsa_req r = { .signer = &t, .embed = true };
		is_int(stamp(&r, a, &f), v[i].want, "dates %zu, pinned: %s", i, f.text);
		is_int(stamp(&r, b, &f), v[i].want, "dates %zu, by its CA: %s", i, f.text);
		tsp_authority_free(a);
		tsp_authority_free(b);
	}
}

/* A TSA whose certificate says less than RFC 3161 wants. OpenSSL's TSA would not sign with it, so
 * the token is an honest one's of the same name and serial, and the reference fails last. */
static void test_usage(void)
{
	static const struct {
		const char *name, *value;
		int want;
	} v[] = {
		{ "extendedKeyUsage", "timeStamping", TSP_UNTRUSTED },
		{ "extendedKeyUsage", "critical,codeSigning", TSP_UNTRUSTED },
		{ "extendedKeyUsage", "critical,timeStamping,codeSigning", TSP_UNTRUSTED },
		{ "extendedKeyUsage", "critical,timeStamping", TSP_OTHER_TSA },
	};
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		CA_AUTO struct ca_cert t = ca_make(&(struct ca_req){ .subject = "tsa",
		    .issuer = &inter,
		    .key = tsa.key,
		    .ext = { { v[i].name, v[i].value } } });
		X509_set_serialNumber(t.x, X509_get_serialNumber(tsa.x));
		ca_sign(&t, inter.key, NULL);
		struct tsp_authority *a =
		    authority((const struct ca_cert *const[]){ &t, &inter, &root }, 3);
		is_int(
		    stamp(&(struct tsa_req){ 0 }, a, &f), v[i].want, "%s: %s", v[i].value, f.text);
		tsp_authority_free(a);
	}
}

static void test_authorities(void)
{
	struct tsp_authority *a = NULL;
	struct fault f = FAULT_INIT;

	is_int(tsp_authority_new(&a, NULL, 0, &f), -EBADMSG, "no certificate: %s", f.text);
	is_int(tsp_authority_new(&a, (struct span[]){ tsa.der, root.der }, 2, &f), CHAIN_NO_ISSUER,
	    "a hole in the chain: %s", f.text);
	is_int(tsp_authority_new(&a, (struct span[]){ tsa.der, root.der, inter.der }, 3, &f),
	    CHAIN_NO_ISSUER, "out of order: %s", f.text);
	is_int(tsp_authority_new(&a, (struct span[]){ stranger.der, root.der }, 2, &f),
	    CHAIN_BAD_SIGNATURE, "a root of the same name: %s", f.text);
	is_int(
	    tsp_authority_new(&a, (struct span[]){ SPAN_LIT("x") }, 1, &f), -EBADMSG, "%s", f.text);
	ok(!a, "nothing was written");
}

/* The bare token, and every flip and prefix. A flip outside what is signed may leave the stamp
 * good, but never with another time or other bytes (check sees to that). */
static void test_flips(const struct tsp_authority *a, bool embed)
{
	AUTO_BUF struct buf der = BUF_INIT(1 << 16);
	struct tsp t;
	struct fault f = FAULT_INIT;
	size_t good = 0, wrong = 0;

	tsa_respond(&der, &(struct tsa_req){ .signer = &tsa, .message = MESSAGE, .embed = embed });
	ca_check(tsp_read(&t, buf_span(&der), &f) == TSP_OK, "read");
	size_t signed_at = (size_t)(t.signer.attrs.p - der.p);
	size_t sig_at = (size_t)(t.signer.signature.p - der.p);
	size_t tst_at = (size_t)(t.cms.content.body.p - der.p);
	for (size_t i = 0; i < 8 * der.n; i++) {
		size_t at = i / 8;
		bool covered = (at >= signed_at && at < signed_at + t.signer.attrs.n) ||
			       (at >= sig_at && at < sig_at + t.signer.signature.n) ||
			       (at >= tst_at && at < tst_at + t.cms.content.body.n);
		der.p[at] ^= (uint8_t)(1u << (i % 8));
		int rc = check(buf_span(&der), MESSAGE, a, &f);
		good += rc == TSP_OK;
		wrong += rc < 0 && rc != -2;
		wrong += rc == TSP_OK && covered;
		der.p[at] ^= (uint8_t)(1u << (i % 8));
	}
	is_int(wrong, 0, "each flip of what is signed is refused");
	ok(good <= 2, "%zu of %zu flips do not matter: granted with mods, and a field's tag", good,
	    8 * der.n);
	for (size_t i = 0; i < der.n; i++)
		wrong += check(span_of(der.p, i), MESSAGE, a, &f) != TSP_MALFORMED;
	is_int(wrong, 0, "each prefix is malformed");
	buf_putc(&der, 0);
	is_int(check(buf_span(&der), MESSAGE, a, &f), TSP_MALFORMED, "a byte behind: %s", f.text);
	der.n--;
	/* the token alone: behind SEQUENCE (4) and PKIStatusInfo (5) */
	struct span token = span_from(buf_span(&der), 4 + 5);
	is_int(check(token, MESSAGE, a, &f), TSP_OK, "the bare token %s", f.text);
	is_int(check(span_cut(token, 0, token.n - 1), MESSAGE, a, &f), TSP_MALFORMED, "cut: %s",
	    f.text);
}

static void test_malformed(void)
{
	static const struct {
		const char *name;
		struct span der;
	} v[] = {
		{ "nothing", SPAN_LIT("") },
		{ "an empty sequence", SPAN_LIT("\x30\x00") },
		{ "granted without token", SPAN_LIT("\x30\x05\x30\x03\x02\x01\x00") },
		{ "granted with something else", SPAN_LIT("\x30\x07\x30\x03\x02\x01\x00\x05\x00") },
		{ "SignedData of nothing",
		    SPAN_LIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x00") },
	};
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		is_int(check(v[i].der, MESSAGE, pinned, &f), TSP_MALFORMED, "%s: %s", v[i].name,
		    f.text);
	is_int(check(SPAN_LIT("\x30\x05\x30\x03\x02\x01\x02"), MESSAGE, pinned, &f),
	    TSP_NOT_GRANTED, "refused: %s", f.text);
}

int main(void)
{
	make_all();
	test_good();
	test_refused();
	test_dates();
	test_usage();
	test_authorities();
	test_malformed();
	ERR_clear_error(); /* tsa.h's refusal leaves one */
	test_flips(pinned, false);
	test_flips(pinned, true);
	test_flips(chained, true);
	for (int i = 0; i < TSP_RESULTS; i++)
		ok(tsp_result_name(i) && tsp_result_name(i)[0], "%s", tsp_result_name(i));
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	tsp_authority_free(pinned);
	tsp_authority_free(chained);
	tsp_authority_free(lone);
	tsp_authority_free(other);
	struct ca_cert *all[] = { &root, &inter, &tsa, &tsa2, &stranger_root, &stranger };
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		ca_free(all[i]);
	return tap_done();
}
