/* SPDX-License-Identifier: Apache-2.0 */

/* sshsig: OpenSSH PROTOCOL.sshsig, and signatures by FIDO keys (PROTOCOL.u2f). */

#include "trust/detached/priv.h"

#include "base/hex.h"
#include "crypto/key_ssh.h"
#include "wire/ssh.h"

#include <errno.h>
#include <stdio.h>

#define BEGIN SPAN_LIT("-----BEGIN SSH SIGNATURE-----")
#define END SPAN_LIT("-----END SSH SIGNATURE-----")
#define MAGIC SPAN_LIT("SSHSIG")
#define FLAG_PRESENT 0x01 /* the user touched the key */

/* The lines between BEGIN and END, put together and decoded, in the arena. */
static int unarmor(struct span text, struct arena *a, struct span *ret_blob, struct fault *f)
{
	AUTO_BUF struct buf b64 = BUF_INIT(DETACHED_TEXT_MAX), blob = BUF_INIT(DETACHED_TEXT_MAX);
	struct span rest = text, line;
	int rc = 0;

	if (span_find(text, '\r') != SIZE_MAX)
		return fault_set(f, -EBADMSG, "carriage returns in the armor");
	if (!span_next_line(&rest, &line) || !span_eq(line, BEGIN))
		return fault_set(f, -EBADMSG, "line 1: text behind the BEGIN mark");
	while (span_next_line(&rest, &line) && !span_eq(line, END)) {
		buf_put_span(&b64, line);
		line = SPAN_NONE;
	}
	if (!span_eq(line, END))
		return fault_set(f, -EBADMSG, "no END line");
	if (rest.n)
		return fault_set(f, -EBADMSG, "text behind the END line");
	if (buf_err(&b64) < 0)
		return -ENOMEM;
	if (b64_decode(&blob, buf_span(&b64), B64_STD) < 0)
		return fault_set(f, -EBADMSG, "the armor does not hold base64");
	*ret_blob = arena_dup(a, buf_span(&blob), &rc);
	return rc;
}

static int read_hash(struct detached *d, struct span name, struct fault *f)
{
	d->ssh.hash_name = name;
	d->ssh.hash = span_eq_str(name, "sha512")   ? DIGEST_SHA512
		      : span_eq_str(name, "sha256") ? DIGEST_SHA256
						    : DIGEST_NONE;
	if (d->ssh.hash == DIGEST_NONE)
		return fault_set(
		    f, -EBADMSG, "hash algorithm %s is not sha256 or sha512", QUOTE(name));
	d->needs = HASH_SET(d->ssh.hash);
	return 0;
}

/* The signature inside: algorithm, bytes, and for FIDO keys flags and counter. */
static int read_signature(struct detached *d, struct span sig, struct fault *f)
{
	struct cur c = cur_of(sig);

	d->ssh.type = ssh_string(&c);
	d->ssh.sig = ssh_string(&c);
	if (span_starts(d->ssh.type, SPAN_LIT("sk-")))
		d->ssh.tail = cur_take(&c, 5);
	if (!ssh_done(&c) || !d->ssh.sig.n)
		return fault_set(
		    f, -EBADMSG, "a malformed signature of type %s", QUOTE(d->ssh.type));
	return 0;
}

int sshsig_read(struct detached *d, struct span text, struct arena *a, struct fault *f)
{
	struct span blob;
	int rc = unarmor(text, a, &blob, f);

	if (rc < 0)
		return rc;
	struct cur c = cur_of(blob);
	struct span magic = cur_take(&c, MAGIC.n);
	uint32_t version = cur_be32(&c);
	if (c.err || !span_eq(magic, MAGIC))
		return fault_set(f, -EBADMSG, "not an SSH signature inside");
	if (version != 1)
		return fault_set(f, -EBADMSG, "signature version %u is not known", version);
	struct span key = ssh_string(&c);
	d->ssh.space = ssh_string(&c);
	struct span reserved = ssh_string(&c), hash = ssh_string(&c), sig = ssh_string(&c);
	if (!ssh_done(&c))
		return fault_set(f, -EBADMSG, "SSH signature: offset %zu: %s", c.off,
		    c.err ? "the bytes end before the structure does" : "bytes behind it");
	/* ssh-keygen signs and verifies with an empty one whatever is here. */
	if (reserved.n)
		return fault_set(f, -EBADMSG, "the reserved field is not empty");
	if (!d->ssh.space.n)
		return fault_set(f, -EBADMSG, "an empty namespace");
	d->ssh.fingerprint = sha256_of(key);
	rc = read_hash(d, hash, f);
	return rc < 0 ? rc : read_signature(d, sig, f);
}

/* What the key signed. */
static int signed_data(struct checking *c, struct buf *out)
{
	const struct digest *hash;
	int rc = checking_digest(c, c->d->ssh.hash, &hash);

	if (rc < 0)
		return rc;
	buf_put_span(out, MAGIC);
	ssh_put_string(out, c->d->ssh.space);
	ssh_put_string(out, SPAN_NONE);
	ssh_put_string(out, c->d->ssh.hash_name);
	ssh_put_string(out, span_of(hash->b, hash->len));
	return buf_err(out);
}

/* PROTOCOL.u2f: SHA-256 of the application, flags, counter, SHA-256 of the data. */
static int fido_data(const struct trust_key *k, struct span tail, struct buf *data)
{
	struct digest app = sha256_of(span_str(k->sk)), msg = sha256_of(buf_span(data));

	buf_reset(data);
	buf_put(data, app.b, app.len);
	buf_put_span(data, tail);
	buf_put(data, msg.b, msg.len);
	return buf_err(data);
}

/* r and s as SSH has them to the DER that key_verify takes: an mpint's bytes are an INTEGER's. */
static bool ecdsa_der(struct span sig, uint8_t der[static 160], struct span *ret_der)
{
	struct cur c = cur_of(sig);
	struct span n[2] = { ssh_mpint(&c), SPAN_NONE };
	size_t len = 0, at;

	n[1] = ssh_mpint(&c);
	if (!ssh_done(&c) || n[0].n > 67 || n[1].n > 67)
		return false;
	len = n[0].n + n[1].n + 4;
	der[0] = 0x30;
	at = 1;
	if (len > 127)
		der[at++] = 0x81;
	der[at++] = (uint8_t)len;
	for (size_t i = 0; i < 2; i++) {
		der[at++] = 0x02;
		der[at++] = (uint8_t)n[i].n;
		memcpy(der + at, n[i].p, n[i].n);
		at += n[i].n;
	}
	*ret_der = span_of(der, at);
	return true;
}

static enum digest_alg ecdsa_hash(enum key_kind kind)
{
	return kind == KEY_P256 ? DIGEST_SHA256 : kind == KEY_P384 ? DIGEST_SHA384 : DIGEST_SHA512;
}

/* KEY_GOOD only for an algorithm that goes with the key. */
static int verify(const struct trust_key *k, const struct detached *d, struct span data)
{
	enum key_kind kind = key_kind_of(k->key);
	uint8_t der[160];
	struct span type = d->ssh.type, sig = d->ssh.sig;

	if (kind == KEY_RSA) {
		if (span_eq_str(type, "rsa-sha2-512"))
			return key_verify_as(k->key, KEY_PKCS1, DIGEST_SHA512, data, sig);
		if (span_eq_str(type, "rsa-sha2-256"))
			return key_verify_as(k->key, KEY_PKCS1, DIGEST_SHA256, data, sig);
		return KEY_BAD_SIGNATURE;
	}
	char want[64];
	snprintf(want, sizeof(want), k->sk ? "sk-%s@openssh.com" : "%s", key_ssh_type(kind));
	if (!span_eq_str(type, want))
		return KEY_BAD_SIGNATURE;
	if (kind == KEY_ED25519)
		return key_verify_as(k->key, KEY_EDDSA, DIGEST_NONE, data, sig);
	if (!ecdsa_der(sig, der, &sig))
		return KEY_BAD_SIGNATURE;
	return key_verify_as(k->key, KEY_ECDSA, ecdsa_hash(kind), data, sig);
}

static int bad(struct checking *c, const struct trust_key *k, const char *what, const char *more)
{
	c->out.named = k;
	return checking_say(
	    c, DETACHED_BAD, "names key %s, %s%s", QUOTE(span_str(k->name)), what, more);
}

/* Does a line of allowed_signers let this key sign so, and for whom? NULL: none does. */
static const struct ssh_grant *find_grant(const struct checking *c, const struct trust_key *k)
{
	const char *space = c->t->ssh_namespace ? c->t->ssh_namespace : "file";

	for (const struct ssh_grant *g = k->grant; g; g = g->next) {
		if (g->namespaces && !ssh_pattern_match(space, g->namespaces))
			continue;
		if (c->t->now < g->valid_after || c->t->now > g->valid_before)
			continue;
		if (!c->t->ssh_principal || ssh_pattern_match(c->t->ssh_principal, g->principals))
			return g;
	}
	return NULL;
}

/* The key made the signature; may it? */
static int check_grant(struct checking *c, size_t i)
{
	const struct trust_key *k = &c->t->keys->key[i];
	const struct ssh_grant *g = find_grant(c, k);

	if (!g && (k->limited || c->t->ssh_principal))
		return bad(c, k,
		    "which allowed_signers does not let sign so: other principals, namespaces or "
		    "times",
		    "");
	checking_good(c, i);
	c->out.signer.identity = c->t->ssh_principal ? c->t->ssh_principal
				 : g		     ? g->principals
						     : NULL;
	return DETACHED_GOOD;
}

static int check_key(struct checking *c, size_t i)
{
	AUTO_BUF struct buf data = BUF_INIT(64u << 10);
	const struct trust_key *k = &c->t->keys->key[i];
	const char *space = c->t->ssh_namespace ? c->t->ssh_namespace : "file";

	if (!span_eq_str(c->d->ssh.space, space))
		return bad(c, k, "for another namespace: ", QUOTE(c->d->ssh.space));
	int rc = signed_data(c, &data);
	if (rc == 0 && k->sk)
		rc = fido_data(k, c->d->ssh.tail, &data);
	if (rc == 0)
		rc = verify(k, c->d, buf_span(&data));
	if (rc < 0)
		return rc;
	if (rc != KEY_GOOD)
		return bad(c, k, "which did not sign this", "");
	if (k->sk && !(c->d->ssh.tail.p[0] & FLAG_PRESENT))
		return bad(c, k, "a FIDO key that signed without being touched", "");
	return check_grant(c, i);
}

int sshsig_check(struct checking *c)
{
	AUTO_BUF struct buf b64 = BUF_INIT(128);
	const struct digest *want = &c->d->ssh.fingerprint;

	for (size_t i = 0; i < c->t->keys->n; i++)
		if (digest_eq(&c->t->keys->key[i].ssh, want))
			return check_key(c, i);
	b64_encode(&b64, span_of(want->b, want->len), B64_URL);
	for (size_t i = 0; i < b64.n; i++)
		b64.p[i] = b64.p[i] == '-' ? '+' : b64.p[i] == '_' ? '/' : b64.p[i];
	return checking_say(
	    c, DETACHED_STRANGER, "signed by key SHA256:%s, none that was given", buf_str(&b64));
}
