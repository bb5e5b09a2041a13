/* SPDX-License-Identifier: Apache-2.0 */

#include "forge.h"

#include "base/hex.h"
#include "crypto/dsse.h"
#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "crypto/note.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TREE_SIZE 5

static void must(bool good)
{
	if (!good)
		abort();
}

/* Keys by role and kind, made when first asked for. */
enum role { ROLE_ROOT, ROLE_INTER, ROLE_LEAF, ROLE_LOG, ROLE_CT, ROLE_TSA_ROOT, ROLE_TSA, ROLE_OTHER,
	ROLES };

static const struct key *key_of(enum role role, enum key_kind kind)
{
	static struct key *made[ROLES][KEY_RSA + 1];
	struct key **k = &made[role][kind];

	if (!*k)
		must(key_generate(k, kind) == 0);
	return *k;
}

struct forge forge_default(void)
{
	const int64_t t = FORGE_T0;

	return (struct forge){
		.leaf_kind = KEY_P256,
		.ca_kind = KEY_P384,
		.log_kind = KEY_P256,
		.ct_kind = KEY_P256,
		.tsa_kind = KEY_P256,
		.w_log = { t - 1000, FORGE_NONE },
		.w_ct = { t - 1000, FORGE_NONE },
		.w_ca = { t - 1000, FORGE_NONE },
		.w_tsa = { t - 1000, FORGE_NONE },
		.t_root = { t - 100000, t + 10000000 },
		.t_inter = { t - 10000, t + 1000000 },
		.t_tsa = { t - 10000, t + 1000000 },
		.t_leaf = { t, t + 600 },
		.log_url = "https://" FORGE_LOG,
		.log_name = FORGE_LOG,
		.san = FORGE_SAN_URI,
		.san_value = FORGE_IDENTITY,
		.nsans = 1,
		.issuer_v1 = FORGE_ISSUER,
		.issuer_v2 = FORGE_ISSUER,
		.usage = FORGE_USAGE_CODE,
		.nscts = 1,
		.t_sct = t,
		.version = 3,
		.payload_type = "application/vnd.in-toto+json",
		.predicate_type = "https://example.com/p/v1",
		.predicate = "{}",
		.kind = "hashedrekord",
		.kind_version = "0.0.1",
		.promise = true,
		.proof = true,
		.checkpoint = true,
		.nentries = 1,
		.t_log = t + 60,
		.t_stamp = t + 30,
		.with_digest = true,
		.hint = "",
	};
}

void forge_rekor2(struct forge *f)
{
	f->log_kind = KEY_ED25519;
	f->log_id_c2sp = true;
	f->kind = "hashedrekord";
	f->kind_version = "0.0.2";
	f->promise = false;
	f->nstamps = 1;
}

/* One making. */
struct making {
	const struct forge *f;
	struct buf root_cert, inter_cert, leaf_cert, tsa_root_cert, tsa_cert;
	const struct key *leaf;
	struct buf content;   /* what is signed: artifact or PAE */
	struct buf payload;   /* DSSE */
	struct buf signature; /* in the bundle */
	struct buf other_signature; /* valid as well, but not in the bundle */
	struct buf body[FORGE_ENTRIES_MAX];
	struct mhash leaf_hash[TREE_SIZE];
};

static void put_b64(struct buf *b, struct span s)
{
	b64_encode(b, s, B64_STD);
}

static void put_kb64(struct buf *b, const char *key, struct span s)
{
	buf_printf(b, "\"%s\":\"", key);
	put_b64(b, s);
	buf_putc(b, '"');
}

/* ---- certificates ---- */

static void make_ca(struct buf *out, enum role role, enum role issuer, enum key_kind kind,
    const char *name, const char *issuer_name, struct forge_window t)
{
	forge_cert(out, &(struct forge_cert){ .key = key_of(role, kind),
			    .issuer_key = key_of(issuer, kind), .name = name,
			    .issuer = issuer_name, .ca = true, .from = t.start, .to = t.end });
}

static void make_leaf(struct making *m)
{
	const struct forge *f = m->f;
	bool other = f->flaws & FORGE_OTHER_CA;
	struct forge_cert c = { .key = m->leaf,
		.issuer_key = key_of(other ? ROLE_OTHER : ROLE_INTER, f->ca_kind), .name = "",
		.issuer = other ? "elsewhere" : "forge-intermediate", .from = f->t_leaf.start,
		.to = f->t_leaf.end, .usage = f->usage, .san = f->san, .san_value = f->san_value,
		.nsans = f->nsans, .issuer_v1 = f->issuer_v1, .issuer_v2 = f->issuer_v2,
		.ca = f->leaf_is_ca, .nscts = f->nscts };

	for (size_t i = 0; i < f->nscts; i++) {
		bool stranger = f->sct_stranger[i];
		c.sct[i] = (struct forge_sct){ .log = key_of(stranger ? ROLE_OTHER : ROLE_CT, f->ct_kind),
			.ms = f->t_sct * 1000 + (int64_t)i, .broken = f->sct_broken[i],
			.extensions = span_str(f->sct_extensions) };
	}
	forge_cert(&m->leaf_cert, &c);
}

static void make_certs(struct making *m)
{
	const struct forge *f = m->f;

	make_ca(&m->root_cert, ROLE_ROOT, ROLE_ROOT, f->ca_kind, "forge-root", "forge-root",
	    f->t_root);
	make_ca(&m->inter_cert, ROLE_INTER, ROLE_ROOT, f->ca_kind, "forge-intermediate",
	    "forge-root", f->t_inter);
	make_ca(&m->tsa_root_cert, ROLE_TSA_ROOT, ROLE_TSA_ROOT, f->tsa_kind, "forge-tsa-root",
	    "forge-tsa-root", f->t_root);
	forge_cert(&m->tsa_cert, &(struct forge_cert){ .key = key_of(ROLE_TSA, f->tsa_kind),
				     .issuer_key = key_of(ROLE_TSA_ROOT, f->tsa_kind),
				     .name = "forge-tsa", .issuer = "forge-tsa-root",
				     .from = f->t_tsa.start, .to = f->t_tsa.end,
				     .usage = FORGE_USAGE_STAMP });
	if (!f->managed)
		make_leaf(m);
}

/* ---- what is signed ---- */

static void make_payload(struct making *m)
{
	struct digest d = sha256_of(SPAN_LIT(FORGE_ARTIFACT));

	buf_printf(&m->payload,
	    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"artifact\","
	    "\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":\"%s\",\"predicate\":%s}",
	    m->f->subject ? m->f->subject : DIGEST_HEX(&d), m->f->predicate_type,
	    m->f->predicate);
	dsse_pae(&m->content, span_str(m->f->payload_type), buf_span(&m->payload));
}

static void make_signature(struct making *m)
{
	AUTO_BUF struct buf wrong = BUF_INIT(1 << 20);
	const struct forge *f = m->f;
	const struct key *k = f->flaws & FORGE_SIGNED_BY_OTHER ? key_of(ROLE_OTHER, f->leaf_kind) :
								 m->leaf;

	if (f->dsse)
		make_payload(m);
	else
		buf_puts(&m->content, FORGE_ARTIFACT);
	buf_put_span(&wrong, buf_span(&m->content));
	buf_puts(&wrong, "?");
	forge_sign(&m->signature, k,
	    buf_span(f->flaws & FORGE_SIGNATURE ? &wrong : &m->content));
	/* Where signing is deterministic another signature must be of other bytes. */
	bool same = key_kind_of(k) == KEY_ED25519 || key_kind_of(k) == KEY_RSA;
	forge_sign(&m->other_signature, k, buf_span(same ? &wrong : &m->content));
}

/* ---- log entries ---- */

static enum digest_alg hash_of(const struct forge *f)
{
	return f->hash ? f->hash :
	       f->leaf_kind == KEY_P384 ? DIGEST_SHA384 :
	       f->leaf_kind == KEY_P521 ? DIGEST_SHA512 :
					  DIGEST_SHA256;
}

static void put_pem(struct buf *out, const char *label, struct span der)
{
	buf_printf(out, "-----BEGIN %s-----\n", label);
	put_b64(out, der);
	buf_printf(out, "\n-----END %s-----\n", label);
}

/* The verifier that the log recorded, as DER; *ret_cert: it is a certificate. */
static void put_verifier(struct buf *out, const struct making *m, unsigned flaws, bool *ret_cert)
{
	*ret_cert = !m->f->managed && !(flaws & FORGE_BODY_KEY);
	if (*ret_cert)
		buf_put_span(out, buf_span(flaws & FORGE_BODY_SIGNER ? &m->inter_cert : &m->leaf_cert));
	else
		forge_spki(out, flaws & FORGE_BODY_SIGNER ? key_of(ROLE_OTHER, m->f->leaf_kind) :
							    m->leaf);
}

static struct span body_signature(const struct making *m, unsigned flaws)
{
	return buf_span(flaws & FORGE_BODY_SIGNATURE ? &m->other_signature : &m->signature);
}

static struct digest body_digest(const struct making *m, bool of_payload, enum digest_alg alg,
    unsigned flaws)
{
	struct digest d;

	must(hash_span(alg, buf_span(of_payload ? &m->payload : &m->content), &d) == 0);
	if (flaws & FORGE_BODY_CONTENT)
		d.b[0] ^= 1;
	return d;
}

static void put_pem_verifier(struct buf *b, const struct making *m, unsigned flaws, const char *name)
{
	AUTO_BUF struct buf der = BUF_INIT(1 << 16);
	AUTO_BUF struct buf pem = BUF_INIT(1 << 16);
	bool cert;

	put_verifier(&der, m, flaws, &cert);
	put_pem(&pem, cert ? "CERTIFICATE" : "PUBLIC KEY", buf_span(&der));
	put_kb64(b, name, buf_span(&pem));
}

static const char *details_of(const struct forge *f, unsigned flaws)
{
	if (flaws & FORGE_KEY_DETAILS)
		return f->leaf_kind == KEY_P384 ? "PKIX_ECDSA_P521_SHA_512" : "PKIX_ECDSA_P384_SHA_384";
	switch (f->leaf_kind) {
	case KEY_P384:
		return "PKIX_ECDSA_P384_SHA_384";
	case KEY_P521:
		return "PKIX_ECDSA_P521_SHA_512";
	case KEY_ED25519:
		return "PKIX_ED25519";
	case KEY_RSA:
		return "PKIX_RSA_PKCS1V15_3072_SHA256";
	default:
		return "PKIX_ECDSA_P256_SHA_256";
	}
}

static void put_proto_signature(struct buf *b, const struct making *m, unsigned flaws)
{
	AUTO_BUF struct buf der = BUF_INIT(1 << 16);
	bool cert;

	put_verifier(&der, m, flaws, &cert);
	buf_puts(b, "{");
	put_kb64(b, "content", body_signature(m, flaws));
	buf_printf(b, ",\"verifier\":{\"keyDetails\":\"%s\",\"%s\":{", details_of(m->f, flaws),
	    cert ? "x509Certificate" : "publicKey");
	put_kb64(b, "rawBytes", buf_span(&der));
	buf_puts(b, "}}}");
}

static void put_hash_output(struct buf *b, const char *name, const struct digest *d)
{
	buf_printf(b, "\"%s\":{\"algorithm\":\"%s\",", name,
	    d->alg == DIGEST_SHA384 ? "SHA2_384" :
	    d->alg == DIGEST_SHA512 ? "SHA2_512" :
				      "SHA2_256");
	put_kb64(b, "digest", span_of(d->b, d->len));
	buf_puts(b, "}");
}

static void put_hex_hash(struct buf *b, const char *name, const struct digest *d)
{
	buf_printf(b, "\"%s\":{\"algorithm\":\"%s\",\"value\":\"%s\"}", name,
	    digest_name((enum digest_alg)d->alg), DIGEST_HEX(d));
}

static void put_record(struct buf *b, const struct making *m, unsigned flaws, bool v2)
{
	struct digest d = body_digest(m, false, hash_of(m->f), flaws);

	buf_puts(b, v2 ? "\"hashedRekordV002\":{" : "\"data\":{");
	if (v2)
		put_hash_output(b, "data", &d);
	else
		put_hex_hash(b, "hash", &d);
	buf_puts(b, v2 ? ",\"signature\":" : "},\"signature\":{");
	if (v2) {
		put_proto_signature(b, m, flaws);
		buf_puts(b, "}");
		return;
	}
	put_kb64(b, "content", body_signature(m, flaws));
	buf_puts(b, ",\"publicKey\":{");
	put_pem_verifier(b, m, flaws, "content");
	buf_puts(b, "}}");
}

static void put_dsse(struct buf *b, const struct making *m, unsigned flaws, bool v2)
{
	struct digest d = body_digest(m, true, DIGEST_SHA256, flaws);

	if (v2) {
		buf_puts(b, "\"dsseV002\":{");
		put_hash_output(b, "payloadHash", &d);
		buf_puts(b, ",\"signatures\":[");
		put_proto_signature(b, m, flaws);
		buf_puts(b, "]}");
		return;
	}
	put_hex_hash(b, "envelopeHash", &d);
	buf_puts(b, ",");
	put_hex_hash(b, "payloadHash", &d);
	buf_puts(b, ",\"signatures\":[{");
	put_kb64(b, "signature", body_signature(m, flaws));
	buf_puts(b, ",");
	put_pem_verifier(b, m, flaws, "verifier");
	buf_puts(b, "}]");
}

static void put_intoto(struct buf *b, const struct making *m, unsigned flaws)
{
	AUTO_BUF struct buf once = BUF_INIT(1 << 16);
	struct digest d = body_digest(m, true, DIGEST_SHA256, flaws);

	put_b64(&once, body_signature(m, flaws));
	buf_printf(b, "\"content\":{\"envelope\":{\"payloadType\":\"%s\",\"signatures\":[{",
	    flaws & FORGE_BODY_TYPE ? "text/plain" : m->f->payload_type);
	put_pem_verifier(b, m, flaws, "publicKey");
	buf_puts(b, ",");
	put_kb64(b, "sig", buf_span(&once));
	buf_puts(b, "}]},");
	put_hex_hash(b, "hash", &d);
	buf_puts(b, ",");
	put_hex_hash(b, "payloadHash", &d);
	buf_puts(b, "}");
}

static void make_body(struct making *m, size_t i, unsigned flaws)
{
	const struct forge *f = m->f;
	struct buf *b = &m->body[i];
	bool v2 = strcmp(f->kind_version, "0.0.2") == 0;

	buf_printf(b, "{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"spec\":{", f->kind_version, f->kind);
	if (strcmp(f->kind, "intoto") == 0)
		put_intoto(b, m, flaws);
	else if (strcmp(f->kind, "dsse") == 0)
		put_dsse(b, m, flaws, v2);
	else
		put_record(b, m, flaws, v2);
	buf_puts(b, "}}");
	/* Two logged entries must be two. */
	for (size_t k = 0; k < i && !(flaws & FORGE_TWICE); k++)
		buf_putc(b, ' ');
	must(buf_err(b) == 0);
}

/* ---- the tree ---- */

static int get_node(void *ctx, unsigned level, uint64_t index, struct mhash *ret_h)
{
	const struct mhash *leaf = ctx;
	struct mhash h[TREE_SIZE];
	size_t n = (size_t)1 << level;

	for (size_t i = 0; i < n; i++)
		h[i] = leaf[index * n + i];
	for (; n > 1; n /= 2)
		for (size_t i = 0; i < n / 2; i++)
			h[i] = merkle_node(&h[2 * i], &h[2 * i + 1]);
	*ret_h = h[0];
	return 0;
}

static void make_tree(struct making *m)
{
	for (size_t i = 0; i < TREE_SIZE; i++)
		m->leaf_hash[i] = merkle_leaf(span_of(&i, 1));
	for (size_t i = 0; i < m->f->nentries; i++)
		m->leaf_hash[2 + i] = merkle_leaf(buf_span(&m->body[i]));
}

static void c2sp_id(uint8_t out[static 32], const char *name, const struct key *k)
{
	uint8_t raw[32];

	must(key_raw_ed25519(k, raw) == 0);
	sha256_parts((struct span[]){ span_str(name), SPAN_LIT("\n\x01"), span_of(raw, 32) }, 3, out);
}

/* What a trusted root calls the log. */
static void log_id(uint8_t out[static 32], const struct forge *f)
{
	const struct key *k = key_of(ROLE_LOG, f->log_kind);
	struct digest id = key_id(k);

	if (f->log_id_c2sp)
		c2sp_id(out, f->log_name, k);
	else
		memcpy(out, id.b, 32);
}

/* A signature line of a checkpoint. */
static void put_line(struct buf *out, struct span text, const char *name, const uint8_t *hint,
    const struct key *k)
{
	AUTO_BUF struct buf sig = BUF_INIT(1 << 16);

	buf_put(&sig, hint, NOTE_HINT_LEN);
	forge_sign(&sig, k, text);
	buf_printf(out, "\xe2\x80\x94 %s ", name);
	put_b64(out, buf_span(&sig));
	buf_puts(out, "\n");
}

static void put_checkpoint(struct buf *out, struct making *m, unsigned flaws)
{
	AUTO_BUF struct buf text = BUF_INIT(1 << 16);
	const struct forge *f = m->f;
	uint64_t size = flaws & FORGE_TREE ? TREE_SIZE - 1 : TREE_SIZE;
	const struct key *k = key_of(flaws & FORGE_CHECKPOINT ? ROLE_OTHER : ROLE_LOG, f->log_kind);
	uint8_t id[32];
	struct mhash root;

	must(merkle_root_at(size, get_node, m->leaf_hash, &root) == 0);
	buf_printf(&text, "%s%s\n%" PRIu64 "\n", flaws & FORGE_ORIGIN ? "other." : "", f->log_name, size);
	put_b64(&text, span_of(root.b, sizeof(root.b)));
	buf_puts(&text, "\n");
	log_id(id, f);
	buf_put_span(out, buf_span(&text));
	buf_puts(out, "\n");
	if (flaws & FORGE_WITNESS)
		put_line(out, buf_span(&text), "witness.example.net", (const uint8_t *)"abcd",
		    key_of(ROLE_OTHER, KEY_ED25519));
	put_line(out, buf_span(&text), f->log_name, id, k);
}

/* Text as a JSON string's content. */
static void put_escaped(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n')
			buf_puts(out, "\\n");
		else
			buf_putc(out, (char)s.p[i]);
	}
}

static void put_proof(struct buf *b, struct making *m, size_t i, unsigned flaws)
{
	AUTO_BUF struct buf note = BUF_INIT(1 << 16);
	struct mhash proof[MERKLE_PROOF_MAX], root;
	size_t n;

	must(merkle_prove_inclusion(2 + i, TREE_SIZE, get_node, m->leaf_hash, proof, &n) == 0);
	must(merkle_root_at(TREE_SIZE, get_node, m->leaf_hash, &root) == 0);
	if (flaws & FORGE_PROOF)
		proof[0].b[5] ^= 0x10;
	buf_printf(b, ",\"inclusionProof\":{\"logIndex\":\"%zu\",\"treeSize\":\"%d\",", 2 + i, TREE_SIZE);
	put_kb64(b, "rootHash", span_of(root.b, sizeof(root.b)));
	buf_puts(b, ",\"hashes\":[");
	for (size_t k = 0; k < n; k++) {
		buf_puts(b, k ? ",\"" : "\"");
		put_b64(b, span_of(proof[k].b, sizeof(proof[k].b)));
		buf_puts(b, "\"");
	}
	buf_puts(b, "]");
	if (m->f->checkpoint) {
		put_checkpoint(&note, m, flaws);
		buf_puts(b, ",\"checkpoint\":{\"envelope\":\"");
		put_escaped(b, buf_span(&note));
		buf_puts(b, "\"}");
	}
	buf_puts(b, "}");
}

static void put_promise(struct buf *b, const struct making *m, size_t i, int64_t index, int64_t t,
    unsigned flaws)
{
	AUTO_BUF struct buf text = BUF_INIT(1 << 20);
	AUTO_BUF struct buf sig = BUF_INIT(1 << 16);
	uint8_t id[32];
	char hex[65];

	log_id(id, m->f);
	hex_encode(hex, span_of(id, 32));
	buf_puts(&text, "{\"body\":\"");
	put_b64(&text, buf_span(&m->body[i]));
	buf_printf(&text, "\",\"integratedTime\":%" PRId64 ",\"logID\":\"%s\",\"logIndex\":%" PRId64 "}",
	    flaws & FORGE_SET ? t + 1 : t, hex, index);
	forge_sign(&sig, key_of(ROLE_LOG, m->f->log_kind), buf_span(&text));
	buf_puts(b, ",\"inclusionPromise\":{");
	put_kb64(b, "signedEntryTimestamp", buf_span(&sig));
	buf_puts(b, "}");
}

static void put_entry(struct buf *b, struct making *m, size_t i, unsigned flaws)
{
	const struct forge *f = m->f;
	bool v2 = strcmp(f->kind_version, "0.0.2") == 0 && strcmp(f->kind, "intoto") != 0;
	int64_t index = (v2 ? 2 : 1002) + (int64_t)i + (flaws & FORGE_INDEX ? 1 : 0);
	uint8_t id[32];

	log_id(id, f);
	buf_printf(b, "{\"logIndex\":\"%" PRId64 "\",\"logId\":{", index);
	put_kb64(b, "keyId", span_of(id, 32));
	buf_printf(b, "},\"kindVersion\":{\"kind\":\"%s\",\"version\":\"%s\"}", f->kind,
	    f->kind_version);
	if (f->promise) {
		buf_printf(b, ",\"integratedTime\":\"%" PRId64 "\"", f->t_log + (int64_t)i);
		put_promise(b, m, i, index, f->t_log + (int64_t)i, flaws);
	}
	if (f->proof)
		put_proof(b, m, i, flaws);
	buf_puts(b, ",");
	put_kb64(b, "canonicalizedBody", buf_span(&m->body[i]));
	buf_puts(b, "}");
}

static unsigned flaws_of(const struct forge *f, size_t i)
{
	return i == 1 ? f->second_flaws : f->flaws;
}

static void put_entries(struct buf *b, struct making *m)
{
	for (size_t i = 0; i < m->f->nentries; i++)
		make_body(m, i, flaws_of(m->f, i));
	make_tree(m);
	buf_puts(b, ",\"tlogEntries\":[");
	for (size_t i = 0; i < m->f->nentries; i++) {
		bool again = i == 1 && m->f->second_flaws & FORGE_TWICE;
		buf_puts(b, i ? "," : "");
		put_entry(b, m, again ? 0 : i, flaws_of(m->f, i));
	}
	buf_puts(b, "]");
}

/* ---- timestamps ---- */

static void put_stamp(struct buf *b, const struct making *m, size_t i, unsigned flaws)
{
	AUTO_BUF struct buf stamp = BUF_INIT(1 << 16);
	bool other = flaws & FORGE_OTHER_TSA;
	struct forge_stamp s = { .key = key_of(other ? ROLE_OTHER : ROLE_TSA, m->f->tsa_kind),
		.cert = buf_span(&m->tsa_cert), .issuer = "forge-tsa-root",
		.message = flaws & FORGE_IMPRINT ? SPAN_LIT("else") : buf_span(&m->signature),
		.time = m->f->t_stamp + (int64_t)i, .embed = m->f->stamp_embeds };

	forge_stamp(&stamp, &s);
	buf_puts(b, "{");
	put_kb64(b, "signedTimestamp", buf_span(&stamp));
	buf_puts(b, "}");
}

static void put_stamps(struct buf *b, const struct making *m)
{
	AUTO_BUF struct buf first = BUF_INIT(1 << 20);

	if (!m->f->nstamps)
		return;
	put_stamp(&first, m, 0, m->f->flaws);
	buf_puts(b, ",\"timestampVerificationData\":{\"rfc3161Timestamps\":[");
	buf_put_span(b, buf_span(&first));
	for (size_t i = 1; i < m->f->nstamps; i++) {
		buf_puts(b, ",");
		if (m->f->second_flaws & FORGE_TWICE)
			buf_put_span(b, buf_span(&first));
		else
			put_stamp(b, m, i, flaws_of(m->f, i));
	}
	buf_puts(b, "]}");
}

/* ---- the bundle ---- */

static const char *media_type(const struct forge *f)
{
	static const char *const types[] = { "application/vnd.dev.sigstore.bundle+json;version=0.1",
		"application/vnd.dev.sigstore.bundle+json;version=0.2",
		"application/vnd.dev.sigstore.bundle.v0.3+json" };
	return f->media_type ? f->media_type : types[f->version - 1];
}

static void put_cert(struct buf *b, const struct buf *der, bool more)
{
	buf_puts(b, more ? ",{" : "{");
	put_kb64(b, "rawBytes", buf_span(der));
	buf_puts(b, "}");
}

static void put_signer(struct buf *b, const struct making *m)
{
	const struct forge *f = m->f;
	bool chain = f->chain_form || (f->version < 3 && !f->single_form);

	if (f->managed) {
		buf_printf(b, "\"publicKey\":{\"hint\":\"%s\"}", f->hint);
	} else if (chain) {
		buf_puts(b, "\"x509CertificateChain\":{\"certificates\":[");
		put_cert(b, &m->leaf_cert, false);
		if (f->chain_with_intermediate)
			put_cert(b, &m->inter_cert, true);
		if (f->chain_with_root)
			put_cert(b, &m->root_cert, true);
		buf_puts(b, "]}");
	} else {
		buf_puts(b, "\"certificate\":");
		put_cert(b, &m->leaf_cert, false);
	}
}

static void put_message(struct buf *b, const struct making *m)
{
	struct digest d;

	must(hash_span(hash_of(m->f), SPAN_LIT(FORGE_ARTIFACT), &d) == 0);
	if (m->f->flaws & FORGE_CLAIMED)
		d.b[3] ^= 0x40;
	buf_puts(b, ",\"messageSignature\":{");
	if (m->f->with_digest) {
		put_hash_output(b, "messageDigest", &d);
		buf_puts(b, ",");
	}
	put_kb64(b, "signature", buf_span(&m->signature));
	buf_puts(b, "}}");
}

static void put_envelope(struct buf *b, const struct making *m)
{
	buf_printf(b, ",\"dsseEnvelope\":{\"payloadType\":\"%s\",", m->f->payload_type);
	put_kb64(b, "payload", buf_span(&m->payload));
	buf_puts(b, ",\"signatures\":[{");
	put_kb64(b, "sig", buf_span(&m->signature));
	if (m->f->keyid)
		buf_printf(b, ",\"keyid\":\"%s\"", m->f->keyid);
	buf_puts(b, "}]}}");
}

static void put_bundle(struct buf *b, struct making *m)
{
	buf_printf(b, "{\"mediaType\":\"%s\",\"verificationMaterial\":{", media_type(m->f));
	put_signer(b, m);
	put_entries(b, m);
	put_stamps(b, m);
	buf_puts(b, "}");
	if (m->f->dsse)
		put_envelope(b, m);
	else
		put_message(b, m);
	must(buf_err(b) == 0);
}

/* ---- the trusted root ---- */

static void put_window(struct buf *b, struct forge_window w)
{
	char text[TS_TEXT_MAX];

	buf_puts(b, "\"validFor\":{");
	if (w.start != FORGE_NONE)
		buf_printf(b, "\"start\":\"%s\"", ts_format(w.start * TS_SECOND, text));
	if (w.end != FORGE_NONE)
		buf_printf(b, "%s\"end\":\"%s\"", w.start != FORGE_NONE ? "," : "",
		    ts_format(w.end * TS_SECOND, text));
	buf_puts(b, "}");
}

static const char *log_details(enum key_kind k)
{
	return k == KEY_ED25519 ? "PKIX_ED25519" :
	       k == KEY_P384	? "PKIX_ECDSA_P384_SHA_384" :
	       k == KEY_P521	? "PKIX_ECDSA_P521_SHA_512" :
	       k == KEY_RSA	? "PKIX_RSA_PKCS1V15_3072_SHA256" :
				  "PKIX_ECDSA_P256_SHA_256";
}

static void put_log(struct buf *b, const char *url, const struct key *k, const uint8_t *id,
    struct forge_window w)
{
	AUTO_BUF struct buf spki = BUF_INIT(1 << 16);

	forge_spki(&spki, k);
	buf_printf(b, "{\"baseUrl\":\"%s\",\"hashAlgorithm\":\"SHA2_256\",\"publicKey\":{", url);
	put_kb64(b, "rawBytes", buf_span(&spki));
	buf_printf(b, ",\"keyDetails\":\"%s\",", log_details(key_kind_of(k)));
	put_window(b, w);
	buf_puts(b, "},\"logId\":{");
	put_kb64(b, "keyId", span_of(id, 32));
	buf_puts(b, "}}");
}

static void put_authority(struct buf *b, const char *uri, const struct buf *leaf,
    const struct buf *root, struct forge_window w)
{
	buf_printf(b, "{\"uri\":\"%s\",\"certChain\":{\"certificates\":[", uri);
	put_cert(b, leaf, false);
	put_cert(b, root, true);
	buf_puts(b, "]},");
	put_window(b, w);
	buf_puts(b, "}");
}

static void put_root(struct buf *b, const struct making *m)
{
	const struct forge *f = m->f;
	const struct key *ct = key_of(ROLE_CT, f->ct_kind);
	struct digest ct_id = key_id(ct);
	uint8_t id[32];

	log_id(id, f);
	buf_puts(b, "{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot+json;version=0.1\","
		    "\"tlogs\":[");
	put_log(b, f->log_url, key_of(ROLE_LOG, f->log_kind), id, f->w_log);
	buf_puts(b, "],\"ctlogs\":[");
	put_log(b, "https://ct.example.com", ct, ct_id.b, f->w_ct);
	buf_puts(b, "],\"certificateAuthorities\":[");
	put_authority(b, "https://ca.example.com", &m->inter_cert, &m->root_cert, f->w_ca);
	buf_puts(b, "],\"timestampAuthorities\":[");
	put_authority(b, "https://tsa.example.com", &m->tsa_cert, &m->tsa_root_cert, f->w_tsa);
	buf_puts(b, "]}");
	must(buf_err(b) == 0);
}

static struct key *public_half(const struct key *k)
{
	AUTO_BUF struct buf spki = BUF_INIT(1 << 16);
	struct key *out;

	forge_spki(&spki, k);
	must(key_from_spki(&out, buf_span(&spki), NULL) == 0);
	return out;
}

struct forge_made forge_make(const struct forge *f)
{
	struct forge_made made = { BUF_INIT(16u << 20), BUF_INIT(16u << 20), NULL };
	struct making m = { .f = f, .leaf = key_of(ROLE_LEAF, f->leaf_kind) };
	struct buf *own[] = { &m.root_cert, &m.inter_cert, &m.leaf_cert, &m.tsa_root_cert,
		&m.tsa_cert, &m.content, &m.payload, &m.signature, &m.other_signature, &m.body[0],
		&m.body[1], &m.body[2] };

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		*own[i] = BUF_INIT(16u << 20);
	make_certs(&m);
	make_signature(&m);
	put_bundle(&made.bundle, &m);
	put_root(&made.root, &m);
	if (f->managed)
		made.managed = public_half(m.leaf);
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		buf_free(own[i]);
	return made;
}

void forge_made_free(struct forge_made *m)
{
	buf_free(&m->root);
	buf_free(&m->bundle);
	m->managed = key_free(m->managed);
}
