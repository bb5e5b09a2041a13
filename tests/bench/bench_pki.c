/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Verifications a CPU second of each piece of a Sigstore bundle, beside the bare signatures of
 * OpenSSL that it cannot do without (on the same machine at the same time).
 */

#include "base/hex.h"
#include "bench.h"
#include "crypto/chain.h"
#include "crypto/note.h"
#include "crypto/sct.h"
#include "crypto/tsp.h"
#include "tsa.h"

#define N 100
#define MSG SPAN_LIT("a signature's bytes")

static struct ca_cert root, inter, leaf, tsa;
static struct chain_roots *roots;
static struct tsp_authority *authority;
static struct cert *opened, *issuer;
static struct buf stamp = BUF_INIT(1 << 16), note = BUF_INIT(1 << 16);
static struct sct the_sct;
static struct sct_precert precert;
static struct note_signer signer;
static struct key *p256, *p384, *ed;
static struct buf sig256 = BUF_INIT(256), sig384 = BUF_INIT(256), sig_ed = BUF_INIT(256);
static struct buf spki = BUF_INIT(256);

static void need(bool good, const char *what)
{
	if (!good)
		bench_die("bench_pki: %s failed", what);
}

/* What a log would sign: the made-up SCT is only known to verify once its signature is put in. */
static void make_sct(void)
{
	AUTO_BUF struct buf msg = BUF_INIT(1 << 16);
	static struct buf sig = BUF_INIT(256);
	struct digest id = key_id(p256);

	precert = SCT_PRECERT_INIT;
	need(sct_precert(&precert, opened, issuer, NULL) == SCT_OK, "precertificate");
	the_sct = (struct sct){ .timestamp = 1700000000000, .signature_alg = 3 };
	memcpy(the_sct.log_id, id.b, 32);
	buf_put_be16(&msg, 0);
	buf_put_be32(&msg, (uint32_t)(the_sct.timestamp >> 32));
	buf_put_be32(&msg, (uint32_t)the_sct.timestamp);
	buf_put_be16(&msg, 1);
	buf_put(&msg, precert.issuer_key_hash, 32);
	buf_putc(&msg, 0);
	buf_put_be16(&msg, (uint16_t)precert.tbs.n);
	buf_put_span(&msg, buf_span(&precert.tbs));
	buf_put_be16(&msg, 0);
	need(key_sign(p256, buf_span(&msg), &sig) == 0, "sign");
	the_sct.signature = buf_span(&sig);
}

static void make_note(void)
{
	AUTO_BUF struct buf s = BUF_INIT(256);
	struct span text = SPAN_LIT("log.example\n75408393\n"
				    "Fnnj13Uu1jdksPc4HZLapKX329dVlD5+MGNsiqBq1XM=\n");
	need(note_signer_init(&signer, NOTE_ECDSA, NULL, p256) == 0, "signer");
	buf_put(&s, signer.hint, NOTE_HINT_LEN);
	need(key_sign(p256, text, &s) == 0, "sign");
	buf_put_span(&note, text);
	buf_puts(&note, "\n\xe2\x80\x94 log.example ");
	b64_encode(&note, buf_span(&s), B64_STD);
	buf_putc(&note, '\n');
}

static void make(void)
{
	root = ca_make(&(struct ca_req){
	    .subject = "root", .curve = "P-384", .md = "SHA384", .ext = { CA_EXT_CA } });
	inter = ca_make(&(struct ca_req){ .subject = "inter",
	    .curve = "P-384",
	    .md = "SHA384",
	    .issuer = &root,
	    .ext = { CA_EXT_CA } });
	leaf = ca_make(&(struct ca_req){ .subject = NULL,
	    .issuer = &inter,
	    .md = "SHA384",
	    .ext = { CA_EXT_SIGNER, { "subjectAltName", "critical,URI:https://example.com/w" },
		{ "1.3.6.1.4.1.57264.1.8", "ASN1:UTF8String:https://issuer.example.com" },
		{ "1.3.6.1.4.1.57264.1.9", "ASN1:UTF8String:https://example.com/w" },
		{ "1.3.6.1.4.1.11129.2.4.2", "DER:04020000" } } });
	tsa = ca_make(&(struct ca_req){ .subject = "tsa",
	    .curve = "P-384",
	    .issuer = &inter,
	    .md = "SHA384",
	    .ext = { CA_EXT_TSA } });
	tsa_respond(&stamp, &(struct tsa_req){ .signer = &tsa, .message = MSG });
	need(chain_roots_new(&roots) == 0 &&
		 chain_roots_add_chain(roots, (struct span[]){ inter.der, root.der }, 2, NULL) ==
		     0 &&
		 tsp_authority_new(
		     &authority, (struct span[]){ tsa.der, inter.der, root.der }, 3, NULL) == 0 &&
		 x509_open(&opened, leaf.der, NULL) == 0 &&
		 x509_open(&issuer, inter.der, NULL) == 0,
	    "setting up");
	need(key_generate(&p256, KEY_P256) == 0 && key_generate(&p384, KEY_P384) == 0 &&
		 key_generate(&ed, KEY_ED25519) == 0 && key_sign(p256, MSG, &sig256) == 0 &&
		 key_sign(p384, MSG, &sig384) == 0 && key_sign(ed, MSG, &sig_ed) == 0,
	    "keys");
	struct cert *c;
	need(x509_open(&c, leaf.der, NULL) == 0, "open");
	buf_put_span(&spki, x509_spki(c));
	x509_close(c);
	make_sct();
	make_note();
}

static void run_key(const void *k, struct span sig)
{
	for (int i = 0; i < N; i++)
		need(key_verify(k, MSG, sig) == KEY_GOOD, "signature");
}

static void run_p256(const void *arg)
{
	run_key(p256, buf_span(&sig256));
}

static void run_p384(const void *arg)
{
	run_key(p384, buf_span(&sig384));
}

static void run_ed(const void *arg)
{
	run_key(ed, buf_span(&sig_ed));
}

static void run_spki(const void *arg)
{
	for (int i = 0; i < N; i++) {
		struct key *k;
		need(key_from_spki(&k, buf_span(&spki), NULL) == 0, "SPKI");
		key_free(k);
	}
}

static void run_open(const void *arg)
{
	for (int i = 0; i < N; i++) {
		struct cert *c;
		need(x509_open(&c, leaf.der, NULL) == 0, "certificate");
		x509_close(c);
	}
}

static void run_claims(const void *arg)
{
	for (int i = 0; i < N; i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		struct x509_names n;
		struct fulcio_claims c;
		need(x509_alt_names(&n, opened, &a, NULL) == 0 &&
			 fulcio_read(&c, opened, &a, NULL) == 0,
		    "claims");
	}
}

static void run_chain(const void *arg)
{
	for (int i = 0; i < N; i++)
		need(chain_verify(NULL, roots, opened, NULL, 0, CA_NOW, CHAIN_CODE_SIGNING, NULL) ==
			 CHAIN_OK,
		    "chain");
}

static void run_sct(const void *arg)
{
	for (int i = 0; i < N; i++)
		need(sct_precert(&precert, opened, issuer, NULL) == SCT_OK &&
			 sct_verify(&the_sct, &precert, p256, NULL) == SCT_OK,
		    "SCT");
}

static void run_note(const void *arg)
{
	struct note_sigs s;
	struct checkpoint c;

	for (int i = 0; i < N; i++)
		need(note_verify(&s, buf_span(&note), &signer, 1, NULL) == 0 &&
			 checkpoint_read(&c, s.text, NULL) == 0,
		    "note");
}

static void run_tsp(const void *arg)
{
	struct tsp t;

	for (int i = 0; i < N; i++)
		need(tsp_read(&t, buf_span(&stamp), NULL) == TSP_OK &&
			 tsp_verify(&t, MSG, authority, NULL) == TSP_OK,
		    "time stamp");
}

/* Floor: OpenSSL's own verification of one signature, its context made each time. */
static void run_floor(const void *arg)
{
	const struct ca_cert *c = arg;
	static unsigned char sig[2][256];
	static size_t n[2];
	int which = c == &root;

	if (!n[which]) {
		EVP_MD_CTX *m = EVP_MD_CTX_new();
		n[which] = sizeof(sig[0]);
		need(EVP_DigestSignInit(m, NULL, EVP_sha256(), NULL, c->key) == 1 &&
			 EVP_DigestSign(m, sig[which], &n[which], MSG.p, MSG.n) == 1,
		    "sign");
		EVP_MD_CTX_free(m);
	}
	for (int i = 0; i < N; i++) {
		EVP_MD_CTX *m = EVP_MD_CTX_new();
		need(EVP_DigestVerifyInit(m, NULL, EVP_sha256(), NULL, c->key) == 1 &&
			 EVP_DigestVerify(m, sig[which], n[which], MSG.p, MSG.n) == 1,
		    "floor");
		EVP_MD_CTX_free(m);
	}
}

int main(void)
{
	make();
	double f256 = N / bench_seconds(run_floor, &leaf),
	       f384 = N / bench_seconds(run_floor, &root);
	static const struct {
		const char *what;
		void (*run)(const void *);
		int floor;
	} v[] = {
		{ "P-256 signature", run_p256, 256 },
		{ "P-384 signature", run_p384, 384 },
		{ "Ed25519 signature", run_ed, 0 },
		{ "key from SPKI", run_spki, 0 },
		{ "open a certificate", run_open, 0 },
		{ "names and claims", run_claims, 0 },
		{ "chain of one leaf", run_chain, 384 },
		{ "SCT", run_sct, 256 },
		{ "checkpoint", run_note, 256 },
		{ "time stamp, P-384", run_tsp, 384 },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		double rate = N / bench_seconds(v[i].run, NULL);
		if (v[i].floor)
			bench_line(v[i].what, rate, "a CPU second",
			    v[i].floor == 256 ? "bare P-256" : "bare P-384",
			    v[i].floor == 256 ? f256 : f384);
		else
			printf("  %-24s %10.1f a CPU second\n", v[i].what, rate);
	}
	return 0;
}
